"""Mistakes in the optimizer and the training loop. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.authoring.patching import answer, one_patch
from grader.course.assignment import Mistake

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
        "Your optimizer uses Adam's default betas, (0.9, 0.999). beta1 should be 0.5.",
        "optimizer",
    ),
    mistake(
        "small_beta",
        ADAM,
        "return torch.optim.Adam(model.parameters(), lr=1e-3, betas=(0.05, 0.999))",
        "Your optimizer uses beta1 = 0.05. It should be 0.5.",
        "optimizer",
    ),
    mistake(
        "learning_rate_of_dcgan",
        ADAM,
        "return torch.optim.Adam(model.parameters(), lr=2e-4, betas=(0.5, 0.999))",
        "Your optimizer uses DCGAN's learning rate, 2e-4. It should be 1e-3.",
        "optimizer",
    ),
    mistake(
        "adamw",
        ADAM,
        "return torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.5, 0.999))",
        "Your optimizer is AdamW, which decays the weights. It should be Adam.",
        "optimizer",
    ),
    mistake(
        "gradient_descent",
        ADAM,
        "return torch.optim.SGD(model.parameters(), lr=1e-3)",
        "Your optimizer is plain gradient descent. It should be Adam.",
        "optimizer",
    ),
    mistake(
        "optimizer_of_the_last_layer",
        ADAM,
        "return torch.optim.Adam(list(model.children())[-1].parameters(), lr=1e-3, betas=(0.5, 0.999))",
        "Your optimizer only gets the parameters of the last layer. model.parameters() holds all of them.",
        "optimizer",
    ),
)

TRAINING = (
    mistake(
        "fakes_not_detached",
        D_FAKE,
        "fake_images = G(noise).view(batch_size, *IMAGE)",
        "D's step leaves gradients of D's loss in G. Detach the fake images in that step.",
        "training_rules",
    ),
    mistake(
        "generator_step_on_detached_fakes",
        G_LOSS,
        "g_loss = generator_loss(D(fake_images.detach()))",
        "G's step sees detached images, so no gradient reaches G. Detach them in D's step only.",
        "training",
        "training_rules",
    ),
    mistake(
        "gradients_of_discriminator_kept",
        D_ZERO,
        "",
        "D's gradients add up from step to step, including those of G's loss. Call D_solver.zero_grad() before each "
        "step.",
        "training",
    ),
    mistake(
        "gradients_of_generator_kept",
        G_ZERO,
        "",
        "G's gradients add up from step to step. Call G_solver.zero_grad() before each step.",
        "training",
    ),
    mistake(
        "gradients_of_both_kept",
        D_ZERO + D_PART.split(D_ZERO)[1] + "\n\n" + G_ZERO,
        D_PART.split(D_ZERO)[1] + "\n\n",
        "All gradients add up from step to step. Call zero_grad() of both optimizers before each step.",
        "training",
    ),
    mistake(
        "discriminator_never_steps",
        D_STEP,
        "",
        "Your D never changes. The call of D_solver.step() is missing.",
        "training",
        "training_rules",
    ),
    mistake(
        "generator_never_steps",
        G_STEP,
        "",
        "Your G never changes. The call of G_solver.step() is missing.",
        "training",
    ),
    mistake(
        "discriminator_steps_for_generator",
        G_STEP,
        "            D_solver.step()\n",
        "After G's loss, your code steps D, which teaches D to be fooled. Call G_solver.step() there.",
        "training",
    ),
    mistake(
        "generator_before_discriminator",
        TRAINING_ANSWER,
        f"{G_PART}\n\n{D_PART}",
        "Your code updates G before D. Algorithm 1 updates D first, and then G against the new D.",
        "training",
    ),
    mistake(
        "discriminator_steps_on_the_generators_loss",
        f"d_loss.backward()\n{D_STEP}\n{G_PART}",
        G_PART.lstrip().replace(
            "g_loss.backward()\n", "d_loss.backward()\n            g_loss.backward()\n            D_solver.step()\n"
        ),
        "D's gradient also contains that of G's loss. Let D step before you call backward on G's loss.",
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
        "G's loss uses logits from before D's step, and D's weights have changed since. Ask D again for G's step.",
        "training",
        "training_rules",
    ),
    mistake(
        "real_and_fake_swapped",
        D_LOSS,
        "d_loss = discriminator_loss(D(fake_images), D(real_images))",
        "Your code swaps the logits. Call discriminator_loss(logits_real, logits_fake).",
        "training",
    ),
    mistake(
        "real_images_from_0_to_1",
        "real_images = preprocess_img(x.to(device))",
        "real_images = x.to(device)",
        "D sees real images in [0, 1] but fakes in [-1, 1]. Pass the real images through preprocess_img.",
        "training",
        "training_rules",
    ),
    mistake(
        "fakes_from_0_to_1",
        D_LOSS,
        "d_loss = discriminator_loss(D(real_images), D(deprocess_img(fake_images)))",
        "In D's step, the fakes lie in [0, 1] but the real images in [-1, 1]. Pass G's images to D unchanged.",
        "training",
    ),
    mistake(
        "noise_normal_in_training",
        f"{NOISE}{D_FAKE}",
        f"noise = torch.randn(batch_size, noise_size).to(device)\n            {D_FAKE}",
        "Your code trains G with normal noise. Use sample_noise, which is uniform in [-1, 1).",
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
        "All steps use the same noise, so G learns only a handful of images. Draw new noise for every batch.",
        ("1.training_rules",),
        "gan_pytorch.py",
    ),
    mistake(
        "small_batches_used",
        "            if len(x) != batch_size:\n                continue\n",
        "",
        "Your code trains on a batch that is too small. Skip it, as the docstring says.",
        "training_rules",
    ),
    mistake(
        "first_epoch_only",
        "            step += 1\n    return images",
        "            step += 1\n        return images",
        "Your training ends after the first epoch, because the return is inside the loop. Move it behind the loop.",
        "training_rules",
    ),
)
