# %% [markdown]
# # Part 3: conditional DDPM on MNIST
#
# Any digit on demand: you tell a diffusion model which digit to draw, and a weight says how closely it should listen.
# In this part you write the network as well.
#
# You write `ResUNet.py` and `DDPM.py` in an editor beside this notebook. Each section has an idea, a stub, a cell that
# grades only that stub, and a picture of what your code does. The cells use the files as you last saved them, so you
# need not restart anything. Timesteps count from 1 to $T$, as in the papers, and the network sees $t / T$.

# %% prelude="first_cells"
from grader.notebook import begin, grade, show, submit

# %load_ext autoreload
# %autoreload 2
setting = begin(part=3, minutes={"tiny": 1, "full": 15}, profile=PROFILE)

# %% [markdown] include="notation"

# %% [markdown]
# ## 1. The images
#
# The digits have 28x28 pixels and are standardised: over the dataset they have mean 0 and standard deviation 1. So an
# image and standard normal noise have the same size.

# %%
import plots
import torch
import utils
from torch.utils.data import DataLoader, TensorDataset


def standardised(dataset):
    """Convert 32x32 images in [-1, 1] to the model's format: 28x28, mean 0 and standard deviation 1 over MNIST."""
    images, labels = dataset.tensors
    return TensorDataset((images[:, :, 2:-2, 2:-2] / 2 + 0.5 - utils.MEAN) / utils.STD, labels)


train_set = standardised(setting.images("mnist"))
test_set = standardised(setting.images("mnist", train=False, most=64))
images, labels = train_set.tensors
plots.sample_grid(images[:20] * utils.STD + utils.MEAN, columns=10, low=0)

# %% [markdown]
# ## 2. The network
#
# $\epsilon_\theta(x_t, t / T, c)$ looks at a noisy image and says which noise is in it. A U-Net (Ronneberger et al.
# 2015) sees the whole image on its way down and draws the details on its way up. Skip connections carry the details
# across. Time and condition come in beside the image: $t / T$ between 0 and 1, and $c$ as a one-hot vector, or $-1$ in
# every element if there is no condition.

# %%
show("ResUNet.ConditionalUnet")

# %%
grade("3.network", "3.network_inputs", "3.network_gradient")

# %%
from utils import DMConfig

config = setting.choose(
    tiny=DMConfig(T=40, beta_1=0.0025, beta_T=0.5, num_feat=16, epochs=3, batch_size=32, learning_rate=1e-3),
    full=DMConfig(epochs=15),
)
config

# %% [markdown]
# ## 3. The schedule
#
# The forward process adds a little Gaussian noise $T$ times (DDPM, eq. 2), with variances from $\beta_1$ to $\beta_T$:
#
# $$q(x_t \mid x_{t-1}) = \mathcal{N}\left(x_t;\ \sqrt{1 - \beta_t}\, x_{t-1},\ \beta_t I\right), \qquad
# \alpha_t = 1 - \beta_t, \qquad \bar\alpha_t = \prod_{s=1}^{t} \alpha_s.$$

# %%
show("DDPM.ConditionalDDPM.scheduler")

# %%
grade("3.schedule", "3.alpha_bars")

# %%
from DDPM import ConditionalDDPM

torch.manual_seed(0)
model = ConditionalDDPM(config).to(utils.device)
T = torch.arange(1, config.T + 1)
longer = ConditionalDDPM(DMConfig(T=1000, num_feat=8))
plots.schedule({"yours": model.scheduler(T), "T = 1000": longer.scheduler(torch.arange(1, 1001))})

# %% [markdown]
# > **Think.** The default is $T = 400$, with the $\beta$ that the paper uses for 1000 steps. How much of an image's
# > amplitude is left at $t = T$? Does it matter for digits?

# %% [markdown]
# ## 4. The loss
#
# $x_t$ follows directly from $x_0$ (DDPM, eq. 4), and the network should find the noise in it (eq. 14):
#
# $$q(x_t \mid x_0) = \mathcal{N}\left(x_t;\ \sqrt{\bar\alpha_t}\, x_0,\ (1 - \bar\alpha_t) I\right), \qquad
# L = \mathbb{E}_{t, x_0, \epsilon}\left[\left\| \epsilon - \epsilon_\theta(x_t, t / T, c) \right\|^2\right].$$
#
# With probability `mask_p` the null condition replaces an item's condition (CFG, algorithm 1). So one network learns to
# draw digits, and to draw *this* digit.

# %%
show("DDPM.ConditionalDDPM.forward")

