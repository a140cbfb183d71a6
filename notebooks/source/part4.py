# %% [markdown]
# # Part 4: DDPM, DDIM, VAE and latent DDPM on FashionMNIST
#
# Four models draw the same ten kinds of garments, and each builds on the one before. A *diffusion model* learns to
# undo noise. *DDIM* takes the same way back in fewer steps. A *variational autoencoder* draws in a single step. A
# *latent diffusion model* diffuses in the autoencoder's small space.
#
# You write `models.py` and `assignment.py` in an editor next to this notebook. Each section gives you an idea, a stub,
# a cell that grades only that stub, and a picture of what your code does. When you save a file, the cells use the new
# version, without a restart. 80% of each model's points are for the images that its checkpoint generates.

# %% prelude="first_cells"
from grader.notebook import begin, grade, show, submit

# %load_ext autoreload
# %autoreload 2
setting = begin(part=4, minutes={"tiny": 1, "full": 20}, profile=PROFILE)

# %% [markdown] include="notation"

# %% [markdown]
# ## 1. The images
#
# The images have 28x28 pixels with values in $[-1, 1]$. They are padded to 32x32, so that the network can halve them. A
# model only gets the image $x_0$ and its label $c$.

# %%
import plots
import torch

dataset = setting.images("fashion_mnist")
images, labels = dataset.tensors
first = [int((labels == c).nonzero()[0]) for c in range(10)]  # one of each class
plots.sample_grid(images[first], columns=10, titles=range(10))

# %% [markdown]
# ## 2. The schedule
#
# The forward process adds a little Gaussian noise $T$ times (DDPM, eq. 2):
#
# $$q(x_t \mid x_{t-1}) = \mathcal{N}\left(x_t;\ \sqrt{1 - \beta_t}\, x_{t-1},\ \beta_t I\right).$$
#
# The variances $\beta_t$ are not learned. With $\alpha_t = 1 - \beta_t$, the share of the image that is left after all
# steps up to $t$ is $\bar\alpha_t = \prod_{s \le t} \alpha_s$. Everything below uses it.

# %%
show("models.VarianceScheduler.__init__")

# %%
grade("4.schedule", "4.schedule_quadratic", "4.schedule_refusal")

# %%
import models

plots.schedule(
    {
        "linear": models.VarianceScheduler(),
        "quadratic": models.VarianceScheduler(interpolation="quadratic"),
    }
)

# %% [markdown]
# > **Think.** Which schedule spends more of its steps on images that are nearly clean, and why might that help?
# > Sampling begins with pure noise: where in the plots do you see whether a schedule ends there? (*Think* questions
# > earn no points.)

# %% [markdown]
# ## 3. The forward process
#
# A sum of Gaussians is Gaussian, so you need not go step by step: you get $x_t$ from $x_0$ at once (DDPM, eq. 4),
#
# $$q(x_t \mid x_0) = \mathcal{N}\left(x_t;\ \sqrt{\bar\alpha_t}\, x_0,\ (1 - \bar\alpha_t) I\right).$$
#
# Training needs this for batches whose items have different $t$, so watch the shapes.

# %%
show("models.VarianceScheduler.add_noise")

# %%
grade("4.add_noise", "4.noise")

# %%
scheduler = models.VarianceScheduler()


def noised(t):
    return scheduler.add_noise(images[:4], torch.full((4,), t))[0]


plots.noising_strip(images[:4], noised, [0, 50, 100, 200, 350, 500, 700, 999])

# %% [markdown]
# > **Think.** From which $t$ on can *you* no longer see the class? A network that gets the class as an input still has
# > something to use there.

# %% [markdown]
# ## 4. The network
#
# One network $\epsilon_\theta(x_t, t, c)$ handles all timesteps, so you must tell it which one it gets. A number
# between 0 and 999 is a poor input; sines and cosines of it at many frequencies work well (Vaswani et al. 2017, sec.
# 3.5). Slow frequencies tell early timesteps from late ones, and fast frequencies tell neighbours apart.

# %%
show("models.SinusoidalPositionEmbeddings")

# %%
grade("4.embedding")

# %%
from matplotlib import pyplot as plt

