"""Mistakes in the losses of the conditional GAN. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.mistakes import one_patch
from grader.variants import answer

mistake = partial(one_patch, 5, file="conditional_gan.py")

AUXILIARY = 'return F.binary_cross_entropy_with_logits(class_logits, labels, reduction="none").sum(dim=1).mean()'
D_LOSS = answer("conditional_gan.py", "5.discriminator_loss")
REAL = "real = F.binary_cross_entropy_with_logits(logits_real, torch.ones_like(logits_real))"
FAKE = "fake = F.binary_cross_entropy_with_logits(logits_fake, torch.zeros_like(logits_fake))"
D_SUM = "return real + fake + auxiliary_loss(class_logits, labels)"
G_LOSS = answer("conditional_gan.py", "5.generator_loss")
FOOL = "real = F.binary_cross_entropy_with_logits(logits_fake, torch.ones_like(logits_fake))"
G_SUM = "return real + auxiliary_loss(class_logits, labels)"

OF_CLASSES = (
    mistake(
        "classes_exclude_one_another",
        AUXILIARY,
        "return F.cross_entropy(class_logits, labels)",
        "This is the softmax's cross-entropy, for one object a picture: several may be there, so a sigmoid for each.",
        "auxiliary_loss",
    ),
    mistake(
        "auxiliary_averaged_over_objects",
        AUXILIARY,
        "return F.binary_cross_entropy_with_logits(class_logits, labels)",
        "The loss is averaged over the objects as well: sum over them, or it weighs 1/24 of what is asked.",
        "auxiliary_loss",
    ),
    mistake(
        "auxiliary_summed_over_the_batch",
        AUXILIARY,
        'return F.binary_cross_entropy_with_logits(class_logits, labels, reduction="sum")',
        "The loss is summed over the batch: it is to be the mean over pictures of a sum over objects.",
        "auxiliary_loss",
    ),
    mistake(
        "auxiliary_sum_over_pictures",
        AUXILIARY,
        AUXILIARY.replace("sum(dim=1)", "sum(dim=0)"),
        "The sum goes over the pictures and the mean over the objects: it is the other way round.",
        "auxiliary_loss",
    ),
    mistake(
        "sigmoid_twice",
        AUXILIARY,
        AUXILIARY.replace("class_logits, labels", "torch.sigmoid(class_logits), labels"),
        "The sigmoid is taken twice: binary_cross_entropy_with_logits takes it itself.",
        "auxiliary_loss",
    ),
    mistake(
        "present_objects_only",
        AUXILIARY,
        "return -(labels * F.logsigmoid(class_logits)).sum(dim=1).mean()",
        "Only objects that are there count: seeing everything everywhere would cost nothing. (1 - y) log(1 - sigma).",
        "auxiliary_loss",
    ),
    mistake(
        "squared_errors_of_classes",
        AUXILIARY,
        "return (torch.sigmoid(class_logits) - labels).square().sum(dim=1).mean()",
        "These are squared errors: a binary cross-entropy is asked for.",
        "auxiliary_loss",
    ),
    mistake(
        "auxiliary_without_gradient",
        AUXILIARY,
        f"with torch.no_grad():\n        {AUXILIARY}",
        "auxiliary_loss gives no gradient, so nobody learns from it: no no_grad() around it, no detach() in it.",
        "auxiliary_loss",
        "discriminator_loss",
        "generator_loss",
    ),
    mistake(
        "classes_as_logarithms",
        AUXILIARY,
        "p = torch.sigmoid(class_logits)\n"
        "    return -(labels * torch.log(p + 1e-8) + (1 - labels) * torch.log(1 - p + 1e-8)).sum(dim=1).mean()",
        "The logarithm of a sigmoid loses large logits, and a small constant only hides it: use "
        "binary_cross_entropy_with_logits or logsigmoid.",
        "gan_stability",
    ),
    mistake(
        "classes_as_probabilities",
        AUXILIARY,
        'return F.binary_cross_entropy(torch.sigmoid(class_logits), labels, reduction="none").sum(dim=1).mean()',
        "binary_cross_entropy of a sigmoid stops at 100 and has no gradient there: use "
        "binary_cross_entropy_with_logits.",
        "gan_stability",
    ),
)

OF_DISCRIMINATOR = (
    mistake(
        "discriminator_learns_no_objects",
        D_SUM,
        "return real + fake",
        "D's loss lacks auxiliary_loss: its classifier never learns what objects look like.",
        "discriminator_loss",
    ),
    mistake(
        "targets_swapped",
        f"{REAL}\n    {FAKE}",
        f"{REAL.replace('ones', 'zeros')}\n    {FAKE.replace('zeros', 'ones')}",
        "Real and generated pictures are swapped in D's loss: the target of real ones is 1; their logits come first.",
        "discriminator_loss",
        "gan_step",
    ),
    mistake(
        "fakes_taken_for_real",
        FAKE,
        FAKE.replace("zeros", "ones"),
        "The target of generated pictures is 1, in D's loss as well: there it is 0.",
        "discriminator_loss",
    ),
    mistake(
        "discriminator_loss_halved",
        D_SUM,
        "return (real + fake) / 2 + auxiliary_loss(class_logits, labels)",
        "The losses of real and of generated pictures are averaged: they are to be added.",
        "discriminator_loss",
    ),
    mistake(
        "labels_smoothed",
        REAL,
        REAL.replace("torch.ones_like(logits_real)", "0.9 * torch.ones_like(logits_real)"),
        "The target of real pictures is 0.9 (one-sided label smoothing): here it is 1.",
        "discriminator_loss",
    ),
    mistake(
        "hinge",
        f"{REAL}\n    {FAKE}",
        "real = F.relu(1 - logits_real).mean()\n    fake = F.relu(1 + logits_fake).mean()",
        "This is the hinge loss: -log sigma for real pictures and -log(1 - sigma) for generated ones is asked for.",
        "discriminator_loss",
    ),
    mistake(
        "least_squares",
        f"{REAL}\n    {FAKE}",
        "real = (logits_real - 1).square().mean()\n    fake = logits_fake.square().mean()",
        "These are squared errors, as in LSGAN: -log sigma and -log(1 - sigma) are asked for.",
        "discriminator_loss",
    ),
    mistake(
        "fake_logits_detached",
        FAKE,
        FAKE.replace("logits(logits_fake,", "logits(logits_fake.detach(),"),
        "The logits of generated pictures are detached, so D learns nothing from them: detach the pictures, before D.",
        "discriminator_loss",
    ),
    mistake(
        "discriminator_loss_of_logarithms",
        D_LOSS,
        "    real, fake = torch.sigmoid(logits_real), torch.sigmoid(logits_fake)\n"
        "    return -real.log().mean() - (1 - fake).log().mean() + auxiliary_loss(class_logits, labels)",
        "log(sigmoid(x)) is -inf once the sigmoid rounds to 0: binary_cross_entropy_with_logits or logsigmoid is not.",
        "gan_stability",
    ),
)

OF_GENERATOR = (
    mistake(
        "generator_loss_saturates",
        FOOL,
        FOOL.replace("real = F", "real = -F").replace("ones", "zeros"),
        "This is mean log(1 - sigma), which saturates while D wins: take -mean log sigma.",
        "generator_loss",
    ),
    mistake(
        "generator_helps_the_discriminator",
        FOOL,
        FOOL.replace("ones", "zeros"),
        "G wants its pictures to be taken for generated ones: its target is 1.",
        "generator_loss",
    ),
    mistake(
        "generator_learns_no_objects",
        G_SUM,
        "return real",
        "G's loss lacks auxiliary_loss: it has little reason to show what was asked for.",
        "generator_loss",
    ),
    mistake(
        "generator_hides_objects",
        G_SUM,
        "return real - auxiliary_loss(class_logits, labels)",
        "auxiliary_loss is subtracted, so G hides the objects: AC-GAN's G maximises a likelihood, so it minimises "
        "auxiliary_loss, as D does.",
        "generator_loss",
    ),
    mistake(
        "generator_loss_of_logarithms",
        G_LOSS,
        "    return -torch.sigmoid(logits_fake).log().mean() + auxiliary_loss(class_logits, labels)",
        "In G's loss log(sigmoid(x)) is -inf once the sigmoid rounds to 0: use logsigmoid.",
        "gan_stability",
    ),
)

MISTAKES = (*OF_CLASSES, *OF_DISCRIMINATOR, *OF_GENERATOR)
