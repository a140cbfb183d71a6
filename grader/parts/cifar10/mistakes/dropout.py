"""Mistakes in dropping the condition. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.authoring.patching import one_patch

mistake = partial(one_patch, 2, file="diffusion_model.py")

DROP = "if DL_random((1,), normal=False, seed=seed).item() < self.p_uncond:\n            cond = torch.zeros_like(cond)"

DROPOUT = (
    mistake(
        "condition_never_dropped",
        "            cond = torch.zeros_like(cond)",
        "            torch.zeros_like(cond)",
        "Your code makes the zeros but never uses them. Pass them to the network as the dropped condition.",
        "guidance_dropout",
    ),
    mistake(
        "dropped_with_the_wrong_probability",
        ".item() < self.p_uncond:",
        ".item() > self.p_uncond:",
        "Your code drops the condition with probability 1 - p_uncond. Invert the comparison.",
        "guidance_dropout",
        "training",
    ),
    mistake(
        "dropped_for_each_item",
        DROP,
        "drop = DL_random((len(cond), 1), normal=False, seed=seed) < self.p_uncond\n"
        "        cond = torch.where(drop, 0.0, cond)",
        "Your code decides for each item whether to drop its condition. This assignment uses one draw for the whole "
        "batch.",
        "guidance_dropout",
    ),
    mistake(
        "dropped_for_each_element",
        DROP,
        "drop = DL_random(tuple(cond.shape), normal=False, seed=seed) < self.p_uncond\n"
        "        cond = torch.where(drop, 0.0, cond)",
        "Your code drops single elements of the condition. Drop the condition of the whole batch, or nothing.",
        "guidance_dropout",
    ),
    mistake(
        "null_is_minus_one",
        "            cond = torch.zeros_like(cond)",
        "            cond = torch.full_like(cond, -1.0)",
        "Your code sets a dropped condition to -1. The null condition of this assignment is zeros.",
        "guidance_dropout",
    ),
    mistake(
        "callers_condition_zeroed",
        "            cond = torch.zeros_like(cond)",
        "            cond.zero_()",
        "Your code overwrites the caller's condition with zeros. Make a new tensor.",
        "guidance_dropout",
    ),
)
