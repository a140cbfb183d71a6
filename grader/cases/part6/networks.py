"""Part 6: Bayesian networks of binary variables, given as data."""

from grader.case import FLOAT32, case
from grader.cases.part6 import calls, inputs


def _number(value, function):
    return calls.numbers(value, function).reshape(())


@case(
    "6.joint_probability",
    points=0.5,
    equation="P(x_1, ..., x_n) = prod_i P(x_i | parents of x_i), P(x_i = False | ...) = 1 - P(x_i = True | ...)",
    look="One factor by hand: which row of the table is read, and what if the variable is False?",
    term="P(x_i | parents of x_i): the values of the parents, in the order that parents[name] has; and 1 - P for "
    "False.",
    shows={"probabilities": "the probability of ten assignments to all variables"},
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
    look="A network of two variables, by hand: over which assignments do you sum above, and over which below?",
    term="sum_hidden above, 'all but the evidence' below: the wanted variables are fixed in one of the sums, and "
    "vary in the other.",
    shows={
        "probabilities": "P(wanted | evidence): without evidence, one known, three known, two of two, all others known",
        "evidence_kept": "whether the dictionary of the evidence is left as it was",
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
    look="A variable with one parent, one child and another parent of that child: compare what you return with a "
    "drawing.",
    term="Three groups, of which 'the children's other parents' is the one that is easily lost, or takes too much "
    "with it.",
    shows={"blankets": "the blanket of every variable, in alphabetical order"},
)
def markov_blanket(code, rng):
    """Bayesian network: the variables that shield one from all others"""
    parents = inputs.network(rng)
    blankets = {
        node: calls.collection(code.theory.markov_blanket(parents, node), "markov_blanket", "set") for node in parents
    }
    return {"blankets": inputs.listed(blankets)}
