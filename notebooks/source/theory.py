# %% [markdown]
# # Part 6: theory
#
# This part covers the theory behind the other parts' models, in code and in words. You write short functions in
# `theory.py`, in an editor next to this notebook. A cell grades each function, and pictures show what some of them do.
# You answer the written questions in the cells below them, with a few sentences and equations each. A TA marks your
# answers by the rubric that you see.
#
# Numbers are float64, logarithms are natural, and timesteps count from 1, as in the papers.

# %% prelude="first_cells"
from grader.notebook import begin, grade, show, submit

# %load_ext autoreload
# %autoreload 2
setting = begin(part=6, minutes=1, profile=PROFILE)

# %% [markdown]
# ## 1. How far apart are two Gaussians?
#
# $$D_{\mathrm{KL}}(p \,\|\, q) = \mathbb{E}_{x \sim p}\left[\log p(x) - \log q(x)\right]$$
#
# For Gaussians with diagonal covariances the integral has a closed form (see VAE, appendix B, for the case $q =
# \mathcal{N}(0, I)$). It is part of a VAE's loss, and of every term of a diffusion model's bound.

# %%
show("theory.gaussian_kl")

# %%
grade("6.gaussian_kl", "6.kl_gradient")

# %%
import theory
import torch
from matplotlib import pyplot as plt

one, spread = torch.ones(1, dtype=torch.float64), torch.linspace(0.2, 3, 200, dtype=torch.float64)[:, None]
there = theory.gaussian_kl(0 * spread, spread**2, 0 * one, one)
back = theory.gaussian_kl(0 * one, one, 0 * spread, spread**2)
figure, axes = plt.subplots(figsize=(6, 3), layout="constrained")
axes.plot(spread, there, label="KL(N(0, s²) || N(0, 1))")
axes.plot(spread, back, "--", label="KL(N(0, 1) || N(0, s²))")
axes.set(xlabel="s", ylabel="nats", ylim=(0, 4))
axes.legend()
plt.show()

# %% [markdown]
# > **Think.** One direction punishes narrow approximations hard, the other punishes wide ones. Which one is in a VAE's
# > loss, and which one does maximum likelihood minimise?

# %% [markdown]
# ## 2. The evidence and its bound
#
# For one model you can compute everything: latents $z \sim \mathcal{N}(0, I)$, observations $x \mid z \sim
# \mathcal{N}(W z + b, s^2 I)$ (PRML, sec. 12.2). Then $x$ is Gaussian, and so is the posterior $p(z \mid x)$. A VAE
# has neither in closed form. It uses a lower bound of $\log p(x)$ instead, the *ELBO*, which holds for any $q(z)$ (VAE,
# eq. 3). Here you can plot both.

# %%
show("theory.log_evidence", "theory.true_posterior", "theory.elbo")

# %%
grade("6.log_evidence", "6.true_posterior", "6.elbo", "6.elbo_gradient")

# %%
W = torch.tensor([[1.0], [0.5]], dtype=torch.float64)
b, s2 = torch.zeros(2, dtype=torch.float64), torch.tensor(0.3, dtype=torch.float64)
x = torch.tensor([[1.0, 1.2]], dtype=torch.float64)
mean, covariance = theory.true_posterior(x, W, b, s2)
m = torch.linspace(-1, 3, 100, dtype=torch.float64)[:, None]
figure, axes = plt.subplots(figsize=(6, 3), layout="constrained")
for factor, style in ((1, "-"), (4, "--"), (0.25, ":")):
    bounds = theory.elbo(x.expand(100, 2), W, b, s2, m, factor * covariance)
    axes.plot(m, bounds, style, label=f"variance of q: {factor:g} times the posterior's")
axes.axhline(theory.log_evidence(x, W, b, s2).item(), color="black", linewidth=0.8, label="log p(x)")
axes.axvline(mean.item(), color="grey", linewidth=0.8)
axes.set(xlabel="mean of q", ylabel="lower bound of log p(x)", ylim=(-12, -1))
axes.legend()
plt.show()

