"""What part 6's cases should observe, derived in other ways than the solution."""

from grader.parts.theory.oracles import discrete, gaussians

ORACLES = (*gaussians.ORACLES, *discrete.ORACLES)
