"""Known mistakes in the conditional GAN's discriminator. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.authoring.patching import one_patch
from grader.course.assignment import Mistake

mistake = partial(one_patch, 5, file="conditional_gan.py")

D_LAYER = "layers += [spectral_norm(nn.Conv2d(before, width, 4, stride=2, padding=1)), nn.LeakyReLU(0.2)]"
D_CONDITION = "self.match = spectral_norm(nn.Linear(num_conditions, before, bias=False))"
D_OBJECTS = "self.objects = nn.Linear(before, num_conditions)"
FEATURES = "features = self.layers(images).sum(dim=(2, 3))"
LOGITS = "logits = self.real(features).squeeze(1) + (self.match(condition) * features).sum(dim=1)"
BOTH = "return logits, self.objects(features)"

MISTAKES = (
    mistake(
        "cgan_discriminator_with_sigmoid",
        BOTH,
        "return torch.sigmoid(logits), self.objects(features)",
        "D's first result is a probability. Return a logit, because the losses apply the sigmoid themselves.",
        "discriminator",
    ),
    mistake(
        "classes_with_sigmoid",
        BOTH,
        "return logits, torch.sigmoid(self.objects(features))",
        "D returns probabilities for the objects. Return logits, because auxiliary_loss applies the sigmoid itself.",
        "discriminator",
    ),
    mistake(
        "classes_with_log_softmax",
        BOTH,
        "return logits, self.objects(features).log_softmax(dim=1)",
        "D returns log-probabilities, as if the objects excluded one another. Return the logits of the linear layer.",
        "discriminator",
    ),
    mistake(
        "discriminator_without_condition",
        LOGITS,
        "logits = self.real(features).squeeze(1) + 0 * self.match(condition).sum(dim=1)",
        "The condition has no effect on D's first logit, so G may draw whatever it likes. That logit should depend on "
        "it.",
        "discriminator",
    ),
    Mistake(
        "5.classes_from_the_condition",
        (
            ("layers, before, width = [], 3, n_ch_d", "layers, before, width = [], 4, n_ch_d"),
            (D_CONDITION, "self.match = nn.Linear(num_conditions, img_sz**2)"),
            (
                FEATURES,
                "plane = self.match(condition).view(-1, 1, *images.shape[2:])\n"
                "        features = self.layers(torch.cat([images, plane], dim=1)).sum(dim=(2, 3))",
            ),
            (LOGITS, "logits = self.real(features).squeeze(1)"),
        ),
        "The objects' head can see the condition, which is its answer. Give it features of the picture alone, taken "
        "before the condition comes in.",
        ("5.discriminator",),
        "conditional_gan.py",
    ),
    mistake(
        "classes_of_detached_features",
        BOTH,
        "return logits, self.objects(features.detach())",
        "The objects' head gets detached features, so its loss trains neither D's layers nor G. Do not detach them.",
        "discriminator",
    ),
    mistake(
        "logits_in_a_column",
        LOGITS,
        "logits = self.real(features) + (self.match(condition) * features).sum(dim=1, keepdim=True)",
        "Your logits have shape (B, 1), which broadcasts to (B, B) against the targets. They should have shape (B,).",
        "discriminator",
    ),
    mistake(
        "logits_of_every_pair",
        LOGITS,
        "logits = self.real(features) + (self.match(condition) * features).sum(dim=1)",
        "Your logits have shape (B, B), because (B, 1) plus (B,) combines every pair. Squeeze the column first.",
        "discriminator",
    ),
    mistake(
        "results_swapped",
        BOTH,
        "return self.objects(features), logits",
        "You return the two results in the wrong order. First return whether each picture is real, then its objects.",
        "discriminator",
    ),
    mistake(
        "classes_of_24",
        D_OBJECTS,
        "self.objects = nn.Linear(before, CONDITIONS)",
        "D always returns 24 logits for the objects. Use the argument num_conditions.",
        "discriminator",
    ),
    mistake(
        "cgan_discriminator_mixes_pictures",
        D_LAYER,
        "layers += [nn.Conv2d(before, width, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]\n"
        "            layers += [nn.BatchNorm2d(width, track_running_stats=False)]",
        "In eval mode a logit depends on the other pictures of the batch. Batch normalisation should use its running "
        "statistics there.",
        "discriminator",
    ),
)
