"""In the style of the original course: local names, and every argument by keyword."""

import torch
from diffusion_model import DiffusionModel


class ImageGenerator:
    def __init__(self, denoising_steps=1000, p_uncond=0.2):
        input_shape = (3, 32, 32)
        condition_dim = 4
        self.diffusion_model = DiffusionModel(
            input_shape=input_shape,
            condition_dim=condition_dim,
            sequential=False,
            p_uncond=p_uncond,
            denoising_steps=denoising_steps,
        )

    def generate_images(self, guidance=0.0, num_samples=9, threshold=False, class_label=0):
        cond = torch.full((num_samples,), class_label + 1, device=self.diffusion_model.device)
        return self.diffusion_model.generate_sample(cond, guidance_weight=guidance, threshold=threshold).cpu()
