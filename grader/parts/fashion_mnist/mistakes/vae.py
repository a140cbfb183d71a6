"""Mistakes in the VAE. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.authoring.patching import one_patch
from grader.course.assignment import Mistake

mistake = partial(one_patch, 4)

FORWARD = "return self.decode(self.reparameterize(mean, logvar), label), mean, logvar"
REPARAMETERIZE = "return mean + (0.5 * logvar).exp() * torch.randn_like(mean)"
DECODER_LABEL = "emb = F.silu(self.label_emb(labels))"
WIDEN = "h = self.widen(sample)"
LABELS = "labels = labels_of_samples(num_samples, self.num_classes, device, labels)"
DRAW = "z = torch.randn(num_samples, self.latent_dim, *self.mid_size[1:], device=device)"
DECODE = "return self.decode(z, labels)"
GENERATE = (
    'def generate_sample(self, num_samples, device=torch.device("cuda"), labels=None):\n'
    '        """Generate all images in one batch, from latents'
)

REPARAMETERIZATION = (
    mistake(
        "variance_for_std",
        REPARAMETERIZE,
        "return mean + logvar.exp() * torch.randn_like(mean)",
        "Your code multiplies the noise by the variance, exp(logvar). It should multiply by the standard deviation, "
        "exp(logvar / 2).",
        "vae_reparameterize",
    ),
    mistake(
        "logvar_for_std",
        REPARAMETERIZE,
        "return mean + logvar * torch.randn_like(mean)",
        "Your code multiplies the noise by logvar itself. It should multiply by the standard deviation, exp(logvar / "
        "2).",
        "vae_reparameterize",
    ),
    mistake(
        "posterior_sampled_with_uniform_noise",
        REPARAMETERIZE,
        "return mean + (0.5 * logvar).exp() * torch.rand_like(mean)",
        "Your reparameterize draws uniform noise on [0, 1). It should draw standard normal noise: use randn.",
        "vae_reparameterize",
        "vae",
    ),
    mistake(
        "one_eps_for_the_batch",
        REPARAMETERIZE,
        "return mean + (0.5 * logvar).exp() * torch.randn_like(mean[:1])",
        "Your reparameterize shares one noise across the whole batch. It should draw noise in the mean's full shape.",
        "vae_reparameterize",
    ),
    mistake(
        "posterior_sampled_without_gradient",
        REPARAMETERIZE,
        "return torch.normal(mean, (0.5 * logvar).exp())",
        "Your code draws z with torch.normal, which stops gradients. Write z = mean + std * eps, and draw eps with "
        "randn.",
        "vae_reparameterize",
        "vae",
    ),
    mistake(
        "nothing_drawn_from_the_posterior",
        REPARAMETERIZE,
        "return mean",
        "Your reparameterize returns the mean. It should draw z = mean + std * eps.",
        "vae_reparameterize",
        "vae",
    ),
)

MODEL = (
    mistake(
        "mean_decoded_in_training",
        FORWARD,
        "return self.decode(mean, label), mean, logvar",
        "Your forward decodes the mean, which makes this a plain autoencoder. It should draw z with reparameterize "
        "and decode that.",
        "vae",
    ),
    mistake(
        "moments_swapped",
        FORWARD,
        "return self.decode(self.reparameterize(mean, logvar), label), logvar, mean",
        "Your forward returns its values in another order. It should return (reconstruction, mean, logvar).",
        "vae",
    ),
    mistake(
        "moments_detached",
        FORWARD,
        "return self.decode(self.reparameterize(mean, logvar), label), mean.detach(), logvar.detach()",
        "Your forward detaches the mean and logvar that it returns, so the divergence trains nothing. It should "
        "return them as they are.",
        "vae",
    ),
    mistake(
        "forward_decodes_another_label",
        FORWARD,
        "return self.decode(self.reparameterize(mean, logvar), torch.zeros_like(label)), mean, logvar",
        "Your forward decodes with another label. It should pass on the label that it gets.",
        "vae",
    ),
    mistake(
        "decoder_ignores_label",
        DECODER_LABEL,
        "emb = F.silu(self.label_emb(torch.zeros_like(labels)))",
        "Your decoder ignores the label, so nobody can choose what it generates. Its images should depend on the "
        "label.",
        "vae_decode",
        "vae_sample",
    ),
    mistake(
        "noise_in_decode",
        WIDEN,
        "h = self.widen(sample + torch.randn_like(sample))",
        "Your decode draws noise. It should depend only on its arguments: reparameterize draws the noise.",
        "vae_decode",
        "vae",
        "vae_sample",
    ),
    mistake(
        "decoder_normalises_over_the_batch",
        WIDEN,
        "h = F.batch_norm(self.widen(sample), None, None, training=True)",
        "Your decoder normalises over the batch in evaluation mode too, so an image depends on its neighbours. Pass "
        "training=self.training.",
        "vae_decode",
        "vae",
    ),
)

