"""Part 3: the conditional DDPM with classifier-free guidance on MNIST, in the order in which students write it."""

from grader.parts.mnist.cases import guidance, network, sampling, schedule, training

CASES = (
    network.network,
    network.network_inputs,
    network.network_gradient,
    schedule.schedule,
    schedule.alpha_bars,
    training.training,
    training.noise,
    training.loss,
    training.gradient,
    training.dropout,
    sampling.sample,
    sampling.sampling_rules,
    sampling.gaussian,
    guidance.guidance,
    guidance.null_condition,
)
