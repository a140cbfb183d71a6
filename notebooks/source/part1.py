# %% [markdown]
# # Part 1: a GAN on SVHN
#
# Your code is graded by `pytest grader/`. What only a person can judge you answer here, below each question; a TA
# marks it by the rubric that you see.

# %% The final image [markdown] question="1.final_image" points=2
# Show the last grid of images that your generator drew during training, and judge it: what has the generator learned
# of house numbers, and what not? Say how long it was trained.
#
# **Rubric**
#
# - 1 point: a grid of at least 16 samples of your own generator, with digits that can be read in at least half of
#   them, and the number of epochs or iterations
# - 1 point: one thing that is learned and one that is not, each pointed out in the grid, with a cause for the second

# %% [markdown] answer="1.final_image"
# The grid of the last iteration, and above it the number of epochs. (Yours shows other things; what counts is that
# words and grid agree.)
#
# *Learned:* a single large digit stands in the middle, in one colour on a plain background of another, with the soft
# lighting of photographs. Cut-off strokes at the left and right edges are right as well: crops of SVHN show parts of
# the neighbouring digits.
#
# *Not learned:* in some samples two digits merge into a shape that is neither, or a stroke ends halfway. Each region
# looks real for itself; what is wrong is how the regions belong together. Two causes are plausible. The generator is
# continuous, so it cannot jump from one digit to another as the noise moves between them, and draws mixtures on the
# way. And the discriminator is a small network that decides by local texture; a digit whose topology is wrong costs
# the generator little. Training longer mends the unfinished strokes, labels as a condition mend the mixtures.

# %% Mode collapse and the trend of the losses [markdown] question="1.mode_collapse" points=2
# (a) What is mode collapse, how do you see it in a grid of samples, and why does the generator's loss not forbid it?
#
# (b) Plot or describe how the losses of the discriminator and of the generator moved in your training. Which values
# would they have if the generator were perfect? What does it mean if the discriminator's loss goes to 0, and can you
# tell from the losses which of two checkpoints draws the better images?
#
# **Rubric**
#
# - 1 point: (a) what it is and how it shows (0.5), and why the loss does not forbid it (0.5)
# - 1 point: (b) the values at equilibrium (0.5), and the meaning of a vanishing loss and of the trends (0.5)

# %% [markdown] answer="1.mode_collapse"
# (a) The generator maps very different noise to nearly the same images and leaves parts of the data out: in a grid,
# the same digit or the same pair of colours comes back again and again, although each sample may look real. The loss
# $-\mathbb{E}_z \log D(G(z))$ is an average over samples that the discriminator sees one by one, so it is smallest if
# *every* $z$ is sent to the image that $D$ likes best at the moment. Only the discriminator's reply, to call that
# image fake from now on, punishes this, and the generator may then simply move to another image: the collapse wanders
# from mode to mode. Showing the discriminator a batch at a time (minibatch statistics), or a loss with useful
# gradients far from equilibrium (Wasserstein), helps.
#
# (b) If $p_G = p_{\text{data}}$, the best discriminator says $1/2$ everywhere, so the discriminator's loss, the sum of
# its two terms, is $2 \log 2 \approx 1.386$, and the generator's is $\log 2 \approx 0.693$. In practice the
# discriminator wins early: its loss falls below 1.386, the generator's lies above 0.693, and both fluctuate around a
# level without converging, because each step of the one changes what the other minimises. A discriminator's loss that
# goes to 0 means that it tells all images apart with certainty; its gradients then carry next to nothing, and training
# stalls.
#
# The losses do not rank checkpoints: each is measured against the opponent of its own moment. A falling generator's
# loss may mean better images or a worse discriminator. Compare grids drawn from fixed noise, or a distance between
# distributions of features such as FID.
