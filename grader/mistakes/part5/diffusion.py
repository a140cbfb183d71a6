"""Mistakes in the schedule, the network and the training of the multi-label DDPM. Each patch's old text occurs once."""

from functools import partial

from grader.mistakes import one_patch

mistake = partial(one_patch, 5, file="conditional_diffusion.py")

COSINE = "return (1 - f[1:] / f[:-1]).clamp(max=0.999).float()"
F = "f = torch.cos((u + s) / (1 + s) * math.pi / 2).square()"
U = "u = torch.arange(num_steps + 1, dtype=torch.float64) / num_steps"
EMBEDDING = "emb = F.silu(self.time(timestep) + self.labels(labels))"
UNET = "return self.unfold(self.unet(self.fold(x), emb, labels))"
KEPT = "kept = torch.rand(len(labels), 1, device=labels.device) >= self.p_uncond"
DROP = "return labels * kept"
DRAW_T = "timestep = torch.randint(0, self.num_steps, (len(images),), device=images.device)"
NOISY = "noisy = alpha_bar.sqrt() * images + (1 - alpha_bar).sqrt() * noise"
LOSS = "return F.mse_loss(self.network(noisy, timestep, self.drop_labels(labels)), noise)"

NETWORK = (
    mistake(
        "cosine_is_not_squared",
        F,
        "f = torch.cos((u + s) / (1 + s) * math.pi / 2)",
        "f is the square of a cosine; yours is the cosine itself.",
        "cosine",
    ),
    mistake(
        "cosine_forgets_the_offset",
        F,
        "f = torch.cos(u * math.pi / 2).square()",
        "The offset s has no effect: f(u) = cos^2((u / T + s) / (1 + s) pi / 2).",
        "cosine",
    ),
    mistake(
        "alpha_bars_for_betas",
        COSINE,
        "return (f[1:] / f[0]).float()",
        "These are alpha_bar_t, and the betas are asked for: beta_t = 1 - f(t + 1) / f(t).",
        "cosine",
    ),
    mistake(
        "alphas_for_betas",
        COSINE,
        "return (f[1:] / f[:-1]).float()",
        "These are alpha_t: beta_t = 1 - f(t + 1) / f(t).",
        "cosine",
    ),
    mistake(
        "beta_without_a_limit",
        COSINE,
        "return (1 - f[1:] / f[:-1]).float()",
        "The last beta is 1, and a division by sqrt(alpha_bar) follows: the largest may be 0.999.",
        "cosine",
    ),
    mistake(
        "beta_limited_too_early",
        "clamp(max=0.999)",
        "clamp(max=0.02)",
        "The betas are limited to 0.02, as of the linear schedule: here to 0.999.",
        "cosine",
    ),
    mistake(
        "cosine_in_steps_from_one",
        U,
        "u = torch.arange(1, num_steps + 2, dtype=torch.float64) / num_steps",
        "f is needed at 0, ..., T; yours begins at 1.",
        "cosine",
    ),
    mistake(
        "only_the_first_object",
        EMBEDDING,
        f"labels = F.one_hot(labels.argmax(dim=1), labels.shape[1]).to(labels.dtype)\n        {EMBEDDING}",
        "Only one label of a picture reaches the U-Net: argmax finds the first of them. A picture has up to three.",
        "multi_label",
    ),
    mistake(
        "labels_are_not_embedded",
        EMBEDDING,
        "emb = F.silu(self.time(timestep))",
        "The labels are not in the embedding that the U-Net gets: your layer of them is not used.",
        "multi_label",
    ),
    mistake(
        "number_of_objects_only",
        EMBEDDING,
        f"labels = labels.sum(dim=1, keepdim=True).expand_as(labels)\n        {EMBEDDING}",
        "The labels are summed before the layer, so that only their number counts.",
        "multi_label",
    ),
    mistake(
        "labels_of_the_batch",
        EMBEDDING,
        "emb = F.silu(self.time(timestep) + self.labels(labels).mean(dim=0))",
        "The embeddings of a batch are averaged: each picture has labels of its own.",
        "multi_label",
    ),
    mistake(
        "time_does_not_reach_the_network",
        EMBEDDING,
        "emb = F.silu(self.labels(labels))",
        "The timestep does not reach the U-Net.",
        "multi_label",
    ),
    mistake(
        "labels_are_not_attended_to",
        UNET,
        UNET.replace(", labels", ", torch.zeros_like(labels)"),
        "The U-Net's blocks attend to the labels as well: give it the labels, not zeros.",
        "multi_label",
    ),
    mistake(
        "no_way_back_to_pixels",
        UNET,
        "return self.unet(self.fold(x), emb, labels)",
        "The output has the folded shape: unfold it into pixels.",
        "multi_label",
        "prepare_cddpm",
    ),
)

