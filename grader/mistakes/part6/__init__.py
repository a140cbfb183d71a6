"""Mistakes in the theory of part 6."""

from grader.mistakes.part6 import bound, diffusion, divergence, games, latents, networks, walks

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