# %% [markdown]
# The bound touches $\log p(x)$ for only one $q$. The grey line marks the mean of the true posterior.

# %% The loss of an autoencoder [markdown] question="6.autoencoder_loss" points=2
# An autoencoder maps an image $x \in [0, 1]^D$ to a code $z = f(x)$ and back to $\hat{x} = g(z)$.
#
# (a) For which distribution $p(x \mid z)$ is the squared error the negative log-likelihood, and for which is it the
# binary cross-entropy? For a grey pixel $x = 0.5$, what is the smallest value of each, and at which $\hat{x}$?
#
# (b) Suppose the code has at least as many dimensions as the image. What can the network learn then, why is that
# useless, and which two changes would prevent it?
#
# **Rubric**
#
# - 1 point: (a) both distributions, derived (0.5), and both minima (0.5)
# - 1 point: (b) what the network learns and why that is useless (0.5); two ways to prevent it (0.5)

# %% [markdown] answer="6.autoencoder_loss"
# (a) For $p(x \mid z) = \mathcal{N}(x; \hat{x}, \sigma^2 I)$ with fixed $\sigma$,
#
# $$-\log p(x \mid z) = \frac{1}{2 \sigma^2} \| x - \hat{x} \|^2 + \frac{D}{2} \log(2 \pi \sigma^2),$$
#
# which is the squared error, up to a factor and a constant. For independent Bernoulli pixels with
# $p(x_i = 1) = \hat{x}_i$,
# $-\log p(x \mid z) = -\sum_i \left( x_i \log \hat{x}_i + (1 - x_i) \log(1 - \hat{x}_i) \right)$, the binary
# cross-entropy. (It is a likelihood only for black and white pixels, but a sensible loss for grey ones too.)
#
# For $x = 0.5$ both are smallest at $\hat{x} = 0.5$: the derivative of the cross-entropy is
# $(\hat{x} - x) / (\hat{x} (1 - \hat{x}))$, which is zero exactly at $\hat{x} = x$. There the squared error is 0, and
# the cross-entropy is $\log 2 \approx 0.693$, the entropy of the pixel. So a loss above 0 need not mean an error.
#
# (b) It can learn $g \circ f = \mathrm{id}$, for instance by copying. The loss is then minimal for every input, even
# for noise, so the code says nothing about what images look like. Remedies: a code with fewer dimensions; a noisy input
# from which the network must restore the clean one (denoising autoencoder); a penalty on the code (sparsity) or on its
# derivative (contractive); noise in the code, with a prior that limits the code (VAE).

# %% VAE versus autoencoder [markdown] question="6.vae_versus_autoencoder" points=3
# (a) Write down the evidence lower bound (ELBO) of a VAE with encoder $q(z \mid x)$, decoder $p(x \mid z)$ and prior
# $p(z)$, and show by how much it lies below $\log p(x)$.
#
# (b) What does each of its terms encourage? Why can you decode $z \sim p(z)$ with a VAE, but not with an autoencoder?
#
# (c) Why do you need the reparameterisation trick, and why are a VAE's images blurrier than an autoencoder's?
#
# **Rubric**
#
# - 1 point: (a) the bound (0.5), and the gap, derived (0.5)
# - 1 point: (b) both terms (0.5), and why only a VAE can sample (0.5)
# - 1 point: (c) the trick and its reason (0.5), and the blur (0.5)

