# %% [markdown]
# # Part 4: DDPM, DDIM, VAE and latent DDPM on FashionMNIST
#
# Four models draw the same ten kinds of garments, and each takes something from the one before: a *diffusion model*
# learns to undo noise, *DDIM* walks the same way back in fewer steps, a *variational autoencoder* draws in a single
# step, and a *latent diffusion model* diffuses in the autoencoder's small space.
#
# You write `models.py` and `assignment.py`, in an editor beside this notebook. Each section has an idea, a stub, a cell
# that grades just that stub, and a picture of what your code does. Cells see what you save: no restart is needed. Of
# each model's points, 80% are for the images that its checkpoint generates.

# %% prelude="first_cell"
from grader.inline import begin, grade, show, submit

# %load_ext autoreload
# %autoreload 2
setting = begin(part=4, minutes={"tiny": 1, "full": 20}, profile=PROFILE)

# %% [markdown] include="notation"

# %% [markdown]
# ## 1. The images
#
# 28x28 pixels, padded to 32x32 so that they can be halved, with values in $[-1, 1]$. All that a model knows of them is
# the image $x_0$ and its label $c$.

# %%
import plots
import torch

dataset = setting.images("fashion_mnist")
images, labels = dataset.tensors
first = [int((labels == c).nonzero()[0]) for c in range(10)]  # of each class
plots.sample_grid(images[first], columns=10, titles=range(10))

# %% [markdown]
# ## 2. The schedule
#
# The forward process adds a little Gaussian noise $T$ times (DDPM, eq. 2):
#
# $$q(x_t \mid x_{t-1}) = \mathcal{N}\left(x_t;\ \sqrt{1 - \beta_t}\, x_{t-1},\ \beta_t I\right).$$
#
# The variances $\beta_t$ are not learned. With $\alpha_t = 1 - \beta_t$, what is left of the image after all steps up
# to $t$ is $\bar\alpha_t = \prod_{s \le t} \alpha_s$, and everything that follows is written in terms of it.

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
# > **Think.** Which of the two spends more of its steps on images that are nearly clean, and what may that be good for?
# > Sampling will begin with pure noise: where do you read off whether a schedule ends there? (What is to *think* about
# > earns no points.)

# %% [markdown]
# ## 3. The forward process
#
# A sum of Gaussians is Gaussian, so there is no need to walk: $x_t$ follows from $x_0$ at once (DDPM, eq. 4),
#
# $$q(x_t \mid x_0) = \mathcal{N}\left(x_t;\ \sqrt{\bar\alpha_t}\, x_0,\ (1 - \bar\alpha_t) I\right).$$
#
# Training needs this for a batch whose items have different $t$, so mind the shapes.

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
# > **Think.** At which $t$ could *you* no longer tell the class? A network that is told the class has something to go
# > by even there.

# %% [markdown]
# ## 4. The network
#
# One network $\epsilon_\theta(x_t, t, c)$ serves all timesteps, so it must know which one it sees. A number between 0
# and 999 is a poor input; sines and cosines of it at many frequencies are a good one (Vaswani et al. 2017, sec. 3.5).
# Slow frequencies tell early from late, fast ones tell neighbours apart.

# %%
show("models.SinusoidalPositionEmbeddings")

# %%
grade("4.embedding")

# %%
from matplotlib import pyplot as plt

embedding = models.SinusoidalPositionEmbeddings(64)(torch.arange(200))  # a row for each t
figure, axes = plt.subplots(figsize=(9, 3), layout="constrained")
figure.colorbar(axes.matshow(embedding.T, cmap="RdBu", aspect="auto"))
axes.set(xlabel="timestep t", ylabel="element of its embedding")
plt.show()

# %% [markdown]
# The rest is a U-Net (Ronneberger et al. 2015): down to see the whole, up to draw the details, with skips that carry
# the details across. Its architecture is your choice; that it uses image, time and label is not.

# %%
show("models.UNet")

# %%
grade("4.unet")

# %% [markdown]
# ## 5. The loss
#
# Training is a regression: noise an image, and ask which noise that was (DDPM, eq. 14 and algorithm 1),
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
    """A network for the profile tiny."""
    network = models.UNet(in_channels=1, down_channels=(16, 32), up_channels=(32, 16), num_classes=10)
    return models.DDPM(network, models.VarianceScheduler(0.001, 0.2, num_steps=50))


torch.manual_seed(0)
probe = small_ddpm()
probe(images[:8], labels[:8]).backward()
plots.gradient_norms(probe.network)

# %% [markdown]
# No layer should be without a gradient, or have one that is thousands of times smaller than that of its neighbours. A
# layer without one is not connected; if the first layers have far less than the last, a skip or a normalisation is
# missing.

