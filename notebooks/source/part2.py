# %% [markdown]
# # Part 2: DDPM with classifier-free guidance and thresholding on CIFAR-10
#
# A diffusion model draws airplanes, automobiles and birds by removing noise, in a thousand small steps per image. You
# write the forward process, the loss, the reverse step, and two things that improve its images: guidance and
# thresholding.
#
# You write `noise_scheduler.py`, `diffusion_model.py` and `image_gen.py` in an editor beside this notebook; the U-Net
# is given. Each section has an idea, a stub, a cell that grades only that stub, and a picture of what your code does.
# The cells use the files as you last saved them, so you need not restart anything. Your checkpoint is graded by the
# images that it generates. You answer the questions that only a person can judge in the cell below each one. Timesteps
# count from 0 to $T-1$.

# %% prelude="first_cells"
from grader.notebook import begin, grade, show, submit

# %load_ext autoreload
# %autoreload 2
setting = begin(part=2, minutes={"tiny": 1, "full": 60}, profile=PROFILE)

# %% [markdown] include="notation"

# %% [markdown]
# ## 1. The images
#
# The first three classes of CIFAR-10 are colour images of 32x32 pixels, with values in $[-1, 1]$.

# %%
import plots
import torch

images, labels = setting.images("cifar10", channels=3, most=600).tensors
images, labels = images[labels < 3], labels[labels < 3]
first = torch.cat([images[labels == c][:6] for c in range(3)])
plots.sample_grid(first, columns=6)

# %% [markdown]
# ## 2. The schedule
#
# The forward process adds a little Gaussian noise $T$ times (DDPM, eq. 2):
#
# $$q(x_t \mid x_{t-1}) = \mathcal{N}\left(x_t;\ \sqrt{1 - \beta_t}\, x_{t-1},\ \beta_t I\right).$$
#
# The variances $\beta_t$ are fixed, not learned. With $\alpha_t = 1 - \beta_t$, the steps up to $t$ leave the share
# $\bar\alpha_t = \prod_{s \le t} \alpha_s$ of the image's variance.

# %%
show("noise_scheduler.NoiseScheduler.__init__")

# %%
grade("2.schedule")

# %%
from noise_scheduler import NoiseScheduler

plots.schedule({"1000 steps": NoiseScheduler(1000)})

# %% The end of the schedule [markdown] question="2.last_alpha_bar" points=0.5
# Why must $\bar\alpha_{T-1}$ be nearly 0? Compute it with your `NoiseScheduler` for $\beta$ from 0.0001 to 0.02, with
# $T = 1000$ and then with $T = 100$. What goes wrong with the second, and how would you repair it?
#
# **Rubric**
#
# - 0.25 points: why, in terms of $q(x_{T-1} \mid x_0)$ and of the start of sampling
# - 0.25 points: both values, and what follows for $T = 100$

# %% [markdown] answer="2.last_alpha_bar"
# The forward process ends in
# $q(x_{T-1} \mid x_0) = \mathcal{N}(\sqrt{\bar\alpha_{T-1}}\, x_0, (1 - \bar\alpha_{T-1}) I)$, and sampling begins
# with $\mathcal{N}(0, I)$. The two agree for every $x_0$ only if $\bar\alpha_{T-1} \approx 0$.
#
# With $T = 1000$, $\bar\alpha_{999} = 4.0 \cdot 10^{-5}$, which leaves 0.6% of an image's amplitude
# ($\sqrt{\bar\alpha} = 0.006$). With $T = 100$ the same range gives $\bar\alpha_{99} = 0.364$, which leaves 60%. A
# network trained like this has never seen pure noise at its first step, so it reads an image with arbitrary brightness
# and layout into the noise. Ten times fewer steps need a $\beta$ that is ten times as large: from 0.001 to 0.2,
# $\bar\alpha_{99} = 2.0 \cdot 10^{-5}$.

