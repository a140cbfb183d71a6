# %% [markdown]
# # Part 5: a conditional GAN and a DDPM on i-CLEVR
#
# In this part, a picture shows several objects at once, and its label is a *set*: a red sphere, a cyan cylinder and a
# cyan cube. You train two models to draw such sets: a *GAN* whose discriminator also names the objects that it sees,
# and a *diffusion model* with guidance. At the end you compare them.
#
# You write `iclevr_dataset.py`, `conditional_gan.py` and `conditional_diffusion.py` in an editor beside this notebook.
# Each section has an idea, a stub, a cell that grades this stub, and a picture of what your code does. Cells use what
# you have saved, so you need not restart the kernel. Your checkpoints are graded by the pictures that they generate.
# You answer the written question here, below its text. Timesteps count from 0 to $T - 1$.

# %% prelude="first_cells"
from grader.notebook import begin, grade, show, submit

# %load_ext autoreload
# %autoreload 2
setting = begin(part=5, minutes={"tiny": 1, "full": 90}, profile=PROFILE)

# %% [markdown] include="notation"

# %% [markdown]
# ## 1. The pictures
#
# Each scene of i-CLEVR comes in three pictures, with one, two and three objects; nothing else changes between them.
# There are 24 kinds of objects (cubes, spheres and cylinders in eight colours) and 18,009 pictures, which we use at
# 64x64 pixels. If you do not have the dataset, the given renderer makes similar pictures.

# %%
import plots
import torch
from datasets import data_folder
from iclevr_renderer import found_or_rendered, render
from iclevr_scenes import draw

folder = found_or_rendered(data_folder(), setting.choose(tiny=setting.folder, full=None))
scenes = [["red sphere", "cyan cylinder", "cyan cube"], ["yellow cube", "gray cube", "purple sphere"]]
grown = [scene[:count] for scene in scenes for count in (1, 2, 3)]
images = render(draw(grown, numbers=[0, 0, 0, 1, 1, 1])).float() / 127.5 - 1
plots.sample_grid(images, columns=6, titles=["\n".join(names) for names in grown], inches=1)

# %% [markdown]
# ## 2. A set as a vector
#
# In parts 2 to 4, each picture belongs to one class. Here a picture may show several of the 24 objects, in no
# particular order, so its label is *multi-hot*: $y \in \{0, 1\}^{24}$, with a 1 for each object in the picture.

# %%
show("iclevr_dataset.multi_hot")

# %%
grade("5.multi_hot", "5.multi_hot_refusal")

# %% [markdown]
# `train.json` lists the objects of every picture. `test.json` and `new_test.json` have no pictures, only 32 conditions
# each. Your models draw pictures for these conditions, and your grade depends on those pictures.

# %%
show("iclevr_dataset.get_iCLEVR_data")

# %%
grade("5.iclevr_data")

# %%
from iclevr_dataset import get_iCLEVR_data, read_json
from matplotlib import pyplot as plt

objects = read_json(folder / "objects.json")  # {name: index}
figure, panels = plt.subplots(1, 3, figsize=(11, 6), layout="constrained")
for panel, mode in zip(panels, ("train", "test", "new_test"), strict=True):
    panel.matshow(get_iCLEVR_data(folder, mode)[1][:32], cmap="Greys", aspect="auto")
    panel.set_xticks(range(24), objects, rotation=90, fontsize=7)
    panel.set(ylabel=f"the first labels of {mode}.json")
plt.show()

# %% [markdown]
# > **Think.** There are 24 sets of one object and 276 sets of two. How many sets of three are there, and how often does
# > each occur among the 6,003 pictures with three objects? What must a model learn, if not one picture for each set?

# %% [markdown]
# ## 3. Items
#
# The files have 320x240 pixels and four channels. The networks expect 64x64 pixels and three channels, in $[-1, 1]$.

# %%
show("iclevr_dataset.to_tensor", "iclevr_dataset.ICLEVRLoader.__getitem__")

# %%
grade("5.to_tensor", "5.iclevr_items")

# %%
import train_iclevr
from iclevr_dataset import ICLEVRLoader


def titles_of(labels):
    """The names of the objects in each label, one on each line."""
    return ["\n".join(name for name, index in objects.items() if label[index]) for label in labels]


