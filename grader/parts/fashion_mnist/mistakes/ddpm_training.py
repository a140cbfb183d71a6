"""Mistakes in training the DDPM. The DDIM inherits most of them. Each patch's old text occurs once."""

from functools import partial

from grader.authoring.patching import one_patch

mistake = partial(one_patch, 4)

DRAW_T = "torch.randint(0, self.var_scheduler.num_steps, (len(x),), device=x.device)"
LOSS = "return F.mse_loss(self.network(x_t, t, label), noise)"

TRAINING = (
    mistake(
        "loss_against_image",
        LOSS,
        "return F.mse_loss(self.network(x_t, t, label), x)",
        "Your loss compares the prediction with x_0. It should compare it with the noise, because that is what the "
        "network predicts.",
        "ddpm_loss",
        "ddpm_gradient",
        "ddim_loss",
        "lddpm_loss",
    ),
    mistake(
        "loss_against_noisy_image",
        LOSS,
        "return F.mse_loss(self.network(x_t, t, label), x_t)",
        "Your loss compares the prediction with x_t. It should compare it with the noise, because that is what the "
        "network predicts.",
        "ddpm_loss",
        "ddim_loss",
    ),
    mistake(
        "loss_summed",
        LOSS,
        'return F.mse_loss(self.network(x_t, t, label), noise, reduction="sum")',
        "Your loss is a sum over the batch. It should be a mean; otherwise the learning rate depends on the batch "
        "size.",
        "ddpm_loss",
        "ddpm_gradient",
        "ddim_loss",
        "lddpm_loss",
    ),
    mistake(
        "loss_not_reduced",
        LOSS,
        'return F.mse_loss(self.network(x_t, t, label), noise, reduction="none").mean(dim=(1, 2, 3))',
        "Your loss has one value for each item. It should be a single number: average over the items too.",
        "ddpm_loss",
        "ddim_loss",
        "lddpm_loss",
    ),
    mistake(
        "loss_detached",
        LOSS,
        "return F.mse_loss(self.network(x_t, t, label).detach(), noise)",
        "Your loss is cut off from the network (by detach, .data or no_grad), so nothing learns. Keep the network's "
        "output in the graph.",
        "ddpm_gradient",
        "ddim_loss",
        "lddpm_loss",
        "lddpm_frozen",
    ),
    mistake(
        "one_timestep_for_the_batch",
        DRAW_T,
        "torch.randint(0, self.var_scheduler.num_steps, (1,), device=x.device).expand(len(x))",
        "Your code draws one t for the whole batch. It should draw one t for each item.",
        "ddpm_training",
        "ddim_loss",
        "lddpm_loss",
    ),
    mistake(
        "first_timestep_never_trained",
        DRAW_T,
        "torch.randint(1, self.var_scheduler.num_steps, (len(x),), device=x.device)",
        "Your code never draws t = 0. Timesteps run from 0, and randint excludes its upper bound.",
        "ddpm_training",
        "ddim_loss",
        "lddpm_loss",
    ),
    mistake(
        "last_timestep_never_trained",
        DRAW_T,
        "torch.randint(0, self.var_scheduler.num_steps - 1, (len(x),), device=x.device)",
        "Your code never draws t = T - 1. Its upper bound should be T, because randint already excludes it.",
        "ddpm_training",
        "ddim_loss",
        "lddpm_loss",
    ),
    mistake(
        "network_sees_clean_image",
        LOSS,
        "return F.mse_loss(self.network(x, t, label), noise)",
        "Your code gives the network x_0. It should give it the noisy x_t.",
        "ddpm_training",
        "lddpm_frozen",
    ),
    mistake(
        "labels_always_dropped",
        "< self.p_uncond",
        "> self.p_uncond",
        "Your code drops nearly all labels. Its comparison with p_uncond should be the other way round.",
        "ddpm_training",
        "ddim_loss",
        "lddpm_loss",
    ),
)
