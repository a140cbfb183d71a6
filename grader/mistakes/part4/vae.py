"""Mistakes in the VAE. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.assignment import Mistake
from grader.mistakes import one_patch

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
    '        """Generate images from latents that are drawn'
)

REPARAMETERIZATION = (
    mistake(
        "variance_for_std",
        REPARAMETERIZE,
        "return mean + logvar.exp() * torch.randn_like(mean)",
        "The noise is multiplied by the variance exp(logvar): the standard deviation is exp(logvar / 2).",
        "vae_reparameterize",
    ),
    mistake(
        "logvar_for_std",
        REPARAMETERIZE,
        "return mean + logvar * torch.randn_like(mean)",
        "The noise is multiplied by logvar itself: the standard deviation is exp(logvar / 2).",
        "vae_reparameterize",
    ),
    mistake(
        "posterior_sampled_with_uniform_noise",
        REPARAMETERIZE,
        "return mean + (0.5 * logvar).exp() * torch.rand_like(mean)",
        "The noise is uniform on [0, 1): it must be standard normal, so randn.",
        "vae_reparameterize",
        "vae",
    ),
    mistake(
        "one_eps_for_the_batch",
        REPARAMETERIZE,
        "return mean + (0.5 * logvar).exp() * torch.randn_like(mean[:1])",
        "One noise is shared by the whole batch: draw it in the mean's full shape.",
        "vae_reparameterize",
    ),
    mistake(
        "posterior_sampled_without_gradient",
        REPARAMETERIZE,
        "return torch.normal(mean, (0.5 * logvar).exp())",
        "torch.normal draws z, but gradients do not pass it: write z = mean + std * eps, with eps drawn by randn.",
        "vae_reparameterize",
        "vae",
    ),
    mistake(
        "nothing_drawn_from_the_posterior",
        REPARAMETERIZE,
        "return mean",
        "z is the mean: draw it, mean + std * eps.",
        "vae_reparameterize",
        "vae",
    ),
)

MODEL = (
    mistake(
        "mean_decoded_in_training",
        FORWARD,
        "return self.decode(mean, label), mean, logvar",
        "The mean is decoded: draw z with reparameterize, or this is a plain autoencoder.",
        "vae",
    ),
    mistake(
        "moments_swapped",
        FORWARD,
        "return self.decode(self.reparameterize(mean, logvar), label), logvar, mean",
        "forward returns (reconstruction, mean, logvar), in this order.",
        "vae",
    ),
    mistake(
        "moments_detached",
        FORWARD,
        "return self.decode(self.reparameterize(mean, logvar), label), mean.detach(), logvar.detach()",
        "The mean and logvar that forward returns are detached, so the divergence trains nothing.",
        "vae",
    ),
    mistake(
        "forward_decodes_another_label",
        FORWARD,
        "return self.decode(self.reparameterize(mean, logvar), torch.zeros_like(label)), mean, logvar",
        "forward decodes with a label of its own: pass on the one it was given.",
        "vae",
    ),
    mistake(
        "decoder_ignores_label",
        DECODER_LABEL,
        "emb = F.silu(self.label_emb(torch.zeros_like(labels)))",
        "The decoder does not depend on the label: what it generates cannot be chosen.",
        "vae_decode",
        "vae_sample",
    ),
    mistake(
        "noise_in_decode",
        WIDEN,
        "h = self.widen(sample + torch.randn_like(sample))",
        "decode draws noise: reparameterize does that, and decode is a function of its arguments.",
        "vae_decode",
        "vae",
        "vae_sample",
    ),
    mistake(
        "decoder_normalises_over_the_batch",
        WIDEN,
        "h = F.batch_norm(self.widen(sample), None, None, training=True)",
        "In evaluation mode as well, an image depends on the others in its batch: pass training=self.training.",
        "vae_decode",
        "vae",
    ),
)

SAMPLING = (
    mistake(
        "noise_images_encoded",
        DRAW,
        "z, _ = self.encode(torch.randn(num_samples, 1, 32, 32, device=device), labels)",
        "Sampling encodes images of noise: draw the latents themselves, from the prior N(0, I).",
        "vae_sample",
    ),
    mistake(
        "latents_uniform",
        DRAW,
        "z = torch.rand(num_samples, self.latent_dim, *self.mid_size[1:], device=device)",
        "The latents are uniform on [0, 1): the prior is standard normal, so randn.",
        "vae_sample",
    ),
    mistake(
        "latents_of_logvar_one",
        DRAW,
        "zeros = torch.zeros(num_samples, self.latent_dim, *self.mid_size[1:], device=device)\n"
        "        z = self.reparameterize(zeros, zeros + 1)",
        "The latents are drawn with logvar 1, which is the variance e: the prior has logvar 0.",
        "vae_sample",
    ),
    mistake(
        "one_latent_for_all_samples",
        DRAW,
        "z = torch.randn(1, self.latent_dim, *self.mid_size[1:], device=device).repeat(num_samples, 1, 1, 1)",
        "All samples share one latent vector: draw one for each.",
        "vae_sample",
    ),
    mistake(
        "samples_seeded",
        DRAW,
        f"torch.manual_seed(0)\n        {DRAW}",
        "Every call gives the same samples: do not seed the generator in generate_sample.",
        "vae_sample",
    ),
    mistake(
        "vae_ignores_labels_of_samples",
        LABELS,
        f"{LABELS}\n        labels = torch.zeros_like(labels)",
        "The labels asked for never reach the decoder.",
        "vae_sample",
    ),
    mistake(
        "labels_counted_for_samples",
        LABELS,
        "labels = torch.randint(0, self.num_classes, (num_samples,)) if labels is None else labels\n"
        "        num_samples, labels = len(labels), labels.to(device)",
        "Fewer labels than samples are accepted: raise an exception.",
        "vae_sample",
    ),
    mistake(
        "vae_decodes_one_by_one",
        DECODE,
        "return torch.cat([self.decode(z[i : i + 1], labels[i : i + 1]) for i in range(len(z))])",
        "Latents are decoded one by one: decode all of them in one batch.",
        "vae_sample",
    ),
    mistake(
        "vae_keeps_gradients_in_sampling",
        f"    @torch.no_grad()\n    {GENERATE}",
        f"    {GENERATE}",
        "Sampling records gradients, which fills the memory: use @torch.no_grad().",
        "vae_sample",
    ),
)

PREPARE = (
    Mistake(
        "4.prepare_vae_for_colour_images",
        (("return VAE(in_channels=1,", "return VAE(in_channels=3,"),),
        "The VAE is built for 3 channels: FashionMNIST is grey, in_channels = 1.",
        ("4.prepare_vae",),
        file="assignment.py",
    ),
    Mistake(
        "4.prepare_vae_without_gradients",
        (("kl_weight=16.0)", "kl_weight=16.0).requires_grad_(False)"),),
        "The VAE's parameters do not take gradients: it cannot have been trained like this.",
        ("4.prepare_vae",),
        file="assignment.py",
    ),
)