# %% [markdown] answer="6.vae_versus_autoencoder"
# (a) For every $z$, $\log p(x) = \log \frac{p(x \mid z)\, p(z)}{p(z \mid x)}$. Taking the expectation under
# $q(z \mid x)$, and adding and subtracting $\log q(z \mid x)$,
#
# $$\log p(x) = \underbrace{\mathbb{E}_q[\log p(x \mid z)] - \mathrm{KL}(q(z \mid x) \,\|\, p(z))}_{\text{ELBO}} +
# \mathrm{KL}(q(z \mid x) \,\|\, p(z \mid x)).$$
#
# The last term is the gap. It is at least 0, and it is 0 if and only if the encoder is the true posterior.
#
# (b) The first term encourages codes that restore $x$; alone it would make $q$ a point, as in an autoencoder. The
# second encourages every $q(z \mid x)$ to be close to $p(z)$, that is, to contain as little about $x$ as possible.
# Together they make the overlapping codes of all images fill the region where $p(z)$ has its mass. So the decoder has
# been trained almost everywhere that a draw from the prior can fall. An autoencoder puts its codes anywhere, with holes
# between them, and its decoder has never seen the holes.
#
# (c) Training needs the gradient of $\mathbb{E}_{q_\phi}[\cdot]$ with respect to $\phi$, but a drawn number has no
# derivative with respect to the parameters of its distribution. With
# $z = \mu_\phi(x) + \sigma_\phi(x) \odot \epsilon$, $\epsilon \sim \mathcal{N}(0, I)$, the randomness does not depend
# on $\phi$, and backpropagation goes through $\mu$ and $\sigma$ with low variance.
#
# The $q(z \mid x)$ of similar images overlap, so a code $z$ belongs to several images. With a Gaussian decoder the best
# $\hat{x}$ for it is their mean, and a mean of images with edges in slightly different places is blurred.

# %% [markdown]
# ## 3. The game of a GAN
#
# For a fixed generator we know the best discriminator (Goodfellow et al. 2014, eq. 2). With that discriminator, the
# value of the game is a divergence (theorem 1). Here $p$ and $q$ are probabilities of a few outcomes.

# %%
show("theory.optimal_discriminator", "theory.jensen_shannon", "theory.game_value")

# %%
grade("6.optimal_discriminator", "6.jensen_shannon", "6.game_value")

# %%
x = torch.linspace(-4, 8, 400, dtype=torch.float64)
p = torch.exp(-(x**2) / 2)
shifts = torch.linspace(0, 6, 100, dtype=torch.float64)
q = torch.exp(-((x - shifts[:, None]) ** 2) / 2)
p, q = (p / p.sum()).expand_as(q), q / q.sum(1, keepdim=True)
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3), layout="constrained")
left.plot(x, p[33] / p.max(), label="data p")
left.plot(x, q[33] / q.max(), "--", label="generator q, 2 to the right")
left.plot(x, theory.optimal_discriminator(p[33], q[33]), ":", color="black", label="best discriminator")
left.set(xlabel="x")
left.legend()
right.plot(shifts, theory.jensen_shannon(p, q), label="JSD(p || q)")
right.plot(shifts, shifts**2 / 2, "--", label="KL(p || q)")
right.axhline(torch.log(torch.tensor(2.0)), color="grey", linewidth=0.8, label="log 2")
right.set(xlabel="distance of the generator from the data", ylabel="nats", ylim=(0, 2))
right.legend()
plt.show()

# %% [markdown]
# > **Think.** Look at the right plot. What can a generator far from the data learn from JSD, and what from KL?

# %% The equilibrium of a GAN [markdown] question="6.gan_equilibrium" points=3
# Let $V(D, G) = \mathbb{E}_{x \sim p}[\log D(x)] + \mathbb{E}_{x \sim q}[\log(1 - D(x))]$, where $p$ is the
# distribution of the data and $q$ that of the generator's images.
#
# (a) Derive the best discriminator $D^*$ for a fixed generator.
#
# (b) Show that $V(D^*, G) = -\log 4 + 2\, \mathrm{JSD}(p \,\|\, q)$. What is the equilibrium?
#
# (c) In practice the generator minimises $-\log D(G(z))$ instead of $\log(1 - D(G(z)))$. Why? Compare the derivatives
# with respect to the discriminator's logit. Then give one reason why training may not reach the equilibrium of (b).
#
# **Rubric**
#
# - 1 point: (a) maximised point by point
# - 1 point: (b) the divergence, derived (0.5), and $q$, $D$ and $V$ at the equilibrium (0.5)
# - 1 point: (c) the two derivatives and what they mean (0.5), and a reason (0.5)