# %% [markdown]
# ## 6. Training
#
# `prepare_ddpm` builds the model that is trained here, graded later, and loaded from `checkpoints/DDPM.pt`: choose the
# widths, the number of steps $T$ and the schedule. (The profile tiny trains the small network instead.)

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
# > **Think.** The loss falls quickly and then hardly at all, while samples go on improving for many epochs. At which
# > timesteps is the noise easy to see, and which share do they have in the mean?

# %% [markdown]
# ## 7. The way back
#
# A reverse step removes a part of the estimated noise and adds a little fresh noise (DDPM, eq. 11 and algorithm 2):
#
# $$x_{t-1} = \frac{1}{\sqrt{\alpha_t}} \left( x_t - \frac{\beta_t}{\sqrt{1 - \bar\alpha_t}}\, \epsilon_\theta(x_t, t,
# c) \right) + \sigma_t z, \qquad z \sim \mathcal{N}(0, I).$$

# %%
show("models.DDPM.recover_sample")

# %%
grade("4.ddpm_step")

# %% [markdown]
# Sampling is this step, from $x_{T-1} \sim \mathcal{N}(0, I)$ down to $x_0$, for all images at once.

# %%
show("models.labels_of_samples", "models.DDPM.generate_sample", "models.DDPM.denoise")

# %%
grade("4.ddpm_sample", "4.ddpm_sampling_rules", "4.device")


# %%
def samples_of(model, count, seed=0, network=None):
    """Images of the classes in turn, and what a network saw on the way: {t: (x_t, predicted noise)} of the first 6."""
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
# ### Optional: the same on points of the plane
#
# Half a minute tells whether schedule, loss and sampler work together: your code on two moons, without a U-Net. Try
# `"--sampler", "ddim"` after section 9.

# %%
import warm_up
from IPython.display import Image

warm_up.main(["--part", "4", *setting.choose(tiny=["--iterations", "60", "--num-samples", "200"], full=[])])
Image(filename=warm_up.OUTPUTS / "part4_ddpm_moons_w0.gif")

# %% [markdown]
# ## 8. Guidance
#
# A network that is trained with and without the label can say in which direction the label pulls. Classifier-free
# guidance goes further that way (CFG, eq. 6), and `guided_noise`, which is given, does it:
#
# $$\tilde\epsilon = (1 + w)\, \epsilon_\theta(x_t, t, c) - w\, \epsilon_\theta(x_t, t, \varnothing).$$

# %%
rows = {}
for w in setting.choose(tiny=(0, 2), full=(0, 0.5, 1, 2, 5)):
    ddpm.guidance_weight = w
    rows[w], _ = samples_of(ddpm, 10)  # from the same noise
plots.guidance_sweep(rows)

# %% [markdown]
# > **Think.** Follow one column from top to bottom. What becomes clearer, and what is lost? If your network was trained
# > without dropping labels, what does the null label mean to it?

# %%
from classifier import classify, load_classifier

ddpm.guidance_weight = 2.0
found, _ = samples_of(ddpm, setting.choose(tiny=20, full=200))
if setting.profile == "full":
    recognised = classify(load_classifier(), found) == torch.arange(len(found)) % 10
    print(f"recognised: {recognised.double().mean():.0%} of {len(found)}; points begin at 75%")
plots.sample_grid(found[:20], columns=10, titles=range(10))

# %% [markdown]
# Stop here for a while: these images are where most of this part's points come from. What helps is told by the
# pictures above, from the first to the last.

# %% A reader's guide to your DDPM [markdown] question="4.ddpm_soundness" points=1.5
# Guide a reader through your DDPM in a few sentences: what you chose (network, schedule, number of steps, guidance or
# none), why, and what you tried that did not work.
#
# **Rubric**
#
# - 0.5 points: the choices are told with reasons, and the code does what the text says
# - 0.5 points: whole batches everywhere, on any device: no loops over samples, no `.cuda()`, no copies to and fro
# - 0.5 points: names, comments and structure help; no dead code, no prints; changes outside the `TODO`s have a reason

# %% [markdown] answer="4.ddpm_soundness"
# *Network.* A U-Net that first folds 2x2 pixels into channels. That loses nothing, and makes every layer four times
# cheaper, so that training for 12 epochs takes less than an hour on one CPU core. Time and label are embedded, added,
# and reach every residual block; the label has an 11th value, the null label.
#
# *Schedule.* 100 steps with ten times the default variances: $\bar\alpha_{99} = 2 \cdot 10^{-5}$ is as near to 0 as
# with 1000 steps of the defaults, and sampling costs a tenth.
#
# *Guidance.* Labels are dropped with probability 0.1, and samples drawn with $w = 2$; both predictions of a step are
# made in one batch. The points do not depend on it: `benchmarks/part4_accuracy.py` has the figures without.

