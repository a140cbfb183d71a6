"""Known mistakes in resuming, devices and prepare_cgan. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.authoring.patching import one_patch
from grader.course.assignment import Mistake
from grader.parts.iclevr.mistakes.gan_losses import FOOL, REAL
from grader.parts.iclevr.mistakes.gan_networks import DRAW, SAMPLE
from grader.parts.iclevr.mistakes.gan_training import D_FAKE

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
        "You do not restore the optimizers. Without their moments a resumed training starts with a jolt, so save and "
        "load them too.",
        ("5.gan_resume",),
        "conditional_gan.py",
    ),
    mistake(
        "generator_only_resumed",
        LOAD_PART,
        f'if key.startswith("G"):\n            {LOAD_PART}',
        "You do not restore D and its optimizer, so a trained G meets a D that knows nothing. Load all four parts.",
        "gan_resume",
    ),
    mistake(
        "optimizers_alike",
        LOAD_PART,
        'part.load_state_dict(saved["parts"]["G_solver" if key.endswith("solver") else key])',
        "Both optimizers get the state of G's. Look each part up by its own name.",
        "gan_resume",
    ),
    mistake(
        "epoch_after_the_last",
        EPOCH,
        'return saved["epoch"] + 1',
        "The epoch you return is one too high. Return it as it was saved: the number of complete epochs.",
        "gan_resume",
    ),
    mistake(
        "epoch_before_the_last",
        EPOCH,
        'return saved["epoch"] - 1',
        "The epoch you return is one too low. Return it as it was saved: the number of complete epochs.",
        "gan_resume",
    ),
    mistake(
        "epoch_forgotten",
        EPOCH,
        "return 0",
        "You always return epoch 0, so a resumed training starts counting again. Return the saved epoch.",
        "gan_resume",
    ),
    mistake(
        "file_expected",
        NO_FILE,
        "",
        "resume_training fails if there is no file. Return 0 in that case: a first training has no file yet.",
        "gan_resume",
    ),
    mistake(
        "epoch_of_no_file",
        NO_FILE,
        NO_FILE.replace("return 0", "return 1"),
        "You return epoch 1 if there is no file. Return 0, because no epoch is complete.",
        "gan_resume",
    ),
    mistake(
        "modules_pickled",
        SAVE,
        'torch.save({"epoch": epoch, "parts": parts}, path)',
        "You save whole objects, which load only with the same code. Save the state_dict() of each part.",
        "gan_resume",
    ),
)

DEVICE = (
    mistake(
        "gan_noise_on_cpu",
        DRAW,
        "return torch.randn(num_samples, n_z)",
        "sample_z ignores its device. Pass it on: torch.randn(..., device=device).",
        "gan_device",
    ),
    mistake(
        "conditions_left_on_cpu",
        SAMPLE,
        "return self(sample_z(len(labels), self.n_z, device), labels)",
        "generate_sample leaves the conditions on the CPU. Move them to the device.",
        "gan_device",
    ),
    mistake(
        "sampling_noise_on_cpu",
        SAMPLE,
        "return self(sample_z(len(labels), self.n_z), labels.to(device))",
        "generate_sample draws its noise on the CPU. Pass the device to sample_z.",
        "gan_device",
    ),
    mistake(
        "noise_of_training_on_cpu",
        D_FAKE,
        "fake = G(sample_z(len(images), G.n_z), labels).detach()",
        "train_step draws its noise on the CPU. Draw it where the batch is: images.device.",
        "gan_device",
    ),
    mistake(
        "targets_on_cpu",
        REAL,
        "real = F.binary_cross_entropy_with_logits(logits_real, torch.ones(len(logits_real)))",
        "discriminator_loss makes its targets on the CPU. torch.ones_like(logits) makes them where the logits are.",
        "gan_device",
    ),
    mistake(
        "targets_of_generator_on_cpu",
        FOOL,
        "real = F.binary_cross_entropy_with_logits(logits_fake, torch.ones(len(logits_fake)))",
        "generator_loss makes its targets on the CPU. torch.ones_like(logits) makes them where the logits are.",
        "gan_device",
    ),
)

PREPARE = (
    mistake(
        "cgan_of_ten_classes",
        PREPARED,
        "return Generator(n_z=64, n_c=64, num_conditions=10, n_ch_g=40)",
        "Your generator takes conditions with ten elements. i-CLEVR has 24 objects.",
        "prepare_cgan",
    ),
    mistake(
        "cgan_not_returned",
        PREPARED,
        PREPARED.removeprefix("return "),
        "prepare_cgan builds a generator but returns nothing. Return it.",
        "prepare_cgan",
    ),
    mistake(
        "cgan_class_returned",
        PREPARED,
        "return Generator",
        "prepare_cgan returns the class. Call it with the sizes that you trained, and return the generator.",
        "prepare_cgan",
    ),
    mistake(
        "cgan_with_its_discriminator",
        PREPARED,
        "return Generator(n_z=64, n_c=64, n_ch_g=40), Discriminator(64)",
        "prepare_cgan returns the discriminator as well. Return only the generator, which is what the checkpoint "
        "holds.",
        "prepare_cgan",
    ),
    mistake(
        "cgan_with_weights",
        PREPARED,
        'model = Generator(n_z=64, n_c=64, n_ch_g=40)\n    model.load_state_dict(torch.load("checkpoints/CGAN.pt"))\n'
        "    return model",
        "prepare_cgan loads the checkpoint. It should only build the model: its caller loads the weights.",
        "prepare_cgan",
    ),
    mistake(
        "cgan_frozen",
        PREPARED,
        f"{PREPARED}.requires_grad_(False)",
        "The generator's parameters take no gradients, so nobody can train it further. Leave requires_grad on.",
        "prepare_cgan",
    ),
)

MISTAKES = (*RESUME, *DEVICE, *PREPARE)
