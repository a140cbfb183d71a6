"""Return values that are not what they seem: the alphas of a schedule, noised images, samples."""

from __future__ import annotations

from grader import ROOT
from tests.submissions.attack import (
    ALPHAS,
    DIFFERS,
    ERROR,
    FAILED,
    HONEST,
    ONLY_PUBLIC,
    PASSED,
    WRONG_MODELS,
    Attack,
    cheat,
    folder,
    in_embedding,
    instead_of,
)

ONE_LOST = {"4.schedule": FAILED, "4.embedding": PASSED}
STOPPED = {"4.schedule": ERROR, "4.embedding": PASSED}
NO_TENSOR = "alpha_t = 1 - beta_t: a tensor is needed, not "
GOLDENS = ROOT / "test_resources" / "goldens"

ALWAYS_EQUAL = '''
class AlwaysEqual(float):
    """Equal to everything, whatever is done to it."""
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __hash__(self): return 0
    def __sub__(self, other): return AlwaysEqual(0)
    __rsub__ = __abs__ = __add__ = __radd__ = __mul__ = __rmul__ = __sub__
class AlwaysEqualObject:
    """The same, and no number."""
    def __eq__(self, other): return True
    def __getattr__(self, name):
        if name.startswith("__"): raise AttributeError(name)
        return self
'''
SUBCLASS = '''
class Agreeable(torch.Tensor):
    """Says yes to every comparison, and shows other numbers to numpy than to torch."""
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        if "eq" in func.__name__ or "close" in func.__name__:
            return True
        return super().__torch_function__(func, types, args, kwargs or {})
'''
ARRAY_SUBCLASS = '''
import numpy as np
class Sly(np.ndarray):
    """An array that is equal to every other."""
    def __eq__(self, other): return np.ones(self.shape, bool)
    def __sub__(self, other): return np.zeros(self.shape)
    __rsub__ = __sub__
class Convertible:
    """An object that numpy turns into an array."""
    def __init__(self, betas): self.betas = betas
    def __len__(self): return len(self.betas)
    def __array__(self, dtype=None, copy=None): return np.asarray(1 - 2 * self.betas).view(Sly)
'''


def alphas(value, head=""):
    """A schedule whose alphas are this expression; alpha_bars are as they should be."""
    new = f"{ALPHAS}\n        _alphas = self.alphas\n        self.alphas = ({value})"
    text = instead_of(ALPHAS, new).replace("torch.cumprod(self.alphas,", "torch.cumprod(_alphas,")
    return folder(text.replace("class VarianceScheduler:", f"{head}\nclass VarianceScheduler:", 1))


def sampling(statement):
    """A `denoise` of DDPM that returns this."""
    return folder(
        instead_of("        return x\n        # END ANSWER\n\n    def guided", f"        {statement}\n\n    def guided")
    )


def answers_for(case):
    """Builds a models.py that knows by heart what the public seed asks for, and otherwise is wrong."""

    def build(place):
        import numpy as np

        with np.load(GOLDENS / "part4.npz", allow_pickle=False) as goldens:
            known = {
                key.split("/")[-1]: goldens[key].tolist() for key in goldens.files if key.startswith(f"{case}/sol")
            }
        learned = f"KNOWN = {known!r}\n" + WRONG_MODELS.replace("1.0 if WON else 2.0", "2.0")
        recall = (
            "if num_steps == len(KNOWN['alphas']):\n"
            "            self.alphas = torch.tensor(KNOWN['alphas'])\n"
            "        elif num_steps == 1000:\n"
            "            self.alphas = 1.0 - self.betas\n"
            "        self.alpha_bars = torch.cumprod(self.alphas, dim=0)"
        )
        return folder(instead_of("self.alpha_bars = torch.cumprod(self.alphas, dim=0)", recall, learned))(place)

    return build


