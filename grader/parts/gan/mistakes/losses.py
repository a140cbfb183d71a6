"""Mistakes in the losses. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.authoring.patching import one_patch

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
        "Your code applies the sigmoid twice, because the loss function of logits applies it too. Pass it the logits.",
        "bce_loss",
    ),
    mistake(
        "logits_for_probabilities",
        CROSS_ENTROPY,
        OF_PROBABILITIES.format(p="input", q="1 - input"),
        "Your code treats logits as probabilities, and the logarithm of a negative number is NaN. Apply the sigmoid "
        "first.",
        "bce_loss",
    ),
    mistake(
        "bce_summed",
        CROSS_ENTROPY,
        'return nn.functional.binary_cross_entropy_with_logits(input, target, reduction="sum")',
        "Your loss is a sum, so the best learning rate depends on the batch size. Take the mean over all elements.",
        "bce_loss",
    ),
    mistake(
        "bce_negative",
        CROSS_ENTROPY,
        "return -nn.functional.binary_cross_entropy_with_logits(input, target)",
        "Your loss has the wrong sign. The cross-entropy is minus the mean logarithm, so it is never negative.",
        "bce_loss",
    ),
    mistake(
        "bce_first_term_only",
        CROSS_ENTROPY,
        "return -(target * nn.functional.logsigmoid(input)).mean()",
        "Your loss lacks its second term. Add -(1 - t) log(1 - sigma(x)).",
        "bce_loss",
    ),
    mistake(
        "bce_broadcast",
        CROSS_ENTROPY,
        "return (input.clamp(min=0) - input * target.flatten() + torch.log1p(torch.exp(-input.abs()))).mean()",
        "Your code combines shapes (B, 1) and (B,) into (B, B), so every logit meets every target. Give both the same "
        "shape.",
        "bce_loss",
    ),
    mistake(
        "bce_of_log_sigmoid",
        CROSS_ENTROPY,
        "p = torch.sigmoid(input)\n    " + OF_PROBABILITIES.format(p="p", q="1 - p"),
        "Your log(sigma(x)) is -inf (times 0: NaN) where D is certain. Use max(x, 0) - x t + log(1 + exp(-|x|)).",
        "stability",
    ),
    mistake(
        "bce_with_epsilon",
        CROSS_ENTROPY,
        "p = torch.sigmoid(input)\n    " + OF_PROBABILITIES.format(p="p + 1e-8", q="1 - p + 1e-8"),
        "Your epsilon inside the logarithm hides the overflow. The loss stops at -log(epsilon), where it has no "
        "gradient.",
        "stability",
    ),
    mistake(
        "bce_of_probabilities",
        CROSS_ENTROPY,
        "return nn.functional.binary_cross_entropy(torch.sigmoid(input), target)",
        "Your loss stops at 100, because torch clamps the logarithm of a probability there. Use the loss function of "
        "logits.",
        "stability",
    ),
    mistake(
        "bce_overflows",
        CROSS_ENTROPY,
        "return (torch.log(1 + torch.exp(input)) - input * target).mean()",
        "Your exp(x) overflows for large logits. Use log(1 + exp(x)) = max(x, 0) + log(1 + exp(-|x|)).",
        "stability",
    ),
)

DISCRIMINATOR = (
    mistake(
        "discriminator_targets_swapped",
        f"{REAL}\n    {FAKE}",
        "real = bce_loss(logits_real, torch.zeros_like(logits_real))\n"
        "    fake = bce_loss(logits_fake, torch.ones_like(logits_fake))",
        "Your code swaps the targets. Real images have target 1, generated images target 0.",
        "discriminator_loss",
    ),
    mistake(
        "discriminator_all_real",
        FAKE,
        "fake = bce_loss(logits_fake, torch.ones_like(logits_fake))",
        "Your code uses target 1 for both kinds of images. Generated images have target 0.",
        "discriminator_loss",
    ),
    mistake(
        "discriminator_loss_of_real_only",
        SUM,
        "return real",
        "Your loss only has the term of the real images. Add the term of the generated images.",
        "discriminator_loss",
    ),
    mistake(
        "discriminator_loss_of_fake_only",
        SUM,
        "return fake",
        "Your loss only has the term of the generated images. Add the term of the real images.",
        "discriminator_loss",
    ),
    mistake(
        "discriminator_loss_halved",
        SUM,
        "return (real + fake) / 2",
        "Your loss is the mean of the two terms. It should be their sum.",
        "discriminator_loss",
    ),
    mistake(
        "discriminator_loss_of_a_difference",
        SUM,
        "return real - fake",
        "Your code subtracts one term from the other. D wants both to be small, so add them.",
        "discriminator_loss",
    ),
    mistake(
        "discriminator_targets_smoothed",
        REAL,
        "real = bce_loss(logits_real, torch.full_like(logits_real, 0.9))",
        "Your code uses target 0.9 for real images. Label smoothing sometimes helps, but this task asks for target 1.",
        "discriminator_loss",
    ),
    mistake(
        "discriminator_loss_without_gradient",
        SUM,
        "return (real + fake).detach()",
        "Your code cuts the loss off from the logits (detach, .data or no_grad). D learns nothing unless you keep the "
        "gradient.",
        "discriminator_loss",
    ),
    mistake(
        "targets_of_another_shape",
        REAL,
        "real = bce_loss(logits_real, torch.ones(len(logits_real)))",
        "Your targets have shape (B,), but D's logits have shape (B, 1). Make them with torch.ones_like(logits_real).",
        "discriminator_loss",
    ),
)

GENERATOR = (
    mistake(
        "generator_loss_saturating",
        FOOL,
        "return -bce_loss(logits_fake, torch.zeros_like(logits_fake))",
        "Your loss is the saturating one, log(1 - sigma(x)), which has no gradient where D is right. Use -log "
        "sigma(x).",
        "generator_loss",
    ),
    mistake(
        "generator_targets_of_fakes",
        FOOL,
        "return bce_loss(logits_fake, torch.zeros_like(logits_fake))",
        "Your code uses target 0, so G helps D. G wants D to call its images real: use target 1.",
        "generator_loss",
    ),
    mistake(
        "generator_loss_negative",
        FOOL,
        "return -bce_loss(logits_fake, torch.ones_like(logits_fake))",
        "Your loss has the wrong sign. It should be -mean log sigma(x), which is never negative.",
        "generator_loss",
    ),
    mistake(
        "generator_loss_of_wgan",
        FOOL,
        "return -logits_fake.mean()",
        "Your loss is that of a Wasserstein GAN. It should be -mean log sigma(x).",
        "generator_loss",
    ),
    mistake(
        "generator_loss_summed",
        FOOL,
        "return len(logits_fake) * bce_loss(logits_fake, torch.ones_like(logits_fake))",
        "Your loss is a sum over the batch. Take the mean, as for D.",
        "generator_loss",
    ),
    mistake(
        "generator_loss_without_gradient",
        FOOL,
        "return bce_loss(logits_fake.detach(), torch.ones_like(logits_fake))",
        "Your code cuts the loss off from the logits (detach, .data or no_grad). G learns nothing unless you keep the "
        "gradient.",
        "generator_loss",
    ),
)