# %% [markdown] answer="6.gan_equilibrium"
# (a) $V = \int p(x) \log D(x) + q(x) \log(1 - D(x))\, dx$, and you can choose $D$ for each $x$ separately. For
# $a, b \ge 0$, not both zero, $a \log y + b \log(1 - y)$ is concave in $y$ with derivative $a / y - b / (1 - y)$,
# which vanishes at $y = a / (a + b)$. Hence $D^*(x) = \frac{p(x)}{p(x) + q(x)}$ wherever $p + q > 0$.
#
# (b) With $m = (p + q) / 2$,
#
# $$V(D^*, G) = \mathbb{E}_p\!\left[\log \frac{p}{2m}\right] + \mathbb{E}_q\!\left[\log \frac{q}{2m}\right]
# = -2 \log 2 + \mathrm{KL}(p \,\|\, m) + \mathrm{KL}(q \,\|\, m) = -\log 4 + 2\, \mathrm{JSD}(p \,\|\, q).$$
#
# The divergence is at least 0, and it is 0 only for $q = p$. So the best generator has $q = p$; then $D^* = 1/2$
# everywhere and $V = -\log 4$.
#
# (c) With $D = \sigma(a)$, the derivative of $\log(1 - D)$ with respect to the logit $a$ is $-D$, and that of $-\log D$
# is $-(1 - D)$. Early in training the discriminator recognises fakes, so $D \approx 0$: the first loss hardly moves the
# generator, but the second pulls with full strength. Both have the same fixed point.
#
# The argument optimises over functions and makes $D$ optimal after every step of $G$. In practice both are networks
# with limited capacity that take turns with gradient steps on a finite sample. Such steps may circle around the
# equilibrium instead of approaching it, as they do for $\min_x \max_y xy$. Also, if $p$ and $q$ lie on thin sets that
# do not meet, the divergence is $\log 2$ no matter how far apart they are, and gives no direction.

# %% CycleGAN: two games and a cycle [markdown] question="6.cyclegan" points=3
# CycleGAN learns $G: X \to Y$ and $F: Y \to X$ from unpaired images of two domains.
#
# (a) Write down its objective. Which two games does it contain, and who plays against whom?
#
# (b) Show that the two games alone do not tie the output to the input.
#
# (c) What does cycle consistency add, why in both directions, and what does it still not guarantee?
#
# **Rubric**
#
# - 1 point: (a) both adversarial terms with their players (0.5), and the cycle term with its norm (0.5)
# - 1 point: (b) a second solution with the same loss
# - 1 point: (c) what each direction adds (0.5), and a counterexample or failure that remains (0.5)

