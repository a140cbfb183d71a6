"""What part 4's cases should observe, derived without the solution: closed forms and Bayes' rule in float64."""

from grader.parts.fashion_mnist.oracles import ddim, ddpm, lddpm, vae

ORACLES = (*ddpm.ORACLES, *ddim.ORACLES, *vae.ORACLES, *lddpm.ORACLES)
