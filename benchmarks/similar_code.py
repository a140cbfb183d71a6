"""Measures how similar independent files and disguised copies are, and how long it takes to compare a class.

    python benchmarks/similar_code.py [--submissions 500]

The original courses' files in the variants were written independently of ours, so two students may share as much as
these files share with the solution. A disguised copy has other names, docstrings, annotations and formatting, and new
statements in between. The class has files of random statements, with the number of files of a real submission, and one
copied pair.
"""

import argparse
import ast
import os
import random
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.record import figure, record  # noqa: E402  (after the path)
from grader.course import assignment as assignments  # noqa: E402
from grader.similarity.pairs import FEWEST, SHARE, handout_hashes, pairs, read_files  # noqa: E402

INDEPENDENT = (  # a folder of grader/parts, a file in it, and the solution's file for the same questions
    ("gan/variants/course", "gan_pytorch.py", "gan_pytorch.py"),
    ("cifar10/variants/course", "diffusion_model.py", "diffusion_model.py"),
    ("cifar10/variants/course", "noise_scheduler.py", "noise_scheduler.py"),
    ("fashion_mnist/variants/course", "assignment.py", "assignment.py"),
    ("fashion_mnist/variants/course_vae", "vae.py", "models.py"),
)
SPACINGS = (0, 10, 5, 3)  # statements between two new ones in a disguised copy; 0 is none
NEW_STATEMENT = ast.parse("print('checked', 1 + 1)").body[0]


class _Disguise(ast.NodeTransformer):
    """Renames every name that a file defines, and adds a statement before every `every`-th one."""

    def __init__(self, tree, every):
        self.every, self.statements = every, 0
        nodes = list(ast.walk(tree))
        names = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        names |= {n.arg for n in nodes if isinstance(n, ast.arg)}
        self.names = {name: f"my_{name[::-1]}_{number}" for number, name in enumerate(sorted(names - {"self"}))}

    def visit_Name(self, node):
        return ast.Name(self.names.get(node.id, node.id), node.ctx)

    def visit_arg(self, node):
        return ast.arg(self.names.get(node.arg, node.arg))

    def visit_keyword(self, node):
        return ast.keyword(self.names.get(node.arg, node.arg), self.visit(node.value))

    def visit_FunctionDef(self, node):
        node.returns, body = None, []
        for statement in self.generic_visit(node).body:
            self.statements += 1
            body += [NEW_STATEMENT] * (self.every and self.statements % self.every == 0) + [statement]
        node.body = [ast.Expr(ast.Constant("Told in other words.")), *body]
        return node


def disguised(source: str, every: int = 0) -> str:
    """Disguise a copy of a file.

    Args:
        source: the file's text.
        every: a new statement goes before every `every`-th one; 0 adds none.
    """
    tree = ast.parse(source)
    text = ast.unparse(ast.fix_missing_locations(_Disguise(tree, every).visit(tree)))
    return "# my own work\n" + text.replace("    ", "  ").replace("\n", "  # see the lecture\n\n", 1)


def random_code(rng: random.Random, statements: int) -> str:
    """Make a file of random statements."""

    def term(depth):
        if depth == 0 or rng.random() < 0.2:
            return rng.choice(("x", "y", "2", "0.5", "x.size(0)", "len(y)", "y[0]", "torch.ones(3)"))
        form = rng.choice(("{} + {}", "({}) * ({})", "f({}, {})", "g({}, axis={})", "({}) / ({})", "({})[:, {}]"))
        return form.format(term(depth - 1), term(depth - 1))

    def statement():
        form = rng.choice(("x = {}", "y += {}", "if {}: x = y", "for i in {}: g(i)", "return {}", "with f({}): y = x"))
        return form.format(term(3))

    body = "".join(f"    {statement()}\n" for _ in range(statements))
    return f"def f(x, y):\n{body}"


def shared(first, second):
    """The share of the smaller of two sets of fingerprints that the other set holds too."""
    return len(first & second) / min(len(first), len(second))