# %% [markdown] answer="6.cyclegan"
# (a) With discriminators $D_X$, $D_Y$ and a weight $\lambda$ (10 in the paper),
#
# $$\min_{G, F} \max_{D_X, D_Y}\; \mathcal{L}_{\text{GAN}}(G, D_Y) + \mathcal{L}_{\text{GAN}}(F, D_X) + \lambda \left(
# \mathbb{E}_x \| F(G(x)) - x \|_1 + \mathbb{E}_y \| G(F(y)) - y \|_1 \right),$$
#
# where $\mathcal{L}_{\text{GAN}}(G, D_Y) = \mathbb{E}_y[\log D_Y(y)] + \mathbb{E}_x[\log(1 - D_Y(G(x)))]$; the other
# game is the same with the domains exchanged. (The paper trains with squared errors instead of logarithms.) In one game
# $G$ plays against $D_Y$, in the other $F$ plays against $D_X$. They meet only in the cycle term, which $G$ and $F$
# minimise together.
#
# (b) A discriminator sees the distribution of outputs, never a pair. Let $\pi: Y \to Y$ be any map that leaves $p_Y$
# unchanged, for instance one that exchanges zebras with one another. Then $\pi \circ G$ has the same distribution of
# outputs as $G$, hence the same loss, but turns this horse into some other zebra in some other place.
#
# (c) $F(G(x)) = x$ means that $G$ may not throw away anything that $F$ needs to restore $x$. On the data $G$ must be
# invertible, with $F$ as its inverse, so it cannot send all horses to one zebra. This direction makes $G$ injective on
# $X$. It says nothing about images in $Y$ that $G$ never produces, which is why you need the other direction.
#
# It does not say *which* bijection. If $\pi$ is invertible and leaves $p_Y$ unchanged, then $\pi \circ G$ and
# $F \circ \pi^{-1}$ have the same losses as $G$ and $F$: they may consistently exchange left and right, or colours. The
# networks may also keep the information in ways that nobody sees: CycleGAN can hide the input in faint high frequencies
# of the output (Chu et al. 2017). Such solutions are rare because networks tend to change little, and because of the
# identity loss, if you use it.

# %% [markdown]
# ## 4. A step back in a diffusion
#
# If you know $x_0$, you know the way back: $q(x_{t-1} \mid x_t, x_0)$ is a Gaussian whose mean is a weighted sum of the
# two (DDPM, eq. 6 and 7),
#
# $$\tilde\mu_t = \frac{\sqrt{\bar\alpha_{t-1}}\, \beta_t}{1 - \bar\alpha_t}\, x_0 +
# \frac{\sqrt{\alpha_t}\, (1 - \bar\alpha_{t-1})}{1 - \bar\alpha_t}\, x_t, \qquad
# \tilde\beta_t = \frac{1 - \bar\alpha_{t-1}}{1 - \bar\alpha_t}\, \beta_t.$$

# %% [markdown] include="notation"

# %%
show("theory.posterior_mean_variance")

# %%
grade("6.posterior")

# %%
betas = torch.linspace(0.001, 0.2, 100, dtype=torch.float64)
t = torch.arange(1, 101)
zero, one = torch.zeros(100, 1, dtype=torch.float64), torch.ones(100, 1, dtype=torch.float64)
of_x_0, variance = theory.posterior_mean_variance(one, zero, t, betas)
of_x_t, _ = theory.posterior_mean_variance(zero, one, t, betas)
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3), layout="constrained")
left.plot(t, of_x_0, label="weight of x_0")
left.plot(t, of_x_t, "--", label="weight of x_t")
left.set(xlabel="t")
left.legend()
right.plot(t, variance / betas, label="variance of the posterior, as a share of beta_t")
right.set(xlabel="t", ylim=(0, 1.1))
right.legend()
plt.show()

# %% [markdown]
# > **Think.** The right plot compares DDPM's two choices of $\sigma_t^2$, $\beta_t$ and $\tilde\beta_t$. Where do they
# > differ?

# %% Review: denoising diffusion probabilistic models [markdown] question="6.review_ddpm" points=3
# Read Ho, Jain and Abbeel, *Denoising Diffusion Probabilistic Models* (NeurIPS 2020), and review it in 200 to 400
# words. Include a summary, strengths, weaknesses, and a question to the authors.
#
# **Rubric**
#
# - 1 point: a summary in your own words: problem, method, main results
# - 1 point: two strengths, each with evidence from the paper
# - 0.5 points: two weaknesses, each with a reason
# - 0.5 points: a question that the paper does not answer

