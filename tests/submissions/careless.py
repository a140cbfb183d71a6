"""What honest students hand in: a clear sentence, and the points of every other case."""

from __future__ import annotations

from tests.submissions.attack import (
    ASSIGNMENT,
    ERROR,
    FAILED,
    MODELS,
    NOT_IMPLEMENTED,
    PASSED,
    Attack,
    folder,
    in_embedding,
    instead_of,
    on_import,
)

ONE_LOST = {"4.prepare_ddpm": ERROR, "4.schedule": PASSED}
EMBEDDING_LOST = {"4.embedding": ERROR, "4.schedule": PASSED}
ALL_KEPT = {"4.prepare_ddpm": PASSED, "4.schedule": PASSED}


def at_module_level(code, expect, says="", **fields):
    """assignment.py with this before its own text."""
    return {"build": folder(assignment=on_import(code)), "expect": expect, "says": says, **fields}


def embedding(code, expect, says="", **fields):
    """models.py with this in the embedding."""
    return {"build": folder(in_embedding(code)), "expect": expect, "says": says, **fields}


TRAINING = """
    import torch
    from torch import nn
    net = nn.Linear(64, 64)
    while True:
        loss = net(torch.randn(512, 64)).square().mean()
        loss.backward()
"""

ATTACKS = (
    Attack(
        "prints a progress bar",
        **at_module_level("for i in range(2000): print(f'{i / 20:.0f}% |####', end='\\r', flush=True)", ALL_KEPT),
    ),
    Attack(
        "prints a progress bar, and fails",
        **embedding(
            "for i in range(2000): print(f'{i / 20:.0f}% |####', end='\\r')\n1 / 0",
            EMBEDDING_LOST,
            r"ZeroDivisionError: division by zero\n  at models.py, line \d+, in forward: 1 / 0\n[\s\S]*\| 100% \|####",
        ),
    ),
    Attack(
        "plots with the default backend, and shows it",
        **at_module_level("import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()", ALL_KEPT),
    ),
    Attack(
        "plots with a GUI backend",
        **at_module_level(
            "import matplotlib\nmatplotlib.use('TkAgg')\nimport matplotlib.pyplot as plt\nplt.plot([1])\nplt.show()",
            ONE_LOST,
            r"TkAgg|tkinter",
        ),
    ),
    Attack(
        "reads ./data",
        **at_module_level("names = open('./data/train.csv').read()", ONE_LOST, "No such file .* './data/train.csv'"),
    ),
    Attack(
        "reads from Google Drive",
        **at_module_level("names = open('/content/drive/MyDrive/x').read()", ONE_LOST, "No such file .*/content/drive"),
    ),
    Attack(
        "calls .cuda()", **embedding("time = time.cuda()", EMBEDDING_LOST, "This machine has no GPU: use the device")
    ),
    Attack(
        "moves to the device 'cuda'",
        **embedding("time = time.to('cuda')", EMBEDDING_LOST, "This machine has no GPU: use the device that is passed"),
    ),
    Attack(
        "imports a package that is not installed",
        **at_module_level("import einops", ONE_LOST, "No module named 'einops'[^|]*only its packages installed"),
    ),
    Attack(
        "imports what only Colab has",
        **at_module_level(
            "from google.colab import drive", ONE_LOST, "No module named 'google[^|]*its packages installed"
        ),
    ),
    Attack(
        "imports a file of its own that was not handed in",
        **at_module_level("from my_layers import Block", ONE_LOST, "No module named 'my_layers'[^|]*are submitted"),
    ),
    Attack(
        "leaves training at module level",
        **at_module_level(TRAINING, ONE_LOST, r"was stopped after \d seconds\n  at assignment.py, line \d", seconds=3),
    ),
    Attack(
        "leaves a notebook's commands in the file",
        **at_module_level("!pip install einops\n%matplotlib inline", ONE_LOST, "SyntaxError[^|]*cannot read the file"),
    ),
    Attack(
        "mixes tabs and spaces",
        **at_module_level("if True:\n\tx = 1\n        y = 2", ONE_LOST, "TabError|IndentationE"),
    ),
    Attack(
        "imports relatively",
        folder(assignment=instead_of("from models import", "from .models import", ASSIGNMENT)),
        ONE_LOST,
        "attempted relative import",
    ),
    Attack(
        "forgets a return", **embedding("return None", EMBEDDING_LOST, "forward must return a tensor, not NoneType")
    ),
    Attack(
        "leaves one task undone",
        **embedding("raise NotImplementedError('4.embedding')", EMBEDDING_LOST | {"4.embedding": NOT_IMPLEMENTED}),
    ),
    Attack(
        "leaves a breakpoint",
        **embedding("breakpoint()", EMBEDDING_LOST, "BdbQuit"),
    ),
    Attack("waits for input", **embedding("input('press enter')", EMBEDDING_LOST, "Nobody answers input")),
    Attack(
        "writes its samples beside the code",
        **at_module_level(
            "import os\nos.makedirs('results', exist_ok=True)\nopen('results/log.txt', 'w').close()", ALL_KEPT
        ),
    ),
    Attack(
        "saves a checkpoint when it is imported",
        **at_module_level(
            "import os, torch\nos.makedirs('out', exist_ok=True)\ntorch.save({}, 'out/DDPM.pt')", ALL_KEPT
        ),
    ),
    Attack(
        "downloads a data set when it is imported",
        **at_module_level(
            "import urllib.request\nurllib.request.urlopen('http://192.0.2.1/data', timeout=2)",
            ONE_LOST,
            "URLError|TimeoutE",
        ),
    ),
    Attack(
        "makes float64 the default",
        folder(on_import("import torch\ntorch.set_default_dtype(torch.float64)", MODELS)),
        {"4.ddpm_sample": FAILED, "4.schedule": PASSED},
        "dtype of the samples: expected .*float32",
    ),
    Attack(
        "makes the GPU the default device",
        **at_module_level("import torch\ntorch.set_default_device('cuda')", ONE_LOST, "This machine has no GPU"),
    ),
    Attack(
        "seeds the generator in every call",
        folder(instead_of("noise = torch.randn_like(x)\n", "torch.manual_seed(0); noise = torch.randn_like(x)\n")),
        {"4.noise": FAILED, "4.schedule": PASSED},
        "correlation between the noise of two calls: expected .*, got 1",
    ),
    Attack(
        "loads its data in worker processes",
        **at_module_level(
            """
            import torch
            from torch.utils.data import DataLoader, TensorDataset
            for _ in DataLoader(TensorDataset(torch.zeros(8, 1)), batch_size=2, num_workers=2): pass
            """,
            ALL_KEPT,
            seconds=10,
        ),
    ),
    Attack(
        "warns a thousand times",
        **at_module_level("import warnings\nfor i in range(1000): warnings.warn(str(i))", ALL_KEPT),
    ),
    Attack(
        "parses the command line when it is imported",
        **at_module_level(
            "import argparse\np = argparse.ArgumentParser()\np.add_argument('--epochs', required=True)\np.parse_args()",
            ONE_LOST,
            "SystemExit: 2",
        ),
    ),
)