# %%
grade("3.loss", "3.gradient", "3.training", "3.noise", "3.dropout")

# %% [markdown]
# Look over the network's shoulder: this is what one training batch shows it, in the order of $t$. The title of each
# image gives $t$ and the condition.

# %%
seen = []
hook = model.network.register_forward_pre_hook(lambda network, given: seen.append(given))
loss = model(images[:20].to(utils.device), labels[:20].to(utils.device))
hook.remove()
x_t, t, c = (each.detach().cpu() for each in seen[0])
order = t.flatten().argsort()
steps = (t.flatten() * config.T).round().int()
conditions = [str(int(row.argmax())) if row.min() == 0 else "null" for row in c]
titles = [f"{steps[i]}: {conditions[i]}" for i in order]
plots.sample_grid(x_t[order] * utils.STD + utils.MEAN, columns=10, titles=titles, low=0)

# %%
loss.backward()
plots.gradient_norms(model.network)

# %% [markdown]
# Every layer should have a gradient, and none should be thousands of times smaller than those of its neighbours: such a
# layer would not learn.

# %% [markdown]
# ## 5. Training
#
# `solver` trains the model and keeps the weights with the lowest test loss. After every epoch it draws two images of
# each digit in `save/`.

# %%
import shutil
from pathlib import Path

name = setting.choose(tiny="tiny", full="mnist")


def train(path):
    """Train, and copy the best weights to `path`. Returns the test losses."""
    train_loader = DataLoader(train_set, config.batch_size, shuffle=True)
    losses = utils.solver(config, name, train_loader, DataLoader(test_set, config.batch_size))
    shutil.copy(Path("save") / name / "best_checkpoint.pth", path)
    return losses


losses = setting.trained("MNIST.pth", train)
model = utils.load_model(config, setting.folder / "MNIST.pth")
if losses:
    display(plots.losses({"test noise loss": losses}, xlabel="epoch", reference={"always predicts 0": 1.0}))

# %% [markdown]
# ## 6. Sampling
#
# Sampling goes from $x_T \sim \mathcal{N}(0, I)$ down to $t = 1$. Each step removes part of the estimated noise and
# adds a little fresh noise (DDPM, eq. 11). Guidance pushes the estimate further in the direction of the condition (CFG,
# eq. 6 and algorithm 2):
#
# $$\tilde\epsilon_t = (1 + \omega)\, \epsilon_\theta(x_t, t / T, c) - \omega\, \epsilon_\theta(x_t, t / T,
# \varnothing), \qquad x_{t-1} = \frac{1}{\sqrt{\alpha_t}} \left( x_t - \frac{\beta_t}{\sqrt{1 - \bar\alpha_t}}\,
# \tilde\epsilon_t \right) + \sqrt{\beta_t}\, z.$$

# %%
show("DDPM.ConditionalDDPM.sample")

# %%
grade("3.sample", "3.guidance", "3.null_condition", "3.sampling_rules", "3.gaussian")

# %%
seen = {}
digits = torch.eye(10, device=utils.device)


def look(network, given, noise):
    """Record what the network sees of 6 images at each timestep, on the way down."""
    seen.setdefault(round(float(given[1].flatten()[0]) * config.T), given[0][:6].float().cpu())


hook = model.network.register_forward_hook(look)
torch.manual_seed(0)
model.sample(digits, 0.0)
hook.remove()
chosen = list(seen)[:: max(1, len(seen) // 8)]
plots.denoising_strip([seen[t] * utils.STD + utils.MEAN for t in chosen], chosen, low=0)

# %%
rows = {}
for omega in setting.choose(tiny=(0, 2), full=(0, 0.5, 1, 2, 4)):
    torch.manual_seed(0)  # the same noise for every weight
    rows[omega] = model.sample(digits, omega).float().cpu()
plots.guidance_sweep(rows, low=0)

# %% [markdown]
# > **Think.** Follow a column from top to bottom. What becomes clearer, and what do the digits lose? Classifiers like
# > the images that a large $\omega$ draws. Do you?

# %% [markdown]
# ## 7. A configuration of your own
#
# Half of the points for images go to a configuration of your own. Change `num_feat`, $T$, $\beta_1$, $\beta_T$ or
# `mask_p`, train with `solver` under another name, and copy the best weights to `checkpoints/MNIST_own.pth`.
#
# > **Think.** Before you start: which of these numbers decide how long training takes, which decide how long sampling
# > takes, and which affect neither?

# %% [markdown]
# ## 8. Hand in
#
# The cell below checks your files and writes `submission.zip` beside your folder.

# %%
submit()
