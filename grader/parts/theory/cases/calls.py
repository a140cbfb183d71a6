"""Calls the student's theory: gives it tensors, and accepts any form of numbers that it returns."""

from grader.runtime.lazy import Lazy

torch = Lazy("torch")


def tensors(*arrays):
    """Copies of numpy arrays as float64 tensors (of integers as int64), for student code to read."""
    return [torch.tensor(array) for array in arrays]


def numbers(value, function):
    """Convert a tensor, array, list or number into a float64 tensor without gradients."""
    if value is None or isinstance(value, str):
        raise TypeError(f"{function} must return a tensor or a number, not {type(value).__name__}")
    return torch.as_tensor(value).detach().double()


def pair(value, function):
    """Convert a pair of such values."""
    if not isinstance(value, tuple | list) or len(value) != 2:
        raise TypeError(f"{function} must return a pair of tensors, not {type(value).__name__}")
    return [numbers(item, function) for item in value]


def collection(value, function, what):
    """The items of a list, set or array, as a list."""
    if isinstance(value, str) or not hasattr(value, "__iter__"):
        raise TypeError(f"{function} must return a {what}, not {type(value).__name__}")
    return list(value)


def gradients(value, function, inputs):
    """Derivatives of the sum of `value` with respect to each input, NaN where no gradient arrives."""
    nothing = [torch.full_like(given, float("nan")) for given in inputs]
    numbers(value, function)
    if not isinstance(value, torch.Tensor) or not value.requires_grad:
        return nothing
    given = torch.autograd.grad(value.sum(), inputs, allow_unused=True)
    return [none if gradient is None else gradient for gradient, none in zip(given, nothing, strict=True)]
