"""How alike files are that were written independently, and copies in disguise; and what comparing a class takes.

    python benchmarks/similar_code.py [--submissions 500]

The course's files in grader/variants were written without ours in mind: what they share with the solution is what any
two students may share. A disguised copy has other names, docstrings, annotations and format, and a new statement in
every so many. The class is of files of random statements, as many and as long as a submission's, with one copied pair.
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

from grader import assignment as assignments  # noqa: E402  (after the path)
from grader import similarity  # noqa: E402

INDEPENDENT = (  # a folder of grader/variants, a file in it, and the solution's file that answers the same
    ("part1/course", "gan_pytorch.py", "gan_pytorch.py"),
    ("part2/course", "diffusion_model.py", "diffusion_model.py"),
    ("part2/course", "noise_scheduler.py", "noise_scheduler.py"),
    ("part4/course", "assignment.py", "assignment.py"),
    ("part4/course_vae", "vae.py", "models.py"),
)
NEW_STATEMENT = ast.parse("print('checked', 1 + 1)").body[0]


class _Disguise(ast.NodeTransformer):
    """Renames all that a file defines, and adds a statement after every `every`th."""

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
    """A copy of a file that does not look like one.

    Args:
        source: the text.
        every: adds a statement before each so many of them; 0 adds none.
    """
    tree = ast.parse(source)
    text = ast.unparse(ast.fix_missing_locations(_Disguise(tree, every).visit(tree)))
    return "# my own work\n" + text.replace("    ", "  ").replace("\n", "  # see the lecture\n\n", 1)


def random_code(rng: random.Random, statements: int) -> str:
    """A file of statements that nobody else writes."""

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
    """The share of two sets of fingerprints."""
    return len(first & second) / min(len(first), len(second))


def read(texts, given):
    """The own fingerprints of each text."""
    with tempfile.TemporaryDirectory() as folder:
        for number, text in enumerate(texts):
            (Path(folder) / f"{number}.py").write_text(text)
        found, problems = similarity.read_files(sorted(Path(folder).glob("*.py")))
    assert not problems, problems
    return [found[str(number)] - given for number in range(len(texts))]


def write_class(folder: Path, names: list[str], size: int, statements: int) -> dict[str, Path]:
    """Submissions of random code; the last is the first in disguise."""
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
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--submissions", type=int, default=500)
    parser.add_argument("--statements", type=int, default=60, help="in a file")
    arguments = parser.parse_args()
    assignment = assignments.load(staff=True)
    given = similarity.handout_hashes(assignment)
    print(f"a pair is listed from {similarity.SHARE:.0%} of a file that has {similarity.FEWEST} own fingerprints")
    for folder, name, ours in INDEPENDENT:
        texts = [(ROOT / "grader" / "variants" / folder / name).read_text(), (assignment.solution / ours).read_text()]
        own = read(texts, given)
        print(f"{shared(*own):6.0%}  {folder}/{name}, {len(own[0])} fingerprints; the solution's has {len(own[1])}")
    for name in sorted({ours for *_, ours in INDEPENDENT} | {"theory.py", "DDPM.py"}):
        text = (assignment.solution / name).read_text()
        copies = {every: disguised(text, every) for every in (0, 10, 5, 3)}
        original, *others = read([text, *copies.values()], given)
        told = ", ".join(f"{shared(original, o):.0%} ({e})" for e, o in zip(copies, others, strict=True))
        print(f"{name}, disguised, with a new statement before every n-th (n): {told}")
    with tempfile.TemporaryDirectory() as folder:
        names = [allowed.name for allowed in assignment.allowlist if allowed.required]
        submissions = write_class(Path(folder), names, arguments.submissions, arguments.statements)
        size = sum(path.stat().st_size for path in submissions["student-1"].iterdir())
        start = time.perf_counter()
        found = similarity.pairs(submissions, assignment)
        seconds = time.perf_counter() - start
    print(f"{len(submissions)} submissions of {len(names)} files, {size / 1000:.0f} kB each: {seconds:.1f} s", end="")
    print(f" on {os.cpu_count()} cores; listed: {[(p.first, p.second, f'{p.share:.0%}') for p in found]}")


if __name__ == "__main__":
    main()
