"""Correct alternatives for the conditional GAN's networks."""

from functools import partial

from grader.authoring.patching import definition
from grader.course.assignment import Variant
from grader.parts.iclevr.mistakes.gan_networks import DRAW, SAMPLE, SIDE_BY_SIDE
from grader.parts.iclevr.mistakes.gan_training import ADAM

FILE = "conditional_gan.py"
variant = partial(Variant, file=FILE)
DISCRIMINATOR, GENERATOR = (definition(FILE, name) for name in ("Discriminator", "Generator"))

CONDITION_AS_A_PLANE = variant(
    "5.condition_as_a_plane",  # a plane beside the picture, for the first logit only: two networks
    (
        (
            DISCRIMINATOR,
            """class Discriminator(nn.Module):
    def __init__(self, img_sz, num_conditions=CONDITIONS, n_ch_d=64):
        super().__init__()

        def path(channels, outputs):
            return nn.Sequential(
                nn.Conv2d(channels, n_ch_d, 4, 2, 1),
                nn.LeakyReLU(0.2),
                nn.Conv2d(n_ch_d, 2 * n_ch_d, 4, 2, 1),
                nn.LeakyReLU(0.2),
                nn.Flatten(),
                nn.Linear(2 * n_ch_d * (img_sz // 4) ** 2, outputs),
            )

        self.img_sz, self.plane = img_sz, nn.Linear(num_conditions, img_sz * img_sz)
        self.judge, self.classify = path(4, 1), path(3, num_conditions)

    def forward(self, images, condition):
        plane = self.plane(condition).reshape(-1, 1, self.img_sz, self.img_sz)
        return self.judge(torch.cat([images, plane], 1)).flatten(), self.classify(images)
""",
        ),
    ),
)

BATCH_NORM = variant(
    "5.batch_norm",  # DCGAN's discriminator; the condition is a sum of embeddings
    (
        (
            DISCRIMINATOR,
            """class Discriminator(nn.Module):
    def __init__(self, img_sz, num_conditions=CONDITIONS, n_ch_d=64):
        super().__init__()
        layers, width, pixels = [nn.Conv2d(3, n_ch_d, 4, 2, 1), nn.LeakyReLU(0.2)], n_ch_d, img_sz // 2
        while pixels > 4:
            layers += [nn.Conv2d(width, 2 * width, 4, 2, 1, bias=False), nn.BatchNorm2d(2 * width), nn.LeakyReLU(0.2)]
            width, pixels = 2 * width, pixels // 2
        self.layers = nn.Sequential(*layers, nn.Flatten())
        self.embed = nn.Linear(num_conditions, 16 * width)
        self.real = nn.Sequential(nn.Linear(32 * width, 32), nn.LeakyReLU(0.2), nn.Dropout(0.3), nn.Linear(32, 1))
        self.classes = nn.Linear(16 * width, num_conditions)

    def forward(self, images, condition):
        features = self.layers(images)
        return self.real(torch.cat((features, self.embed(condition)), dim=1)).view(-1), self.classes(features)
""",
        ),
    ),
)

NORMALISED_EVERYWHERE = variant(
    "5.normalised_everywhere",  # spectral norms on every layer, and means over the picture
    (
        (
            DISCRIMINATOR,
            """class Discriminator(nn.Module):
    def __init__(self, img_sz, num_conditions=CONDITIONS, n_ch_d=64):
        super().__init__()
        self.layers = nn.Sequential(
            spectral_norm(nn.Conv2d(3, n_ch_d, 3, padding=1)),
            nn.ReLU(),
            nn.AvgPool2d(2),
            spectral_norm(nn.Conv2d(n_ch_d, n_ch_d, 3, padding=1)),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(2),
            nn.Flatten(),
        )
        self.real = spectral_norm(nn.Linear(4 * n_ch_d, 1))
        self.classes = spectral_norm(nn.Linear(4 * n_ch_d, num_conditions))
        self.embed = spectral_norm(nn.Linear(num_conditions, 4 * n_ch_d, bias=False))

    def forward(self, images, condition):
        features = self.layers(images)
        return [(self.real(features) + (features * self.embed(condition)).sum(1, True))[:, 0], self.classes(features)]
""",
        ),
    ),
)

TABLES_AND_UPSAMPLING = variant(
    "5.tables_and_upsampling",  # sums rows of an embedding; upsamples between convolutions
    (
        (
            GENERATOR,
            """class Generator(nn.Module):
    def __init__(self, n_z, n_c, num_conditions=CONDITIONS, n_ch_g=64):
        super().__init__()
        self.n_z = n_z
        self.table = nn.Embedding(num_conditions, n_c)
        self.first = nn.Linear(n_z + n_c, 64 * n_ch_g)
        layers = []
        for _ in range(3):
            layers += [nn.Upsample(scale_factor=2), nn.Conv2d(n_ch_g, n_ch_g, 3, padding=1)]
            layers += [nn.InstanceNorm2d(n_ch_g, affine=True), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers, nn.Conv2d(n_ch_g, 3, 3, padding=1), nn.Hardtanh())

    def forward(self, z, condition):
        rows = self.table.weight[None] * condition[:, :, None]
        h = self.first(torch.cat([z, rows.sum(dim=1)], dim=1)).unflatten(1, (-1, 8, 8))
        return self.layers(h)

    @torch.no_grad()
    def generate_sample(self, labels, device=torch.device("cuda")):
        self.eval()
        labels = labels.to(device)
        return self.forward(torch.randn(labels.shape[0], self.n_z).to(device), labels).clamp(-1, 1)
""",
        ),
        (DRAW, "return torch.empty(num_samples, n_z, device=device).normal_()"),
    ),
)

NORMALISED_EMBEDDING = variant(
    "5.normalised_embedding",  # and other functions for random numbers
    (
        (SIDE_BY_SIDE, "torch.cat([z, F.normalize(self.embed(condition), dim=1)], dim=1)"),
        (
            SAMPLE,
            "z = torch.distributions.Normal(0.0, 1.0).sample((len(labels), self.n_z)).to(device)\n"
            "        return torch.clip(self.forward(z, labels.to(device)), -1, 1)",
        ),
        (ADAM, 'return torch.optim.Adam([{"params": model.parameters()}], 2e-4, (0.5, 0.999))'),
    ),
)
