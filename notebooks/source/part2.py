# %% [markdown]
# # Part 2: DDPM with classifier-free guidance and thresholding on CIFAR-10
#
# Your code is graded by `pytest grader/`, and your checkpoint by what it generates. What only a person can judge you
# answer here, below each question; a TA marks it by the rubric that you see. Timesteps count from 0 to $T-1$.

# %% The end of the schedule [markdown] question="2.last_alpha_bar" points=0.5
# Why must $\bar\alpha_{T-1}$ be nearly 0? Compute it with your `NoiseScheduler` for $\beta$ from 0.0001 to 0.02 and
# $T = 1000$, then $T = 100$. What goes wrong with the second, and how would you repair it?
#
# **Rubric**
#
# - 0.25 points: why, in terms of $q(x_{T-1} \mid x_0)$ and of where sampling begins
# - 0.25 points: both values, and what follows for $T = 100$

# %% [markdown] answer="2.last_alpha_bar"
# The forward process ends in
# $q(x_{T-1} \mid x_0) = \mathcal{N}(\sqrt{\bar\alpha_{T-1}}\, x_0, (1 - \bar\alpha_{T-1}) I)$, and sampling begins
# with $\mathcal{N}(0, I)$. The two agree for every $x_0$ only if $\bar\alpha_{T-1} \approx 0$.
#
# With $T = 1000$, $\bar\alpha_{999} = 4.0 \cdot 10^{-5}$: of an image 0.6% of its amplitude is left
# ($\sqrt{\bar\alpha} = 0.006$). With $T = 100$ the same range gives $\bar\alpha_{99} = 0.364$, and 60% is left. A
# network trained so has never seen pure noise at its first step and reads an image into it whose brightness and layout
# are arbitrary. Ten times fewer steps need $\beta$ ten times as large: from 0.001 to 0.2,
# $\bar\alpha_{99} = 2.0 \cdot 10^{-5}$.

# %% The simple loss [markdown] question="2.simple_loss" points=0.5
# Your loss is the mean squared error between noise and predicted noise. Which term of the variational bound does it
# stand for, and what is left out? At which timesteps does that matter most, with $\sigma_t^2 = \beta_t$?
#
# **Rubric**
#
# - 0.25 points: the term of the bound, and the weight that is left out
# - 0.25 points: which timesteps lose weight by that, and why this is good for images

# %% [markdown] answer="2.simple_loss"
# It stands for $\mathrm{KL}(q(x_{t-1} \mid x_t, x_0) \,\|\, p_\theta(x_{t-1} \mid x_t))$. Both are Gaussians with
# fixed variances, so up to a constant the divergence is the squared distance of their means over $2 \sigma_t^2$. With
# the means written in terms of the noise it becomes
#
# $$\mathbb{E}\left[\frac{\beta_t^2}{2 \sigma_t^2 \alpha_t (1 - \bar\alpha_t)}
# \left\| \epsilon - \epsilon_\theta(x_t, t) \right\|^2\right] + \text{const}.$$
#
# The simple loss replaces the fraction by 1. With $\sigma_t^2 = \beta_t$ it is
# $\beta_t / (2 \alpha_t (1 - \bar\alpha_t))$: 0.27 at $t = 1$ and 0.01 at $t = 999$. So the bound cares 27 times more
# for the last, nearly invisible bit of noise than for the noisy steps that decide on layout and class. Without the
# weight these get the network's capacity, which makes better images and a slightly worse likelihood.

# %% What guidance and thresholding do [markdown] question="2.generated_images" points=5
# Generate images of all three classes with your checkpoint, for $w = 0$ and at least two larger guidance weights, one
# of them 5 or more, each with and without thresholding, and from the same noise throughout. Compare them. Explain what
# you see with $\epsilon = (1 + w)\, \epsilon_\theta(x_t, t, c) - w\, \epsilon_\theta(x_t, t, \varnothing)$ and with
# the estimate of $x_0$ that thresholding clamps, and choose the setting that you would use.
#
# **Rubric**
#
# - 1 point: grids of all three classes for three weights, labelled, from the same noise
# - 1 point: the same with thresholding, side by side
# - 1.5 points: what grows and what is lost as $w$ grows (0.75), and why, from the formula (0.75)
# - 1 point: what thresholding changes and at which weights (0.5), and why (0.5)
# - 0.5 points: a choice, with a reason and with what still looks wrong

# %% [markdown] answer="2.generated_images"
# The grids are those of our reference, in `test_resources/grids`: a row for each class, a column for each noise, drawn
# for $w \in \{0, 0.5, 1, 2, 5\}$, each without thresholding and with it (`_threshold`).
#
# *Guidance.* From $w = 0$ to 5 an automobile turns from blotches into a body with dark wheels and a clear outline,
# skies become one even blue, grass one green. Contrast grows and variety shrinks: of values from 0 to 255, the
# standard deviation within an image rises from 45 to 59, that between images of a class falls from 49 to 42 (12 images
# each). The formula says why. The noise estimate is proportional to minus the score,
# $\epsilon_\theta \approx -\sqrt{1 - \bar\alpha_t}\, \nabla \log p(x_t)$, so the mixture is the score of
#
# $$p(x_t \mid c) \left( \frac{p(x_t \mid c)}{p(x_t)} \right)^{w} \propto p(x_t \mid c)\, p(c \mid x_t)^{w},$$
#
# up to the approximation that this is done at every noise level for itself. Images of which the class is certain gain
# weight, unusual ones lose it; with large $w$ what remains is what is typical of the class, a sky for airplanes.
#
# *Thresholding.* Extrapolating beyond the conditional estimate also pushes
# $\hat{x}_0 = (x_t - \sqrt{1 - \bar\alpha_t}\, \epsilon) / \sqrt{\bar\alpha_t}$ out of $[-1, 1]$, all the more at
# early steps, where the divisor is small. The network was trained on $x_t$ of images within the range and has never
# seen what results, and errors add up to burnt-out colours. In our grids the share of values that are cut at the end
# because they are black or white rises from 3% at $w = 0$ to 9% at $w = 5$; with thresholding it is 0.4% and 1%. Hence
# it changes little at $w = 0$ and much at 5, where a small airplane that guidance alone dissolves into the sky is
# kept.
#
# *Choice.* $w = 2$ with thresholding: automobiles have outlines, while colours and layouts still differ from noise to
# noise. Details are missing with any setting; birds above all are textures without a body. That is for the model to
# learn: guidance only selects among what it knows.