loader = ICLEVRLoader(folder)
images, labels = map(torch.stack, zip(*(loader[i] for i in range(8)), strict=True))
plots.sample_grid(images, columns=8, titles=titles_of(labels), inches=1)

# %%
dataset = train_iclevr.load_pictures(folder, most=setting.choose(tiny=32, full=None))
every = setting.choose(tiny=2, full=1)
conditions = {mode: ICLEVRLoader(folder, mode=mode).label_list[::every] for mode in ("test", "new_test")}
print(f"{len(dataset):,} pictures")

# %% [markdown]
# ## 4. The generator
#
# The noise $z \sim \mathcal{N}(0, I)$ decides everything that the labels leave open: where objects stand, how they are
# turned, and whether they are metal. The generator takes the condition $y$ together with the noise (Mirza & Osindero
# 2014), and transposed convolutions turn both into a picture $G(z, y)$ (DCGAN, sec. 3).

# %%
show("conditional_gan.sample_z", "conditional_gan.Generator")

# %%
grade("5.gan_noise", "5.generator", "5.gan_sample")

# %% [markdown]
# `prepare_cgan` builds the generator. You train it here, and the grader loads its weights from `checkpoints/CGAN.pt`.
# Choose its widths.

# %%
show("conditional_gan.prepare_cgan")

# %%
grade("5.prepare_cgan")

# %%
from conditional_gan import prepare_cgan

G = prepare_cgan()
print(f"G has {sum(p.numel() for p in G.parameters()):,} parameters. Before training it draws this:")
plots.sample_grid(G.generate_sample(labels, "cpu"), columns=8)

# %% [markdown]
# ## 5. The discriminator
#
# The discriminator answers two questions about a picture $x$. Is it real, *given the objects that it should show*? And
# which objects does it show? The first answer is a logit
#
# $$f(x, y) = y^\top V \phi(x) + \psi(\phi(x))$$
#
# (Miyato & Koyama 2018, eq. 3). Here $\phi(x)$ are the features that convolutions compute, $\psi$ judges the picture in
# general, and the first term is the inner product of the features with the embedded condition. It is large if the
# picture shows what the condition asks for. Sets need nothing new: $V^\top y$ is the sum of the embeddings of the
# objects. The second answer, $P(y \mid x)$, depends on the features alone (AC-GAN, sec. 3). If the condition reached
# it, the classifier would read the answer there instead of looking at the picture.

# %%
show("conditional_gan.Discriminator")

# %%
grade("5.discriminator")

# %% [markdown]
# ## 6. The losses
#
# The classifier answers 24 questions at once. Let $p_k(x)$ be the probability that object $k$ is in the picture. Then
#
# $$L_C(x, y) = -\sum_k \left( y_k \log p_k(x) + (1 - y_k) \log(1 - p_k(x)) \right).$$
#
# AC-GAN's eq. 3 uses a softmax, because its labels exclude one another. The curves below show what a softmax would do
# here.

# %%
show("conditional_gan.auxiliary_loss")

# %%
grade("5.auxiliary_loss")

# %%
import conditional_gan
import torch.nn.functional as F

logits = torch.linspace(-2, 8, 50)[:, None]  # of the two objects in the picture; the other objects get minus this logit
true = torch.tensor([1.0, 1.0] + 22 * [0.0])
found = [logit * (2 * true - 1)[None] for logit in logits]
figure, axes = plt.subplots(figsize=(6, 3), layout="constrained")
axes.plot(logits, [conditional_gan.auxiliary_loss(each, true[None]) for each in found], label="a sigmoid for each")
axes.plot(logits, [2 * F.cross_entropy(each, true[None] / 2) for each in found], "--", label="a softmax over all")
axes.set(xlabel="logit of the two objects in the picture", ylabel="loss", yscale="log", title="two objects")
axes.legend()
plt.show()

# %% [markdown]
# > **Think.** At which loss does the softmax stop? Why can it not go lower, however certain it is of both objects?

