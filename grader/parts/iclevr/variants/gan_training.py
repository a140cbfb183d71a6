"""Correct alternatives for the conditional GAN's losses and training."""

from functools import partial

from grader.course.assignment import Variant
from grader.parts.iclevr.mistakes.gan_losses import AUXILIARY, D_LOSS, G_LOSS
from grader.parts.iclevr.mistakes.gan_running import EPOCH, LOAD, LOAD_PART, NO_FILE, SAVE
from grader.parts.iclevr.mistakes.gan_training import STEP

variant = partial(Variant, file="conditional_gan.py")

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
    "5.real_and_fake_together",  # D sees real and generated pictures in one batch
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
    "5.one_draw_for_both",  # the same pictures in both steps; D is frozen in G's step
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
    "5.two_backward_passes",  # one for each half of D's loss, as in PyTorch's DCGAN tutorial
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
    "5.flat_file",  # one level deep; written to a second file and then moved
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