# %% [markdown]
# ## 3. The forward process
#
# A sum of Gaussians is Gaussian, so you need not walk step by step: $x_t$ follows directly from $x_0$ (DDPM, eq. 4),
#
# $$q(x_t \mid x_0) = \mathcal{N}\left(x_t;\ \sqrt{\bar\alpha_t}\, x_0,\ (1 - \bar\alpha_t) I\right).$$
#
# Training needs this for batches whose items have different $t$, and for images as well as for sequences. Mind the
# shapes.

# %%
show("noise_scheduler.NoiseScheduler.add_noise")

# %%
grade("2.add_noise")

# %%
scheduler, x_0 = NoiseScheduler(1000), first[::6]
noise = torch.randn(x_0.shape, generator=torch.Generator().manual_seed(0))
plots.noising_strip(
    x_0, lambda t: scheduler.add_noise(x_0, noise, torch.full((3,), t)), [0, 50, 100, 200, 350, 500, 700, 999]
)

# %% [markdown]
# > **Think.** What disappears first, edges or large patches of colour? The way back creates them in the opposite
# > order.

# %% [markdown]
# ## 4. The loss
#
# Training is a regression. You add noise to an image and ask the network which noise that was (DDPM, eq. 14 and
# algorithm 1),
#
# $$L_{\text{simple}} = \mathbb{E}_{t, x_0, \epsilon}\left[\left\| \epsilon -
# \epsilon_\theta\left(\sqrt{\bar\alpha_t}\, x_0 + \sqrt{1 - \bar\alpha_t}\, \epsilon,\ t,\ c\right)
# \right\|^2\right].$$
#
# One network should know both $p(x)$ and $p(x \mid c)$. So training sometimes replaces the condition by the null
# condition $\varnothing$ (CFG, algorithm 1). Here it does so for a whole batch at once, with probability `p_uncond`.

# %%
show("diffusion_model.DiffusionModel.compute_loss_on_batch")

# %%
grade("2.loss", "2.gradient", "2.training", "2.guidance_dropout")

# %% The simple loss [markdown] question="2.simple_loss" points=0.5
# Your loss is the mean squared error between noise and predicted noise. Which term of the variational bound does it
# stand for, and what does it leave out? At which timesteps does that matter most, with $\sigma_t^2 = \beta_t$?
#
# **Rubric**
#
# - 0.25 points: the term of the bound, and the weight that the loss leaves out
# - 0.25 points: which timesteps lose weight as a result, and why this is good for images

# %% [markdown] answer="2.simple_loss"
# It stands for $\mathrm{KL}(q(x_{t-1} \mid x_t, x_0) \,\|\, p_\theta(x_{t-1} \mid x_t))$. Both are Gaussians with fixed
# variances, so up to a constant the divergence is the squared distance of their means over $2 \sigma_t^2$. Written in
# terms of the noise, it becomes
#
# $$\mathbb{E}\left[\frac{\beta_t^2}{2 \sigma_t^2 \alpha_t (1 - \bar\alpha_t)}
# \left\| \epsilon - \epsilon_\theta(x_t, t) \right\|^2\right] + \text{const}.$$
#
# The simple loss replaces the fraction by 1. With $\sigma_t^2 = \beta_t$ the fraction is
# $\beta_t / (2 \alpha_t (1 - \bar\alpha_t))$: 0.27 at $t = 1$ and 0.01 at $t = 999$. So the bound cares 27 times more
# about the last, nearly invisible bit of noise than about the noisy steps that decide on layout and class. Without the
# weight, these steps get the network's capacity, which gives better images and a slightly worse likelihood.

# %% [markdown]
# ## 5. Training
#
# `ImageGenerator` combines a diffusion model with its data.

# %%
show("image_gen.ImageGenerator.__init__")

# %%
grade("2.image_generator")

# %%
from image_gen import CLASSES, ImageGenerator
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
generator = ImageGenerator(denoising_steps=setting.choose(tiny=30, full=1000))
mirrored = TensorDataset(torch.cat([images, images.flip(3)]), labels.repeat(2) + 1)
generator.data_loader = DataLoader(mirrored, setting.choose(tiny=32, full=64), shuffle=True)

