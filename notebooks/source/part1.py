# %% [markdown]
# # Part 1: a GAN on SVHN
#
# Two networks play a game. A *generator* draws images from noise, and a *discriminator* tells them from real ones. Each
# teaches the other, and when the game goes well, the generator's images look like the data.
#
# You write `gan_pytorch.py` in an editor beside this notebook. Each section has an idea, a stub, a cell that grades
# only that stub, and a picture of what your code does. The cells use the file as you last saved it, so you need not
# restart anything. You answer the questions that only a person can judge in the cell below each one. A TA marks your
# answers with the rubric shown there.

# %% prelude="first_cells"
from grader.notebook import begin, grade, show, submit

# %load_ext autoreload
# %autoreload 2
setting = begin(part=1, minutes={"tiny": 1, "full": 30}, profile=PROFILE)

# %% [markdown]
# ## 1. The images
#
# House numbers are colour images of 32x32 pixels, with values in $[-1, 1]$. The *graded* discriminator judges coloured
# digits, which your machine draws by itself; the second picture shows them. You train on both below.

# %%
import plots
import torch

for name in ("svhn", "synthetic"):
    display(plots.sample_grid(setting.images(name, channels=3).tensors[0][:16], columns=8))

# %% [markdown]
# ## 2. The game
#
# $D(x)$ is the probability that $x$ is real, in the discriminator's opinion. The discriminator wants to be right. The
# generator $G$ wants it to be wrong (Goodfellow et al. 2014, eq. 1):
#
# $$\min_G \max_D V(D, G) = \mathbb{E}_{x \sim p_{\text{data}}}\left[\log D(x)\right] +
# \mathbb{E}_{z \sim p_z}\left[\log\left(1 - D(G(z))\right)\right].$$
#
# The noise $z$ decides which image $G$ draws. Here it has 96 dimensions, each uniform in $[-1, 1)$.

# %%
show("gan_pytorch.sample_noise")

# %%
grade("1.sample_noise")

# %% [markdown]
# ## 3. Two networks
#
# You design both. The discriminator shrinks an image to one number, a *logit*. The sigmoid of the logit is $D(x)$, but
# leave the sigmoid to the loss, which can then avoid overflow. The generator goes the other way, from 96 numbers to an
# image in $[-1, 1]$. A good start: strided and transposed convolutions, batch normalisation in $G$, and leaky units in
# $D$ (Radford et al. 2016).

# %%
show("gan_pytorch.discriminator", "gan_pytorch.generator")

# %%
grade("1.discriminator", "1.generator")

# %%
import gan_pytorch as gan

D, G = gan.discriminator(seed=0), gan.generator(seed=0)
print(f"D has {gan.count_params(D):,} parameters, G has {gan.count_params(G):,}")
with torch.no_grad():
    untrained = G(gan.sample_noise(8, gan.NOISE_DIM, seed=0)).view(-1, *gan.IMAGE)
plots.sample_grid(untrained, columns=8)

# %% [markdown]
# ## 4. The losses
#
# The log of a sigmoid is a trap: $\sigma(-200)$ is 0 in float32, and nothing can learn from $\log 0$. Written in terms
# of the logit, the binary cross-entropy never overflows.

# %%
show("gan_pytorch.bce_loss")

# %%
grade("1.bce_loss", "1.stability")

# %% [markdown]
# The discriminator minimises $-V$. The generator does not minimise $V$, because its term has almost no gradient while
# $D$ recognises all fakes, which is how every training starts. It maximises $\log D(G(z))$ instead (sec. 3 of the
# paper).

# %%
show("gan_pytorch.discriminator_loss", "gan_pytorch.generator_loss")

# %%
grade("1.discriminator_loss", "1.generator_loss")

# %%
from matplotlib import pyplot as plt

logits = torch.linspace(-8, 8, 200, requires_grad=True)  # on the left, D is sure that the image is fake
saturating = -torch.stack([gan.discriminator_loss(torch.zeros(1), logit[None]) for logit in logits])
heuristic = torch.stack([gan.generator_loss(logit[None]) for logit in logits])
figure, panels = plt.subplots(1, 2, figsize=(9, 3), layout="constrained")
for name, loss in {"in V: log(1 - D(G(z)))": saturating, "in practice: -log D(G(z))": heuristic}.items():
    (slope,) = torch.autograd.grad(loss.sum(), logits, retain_graph=True)
    panels[0].plot(logits.detach(), (loss - loss.mean()).detach(), label=name)
    panels[1].plot(logits.detach(), slope.abs())
