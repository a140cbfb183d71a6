"""Mistakes in the losses. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.mistakes import one_patch

mistake = partial(one_patch, 1, file="gan_pytorch.py")

CROSS_ENTROPY = "return nn.functional.binary_cross_entropy_with_logits(input, target)"
REAL = "real = bce_loss(logits_real, torch.ones_like(logits_real))"
FAKE = "fake = bce_loss(logits_fake, torch.zeros_like(logits_fake))"
SUM = "return real + fake"
FOOL = "return bce_loss(logits_fake, torch.ones_like(logits_fake))"
OF_PROBABILITIES = "return -(target * torch.log({p}) + (1 - target) * torch.log({q})).mean()"

BCE = (
    mistake(
        "sigmoid_twice",
        CROSS_ENTROPY,
        "return nn.functional.binary_cross_entropy_with_logits(torch.sigmoid(input), target)",
        "The sigmoid is taken twice: the function of logits takes it itself.",
        "bce_loss",
    ),
    mistake(
        "logits_for_probabilities",
        CROSS_ENTROPY,
        OF_PROBABILITIES.format(p="input", q="1 - input"),
        "Logits are taken for probabilities, and the logarithm of a negative number is NaN: the sigmoid is missing.",
        "bce_loss",
    ),
    mistake(
        "bce_summed",
        CROSS_ENTROPY,
        'return nn.functional.binary_cross_entropy_with_logits(input, target, reduction="sum")',
        "The loss is a sum: take the mean, or the learning rate depends on the batch size.",
        "bce_loss",
    ),
    mistake(
        "bce_negative",
        CROSS_ENTROPY,
        "return -nn.functional.binary_cross_entropy_with_logits(input, target)",
        "The sign is wrong: the cross-entropy is minus the mean logarithm, and never negative.",
        "bce_loss",
    ),
    mistake(
        "bce_first_term_only",
        CROSS_ENTROPY,
        "return -(target * nn.functional.logsigmoid(input)).mean()",
        "The second term is missing: - (1 - t) log(1 - sigma(x)).",
        "bce_loss",
    ),
    mistake(
        "bce_broadcast",
        CROSS_ENTROPY,
        "return (input.clamp(min=0) - input * target.flatten() + torch.log1p(torch.exp(-input.abs()))).mean()",
        "Shapes (B, 1) and (B,) become (B, B), so every logit meets every target: give both the same shape.",
        "bce_loss",
    ),
    mistake(
        "bce_of_log_sigmoid",
        CROSS_ENTROPY,
        "p = torch.sigmoid(input)\n    " + OF_PROBABILITIES.format(p="p", q="1 - p"),
        "log(sigma(x)) is -inf, or NaN times 0, where D is certain: use max(x, 0) - x t + log(1 + exp(-|x|)).",
        "stability",
    ),
    mistake(
        "bce_with_epsilon",
        CROSS_ENTROPY,
        "p = torch.sigmoid(input)\n    " + OF_PROBABILITIES.format(p="p + 1e-8", q="1 - p + 1e-8"),
        "An epsilon in the logarithm hides the overflow: the loss stops at -log(epsilon), without a gradient.",
        "stability",
    ),
    mistake(
        "bce_of_probabilities",
        CROSS_ENTROPY,
        "return nn.functional.binary_cross_entropy(torch.sigmoid(input), target)",
        "The loss stops at 100, where torch clamps the logarithm of a probability: use the function of logits.",
        "stability",
    ),
    mistake(
        "bce_overflows",
        CROSS_ENTROPY,
        "return (torch.log(1 + torch.exp(input)) - input * target).mean()",
        "exp(x) overflows for large logits: log(1 + exp(x)) = max(x, 0) + log(1 + exp(-|x|)).",
        "stability",
    ),
)

DISCRIMINATOR = (
    mistake(
        "discriminator_targets_swapped",
        f"{REAL}\n    {FAKE}",
        "real = bce_loss(logits_real, torch.zeros_like(logits_real))\n"
        "    fake = bce_loss(logits_fake, torch.ones_like(logits_fake))",
        "The targets are swapped: 1 for real images, 0 for generated ones.",
        "discriminator_loss",
    ),
    mistake(
        "discriminator_all_real",
        FAKE,
        "fake = bce_loss(logits_fake, torch.ones_like(logits_fake))",
        "Both targets are 1: those of generated images are 0.",
        "discriminator_loss",
    ),
    mistake(
        "discriminator_loss_of_real_only",
        SUM,
        "return real",
        "The term of the generated images is missing.",
        "discriminator_loss",
    ),
    mistake(
        "discriminator_loss_of_fake_only",
        SUM,
        "return fake",
        "The term of the real images is missing.",
        "discriminator_loss",
    ),
    mistake(
        "discriminator_loss_halved",
        SUM,
        "return (real + fake) / 2",
        "The loss is halved: it is the sum of the two means, not their mean.",
        "discriminator_loss",
    ),
    mistake(
        "discriminator_loss_of_a_difference",
        SUM,
        "return real - fake",
        "The two terms are subtracted: both are to be small, so they are added.",
        "discriminator_loss",
    ),
    mistake(
        "discriminator_targets_smoothed",
        REAL,
        "real = bce_loss(logits_real, torch.full_like(logits_real, 0.9))",
        "The targets of real images are 0.9: label smoothing helps at times, but is not asked for.",
        "discriminator_loss",
    ),
    mistake(
        "discriminator_loss_without_gradient",
        SUM,
        "return (real + fake).detach()",
        "The loss is cut off from the logits (detach, .data or no_grad), so D learns nothing.",
        "discriminator_loss",
    ),
    mistake(
        "targets_of_another_shape",
        REAL,
        "real = bce_loss(logits_real, torch.ones(len(logits_real)))",
        "The targets have shape (B,), the logits of D (B, 1): make them with torch.ones_like(logits_real).",
        "discriminator_loss",
    ),
)

GENERATOR = (
    mistake(
        "generator_loss_saturating",
        FOOL,
        "return -bce_loss(logits_fake, torch.zeros_like(logits_fake))",
        "This is the saturating loss, log(1 - sigma(x)): where D is right it has no gradient. Take -log sigma(x).",
        "generator_loss",
    ),
    mistake(
        "generator_targets_of_fakes",
        FOOL,
        "return bce_loss(logits_fake, torch.zeros_like(logits_fake))",
        "The target is 0, so G helps D: G wants its images to be taken for real, target 1.",
        "generator_loss",
    ),
    mistake(
        "generator_loss_negative",
        FOOL,
        "return -bce_loss(logits_fake, torch.ones_like(logits_fake))",
        "The sign is wrong: the loss is -mean log sigma(x), which is never negative.",
        "generator_loss",
    ),
    mistake(
        "generator_loss_of_wgan",
        FOOL,
        "return -logits_fake.mean()",
        "This is the Wasserstein GAN's loss: here it is -mean log sigma(x).",
        "generator_loss",
    ),
    mistake(
        "generator_loss_summed",
        FOOL,
        "return len(logits_fake) * bce_loss(logits_fake, torch.ones_like(logits_fake))",
        "The loss is a sum over the batch: take the mean, as for D.",
        "generator_loss",
    ),
    mistake(
        "generator_loss_without_gradient",
        FOOL,
        "return bce_loss(logits_fake.detach(), torch.ones_like(logits_fake))",
        "The loss is cut off from the logits (detach, .data or no_grad), so G learns nothing.",
        "generator_loss",
    ),
)
