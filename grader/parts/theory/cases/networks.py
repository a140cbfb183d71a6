"""Part 6: Bayesian networks of binary variables, given as data."""

from grader.parts.theory.cases import calls, inputs
from grader.runtime.case import FLOAT32, case


def _number(value, function):
    return calls.numbers(value, function).reshape(())


@case(
    "6.joint_probability",
    points=0.5,
    equation="P(x_1, ..., x_n) = prod_i P(x_i | parents of x_i), P(x_i = False | ...) = 1 - P(x_i = True | ...)",
    look="Compute one factor by hand: which row of the table do you read, and what if the variable is False?",
    term="P(x_i | parents of x_i): do you take the parents' values in the order of parents[name], and 1 - P when x_i "
    "is False?",
    shows={"probabilities": "probabilities of ten assignments to all variables"},
    rtol=1e-4,
    atol=1e-9,
)
def joint_probability(code, rng):
    """Bayesian network: the probability of an assignment to all variables"""
    parents = inputs.network(rng)
    tables, joint = inputs.tables(rng, parents), code.theory.joint_probability
    probabilities = [joint(parents, tables, values) for values in inputs.assignments(rng, parents)]
    return {"probabilities": [_number(probability, "joint_probability") for probability in probabilities]}


@case(
    "6.query",
    points=1,
    equation="P(wanted | evidence) = sum_hidden P(wanted, evidence, hidden) / sum_{all but the evidence} P(...)",
    look="Work out a network of two variables by hand: which assignments do you sum over on top, and which below?",
    term="sum_hidden on top, 'all but the evidence' below: in one sum the wanted variables are fixed, in the other "
    "they vary.",
    shows={
        "probabilities": "P(wanted | evidence), given none, one, three, two (with two wanted) and all other variables",
        "evidence_kept": "whether the evidence dictionary stays unchanged",
    },
    **FLOAT32,
    needs=("6.joint_probability",),
)
def query(code, rng):
    """Bayesian network: exact answers by enumeration"""
    parents = inputs.network(rng)
    tables, questions = inputs.tables(rng, parents), inputs.questions(rng, parents)
    given = [dict(evidence) for _, evidence in questions]
    answers = [
        code.theory.query(parents, tables, wanted, evidence)
        for (wanted, _), evidence in zip(questions, given, strict=True)
    ]
    return {
        "probabilities": [_number(answer, "query") for answer in answers],
        "evidence_kept": given == [evidence for _, evidence in questions],
    }


@case(
    "6.markov_blanket",
    points=0.75,
    equation="blanket = parents, children, and the children's other parents",
    look="Draw a variable with one parent, one child and another parent of that child. Compare the drawing with what "
    "you return.",
    term="There are three groups. Check 'the children's other parents' with care: it is easy to leave out, or to make "
    "too large.",
    shows={"blankets": "blanket of every variable, in alphabetical order"},
)
def markov_blanket(code, rng):
    """Bayesian network: the variables that shield one variable from all others"""
    parents = inputs.network(rng)
    blankets = {
        node: calls.collection(code.theory.markov_blanket(parents, node), "markov_blanket", "set") for node in parents
    }
    return {"blankets": inputs.listed(blankets)}