SAMPLING = (
    mistake(
        "noise_images_encoded",
        DRAW,
        "z, _ = self.encode(torch.randn(num_samples, 1, 32, 32, device=device), labels)",
        "Your sampler encodes images of noise. It should draw the latents themselves, from the prior N(0, I).",
        "vae_sample",
    ),
    mistake(
        "latents_uniform",
        DRAW,
        "z = torch.rand(num_samples, self.latent_dim, *self.mid_size[1:], device=device)",
        "Your sampler draws latents uniformly on [0, 1). The prior is standard normal, so it should use randn.",
        "vae_sample",
    ),
    mistake(
        "latents_of_logvar_one",
        DRAW,
        "zeros = torch.zeros(num_samples, self.latent_dim, *self.mid_size[1:], device=device)\n"
        "        z = self.reparameterize(zeros, zeros + 1)",
        "Your sampler draws latents with logvar 1, which is the variance e. It should use the prior's logvar, 0.",
        "vae_sample",
    ),
    mistake(
        "one_latent_for_all_samples",
        DRAW,
        "z = torch.randn(1, self.latent_dim, *self.mid_size[1:], device=device).repeat(num_samples, 1, 1, 1)",
        "Your sampler shares one latent among all samples. It should draw one for each.",
        "vae_sample",
    ),
    mistake(
        "samples_seeded",
        DRAW,
        f"torch.manual_seed(0)\n        {DRAW}",
        "Your generate_sample gives the same samples on every call. It should not seed the random generator.",
        "vae_sample",
    ),
    mistake(
        "vae_ignores_labels_of_samples",
        LABELS,
        f"{LABELS}\n        labels = torch.zeros_like(labels)",
        "Your sampler never passes the requested labels to the decoder. It should decode with them.",
        "vae_sample",
    ),
    mistake(
        "labels_counted_for_samples",
        LABELS,
        "labels = torch.randint(0, self.num_classes, (num_samples,)) if labels is None else labels\n"
        "        num_samples, labels = len(labels), labels.to(device)",
        "Your code accepts fewer labels than samples. It should raise an exception.",
        "vae_sample",
    ),
    mistake(
        "vae_decodes_one_by_one",
        DECODE,
        "return torch.cat([self.decode(z[i : i + 1], labels[i : i + 1]) for i in range(len(z))])",
        "Your sampler decodes the latents one by one. It should decode all of them in one batch.",
        "vae_sample",
    ),
    mistake(
        "vae_keeps_gradients_in_sampling",
        f"    @torch.no_grad()\n    {GENERATE}",
        f"    {GENERATE}",
        "Your sampler records gradients, which fills up the memory. Use @torch.no_grad().",
        "vae_sample",
    ),
)

PREPARE = (
    Mistake(
        "4.prepare_vae_for_colour_images",
        (("return VAE(in_channels=1,", "return VAE(in_channels=3,"),),
        "Your VAE is built for 3 channels. FashionMNIST is grey, so in_channels should be 1.",
        ("4.prepare_vae",),
        file="assignment.py",
    ),
    Mistake(
        "4.prepare_vae_without_gradients",
        (("kl_weight=16.0)", "kl_weight=16.0).requires_grad_(False)"),),
        "Your VAE's parameters do not require gradients, so it cannot have been trained like this. They should "
        "require them.",
        ("4.prepare_vae",),
        file="assignment.py",
    ),
)
