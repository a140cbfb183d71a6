"""The fake GPU: it refuses what torch's own simulation of devices refuses, and nothing else."""

import re

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode

from grader.authoring.patching import write_patched
from grader.course.assignment import load
from grader.runtime.case import Outcome
from grader.runtime.fake_gpu import ONE_DEVICE, FakeGPU, WrongDeviceError, computes_on

GPU = "cuda:7"
ASSIGNMENT = load(staff=True)


def matrix(device):
    return torch.rand(4, 4, device=device)


def image(device):
    return torch.rand(2, 4, 8, 8, device=device)


def indices(device):
    return torch.tensor([[0, 1, 2, 3]] * 4, device=device)


def classes(device):
    return torch.tensor([0, 1, 2, 3], device=device)


def binary(name):
    return lambda a, b: getattr(matrix(a), name)(matrix(b))


ARITHMETIC = ("add", "sub", "mul", "div", "floor_divide", "pow", "remainder", "maximum", "minimum", "matmul", "mm")
COMPARISONS = ("eq", "ne", "lt", "le", "gt", "ge", "logical_and", "logical_or")
# Every operation of ONE_DEVICE, with tensors on the devices a and b.
OPERATIONS = {
    **{name: binary(name) for name in (*ARITHMETIC, *COMPARISONS)},
    "rsub": lambda a, b: torch.rsub(matrix(a), matrix(b)),
    "rdiv": lambda a, b: matrix(a).__rdiv__(matrix(b)),
    "rpow": lambda a, b: matrix(a).__rpow__(matrix(b)),
    "where": lambda a, b: torch.where(matrix(a) > 0.5, matrix(b), 0.0),
    "masked_fill": lambda a, b: matrix(a).masked_fill(matrix(b) > 0.5, 0.0),
    "lerp": lambda a, b: torch.lerp(matrix(a), matrix(a), matrix(b)),
    "addcmul": lambda a, b: torch.addcmul(matrix(a), matrix(a), matrix(b)),
    "addcdiv": lambda a, b: torch.addcdiv(matrix(a), matrix(a), matrix(b)),
    "cat": lambda a, b: torch.cat([matrix(a), matrix(b)]),
    "concat": lambda a, b: torch.concat([matrix(a), matrix(b)]),
    "stack": lambda a, b: torch.stack([matrix(a), matrix(b)]),
    "bmm": lambda a, b: torch.bmm(matrix(a)[None], matrix(b)[None]),
    "addmm": lambda a, b: torch.addmm(matrix(a), matrix(a), matrix(b)),
    "baddbmm": lambda a, b: torch.baddbmm(matrix(a)[None], matrix(a)[None], matrix(b)[None]),
    "einsum": lambda a, b: torch.einsum("ij,jk->ik", matrix(a), matrix(b)),
    "gather": lambda a, b: matrix(a).gather(1, indices(b)),
    "index_select": lambda a, b: matrix(a).index_select(0, classes(b)),
    "linear": lambda a, b: F.linear(matrix(a), matrix(b)),
    "conv1d": lambda a, b: F.conv1d(matrix(a), torch.rand(2, 4, 1, device=b)),
    "conv2d": lambda a, b: F.conv2d(image(a), torch.rand(2, 4, 3, 3, device=b)),
    "conv_transpose2d": lambda a, b: F.conv_transpose2d(image(a), torch.rand(4, 2, 3, 3, device=b)),
    "embedding": lambda a, b: F.embedding(indices(a), matrix(b)),
    "group_norm": lambda a, b: F.group_norm(image(a), 2, torch.ones(4, device=b), torch.ones(4, device=b)),
    "batch_norm": lambda a, b: F.batch_norm(image(a), None, None, torch.ones(4, device=b), training=True),
    "layer_norm": lambda a, b: F.layer_norm(matrix(a), (4,), torch.ones(4, device=b)),
    "scaled_dot_product_attention": lambda a, b: F.scaled_dot_product_attention(image(a), image(a), image(b)),
    **{name: lambda a, b, f=getattr(F, name): f(matrix(a), matrix(b)) for name in ONE_DEVICE if name.endswith("_loss")},
    "cross_entropy": lambda a, b: F.cross_entropy(matrix(a), classes(b)),
    "binary_cross_entropy": lambda a, b: F.binary_cross_entropy(matrix(a), matrix(b)),
    "binary_cross_entropy_with_logits": lambda a, b: F.binary_cross_entropy_with_logits(matrix(a), matrix(b)),
}


