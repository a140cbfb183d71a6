# %% [markdown]
# # Part 5: a conditional GAN and a DDPM on i-CLEVR
#
# The pictures of this part show several objects at once, and what is asked for is a *set* of them: a red sphere and a
# cyan cylinder and a cyan cube. Two models learn to draw such sets: a *GAN* whose discriminator also names what it
# sees, and a *diffusion model* with guidance. In the end you compare them.
#
# You write `iclevr_dataset.py`, `conditional_gan.py` and `conditional_diffusion.py`, in an editor beside this notebook.
# Each section has an idea, a stub, a cell that grades just that stub, and a picture of what your code does. Cells see
# what you save: no restart is needed. Your checkpoints are graded by what they generate; what only a person can judge
# you answer here, below the question. Timesteps count from 0 to $T - 1$.

# %% prelude="first_cell"
from grader.inline import begin, grade, show, submit

# %load_ext autoreload
# %autoreload 2
setting = begin(part=5, minutes={"tiny": 1, "full": 90}, profile=PROFILE)

# %% [markdown] include="notation"

# %% [markdown]
# ## 1. The pictures
#
# Each scene of i-CLEVR exists three times, with one, two and three objects; nothing else changes from one to the next.
# There are 24 kinds of objects, cubes, spheres and cylinders in eight colours, and 18,009 pictures of 64x64 pixels. If
# you do not have them, a renderer of similar scenes, which is given, stands in.

# %%
import plots
import torch
from iclevr_renderer import render
from iclevr_scenes import draw

folder = setting.iclevr()
scenes = [["red sphere", "cyan cylinder", "cyan cube"], ["yellow cube", "gray cube", "purple sphere"]]
grown = [scene[:count] for scene in scenes for count in (1, 2, 3)]
images = render(draw(grown, numbers=[0, 0, 0, 1, 1, 1])).float() / 127.5 - 1
plots.sample_grid(images, columns=6, titles=["\n".join(names) for names in grown], inches=1)

# %% [markdown]
# ## 2. A set as a vector
#
# In parts 2 to 4 a label is one of several. Here any number of the 24 objects may be there, in no order, so a label is
# *multi-hot*: $y \in \{0, 1\}^{24}$, with a 1 for each object that is there.

# %%
show("iclevr_dataset.multi_hot")

# %%
grade("5.multi_hot", "5.multi_hot_refusal")

# %% [markdown]
# `train.json` tells the objects of every picture. `test.json` and `new_test.json` are lists of conditions alone, 32
# each: for them your models draw, and are graded.

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
# > **Think.** There are 24 sets of one object and 276 of two. How many are there of three, and how often is each of
# > them among the 6,003 pictures that show three? What must a model learn, if not a picture for each set?

# %% [markdown]
# ## 3. Items
#
# The files have 320x240 pixels and four channels; networks take three, 64x64, in $[-1, 1]$.

# %%
show("iclevr_dataset.to_tensor", "iclevr_dataset.ICLEVRLoader.__getitem__")

# %%
grade("5.to_tensor", "5.iclevr_items")

# %%
import train_iclevr
from iclevr_dataset import ICLEVRLoader


def titles_of(labels):
    """The objects that labels tell of, below one another."""
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
# The noise $z \sim \mathcal{N}(0, I)$ decides all that the labels leave open: where objects stand, how they are turned,
# whether they are of metal. The condition $y$ goes in beside it (Mirza & Osindero 2014), and transposed convolutions
# make a picture $G(z, y)$ of both (DCGAN, sec. 3).

# %%
show("conditional_gan.sample_z", "conditional_gan.Generator")

# %%
grade("5.gan_noise", "5.generator", "5.gan_sample")

# %% [markdown]
# `prepare_cgan` builds the generator that is trained here, graded later, and loaded from `checkpoints/CGAN.pt`: choose
# its widths.

# %%
show("conditional_gan.prepare_cgan")

# %%
grade("5.prepare_cgan")

# %%
from conditional_gan import prepare_cgan

G = prepare_cgan()
print(f"G has {sum(p.numel() for p in G.parameters()):,} parameters; untrained it draws")
plots.sample_grid(G.generate_sample(labels, "cpu"), columns=8)

