"""Mistakes around the training of the conditional GAN. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.assignment import Mistake
from grader.mistakes import one_patch
from grader.mistakes.part5.gan_losses import FOOL, REAL
from grader.mistakes.part5.gan_networks import DRAW, SAMPLE
from grader.mistakes.part5.gan_training import D_FAKE

mistake = partial(one_patch, 5, file="conditional_gan.py")

SAVE = 'torch.save({"epoch": epoch, "parts": {name: part.state_dict() for name, part in parts.items()}}, path)'
NO_FILE = "    if not Path(path).exists():\n        return 0\n"
LOAD = "saved = torch.load(path, map_location=device, weights_only=True)\n    for key, part in parts.items():"
LOAD_PART = 'part.load_state_dict(saved["parts"][key])'
EPOCH = 'return saved["epoch"]'
PREPARED = "return Generator(n_z=64, n_c=64, n_ch_g=40)"

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
        f'if key.startswith("G"):\n            {LOAD_PART}',
        "D and its optimizer do not come back: a trained G then meets a D that knows nothing.",
        "gan_resume",
    ),
    mistake(
        "optimizers_alike",
        LOAD_PART,
        'part.load_state_dict(saved["parts"]["G_solver" if key.endswith("solver") else key])',
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

MISTAKES = (*RESUME, *DEVICE, *PREPARE)