# %% [markdown]
# Discriminator and generator play the same game as in part 1, and both want the classifier to be right:
#
# $$L_D = -\mathbb{E}_{x, y}\left[\log \sigma(f(x, y))\right] - \mathbb{E}_{z, y}\left[\log(1 - \sigma(f(G(z, y),
# y)))\right] + \mathbb{E}_{x, y}\left[L_C(x, y)\right],$$
# $$L_G = -\mathbb{E}_{z, y}\left[\log \sigma(f(G(z, y), y))\right] + \mathbb{E}_{z, y}\left[L_C(G(z, y), y)\right].$$
#
# The classifier learns from real pictures only. (AC-GAN also trains it on generated pictures, although these may not
# show their objects yet.)

# %%
show("conditional_gan.discriminator_loss", "conditional_gan.generator_loss")

# %%
grade("5.discriminator_loss", "5.generator_loss", "5.gan_stability")

# %%
torch.manual_seed(0)
D = conditional_gan.Discriminator(64)
judged, classified = D(images, labels)
conditional_gan.discriminator_loss(
    judged, D(G(conditional_gan.sample_z(8, G.n_z), labels).detach(), labels)[0], classified, labels
).backward()
plots.gradient_norms(D)

# %% [markdown]
# Every layer should have a gradient, and the gradients should be of similar size.

# %% [markdown]
# ## 7. A step of the game
#
# On each batch, first $D$ takes a step, then $G$. As in part 1, you must decide what each step keeps constant: $D$'s
# loss must not reach $G$, and $G$'s gradient passes through $D$ but must not change it. DCGAN's settings for Adam keep
# the game slow enough for both networks (sec. 4).

# %%
show("conditional_gan.get_solver", "conditional_gan.train_step")

# %%
grade("5.gan_solver", "5.gan_step", "5.gan_step_rules", "5.gan_device")

# %% [markdown]
# To resume an interrupted training, you need everything that it had: both networks, and the moments of both Adams.

# %%
show("conditional_gan.save_training", "conditional_gan.resume_training")

# %%
grade("5.gan_resume")

# %% [markdown]
# `train_cgan`, which is given, plays the game. It shifts each picture a little at random before $D$ sees it. Otherwise
# $D$ would learn all 18,009 pictures by heart (Zhao et al. 2020). It saves a moving average of the generator's weights.

# %%
import math

from trainers import TrainConfig, autocast, load_weights, train

config = train_iclevr.GanConfig(epochs=setting.choose(tiny=2, full=30), batch_size=setting.choose(tiny=16, full=64))
losses = setting.trained("CGAN.pt", lambda path: train_iclevr.train_cgan(dataset, path, config, setting.device))
G = load_weights(prepare_cgan(), setting.folder / "CGAN.pt").to(setting.device).eval()
if losses:
    perfect = {"D if G is perfect, 2 log 2": 2 * math.log(2), "G if G is perfect, log 2": math.log(2)}
    display(plots.losses(losses, xlabel="epoch", reference=perfect))

# %% [markdown]
# ## 8. What the GAN draws
#
# The first grid shows the conditions of `test.json` in order (every other one in the profile tiny). The second shows
# the last eight of `new_test.json`, with their names.


# %%
def samples_of(model, labels, seed=0):
    """Generate a picture for each condition, and move it to the CPU."""
    torch.manual_seed(seed)
    with autocast(setting.device):
        return model.generate_sample(labels, setting.device).float().cpu()


gan_samples = {mode: samples_of(G, asked) for mode, asked in conditions.items()}
display(plots.sample_grid(gan_samples["test"], columns=8))
plots.sample_grid(gan_samples["new_test"][-8:], columns=8, titles=titles_of(conditions["new_test"][-8:]), inches=1)

# %% [markdown]
# A frozen ResNet-18, the *evaluator*, recognises the objects. If a condition has $k$ objects, the evaluator names the
# $k$ objects that it finds most likely. The accuracy is the share of requested objects that it names, and you earn
# points for it. In the profile tiny it is close to chance, because that model has hardly been trained.

# %%
from evaluator import evaluation_model

evaluator = evaluation_model(device=setting.device)


def chance(labels):
    """The expected accuracy of random guesses."""
    asked = labels.sum(1)
    return ((asked**2).sum() / (labels.shape[1] * asked.sum())).item()


print(f"pictures of the dataset: {evaluator.eval(images, labels):.0%} of their objects are found")
for mode, asked in conditions.items():
    print(f"GAN, {mode}: {evaluator.eval(gan_samples[mode], asked):.1%}; guesses reach {chance(asked):.1%}")