panels[0].set(xlabel="logit of a generated image", title="generator's loss, up to a constant")
panels[1].set(xlabel="logit of a generated image", title="size of its gradient")
panels[0].legend()
plt.show()

# %% [markdown]
# > **Think.** The right panel shows which of the two losses a generator can learn from at the start. Where do both
# > have the same gradient, and what has the generator achieved there?

# %% [markdown]
# ## 5. Training
#
# Every batch gives one step of $D$ and then one step of $G$ (algorithm 1 with $k = 1$). In each step, something must
# stay constant: $D$'s loss must not reach $G$, and $G$'s gradient passes *through* $D$ without moving it.

# %%
show("gan_pytorch.get_optimizer", "gan_pytorch.train_gan")

# %%
grade("1.optimizer", "1.training", "1.training_rules")

# %% [markdown]
# Start with the digits, because grading uses this discriminator. Every epoch saves a picture in `outputs/`. If you
# interrupt the training and run the cell again, it resumes after its last epoch.

# %%
import train_gan
from torch.utils.data import DataLoader, TensorDataset


def train_on(name, path):
    """Train on a dataset and save the discriminator's weights to `path`. Returns the loss of every step."""
    images, labels = setting.images(name, channels=3).tensors
    config = train_gan.GanConfig(data=name, batch_size=setting.choose(tiny=32, full=128))
    loader = DataLoader(TensorDataset(gan.deprocess_img(images), labels), config.batch_size, True, drop_last=True)
    files = {"D": path, "G": path.with_name(path.name.replace("discriminator", "generator"))}
    outputs = train_gan.OUTPUTS / name
    return train_gan.train(config, setting.choose(tiny=4, full=40), files, outputs, setting.device, loader=loader)


losses = setting.trained("GAN_discriminator.pth", lambda path: train_on("synthetic", path))
if losses:
    display(plots.gan_losses(losses["D"], losses["G"]))

# %%
G = train_gan.load_weights(gan.generator(), setting.folder / "GAN_generator.pth").to(setting.device)
plots.sample_grid(train_gan.generate(G, 32, setting.device), columns=8)

# %% [markdown]
# Now walk from one noise vector to another. A generator that has learned what digits look like passes through images
# that could be digits.

# %%
ends = gan.sample_noise(4, gan.NOISE_DIM, seed=2)
steps = torch.linspace(0, 1, 9)[:, None]
with torch.no_grad():
    lines = [G(((1 - steps) * ends[i] + steps * ends[i + 1]).to(setting.device)) for i in range(3)]
plots.latent_walk(torch.stack(lines).view(3, 9, *gan.IMAGE))

# %% [markdown]
# Now house numbers, with the same code. They are harder: they have backgrounds, neighbours and shadows.

# %%
svhn_losses = setting.trained("SVHN_discriminator.pth", lambda path: train_on("svhn", path))
G = train_gan.load_weights(gan.generator(), setting.folder / "SVHN_generator.pth").to(setting.device)
plots.sample_grid(train_gan.generate(G, 64, setting.device), columns=16)

# %% [markdown]
# ## 6. What your generator has learned

# %% The final image [markdown] question="1.final_image" points=2
# Show the last grid of images that your generator drew during training, and judge it. What has the generator learned
# about house numbers, and what has it not? Say how long you trained it.
#
# **Rubric**
#
# - 1 point: a grid of at least 16 samples of your own generator, in which at least half of the digits can be read, and
#   the number of epochs or iterations
# - 1 point: one thing that it has learned and one that it has not, each pointed out in the grid, with a cause for the
#   second

