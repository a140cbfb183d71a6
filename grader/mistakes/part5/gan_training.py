"""Mistakes in training the conditional GAN. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.assignment import Mistake
from grader.mistakes import one_patch
from grader.mistakes.part5.gan_losses import FOOL, REAL
from grader.mistakes.part5.gan_networks import DRAW, SAMPLE
from grader.variants import answer

mistake = partial(one_patch, 5, file="conditional_gan.py")

ADAM = "return torch.optim.Adam(model.parameters(), lr=2e-4, betas=(0.5, 0.999))"
STEP = answer("conditional_gan.py", "5.gan_step")
D_PART, _, REST = STEP.partition("\n\n")
G_PART, _, RETURN = REST.rpartition("\n")
NOISE = "sample_z(len(images), G.n_z, images.device)"
UNIFORM = "torch.rand(len(images), G.n_z, device=images.device)"
D_FAKE = "fake = G(sample_z(len(images), G.n_z, images.device), labels).detach()"
D_REAL = "logits_real, class_logits = D(images, labels)"
D_LOSS = "d_loss = discriminator_loss(logits_real, D(fake, labels)[0], class_logits, labels)"
D_ZERO = "    D_solver.zero_grad()\n"
D_STEP = "    D_solver.step()\n"
G_FAKE = "fake = G(sample_z(len(images), G.n_z, images.device), labels)\n    g_loss"
G_LOSS = "g_loss = generator_loss(*D(fake, labels), labels)"
G_ZERO = "    G_solver.zero_grad()\n"
G_STEP = "    G_solver.step()\n"
LOSSES = "return d_loss.detach(), g_loss.detach()"
SAVE = 'torch.save({"epoch": epoch, "parts": {name: part.state_dict() for name, part in parts.items()}}, path)'
NO_FILE = "    if not Path(path).exists():\n        return 0\n"
LOAD = "saved = torch.load(path, map_location=device, weights_only=True)\n    for name, part in parts.items():"
LOAD_PART = 'part.load_state_dict(saved["parts"][name])'
EPOCH = 'return saved["epoch"]'
PREPARED = "return Generator(n_z=64, n_c=64, n_ch_g=40)"


def whole_step(name, new, hint, *fails):
    """A mistake in which the whole training step is another."""
    return mistake(name, STEP, new, hint, *fails)


SOLVER = (
    mistake(
        "gan_solver_with_default_betas",
        ADAM,
        "return torch.optim.Adam(model.parameters(), lr=2e-4)",
        "The betas are Adam's defaults (0.9, 0.999): beta1 is to be 0.5.",
        "gan_solver",
    ),
    mistake(
        "gan_solver_with_default_rate",
        ADAM,
        "return torch.optim.Adam(model.parameters(), betas=(0.5, 0.999))",
        "The learning rate is Adam's default 1e-3: DCGAN's is 2e-4.",
        "gan_solver",
    ),
    mistake(
        "gan_solver_with_decay",
        ADAM,
        "return torch.optim.AdamW(model.parameters(), lr=2e-4, betas=(0.5, 0.999))",
        "This is AdamW, which decays the weights: Adam is asked for.",
        "gan_solver",
    ),
    mistake(
        "gan_solver_of_the_last_layer",
        ADAM,
        "return torch.optim.Adam(list(model.children())[-1].parameters(), lr=2e-4, betas=(0.5, 0.999))",
        "The optimizer has the parameters of the last layer only: model.parameters() are all of them.",
        "gan_solver",
    ),
)

TRAINING = (
    mistake(
        "cgan_fakes_not_detached",
        D_FAKE,
        D_FAKE.removesuffix(".detach()"),
        "D's step goes back into G, whose gradients are then of D's loss: detach the generated pictures there.",
        "gan_step_rules",
    ),
    mistake(
        "cgan_fakes_detached_for_generator",
        G_LOSS,
        "g_loss = generator_loss(*D(fake.detach(), labels), labels)",
        "G's loss is of detached pictures, so no gradient reaches G: detach them in D's step only.",
        "gan_step",
    ),
    mistake(
        "cgan_gradients_of_discriminator_kept",
        D_ZERO,
        "",
        "D's gradients add up, those of G's loss among them: D_solver.zero_grad() before D's backward.",
        "gan_step",
    ),
    mistake(
        "cgan_gradients_of_generator_kept",
        G_ZERO,
        "",
        "G's gradients add up from batch to batch: G_solver.zero_grad() before G's backward.",
        "gan_step",
    ),
    mistake(
        "gradients_forgotten_too_late",
        "g_loss.backward()\n    G_solver.step()\n",
        "g_loss.backward()\n    G_solver.zero_grad()\n    G_solver.step()\n",
        "G's gradients are forgotten between backward and step, so G never changes: zero_grad() comes before backward.",
        "gan_step",
    ),
    mistake(
        "cgan_discriminator_never_steps",
        D_STEP,
        "",
        "D never changes: D_solver.step() is missing.",
        "gan_step",
    ),
    mistake(
        "cgan_generator_never_steps",
        G_STEP,
        "",
        "G never changes: G_solver.step() is missing.",
        "gan_step",
    ),
    mistake(
        "cgan_discriminator_steps_for_generator",
        G_STEP,
        D_STEP,
        "After G's loss it is D that steps, towards being fooled: G_solver.step().",
        "gan_step",
    ),
    mistake(
        "both_step_for_the_generator",
        G_STEP,
        f"{G_STEP}{D_STEP}",
        "D steps again after G's loss, towards being fooled: in G's step D stays as it is.",
        "gan_step",
    ),
    whole_step(
        "cgan_generator_first",
        f"{G_PART}\n\n{D_PART}\n{RETURN}",
        "G steps before D: first D learns, then G against the new D.",
        "gan_step",
    ),
    whole_step(
        "logits_of_the_discriminator_before",
        """    fake = G(sample_z(len(images), G.n_z, images.device), labels)
    logits_real, class_logits = D(images, labels)
    g_loss = generator_loss(*D(fake, labels), labels)
    d_loss = discriminator_loss(logits_real, D(fake.detach(), labels)[0], class_logits, labels)
    g_gradients = torch.autograd.grad(g_loss, list(G.parameters()))
    D_solver.zero_grad()
    d_loss.backward()
    D_solver.step()
    for parameter, gradient in zip(G.parameters(), g_gradients, strict=True):
        parameter.grad = gradient
    G_solver.step()
    return d_loss.detach(), g_loss.detach()""",
        "G's loss is that of D before its step: ask the new D about G's pictures.",
        "gan_step",
    ),
    whole_step(
        "one_loss_for_both",
        """    fake = G(sample_z(len(images), G.n_z, images.device), labels)
    logits_real, class_logits = D(images, labels)
    logits_fake, classes_of_fake = D(fake, labels)
    d_loss = discriminator_loss(logits_real, logits_fake, class_logits, labels)
    g_loss = generator_loss(logits_fake, classes_of_fake, labels)
    D_solver.zero_grad()
    G_solver.zero_grad()
    (d_loss + g_loss).backward()
    D_solver.step()
    G_solver.step()
    return d_loss.detach(), g_loss.detach()""",
        "Both losses go backward at once, and what one network is to gain the other is made to give: a step for each, "
        "on its own loss.",
        "gan_step",
    ),
    mistake(
        "cgan_real_and_fake_swapped",
        D_LOSS,
        "d_loss = discriminator_loss(D(fake, labels)[0], logits_real, class_logits, labels)",
        "The logits are swapped: real ones come first.",
        "gan_step",
    ),
    mistake(
        "classes_of_fakes_for_discriminator",
        D_LOSS,
        "logits_fake, class_logits = D(fake, labels)\n"
        "    d_loss = discriminator_loss(logits_real, logits_fake, class_logits, labels)",
        "D learns objects from generated pictures: its classifier is to learn them from the real ones.",
        "gan_step",
    ),
    mistake(
        "fakes_judged_by_other_conditions",
        D_LOSS,
        D_LOSS.replace("D(fake, labels)[0]", "D(fake, labels.roll(1, dims=0))[0]"),
        "In D's step generated pictures are judged by other conditions than those they were made for.",
        "gan_step",
    ),
    mistake(
        "reals_without_conditions",
        D_REAL,
        "logits_real, class_logits = D(images, torch.zeros_like(labels))",
        "D is told no condition of the real pictures: it gets their labels.",
        "gan_step",
    ),
    mistake(
        "generator_gets_other_conditions",
        G_FAKE,
        "fake = G(sample_z(len(images), G.n_z, images.device), labels.roll(1, dims=0))\n    g_loss",
        "In G's step the pictures are made for other conditions than those D and the loss are told.",
        "gan_step",
        "gan_step_rules",
    ),
    mistake(
        "generator_judged_by_other_conditions",
        G_LOSS,
        "g_loss = generator_loss(*D(fake, labels.roll(1, dims=0)), labels)",
        "In G's step D is told other conditions than those that the pictures were made for.",
        "gan_step",
        "gan_step_rules",
    ),
    mistake(
        "losses_swapped",
        LOSSES,
        "return g_loss.detach(), d_loss.detach()",
        "The losses come back swapped: first D's, then G's.",
        "gan_step",
    ),
    mistake(
        "losses_with_graph",
        LOSSES,
        "return d_loss, g_loss",
        "The losses keep their graph, and with it the memory of every batch in a history: detach them.",
        "gan_step_rules",
    ),
    mistake(
        "losses_as_numbers",
        LOSSES,
        "return d_loss.item(), g_loss.item()",
        "The losses are floats: scalars without a graph are tensors, so detach() instead of item().",
        "gan_step",
        "gan_step_rules",
    ),
    Mistake(
        "5.uniform_noise_in_training",
        (
            (D_FAKE, D_FAKE.replace(NOISE, UNIFORM)),
            (G_FAKE, G_FAKE.replace(NOISE, UNIFORM)),
        ),
        "G is trained with uniform noise: sample_z draws normal noise.",
        ("5.gan_step", "5.gan_step_rules"),
        "conditional_gan.py",
    ),
)

RESUME = (
    Mistake(
        "5.optimizers_forgotten",
        (
            (SAVE, SAVE.replace("in parts.items()}}", "in parts.items() if isinstance(part, nn.Module)}}")),
            (LOAD_PART, f"if isinstance(part, nn.Module):\n            {LOAD_PART}"),
        ),
        "The optimizers do not come back: without their moments a resumed training starts with a jolt.",
        ("5.gan_resume",),
        "conditional_gan.py",
    ),
    mistake(
        "generator_only_resumed",
        LOAD_PART,
        f'if name.startswith("G"):\n            {LOAD_PART}',
        "D and its optimizer do not come back: a trained G then meets a D that knows nothing.",
        "gan_resume",
    ),
    mistake(
        "optimizers_alike",
        LOAD_PART,
        'part.load_state_dict(saved["parts"]["G_solver" if name.endswith("solver") else name])',
        "Both optimizers get the state of G's: look each part up by its own name.",
        "gan_resume",
    ),
    mistake(
        "epoch_after_the_last",
        EPOCH,
        'return saved["epoch"] + 1',
        "The epoch is one too many: it comes back as it was saved, which is how many are complete.",
        "gan_resume",
    ),
    mistake(
        "epoch_before_the_last",
        EPOCH,
        'return saved["epoch"] - 1',
        "The epoch is one too few: it comes back as it was saved, which is how many are complete.",
        "gan_resume",
    ),
    mistake(
        "epoch_forgotten",
        EPOCH,
        "return 0",
        "The epoch is always 0, so a resumed training begins to count anew.",
        "gan_resume",
    ),
    mistake(
        "file_expected",
        NO_FILE,
        "",
        "Without a file resume_training fails: the first training has none, and begins at epoch 0.",
        "gan_resume",
    ),
    mistake(
        "epoch_of_no_file",
        NO_FILE,
        NO_FILE.replace("return 0", "return 1"),
        "Without a file the epoch is 1: none is complete, so 0.",
        "gan_resume",
    ),
    mistake(
        "modules_pickled",
        SAVE,
        'torch.save({"epoch": epoch, "parts": parts}, path)',
        "Whole objects are saved, which load only where the same code is: save each part's state_dict().",
        "gan_resume",
    ),
)

DEVICE = (
    mistake(
        "gan_noise_on_cpu",
        DRAW,
        "return torch.randn(num_samples, n_z)",
        "sample_z ignores its device: torch.randn(..., device=device).",
        "gan_device",
    ),
    mistake(
        "conditions_left_on_cpu",
        SAMPLE,
        "return self(sample_z(len(labels), self.n_z, device), labels)",
        "The conditions to sample stay on the CPU: move them to the device.",
        "gan_device",
    ),
    mistake(
        "sampling_noise_on_cpu",
        SAMPLE,
        "return self(sample_z(len(labels), self.n_z), labels.to(device))",
        "The noise to sample from is drawn on the CPU: hand the device on to sample_z.",
        "gan_device",
    ),
    mistake(
        "noise_of_training_on_cpu",
        D_FAKE,
        "fake = G(sample_z(len(images), G.n_z), labels).detach()",
        "The noise of training is drawn on the CPU: draw it where the batch is, images.device.",
        "gan_device",
    ),
    mistake(
        "targets_on_cpu",
        REAL,
        "real = F.binary_cross_entropy_with_logits(logits_real, torch.ones(len(logits_real)))",
        "The targets are made on the CPU: torch.ones_like(logits) makes them where the logits are.",
        "gan_device",
    ),
    mistake(
        "targets_of_generator_on_cpu",
        FOOL,
        "real = F.binary_cross_entropy_with_logits(logits_fake, torch.ones(len(logits_fake)))",
        "The targets in G's loss are made on the CPU: torch.ones_like(logits) makes them where the logits are.",
        "gan_device",
    ),
)

PREPARE = (
    mistake(
        "cgan_of_ten_classes",
        PREPARED,
        "return Generator(n_z=64, n_c=64, num_conditions=10, n_ch_g=40)",
        "The generator takes conditions of ten elements: i-CLEVR has 24 objects.",
        "prepare_cgan",
    ),
    mistake(
        "cgan_not_returned",
        PREPARED,
        PREPARED.removeprefix("return "),
        "prepare_cgan builds a generator, and returns nothing.",
        "prepare_cgan",
    ),
    mistake(
        "cgan_class_returned",
        PREPARED,
        "return Generator",
        "prepare_cgan returns the class: call it, with the sizes that you trained.",
        "prepare_cgan",
    ),
    mistake(
        "cgan_with_its_discriminator",
        PREPARED,
        "return Generator(n_z=64, n_c=64, n_ch_g=40), Discriminator(64)",
        "prepare_cgan returns the discriminator as well: only the generator is in the checkpoint.",
        "prepare_cgan",
    ),
    mistake(
        "cgan_with_weights",
        PREPARED,
        'model = Generator(n_z=64, n_c=64, n_ch_g=40)\n    model.load_state_dict(torch.load("checkpoints/CGAN.pt"))\n'
        "    return model",
        "prepare_cgan loads the checkpoint itself: only build the model; whoever calls loads the weights.",
        "prepare_cgan",
    ),
    mistake(
        "cgan_frozen",
        PREPARED,
        f"{PREPARED}.requires_grad_(False)",
        "The generator's parameters take no gradients, so it cannot be trained on.",
        "prepare_cgan",
    ),
)

MISTAKES = (*SOLVER, *TRAINING, *RESUME, *DEVICE, *PREPARE)