# %% [markdown]
# Each column has the same noise, and each row adds an object. What stays, and what moves?

# %%
from iclevr_dataset import multi_hot
from train_iclevr import IN_STRIP

rows = [multi_hot(IN_STRIP[:count], objects).expand(8, -1) for count in (1, 2, 3)]
plots.sample_grid(torch.cat([samples_of(G, row) for row in rows]), columns=8)

# %% [markdown]
# > **Think.** Read the rows from left to right. How much does the noise decide? How much would it decide if the
# > generator drew every possible scene?

# %% [markdown]
# ## 9. The cosine schedule
#
# Now you build the diffusion model. The forward process is the same as in earlier parts, $q(x_t \mid x_0) =
# \mathcal{N}(x_t; \sqrt{\bar\alpha_t}\, x_0, (1 - \bar\alpha_t) I)$, but the schedule is new: it fixes how much of the
# image is left at each step (IDDPM, eq. 17, where $t$ counts from 1):
#
# $$\bar\alpha_t = \frac{f(t)}{f(0)}, \qquad f(t) = \cos^2\left(\frac{t / T + s}{1 + s} \cdot \frac{\pi}{2}\right),
# \qquad \beta_t = \min\left(1 - \frac{\bar\alpha_t}{\bar\alpha_{t-1}},\ 0.999\right).$$

# %%
show("conditional_diffusion.cosine_betas")

# %%
grade("5.cosine")

# %%
from functools import partial

import conditional_diffusion

T = 120
linear = torch.linspace(1e-4, 0.02, T) * 1000 / T  # DDPM's schedule, with fewer and larger steps
schedules = {"cosine": conditional_diffusion.cosine_betas(T), "linear": linear}
tables = {name: {"betas": betas, "alpha_bars": (1 - betas).cumprod(0)} for name, betas in schedules.items()}
plots.schedule(tables)

# %%
picture = images[2:3]
noise = torch.randn(picture.shape, generator=torch.Generator().manual_seed(0))


def noised(t, left):
    """The picture at time t, for the values alpha_bar of a schedule."""
    return left[t] ** 0.5 * picture + (1 - left[t]) ** 0.5 * noise


for name, table in tables.items():
    print(name)
    display(plots.noising_strip(picture, partial(noised, left=table["alpha_bars"]), range(10, T, 15)))

# %% [markdown]
# > **Think.** For each schedule, from which $t$ on can you no longer recognise the objects? A network learns little
# > from steps in which nothing is left to see.

# %% [markdown]
# ## 10. The network and its null condition
#
# The U-Net is given. It takes two inputs besides the picture. The first is one embedding, which you make from the time
# and the labels, and which is the same in all places. The second is the labels themselves, to which every place
# attends: a place that is about to become red can look up which shape should be red (`LabelAttention`).

# %%
show("conditional_diffusion.MultiLabelUnet")

# %%
grade("5.multi_label")

# %% [markdown]
# One network should learn both $p(x)$ and $p(x \mid y)$. So training sometimes replaces the condition with the null
# condition $\varnothing$ (CFG, algorithm 1), which here is all zeros, the empty set. You decide this once for each
# picture, for all of its labels together.

# %%
show("conditional_diffusion.MultiLabelDDPM.drop_labels")

# %%
grade("5.label_dropout")

# %%
torch.manual_seed(0)
often = conditional_diffusion.MultiLabelDDPM(torch.nn.Identity(), p_uncond=0.5)
figure, panels = plt.subplots(1, 2, figsize=(9, 3), layout="constrained")
asked = conditions["new_test"]
for panel, shown, title in zip(panels, (asked, often.drop_labels(asked)), ("labels", "half dropped"), strict=True):
    panel.matshow(shown, cmap="Greys", aspect="auto")
    panel.set(title=title, xlabel="object", ylabel="picture")
plt.show()

# %% [markdown]
# > **Think.** Suppose you dropped the labels one by one. What would an all-zero condition then mean to the network?

# %% [markdown]
# ## 11. The loss
#
# Training is a regression: add noise to a picture, and predict that noise (DDPM, eq. 14 and algorithm 1),
#
# $$L_{\text{simple}} = \mathbb{E}_{t, x_0, \epsilon}\left[\left\| \epsilon -
# \epsilon_\theta\left(\sqrt{\bar\alpha_t}\, x_0 + \sqrt{1 - \bar\alpha_t}\, \epsilon,\ t,\ y\right)
# \right\|^2\right].$$

