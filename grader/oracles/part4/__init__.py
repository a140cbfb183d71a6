"""What part 4's cases must observe, derived without the solution: closed forms and Bayes' rule in float64."""

from grader.oracles.part4 import ddim, ddpm, lddpm, vae

ORACLES = (*ddpm.ORACLES, *ddim.ORACLES, *vae.ORACLES, *lddpm.ORACLES)
