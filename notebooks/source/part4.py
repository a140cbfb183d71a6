# %% [markdown]
# # Part 4: DDPM, DDIM, VAE and latent DDPM on FashionMNIST
#
# Of each model's points, 80% are for the images that your checkpoint generates, and most of the rest for what
# `pytest grader/` tries. What is left is for code that a person likes to read: a TA reads yours by the rubrics below,
# guided by what you write here. The grader lists for the TA what you changed outside the `TODO`s.

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