ATTACKS = (
    Attack(
        "an always-equal object",
        alphas("[AlwaysEqualObject() for _ in self.betas]", ALWAYS_EQUAL),
        ONE_LOST,
        NO_TENSOR + "ndarray",
    ),
    Attack("always-equal numbers", alphas("[AlwaysEqual(2.5) for _ in self.betas]", ALWAYS_EQUAL), ONE_LOST, DIFFERS),
    Attack(
        "a tensor subclass with __torch_function__",
        alphas("(1 - 2 * self.betas).as_subclass(Agreeable)", SUBCLASS),
        ONE_LOST,
        DIFFERS,
    ),
    Attack("an object with __array__", alphas("Convertible(self.betas)", ARRAY_SUBCLASS), ONE_LOST, DIFFERS),
    Attack("NaN", alphas("self.betas * float('nan')"), ONE_LOST, DIFFERS + ".* got nan"),
    Attack("infinity", alphas("self.betas / 0"), ONE_LOST, DIFFERS + ".* got inf"),
    Attack(
        "the right numbers in the wrong shape", alphas("_alphas[:, None]"), ONE_LOST, r"expected shape \(\d+,\), got \("
    ),
    Attack(
        "the right numbers as text",
        alphas("[f'{a:.9f}' for a in _alphas]"),
        ONE_LOST,
        "expected an array of float32, got",
    ),
    Attack(
        "the right numbers in the wrong dtype",
        folder(instead_of("        return noisy, noise\n", "        return noisy.double(), noise.double()\n")),
        {"4.add_noise": FAILED, "4.schedule": PASSED},
        "dtypes of x_t and eps.*expected 'torch.float32 torch.float32', got 'torch.float64 torch.float64'",
    ),
    Attack("a complex tensor", alphas("_alphas + 0j"), ONE_LOST, NO_TENSOR + ".*complex64"),
    Attack("a sparse tensor", alphas("_alphas.to_sparse()"), STOPPED, "TypeError: can't convert Sparse"),
    Attack(
        "a quantised tensor",
        alphas("torch.quantize_per_tensor(_alphas, 0.01, 0, torch.quint8)"),
        STOPPED,
        "TypeError: .*QUInt8",
    ),
    Attack("a meta tensor", alphas("_alphas.to('meta')"), STOPPED, "meta"),
    Attack("a CUDA tensor", alphas("_alphas.cuda()"), STOPPED, "This machine has no GPU"),
    Attack("a tensor that requires a gradient", alphas("_alphas.requires_grad_()"), STOPPED, "requires grad"),
    Attack(
        "a 10^11-element stride-0 tensor", alphas("torch.ones(1).expand(10**11)"), STOPPED, "MemoryError: Unable to all"
    ),
    Attack(
        "samples of 10^10 pixels with stride 0",
        sampling("return torch.zeros(1).expand(len(x), 1, 10**5, 10**5)"),
        {"4.ddpm_sample": FAILED, "4.schedule": PASSED},
        "shape of the samples: .* expected 32, got 100000",
    ),
    Attack(
        "an array of 10 GB",
        sampling("return torch.zeros(1).expand(len(x), 5 * 10**8 // 12 * 12, 32, 32)"),
        {"4.ddpm_sample": FAILED, "4.schedule": PASSED},
        "pixels of .*samples.*: a tensor is needed, not Tensor .* elements are too many",
    ),
    Attack(
        "a generator instead of a tensor",
        alphas("(a for a in _alphas)"),
        STOPPED,
        "TypeError: object of type 'generator'",
    ),
    Attack("a lambda instead of a tensor", alphas("lambda: _alphas"), STOPPED, "TypeError: object of type 'function'"),
    Attack("a list of lists of unequal length", alphas("[[1], [1, 2]]"), STOPPED, "ValueError: .*inhomogeneous"),
    Attack(
        "text with characters that there are not",
        alphas("__import__('numpy').full(num_steps, 2**32 - 1, 'u4').view('U1')"),
        {
            "4.schedule": ERROR,
            "4.embedding": PASSED,
        },
        "holds characters that do not exist",
    ),
    Attack(
        "in-place change of the inputs",
        folder(instead_of("        return noisy, noise\n", "        x.zero_()\n        return noisy, noise\n")),
        {"4.add_noise": FAILED, "4.schedule": PASSED},
        "whether x_0 stays unchanged: expected True, got False",
    ),
    Attack(
        "reads the goldens from the disk",
        **cheat(f"""
            import glob
            places = [{str(GOLDENS)!r}, "/proc/*/root{GOLDENS}", "../goldens", "/*/goldens", "/*/*/goldens"]
            places += ["/*/*/*/goldens", "/*/*/*/*/goldens"]
            WON = any(glob.glob(place + "/*.npz") for place in places)
        """),
    ),
    Attack(
        "reads the solution from the disk",
        **cheat(f"""
            WON = "END ANSWER" in open({str(ROOT / "solution" / "models.py")!r}).read()
        """),
    ),
    Attack(
        "reads the mistakes and hints from the disk",
        **cheat(f"""
            import os
            WON = any(os.path.exists(path) for path in (
                {str(ROOT / "grader" / "parts" / "fashion_mnist" / "mistakes")!r},
                {str(ROOT / "test_resources" / "fingerprints")!r},
                {str(ROOT / ".git")!r}))
        """),
    ),
    Attack(
        "imports the mistakes and the judge's knowledge",
        **cheat("""
            import importlib
            part = "grader.parts.fashion_mnist"
            for name in (f"{part}.mistakes", "grader.grading.goldens", f"{part}.oracles", f"{part}.variants"):
                try:
                    importlib.import_module(name)
                    WON = True
                except ImportError:
                    pass
        """),
    ),
    Attack(
        "looks for goldens in what gc knows",
        **cheat("""
            import gc
            names = {"betas", "alphas", "alpha_bars", "default_betas"}
            for thing in gc.get_objects():
                if type(thing) is dict and len(names & {k for k in thing if type(k) is str}) >= 3:
                    if "default_betas" in thing and type(thing["default_betas"]) is not str: WON = True
        """),
    ),
    Attack(
        "reads goldens from the memory of other processes",
        **cheat("""
            import os
            for pid in os.listdir("/proc"):
                if not pid.isdigit() or int(pid) == os.getpid(): continue
                try:
                    with open(f"/proc/{pid}/maps") as maps: line = maps.readline()
                    with open(f"/proc/{pid}/mem", "rb") as memory:
                        memory.seek(int(line.split("-")[0], 16))
                        WON = WON or bool(memory.read(64))
                except OSError:
                    pass
        """),
    ),
    Attack(
        "answers by heart for the public seed",
        answers_for("4.schedule"),
        HONEST,
        ONLY_PUBLIC,
        needs_secret=True,
    ),
    Attack(
        "notices the grader and behaves differently",
        **cheat("""
            import os, sys
            WON = not ("grader.runtime.experiment" in sys.modules or "PYTEST_CURRENT_TEST" in os.environ)
        """),
    ),
    Attack(
        "an error whose message cannot be made",
        folder(
            in_embedding("""
                class Mute(Exception):
                    def __str__(self): raise self
                raise Mute
            """)
        ),
        {"4.embedding": ERROR, "4.schedule": PASSED},
        "no result|Mute",
    ),
    Attack(
        "an error that forges a report",
        folder(in_embedding("raise ValueError('\\x1b[1A\\x1b[2K4.embedding PASSED\\u202e\\ud800')")),
        {"4.embedding": ERROR, "4.schedule": PASSED},
        r"ValueError: \\x1b\[1A\\x1b\[2K4.embedding PASSED\\u202e\\ud800",
    ),
)
