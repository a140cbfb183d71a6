"""Known mistakes in the conditional GAN's losses. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.authoring.patching import answer, one_patch

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
        "You use the cross-entropy of a softmax, which allows one object in each picture. Several may be there, so "
        "use one sigmoid for each object.",
        "auxiliary_loss",
    ),
    mistake(
        "auxiliary_averaged_over_objects",
        AUXILIARY,
        "return F.binary_cross_entropy_with_logits(class_logits, labels)",
        "You average over the objects as well, which makes the loss 1/24 of what it should be. Sum over the objects.",
        "auxiliary_loss",
    ),
    mistake(
        "auxiliary_summed_over_the_batch",
        AUXILIARY,
        'return F.binary_cross_entropy_with_logits(class_logits, labels, reduction="sum")',
        "You sum over the batch. Sum over the objects only, and take the mean over the pictures.",
        "auxiliary_loss",
    ),
    mistake(
        "auxiliary_sum_over_pictures",
        AUXILIARY,
        AUXILIARY.replace("sum(dim=1)", "sum(dim=0)"),
        "You sum over the pictures and average over the objects. It should be the other way round.",
        "auxiliary_loss",
    ),
    mistake(
        "sigmoid_twice",
        AUXILIARY,
        AUXILIARY.replace("class_logits, labels", "torch.sigmoid(class_logits), labels"),
        "You apply the sigmoid twice. binary_cross_entropy_with_logits applies it itself, so pass it the logits.",
        "auxiliary_loss",
    ),
    mistake(
        "present_objects_only",
        AUXILIARY,
        "return -(labels * F.logsigmoid(class_logits)).sum(dim=1).mean()",
        "You count only objects that are in the picture, so seeing every object everywhere costs nothing. The term (1 "
        "- y) log(1 - sigma) is missing.",
        "auxiliary_loss",
    ),
    mistake(
        "squared_errors_of_classes",
        AUXILIARY,
        "return (torch.sigmoid(class_logits) - labels).square().sum(dim=1).mean()",
        "You use squared errors. Use a binary cross-entropy.",
        "auxiliary_loss",
    ),
    mistake(
        "auxiliary_without_gradient",
        AUXILIARY,
        f"with torch.no_grad():\n        {AUXILIARY}",
        "auxiliary_loss gives no gradient, so neither network learns from it. Remove no_grad() and detach().",
        "auxiliary_loss",
        "discriminator_loss",
        "generator_loss",
    ),
    mistake(
        "classes_as_logarithms",
        AUXILIARY,
        "p = torch.sigmoid(class_logits)\n"
        "    return -(labels * torch.log(p + 1e-8) + (1 - labels) * torch.log(1 - p + 1e-8)).sum(dim=1).mean()",
        "The logarithm of a sigmoid loses large logits, and adding a small constant only hides that. Use "
        "binary_cross_entropy_with_logits or logsigmoid.",
        "gan_stability",
    ),
    mistake(
        "classes_as_probabilities",
        AUXILIARY,
        'return F.binary_cross_entropy(torch.sigmoid(class_logits), labels, reduction="none").sum(dim=1).mean()',
        "binary_cross_entropy of a sigmoid is cut off at 100 and has no gradient there. Use "
        "binary_cross_entropy_with_logits.",
        "gan_stability",
    ),
)

OF_DISCRIMINATOR = (
    mistake(
        "discriminator_learns_no_objects",
        D_SUM,
        "return real + fake",
        "D's loss lacks auxiliary_loss, so its classifier never learns what objects look like. Add it.",
        "discriminator_loss",
    ),
    mistake(
        "targets_swapped",
        f"{REAL}\n    {FAKE}",
        f"{REAL.replace('ones', 'zeros')}\n    {FAKE.replace('zeros', 'ones')}",
        "You swap real and generated pictures in D's loss. The logits of real pictures come first, and their target "
        "is 1.",
        "discriminator_loss",
        "gan_step",
    ),
    mistake(
        "fakes_taken_for_real",
        FAKE,
        FAKE.replace("zeros", "ones"),
        "In D's loss your target for generated pictures is 1. It should be 0.",
        "discriminator_loss",
    ),
    mistake(
        "discriminator_loss_halved",
        D_SUM,
        "return (real + fake) / 2 + auxiliary_loss(class_logits, labels)",
        "You average the losses of real and generated pictures. Add them.",
        "discriminator_loss",
    ),
    mistake(
        "labels_smoothed",
        REAL,
        REAL.replace("torch.ones_like(logits_real)", "0.9 * torch.ones_like(logits_real)"),
        "Your target for real pictures is 0.9 (one-sided label smoothing). Here it should be 1.",
        "discriminator_loss",
    ),
    mistake(
        "hinge",
        f"{REAL}\n    {FAKE}",
        "real = F.relu(1 - logits_real).mean()\n    fake = F.relu(1 + logits_fake).mean()",
        "You use the hinge loss. Use -log sigma for real pictures and -log(1 - sigma) for generated ones.",
        "discriminator_loss",
    ),
    mistake(
        "least_squares",
        f"{REAL}\n    {FAKE}",
        "real = (logits_real - 1).square().mean()\n    fake = logits_fake.square().mean()",
        "You use squared errors, as LSGAN does. Use -log sigma and -log(1 - sigma).",
        "discriminator_loss",
    ),
    mistake(
        "fake_logits_detached",
        FAKE,
        FAKE.replace("logits(logits_fake,", "logits(logits_fake.detach(),"),
        "You detach the logits of generated pictures, so D learns nothing from them. Detach the pictures instead, "
        "before D sees them.",
        "discriminator_loss",
    ),
    mistake(
        "discriminator_loss_of_logarithms",
        D_LOSS,
        "    real, fake = torch.sigmoid(logits_real), torch.sigmoid(logits_fake)\n"
        "    return -real.log().mean() - (1 - fake).log().mean() + auxiliary_loss(class_logits, labels)",
        "log(sigmoid(x)) becomes -inf once the sigmoid rounds to 0. Use binary_cross_entropy_with_logits or "
        "logsigmoid.",
        "gan_stability",
    ),
)

OF_GENERATOR = (
    mistake(
        "generator_loss_saturates",
        FOOL,
        FOOL.replace("real = F", "real = -F").replace("ones", "zeros"),
        "You use mean log(1 - sigma), which saturates while D wins. Use -mean log sigma.",
        "generator_loss",
    ),
    mistake(
        "generator_helps_the_discriminator",
        FOOL,
        FOOL.replace("ones", "zeros"),
        "Your loss rewards G when D sees through its pictures. The target in G's loss should be 1.",
        "generator_loss",
    ),
    mistake(
        "generator_learns_no_objects",
        G_SUM,
        "return real",
        "G's loss lacks auxiliary_loss, so G has little reason to show the objects of its condition. Add it.",
        "generator_loss",
    ),
    mistake(
        "generator_hides_objects",
        G_SUM,
        "return real - auxiliary_loss(class_logits, labels)",
        "You subtract auxiliary_loss, so G hides the objects. Add it: AC-GAN's G maximises the likelihood of the "
        "objects, just as D does.",
        "generator_loss",
    ),
    mistake(
        "generator_loss_of_logarithms",
        G_LOSS,
        "    return -torch.sigmoid(logits_fake).log().mean() + auxiliary_loss(class_logits, labels)",
        "In G's loss log(sigmoid(x)) becomes -inf once the sigmoid rounds to 0. Use logsigmoid.",
        "gan_stability",
    ),
)

MISTAKES = (*OF_CLASSES, *OF_DISCRIMINATOR, *OF_GENERATOR)
