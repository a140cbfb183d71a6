# %% [markdown]
# # Part 6: theory
#
# What the models of the other parts rest on, by number and in words. You write `theory.py`, in an editor beside this
# notebook: short functions, each graded in its cell, and each drawn where a picture helps. The written questions you
# answer in the cells below them: a few sentences and equations each. A TA marks them by the rubric that you see.
#
# Numbers are float64, logarithms natural, and timesteps count from 1, as in the papers.

# %% prelude="first_cell"
from grader.inline import begin, grade, show, submit

# %load_ext autoreload
# %autoreload 2
setting = begin(part=6, minutes=1, profile=PROFILE)

# %% [markdown]
# ## 1. How far apart are two Gaussians?
#
# $$D_{\mathrm{KL}}(p \,\|\, q) = \mathbb{E}_{x \sim p}\left[\log p(x) - \log q(x)\right]$$
#
# For Gaussians with diagonal covariances the integral has a closed form (VAE, appendix B, has it for $q =
# \mathcal{N}(0, I)$). A VAE's loss holds it, and so does every term of a diffusion model's bound.

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
# > **Think.** One direction punishes a narrow approximation hard, the other a wide one. Which of the two is in a VAE's
# > loss, and which of them does maximum likelihood minimise?

# %% [markdown]
# ## 2. The evidence and its bound
#
# For one model everything can be computed: latents $z \sim \mathcal{N}(0, I)$, observations $x \mid z \sim
# \mathcal{N}(W z + b, s^2 I)$ (PRML, sec. 12.2). Then $x$ is Gaussian, and so is the posterior $p(z \mid x)$. A VAE
# has neither in closed form, and is content with a lower bound of $\log p(x)$ that holds for any $q(z)$ (VAE, eq. 3),
# the *ELBO*. Here both can be drawn.

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
# The bound touches $\log p(x)$ at one $q$ only: the grey line marks the mean of the true posterior.

# %% The loss of an autoencoder [markdown] question="6.autoencoder_loss" points=2
# An autoencoder maps an image $x \in [0, 1]^D$ to a code $z = f(x)$ and back to $\hat{x} = g(z)$.
#
# (a) Of which distribution $p(x \mid z)$ is the squared error the negative log-likelihood, and of which the binary
# cross-entropy? What is the smallest value of each for a grey pixel $x = 0.5$, and at which $\hat{x}$ is it reached?
#
# (b) Let the code have at least as many dimensions as the image. What can the network learn then, why is it of no use,
# and which two changes would prevent it?
#
# **Rubric**
#
# - 1 point: (a) both distributions, derived (0.5), and both minima (0.5)
# - 1 point: (b) what is learned and why it is of no use (0.5); two ways to prevent it (0.5)

# %% [markdown] answer="6.autoencoder_loss"
# (a) For $p(x \mid z) = \mathcal{N}(x; \hat{x}, \sigma^2 I)$ with fixed $\sigma$,
#
# $$-\log p(x \mid z) = \frac{1}{2 \sigma^2} \| x - \hat{x} \|^2 + \frac{D}{2} \log(2 \pi \sigma^2),$$
#
# which is the squared error up to a factor and a constant. For independent Bernoulli pixels with
# $p(x_i = 1) = \hat{x}_i$,
# $-\log p(x \mid z) = -\sum_i \left( x_i \log \hat{x}_i + (1 - x_i) \log(1 - \hat{x}_i) \right)$, the binary
# cross-entropy. (It is a likelihood for black and white pixels only; for grey ones it is still a sensible loss.)
#
# For $x = 0.5$ both are smallest at $\hat{x} = 0.5$: the derivative of the cross-entropy is
# $(\hat{x} - x) / (\hat{x} (1 - \hat{x}))$, zero exactly at $\hat{x} = x$. The squared error is 0 there, the
# cross-entropy $\log 2 \approx 0.693$, the entropy of the pixel: a loss above 0 need not be an error.
#
# (b) It can learn $g \circ f = \mathrm{id}$, for instance by copying. The loss is then minimal for every input, noise
# included, so the code tells nothing about what images are like. Remedies: a code with fewer dimensions; a noisy input
# whose clean version is to be restored (denoising autoencoder); a penalty on the code (sparsity) or on its derivative
# (contractive); noise in the code with a prior to keep it in bounds (VAE).