# %% [markdown] answer="1.final_image"
# The grid of the last iteration, with the number of epochs above it. (Your grid will show other things. What counts is
# that words and grid agree.)
#
# *Learned:* a single large digit stands in the middle, in one colour on a plain background of another, with the soft
# light of photographs. Cut-off strokes at the left and right edges are right as well, because crops of SVHN show parts
# of the neighbouring digits.
#
# *Not learned:* in some samples two digits merge into a shape that is neither, or a stroke ends halfway. Each region
# looks real on its own, but the regions do not fit together. Two causes are plausible. The generator is continuous, so
# it cannot jump from one digit to another as the noise moves between them; it draws mixtures on the way. And the
# discriminator is a small network that decides by local texture, so a digit with the wrong topology costs the generator
# little. Longer training repairs the unfinished strokes. Labels as a condition repair the mixtures.

# %% Mode collapse and the trend of the losses [markdown] question="1.mode_collapse" points=2
# (a) What is mode collapse, how do you see it in a grid of samples, and why does the generator's loss not prevent it?
#
# (b) Plot or describe how the losses of the discriminator and of the generator moved in your training. Which values
# would they have with a perfect generator? What does it mean if the discriminator's loss goes to 0? Can you tell from
# the losses which of two checkpoints draws better images?
#
# **Rubric**
#
# - 1 point: (a) what it is and how it shows (0.5), and why the loss does not prevent it (0.5)
# - 1 point: (b) the values at equilibrium (0.5), and the meaning of a vanishing loss and of the trends (0.5)

# %% [markdown] answer="1.mode_collapse"
# (a) The generator maps very different noise to nearly the same images and leaves out parts of the data. In a grid, the
# same digit or the same pair of colours appears again and again, although each sample may look real. The loss
# $-\mathbb{E}_z \log D(G(z))$ is an average over samples that the discriminator sees one by one, so it is smallest if
# *every* $z$ gives the image that $D$ likes best at the moment. Only the discriminator punishes this, by calling that
# image fake from then on. The generator may then simply move to another image, so the collapse wanders from mode to
# mode. Two remedies help: showing the discriminator a batch at a time (minibatch statistics), or a loss with useful
# gradients far from equilibrium (Wasserstein).
#
# (b) If $p_G = p_{\text{data}}$, the best discriminator says $1/2$ everywhere. The discriminator's loss, the sum of its
# two terms, is then $2 \log 2 \approx 1.386$, and the generator's is $\log 2 \approx 0.693$. In practice the
# discriminator wins early: its loss falls below 1.386, and the generator's stays above 0.693. Both fluctuate around a
# level without converging, because each step of one network changes what the other minimises. A discriminator's loss
# that goes to 0 means that it tells all images apart with certainty. The generator then gets almost no useful gradient,
# and training stalls.
#
# The losses do not rank checkpoints, because each loss is measured against the opponent of its own moment. A falling
# generator's loss may mean better images or a worse discriminator. Compare grids drawn from fixed noise instead, or a
# distance between distributions of features such as FID.

# %%
if svhn_losses:
    display(plots.gan_losses(svhn_losses["D"], svhn_losses["G"]))

# %% [markdown]
# ## 7. How good is the discriminator?
#
# Against its own generator, a discriminator is right half the time if training went well. That says nothing about its
# quality. So you measure it against an *oracle* generator that it never trained with: accuracy, precision and recall,
# with real images as the positive class.

# %%
show("gan_pytorch.eval_discriminator")

# %%
grade("1.evaluation")

# %%
from gan_oracle import load_oracle

D = train_gan.load_weights(gan.discriminator(), setting.folder / "GAN_discriminator.pth").to(setting.device)
oracle = load_oracle("synthetic").to(setting.device)
loader = train_gan.make_loader("synthetic", 128, train=False)
accuracy, precision, recall = gan.eval_discriminator(D, oracle, loader, setting.device)
print(f"accuracy {accuracy:.1%}, precision {precision:.1%}, recall {recall:.1%}; an accuracy of 55% earns all points")

# %% [markdown]
# > **Think.** Precision and recall may differ a lot. What does a discriminator with high recall and low precision do?
# > And which of two checkpoints of the same training would you hand in: the one with the best images, or the one that
# > scores best here?

# %% [markdown]
# ## 8. Hand in
#
# First save this notebook (Ctrl-S, or ⌘S), because your answers are read from its file. The cell below checks your
# files. It writes `submission.zip` and `written.pdf`, the written answers of all notebooks, beside your folder.

# %%
submit()
