"""Mistakes in guidance. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.mistakes import one_patch

mistake = partial(one_patch, 2, file="diffusion_model.py")

NULL = "both = torch.cat([cond, torch.zeros_like(cond)])"
MIX = "noise = (1 + guidance_weight) * conditional - guidance_weight * unconditional"

GUIDANCE = (
    mistake(
        "guidance_with_minus",
        MIX,
        "noise = (1 - guidance_weight) * conditional + guidance_weight * unconditional",
        "The sign of w is wrong: (1 + w) eps(c) - w eps(0) leads away from the unconditional estimate.",
        "guidance",
        "threshold_sample",
    ),
    mistake(
        "guidance_of_another_convention",
        MIX,
        "noise = unconditional + guidance_weight * (conditional - unconditional)",
        "w is shifted by one: that is the convention in which 1 is no guidance; here it is (1 + w) eps(c) - w eps(0).",
        "guidance",
    ),
    mistake(
        "guidance_swapped",
        MIX,
        "noise = (1 + guidance_weight) * unconditional - guidance_weight * conditional",
        "The two estimates are swapped: (1 + w) belongs to the conditional one.",
        "guidance",
    ),
    mistake(
        "null_pass_sees_the_condition",
        NULL,
        "both = torch.cat([cond, cond])",
        "The unconditional pass gets the condition as well, so guidance does nothing: it must get zeros.",
        "guidance",
    ),
    mistake(
        "only_first_step_guided",
        MIX,
        "first = t == self.denoising_steps - 1\n"
        "                    weight = guidance_weight if first else 0.0\n"
        "                    noise = (1 + weight) * conditional - weight * unconditional",
        "Only the first step is guided: mix the two estimates at every step.",
        "guidance",
        "threshold_sample",
    ),
    mistake(
        "condition_zeroed_in_sampling",
        NULL,
        "both = torch.cat([cond.clone(), cond.zero_()])",
        "The caller's condition is overwritten with zeros: make a new tensor.",
        "guidance",
    ),
)