# %% VAE versus autoencoder [markdown] question="6.vae_versus_autoencoder" points=3
# (a) Write down the evidence lower bound (ELBO) of a VAE with encoder $q(z \mid x)$, decoder $p(x \mid z)$ and prior
# $p(z)$, and show by how much it lies below $\log p(x)$.
#
# (b) What does each of its terms want? Why can you decode $z \sim p(z)$ with a VAE, but not with an autoencoder?
#
# (c) What is the reparameterisation trick for, and why are a VAE's images blurrier than an autoencoder's?
#
# **Rubric**
#
# - 1 point: (a) the bound (0.5), and the gap, derived (0.5)
# - 1 point: (b) both terms (0.5), and the difference in sampling (0.5)
# - 1 point: (c) the trick and its reason (0.5), and the blur (0.5)

# %% [markdown] answer="6.vae_versus_autoencoder"
# (a) For every $z$, $\log p(x) = \log \frac{p(x \mid z)\, p(z)}{p(z \mid x)}$. Taking the expectation under
# $q(z \mid x)$, and adding and subtracting $\log q(z \mid x)$,
#
# $$\log p(x) = \underbrace{\mathbb{E}_q[\log p(x \mid z)] - \mathrm{KL}(q(z \mid x) \,\|\, p(z))}_{\text{ELBO}} +
# \mathrm{KL}(q(z \mid x) \,\|\, p(z \mid x)).$$
#
# The last term is the gap. It is at least 0, and 0 if and only if the encoder is the true posterior.
#
# (b) The first term wants the code to hold what restores $x$; alone it would make $q$ a point, as in an autoencoder.
# The second wants every $q(z \mid x)$ to be close to $p(z)$, that is, to hold as little about $x$ as possible.
# Together they make the codes of all images fill the region where $p(z)$ has its mass, overlapping, so that the
# decoder has been trained nearly everywhere that a draw from the prior can fall. An autoencoder puts its codes
# anywhere, with holes between them, and its decoder was never asked about the holes.
#
# (c) The gradient of $\mathbb{E}_{q_\phi}[\cdot]$ with respect to $\phi$ is needed, but a drawn number has no
# derivative with respect to the parameters of its distribution. With
# $z = \mu_\phi(x) + \sigma_\phi(x) \odot \epsilon$, $\epsilon \sim \mathcal{N}(0, I)$, the randomness does not depend
# on $\phi$, and backpropagation goes through $\mu$ and $\sigma$ with low variance.
#
# Because the $q(z \mid x)$ of similar images overlap, a code $z$ belongs to several of them. With a Gaussian decoder
# the best $\hat{x}$ for it is their mean, and a mean of images with edges in slightly different places is blurred.

# %% [markdown]
# ## 3. The game of a GAN
#
# For a fixed generator the best discriminator is known (Goodfellow et al. 2014, eq. 2), and with it the value of the
# game is a divergence (theorem 1). Here $p$ and $q$ are probabilities of a few outcomes.

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
# > **Think.** On the right, what does a generator learn from JSD when it is far from the data, and what from KL?

# %% The equilibrium of a GAN [markdown] question="6.gan_equilibrium" points=3
# Let $V(D, G) = \mathbb{E}_{x \sim p}[\log D(x)] + \mathbb{E}_{x \sim q}[\log(1 - D(x))]$, where $p$ is the
# distribution of the data and $q$ that of the generator's images.
#
# (a) Derive the best discriminator $D^*$ for a fixed generator.
#
# (b) Show that $V(D^*, G) = -\log 4 + 2\, \mathrm{JSD}(p \,\|\, q)$, and conclude what the equilibrium is.
#
# (c) Why does the generator in practice minimise $-\log D(G(z))$ instead of $\log(1 - D(G(z)))$? Compare the
# derivatives with respect to the discriminator's logit. Name one reason why training need not reach the equilibrium of
# (b).
#
# **Rubric**
#
# - 1 point: (a) maximised point by point
# - 1 point: (b) the divergence, derived (0.5), and $q$, $D$ and $V$ at the equilibrium (0.5)
# - 1 point: (c) the two derivatives and what they mean (0.5), and a reason (0.5)

