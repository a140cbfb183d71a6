"""Mistakes in dropping conditions. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.mistakes import one_patch

mistake = partial(one_patch, 2, file="diffusion_model.py")

DROP = "if DL_random((1,), normal=False, seed=seed).item() < self.p_uncond:\n            cond = torch.zeros_like(cond)"

DROPOUT = (
    mistake(
        "condition_never_dropped",
        "            cond = torch.zeros_like(cond)",
        "            torch.zeros_like(cond)",
        "The condition is never dropped: the zeros are made, but not used.",
        "guidance_dropout",
    ),
    mistake(
        "dropped_with_the_wrong_probability",
        ".item() < self.p_uncond:",
        ".item() > self.p_uncond:",
        "The condition is dropped with probability 1 - p_uncond: the comparison is inverted.",
        "guidance_dropout",
        "training",
    ),
    mistake(
        "dropped_for_each_item",
        DROP,
        "drop = DL_random((len(cond), 1), normal=False, seed=seed) < self.p_uncond\n"
        "        cond = torch.where(drop, 0.0, cond)",
        "Each item's condition is dropped on its own: this assignment asks for one draw for the whole batch.",
        "guidance_dropout",
    ),
    mistake(
        "dropped_for_each_element",
        DROP,
        "drop = DL_random(tuple(cond.shape), normal=False, seed=seed) < self.p_uncond\n"
        "        cond = torch.where(drop, 0.0, cond)",
        "Single elements of the condition are dropped: drop the condition of the whole batch, or nothing.",
        "guidance_dropout",
    ),
    mistake(
        "null_is_minus_one",
        "            cond = torch.zeros_like(cond)",
        "            cond = torch.full_like(cond, -1.0)",
        "A dropped condition becomes -1: the null condition of this assignment is zeros.",
        "guidance_dropout",
    ),
    mistake(
        "callers_condition_zeroed",
        "            cond = torch.zeros_like(cond)",
        "            cond.zero_()",
        "The caller's condition is overwritten with zeros: make a new tensor.",
        "guidance_dropout",
    ),
)