def read(texts, given):
    """The fingerprints of each text, without those of the handout."""
    with tempfile.TemporaryDirectory() as folder:
        for number, text in enumerate(texts):
            (Path(folder) / f"{number}.py").write_text(text)
        found, problems = read_files(sorted(Path(folder).glob("*.py")))
    assert not problems, problems
    return [found[str(number)] - given for number in range(len(texts))]


def write_class(folder: Path, names: list[str], size: int, statements: int) -> dict[str, Path]:
    """Write submissions of random code. The last one is the first one in disguise."""
    rng, submissions = random.Random(0), {}
    for number in range(size):
        place = folder / f"student-{number}"
        place.mkdir(parents=True)
        for name in names:
            copied = number == size - 1
            text = disguised((folder / "student-0" / name).read_text()) if copied else random_code(rng, statements)
            (place / name).write_text(text)
        submissions[place.name] = place
    return submissions


def main():
    """Measure, print the figures and return them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--submissions", type=int, default=500)
    parser.add_argument("--statements", type=int, default=60, help="statements in a file")
    arguments = parser.parse_args()
    assignment = assignments.load(staff=True)
    given, independent, copied = handout_hashes(assignment), [], {every: [] for every in SPACINGS}
    print(f"a pair is listed from {SHARE:.0%} of a file that has {FEWEST} own fingerprints")
    for folder, name, ours in INDEPENDENT:
        texts = [(ROOT / "grader" / "parts" / folder / name).read_text(), (assignment.solution / ours).read_text()]
        own = read(texts, given)
        independent.append(shared(*own))
        print(f"{independent[-1]:6.0%}  {folder}/{name}, {len(own[0])} fingerprints; the solution's has {len(own[1])}")
    for name in sorted({ours for *_, ours in INDEPENDENT} | {"theory.py", "DDPM.py"}):
        text = (assignment.solution / name).read_text()
        copies = {every: disguised(text, every) for every in SPACINGS}
        original, *others = read([text, *copies.values()], given)
        shares = {every: shared(original, other) for every, other in zip(copies, others, strict=True)}
        for every, share in shares.items():
            copied[every].append(share)
        listed = ", ".join(f"{share:.0%} ({every})" for every, share in shares.items())
        print(f"{name}, disguised, with a new statement before every n-th (n): {listed}")
    with tempfile.TemporaryDirectory() as folder:
        names = [allowed.name for allowed in assignment.allowlist if allowed.required]
        submissions = write_class(Path(folder), names, arguments.submissions, arguments.statements)
        size = sum(path.stat().st_size for path in submissions["student-1"].iterdir())
        start = time.perf_counter()
        found = pairs(submissions, assignment)
        seconds = time.perf_counter() - start
    print(f"{len(submissions)} submissions of {len(names)} files, {size / 1000:.0f} kB each: {seconds:.1f} s", end="")
    print(f" on {os.cpu_count()} cores; listed: {[(p.first, p.second, f'{p.share:.0%}') for p in found]}")
    return [
        figure("Share of a file that independent solutions have in common, from least to most", span(independent)),
        *(
            figure(f"Share that a disguised copy {statements(every)} has in common with its original", span(shares))
            for every, shares in copied.items()
        ),
        figure(f"Comparing {len(submissions):,} submissions of {size / 1000:.0f} kB", seconds, "s"),
        figure("Pairs listed in that class, which has one copied pair", len(found)),
    ]


def span(shares):
    """The range of some shares, as a text."""
    least, most = f"{100 * min(shares):.0f}", f"{100 * max(shares):.0f}%"
    return most if most == f"{least}%" else f"{least} to {most}"


def statements(every):
    """Which statements are new in a disguised copy."""
    return f"with a new statement for every {every} of its own" if every else "without new statements"


if __name__ == "__main__":
    record("similar_code", main(), note=f"A pair is listed from {SHARE:.0%} of a file.")