# %% [markdown] answer="6.gan_equilibrium"
# (a) $V = \int p(x) \log D(x) + q(x) \log(1 - D(x))\, dx$, and $D$ may be chosen for each $x$ by itself. For
# $a, b \ge 0$, not both zero, $a \log y + b \log(1 - y)$ is concave in $y$ with derivative $a / y - b / (1 - y)$,
# which vanishes at $y = a / (a + b)$. Hence $D^*(x) = \frac{p(x)}{p(x) + q(x)}$ wherever $p + q > 0$.
#
# (b) With $m = (p + q) / 2$ put in,
#
# $$V(D^*, G) = \mathbb{E}_p\!\left[\log \frac{p}{2m}\right] + \mathbb{E}_q\!\left[\log \frac{q}{2m}\right]
# = -2 \log 2 + \mathrm{KL}(p \,\|\, m) + \mathrm{KL}(q \,\|\, m) = -\log 4 + 2\, \mathrm{JSD}(p \,\|\, q).$$
#
# The divergence is at least 0, and 0 only for $q = p$. So the generator's best is $q = p$, against which $D^* = 1/2$
# everywhere and $V = -\log 4$.
#
# (c) With $D = \sigma(a)$, the derivative of $\log(1 - D)$ with respect to the logit $a$ is $-D$, that of $-\log D$ is
# $-(1 - D)$. At the beginning the discriminator recognises fakes, $D \approx 0$: the first loss hardly moves the
# generator, while the second pulls with full strength. Both have the same fixed point.
#
# The argument optimises over functions and lets $D$ be optimal after every step of $G$. In practice both are networks
# with limited capacity that take turns with a gradient step on a finite sample; such steps may circle around the
# equilibrium instead of approaching it, as they do for $\min_x \max_y xy$. Also, if $p$ and $q$ lie on thin sets that
# do not meet, the divergence is $\log 2$ however far apart they are and gives no direction.

# %% CycleGAN: two games and a cycle [markdown] question="6.cyclegan" points=3
# CycleGAN learns $G: X \to Y$ and $F: Y \to X$ from images of two domains without pairs.
#
# (a) Write down its objective. Which two games are in it, and who plays against whom?
#
# (b) Show that the two games alone do not tie the output to the input.
#
# (c) What does cycle consistency add, why in both directions, and what does it still not guarantee?
#
# **Rubric**
#
# - 1 point: (a) both adversarial terms with their players (0.5), and the cycle term with its norm (0.5)
# - 1 point: (b) a second solution with the same loss
# - 1 point: (c) what is added, in both directions (0.5), and a counterexample or failure that remains (0.5)

# %% [markdown] answer="6.cyclegan"
# (a) With discriminators $D_X$, $D_Y$ and a weight $\lambda$ (10 in the paper),
#
# $$\min_{G, F} \max_{D_X, D_Y}\; \mathcal{L}_{\text{GAN}}(G, D_Y) + \mathcal{L}_{\text{GAN}}(F, D_X) + \lambda \left(
# \mathbb{E}_x \| F(G(x)) - x \|_1 + \mathbb{E}_y \| G(F(y)) - y \|_1 \right),$$
#
# where $\mathcal{L}_{\text{GAN}}(G, D_Y) = \mathbb{E}_y[\log D_Y(y)] + \mathbb{E}_x[\log(1 - D_Y(G(x)))]$ and the
# other likewise (the paper trains with squared errors in place of the logarithms). In one game $G$ plays against
# $D_Y$, in the other $F$ against $D_X$; they meet only in the cycle term, which $G$ and $F$ minimise together.
#
# (b) A discriminator sees the distribution of outputs, never a pair. Let $\pi: Y \to Y$ be any map that leaves $p_Y$
# unchanged, for instance one that exchanges zebras with one another. Then $\pi \circ G$ has the same distribution of
# outputs as $G$, hence the same loss, but turns this horse into some other zebra in some other place.
#
# (c) $F(G(x)) = x$ forbids $G$ to throw away what is needed to restore $x$: on the data $G$ must be invertible, with
# $F$ as its inverse, and sending all horses to one zebra is ruled out. The one direction makes $G$ injective on $X$;
# it says nothing of images in $Y$ that $G$ never produces, for which the other direction is needed.
#
# It does not say *which* bijection. If $\pi$ is invertible and leaves $p_Y$ unchanged, $\pi \circ G$ and
# $F \circ \pi^{-1}$ pass all losses as well as $G$ and $F$: left and right, or colours, may be exchanged consistently.
# And the information may be kept in ways that nobody sees: CycleGAN was found to hide the input in faint high
# frequencies of the output (Chu et al. 2017). That such solutions are rare is owed to the networks, which prefer to
# change little, and to the identity loss where it is used.

