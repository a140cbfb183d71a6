"""A toy assignment of two functions, for tests of the generator and of the self-check."""


def double(x):
    """Twice x, any shape."""
    # BEGIN ANSWER(1.double) multiply
    return 2 * x
    # END ANSWER


def shift(x):
    """x plus one, any shape."""
    # BEGIN ANSWER(1.shift) add
    return x + 1
    # END ANSWER
