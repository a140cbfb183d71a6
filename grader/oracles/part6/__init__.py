"""What part 6's cases must observe, by other ways than the solution's."""

from grader.oracles.part6 import discrete, gaussians

ORACLES = (*gaussians.ORACLES, *discrete.ORACLES)