# %% [markdown] answer="6.review_ddpm"
# *Summary.* Diffusion models were proposed in 2015, but did not make good images. The paper fixes the forward process,
# which adds Gaussian noise in $T = 1000$ steps until only noise is left. It learns the reversal as a chain of Gaussians
# with fixed variances. The variational bound is a sum of divergences between Gaussians. In terms of the noise, each of
# them becomes a weighted squared error of a network $\epsilon_\theta(x_t, t)$. The paper trains with this error, but
# without the weights. So training is denoising score matching at many noise levels, and sampling resembles annealed
# Langevin dynamics. On CIFAR-10 without labels the samples reach an FID of 3.17 and an inception score of 9.46. On LSUN
# scenes at 256 x 256 they are about as good as those of ProgressiveGAN.
#
# *Strengths.* First, the method is simple: one regression loss, without an opponent or a learned encoder, trains
# stably. Its FID was better than that of most models of its time, including conditional ones. Second, the paper
# examines its choices one by one: an ablation compares predicting the mean with predicting the noise, fixed with
# learned variances, and the bound with the simple loss. It shows that the combination matters.
#
# *Weaknesses.* One image takes a thousand passes through the network, one after another, which rules out interactive
# use. The likelihoods (at most 3.75 bits per dimension on CIFAR-10) are worse than those of other likelihood-based
# models, and the ablation only uses CIFAR-10.
#
# *Question.* The schedule of $\beta_t$ and the dropped weights both decide which noise levels the network focuses on.
# Would the simple loss still beat the bound if the schedule were tuned for each of the two?

# %% Review: latent diffusion models [markdown] question="6.review_latent_diffusion" points=3
# Read Rombach et al., *High-Resolution Image Synthesis with Latent Diffusion Models* (CVPR 2022), and review it in 200
# to 400 words. Include a summary, strengths, weaknesses, and a question to the authors.
#
# **Rubric**
#
# - 1 point: a summary in your own words: problem, method, main results
# - 1 point: two strengths, each with evidence from the paper
# - 0.5 points: two weaknesses, each with a reason
# - 0.5 points: a question that the paper does not answer

# %% [markdown] answer="6.review_latent_diffusion"
# *Summary.* Diffusion in pixels spends most of its computation on details that nobody perceives. The paper splits the
# work. An autoencoder shrinks images by a factor $f$ on each side. It is trained once, with a perceptual loss, a
# patch-based adversarial loss and a light regularisation (a small KL term or vector quantisation). A diffusion model
# then works in this space, which is still two-dimensional and suits a convolutional U-Net. Text, layouts or other
# inputs enter through cross-attention. Factors of 4 to 16 balance speed and fidelity best. The models set a new FID on
# CelebA-HQ at 256 x 256 (5.11), reach 3.60 on class-conditional ImageNet with guidance, and also do inpainting,
# super-resolution and text-to-image synthesis.
#
# *Strengths.* First, the cost: the paper compares $f$ from 1 (pixels) to 32 at equal training budgets. Mild compression
# trains several times faster *and* ends with a better FID, while too much compression loses information for good.
# Second, the method is general: cross-attention serves as the one mechanism for classes, text and layouts, and several
# tasks can share one autoencoder.
#
# *Weaknesses.* Sampling is still sequential and slower than with a GAN. Diffusion cannot bring back what the
# autoencoder loses. That limits tasks that need accurate single pixels, as the authors admit for super-resolution. The
# weight of the regularisation and the rescaling of the latents are set by hand, for a goal (good reconstructions) that
# differs from the goal of the second stage.
#
# *Question.* Which properties make a latent space easy to diffuse in? Two autoencoders with the same reconstruction
# error can lead to different FIDs. Is there a measure that predicts which one is better, before you train the diffusion
# model?

# %% GAN or DDPM [markdown] question="6.gan_or_ddpm" points=3
# Compare the GANs and DDPMs that you trained.
#
# (a) How do their objectives and the stability of their training differ, and what can you read from the losses?
#
# (b) How do samples differ in quality, variety and cost, and what does each model know about the likelihood of an
# image?
#
# (c) Which one would you use for a filter that repaints a video call at 30 frames per second, and which one to add
# images of rare classes to a training set? Give reasons.
#
# **Rubric**
#
# - 1 point: (a) both objectives (0.5), with what follows for stability and losses (0.5)
# - 1 point: (b) quality and variety (0.5), cost and likelihood (0.5)
# - 1 point: (c) both choices with reasons that follow from (a) and (b)