# %% [markdown]
# ## 5. The discriminator
#
# It has two things to say of a picture $x$: whether it is real, *given what it is said to show*, and which objects are
# in it. The first is a logit
#
# $$f(x, y) = y^\top V \phi(x) + \psi(\phi(x))$$
#
# (Miyato & Koyama 2018, eq. 3): features $\phi(x)$ of convolutions, a general judgement $\psi$, and the inner product
# of the features with the embedded condition. The product is large where the picture has what the condition says. A set
# needs nothing new: $V^\top y$ is the sum of the embeddings of its objects. The second, $P(y \mid x)$, comes from the
# features alone (AC-GAN, sec. 3). If the condition reached it, it would read the answer instead of looking.

# %%
show("conditional_gan.Discriminator")

# %%
grade("5.discriminator")

# %% [markdown]
# ## 6. The losses
#
# The classifier of objects answers 24 questions at once. With $p_k(x)$ for the probability that object $k$ is in the
# picture,
#
# $$L_C(x, y) = -\sum_k \left( y_k \log p_k(x) + (1 - y_k) \log(1 - p_k(x)) \right).$$
#
# AC-GAN's eq. 3 has a softmax, for labels that exclude one another. The curves below show what that would do here.

# %%
show("conditional_gan.auxiliary_loss")

# %%
grade("5.auxiliary_loss")

# %%
import conditional_gan
import torch.nn.functional as F

logits = torch.linspace(-2, 8, 50)[:, None]  # of the objects that are there; all others have its negative
true = torch.tensor([1.0, 1.0] + 22 * [0.0])
found = [logit * (2 * true - 1)[None] for logit in logits]
figure, axes = plt.subplots(figsize=(6, 3), layout="constrained")
axes.plot(logits, [conditional_gan.auxiliary_loss(each, true[None]) for each in found], label="a sigmoid for each")
axes.plot(logits, [2 * F.cross_entropy(each, true[None] / 2) for each in found], "--", label="a softmax over all")
axes.set(xlabel="logit of both objects that are there", ylabel="loss", yscale="log", title="two objects")
axes.legend()
plt.show()

# %% [markdown]
# > **Think.** Where does the softmax stop, and why can it not go further, however sure it is of both objects?

# %% [markdown]
# Discriminator and generator play part 1's game, and both want the classifier to be right:
#
# $$L_D = -\mathbb{E}_{x, y}\left[\log \sigma(f(x, y))\right] - \mathbb{E}_{z, y}\left[\log(1 - \sigma(f(G(z, y),
# y)))\right] + \mathbb{E}_{x, y}\left[L_C(x, y)\right],$$
# $$L_G = -\mathbb{E}_{z, y}\left[\log \sigma(f(G(z, y), y))\right] + \mathbb{E}_{z, y}\left[L_C(G(z, y), y)\right].$$
#
# The classifier learns from real pictures only (AC-GAN also has it learn from generated ones, whose objects may not be
# there yet).

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
# All layers should have a gradient, of similar size from the first to the last.

# %% [markdown]
# ## 7. A step of the game
#
# First $D$, then $G$, on each batch. What is a constant in each step matters as it did in part 1: $D$'s loss must not
# reach $G$, and $G$'s gradient comes through $D$ but must not move it. DCGAN's settings of Adam keep the game slow
# enough for both (sec. 4).

# %%
show("conditional_gan.get_solver", "conditional_gan.train_step")

# %%
grade("5.gan_solver", "5.gan_step", "5.gan_step_rules", "5.gan_device")

# %% [markdown]
# A game that is interrupted can go on only if all its players are there again, Adam's moments among them.

# %%
show("conditional_gan.save_training", "conditional_gan.resume_training")

# %%
grade("5.gan_resume")

# %% [markdown]
# `train_cgan`, which is given, plays it. $D$ sees each picture moved a little at random: 18,009 pictures are few, and
# it would know them by heart (Zhao et al. 2020). What is saved is a moving average of the generators.

# %%
import math

from trainers import TrainConfig, autocast, load_weights, train

config = train_iclevr.GanConfig(epochs=setting.choose(tiny=2, full=30), batch_size=setting.choose(tiny=16, full=64))
losses = setting.trained("CGAN.pt", lambda path: train_iclevr.train_cgan(dataset, path, config, setting.device))
G = load_weights(prepare_cgan(), setting.folder / "CGAN.pt").to(setting.device).eval()
if losses:
    perfect = {"D against a perfect G, 2 log 2": 2 * math.log(2), "G there, log 2": math.log(2)}
    display(plots.losses(losses, xlabel="epoch", reference=perfect))

