"""What part 4's cases must observe, derived without the solution: closed forms and Bayes' rule in float64."""

from grader.oracles.part4 import ddpm, vae

ORACLES = (*ddpm.ORACLES, *vae.ORACLES)