@pytest.mark.parametrize("name", sorted(ONE_DEVICE))
@pytest.mark.parametrize("devices", [("cpu", GPU), (GPU, "cpu"), (GPU, "cuda:0")])
def test_an_operation_refuses_to_mix_devices_as_it_does_in_torch(name, devices):
    with FakeTensorMode(), pytest.raises(RuntimeError, match=r"device"):
        OPERATIONS[name](*devices)
    with FakeGPU(), pytest.raises(WrongDeviceError, match=rf"{name} got c.* and c"):
        OPERATIONS[name](*devices)


@pytest.mark.parametrize("name", sorted(ONE_DEVICE))
def test_an_operation_on_one_device_runs_and_stays_there(name):
    with FakeGPU() as gpu:
        result = OPERATIONS[name](GPU, GPU)
        assert str(result.device) == GPU
        assert result.is_cuda
        assert gpu.computed_on == {torch.device(GPU)}
    assert result.device.type == "cpu"


MIXES = {
    "a number on the CPU": lambda: matrix(GPU) * torch.tensor(0.5) + torch.tensor(1.0),
    "an element of a table on the CPU": lambda: torch.linspace(0, 1, 5)[3] * matrix(GPU),
    "indices on the CPU": lambda: matrix(GPU)[classes("cpu")],
    "copying": lambda: matrix(GPU).copy_(matrix("cpu")),
    "writing a part": lambda: matrix(GPU).__setitem__(slice(0, 2), matrix("cpu")[:2]),
    "moving to another's device": lambda: matrix("cpu").to(matrix(GPU)) + matrix(GPU),
    "taking another's type": lambda: matrix("cpu").type_as(matrix(GPU)) + matrix(GPU),
    "like another": lambda: torch.zeros_like(matrix("cpu"), device=GPU) + matrix(GPU),
    "expanding": lambda: torch.rand(4, device=GPU).expand_as(matrix("cpu")) + matrix(GPU),
    "the first GPU by two names": lambda: matrix("cuda") + matrix("cuda:0") + matrix("cpu").cuda(),
    "the first GPU by its number": lambda: matrix("cuda") + matrix("cpu").to(0),
    "a table moved before it is indexed": lambda: torch.linspace(0, 1, 5).to(GPU)[classes(GPU)] * matrix(GPU),
    "a layer moved": lambda: nn.Linear(4, 4).to(GPU)(matrix(GPU)),
    "a buffer moved": lambda: nn.BatchNorm2d(4).to(device=GPU)(image(GPU)),
    "back on the CPU": lambda: matrix(GPU).cpu() + matrix("cpu"),
    "the parts of a tensor": lambda: sum(row for row in matrix(GPU)) + matrix(GPU).max(dim=0).values,
}


@pytest.mark.parametrize("name", MIXES)
def test_what_torch_allows_is_allowed(name):
    if "layer" not in name and "buffer" not in name:  # FakeTensorMode of some releases cannot move them
        with FakeTensorMode():
            MIXES[name]()
    with FakeGPU():
        MIXES[name]()


