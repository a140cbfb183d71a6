"""Part 6: theory. The cases are in the order in which students meet them."""

from grader.parts.theory.cases import games, gaussians, latents, networks, walks

CASES = (
    gaussians.gaussian_kl,
    gaussians.kl_gradient,
    latents.log_evidence,
    latents.true_posterior,
    latents.elbo,
    latents.elbo_gradient,
    gaussians.posterior,
    games.optimal_discriminator,
    games.jensen_shannon,
    games.game_value,
    walks.random_walk_covariance,
    walks.random_walk_precision,
    walks.conditionally_independent,
    networks.joint_probability,
    networks.query,
    networks.markov_blanket,
)
