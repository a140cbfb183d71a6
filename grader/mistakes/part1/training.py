"""Mistakes in the optimizer and in training. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.assignment import Mistake
from grader.mistakes import one_patch
from grader.variants import answer

mistake = partial(one_patch, 1, file="gan_pytorch.py")

ADAM = "return torch.optim.Adam(model.parameters(), lr=1e-3, betas=(0.5, 0.999))"
D_ZERO = "            D_solver.zero_grad()\n"
D_FAKE = "fake_images = G(noise).detach().view(batch_size, *IMAGE)  # so that this step does not reach G"
D_LOSS = "d_loss = discriminator_loss(D(real_images), D(fake_images))"
D_STEP = "            D_solver.step()\n"
G_ZERO = "            G_solver.zero_grad()\n"
G_LOSS = "g_loss = generator_loss(D(fake_images))"
G_STEP = "            G_solver.step()\n"
NOISE = "noise = sample_noise(batch_size, noise_size).to(device)\n            "
TRAINING_ANSWER = answer("gan_pytorch.py", "1.training")
D_PART, G_PART = TRAINING_ANSWER.split("\n\n")

OPTIMIZER = (
    mistake(
        "default_betas",
        ADAM,
        "return torch.optim.Adam(model.parameters(), lr=1e-3)",
        "The betas are Adam's defaults (0.9, 0.999): beta1 is to be 0.5.",
        "optimizer",
    ),
    mistake(
        "small_beta",
        ADAM,
        "return torch.optim.Adam(model.parameters(), lr=1e-3, betas=(0.05, 0.999))",
        "beta1 is 0.05: it is to be 0.5.",
        "optimizer",
    ),
    mistake(
        "learning_rate_of_dcgan",
        ADAM,
        "return torch.optim.Adam(model.parameters(), lr=2e-4, betas=(0.5, 0.999))",
        "The learning rate is DCGAN's 2e-4: here it is 1e-3.",
        "optimizer",
    ),
    mistake(
        "adamw",
        ADAM,
        "return torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.5, 0.999))",
        "This is AdamW, which decays the weights: Adam is asked for.",
        "optimizer",
    ),
    mistake(
        "gradient_descent",
        ADAM,
        "return torch.optim.SGD(model.parameters(), lr=1e-3)",
        "This is plain gradient descent: Adam is asked for.",
        "optimizer",
    ),
    mistake(
        "optimizer_of_the_last_layer",
        ADAM,
        "return torch.optim.Adam(list(model.children())[-1].parameters(), lr=1e-3, betas=(0.5, 0.999))",
        "The optimizer has the parameters of the last layer only: model.parameters() are all of them.",
        "optimizer",
    ),
)

TRAINING = (
    mistake(
        "fakes_not_detached",
        D_FAKE,
        "fake_images = G(noise).view(batch_size, *IMAGE)",
        "D's step goes back into G: detach the fake images there, or gradients of D's loss are left in G.",
        "training_rules",
    ),
    mistake(
        "generator_step_on_detached_fakes",
        G_LOSS,
        "g_loss = generator_loss(D(fake_images.detach()))",
        "G's step sees detached images, so no gradient reaches G: detach them in D's step only.",
        "training",
        "training_rules",
    ),
    mistake(
        "gradients_of_discriminator_kept",
        D_ZERO,
        "",
        "D's gradients add up from step to step, those of G's loss among them: D_solver.zero_grad() before each step.",
        "training",
    ),
    mistake(
        "gradients_of_generator_kept",
        G_ZERO,
        "",
        "G's gradients add up from step to step: G_solver.zero_grad() before each step.",
        "training",
    ),
    mistake(
        "gradients_of_both_kept",
        D_ZERO + D_PART.split(D_ZERO)[1] + "\n\n" + G_ZERO,
        D_PART.split(D_ZERO)[1] + "\n\n",
        "Gradients add up from step to step: call zero_grad() of both optimizers before each step.",
        "training",
    ),
    mistake(
        "discriminator_never_steps",
        D_STEP,
        "",
        "D never changes: D_solver.step() is missing.",
        "training",
        "training_rules",
    ),
    mistake(
        "generator_never_steps",
        G_STEP,
        "",
        "G never changes: G_solver.step() is missing.",
        "training",
    ),
    mistake(
        "discriminator_steps_for_generator",
        G_STEP,
        "            D_solver.step()\n",
        "After G's loss it is D that steps, towards being fooled: G_solver.step().",
        "training",
    ),
    mistake(
        "generator_before_discriminator",
        TRAINING_ANSWER,
        f"{G_PART}\n\n{D_PART}",
        "G steps before D: algorithm 1 updates D first, and G against the new D.",
        "training",
    ),
    mistake(
        "discriminator_steps_on_the_generators_loss",
        f"d_loss.backward()\n{D_STEP}\n{G_PART}",
        G_PART.lstrip().replace(
            "g_loss.backward()\n", "d_loss.backward()\n            g_loss.backward()\n            D_solver.step()\n"
        ),
        "D's gradient holds that of G's loss as well: let D step before G's loss goes backward.",
        "training",
    ),
    mistake(
        "logits_of_the_old_discriminator",
        f"{TRAINING_ANSWER}",
        "            D_solver.zero_grad()\n"
        "            fake_images = G(sample_noise(batch_size, noise_size).to(device)).view(batch_size, *IMAGE)\n"
        "            logits_fake = D(fake_images)\n"
        "            d_loss = discriminator_loss(D(real_images), logits_fake)\n"
        "            d_loss.backward(retain_graph=True)\n"
        "            D_solver.step()\n"
        "            G_solver.zero_grad()\n"
        "            g_loss = generator_loss(logits_fake)\n"
        "            g_loss.backward()\n"
        "            G_solver.step()",
        "G's loss uses the logits from before D's step, whose weights have changed since: ask D again for G's step.",
        "training",
        "training_rules",
    ),
    mistake(
        "real_and_fake_swapped",
        D_LOSS,
        "d_loss = discriminator_loss(D(fake_images), D(real_images))",
        "The logits are swapped: discriminator_loss(logits_real, logits_fake).",
        "training",
    ),
    mistake(
        "real_images_from_0_to_1",
        "real_images = preprocess_img(x.to(device))",
        "real_images = x.to(device)",
        "D sees real images in [0, 1] and fakes in [-1, 1]: preprocess_img brings the real ones there.",
        "training",
        "training_rules",
    ),
    mistake(
        "fakes_from_0_to_1",
        D_LOSS,
        "d_loss = discriminator_loss(D(real_images), D(deprocess_img(fake_images)))",
        "In D's step the fakes are in [0, 1], the real images in [-1, 1]: hand G's images on as they are.",
        "training",
    ),
    mistake(
        "noise_normal_in_training",
        f"{NOISE}{D_FAKE}",
        f"noise = torch.randn(batch_size, noise_size).to(device)\n            {D_FAKE}",
        "G is trained with normal noise: use sample_noise, which is uniform in [-1, 1).",
        "training_rules",
    ),
    Mistake(
        "1.one_noise_for_all_steps",
        (
            (
                "    images, step = [], 0\n",
                "    images, step = [], 0\n    noise = sample_noise(batch_size, noise_size)\n",
            ),
            (f"{NOISE}{D_FAKE}", D_FAKE),
            (f"{NOISE}fake_images = G(noise).view", "fake_images = G(noise).view"),
        ),
        "All steps have the same noise, so G learns a handful of images: draw anew for every batch.",
        ("1.training_rules",),
        "gan_pytorch.py",
    ),
    mistake(
        "small_batches_used",
        "            if len(x) != batch_size:\n                continue\n",
        "",
        "A batch that is too small is trained on: skip it, as the docstring says.",
        "training_rules",
    ),
    mistake(
        "first_epoch_only",
        "            step += 1\n    return images",
        "            step += 1\n        return images",
        "Training ends after the first epoch: the return is inside the loop.",
        "training_rules",
    ),
)
