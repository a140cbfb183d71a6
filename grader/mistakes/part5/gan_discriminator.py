"""Mistakes in the discriminator of the conditional GAN. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.assignment import Mistake
from grader.mistakes import one_patch

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
        "D's first result is a probability: the losses take logits, and the sigmoid themselves.",
        "discriminator",
    ),
    mistake(
        "classes_with_sigmoid",
        BOTH,
        "return logits, torch.sigmoid(self.objects(features))",
        "The objects' results are probabilities: auxiliary_loss takes logits, and the sigmoid itself.",
        "discriminator",
    ),
    mistake(
        "classes_with_log_softmax",
        BOTH,
        "return logits, self.objects(features).log_softmax(dim=1)",
        "The objects' results are log-probabilities that exclude one another: give the linear layer's logits.",
        "discriminator",
    ),
    mistake(
        "discriminator_without_condition",
        LOGITS,
        "logits = self.real(features).squeeze(1) + 0 * self.match(condition).sum(dim=1)",
        "The condition does not reach D's logit: G may then show whatever it likes.",
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
        "The objects' head can read the condition, which is its answer: give it features of the picture alone, from "
        "before the condition comes in.",
        ("5.discriminator",),
        "conditional_gan.py",
    ),
    mistake(
        "classes_of_detached_features",
        BOTH,
        "return logits, self.objects(features.detach())",
        "The objects' head sees detached features: its loss can teach neither D's layers nor G.",
        "discriminator",
    ),
    mistake(
        "logits_in_a_column",
        LOGITS,
        "logits = self.real(features) + (self.match(condition) * features).sum(dim=1, keepdim=True)",
        "Logits have shape (B, 1): they are to be (B,), or they become (B, B) with targets.",
        "discriminator",
    ),
    mistake(
        "logits_of_every_pair",
        LOGITS,
        "logits = self.real(features) + (self.match(condition) * features).sum(dim=1)",
        "Logits have shape (B, B): (B, 1) plus (B,) makes every pair. Squeeze the column first.",
        "discriminator",
    ),
    mistake(
        "results_swapped",
        BOTH,
        "return self.objects(features), logits",
        "The results are swapped: first whether a picture is real, then its objects.",
        "discriminator",
    ),
    mistake(
        "classes_of_24",
        D_OBJECTS,
        "self.objects = nn.Linear(before, CONDITIONS)",
        "There are 24 objects' logits whatever num_conditions is: use the argument.",
        "discriminator",
    ),
    mistake(
        "cgan_discriminator_mixes_pictures",
        D_LAYER,
        "layers += [nn.Conv2d(before, width, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]\n"
        "            layers += [nn.BatchNorm2d(width, track_running_stats=False)]",
        "In eval mode a logit depends on other pictures: batch normalisation needs its running statistics.",
        "discriminator",
    ),
)