# %% [markdown]
# ## 9. DDIM: the same network, fewer steps
#
# DDPM's chain is one of many that share the marginals $q(x_t \mid x_0)$, and so the trained network. Another one adds
# no noise at all (DDIM, eq. 12 with $\sigma_t = 0$, in our notation):
#
# $$x_{t'} = \sqrt{\bar\alpha_{t'}}\ \hat{x}_0 + \sqrt{1 - \bar\alpha_{t'}}\ \epsilon_\theta(x_t, t, c), \qquad
# \hat{x}_0 = \frac{x_t - \sqrt{1 - \bar\alpha_t}\, \epsilon_\theta(x_t, t, c)}{\sqrt{\bar\alpha_t}}.$$
#
# In words: guess the image, and noise it anew, with the noise that you just saw. Since $t'$ need not be $t - 1$, steps
# can be skipped.

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
# Above, what DDIM walks through; below, what it thinks the image is. The first guesses are blurred: the mean of all
# images that would fit.
#
# > **Think.** The estimate at large $t$ is blurred, but the final image is not. Where do the details come from, if not
# > from fresh noise?

# %%
import time

ddpm.guidance_weight = ddim.guidance_weight = 2.0
for name, model in {"DDPM": ddpm, f"DDIM, every {stride}th step": ddim}.items():
    start = time.perf_counter()
    found, _ = samples_of(model, 10)
    print(f"{name}: {time.perf_counter() - start:.1f} s for 10 images")
    display(plots.sample_grid(found, columns=10))

# %% [markdown]
# The weights are the same, so `DDIM.pt` is a copy of `DDPM.pt`, as long as `prepare_ddim` builds the same network.

# %%
import shutil

shutil.copy(setting.folder / "DDPM.pt", setting.folder / "DDIM.pt")

# %% A reader's guide to your DDIM [markdown] question="4.ddim_soundness" points=1.5
# The same for your DDIM: which timesteps it visits, what happens at the last one, what fewer steps cost in accuracy.
#
# **Rubric**
#
# - 0.5 points: the timesteps are told with reasons, and the code does what the text says
# - 0.5 points: whole batches everywhere, on any device; what DDPM already does is used, not copied
# - 0.5 points: names, comments and structure help; no dead code, no prints; changes outside the `TODO`s have a reason

# %% [markdown] answer="4.ddim_soundness"
# DDIM is trained as DDPM is, and so takes its network, its scheduler and its weights; only the reverse step is its own.
# It visits every fourth timestep from $T - 1$ down, 25 of 100, each with the noise that was just predicted instead of
# fresh noise. Where $t - 4 < 0$ the step ends in $x_0$ itself: $\bar\alpha$ is 1 there, not $\bar\alpha_0$. What other
# strides do to accuracy is in the table of `benchmarks/part4_accuracy.py`.

# %% [markdown]
# ## 10. VAE: one step from noise to image
#
# A variational autoencoder has a decoder $p_\theta(x \mid z, c)$ that turns noise $z \sim \mathcal{N}(0, I)$ into an
# image at once. To train it, an encoder $q_\phi(z \mid x, c) = \mathcal{N}(\mu, \operatorname{diag} \sigma^2)$ guesses
# the $z$ of an image, and both maximise a lower bound of the likelihood (VAE, eq. 3):
#
# $$\log p_\theta(x \mid c) \ge \mathbb{E}_{q_\phi(z \mid x, c)}\left[\log p_\theta(x \mid z, c)\right] -
# D_{\mathrm{KL}}\left(q_\phi(z \mid x, c) \,\|\, p(z)\right).$$
#
# The first term wants the image restored, the second wants all images' latents to fill the prior.

# %%
show("models.VAE.__init__", "models.VAE.encode", "models.VAE.forward")

# %%
grade("4.vae")

# %% [markdown]
# The expectation is estimated with a single draw. A draw has no derivative by the parameters of its distribution, but
# $z = \mu + \sigma \odot \epsilon$ with $\epsilon \sim \mathcal{N}(0, I)$ has (VAE, sec. 2.4).

# %%
show("models.VAE.reparameterize", "models.VAE.decode")

# %%
grade("4.vae_reparameterize", "4.vae_decode")

# %% [markdown]
# Two losses. The reconstruction's is summed over an image's pixels. The divergence of two Gaussians has a closed form
# (VAE, appendix B), summed over the latents:
#
# $$-D_{\mathrm{KL}} = \frac{1}{2} \sum_j \left( 1 + \log \sigma_j^2 - \mu_j^2 - \sigma_j^2 \right).$$
#
# Both are sums, in nats: a mean in one of them and a sum in the other would change their balance by a factor of a
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
# Images, and below them what is left of each after it has passed through the latents. Next, a walk in a straight line
# from the latents of one image to those of another, decoded at each step: if the latents fill the space, there is a
# garment at every point of the way.

