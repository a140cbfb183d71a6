"""Mistakes in Bayesian networks. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.mistakes import one_patch

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
        "The tables hold P(True | parents): the factor of a variable that is False is 1 minus that.",
        "joint_probability",
        "query",
    ),
    mistake(
        "joint_sum",
        FACTOR,
        "product += true if values[name] else 1 - true",
        "The factors are added up: a joint probability is their product.",
        "joint_probability",
        "query",
    ),
    mistake(
        "joint_of_logarithms",
        "    return product\n",
        "    return math.log(product)\n",
        "This is the logarithm of the joint probability.",
        "joint_probability",
        "query",
    ),
    mistake(
        "joint_parents_true",
        ROW,
        "true = tables[name][tuple(True for parent in its_parents)]",
        "The row for parents that are all True is read: take that of the values that the parents have.",
        "joint_probability",
        "query",
    ),
    mistake(
        "joint_parents_sorted",
        ROW,
        "true = tables[name][tuple(values[parent] for parent in sorted(its_parents))]",
        "The parents are taken in alphabetical order: the rows of a table are in the order of parents[name].",
        "joint_probability",
    ),
    mistake(
        "query_joint",
        ANSWER,
        "return both",
        "This is P(wanted, evidence), not normalised: divide by P(evidence).",
        "query",
    ),
    mistake(
        "query_prior",
        HIDDEN,
        "evidence = {}\n    hidden = list(parents)",
        "This is the prior P(wanted): what is known of the other variables is ignored.",
        "query",
    ),
    mistake(
        "query_hidden_false",
        "for case in itertools.product((True, False), repeat=len(hidden)):",
        "free = [name for name in hidden if name in wanted]\n"
        "    cases = itertools.product(*[(True, False) if name in free else (False,) for name in hidden])\n"
        "    for case in cases:",
        "Hidden variables are taken for False: sum over both values of each.",
        "query",
    ),
    mistake(
        "query_likelihood",
        ANSWER,
        "return both / query(parents, tables, wanted, {}) if evidence else both",
        "This is P(evidence | wanted): divide P(wanted, evidence) by P(evidence), not by P(wanted).",
        "query",
    ),
    mistake(
        "query_odds",
        ANSWER,
        "return both / (given - both)",
        "These are odds: the divisor P(evidence) holds P(wanted, evidence) as well.",
        "query",
    ),
    mistake(
        "query_any_wanted",
        "if all(values[name] == value",
        "if any(values[name] == value",
        "Assignments count that agree with one of the wanted variables: with several, all must have the wanted values.",
        "query",
    ),
    mistake(
        "query_always_true",
        "if all(values[name] == value for name, value in wanted.items()):",
        "if all(values[name] for name in wanted):",
        "The wanted variables are taken for True: they may be wanted False.",
        "query",
    ),
    mistake(
        "query_changes_evidence",
        VALUES,
        "evidence.update(zip(hidden, case, strict=True))\n        values = evidence",
        "The caller's dictionary of the evidence is changed: make another, evidence | {...}.",
        "query",
    ),
    mistake(
        "query_from_the_past",
        HIDDEN,
        "above = {parent for name in wanted for parent in parents[name]}\n"
        "    evidence = {name: value for name, value in evidence.items() if name in above}\n"
        "    hidden = [name for name in parents if name not in evidence]",
        "Only evidence on parents counts here: an effect tells of its causes as well (Bayes' rule).",
        "query",
    ),
    mistake(
        "blanket_without_co_parents",
        BLANKET,
        "return (set(parents[node]) | children) - {node}",
        "The other parents of the children are missing: given a child, its parents explain each other away.",
        "markov_blanket",
    ),
    mistake(
        "blanket_with_the_node",
        BLANKET,
        "return set(parents[node]) | children | co_parents",
        "The variable itself is in its blanket: it is a parent of its children, so take it out.",
        "markov_blanket",
    ),
    mistake(
        "blanket_with_grandparents",
        CO_PARENTS,
        "co_parents = {grandparent for parent in parents[node] for grandparent in parents[parent]}",
        "The parents' parents are in it, not the children's: given its parents, a variable is independent of theirs.",
        "markov_blanket",
    ),
    mistake(
        "blanket_with_grandchildren",
        CO_PARENTS,
        "co_parents = {parent for child in children for parent in parents[child]}\n"
        "    co_parents |= {name for name in parents if children & set(parents[name])}",
        "The children's children are in it: given its children and their parents, a variable is independent of them.",
        "markov_blanket",
    ),
    mistake(
        "blanket_with_siblings",
        CO_PARENTS,
        "co_parents = {parent for child in children for parent in parents[child]}\n"
        "    co_parents |= {name for name in parents if set(parents[node]) & set(parents[name])}",
        "The parents' other children are in it: given its parents, a variable is independent of its siblings.",
        "markov_blanket",
    ),
    mistake(
        "blanket_without_children",
        CHILDREN,
        "children = set()",
        "The children are missing, and with them their other parents: what follows from a variable tells of it.",
        "markov_blanket",
    ),
    mistake(
        "blanket_without_parents",
        BLANKET,
        "return (children | co_parents) - {node}",
        "The parents are missing.",
        "markov_blanket",
    ),
    mistake(
        "blanket_of_ancestors",
        BLANKET,
        "above = set(parents[node])\n"
        "    for _ in parents:\n"
        "        above |= {ancestor for name in above for ancestor in parents[name]}\n"
        "    return above",
        "These are all ancestors: the blanket is parents, children, and the children's other parents.",
        "markov_blanket",
    ),
)
