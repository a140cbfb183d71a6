"""Correct alternatives of the conditional GAN."""

from functools import partial

from grader.assignment import Variant
from grader.mistakes.part5.gan_losses import AUXILIARY, D_LOSS, G_LOSS
from grader.mistakes.part5.gan_networks import DRAW, SAMPLE, SIDE_BY_SIDE
from grader.mistakes.part5.gan_training import ADAM, EPOCH, LOAD, LOAD_PART, NO_FILE, SAVE, STEP
from grader.variants import definition

FILE = "conditional_gan.py"
variant = partial(Variant, file=FILE)
DISCRIMINATOR, GENERATOR = (definition(FILE, name) for name in ("Discriminator", "Generator"))

CONDITION_AS_A_PLANE = variant(
    "5.condition_as_a_plane",  # beside the picture, for the logit alone: two networks
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
    "5.batch_norm",  # DCGAN's discriminator, and the condition in a sum of embeddings
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
    "5.normalised_everywhere",  # spectral norms on every layer, means over the picture
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
    "5.tables_and_upsampling",  # rows of an embedding summed; convolutions between enlargements
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
    "5.normalised_embedding",  # and other random calls
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

LOSSES_BY_HAND = variant(
    "5.losses_by_hand",
    (
        (
            AUXILIARY,
            "terms = class_logits.clamp(min=0) - class_logits * labels + torch.log1p(torch.exp(-class_logits.abs()))\n"
            "    return terms.sum() / len(labels)",
        ),
        (
            D_LOSS,
            "    rows, columns = class_logits.shape\n"
            "    objects = nn.BCEWithLogitsLoss()(class_logits, labels) * columns\n"
            "    return F.softplus(-logits_real).mean() + F.softplus(logits_fake).mean() + objects",
        ),
        (
            G_LOSS,
            "    fooled = torch.logaddexp(torch.zeros_like(logits_fake), -logits_fake).mean()\n"
            "    return fooled + F.multilabel_soft_margin_loss(class_logits, labels) * labels.shape[1]",
        ),
    ),
)

REAL_AND_FAKE_TOGETHER = variant(
    "5.real_and_fake_together",  # D sees one batch of both
    (
        (
            STEP,
            """    with torch.no_grad():
        fake = G(torch.randn(len(images), G.n_z, device=images.device), labels)
    D_solver.zero_grad()
    logits, class_logits = D(torch.cat([images, fake]), torch.cat([labels, labels]))
    (real, fake), (class_logits, _) = logits.chunk(2), class_logits.chunk(2)
    d_loss = discriminator_loss(real, fake, class_logits, labels)
    d_loss.backward()
    D_solver.step()
    G_solver.zero_grad()
    logits, class_logits = D(G(torch.randn(len(images), G.n_z, device=images.device), labels), labels)
    g_loss = generator_loss(logits, class_logits, labels)
    g_loss.backward()
    G_solver.step()
    return d_loss.detach(), g_loss.detach()""",
        ),
    ),
)

ONE_DRAW_FOR_BOTH = variant(
    "5.one_draw_for_both",  # the same pictures in both steps, with D frozen in G's
    (
        (
            STEP,
            """    fake = G(sample_z(images.shape[0], G.n_z, images.device), labels)
    logits_real, class_logits = D(images, labels)
    logits_fake, _ = D(fake.detach(), labels)
    d_loss = discriminator_loss(logits_real, logits_fake, class_logits, labels)
    D.zero_grad()
    d_loss.backward()
    D_solver.step()
    for parameter in D.parameters():
        parameter.requires_grad = False
    logits_fake, class_logits = D(fake, labels)
    g_loss = generator_loss(logits_fake, class_logits, labels)
    G.zero_grad()
    g_loss.backward()
    G_solver.step()
    for parameter in D.parameters():
        parameter.requires_grad = True
    return torch.stack([d_loss.data, g_loss.data]).unbind()""",
        ),
    ),
)

TWO_BACKWARD_PASSES = variant(
    "5.two_backward_passes",  # for the two halves of D's loss, as in DCGAN's tutorial
    (
        (
            STEP,
            """    D_solver.zero_grad(set_to_none=True)
    logits_real, class_logits = D(images, labels)
    on_real = F.softplus(-logits_real).mean() + auxiliary_loss(class_logits, labels)
    on_real.backward()
    fake = G(sample_z(len(images), G.n_z, images.device), labels)
    on_fake = F.softplus(D(fake.detach(), labels)[0]).mean()
    on_fake.backward()
    D_solver.step()
    G_solver.zero_grad(set_to_none=True)
    g_loss = generator_loss(*D(fake, labels), labels)
    g_loss.backward()
    G_solver.step()
    return (on_real + on_fake).detach(), g_loss.detach()""",
        ),
    ),
)

FLAT_FILE = variant(
    "5.flat_file",  # one level, written beside and then moved
    (
        (
            SAVE,
            """state = {key: part.state_dict() for key, part in parts.items()}
    state["finished"] = torch.tensor(epoch)
    beside = Path(f"{path}.new")
    torch.save(state, beside)
    beside.replace(path)""",
        ),
        (NO_FILE, ""),
        (
            LOAD,
            "try:\n        saved = torch.load(path, map_location=device)\n"
            "    except FileNotFoundError:\n        return 0\n    for name, part in parts.items():",
        ),
        (LOAD_PART, "part.load_state_dict(saved[name])"),
        (EPOCH, 'return saved["finished"].item()'),
    ),
)
