"""A toy assignment of two functions, for tests of the generator and of the self-check."""


def double(x):
    """Twice x, any shape."""
    # BEGIN ANSWER(1.double) [5 min, easy] multiply
    return 2 * x
    # END ANSWER


def shift(x):
    """x plus one, any shape."""
    # BEGIN ANSWER(1.shift) [10 min, medium] add
    return x + 1
    # END ANSWER