# %% [markdown]
# ## 4. A step back in a diffusion
#
# Given $x_0$, the way back is known: $q(x_{t-1} \mid x_t, x_0)$ is a Gaussian whose mean lies between the two (DDPM,
# eq. 6 and 7),
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
# > **Think.** Both choices of $\sigma_t^2$ in DDPM, $\beta_t$ and $\tilde\beta_t$, are on the right. Where do
# > they differ?

# %% Review: denoising diffusion probabilistic models [markdown] question="6.review_ddpm" points=3
# Read Ho, Jain and Abbeel, *Denoising Diffusion Probabilistic Models* (NeurIPS 2020), and review it in 200 to 400
# words: a summary, strengths, weaknesses, and a question to the authors.
#
# **Rubric**
#
# - 1 point: a summary in your own words: problem, method, main results
# - 1 point: two strengths, each with evidence from the paper
# - 0.5 points: two weaknesses, each with a reason
# - 0.5 points: a question that the paper does not answer

# %% [markdown] answer="6.review_ddpm"
# *Summary.* Diffusion models had been proposed in 2015, but had not made good images. The paper fixes the forward
# process, which adds Gaussian noise in $T = 1000$ steps until nothing else is left, and learns its reversal as a chain
# of Gaussians with fixed variances. The variational bound is a sum of divergences between Gaussians; written in terms
# of the noise, each becomes a weighted squared error of a network $\epsilon_\theta(x_t, t)$. Leaving out the weights
# gives the objective that is used. This shows training to be denoising score matching at many noise levels, and
# sampling to be like annealed Langevin dynamics. On CIFAR-10 without labels the samples reach an FID of 3.17 and an
# inception score of 9.46; on LSUN scenes at 256 x 256 they are about as good as those of ProgressiveGAN.
#
# *Strengths.* First, simplicity: one regression loss without an opponent or a learned encoder, which trains stably;
# the FID was better than that of most models of its time, conditional ones included. Second, the choices are taken
# apart: an ablation compares predicting the mean with predicting the noise, fixed with learned variances, and the
# bound with the simple loss, and shows that the combination matters.
#
# *Weaknesses.* An image costs a thousand passes through the network, one after the other, which rules out interactive
# use. Likelihoods (at most 3.75 bits per dimension on CIFAR-10) fall behind those of other likelihood-based models,
# and the ablation was done on CIFAR-10 alone.
#
# *Question.* The schedule of $\beta_t$ and the dropped weights both decide which noise levels the network attends to.
# Would the simple loss still win over the bound if the schedule were tuned for each of the two?

# %% Review: latent diffusion models [markdown] question="6.review_latent_diffusion" points=3
# Read Rombach et al., *High-Resolution Image Synthesis with Latent Diffusion Models* (CVPR 2022), and review it in 200
# to 400 words: a summary, strengths, weaknesses, and a question to the authors.
#
# **Rubric**
#
# - 1 point: a summary in your own words: problem, method, main results
# - 1 point: two strengths, each with evidence from the paper
# - 0.5 points: two weaknesses, each with a reason
# - 0.5 points: a question that the paper does not answer

