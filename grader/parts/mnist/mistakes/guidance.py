"""Mistakes in guidance. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.authoring.patching import one_patch
from grader.parts.mnist.mistakes.sampling import FLOAT, FRESH, MEAN, UPDATE

mistake = partial(one_patch, 3, file="DDPM.py")

BOTH = "both = torch.cat([conditions, torch.full_like(conditions, config.condition_mask_value)])"
GUIDE = "noise = (1 + omega) * conditional - omega * unconditional"

GUIDANCE = (
    mistake(
        "estimates_swapped",
        GUIDE,
        "noise = (1 + omega) * unconditional - omega * conditional",
        "Your code swaps the two estimates. (1 + omega) belongs to the conditional one.",
        "guidance",
    ),
    mistake(
        "guidance_interpolates",
        GUIDE,
        "noise = (1 - omega) * conditional + omega * unconditional",
        "Your omega has the wrong sign. Use (1 + omega) conditional - omega unconditional.",
        "guidance",
    ),
    mistake(
        "guidance_adds",
        GUIDE,
        "noise = (1 + omega) * conditional + omega * unconditional",
        "Your code adds the unconditional estimate. Subtract it: (1 + omega) conditional - omega unconditional.",
        "guidance",
    ),
    mistake(
        "guidance_shifted_by_one",
        GUIDE,
        "noise = unconditional + omega * (conditional - unconditional)",
        "Your code uses the convention in which omega = 1 means no guidance. Here omega = 0 does, so use 1 + omega.",
        "guidance",
    ),
    mistake(
        "only_first_step_guided",
        GUIDE,
        "noise = conditional + (step == config.T) * omega * (conditional - unconditional)",
        "Your code guides only the first step. Combine the two estimates at every step.",
        "guidance",
    ),
    mistake(
        "images_guided_instead_of_noise",
        GUIDE
        + "\n            now = self.scheduler(t[:1])\n            "
        + MEAN
        + "\n            "
        + FRESH
        + "\n            "
        + UPDATE,
        "now = self.scheduler(t[:1])\n            each = []\n"
        "            for noise in (conditional, unconditional):\n"
        f"                {MEAN}\n                {FRESH}\n"
        '                each.append(mean + now["sqrt_beta_t"] * z)\n'
        "            x_t = (1 + omega) * each[0] - omega * each[1]",
        "Your code combines two x_{t-1}, which amplifies their noise. Combine the two estimates of eps, and take one "
        "step.",
        "gaussian",
    ),
    mistake(
        "unconditional_with_labels",
        BOTH,
        "both = torch.cat([conditions, conditions])",
        "Your second pass gets the labels, so omega changes nothing. It should get the null condition.",
        "guidance",
        "null_condition",
    ),
    mistake(
        "null_of_zeros",
        BOTH,
        "both = torch.cat([conditions, torch.zeros_like(conditions)])",
        "Your null condition is zeros. Training uses condition_mask_value in every element.",
        "guidance",
        "null_condition",
    ),
    mistake(
        "null_only_at_the_label",
        BOTH,
        "both = torch.cat([conditions, config.condition_mask_value * conditions])",
        "Your null condition still shows the label. Every element should be condition_mask_value, even the zeros.",
        "guidance",
        "null_condition",
    ),
    mistake(
        "conditions_overwritten",
        FLOAT + "        " + BOTH,
        "        both = torch.cat([conditions.float(), conditions.fill_(config.condition_mask_value).float()])",
        "Your code overwrites the caller's conditions. Make the null condition in a new tensor.",
        "null_condition",
    ),
)