# %%
steps = torch.linspace(0, 1, 9, device=setting.device).view(-1, *[1] * (mean.dim() - 1))
with torch.no_grad():
    walks = [vae.decode((1 - steps) * mean[i] + steps * mean[i + 1], classes[i].expand(9)) for i in (0, 2, 4)]
plots.latent_walk(torch.stack(walks).float())

# %% [markdown]
# > **Think.** The decoder is told the class of the first image all along the way. What do the latents say, if not the
# > class?

# %%
found, _ = samples_of(vae, 20)
plots.sample_grid(found, columns=10, titles=range(10))

# %% A reader's guide to your VAE [markdown] question="4.vae_soundness" points=1.5
# The same for your VAE: the latents, both losses and how they are weighted, and how the label reaches the decoder.
#
# **Rubric**
#
# - 0.5 points: latents, losses and weight are told with reasons, and the code does what the text says
# - 0.5 points: whole batches everywhere, on any device; encoder and decoder are used, not copied, by `generate_sample`
# - 0.5 points: names, comments and structure help; no dead code, no prints; changes outside the `TODO`s have a reason

# %% [markdown] answer="4.vae_soundness"
# *Latents.* One vector of 16 numbers an image. Encoder and decoder take the whole image as one patch, which makes them
# multilayer perceptrons: on centred garments they learn as well as convolutions, and several times as fast.
#
# *Losses.* Absolute errors, summed over the image. Where garments of a class differ, the best guess under squared
# errors is their mean, a blur that is no garment; under absolute errors it is the median, pixel by pixel, which is
# sharper. The divergence weighs 8 times as much as in the bound for a Laplace distribution of scale 1: few nats are
# left for the latents, so that what is drawn from the prior looks like what the decoder was trained on, at the price of
# variety.
#
# *Label.* Its embedding is added in every residual block, of encoder and decoder; the encoder need not spend latents on
# the class. What still fails are sandals, whose straps fall in other places in every image, and shirts.

# %% [markdown]
# ## 11. Bonus: latent diffusion
#
# A DDPM spends most of its work on pixels that nobody looks at. A latent diffusion model (LDM, sec. 3) lets a VAE take
# care of them: it diffuses $z_0 = \mathcal{E}(x)$, a few small maps, and decodes once, at the end,
#
# $$L_{\text{LDM}} = \mathbb{E}_{t, \mathcal{E}(x), \epsilon}\left[\left\| \epsilon - \epsilon_\theta(z_t, t, c)
# \right\|^2\right].$$
#
# The VAE is frozen, and its latents are scaled to unit variance, because the schedule was made for that.

# %%
show("models.LDDPM.forward", "models.LDDPM.generate_sample", "assignment.prepare_lddpm")

# %%
grade("4.lddpm_loss", "4.lddpm_frozen", "4.lddpm_sample", "4.lddpm_sampling_rules", "4.lddpm_device", "4.prepare_lddpm")


# %%
def small_lddpm():
    """A network for the profile tiny."""
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
# The same for your latent DDPM: the size and scale of the latents, what is frozen, and what changes against a DDPM on
# pixels in time and in quality.
#
# **Rubric**
#
# - 0.5 points: size and scale of the latents are told with reasons, and training and sampling agree on them
# - 0.5 points: whole batches everywhere, on any device; the parts of VAE and DDPM are used, not copied
# - 0.5 points: names, comments and structure help; no dead code, no prints; changes outside the `TODO`s have a reason

# %% [markdown] answer="4.lddpm_soundness"
# *Latents.* Maps of 4 x 8 x 8, a quarter of the pixels' numbers, from a VAE of two levels whose divergence weighs 0.01:
# it hardly has to generate, only to keep the latents in a ball. Training and sampling share one number, `latent_std`,
# the standard deviation of the latents of 2,000 images: latents are divided by it before they are diffused, and
# multiplied by it before they are decoded, so that $x_{T-1} \sim \mathcal{N}(0, I)$ is right for them.
#
# *Frozen.* The VAE takes no gradients and stays in evaluation mode, also in `train()`.
#
# *Against pixels.* The U-Net works on 8x8 instead of 32x32, so that training and sampling cost a fraction. Quality is
# bounded by what the decoder can draw: stitches and prints are smoothed, outlines and classes are kept.

# %% [markdown]
# ## 12. Hand in
#
# Save this notebook first (Ctrl-S, or ⌘S), for your answers are read from its file. The cell checks your files and
# writes `submission.zip` and the written answers of all notebooks, `written.pdf`, beside your folder.

# %%
submit()