# %% [markdown] answer="6.review_latent_diffusion"
# *Summary.* Diffusion in pixels spends most of its computation on details that nobody perceives. The paper splits the
# work. An autoencoder, trained once with a perceptual and a patch-based adversarial loss and a light regularisation (a
# small KL term or vector quantisation), shrinks images by a factor $f$ on each side. A diffusion model then works in
# this space, which is still two-dimensional and suits a convolutional U-Net. Text, layouts or other inputs enter by
# cross-attention. Factors of 4 to 16 balance speed and fidelity best. The models set a new FID on CelebA-HQ at 256 x
# 256 (5.11), reach 3.60 on class-conditional ImageNet with guidance, and do inpainting, super-resolution and
# text-to-image synthesis.
#
# *Strengths.* First, the cost: by comparing $f$ from 1 (pixels) to 32 at equal training budgets, the paper shows that
# mild compression trains several times faster *and* ends with a better FID, and that too much of it loses information
# for good. Second, generality: one mechanism for conditions, cross-attention, serves classes, text and layouts, and
# one autoencoder can be reused for several tasks.
#
# *Weaknesses.* Sampling is still sequential and slower than a GAN's. What the autoencoder loses no diffusion brings
# back, which limits tasks that need accuracy in single pixels, as the authors admit for super-resolution; and the
# weight of its regularisation and the rescaling of its latents are set by hand, for a goal (the quality of
# reconstructions) that is not that of the second stage.
#
# *Question.* Which properties make a latent space easy to diffuse in? Two autoencoders with the same error of
# reconstruction can lead to different FIDs; is there a measure, computed before the diffusion model is trained, that
# predicts which is better?

# %% GAN or DDPM [markdown] question="6.gan_or_ddpm" points=3
# Compare GANs and DDPMs as you have trained them.
#
# (a) How do objective and stability of training differ, and what can be read from the losses?
#
# (b) How do samples differ in quality, variety and cost, and what does each model know about the likelihood of an
# image?
#
# (c) Which would you take for a filter that repaints a video call at 30 frames a second, and which to add images of
# rare classes to a training set? Give reasons.
#
# **Rubric**
#
# - 1 point: (a) both objectives (0.5), with what follows for stability and losses (0.5)
# - 1 point: (b) quality and variety (0.5), cost and likelihood (0.5)
# - 1 point: (c) both choices with reasons that follow from (a) and (b)

# %% [markdown] answer="6.gan_or_ddpm"
# (a) A GAN looks for a saddle point of two networks' game; a DDPM minimises one squared error. The first can
# oscillate, collapse or stall when one side wins, depends on learning rates and architecture, and its losses measure
# the opponents against each other, not the images. The second converges like any regression, and a falling test loss
# means a better noise predictor, although equal losses can still belong to samples of different quality.
#
# (b) A GAN is punished for samples that look wrong, not for images that it never draws: its samples are sharp, but may
# cover the data in part only. A DDPM is trained on every image at every noise level and has a bound on $\log p(x)$
# that is bad if any of them is left out, so it covers more; guidance then trades this variety for clearer samples. A
# GAN needs one pass of the network for an image, a DDPM up to $T$ of them, twice that with guidance; DDIM or
# distillation cuts this to tens or fewer. A GAN offers no likelihood at all, a DDPM a lower bound.
#
# (c) *Video:* 33 ms for a frame leave room for one pass, not for hundreds; the task is narrow and missing variety does
# no harm. A GAN, or a diffusion model distilled into one or two steps. *Rare classes:* time matters little, since
# images are made once. Variety is the purpose, and mode collapse would repeat what is there already. A DDPM with a
# moderate guidance weight, trained on all classes so that the rare ones share what is common, and checked for copies
# of its few training images.

# %% [markdown]
# ## 5. Independence in a chain
#
# A random walk $x_i = y_1 + \dots + y_i$ is a Markov chain, as the forward process is. All positions are correlated,
# and yet each depends on its neighbours only, given those. A covariance does not show that; its inverse does.

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
# The joint probability of a Bayesian network is a product of one factor for each variable, given its parents. Whatever
# else is asked follows by summing.

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
# > **Think.** That the grass is wet makes rain likely; that the sprinkler was on makes it unlikely again, although
# > sprinklers do not stop the rain. Which structure of the graph does this?

# %% [markdown]
# ## 7. Hand in
#
# Save this notebook first (Ctrl-S, or ⌘S), for your answers are read from its file. The cell checks your files and
# writes `submission.zip` and the written answers of all notebooks, `written.pdf`, beside your folder.

# %%
submit()