policy = generator.policy
data, cond = next(iter(generator.data_loader))
policy.compute_loss_on_batch(data[:8].to(policy.device), cond[:8].to(policy.device)).backward()
plots.gradient_norms(policy.noise_pred_net.unet.down)

# %% [markdown]
# Look at this picture, which shows the way down, before you train for hours. Every layer should have a gradient, and
# none should be thousands of times smaller than those of its neighbours.

# %%
epochs = setting.choose(tiny=2, full=30)


def train(path):
    """Train, and save the weights and their average. Returns the losses."""
    state = path.with_suffix(".resume.pt")
    losses = generator.train_policy(epochs, learning_rate=3e-4, state_path=state)
    policy.save_weights(path)
    return losses


losses = setting.trained("CIFAR10.pth", train)
policy.load_weights(setting.folder / "CIFAR10.pth")
if losses:
    display(plots.losses({"noise loss": losses}, xlabel="epoch", reference={"always predicts 0": 1.0}))

# %% [markdown]
# ## 6. The way back
#
# A reverse step removes part of the estimated noise and adds a little fresh noise, $z \sim \mathcal{N}(0, I)$ (DDPM,
# eq. 11 and algorithm 2):
#
# $$x_{t-1} = \frac{1}{\sqrt{\alpha_t}} \left( x_t - \frac{\beta_t}{\sqrt{1 - \bar\alpha_t}}\, \epsilon_\theta(x_t, t,
# c) \right) + \sqrt{\beta_t}\, z.$$
#
# You can write the same mean with the estimate $\hat{x}_0$ that the noise implies (eq. 15), put into the posterior's
# mean (eq. 7):
#
# $$\tilde\mu_t = \frac{\sqrt{\bar\alpha_{t-1}}\, \beta_t}{1 - \bar\alpha_t}\, \hat{x}_0 +
# \frac{\sqrt{\alpha_t}\, (1 - \bar\alpha_{t-1})}{1 - \bar\alpha_t}\, x_t.$$
#
# In this form you can clamp $\hat{x}_0$ to $[-1, 1]$, where all images lie. That is *thresholding*.

# %%
show("noise_scheduler.NoiseScheduler.denoise_step")

# %%
grade("2.denoise_step", "2.threshold")

# %% [markdown]
# Sampling repeats this step, from $x_{T-1} \sim \mathcal{N}(0, I)$ down to $x_0$. Guidance pushes further in the
# direction of the condition (CFG, eq. 6):
#
# $$\tilde\epsilon = (1 + w)\, \epsilon_\theta(x_t, t, c) - w\, \epsilon_\theta(x_t, t, \varnothing).$$

# %%
show("diffusion_model.DiffusionModel.generate_sample")

# %%
grade("2.sample", "2.gaussian", "2.sampling_rules", "2.seeds")

# %%
grade("2.guidance", "2.threshold_sample")

# %%
seen = {}


def look(network, given, noise):
    """Record what the network sees at each timestep, on the way down."""
    seen.setdefault(int(torch.as_tensor(given[1]).flatten()[0]), given[0][:3].float().cpu())