embedding = models.SinusoidalPositionEmbeddings(64)(torch.arange(200))  # one row for each t
figure, axes = plt.subplots(figsize=(9, 3), layout="constrained")
figure.colorbar(axes.matshow(embedding.T, cmap="RdBu", aspect="auto"))
axes.set(xlabel="timestep t", ylabel="element of its embedding")
plt.show()

# %% [markdown]
# The rest is a U-Net (Ronneberger et al. 2015). It goes down to see the whole image and up to draw the details, and
# skips carry the details across. You choose the architecture, but it must use the image, the timestep and the label.

# %%
show("models.UNet")

# %%
grade("4.unet")

# %% [markdown]
# ## 5. The loss
#
# Training is a regression: add noise to an image, and ask the network which noise it was (DDPM, eq. 14 and algorithm
# 1),
#
# $$L_{\text{simple}} = \mathbb{E}_{t, x_0, \epsilon}\left[\left\| \epsilon -
# \epsilon_\theta\left(\sqrt{\bar\alpha_t}\, x_0 + \sqrt{1 - \bar\alpha_t}\, \epsilon,\ t,\ c\right)
# \right\|^2\right].$$

# %%
show("models.DDPM.forward")

# %%
grade("4.ddpm_loss", "4.ddpm_gradient", "4.ddpm_training")


# %%
def small_ddpm():
    """A small network for the profile tiny."""
    network = models.UNet(in_channels=1, down_channels=(16, 32), up_channels=(32, 16), num_classes=10)
    return models.DDPM(network, models.VarianceScheduler(0.001, 0.2, num_steps=50))


torch.manual_seed(0)
probe = small_ddpm()
probe(images[:8], labels[:8]).backward()
plots.gradient_norms(probe.network)

# %% [markdown]
# Every layer should have a gradient, and none should be thousands of times smaller than its neighbours'. A layer
# without a gradient is not connected. If the first layers have far smaller gradients than the last, a skip or a
# normalisation is probably missing.

# %% [markdown]
# ## 6. Training
#
# `prepare_ddpm` builds the model that you train here. The grader later loads its weights from `checkpoints/DDPM.pt`.
# Choose the widths, the number of steps $T$ and the schedule. (The profile tiny trains the small network instead.)

# %%
show("assignment.prepare_ddpm")

# %%
grade("4.prepare_ddpm")

# %%
import assignment
import trainers

torch.manual_seed(0)
ddpm = setting.choose(tiny=small_ddpm, full=assignment.prepare_ddpm)()
config = trainers.TrainConfig(epochs=setting.choose(tiny=4, full=12), batch_size=setting.choose(tiny=32, full=128))
losses = setting.trained("DDPM.pt", lambda path: trainers.train(ddpm, dataset, path, config, setting.device))
ddpm = trainers.load_weights(ddpm, setting.folder / "DDPM.pt").to(setting.device).eval()
if losses:
    display(plots.losses({"DDPM": losses}, xlabel="epoch", reference={"predicts no noise at all": 1.0}))

# %% [markdown]
# > **Think.** The loss falls quickly, then hardly at all, but the samples keep improving for many epochs. At which
# > timesteps is the noise easy to predict, and how much do they contribute to the mean loss?

# %% [markdown]
# ## 7. The way back
#
# A reverse step removes part of the estimated noise and adds a little fresh noise (DDPM, eq. 11 and algorithm 2):
#
# $$x_{t-1} = \frac{1}{\sqrt{\alpha_t}} \left( x_t - \frac{\beta_t}{\sqrt{1 - \bar\alpha_t}}\, \epsilon_\theta(x_t, t,
# c) \right) + \sigma_t z, \qquad z \sim \mathcal{N}(0, I).$$

# %%
show("models.DDPM.recover_sample")

# %%
grade("4.ddpm_step")

# %% [markdown]
# Sampling repeats this step from $x_{T-1} \sim \mathcal{N}(0, I)$ down to $x_0$, for all images at once.

# %%
show("models.labels_of_samples", "models.DDPM.generate_sample", "models.DDPM.denoise")

# %%
grade("4.ddpm_sample", "4.ddpm_sampling_rules", "4.device")