# Refused by torch on a real GPU, and let through by FakeTensorMode.
REFUSED = {
    "a table on the CPU indexed with a tensor on the GPU": (
        lambda: torch.linspace(0, 1, 5)[classes(GPU)].to(GPU),
        "a tensor on cpu is indexed with one on cuda:7",
    ),
    "an array of a tensor on the GPU": (lambda: np.asarray(matrix(GPU)), "cuda:7 is turned into an array without .cpu"),
    "numpy of a tensor on the GPU": (lambda: matrix(GPU).numpy(), "cuda:7 is turned into an array without .cpu"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_torch_refuses_beside_operations_is_refused(name):
    code, message = REFUSED[name]
    with FakeGPU(), pytest.raises(WrongDeviceError, match=message):
        code()


def test_values_are_those_of_the_cpu():
    layer, x = nn.Linear(4, 4), matrix("cpu")
    expected = layer(x)
    with FakeGPU():
        actual = layer.to(GPU)(x.to(GPU))
        assert actual.sum().item() == pytest.approx(expected.sum().item())
        assert (actual > 100).any().item() is False


def test_a_moved_tensor_leaves_the_one_that_was_moved_where_it_is():
    with FakeGPU():
        here = matrix("cpu")
        there = here.to(GPU)
        assert (str(here.device), str(there.device)) == ("cpu", GPU)
        assert there.to(GPU) is there
        there.add_(1)
        assert not torch.equal(here, there.cpu())


def test_tensors_that_were_there_before_prove_nothing():
    before = matrix("cpu")
    with FakeGPU():
        assert (before + matrix(GPU)).shape == (4, 4)
        torch.zeros(4, 4, device=before.device) + matrix(GPU)


@pytest.mark.parametrize("make", [lambda: torch.from_numpy(np.ones(4)), lambda: torch.tensor([1.0] * 4)])
def test_a_table_that_comes_from_numpy_is_on_the_cpu(make):
    with pytest.raises(WrongDeviceError, match="mul got cpu and cuda:7"):
        computes_on(GPU, lambda device: make() * torch.ones(4, device=device))


class Layers(nn.Module):
    """Two layers; `hidden` ones are in a plain list, which .to(device) does not reach."""

    def __init__(self, hidden):
        super().__init__()
        layers = [nn.Linear(4, 4), nn.Linear(4, 4)]
        self.layers = layers if hidden else nn.ModuleList(layers)
        self.device = self.layers[0].weight.device  # where it is before it is moved

    def forward(self, x):
        return self.layers[1](self.layers[0](x))


def test_a_layer_that_is_not_registered_stays_on_the_cpu():
    before = nn.Parameter.__new__
    assert computes_on(GPU, lambda device: Layers(hidden=False).to(device)(matrix(device))) == GPU
    with pytest.raises(WrongDeviceError, match="linear got cpu and cuda:7"):
        computes_on(GPU, lambda device: Layers(hidden=True).to(device)(matrix(device)))
    assert nn.Parameter.__new__ is before
    assert isinstance(nn.Parameter(torch.ones(2)), nn.Parameter)


def test_a_device_that_was_read_before_the_model_moved_is_the_wrong_one():
    def run(device):
        model = Layers(hidden=False).to(device)
        model(matrix(model.device))

    with pytest.raises(WrongDeviceError, match="linear got cpu and cuda:7"):
        computes_on(GPU, run)


def test_code_that_ignores_the_device_shows_where_it_computes():
    assert computes_on(GPU, lambda device: torch.ones(3, device=device) + 1) == GPU
    assert computes_on(GPU, lambda device: torch.ones(3) + torch.ones(3)) == "cpu"
    assert computes_on(GPU, lambda device: torch.ones(3, device="cuda") + 1) == "cuda:0"
    assert computes_on(GPU, lambda device: None) == "nothing"


def test_an_exception_of_another_kind_counts_only_if_the_cpu_raises_it_too():
    def only_there(device):
        if device.type != "cpu":
            torch.cuda.synchronize()

    def everywhere(device):
        raise NotImplementedError("TODO(4.unet)")

    if not torch.cuda.is_available():
        assert computes_on(GPU, only_there) == GPU
    with pytest.raises(NotImplementedError, match=r"TODO\(4\.unet\)"):
        computes_on(GPU, everywhere)


@pytest.mark.parametrize("variant", ["", *(v.id for v in ASSIGNMENT.variants if v.id.startswith("4."))])
def test_the_solution_and_its_variants_run_to_their_end_on_a_fake_gpu(variant, tmp_path, monkeypatch):
    folder = ASSIGNMENT.solution
    if variant:
        folder = write_patched(ASSIGNMENT, next(v for v in ASSIGNMENT.variants if v.id == variant), tmp_path)
    code = {"__name__": "models"}
    exec(compile((folder / "models.py").read_text(), "models.py", "exec"), code)
    with FakeGPU() as gpu:
        network = code["UNet"](down_channels=(8, 16), up_channels=(16, 8), time_emb_dim=8)
        model = code["DDPM"](network, code["VarianceScheduler"](num_steps=2)).to(GPU)
        loss = model(image(GPU)[:, :1].repeat(1, 1, 4, 4), torch.tensor([1, 2], device=GPU))
        assert torch.isfinite(loss)
        sample = model.generate_sample(2, device=torch.device(GPU), labels=torch.tensor([1, 2]))
        assert str(sample.device) == GPU
        assert gpu.computed_on >= {torch.device(GPU)}


MESSAGES = {
    "noise = torch.randn_like(x)": ("noise = torch.randn(x.shape)", "mul got cpu and cuda"),
    "return labels.to(device)": ("return labels", r"the network gets x_t on (\S+), timestep on \1, label on cpu"),
}


@pytest.mark.parametrize("old", MESSAGES)
def test_a_tensor_on_the_wrong_device_is_reported_with_its_line(old, make_submission, solution_text, verdicts_of):
    new, message = MESSAGES[old]
    text = solution_text("models")
    assert text.count(old) == 1
    verdict = verdicts_of(make_submission(models=text.replace(old, new)), "4.device")["4.device"]
    assert verdict.outcome is Outcome.ERROR
    assert "WrongDeviceError: " in verdict.message
    assert re.search(message, verdict.message), verdict.message
    assert "at models.py, line " in verdict.message
    assert "No GPU accepts this" in verdict.message
