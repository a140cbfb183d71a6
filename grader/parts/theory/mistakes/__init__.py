"""Mistakes in the theory of part 6."""

from grader.parts.theory.mistakes import bound, diffusion, divergence, games, latents, networks, walks

MISTAKES = (
    *divergence.DIVERGENCE,
    *latents.EVIDENCE,
    *latents.POSTERIOR,
    *bound.BOUND,
    *diffusion.DIFFUSION,
    *games.GAMES,
    *walks.WALKS,
    *networks.NETWORKS,
)