# %%
def samples_of(model, count, seed=0, network=None):
    """Generate images of each class in turn. Also return what the network saw: {t: (x_t, noise)} of the first 6."""
    torch.manual_seed(seed)
    seen = {}

    def look(network, given, noise):
        seen.setdefault(int(given[1].flatten()[0]), (given[0][:6].float().cpu(), noise[:6].float().cpu()))

    hook = network.register_forward_hook(look) if network else None
    with torch.no_grad(), trainers.autocast(setting.device):
        device = torch.device(setting.device)
        found = model.generate_sample(count, device=device, labels=torch.arange(count, device=device) % 10)
    if hook:
        hook.remove()
    return found.float().cpu(), seen


ddpm.guidance_weight = 0.0
_, seen = samples_of(ddpm, 6, network=ddpm.network)
chosen = list(seen)[:: max(1, len(seen) // 7)]
plots.denoising_strip([seen[t][0] for t in chosen], chosen)

# %% [markdown]
# ### Optional: the same with points in the plane
#
# In half a minute you see whether schedule, loss and sampler work together. This cell runs your code on two moons,
# without a U-Net. After section 9, try `"--sampler", "ddim"` too.

# %%
import warm_up
from IPython.display import Image

warm_up.main(["--part", "4", *setting.choose(tiny=["--iterations", "60", "--num-samples", "200"], full=[])])
Image(filename=warm_up.OUTPUTS / "part4_ddpm_moons_w0.gif")

# %% [markdown]
# ## 8. Guidance
#
# A network that is trained with and without the label knows in which direction the label pulls. Classifier-free
# guidance goes further in that direction (CFG, eq. 6). The given function `guided_noise` computes it:
#
# $$\tilde\epsilon = (1 + w)\, \epsilon_\theta(x_t, t, c) - w\, \epsilon_\theta(x_t, t, \varnothing).$$

# %%
rows = {}
for w in setting.choose(tiny=(0, 2), full=(0, 0.5, 1, 2, 5)):
    ddpm.guidance_weight = w
    rows[w], _ = samples_of(ddpm, 10)  # from the same noise
plots.guidance_sweep(rows)

# %% [markdown]
# > **Think.** Follow one column from top to bottom. What becomes clearer, and what gets lost? If you train without
# > dropping labels, what does the null label mean to your network?

# %%
from classifier import classify, load_classifier

ddpm.guidance_weight = 2.0
found, _ = samples_of(ddpm, setting.choose(tiny=20, full=200))
if setting.profile == "full":
    recognised = classify(load_classifier(), found) == torch.arange(len(found)) % 10
    print(f"recognised: {recognised.double().mean():.0%} of {len(found)}; points begin at 75%")
plots.sample_grid(found[:20], columns=10, titles=range(10))

# %% [markdown]
# Stop here for a while: most of this part's points come from these images. To improve them, go through the pictures
# above again, from the first to the last.

# %% A reader's guide to your DDPM [markdown] question="4.ddpm_soundness" points=1.5
# Guide a reader through your DDPM in a few sentences. Say what you chose (network, schedule, number of steps, guidance
# or none), why, and what you tried without success.
#
# **Rubric**
#
# - 0.5 points: the text gives reasons for the choices, and the code does what the text says
# - 0.5 points: whole batches everywhere, on any device: no loops over samples, no `.cuda()`, no copies back and forth
# - 0.5 points: names, comments and structure help; no dead code, no prints; changes outside the `TODO`s have a reason

# %% [markdown] answer="4.ddpm_soundness"
# *Network.* A U-Net that first folds 2x2 pixels into channels. That loses nothing and makes every layer four times
# cheaper, so that 12 epochs take less than an hour on one CPU core. We embed time and label and add them; the sum
# reaches every residual block. The label has an 11th value, the null label.
#
# *Schedule.* 100 steps with ten times the default variances. $\bar\alpha_{99} = 2 \cdot 10^{-5}$ is as close to 0 as
# with 1000 default steps, and sampling costs a tenth.
#
# *Guidance.* Training drops labels with probability 0.1, and sampling uses $w = 2$; both predictions of a step run in
# one batch. The points do not depend on it: `benchmarks/part4_accuracy.py` measures samples without guidance.

# %% [markdown]
# ## 9. DDIM: the same network, fewer steps
#
# Many chains share DDPM's marginals $q(x_t \mid x_0)$, so they can share the trained network too. One of them adds no
# noise at all (DDIM, eq. 12 with $\sigma_t = 0$, in our notation):
#
# $$x_{t'} = \sqrt{\bar\alpha_{t'}}\ \hat{x}_0 + \sqrt{1 - \bar\alpha_{t'}}\ \epsilon_\theta(x_t, t, c), \qquad
# \hat{x}_0 = \frac{x_t - \sqrt{1 - \bar\alpha_t}\, \epsilon_\theta(x_t, t, c)}{\sqrt{\bar\alpha_t}}.$$
#
# In words: guess the image, then add the noise that you just estimated again. $t'$ need not be $t - 1$, so you can skip
# steps.

# %%
show("models.DDIM.recover_sample")

# %%
grade("4.ddim_step", "4.ddim_sample", "4.ddim_loss", "4.ddim_sampling_rules", "4.ddim_device")

# %%
show("assignment.prepare_ddim")

# %%
grade("4.prepare_ddim")

# %%
stride = setting.choose(tiny=5, full=4)
ddim = models.DDIM(ddpm.network, ddpm.var_scheduler, guidance_weight=0.0, stride=stride).eval()
_, seen = samples_of(ddim, 6, network=ddim.network)
at_once = models.DDIM(ddim.network, ddim.var_scheduler, stride=len(ddim.var_scheduler.betas))  # straight to x_0
chosen = list(seen)[:: max(1, len(seen) // 8)]
x_ts = [seen[t][0] for t in chosen]
x_0s = [at_once.recover_sample(*seen[t], torch.full((len(seen[t][0]),), t)) for t in chosen]
plots.x0_trajectory(x_ts, x_0s, chosen)

# %% [markdown]
# The upper row shows the images that DDIM goes through, the lower row its guesses of the final image. The first
# guesses are blurred, because each is a mean of all images that would fit.
#
# > **Think.** The estimate is blurred at large $t$, but the final image is sharp. Where do the details come from, if
# > not from fresh noise?

# %%
import time

ddpm.guidance_weight = ddim.guidance_weight = 2.0
for name, model in {"DDPM": ddpm, f"DDIM, every {stride}th step": ddim}.items():
    start = time.perf_counter()
    found, _ = samples_of(model, 10)
    print(f"{name}: {time.perf_counter() - start:.1f} s for 10 images")
    display(plots.sample_grid(found, columns=10))

# %% [markdown]
# Both models share their weights, so `DDIM.pt` is a copy of `DDPM.pt`. This works as long as `prepare_ddim` builds the
# same network.

# %%
import shutil

shutil.copy(setting.folder / "DDPM.pt", setting.folder / "DDIM.pt")

# %% A reader's guide to your DDIM [markdown] question="4.ddim_soundness" points=1.5
# Do the same for your DDIM. Say which timesteps it visits, what happens at the last one, and how much accuracy fewer
# steps cost.
#
# **Rubric**
#
# - 0.5 points: the text gives reasons for the timesteps, and the code does what the text says
# - 0.5 points: whole batches everywhere, on any device; the code uses DDPM's functions instead of copying them
# - 0.5 points: names, comments and structure help; no dead code, no prints; changes outside the `TODO`s have a reason

# %% [markdown] answer="4.ddim_soundness"
# DDIM trains like DDPM, so it uses the same network, scheduler and weights; only the reverse step is new. It visits
# every fourth timestep from $T - 1$ down, 25 of 100, and uses the noise that it just predicted instead of fresh noise.
# If $t - 4 < 0$ the step ends at $x_0$ itself: $\bar\alpha$ is 1 there, not $\bar\alpha_0$. The table of
# `benchmarks/part4_accuracy.py` shows the accuracy of other strides.

# %% [markdown]
# ## 10. VAE: one step from noise to image
#
# A variational autoencoder has a decoder $p_\theta(x \mid z, c)$ that turns noise $z \sim \mathcal{N}(0, I)$ into an
# image in one step. For training, an encoder $q_\phi(z \mid x, c) = \mathcal{N}(\mu, \operatorname{diag} \sigma^2)$
# guesses the $z$ of an image. Both maximise a lower bound of the likelihood (VAE, eq. 3):
#
# $$\log p_\theta(x \mid c) \ge \mathbb{E}_{q_\phi(z \mid x, c)}\left[\log p_\theta(x \mid z, c)\right] -
# D_{\mathrm{KL}}\left(q_\phi(z \mid x, c) \,\|\, p(z)\right).$$
#
# The first term asks for a good reconstruction. The second asks the latents of all images to fill the prior.

# %%
show("models.VAE.__init__", "models.VAE.encode", "models.VAE.forward")

# %%
grade("4.vae")

# %% [markdown]
# You estimate the expectation with a single draw. A draw has no derivative with respect to the parameters of its
# distribution, but $z = \mu + \sigma \odot \epsilon$ with $\epsilon \sim \mathcal{N}(0, I)$ has one (VAE, sec. 2.4).

# %%
show("models.VAE.reparameterize", "models.VAE.decode")

# %%
grade("4.vae_reparameterize", "4.vae_decode")

# %% [markdown]
# There are two losses. The reconstruction loss is a sum over an image's pixels. The divergence of two Gaussians has a
# closed form (VAE, appendix B), which is a sum over the latents:
#
# $$-D_{\mathrm{KL}} = \frac{1}{2} \sum_j \left( 1 + \log \sigma_j^2 - \mu_j^2 - \sigma_j^2 \right).$$
#
# Both are sums, in nats. With a mean in one and a sum in the other, their balance would change by a factor of a
# thousand.

# %%
show("models.VAE.reconstruction_loss", "models.VAE.kl_loss")

# %%
grade("4.vae_reconstruction", "4.vae_kl")

# %%
show("models.VAE.generate_sample", "assignment.prepare_vae")

# %%
grade("4.vae_sample", "4.vae_device", "4.prepare_vae")

# %%
import train_latent

torch.manual_seed(0)
vae = assignment.prepare_vae()
config = trainers.TrainConfig(epochs=setting.choose(tiny=4, full=24), batch_size=setting.choose(tiny=32, full=128))
losses = setting.trained("VAE.pt", lambda path: train_latent.train_vae(vae, dataset, path, config, setting.device))
vae = trainers.load_weights(vae, setting.folder / "VAE.pt").to(setting.device).eval()
if losses:
    display(plots.losses({"VAE: reconstruction and divergence, nats": losses}, xlabel="epoch"))

# %%
batch, classes = images[:10].to(setting.device), labels[:10].to(setting.device)
with torch.no_grad():
    restored, mean, _ = vae(batch, classes)
plots.sample_grid(torch.cat([batch, restored]), columns=10)

# %% [markdown]
# The upper rows are images, and the lower rows their reconstructions from the latents. The next cell walks in a
# straight line from the latents of one image to those of another, and decodes each step. If the latents fill the space,
# you see a garment at every point of the line.

# %%
steps = torch.linspace(0, 1, 9, device=setting.device).view(-1, *[1] * (mean.dim() - 1))
with torch.no_grad():
    walks = [vae.decode((1 - steps) * mean[i] + steps * mean[i + 1], classes[i].expand(9)) for i in (0, 2, 4)]
plots.latent_walk(torch.stack(walks).float())

# %% [markdown]
# > **Think.** The decoder gets the class of the first image along the whole line. What do the latents encode, if not
# > the class?

# %%
found, _ = samples_of(vae, 20)
plots.sample_grid(found, columns=10, titles=range(10))

# %% A reader's guide to your VAE [markdown] question="4.vae_soundness" points=1.5
# Do the same for your VAE. Describe the latents, both losses and their weights, and how the label reaches the decoder.
#
# **Rubric**
#
# - 0.5 points: the text gives reasons for latents, losses and weight, and the code does what the text says
# - 0.5 points: whole batches everywhere, on any device; the code reuses encoder and decoder, without copies
# - 0.5 points: names, comments and structure help; no dead code, no prints; changes outside the `TODO`s have a reason

# %% [markdown] answer="4.vae_soundness"
# *Latents.* One vector of 16 numbers for each image. Encoder and decoder take the whole image as one patch, which makes
# them multilayer perceptrons. On centred garments they learn as well as convolutions, and several times faster.
#
# *Losses.* Absolute errors, summed over the image. Where garments of a class differ, the best guess under squared
# errors is their mean, which is a blur and not a garment. Under absolute errors it is the median of each pixel, which
# is sharper. The divergence weighs 8 times as much as in the bound for a Laplace distribution of scale 1. This leaves
# few nats for the latents, so draws from the prior look like what the decoder saw in training, but there is less
# variety.
#
# *Label.* Its embedding is added in every residual block of encoder and decoder, so the encoder need not spend latents
# on the class. Sandals, whose straps are in different places in every image, and shirts still fail.

# %% [markdown]
# ## 11. Bonus: latent diffusion
#
# A DDPM spends most of its work on pixels that nobody looks at. A latent diffusion model (LDM, sec. 3) leaves them to a
# VAE: it diffuses a few small maps, $z_0 = \mathcal{E}(x)$, and decodes once at the end,
#
# $$L_{\text{LDM}} = \mathbb{E}_{t, \mathcal{E}(x), \epsilon}\left[\left\| \epsilon - \epsilon_\theta(z_t, t, c)
# \right\|^2\right].$$
#
# The VAE is frozen. Its latents are scaled to unit variance, because that is what the schedule expects.

# %%
show("models.LDDPM.forward", "models.LDDPM.generate_sample", "assignment.prepare_lddpm")

# %%
grade("4.lddpm_loss", "4.lddpm_frozen", "4.lddpm_sample", "4.lddpm_sampling_rules", "4.lddpm_device", "4.prepare_lddpm")


# %%
def small_lddpm():
    """A small network for the profile tiny."""
    network = models.UNet(in_channels=4, down_channels=(16, 32), up_channels=(32, 16), num_classes=10)
    vae = models.VAE(mid_channels=(16, 32), latent_dim=4, patch=2, kl_weight=0.01)
    return models.LDDPM(network, vae, models.VarianceScheduler(0.001, 0.2, num_steps=50), guidance_weight=1.5)


torch.manual_seed(0)
lddpm = setting.choose(tiny=small_lddpm, full=assignment.prepare_lddpm)()
config = trainers.TrainConfig(epochs=setting.choose(tiny=2, full=12), batch_size=setting.choose(tiny=32, full=128))
losses = setting.trained(
    "LDDPM.pt", lambda path: train_latent.train_lddpm(lddpm, dataset, path, config, setting.device)
)
lddpm = trainers.load_weights(lddpm, setting.folder / "LDDPM.pt").to(setting.device).eval()
found, _ = samples_of(lddpm, 20)
plots.sample_grid(found, columns=10, titles=range(10))

# %% A reader's guide to your latent DDPM [markdown] question="4.lddpm_soundness" points=1.5 bonus=true
# Do the same for your latent DDPM. Describe the size and scale of the latents, what is frozen, and how it compares with
# a DDPM on pixels in time and quality.
#
# **Rubric**
#
# - 0.5 points: the text gives reasons for size and scale of the latents, and training and sampling agree on them
# - 0.5 points: whole batches everywhere, on any device; the code uses the functions of VAE and DDPM, without copies
# - 0.5 points: names, comments and structure help; no dead code, no prints; changes outside the `TODO`s have a reason

# %% [markdown] answer="4.lddpm_soundness"
# *Latents.* Maps of 4 x 8 x 8, a quarter as many numbers as pixels, from a VAE with two levels whose divergence weighs
# 0.01. That VAE hardly has to generate; it only has to keep the latents in a ball. Training and sampling share one
# number, `latent_std`, which is the standard deviation of the latents of 2,000 images. Latents are divided by it before
# they are diffused and multiplied by it before they are decoded, so that they match $x_{T-1} \sim \mathcal{N}(0, I)$.
#
# *Frozen.* The VAE requires no gradients and stays in evaluation mode, even in `train()`.
#
# *Compared with pixels.* The U-Net works on 8x8 instead of 32x32, so training and sampling cost a fraction. The decoder
# limits the quality: it smooths stitches and prints, but keeps outlines and classes.

# %% [markdown]
# ## 12. Hand in
#
# Save this notebook first (Ctrl-S, or ⌘S), because your answers are read from its file. The cell checks your files. It
# writes two files next to your folder: `submission.zip`, and `written.pdf` with your answers from all notebooks.

# %%
submit()
