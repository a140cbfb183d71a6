"""Known mistakes in the multi-label DDPM's schedule, network and training. Each patch's old text occurs once."""

from functools import partial

from grader.authoring.patching import one_patch

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
        "Your f is the cosine itself. It should be the square of the cosine.",
        "cosine",
    ),
    mistake(
        "cosine_forgets_the_offset",
        F,
        "f = torch.cos(u * math.pi / 2).square()",
        "Your offset s has no effect. It should be f(u) = cos^2((u / T + s) / (1 + s) pi / 2).",
        "cosine",
    ),
    mistake(
        "alpha_bars_for_betas",
        COSINE,
        "return (f[1:] / f[0]).float()",
        "You return alpha_bar_t. Return the betas: beta_t = 1 - f(t + 1) / f(t).",
        "cosine",
    ),
    mistake(
        "alphas_for_betas",
        COSINE,
        "return (f[1:] / f[:-1]).float()",
        "You return alpha_t. Return the betas: beta_t = 1 - f(t + 1) / f(t).",
        "cosine",
    ),
    mistake(
        "beta_without_a_limit",
        COSINE,
        "return (1 - f[1:] / f[:-1]).float()",
        "Your last beta is 1, which later leads to a division by sqrt(alpha_bar) = 0. Limit the betas to 0.999.",
        "cosine",
    ),
    mistake(
        "beta_limited_too_early",
        "clamp(max=0.999)",
        "clamp(max=0.02)",
        "You limit the betas to 0.02, the largest of the linear schedule. The limit here is 0.999.",
        "cosine",
    ),
    mistake(
        "cosine_in_steps_from_one",
        U,
        "u = torch.arange(1, num_steps + 2, dtype=torch.float64) / num_steps",
        "Your f starts at 1. You need it at 0, ..., T.",
        "cosine",
    ),
    mistake(
        "only_the_first_object",
        EMBEDDING,
        f"labels = F.one_hot(labels.argmax(dim=1), labels.shape[1]).to(labels.dtype)\n        {EMBEDDING}",
        "Only one label of each picture reaches the U-Net, because argmax finds just the first. A picture has up to "
        "three.",
        "multi_label",
    ),
    mistake(
        "labels_are_not_embedded",
        EMBEDDING,
        "emb = F.silu(self.time(timestep))",
        "The labels are missing from the embedding that the U-Net gets: you never use your layer for them. Add its "
        "output.",
        "multi_label",
    ),
    mistake(
        "number_of_objects_only",
        EMBEDDING,
        f"labels = labels.sum(dim=1, keepdim=True).expand_as(labels)\n        {EMBEDDING}",
        "You sum the labels before the layer, so only the number of objects counts. Pass the layer the labels "
        "themselves.",
        "multi_label",
    ),
    mistake(
        "labels_of_the_batch",
        EMBEDDING,
        "emb = F.silu(self.time(timestep) + self.labels(labels).mean(dim=0))",
        "You average the embeddings over the batch. Each picture should keep its own labels.",
        "multi_label",
    ),
    mistake(
        "time_does_not_reach_the_network",
        EMBEDDING,
        "emb = F.silu(self.labels(labels))",
        "The timestep does not reach the U-Net. Put it into the embedding.",
        "multi_label",
    ),
    mistake(
        "labels_are_not_attended_to",
        UNET,
        UNET.replace(", labels", ", torch.zeros_like(labels)"),
        "You pass zeros as labels to the U-Net, but its blocks attend to the labels. Pass it the labels.",
        "multi_label",
    ),
    mistake(
        "no_way_back_to_pixels",
        UNET,
        "return self.unet(self.fold(x), emb, labels)",
        "Your output still has the folded shape. Unfold it into pixels.",
        "multi_label",
        "prepare_cddpm",
    ),
)

TRAINING = (
    mistake(
        "dropout_per_label",
        KEPT,
        "kept = torch.rand_like(labels) >= self.p_uncond",
        "You drop each label by itself, so a picture trains with labels that are neither its own nor null. Drop all "
        "of its labels or none.",
        "label_dropout",
    ),
    mistake(
        "dropout_of_the_batch",
        KEPT,
        "kept = torch.rand(1, 1, device=labels.device) >= self.p_uncond",
        "You make one decision for the whole batch. Make one for each picture.",
        "label_dropout",
    ),
    mistake(
        "dropout_inverted",
        KEPT,
        "kept = torch.rand(len(labels), 1, device=labels.device) < self.p_uncond",
        "You keep the labels with probability p_uncond. It should be the probability of dropping them.",
        "label_dropout",
        "ddpm_training",
    ),
    mistake(
        "dropout_scales",
        DROP,
        "return labels * kept / max(1 - self.p_uncond, 1e-6)",
        "You scale the labels that you keep, as nn.Dropout does. Labels should stay 0 and 1.",
        "label_dropout",
        "ddpm_training",
    ),
    mistake(
        "dropout_in_place",
        DROP,
        "labels *= kept\n        return labels",
        "You change the labels that you were given, and they belong to the dataset. Return a new tensor.",
        "label_dropout",
    ),
    mistake(
        "null_of_minus_one",
        DROP,
        "return torch.where(kept, labels, -torch.ones_like(labels))",
        "Your null condition is all -1, as in part 3. Here it should be all zeros.",
        "label_dropout",
        "ddpm_training",
    ),
    mistake(
        "never_drops",
        LOSS,
        "return F.mse_loss(self.network(noisy, timestep, labels), noise)",
        "You never drop labels in training, so guidance has no unconditional prediction. Use drop_labels.",
        "ddpm_training",
    ),
    mistake(
        "trains_for_the_picture",
        LOSS,
        "return F.mse_loss(self.network(noisy, timestep, self.drop_labels(labels)), images)",
        "You compare the prediction with x_0. The network predicts the noise.",
        "ddpm_loss",
    ),
    mistake(
        "ddpm_loss_summed",
        LOSS,
        'return F.mse_loss(self.network(noisy, timestep, self.drop_labels(labels)), noise, reduction="sum")',
        "Your loss is a sum, so its size depends on the batch size. Take the mean.",
        "ddpm_loss",
    ),
    mistake(
        "ddpm_loss_detached",
        LOSS,
        "return F.mse_loss(self.network(noisy, timestep, self.drop_labels(labels)).detach(), noise)",
        "Your loss is cut off from the network (detach, .data or no_grad), so nothing learns. Let its gradient reach "
        "the network.",
        "ddpm_loss",
    ),
    mistake(
        "trains_one_timestep",
        DRAW_T,
        "timestep = torch.randint(0, self.num_steps, (1,), device=images.device).expand(len(images))",
        "You draw one t for the whole batch. Draw one for each item.",
        "ddpm_training",
    ),
    mistake(
        "trains_from_one",
        DRAW_T,
        "timestep = torch.randint(1, self.num_steps, (len(images),), device=images.device)",
        "You never draw t = 0. Timesteps start at 0.",
        "ddpm_training",
    ),
    mistake(
        "noises_without_roots",
        NOISY,
        "noisy = alpha_bar * images + (1 - alpha_bar) * noise",
        "Your factors are alpha_bar_t and 1 - alpha_bar_t. Take their square roots.",
        "ddpm_training",
    ),
    mistake(
        "noises_with_beta",
        NOISY,
        "beta = self.betas[timestep].reshape(-1, 1, 1, 1)\n"
        "        noisy = (1 - beta).sqrt() * images + beta.sqrt() * noise",
        "You use beta_t, which belongs to a single step. Use alpha_bar_t, which covers all steps up to t.",
        "ddpm_training",
    ),
)
