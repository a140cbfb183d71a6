"""Known mistakes in training the conditional GAN. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.authoring.patching import answer, one_patch

mistake = partial(one_patch, 5, file="conditional_gan.py")

ADAM = "return torch.optim.Adam(model.parameters(), lr=2e-4, betas=(0.5, 0.999))"
STEP = answer("conditional_gan.py", "5.gan_step")
D_PART, _, REST = STEP.partition("\n\n")
G_PART, _, RETURN = REST.rpartition("\n")
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


def whole_step(name, new, hint, *fails):
    """A mistake that replaces the whole training step."""
    return mistake(name, STEP, new, hint, *fails)


SOLVER = (
    mistake(
        "gan_solver_with_default_betas",
        ADAM,
        "return torch.optim.Adam(model.parameters(), lr=2e-4)",
        "Your betas are Adam's defaults (0.9, 0.999). beta1 should be 0.5.",
        "gan_solver",
    ),
    mistake(
        "gan_solver_with_default_rate",
        ADAM,
        "return torch.optim.Adam(model.parameters(), betas=(0.5, 0.999))",
        "Your learning rate is Adam's default, 1e-3. DCGAN's is 2e-4.",
        "gan_solver",
    ),
    mistake(
        "gan_solver_with_decay",
        ADAM,
        "return torch.optim.AdamW(model.parameters(), lr=2e-4, betas=(0.5, 0.999))",
        "You use AdamW, which decays the weights. Use Adam.",
        "gan_solver",
    ),
    mistake(
        "gan_solver_of_the_last_layer",
        ADAM,
        "return torch.optim.Adam(list(model.children())[-1].parameters(), lr=2e-4, betas=(0.5, 0.999))",
        "Your optimizer has the parameters of the last layer only. model.parameters() gives all of them.",
        "gan_solver",
    ),
)

TRAINING = (
    mistake(
        "cgan_fakes_not_detached",
        D_FAKE,
        D_FAKE.removesuffix(".detach()"),
        "D's step also computes gradients in G. Detach the generated pictures there.",
        "gan_step_rules",
    ),
    mistake(
        "cgan_fakes_detached_for_generator",
        G_LOSS,
        "g_loss = generator_loss(*D(fake.detach(), labels), labels)",
        "G steps without a gradient. In its own step you detach its pictures as well, or call zero_grad() after "
        "backward().",
        "gan_step",
    ),
    mistake(
        "cgan_gradients_of_discriminator_kept",
        D_ZERO,
        "",
        "D's gradients add up, and those of G's loss are among them. Call D_solver.zero_grad() before D's backward.",
        "gan_step",
    ),
    mistake(
        "cgan_gradients_of_generator_kept",
        G_ZERO,
        "",
        "G's gradients add up from batch to batch. Call G_solver.zero_grad() before G's backward.",
        "gan_step",
    ),
    mistake(
        "cgan_discriminator_never_steps",
        D_STEP,
        "",
        "D never changes. Call D_solver.step().",
        "gan_step",
    ),
    mistake(
        "cgan_generator_never_steps",
        G_STEP,
        "",
        "G never changes. Call G_solver.step().",
        "gan_step",
    ),
    mistake(
        "cgan_discriminator_steps_for_generator",
        G_STEP,
        D_STEP,
        "After G's loss it is D that steps, so D learns to be fooled. Call G_solver.step() there.",
        "gan_step",
    ),
    mistake(
        "both_step_for_the_generator",
        G_STEP,
        f"{G_STEP}{D_STEP}",
        "D steps again after G's loss, so D learns to be fooled. D should not change in G's step.",
        "gan_step",
    ),
    whole_step(
        "cgan_generator_first",
        f"{G_PART}\n\n{D_PART}\n{RETURN}",
        "G steps before D. Let D step first, then let G step against the new D.",
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
        "You compute G's loss with D as it was before its step. Ask the new D about G's pictures.",
        "gan_step",
    ),
    whole_step(
        "one_loss_for_both",
        """    fake = G(sample_z(len(images), G.n_z, images.device), labels)
    logits_real, class_logits = D(images, labels)
    d_loss = discriminator_loss(logits_real, D(fake.detach(), labels)[0], class_logits, labels)
    g_loss = generator_loss(*D(fake, labels), labels)
    D_solver.zero_grad()
    G_solver.zero_grad()
    (d_loss + g_loss).backward()
    D_solver.step()
    G_solver.step()
    return d_loss.detach(), g_loss.detach()""",
        "You send both losses backward at once, so D's gradient includes that of G's loss. Let D step before G's loss "
        "goes backward.",
        "gan_step",
    ),
    mistake(
        "classes_of_fakes_for_discriminator",
        D_LOSS,
        "logits_fake, class_logits = D(fake, labels)\n"
        "    d_loss = discriminator_loss(logits_real, logits_fake, class_logits, labels)",
        "D's classifier learns from generated pictures. It should learn from the real ones.",
        "gan_step",
    ),
    mistake(
        "fakes_judged_by_other_conditions",
        D_LOSS,
        D_LOSS.replace("D(fake, labels)[0]", "D(fake, labels.roll(1, dims=0))[0]"),
        "In D's step D gets other conditions for the generated pictures than G did. They should be the same.",
        "gan_step",
    ),
    mistake(
        "reals_without_conditions",
        D_REAL,
        "logits_real, class_logits = D(images, torch.zeros_like(labels))",
        "D gets no condition for the real pictures. Give it their labels.",
        "gan_step",
    ),
    mistake(
        "generator_gets_other_conditions",
        G_FAKE,
        "fake = G(sample_z(len(images), G.n_z, images.device), labels.roll(1, dims=0))\n    g_loss",
        "In G's step G gets other conditions than D and the loss do. They should be the same.",
        "gan_step",
        "gan_step_rules",
    ),
    mistake(
        "generator_judged_by_other_conditions",
        G_LOSS,
        "g_loss = generator_loss(*D(fake, labels.roll(1, dims=0)), labels)",
        "In G's step D gets other conditions than the pictures were made for. They should be the same.",
        "gan_step",
        "gan_step_rules",
    ),
    mistake(
        "losses_swapped",
        LOSSES,
        "return g_loss.detach(), d_loss.detach()",
        "You return the losses in the wrong order. Return D's first, then G's.",
        "gan_step",
    ),
    mistake(
        "losses_with_graph",
        LOSSES,
        "return d_loss, g_loss",
        "The losses you return keep their graph, so a history of them holds the memory of every batch. Detach them.",
        "gan_step_rules",
    ),
    mistake(
        "losses_as_numbers",
        LOSSES,
        "return d_loss.item(), g_loss.item()",
        "You return the losses as floats. Return tensors without a graph: use detach() instead of item().",
        "gan_step",
        "gan_step_rules",
    ),
)

MISTAKES = (*SOLVER, *TRAINING)
