"""Mistakes in guidance. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.authoring.patching import one_patch

mistake = partial(one_patch, 2, file="diffusion_model.py")

NULL = "both = torch.cat([cond, torch.zeros_like(cond)])"
MIX = "noise = (1 + guidance_weight) * conditional - guidance_weight * unconditional"

GUIDANCE = (
    mistake(
        "guidance_with_minus",
        MIX,
        "noise = (1 - guidance_weight) * conditional + guidance_weight * unconditional",
        "Your w has the wrong sign. (1 + w) eps(c) - w eps(0) moves away from the unconditional estimate.",
        "guidance",
        "threshold_sample",
    ),
    mistake(
        "guidance_of_another_convention",
        MIX,
        "noise = unconditional + guidance_weight * (conditional - unconditional)",
        "Your code uses the convention in which w = 1 means no guidance. Here w = 0 does: (1 + w) eps(c) - w eps(0).",
        "guidance",
    ),
    mistake(
        "guidance_swapped",
        MIX,
        "noise = (1 + guidance_weight) * unconditional - guidance_weight * conditional",
        "Your code swaps the two estimates. (1 + w) belongs to the conditional one.",
        "guidance",
    ),
    mistake(
        "null_pass_sees_the_condition",
        NULL,
        "both = torch.cat([cond, cond])",
        "Your unconditional pass gets the condition too, so guidance does nothing. It should get zeros.",
        "guidance",
    ),
    mistake(
        "only_first_step_guided",
        MIX,
        "first = t == self.denoising_steps - 1\n"
        "                    weight = guidance_weight if first else 0.0\n"
        "                    noise = (1 + weight) * conditional - weight * unconditional",
        "Your code guides only the first step. Mix the two estimates at every step.",
        "guidance",
        "threshold_sample",
    ),
    mistake(
        "condition_zeroed_in_sampling",
        NULL,
        "both = torch.cat([cond.clone(), cond.zero_()])",
        "Your code overwrites the caller's condition with zeros. Make a new tensor.",
        "guidance",
    ),
)