# %%
show("conditional_diffusion.MultiLabelDDPM.forward")

# %%
grade("5.ddpm_loss", "5.ddpm_training")

# %% [markdown]
# `prepare_cddpm` builds the model. You train it here, and the grader loads its weights from `checkpoints/CDDPM.pt`.
# Choose its widths and the number of steps. (The profile tiny trains a small network instead.)

# %%
show("conditional_diffusion.prepare_cddpm")

# %%
grade("5.prepare_cddpm")


# %%
def small_cddpm():
    """Build a small model for the profile tiny."""
    network = conditional_diffusion.MultiLabelUnet(channels=(16, 24, 32))
    return conditional_diffusion.MultiLabelDDPM(network, num_steps=12)


def train_cddpm(path):
    """Train the diffusion model, with pictures mirrored at random, and return the losses."""
    config = TrainConfig(epochs=setting.choose(tiny=2, full=60), batch_size=setting.choose(tiny=16, full=128))
    loss, compiled = train_iclevr.ddpm_loss, setting.device == "cuda"
    return train(ddpm, dataset, path, config, setting.device, loss=loss, compiled=compiled)


torch.manual_seed(0)
ddpm = setting.choose(tiny=small_cddpm, full=conditional_diffusion.prepare_cddpm)()
ddpm(images, labels).backward()
display(plots.gradient_norms(ddpm.network.unet.down))
losses = setting.trained("CDDPM.pt", train_cddpm)
ddpm = load_weights(ddpm, setting.folder / "CDDPM.pt").to(setting.device).eval()
if losses:
    display(plots.losses({"DDPM": losses}, xlabel="epoch", reference={"always predicting zero": 1.0}))

# %% [markdown]
# ## 12. Guidance and the way back
#
# The two predictions differ in what the labels add. Guidance goes further in that direction (CFG, eq. 6):
#
# $$\tilde\epsilon = (1 + w)\, \epsilon_\theta(x_t, t, y) - w\, \epsilon_\theta(x_t, t, \varnothing).$$

# %%
show("conditional_diffusion.MultiLabelDDPM.guided_noise")

# %%
grade("5.guidance")

# %% [markdown]
# A reverse step first estimates the picture that the predicted noise implies, and clamps it to the range of pictures,
#
# $$\hat{x}_0 = \operatorname{clamp}\left(\frac{x_t - \sqrt{1 - \bar\alpha_t}\, \tilde\epsilon}{\sqrt{\bar\alpha_t}},\
# -1,\ 1\right),$$
#
# and then samples $q(x_{t-1} \mid x_t, \hat{x}_0) = \mathcal{N}(x_{t-1}; \tilde\mu_t, \tilde\beta_t I)$ (DDPM, eq. 6
# and 7):
#
# $$\tilde\mu_t = \frac{\sqrt{\bar\alpha_{t-1}}\, \beta_t}{1 - \bar\alpha_t}\, \hat{x}_0 +
# \frac{\sqrt{\alpha_t}\, (1 - \bar\alpha_{t-1})}{1 - \bar\alpha_t}\, x_t, \qquad
# \tilde\beta_t = \frac{1 - \bar\alpha_{t-1}}{1 - \bar\alpha_t}\, \beta_t.$$
#
# This schedule needs the clamp. At $t = T - 1$ almost nothing is left of the image, so $\hat{x}_0$ is mostly an error
# divided by a number close to 0.

# %%
show("conditional_diffusion.MultiLabelDDPM.recover_sample")

# %%
grade("5.ddpm_step")

# %% [markdown]
# Sampling repeats this step from $x_{T-1} \sim \mathcal{N}(0, I)$ down to $x_0$, for all pictures at once.

# %%
show("conditional_diffusion.MultiLabelDDPM.denoise", "conditional_diffusion.MultiLabelDDPM.generate_sample")

# %%
grade("5.ddpm_sample", "5.ddpm_device")

# %% [markdown]
# The *denoising strip* is a row of evenly spaced states on the way from the noise to the picture.

# %%
show("conditional_diffusion.MultiLabelDDPM.denoising_strip")

# %%
grade("5.strip")