# %% [markdown]
# ## 8. What the GAN draws
#
# The conditions of `test.json`, in their order (in the profile tiny every other one); then, with names, the last eight
# of `new_test.json`.


# %%
def samples_of(model, labels, seed=0):
    """Pictures of conditions, on the CPU."""
    torch.manual_seed(seed)
    with autocast(setting.device):
        return model.generate_sample(labels, setting.device).float().cpu()


gan_samples = {mode: samples_of(G, asked) for mode, asked in conditions.items()}
display(plots.sample_grid(gan_samples["test"], columns=8))
plots.sample_grid(gan_samples["new_test"][-8:], columns=8, titles=titles_of(conditions["new_test"][-8:]), inches=1)

# %% [markdown]
# A frozen ResNet-18 *evaluates* pictures: if $k$ objects were asked for, it names the $k$ that it finds likeliest, and
# the share of those that are right counts. Points come from this number. In the profile tiny it is near chance, for
# such a model has hardly been trained.

# %%
from evaluator import evaluation_model

evaluator = evaluation_model(device=setting.device)


def chance(labels):
    """The accuracy of guesses."""
    asked = labels.sum(1)
    return ((asked**2).sum() / (labels.shape[1] * asked.sum())).item()


print(f"pictures of the dataset: {evaluator.eval(images, labels):.0%} of their objects are found")
for mode, asked in conditions.items():
    print(f"GAN, {mode}: {evaluator.eval(gan_samples[mode], asked):.1%}; guesses reach {chance(asked):.1%}")

# %% [markdown]
# The same noise in each column, and an object more in each row. What stays, and what moves?

# %%
from iclevr_dataset import multi_hot
from train_iclevr import IN_STRIP

rows = [multi_hot(IN_STRIP[:count], objects).expand(8, -1) for count in (1, 2, 3)]
plots.sample_grid(torch.cat([samples_of(G, row) for row in rows]), columns=8)

# %% [markdown]
# > **Think.** Read the rows from left to right. How much does the noise decide, and how much would it decide if the
# > generator drew all the scenes that there could be?

# %% [markdown]
# ## 9. The cosine schedule
#
# Now the diffusion model. The forward process is that of the parts before,
# $q(x_t \mid x_0) = \mathcal{N}(x_t; \sqrt{\bar\alpha_t}\, x_0, (1 - \bar\alpha_t) I)$, but the schedule is chosen by
# what is left of the image (IDDPM, eq. 17, whose $t$ counts from 1):
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
linear = torch.linspace(1e-4, 0.02, T) * 1000 / T  # DDPM's, in fewer steps that are larger
schedules = {"cosine": conditional_diffusion.cosine_betas(T), "linear": linear}
tables = {name: {"betas": betas, "alpha_bars": (1 - betas).cumprod(0)} for name, betas in schedules.items()}
plots.schedule(tables)

# %%
picture = images[2:3]
noise = torch.randn(picture.shape, generator=torch.Generator().manual_seed(0))


def noised(t, left):
    """x_t of the picture, under a schedule."""
    return left[t] ** 0.5 * picture + (1 - left[t]) ** 0.5 * noise


for name, table in tables.items():
    print(name)
    display(plots.noising_strip(picture, partial(noised, left=table["alpha_bars"]), range(10, T, 15)))

# %% [markdown]
# > **Think.** At which $t$ could you no longer tell the objects, with each schedule? A network that is trained on steps
# > where nothing is left to see learns little from them.

# %% [markdown]
# ## 10. The network and its null condition
#
# The U-Net is given. It takes one embedding, which you make of the time and of the labels, and which is the same in all
# places; and the labels once more, to which every place of the deeper levels attends: one that is about to become red
# looks up which shape is to be red (`LabelAttention`).

# %%
show("conditional_diffusion.MultiLabelUnet")

# %%
grade("5.multi_label")

# %% [markdown]
# So that one network knows both $p(x)$ and $p(x \mid y)$, the condition is sometimes replaced by the null condition
# $\varnothing$ (CFG, algorithm 1): here all zeros, the empty set. That is decided for each picture, and for all its
# labels together.

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
# > **Think.** What would the network take an all-zero condition for if labels were dropped one by one?