# %% [markdown] answer="6.gan_or_ddpm"
# (a) A GAN looks for a saddle point of a game between two networks; a DDPM minimises one squared error. A GAN can
# oscillate, collapse, or stall when one side wins. It depends on learning rates and architecture, and its losses
# measure the opponents against each other, not the images. A DDPM converges like any regression. A falling test loss
# means a better noise predictor, although samples of different quality can have the same loss.
#
# (b) A GAN pays for samples that look wrong, but not for images that it never draws. Its samples are sharp, but may
# cover only part of the data. A DDPM trains on every image at every noise level, and its bound on $\log p(x)$ is bad if
# it leaves out any image, so it covers more. Guidance then trades this variety for clearer samples. A GAN needs one
# pass of the network for an image. A DDPM needs up to $T$ passes, and twice that with guidance; DDIM or distillation
# cuts this to tens or fewer. A GAN offers no likelihood at all, a DDPM offers a lower bound.
#
# (c) *Video:* 33 ms per frame leave room for one pass, not for hundreds. The task is narrow, and missing variety does
# no harm. So use a GAN, or a diffusion model distilled into one or two steps. *Rare classes:* time matters little,
# because you make the images once. Variety is the purpose, and mode collapse would only repeat existing images. So use
# a DDPM with a moderate guidance weight. Train it on all classes, so that rare ones share what is common, and check its
# samples for copies of the few training images.

# %% [markdown]
# ## 5. Independence in a chain
#
# A random walk $x_i = y_1 + \dots + y_i$ is a Markov chain, like the forward process. All positions are correlated, but
# given its neighbours, each position is independent of the rest. The covariance does not show that; its inverse does.

# %%
show("theory.random_walk_covariance", "theory.random_walk_precision", "theory.conditionally_independent")

# %%
grade("6.random_walk_covariance", "6.random_walk_precision", "6.conditionally_independent")

# %%
covariance, precision = theory.random_walk_covariance(8, 1.0), theory.random_walk_precision(8, 1.0)
figure, panels = plt.subplots(1, 2, figsize=(7, 3), layout="constrained")
for panel, name, matrix in zip(panels, ("covariance", "precision"), (covariance, precision), strict=True):
    figure.colorbar(panel.matshow(matrix, cmap="RdBu", vmin=-matrix.abs().max(), vmax=matrix.abs().max()))
    panel.set_title(name)
plt.show()

# %% [markdown]
# ## 6. Reasoning in a network of causes
#
# The joint probability of a Bayesian network is a product of one factor for each variable, given its parents. You get
# every other probability by summing.

# %%
show("theory.joint_probability", "theory.query", "theory.markov_blanket")

# %%
grade("6.joint_probability", "6.query", "6.markov_blanket")

# %%
parents = {"rain": (), "sprinkler": ("rain",), "wet": ("rain", "sprinkler")}
tables = {
    "rain": {(): 0.2},
    "sprinkler": {(True,): 0.01, (False,): 0.4},
    "wet": {(True, True): 0.99, (True, False): 0.8, (False, True): 0.9, (False, False): 0.0},
}
for evidence in ({}, {"wet": True}, {"wet": True, "sprinkler": True}):
    print(f"P(rain | {evidence or 'nothing known'}) = {theory.query(parents, tables, {'rain': True}, evidence):.3f}")

# %% [markdown]
# > **Think.** Wet grass makes rain likely. If you then learn that the sprinkler was on, rain becomes unlikely again,
# > although sprinklers do not stop rain. Which structure in the graph causes this?

# %% [markdown]
# ## 7. Hand in
#
# Save this notebook first (Ctrl-S, or ⌘S), because your answers are read from its file. The cell checks your files. It
# writes two files next to your folder: `submission.zip`, and `written.pdf` with your answers from all notebooks.

# %%
submit()
