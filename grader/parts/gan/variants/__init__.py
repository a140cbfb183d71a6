"""Correct alternatives in part 1: other architectures, other forms of the losses, other orders within a step."""

from functools import partial
from pathlib import Path

from grader.authoring.patching import answer
from grader.course.assignment import Variant
from grader.parts.gan.mistakes.losses import CROSS_ENTROPY, FAKE, FOOL, REAL, SUM
from grader.parts.gan.mistakes.networks import DRAW
from grader.parts.gan.mistakes.training import ADAM, TRAINING_ANSWER

variant = partial(Variant, file="gan_pytorch.py")
D_ANSWER, G_ANSWER, EVALUATION = (
    answer("gan_pytorch.py", f"1.{name}") for name in ("discriminator", "generator", "evaluation")
)

THE_COURSES_STYLE = Variant("1.course", alternative_for=("1.evaluation",), files=Path(__file__).parent / "course")

EVALUATION_BY_BATCH = variant(
    "1.evaluation_by_batch",  # averages over the batches
    (
        (
            EVALUATION,
            """    measures = []
    with torch.no_grad():
        for x, _ in val_loader:
            fake_images = oracle_generator(sample_noise(batch_size, noise_size).to(device))
            real = torch.sigmoid(D(preprocess_img(x.to(device)))) > 0.5
            fake = torch.sigmoid(D(fake_images)) > 0.5
            accuracy = (real.sum() + (~fake).sum()) / (len(real) + len(fake))
            precision = real.sum() / max(1, real.sum() + fake.sum())
            measures.append(torch.stack([accuracy, precision, real.float().mean()]))
    accuracy, precision, recall = torch.stack(measures).mean(0).tolist()""",
        ),
    ),
    ("1.evaluation",),
)

SOFTPLUS = variant(
    "1.softplus",  # -log sigma(x) = softplus(-x); the loss modules of torch
    (
        (CROSS_ENTROPY, "return nn.BCEWithLogitsLoss()(input, target.to(input))"),
        (REAL, "real = nn.functional.softplus(-logits_real).mean()"),
        (FAKE, "fake = nn.functional.softplus(logits_fake).mean()"),
        (FOOL, "return -nn.functional.logsigmoid(logits_fake).mean()"),
        (DRAW, "return torch.empty(batch_size, dim).uniform_(-1, 1)"),
    ),
)

TARGETS_OF_THEIR_OWN = variant(
    "1.targets_of_their_own",  # the losses without bce_loss, on all logits at once
    (
        (
            f"{REAL}\n    {FAKE}\n    {SUM}",
            "logits = torch.cat([logits_real, logits_fake])\n"
            "    targets = torch.cat([torch.ones_like(logits_real), torch.zeros_like(logits_fake)])\n"
            "    return 2 * nn.functional.binary_cross_entropy_with_logits(logits, targets)",
        ),
        (FOOL, "return torch.logaddexp(torch.zeros_like(logits_fake), -logits_fake).mean()"),
        (DRAW, "return torch.distributions.Uniform(-1, 1).sample((batch_size, dim))"),
        (ADAM, 'return torch.optim.Adam([{"params": model.parameters()}], 1e-3, (0.5, 0.999))'),
    ),
)

ONE_BATCH_OF_FAKES = variant(
    "1.one_batch_of_fakes",  # generated once per step, with D frozen in G's step
    (
        (
            TRAINING_ANSWER,
            """            fake_images = G(sample_noise(batch_size, noise_size).to(device)).view(batch_size, *IMAGE)
            d_loss = discriminator_loss(D(real_images), D(fake_images.detach()))
            D.zero_grad()
            d_loss.backward()
            D_solver.step()
            D.requires_grad_(False)
            g_loss = generator_loss(D(fake_images))
            G.zero_grad()
            g_loss.backward()
            G_solver.step()
            D.requires_grad_(True)""",
        ),
    ),
)

REAL_AND_FAKE_TOGETHER = variant(
    "1.real_and_fake_together",  # D sees one batch with both kinds; its step makes the fakes without a graph
    (
        (
            TRAINING_ANSWER,
            """            with torch.no_grad():
                fake_images = G(sample_noise(batch_size, noise_size).to(device)).reshape(-1, *IMAGE)
            D_solver.zero_grad(set_to_none=True)
            d_loss = discriminator_loss(*D(torch.cat([real_images, fake_images])).chunk(2))
            d_loss.backward()
            D_solver.step()
            G_solver.zero_grad(set_to_none=True)
            fake_images = G(2 * torch.rand(batch_size, noise_size, device=device) - 1).reshape(-1, *IMAGE)
            g_loss = generator_loss(D(fake_images))
            g_loss.backward()
            G_solver.step()""",
        ),
    ),
)

FULLY_CONNECTED = variant(
    "1.fully_connected",  # flat images, which D reshapes itself
    (
        (
            D_ANSWER,
            """    return nn.Sequential(
        Flatten(), nn.Linear(3072, 256), nn.LeakyReLU(0.01), nn.Linear(256, 256), nn.LeakyReLU(0.01), nn.Linear(256, 1)
    )""",
        ),
        (
            G_ANSWER,
            """    model = nn.Sequential(
        nn.Linear(noise_dim, 512), nn.ReLU(), nn.BatchNorm1d(512), nn.Linear(512, 3072), nn.Tanh()
    )
    return model.apply(initialize_weights)""",
        ),
    ),
)

SPECTRAL_AND_UPSAMPLED = variant(
    "1.spectral_and_upsampled",  # a normalised D with pooling, a G with upsampling
    (
        (
            D_ANSWER,
            """    layers = []
    for before, after in ((3, 32), (32, 64), (64, 96)):
        layers += [nn.utils.spectral_norm(nn.Conv2d(before, after, 3, 2, 1)), nn.LeakyReLU(0.1)]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(96, 1))""",
        ),
        (
            G_ANSWER,
            """    layers = [nn.Linear(noise_dim, 64 * 16), nn.Unflatten(1, (64, 4, 4))]
    for _ in range(3):
        layers += [nn.Upsample(scale_factor=2), nn.Conv2d(64, 64, 3, padding=1), nn.InstanceNorm2d(64), nn.ReLU()]
    return nn.Sequential(*layers, nn.Conv2d(64, 3, 3, padding=1), nn.Hardtanh())""",
        ),
    ),
)
