"""Mistakes in the latent DDPM. Each patch's old text occurs exactly once in the solution.

Mistakes in the loop and loss that it inherits from the DDPM are in `ddpm.py`.
"""

from functools import partial

from grader.authoring.patching import one_patch
from grader.course.assignment import Mistake

mistake = partial(one_patch, 4)

FREEZE = "self.vae = vae.requires_grad_(False)"
ENCODE = "latents = self.vae.reparameterize(*self.vae.encode(x, label))"
LOSS = "return super().forward(latents / self.latent_std, label)"
SHAPE = "self.vae.latent_dim, *self.vae.mid_size[1:]"
DECODE = "return self.vae.decode(self.denoise(z, labels) * self.latent_std, labels)"
GENERATE = (
    'def generate_sample(self, num_samples, device=torch.device("cuda"), labels=None):\n'
    '        """Generate all latents in one batch, then decode'
)

TRAINING = (
    mistake(
        "lddpm_vae_not_frozen",
        FREEZE,
        "self.vae = vae",
        "Your code trains the VAE along with the network. Freeze it with requires_grad_(False), or encode under "
        "torch.no_grad().",
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
        "Your model.train() puts the VAE into training mode too, so its batch norm or dropout changes the latents. "
        "Call self.vae.eval() before you encode.",
        ("4.lddpm_frozen",),
    ),
    mistake(
        "lddpm_noises_the_image",
        f"{ENCODE}\n        {LOSS}",
        "noise = self.var_scheduler.add_noise(x, torch.randint(0, self.var_scheduler.num_steps, (len(x),)))[0]\n"
        "        latents, _ = self.vae.encode(noise, label)\n"
        "        return super().forward(latents / self.latent_std, label)",
        "Your code adds noise to the image before it encodes it. It should encode the clean image, then add noise to "
        "the latents.",
        "lddpm_frozen",
    ),
    mistake(
        "lddpm_trained_on_images",
        LOSS,
        "return super().forward(x, label)",
        "Your network is trained on images. It should be trained on latents: encode the images first.",
        "lddpm_sample",
    ),
)

SAMPLING = (
    mistake(
        "lddpm_scaled_in_training_only",
        "self.denoise(z, labels) * self.latent_std",
        "self.denoise(z, labels)",
        "Your code scales latents before it diffuses them, but does not scale them back before it decodes them. It "
        "should do both.",
        "lddpm_sample",
    ),
    mistake(
        "lddpm_scaled_in_sampling_only",
        "latents / self.latent_std",
        "latents",
        "Your code scales latents before it decodes them, but not before it diffuses them in training. It should do "
        "both.",
        "lddpm_sample",
    ),
    mistake(
        "lddpm_multiplied_twice",
        "latents / self.latent_std",
        "latents * self.latent_std",
        "Your code multiplies latents by their scale in training and again in sampling. One of the two should divide.",
        "lddpm_sample",
    ),
    mistake(
        "lddpm_divided_twice",
        "self.denoise(z, labels) * self.latent_std",
        "self.denoise(z, labels) / self.latent_std",
        "Your code divides latents by their scale in training and again in sampling. One of the two should multiply.",
        "lddpm_sample",
    ),
    mistake(
        "lddpm_noise_decoded",
        DECODE,
        "self.denoise(z, labels)\n        return self.vae.decode(z * self.latent_std, labels)",
        "Your sampler decodes the noise that it starts from. It should decode what the loop returns.",
        "lddpm_sample",
    ),
    mistake(
        "lddpm_not_decoded",
        DECODE,
        "return self.denoise(z, labels) * self.latent_std",
        "Your sampler returns latents. It should decode them.",
        "lddpm_sample",
    ),
    mistake(
        "lddpm_decoded_twice",
        DECODE,
        "images = self.vae.decode(self.denoise(z, labels) * self.latent_std, labels)\n"
        "        return self.vae(images, labels)[0]",
        "Your sampler sends the decoded images through the VAE again. It should decode once.",
        "lddpm_sample",
    ),
    mistake(
        "lddpm_noise_of_the_images_shape",
        SHAPE,
        "1, 32, 32",
        "Your sampler starts from noise in the images' shape. It should start from noise in the latents' shape.",
        "lddpm_sample",
    ),
    mistake(
        "lddpm_noise_as_vectors",
        SHAPE,
        "self.vae.latent_dim",
        "Your sampler starts from noise of shape (N, latent_dim). Latents also have a height and a width, and so "
        "should the noise.",
        "lddpm_sample",
    ),
    mistake(
        "lddpm_labels_not_decoded",
        "* self.latent_std, labels)",
        "* self.latent_std, torch.zeros_like(labels))",
        "Your sampler does not pass the requested labels to the decoder. It should decode each latent with its own "
        "label.",
        "lddpm_sample",
    ),
    mistake(
        "lddpm_labels_of_network_ignored",
        "self.vae.decode(self.denoise(z, labels) *",
        "self.vae.decode(self.denoise(z, torch.zeros_like(labels)) *",
        "Your sampler passes the requested labels to the decoder, but not to the network. Both should get them.",
        "lddpm_sampling_rules",
    ),
    mistake(
        "lddpm_gradients_kept_in_sampling",
        f"    @torch.no_grad()\n    {GENERATE}",
        f"    {GENERATE}",
        "Your sampler records gradients through every step, which fills up the memory. Use @torch.no_grad().",
        "lddpm_sampling_rules",
    ),
    mistake(
        "lddpm_loop_stays_at_the_noise",
        "            x = self.recover_sample(x, self.guided_noise(x, timestep, labels), timestep)\n        return x",
        "            result = self.recover_sample(x, self.guided_noise(x, timestep, labels), timestep)\n"
        "        return result",
        "Your loop begins every step with the initial noise. Each step should begin with the result of the one before.",
        "lddpm_sample",
    ),
)

PREPARE = (
    mistake(
        "prepare_lddpm_too_deep",
        "down_channels=(128, 128), up_channels=(128, 128)",
        "down_channels=(128,) * 5, up_channels=(128,) * 5",
        "Your U-Net halves the resolution more often than the small latents allow. Two or three levels are enough.",
        "prepare_lddpm",
        file="assignment.py",
    ),
    mistake(
        "prepare_lddpm_without_gradients",
        "LDDPM(network, vae, var_scheduler, guidance_weight=1.5)",
        "LDDPM(network, vae, var_scheduler).requires_grad_(False)",
        "None of your parameters require gradients. Freeze only the VAE, not the network.",
        "prepare_lddpm",
        file="assignment.py",
    ),
)