TRAINING = (
    mistake(
        "dropout_per_label",
        KEPT,
        "kept = torch.rand_like(labels) >= self.p_uncond",
        "Each label is dropped by itself: a picture then trains with labels that are neither its own nor null.",
        "label_dropout",
    ),
    mistake(
        "dropout_of_the_batch",
        KEPT,
        "kept = torch.rand(1, 1, device=labels.device) >= self.p_uncond",
        "One decision is made for the whole batch: make one for each picture.",
        "label_dropout",
    ),
    mistake(
        "dropout_inverted",
        KEPT,
        "kept = torch.rand(len(labels), 1, device=labels.device) < self.p_uncond",
        "p_uncond is the probability of dropping; yours keeps with it.",
        "label_dropout",
        "ddpm_training",
    ),
    mistake(
        "dropout_scales",
        DROP,
        "return labels * kept / max(1 - self.p_uncond, 1e-6)",
        "What is kept is scaled, as nn.Dropout does: labels stay 0 and 1.",
        "label_dropout",
        "ddpm_training",
    ),
    mistake(
        "dropout_in_place",
        DROP,
        "labels *= kept\n        return labels",
        "The labels that were given are changed: they are the dataset's.",
        "label_dropout",
    ),
    mistake(
        "null_of_minus_one",
        DROP,
        "return torch.where(kept, labels, -torch.ones_like(labels))",
        "The null condition is all zeros; yours is all -1, as in part 3.",
        "label_dropout",
        "ddpm_training",
    ),
    mistake(
        "never_drops",
        LOSS,
        "return F.mse_loss(self.network(noisy, timestep, labels), noise)",
        "Labels are never dropped in training, so that guidance has no unconditional prediction.",
        "ddpm_training",
    ),
    mistake(
        "trains_for_the_picture",
        LOSS,
        "return F.mse_loss(self.network(noisy, timestep, self.drop_labels(labels)), images)",
        "The prediction is compared with x_0: the network predicts the noise.",
        "ddpm_loss",
    ),
    mistake(
        "ddpm_loss_summed",
        LOSS,
        'return F.mse_loss(self.network(noisy, timestep, self.drop_labels(labels)), noise, reduction="sum")',
        "The loss is a sum: take the mean, or the learning rate depends on the batch size.",
        "ddpm_loss",
    ),
    mistake(
        "ddpm_loss_detached",
        LOSS,
        "return F.mse_loss(self.network(noisy, timestep, self.drop_labels(labels)).detach(), noise)",
        "The loss is cut off from the network (detach, .data or no_grad), so nothing learns.",
        "ddpm_loss",
    ),
    mistake(
        "trains_one_timestep",
        DRAW_T,
        "timestep = torch.randint(0, self.num_steps, (1,), device=images.device).expand(len(images))",
        "One t is drawn for the whole batch: draw one for each item.",
        "ddpm_training",
    ),
    mistake(
        "trains_from_one",
        DRAW_T,
        "timestep = torch.randint(1, self.num_steps, (len(images),), device=images.device)",
        "t = 0 is never drawn: timesteps run from 0.",
        "ddpm_training",
    ),
    mistake(
        "noises_without_roots",
        NOISY,
        "noisy = alpha_bar * images + (1 - alpha_bar) * noise",
        "The factors are alpha_bar_t and 1 - alpha_bar_t without their roots.",
        "ddpm_training",
    ),
    mistake(
        "noises_with_beta",
        NOISY,
        "beta = self.betas[timestep].reshape(-1, 1, 1, 1)\n"
        "        noisy = (1 - beta).sqrt() * images + beta.sqrt() * noise",
        "One step's beta_t is used where all steps' alpha_bar_t is asked for.",
        "ddpm_training",
    ),
)