# %% [markdown]
# ## 11. The loss
#
# Training is a regression: noise a picture, and ask which noise that was (DDPM, eq. 14 and algorithm 1),
#
# $$L_{\text{simple}} = \mathbb{E}_{t, x_0, \epsilon}\left[\left\| \epsilon -
# \epsilon_\theta\left(\sqrt{\bar\alpha_t}\, x_0 + \sqrt{1 - \bar\alpha_t}\, \epsilon,\ t,\ y\right)
# \right\|^2\right].$$

# %%
show("conditional_diffusion.MultiLabelDDPM.forward")

# %%
grade("5.ddpm_loss", "5.ddpm_training")

# %% [markdown]
# `prepare_cddpm` builds the model that is trained here, graded later, and loaded from `checkpoints/CDDPM.pt`: choose
# the widths and the number of steps. (The profile tiny trains a small network instead.)

# %%
show("conditional_diffusion.prepare_cddpm")

# %%
grade("5.prepare_cddpm")


# %%
def small_cddpm():
    """A model for the profile tiny."""
    network = conditional_diffusion.MultiLabelUnet(channels=(16, 24, 32))
    return conditional_diffusion.MultiLabelDDPM(network, num_steps=12)


def train_cddpm(path):
    """Train the diffusion model on mirrored pictures. Returns the losses."""
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
    display(plots.losses({"DDPM": losses}, xlabel="epoch", reference={"predicts no noise at all": 1.0}))

# %% [markdown]
# ## 12. Guidance and the way back
#
# The two predictions differ by what the labels add. Guidance goes further that way (CFG, eq. 6):
#
# $$\tilde\epsilon = (1 + w)\, \epsilon_\theta(x_t, t, y) - w\, \epsilon_\theta(x_t, t, \varnothing).$$

# %%
show("conditional_diffusion.MultiLabelDDPM.guided_noise")

# %%
grade("5.guidance")

# %% [markdown]
# A reverse step guesses the picture that the noise implies and keeps it within the range of pictures,
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
# The clamp matters with this schedule: at $t = T - 1$ next to nothing is left of the image, and $\hat{x}_0$ is an error
# divided by nearly 0.

# %%
show("conditional_diffusion.MultiLabelDDPM.recover_sample")

# %%
grade("5.ddpm_step")

# %% [markdown]
# Sampling is this step, from $x_{T-1} \sim \mathcal{N}(0, I)$ down to $x_0$, for all pictures at once.

# %%
show("conditional_diffusion.MultiLabelDDPM.denoise", "conditional_diffusion.MultiLabelDDPM.generate_sample")

# %%
grade("5.ddpm_sample", "5.ddpm_device")

# %% [markdown]
# The *denoising strip* is a row of what there is on the way, at even distances.

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
# > **Think.** What is decided first: where objects stand, their colours, or their shapes? The evaluator asks for colour
# > and shape together.

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
# And the same conditions at other guidance weights, from the same noise.

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
# Eight pictures of one condition from each: time, accuracy, and how far two of them are apart on average (the root mean
# square of their difference). The renderer, whose scenes of the same objects are drawn at random, tells how far they
# could be.

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
# What you see above is a beginning for the answer: add cells of your own below it. They are handed in with it.

# %% GAN and DDPM compared [markdown] question="5.comparison" points=10
# Compare your two models.
#
# (a) Show the grids of both models for `test.json` and `new_test.json`, 32 pictures each, with the four accuracies, and
# the denoising strip of a picture with a red sphere, a cyan cylinder and a cyan cube.
#
# (b) What does each model get wrong? Point out typical errors in the grids, and give their causes.
#
# (c) How much do pictures of the same condition differ from one another, with each model? Why? And what does that say
# about the accuracy as a measure?
#
# (d) What do training and sampling cost, and what does the time of a sample consist of?
#
# (e) Which guidance weight did you choose? Show what it does to accuracy and variety, and explain it with CFG's eq. (6)
# for conditions that are sets. What takes its place in your GAN?
#
# **Rubric**
#
# - 2 points: (a) four grids of 32 pictures (1), the four accuracies (0.5), the strip (0.5)
# - 3 points: (b) two errors of each model, pointed out in the grids (1.5), and a cause for each in the loss, the
#   data or the sampler (1.5)
# - 2 points: (c) several pictures of one condition from each model, compared (1), why the losses lead to that (0.5),
#   and what the accuracy does not see (0.5)
# - 1 point: (d) both times for both models, measured (0.5), and how many passes of which network a sample takes (0.5)
# - 2 points: (e) at least three weights from the same noise, 0 among them (1), the explanation (0.5), and what plays
#   this part in the GAN (0.5)

