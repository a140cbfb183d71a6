"""Mistakes in Bayesian networks. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.authoring.patching import one_patch

mistake = partial(one_patch, 6, file="theory.py")

FACTOR = "product *= true if values[name] else 1 - true"
ROW = "true = tables[name][tuple(values[parent] for parent in its_parents)]"
HIDDEN = "hidden = [name for name in parents if name not in evidence]"
VALUES = "values = evidence | dict(zip(hidden, case, strict=True))"
ADD = "given += probability"
ANSWER = "return both / given"
CHILDREN = "children = {name for name in parents if node in parents[name]}"
CO_PARENTS = "co_parents = {parent for child in children for parent in parents[child]}"
BLANKET = "return (set(parents[node]) | children | co_parents) - {node}"

NETWORKS = (
    mistake(
        "joint_never_false",
        FACTOR,
        "product *= true",
        "Your code uses P(True | parents) for every variable. The factor of a variable that is False should be 1 "
        "minus that.",
        "joint_probability",
        "query",
    ),
    mistake(
        "joint_sum",
        FACTOR,
        "product += true if values[name] else 1 - true",
        "Your code adds the factors. A joint probability should be their product.",
        "joint_probability",
        "query",
    ),
    mistake(
        "joint_of_logarithms",
        "    return product\n",
        "    return math.log(product)\n",
        "Your code returns the logarithm of the joint probability. It should return the probability itself.",
        "joint_probability",
        "query",
    ),
    mistake(
        "joint_parents_true",
        ROW,
        "true = tables[name][tuple(True for parent in its_parents)]",
        "Your code reads the row for parents that are all True. It should read the row for the values that the "
        "parents have.",
        "joint_probability",
        "query",
    ),
    mistake(
        "joint_parents_sorted",
        ROW,
        "true = tables[name][tuple(values[parent] for parent in sorted(its_parents))]",
        "Your code takes the parents in alphabetical order. It should take them in the order of parents[name], as the "
        "rows of a table do.",
        "joint_probability",
    ),
    mistake(
        "query_joint",
        ANSWER,
        "return both",
        "Your code returns P(wanted, evidence). It should divide that by P(evidence).",
        "query",
    ),
    mistake(
        "query_prior",
        HIDDEN,
        "evidence = {}\n    hidden = list(parents)",
        "Your code returns the prior, P(wanted), and ignores the evidence. It should use what is known about the "
        "other variables.",
        "query",
    ),
    mistake(
        "query_hidden_false",
        "for case in itertools.product((True, False), repeat=len(hidden)):",
        "free = [name for name in hidden if name in wanted]\n"
        "    cases = itertools.product(*[(True, False) if name in free else (False,) for name in hidden])\n"
        "    for case in cases:",
        "Your code treats hidden variables as False. It should sum over both values of each.",
        "query",
    ),
    mistake(
        "query_likelihood",
        ANSWER,
        "return both / query(parents, tables, wanted, {}) if evidence else both",
        "Your code computes P(evidence | wanted). It should divide P(wanted, evidence) by P(evidence), not by "
        "P(wanted).",
        "query",
    ),
    mistake(
        "query_odds",
        ANSWER,
        "return both / (given - both)",
        "Your code returns odds. It should divide by P(evidence), which includes P(wanted, evidence).",
        "query",
    ),
    mistake(
        "query_any_wanted",
        "if all(values[name] == value",
        "if any(values[name] == value",
        "Your code counts assignments in which any wanted variable has its value. All wanted variables should have "
        "theirs.",
        "query",
    ),
    mistake(
        "query_always_true",
        "if all(values[name] == value for name, value in wanted.items()):",
        "if all(values[name] for name in wanted):",
        "Your code treats every wanted variable as True. It should use the value that is wanted, which may be False.",
        "query",
    ),
    mistake(
        "query_changes_evidence",
        VALUES,
        "evidence.update(zip(hidden, case, strict=True))\n        values = evidence",
        "Your code changes the caller's evidence dictionary. It should make a new one, evidence | {...}.",
        "query",
    ),
    mistake(
        "query_from_the_past",
        HIDDEN,
        "above = {parent for name in wanted for parent in parents[name]}\n"
        "    evidence = {name: value for name, value in evidence.items() if name in above}\n"
        "    hidden = [name for name in parents if name not in evidence]",
        "Your code uses evidence on parents only. It should use all evidence, because an effect says something about "
        "its causes (Bayes' rule).",
        "query",
    ),
    mistake(
        "blanket_without_co_parents",
        BLANKET,
        "return (set(parents[node]) | children) - {node}",
        "Your blanket lacks the other parents of the children. It should include them: given a child, its parents "
        "explain each other away.",
        "markov_blanket",
    ),
    mistake(
        "blanket_with_the_node",
        BLANKET,
        "return set(parents[node]) | children | co_parents",
        "Your blanket contains the variable itself, which is a parent of its children. Take it out.",
        "markov_blanket",
    ),
    mistake(
        "blanket_with_grandparents",
        CO_PARENTS,
        "co_parents = {grandparent for parent in parents[node] for grandparent in parents[parent]}",
        "Your blanket contains the parents' parents in place of the children's parents. Given its parents, a variable "
        "is independent of its grandparents.",
        "markov_blanket",
    ),
    mistake(
        "blanket_with_grandchildren",
        CO_PARENTS,
        "co_parents = {parent for child in children for parent in parents[child]}\n"
        "    co_parents |= {name for name in parents if children & set(parents[name])}",
        "Your blanket contains the children's children. Given its children and their parents, a variable is "
        "independent of them, so take them out.",
        "markov_blanket",
    ),
    mistake(
        "blanket_with_siblings",
        CO_PARENTS,
        "co_parents = {parent for child in children for parent in parents[child]}\n"
        "    co_parents |= {name for name in parents if set(parents[node]) & set(parents[name])}",
        "Your blanket contains the parents' other children. Given its parents, a variable is independent of its "
        "siblings, so take them out.",
        "markov_blanket",
    ),
    mistake(
        "blanket_without_children",
        CHILDREN,
        "children = set()",
        "Your blanket lacks the children and their other parents. It should include both, because an effect says "
        "something about its causes.",
        "markov_blanket",
    ),
    mistake(
        "blanket_without_parents",
        BLANKET,
        "return (children | co_parents) - {node}",
        "Your blanket lacks the parents. It should include them.",
        "markov_blanket",
    ),
    mistake(
        "blanket_of_ancestors",
        BLANKET,
        "above = set(parents[node])\n"
        "    for _ in parents:\n"
        "        above |= {ancestor for name in above for ancestor in parents[name]}\n"
        "    return above",
        "Your blanket contains all ancestors. It should contain the parents, the children, and the children's other "
        "parents.",
        "markov_blanket",
    ),
)
