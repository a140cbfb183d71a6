"""Mistakes in the latent DDPM. Each patch's old text occurs exactly once in the solution.

Those that it shares with the DDPM, whose loop and loss it inherits, are in ddpm.py.
"""

from functools import partial

from grader.assignment import Mistake
from grader.mistakes import one_patch

mistake = partial(one_patch, 4)

FREEZE = "self.vae = vae.requires_grad_(False)"
ENCODE = "latents = self.vae.reparameterize(*self.vae.encode(x, label))"
LOSS = "return super().forward(latents / self.latent_std, label)"
SHAPE = "self.vae.latent_dim, *self.vae.mid_size[1:]"
DECODE = "return self.vae.decode(self.denoise(z, labels) * self.latent_std, labels)"
GENERATE = (
    'def generate_sample(self, num_samples, device=torch.device("cuda"), labels=None):\n'
    '        """Generate latents, and decode them once'
)

TRAINING = (
    mistake(
        "lddpm_vae_not_frozen",
        FREEZE,
        "self.vae = vae",
        "The VAE is trained along with the network: requires_grad_(False), or encode under torch.no_grad().",
        "lddpm_frozen",
    ),
    Mistake(
        "4.lddpm_vae_in_training_mode",
        (
            ("        self.vae.eval()\n", ""),
            (
                "self.moments = nn.Conv2d(previous, 2 * latent_dim, 1)",
                "self.moments = nn.Sequential(nn.BatchNorm2d(previous), nn.Conv2d(previous, 2 * latent_dim, 1))",
            ),
        ),
        "model.train() puts the VAE into training mode too, so its batch norm or dropout changes the latents: call "
        "self.vae.eval() before you encode.",
        ("4.lddpm_frozen",),
    ),
    mistake(
        "lddpm_noises_the_image",
        f"{ENCODE}\n        {LOSS}",
        "noise = self.var_scheduler.add_noise(x, torch.randint(0, self.var_scheduler.num_steps, (len(x),)))[0]\n"
        "        latents, _ = self.vae.encode(noise, label)\n"
        "        return super().forward(latents / self.latent_std, label)",
        "The image is noised before it is encoded: encode the clean image, and noise its latents.",
        "lddpm_frozen",
    ),
    mistake(
        "lddpm_trained_on_images",
        LOSS,
        "return super().forward(x, label)",
        "The network is trained on images: encode them first.",
        "lddpm_sample",
    ),
)

SAMPLING = (
    mistake(
        "lddpm_scaled_in_training_only",
        "self.denoise(z, labels) * self.latent_std",
        "self.denoise(z, labels)",
        "Latents are scaled before they are diffused, but not scaled back before they are decoded.",
        "lddpm_sample",
    ),
    mistake(
        "lddpm_scaled_in_sampling_only",
        "latents / self.latent_std",
        "latents",
        "Latents are scaled before they are decoded, but not before they are diffused in training.",
        "lddpm_sample",
    ),
    mistake(
        "lddpm_multiplied_twice",
        "latents / self.latent_std",
        "latents * self.latent_std",
        "Latents are multiplied by their scale in training and again in sampling: one of the two must divide.",
        "lddpm_sample",
    ),
    mistake(
        "lddpm_divided_twice",
        "self.denoise(z, labels) * self.latent_std",
        "self.denoise(z, labels) / self.latent_std",
        "Latents are divided by their scale in training and again in sampling: one of the two must multiply.",
        "lddpm_sample",
    ),
    mistake(
        "lddpm_noise_decoded",
        DECODE,
        "self.denoise(z, labels)\n        return self.vae.decode(z * self.latent_std, labels)",
        "What is decoded is the noise that sampling starts from: decode what the loop comes to.",
        "lddpm_sample",
    ),
    mistake(
        "lddpm_not_decoded",
        DECODE,
        "return self.denoise(z, labels) * self.latent_std",
        "Sampling returns latents: decode them.",
        "lddpm_sample",
    ),
    mistake(
        "lddpm_decoded_twice",
        DECODE,
        "images = self.vae.decode(self.denoise(z, labels) * self.latent_std, labels)\n"
        "        return self.vae(images, labels)[0]",
        "The decoded images go through the VAE once more: decode once.",
        "lddpm_sample",
    ),
    mistake(
        "lddpm_noise_of_the_images_shape",
        SHAPE,
        "1, 32, 32",
        "Sampling starts from noise of the images' shape: it needs the latents' shape.",
        "lddpm_sample",
    ),
    mistake(
        "lddpm_noise_as_vectors",
        SHAPE,
        "self.vae.latent_dim",
        "Sampling starts from noise of shape (N, latent_dim), but latents have a height and a width as well.",
        "lddpm_sample",
    ),
    mistake(
        "lddpm_labels_not_decoded",
        "* self.latent_std, labels)",
        "* self.latent_std, torch.zeros_like(labels))",
        "The decoder does not get the labels asked for: latents are decoded under the label they belong to.",
        "lddpm_sample",
    ),
    mistake(
        "lddpm_labels_of_network_ignored",
        "self.vae.decode(self.denoise(z, labels) *",
        "self.vae.decode(self.denoise(z, torch.zeros_like(labels)) *",
        "The labels asked for reach the decoder, but never the network.",
        "lddpm_sampling_rules",
    ),
    mistake(
        "lddpm_gradients_kept_in_sampling",
        f"    @torch.no_grad()\n    {GENERATE}",
        f"    {GENERATE}",
        "Sampling records gradients through every step, which fills the memory: use @torch.no_grad().",
        "lddpm_sampling_rules",
    ),
    mistake(
        "lddpm_loop_stays_at_the_noise",
        "            x = self.recover_sample(x, self.guided_noise(x, timestep, labels), timestep)\n        return x",
        "            result = self.recover_sample(x, self.guided_noise(x, timestep, labels), timestep)\n"
        "        return result",
        "Every step begins with the noise again: its result is what the next step begins with.",
        "lddpm_sample",
    ),
)

PREPARE = (
    mistake(
        "prepare_lddpm_too_deep",
        "down_channels=(128, 128), up_channels=(128, 128)",
        "down_channels=(128,) * 5, up_channels=(128,) * 5",
        "The U-Net halves the resolution more often than the small latents allow: two or three levels are enough.",
        "prepare_lddpm",
        file="assignment.py",
    ),
    mistake(
        "prepare_lddpm_without_gradients",
        "LDDPM(network, vae, var_scheduler, guidance_weight=1.5)",
        "LDDPM(network, vae, var_scheduler).requires_grad_(False)",
        "No parameter takes gradients: freeze the VAE only, not the network.",
        "prepare_lddpm",
        file="assignment.py",
    ),
)
