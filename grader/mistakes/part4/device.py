"""Tensors on the wrong device. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.mistakes import one_patch
from grader.mistakes.part4.schedule import DRAW

mistake = partial(one_patch, 4)

DEVICE = (
    mistake(
        "schedule_left_on_cpu",
        "alpha_bar = self.alpha_bars.to(x.device)[time_step]",
        "alpha_bar = self.alpha_bars[time_step].to(x.device)",
        "The tables of the schedule are on the CPU, and t on the GPU cannot index them: move the table before.",
        "device",
    ),
    mistake(
        "schedule_moved_to_first_gpu",
        "device = noisy_sample.device\n",
        'device = torch.device("cuda")\n',
        "The device is written into the code: use that of the tensor at hand.",
        "device",
    ),
    mistake(
        "training_noise_on_cpu",
        DRAW,
        "noise = torch.randn(x.shape)",
        "The noise in training is drawn on the CPU: torch.randn_like(x) draws it where x is.",
        "device",
    ),
    mistake(
        "start_noise_on_cpu",
        "torch.randn(num_samples, self.network.in_channels, 32, 32, device=device)",
        "torch.randn(num_samples, self.network.in_channels, 32, 32)",
        "Sampling starts from noise on the CPU: draw it on the device that is asked for.",
        "device",
    ),
    mistake(
        "timestep_on_cpu",
        "timestep = torch.full((len(x),), t, dtype=torch.int64, device=x.device)",
        "timestep = torch.full((len(x),), t, dtype=torch.int64)",
        "The timestep of the network is made on the CPU: make it where x_t is, in training as in sampling.",
        "device",
    ),
    mistake(
        "labels_left_on_cpu",
        "return labels.to(device)",
        "return labels",
        "The labels stay on the CPU: move those that are given to the device, and draw others there.",
        "device",
    ),
    mistake(
        "frequencies_on_cpu",
        "torch.arange(half, device=time.device)",
        "torch.arange(half)",
        "The frequencies of the time embedding are on the CPU: torch.arange(..., device=time.device).",
        "device",
    ),
)