# %%
from conditional_diffusion import STRIP

torch.manual_seed(0)
print(", ".join(IN_STRIP))
with autocast(setting.device):
    strip = ddpm.denoising_strip(multi_hot(IN_STRIP, objects)[None], setting.device).float().cpu()
times = [ddpm.num_steps - 1 - i * ddpm.num_steps // STRIP for i in range(STRIP)]
plots.denoising_strip(list(strip.unbind(1)), [*times, None])

# %% [markdown]
# > **Think.** What is decided first: where objects stand, their colours, or their shapes? Remember that the evaluator
# > asks for colour and shape together.

# %% [markdown]
# ## 13. What the DDPM draws

# %%
ddpm_samples = {mode: samples_of(ddpm, asked) for mode, asked in conditions.items()}
display(plots.sample_grid(ddpm_samples["test"], columns=8))
display(
    plots.sample_grid(ddpm_samples["new_test"][-8:], columns=8, titles=titles_of(conditions["new_test"][-8:]), inches=1)
)
for mode, asked in conditions.items():
    print(f"DDPM, {mode}: {evaluator.eval(ddpm_samples[mode], asked):.1%}; guesses reach {chance(asked):.1%}")

# %% [markdown]
# Now the same conditions with other guidance weights, from the same noise.

# %%
asked, rows, chosen = conditions["new_test"], {}, ddpm.guidance_weight
for ddpm.guidance_weight in setting.choose(tiny=(0, 2), full=(0, 1, 2, 4, 8)):
    found = samples_of(ddpm, asked)
    rows[ddpm.guidance_weight] = found[-8:]
    print(f"w = {ddpm.guidance_weight}: {evaluator.eval(found, asked):.1%} of the objects are found")
ddpm.guidance_weight = chosen
plots.guidance_sweep(rows)

# %% [markdown]
# ## 14. GAN and DDPM side by side
#
# Each model draws eight pictures of one condition. The cell prints the time, the accuracy, and the mean distance
# between two pictures (the root mean square of their difference). For comparison, it also uses the renderer, which
# draws random scenes with the same objects.

# %%
import time

from iclevr_renderer import pictures

names = IN_STRIP
label = multi_hot(names, objects).expand(8, -1)


def renderer(labels):
    return pictures([names] * len(labels)).float() / 127.5 - 1


for name, drawn in {
    "GAN": lambda y: samples_of(G, y),
    "DDPM": lambda y: samples_of(ddpm, y),
    "renderer": renderer,
}.items():
    start = time.perf_counter()
    found = drawn(label)
    seconds = time.perf_counter() - start
    apart = (torch.pdist(found.flatten(1)).mean() / found[0].numel() ** 0.5).item()
    print(f"{name}: {seconds:.2f} s, {evaluator.eval(found, label):.0%} of the objects are found, {apart:.2f} apart")
    display(plots.sample_grid(found, columns=8))

# %% [markdown]
# The output above is a start for your answer. Add your own cells below the answer; you hand them in with it.

# %% GAN and DDPM compared [markdown] question="5.comparison" points=10
# Compare your two models.
#
# (a) Show the grids of both models for `test.json` and `new_test.json`, with 32 pictures each, and the four accuracies.
# Also show the denoising strip of a picture with a red sphere, a cyan cylinder and a cyan cube.
#
# (b) What does each model get wrong? Point out typical errors in the grids, and explain their causes.
#
# (c) For each model, how much do pictures of the same condition differ, and why? What does that say about the accuracy
# as a measure?
#
# (d) What do training and sampling cost, and what takes the time when you sample a picture?
#
# (e) Which guidance weight did you choose? Show its effect on accuracy and variety, and explain it with CFG's eq. (6)
# for conditions that are sets. What plays the same role in your GAN?
#
# **Rubric**
#
# - 2 points: (a) four grids of 32 pictures (1), the four accuracies (0.5), the strip (0.5)
# - 3 points: (b) two errors of each model, pointed out in the grids (1.5), and a cause for each in the loss, the
#   data or the sampler (1.5)
# - 2 points: (c) a comparison of several pictures of one condition from each model (1), the reason in the losses (0.5),
#   and what the accuracy does not measure (0.5)
# - 1 point: (d) both times for both models, measured (0.5), and how many passes of which network a sample takes (0.5)
# - 2 points: (e) at least three weights from the same noise, including 0 (1), the explanation (0.5), and what plays
#   the same role in the GAN (0.5)

# %% [markdown] answer="5.comparison"
# (a) `test_resources/draw_grids.py cgan` and `cddpm` draw the grids and the strip of our references and print their
# accuracies. (Yours will look different. What counts is that your words, grids and numbers agree.)
#
# (b) *GAN.* Its objects are coarse and have no sharp edges: a cube is a patch of colour, and it differs from a cylinder
# in little more than its outline. The discriminator is a small network that judges local texture. The term $L_C$ asks
# only that *its* classifier recognises an object, and a patch with the right hints is enough for that. In sets of
# three, an object is sometimes faint, or two objects merge. Each set of three occurs about three times in training, so
# the generator combines what it knows about single objects, at the places where it has learned to draw them.
#
# *DDPM.* Edges, metal and shadows are right, and nearly every object is there, but the number of objects is sometimes
# wrong. In the grid of test.json there are two purple spheres where the condition has one (third row, fourth picture),
# and the strip has two cyan cylinders. A label says that an object is there, not that it is there *once*. A second copy
# looks right at its own place; it is wrong only in combination with the first. Such a copy also takes the place of
# another object: there are two yellow objects instead of a yellow and a blue one (last row, fourth picture), and in the
# grid of new_test.json two red objects and a brown one instead of a red, a brown and a purple cube (third row, third
# picture). Each place looks up its object at noise levels where it cannot see the other objects yet. No term of the
# loss looks at a finished picture, as the GAN's loss does, and only few pixels of the squared error identify an object.
# Also, two thirds of the loss come from the 20 least noisy of 120 timesteps, when all objects are already decided.
# Giving more weight to the other timesteps helped our model most (`prioritized_loss` in
# `test_resources/references/iclevr.py`): 30 epochs with this loss raised it from 83 and 78% to 96 and 95%.
#
# (c) For one condition the GAN draws almost the same picture eight times: same places, same light, and only the
# brightness differs. Both terms of $L_G$ are averages over pictures that $D$ sees one by one. They are smallest when
# every $z$ gives the picture that $D$ likes best, so nothing rewards using the noise, and the condition alone already
# makes pictures differ. This is mode collapse within each condition. The DDPM's pictures are about as far apart as
# rendered ones. Its loss is a bound on the likelihood, which is poor wherever the model finds a possible scene
# improbable. The accuracy measures none of this. A model with a single picture for each condition can earn all points,
# and the evaluator, which knows the *number* of objects, does not mind an extra one.
#
# (d) On one GPU the GAN trained for about four minutes (30 epochs), and the DDPM took the same time for its first 128
# epochs. It then trained for another 46 epochs with attention to the labels, which took two and a half hours on two CPU
# cores (`test_resources/MANIFEST.json`). For a picture, the GAN needs one pass of the generator. The DDPM needs 120
# steps with two predictions each, with and without the labels, by a larger network. On two CPU cores that is
# milliseconds against seconds.
#
# (e) We chose $w = 2$. The mixture is the score of $p(x_t \mid y)\, (p(x_t \mid y) / p(x_t))^w \propto p(x_t \mid y)\,
# p(y \mid x_t)^w$. This is an approximation, because each noise level is guided separately. The null condition is the
# empty set, so $p(x_t)$ covers all scenes, with any objects. Guidance therefore pushes all requested objects at once,
# and favours scenes in which they are unmistakable: large, in front and not covered. With the same noise and one round
# of each list, our DDPM shows 86 and 88% of the objects with $w = 0$, 93 and 94% with $w = 1$, 96 and 96% with $w = 2$,
# and 100 and 98% with $w = 3.5$. We chose $w$ before the last training. The cell above tries other weights.
#
# In the GAN the classifier's term plays this role. Training adds $-\log p(y \mid x)$ to the loss with a fixed
# weight of 1, whereas guidance can choose its weight anew for each sample.

# %% [markdown]
# ## 15. Hand in
#
# Save this notebook first (Ctrl-S, or ⌘S), because your answers are read from its file. The cell checks your files and
# writes `submission.zip` and `written.pdf` beside your folder. `written.pdf` holds the written answers of all
# notebooks.

# %%
submit()
