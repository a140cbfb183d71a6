"""What the cases of part 5 must observe, derived without the solution."""

from grader.oracles.part5 import dataset, diffusion, gan

ORACLES = (*dataset.ORACLES, *gan.ORACLES, *diffusion.ORACLES)
