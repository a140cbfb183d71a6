"""A case is made of an experiment, and its docstring is what students read."""

import pytest

from grader.runtime.case import case


def test_the_first_line_of_the_docstring_is_the_title():
    @case("9.shift", points=1, equation="y = x + 1")
    def shift(code, rng):
        """Shift: adds one

        More for authors.
        """
        return {}

    assert (shift.id, shift.part, shift.title) == ("9.shift", 9, "Shift: adds one")
    assert shift.reference == f"{__name__}:shift"


def test_an_experiment_without_a_docstring_is_refused():
    with pytest.raises(TypeError, match=r"case 9\.shift has no title: write it in the first line"):

        @case("9.shift", points=1, equation="")
        def shift(code, rng):
            return {}