# %% [markdown] answer="5.comparison"
# (a) The grids, the strip and the accuracies are those that `test_resources/draw_grids.py cgan` and `cddpm` draw and
# print of our references. (Yours show other things; what counts is that words, grids and numbers agree.)
#
# (b) *GAN.* Its objects are coarse and without edges: a cube is a patch of its colour, and cube and cylinder differ
# in little more than their outline. The discriminator is a small network that judges by local texture, and the term
# $L_C$ asks only that *its* classifier recognises an object, which a patch with the right hints achieves. In sets of
# three an object is sometimes faint, or two run into one: each set of three occurs about three times in training, so
# the generator puts together what it knows of the single objects, at the places where it knows them.
#
# *DDPM.* Edges, metal and shadows are right, and nearly every object is there. What goes wrong is the count: in the
# grid of test.json there are two purple spheres where one was asked for (third row, fourth picture), and two cyan
# cylinders in the strip. A label says that an object is there, not that it is there *once*; what a picture gains by a
# second one it gains at one place, and its loss lies in how places belong together. And what is there twice takes the
# place of something else: two yellow objects for a yellow and a blue one (last row, fourth picture), and in the grid of
# new_test.json two red ones and a brown one for a red, a brown and a purple cube (third row, third picture). Each
# place looks up an object at noise levels at which no other can be seen yet. No term of the loss ever looks at a
# finished picture, as the GAN's does, and of the squared error few pixels tell an object. Besides, two thirds of the
# loss are about the 20 least noisy of 120 timesteps, when all objects have long been there. What helped ours most was
# to weigh the others more (`prioritized_loss` in `test_resources/references/iclevr.py`): with it 30 epochs brought it
# from 83 and 78% to 96 and 95%.
#
# (c) Of one condition the GAN draws next to the same picture eight times: the same places, the same light, only the
# brightness differs. Both terms of $L_G$ are averages over pictures that $D$ sees one by one. They are smallest when
# every $z$ gives the picture that $D$ likes best, so nothing rewards heeding the noise, and the condition alone
# already makes pictures differ: mode collapse within each condition. The DDPM's pictures lie about as far apart as
# rendered ones: its loss is a bound of the likelihood, which is poor wherever a possible scene is improbable under
# the model. The accuracy sees none of this. A model with a single picture for each condition can have all points, and
# the evaluator, which gets the *number* of objects told, does not mind a fourth one.
#
# (d) On one GPU the GAN took about four minutes to train, for 30 epochs, and the DDPM the same for its first 128; 46
# more, since its places attend to the labels, took two and a half hours on two CPU cores
# (`test_resources/MANIFEST.json`). A picture takes the GAN one pass of the generator, and the DDPM 120 steps of two
# predictions each, with and without the labels, by a larger network: on two CPU cores milliseconds against seconds.
#
# (e) We chose $w = 2$. The mixture is the score of $p(x_t \mid y)\, (p(x_t \mid y) / p(x_t))^w \propto p(x_t \mid y)\,
# p(y \mid x_t)^w$, up to the approximation that this is done at every noise level for itself. With an empty set as
# null condition $p(x_t)$ is that of all scenes, with whatever objects. So all objects that are asked for are pushed at
# once, and scenes in which they are unmistakable gain weight: large, in front, unobscured. From one noise, one
# round of each list, our DDPM shows 86 and 88% of the objects with $w = 0$, 93 and 94% with $w = 1$, 96 and 96% with
# $w = 2$, 100 and 98% with $w = 3.5$. We had chosen before its last training. The cell above tries others.
#
# In the GAN the classifier's term plays this part: $-\log p(y \mid x)$ is added to the loss, once, in training, with
# the weight 1 that guidance can choose anew for each sample.

# %% [markdown]
# ## 15. Hand in
#
# Save this notebook first (Ctrl-S, or ⌘S), for your answers are read from its file. The cell checks your files and
# writes `submission.zip` and the written answers of all notebooks, `written.pdf`, beside your folder.

# %%
submit()
