"""What part 5's cases should observe, derived without the solution."""

from grader.parts.iclevr.oracles import dataset, diffusion, gan

ORACLES = (*dataset.ORACLES, *gan.ORACLES, *diffusion.ORACLES)
