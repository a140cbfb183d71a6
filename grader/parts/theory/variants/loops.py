"""Theory one step at a time, in plain Python."""

from grader.course.assignment import Variant
from grader.parts.theory.variants.libraries import FILE, answers

LOOPS = Variant(
    "6.loops",  # lists and floats, with a loop for every sum
    answers(
        posterior="""    means, variances = [], []
    for first, last, step in zip(x_0, x_t, t.tolist()):
        bar = before = 1.0
        for beta in betas[:step].tolist():
            before, bar = bar, bar * (1 - beta)
        means.append((math.sqrt(before) * beta * first + math.sqrt(1 - beta) * (1 - before) * last) / (1 - bar))
        variances.append((1 - before) / (1 - bar) * beta)
    return torch.stack(means), torch.tensor(variances)""",
        optimal_discriminator="""    result = torch.full_like(p, 0.5)
    for i in range(p.shape[0]):
        for j in range(p.shape[1]):
            if p[i, j] > 0 or q[i, j] > 0:
                result[i, j] = p[i, j] / (p[i, j] + q[i, j])
    return result""",
        game_value="""    values = []
    for row_p, row_q in zip(p.tolist(), q.tolist()):
        value = 0.0
        for a, b in zip(row_p, row_q):
            value += a * math.log(a / (a + b)) if a else 0.0
            value += b * math.log(b / (a + b)) if b else 0.0
        values.append(value)
    return values""",
        random_walk_covariance="""    return [[s * s * min(i, j) for j in range(1, n + 1)] for i in range(1, n + 1)]""",
        random_walk_precision="""    precision = torch.zeros(n, n)
    precision[0, 0] = 1 / s**2
    for i in range(1, n):
        precision[i, i] += 1 / s**2
        precision[i - 1, i - 1] += 1 / s**2
        precision[i, i - 1] = precision[i - 1, i] = -1 / s**2
    return precision""",
        conditionally_independent="""    pairs = set()
    largest = max(abs(entry) for row in precision.tolist() for entry in row)
    for i in range(len(precision)):
        for j in range(i):
            if abs(precision[i, j]) <= 1e-9 * largest:
                pairs.add((j, i))
    return pairs""",
        markov_blanket="""    blanket = list(parents[node])
    for child in parents:
        if node in parents[child]:
            blanket.append(child)
            blanket += [parent for parent in parents[child] if parent != node]
    return blanket""",
    ),
    file=FILE,
)

RECURSION = Variant(
    "6.recursion",  # the textbook's enumeration, from roots to leaves, one wanted variable after another
    answers(
        query="""    order = []
    while len(order) < len(parents):
        order += [name for name in parents if name not in order and set(parents[name]) <= set(order)]

    def enumerate_all(left, known):
        if not left:
            return 1.0
        name, rest = left[0], left[1:]
        true = tables[name][tuple(known[parent] for parent in parents[name])]
        options = [known[name]] if name in known else [True, False]
        return sum((true if o else 1 - true) * enumerate_all(rest, {**known, name: o}) for o in options)

    answer, known = 1.0, dict(evidence)
    for name, value in wanted.items():
        both = {option: enumerate_all(order, {**known, name: option}) for option in (True, False)}
        answer *= both[value] / sum(both.values())
        known[name] = value
    return torch.tensor(answer)""",
        joint_probability="""    logarithm = 0.0
    for name in values:
        row = tuple(values[parent] for parent in parents[name])
        logarithm += math.log(tables[name][row] if values[name] else 1 - tables[name][row])
    return math.exp(logarithm)""",
        markov_blanket="""    def adjacent(a, b):
        return a in parents[b] or b in parents[a] or any({a, b} <= set(above) for above in parents.values())

    return frozenset(other for other in parents if other != node and adjacent(node, other))""",
    ),
    file=FILE,
)
