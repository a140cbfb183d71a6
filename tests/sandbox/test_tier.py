"""Every tier can do what `Tier` says, called in the same way."""

import contextlib
import inspect
import sys

import pytest

from grader.sandbox import InProcess, Tier, start
from grader.sandbox.pool import Pool
from grader.sandbox.serial import Serial

TIERS = [InProcess, Pool, Serial]
if sys.platform == "linux":
    from grader.sandbox.servers import ForkServers

    TIERS.append(ForkServers)

METHODS = ("observe", "observe_alone", "abandon", "close")


def test_the_protocol_has_no_other_members():
    members = {name for name in vars(Tier) if not name.startswith("_")}
    assert members == {"name", "size", *METHODS}


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("method", METHODS)
def test_a_method_has_the_parameters_of_the_protocol(tier, method):
    assert inspect.signature(getattr(tier, method)) == inspect.signature(getattr(Tier, method))


@pytest.mark.parametrize("name", ["none", "process"])
def test_a_tier_says_its_name_and_that_one_thread_may_observe(name):
    with contextlib.closing(start(name)) as tier:
        assert (tier.name, tier.size) == (name, 1)


def test_a_pool_says_how_many_threads_may_observe():
    with contextlib.closing(Pool("none", 3)) as pool:
        assert (pool.name, pool.size) == ("none", 3)