hook = policy.ema.averaged_model.register_forward_hook(look)
torch.manual_seed(0)
generator.generate_images(guidance=0.0, num_samples=3)
hook.remove()
chosen = list(seen)[:: max(1, len(seen) // 8)]
plots.denoising_strip([seen[t] for t in chosen], chosen)

# %% [markdown]
# ### Optional: the same on points in the plane
#
# In half a minute you see whether your schedule, loss and sampler work together: your code on two moons, without a
# U-Net. With a thousand steps and a network of millions of parameters, it takes an hour to see a mistake.

# %%
import warm_up
from IPython.display import Image

warm_up.main(["--part", "2", *setting.choose(tiny=["--iterations", "60", "--num-samples", "200"], full=[])])
Image(filename=warm_up.OUTPUTS / "part2_ddpm_moons_w0.gif")

# %% [markdown]
# ## 7. Guidance and thresholding


# %%
def sweep(threshold):
    """Draw images of all classes for several weights, always from the same noise."""
    rows = {}
    for w in setting.choose(tiny=(0, 5), full=(0, 1, 2, 5)):
        torch.manual_seed(0)
        rows[w] = generator.generate_images(w, setting.choose(tiny=3, full=12), threshold)
    return plots.guidance_sweep(rows)


print("without thresholding; the classes take turns:", *CLASSES)
display(sweep(threshold=False))
print("with thresholding")
display(sweep(threshold=True))

# %% [markdown]
# The grids above are a start. Add cells of your own below your answer for other weights or more images. You hand them
# in with the answer.

# %% What guidance and thresholding do [markdown] question="2.generated_images" points=5
# Generate images of all three classes with your checkpoint, for $w = 0$ and at least two larger guidance weights, one
# of them 5 or more. Do so with and without thresholding, always from the same noise. Compare the images. Explain what
# you see with $\epsilon = (1 + w)\, \epsilon_\theta(x_t, t, c) - w\, \epsilon_\theta(x_t, t, \varnothing)$ and with the
# estimate of $x_0$ that thresholding clamps. Choose the setting that you would use.
#
# **Rubric**
#
# - 1 point: grids of all three classes for three weights, labelled, from the same noise
# - 1 point: the same with thresholding, side by side
# - 1.5 points: what grows and what shrinks as $w$ grows (0.75), and why, from the formula (0.75)
# - 1 point: what thresholding changes and at which weights (0.5), and why (0.5)
# - 0.5 points: a choice, with a reason and with what still looks wrong

# %% [markdown] answer="2.generated_images"
# The grids come from our reference, in `test_resources/grids`: one row per class and one column per noise, for
# $w \in \{0, 0.5, 1, 2, 5\}$, each without and with thresholding (`_threshold`).
#
# *Guidance.* From $w = 0$ to 5, an automobile turns from blotches into a body with dark wheels and a clear outline.
# Skies become one even blue, and grass one green. Contrast grows and variety shrinks: for values from 0 to 255, the
# standard deviation within an image rises from 45 to 59, and that between images of a class falls from 49 to 42 (12
# images each). The formula says why. The noise estimate is proportional to minus the score,
# $\epsilon_\theta \approx -\sqrt{1 - \bar\alpha_t}\, \nabla \log p(x_t)$, so the mixture is the score of
#
# $$p(x_t \mid c) \left( \frac{p(x_t \mid c)}{p(x_t)} \right)^{w} \propto p(x_t \mid c)\, p(c \mid x_t)^{w},$$
#
# apart from one approximation: guidance does this at each noise level separately. Images whose class is certain gain
# weight, and unusual ones lose it. With a large $w$, only what is typical of the class remains, such as a sky for
# airplanes.
#
# *Thresholding.* Extrapolating beyond the conditional estimate also pushes
# $\hat{x}_0 = (x_t - \sqrt{1 - \bar\alpha_t}\, \epsilon) / \sqrt{\bar\alpha_t}$ out of $[-1, 1]$, most of all at early
# steps, where the divisor is small. The network was trained on $x_t$ of images within the range and has never seen the
# result, so errors add up to burnt-out colours. In our grids, the share of values that the final clamp makes black or
# white rises from 3% at $w = 0$ to 9% at $w = 5$. With thresholding it is 0.4% and 1%. So thresholding changes little
# at $w = 0$ and much at 5, where it keeps a small airplane that guidance alone dissolves into the sky.
#
# *Choice.* $w = 2$ with thresholding: automobiles have outlines, while colours and layouts still differ from noise to
# noise. Every setting lacks details. Birds above all are textures without a body. Only a better model can fix that,
# because guidance only selects among what the model knows.

# %% [markdown]
# ## 8. Hand in
#
# Grading uses `CIFAR10_ema.pth`, the averaged weights. First save this notebook (Ctrl-S, or ⌘S), because your answers
# are read from its file. The cell below checks your files. It writes `submission.zip` and `written.pdf`, the written
# answers of all notebooks, beside your folder.

# %%
submit()
