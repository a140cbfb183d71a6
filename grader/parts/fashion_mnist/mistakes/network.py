"""Mistakes in the time embedding and the U-Net. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.authoring.patching import one_patch

mistake = partial(one_patch, 4)

EMBEDDING = (
    mistake(
        "embedding_only_sines",
        "torch.cat([angles.sin(), angles.cos()], dim=-1)",
        "torch.cat([angles.sin(), (2 * angles).sin()], dim=-1)",
        "Your embedding contains only sines, so it is all zeros at t = 0. It should contain the sine and the cosine "
        "of every frequency.",
        "embedding",
    ),
    mistake(
        "embedding_without_minus",
        "torch.exp(-math.log(10000.0)",
        "torch.exp(math.log(10000.0)",
        "Your frequencies grow up to 10000. They should fall to 1/10000: the exponent of 10000 is negative.",
        "embedding",
    ),
    mistake(
        "embedding_of_scaled_time",
        "angles = time[:, None].float() *",
        "angles = time[:, None].float() / 1000 *",
        "Your embedding divides the timestep first. It should take t itself, from 0 to T - 1.",
        "embedding",
    ),
)

UNET = (
    mistake(
        "unet_ignores_time",
        "emb = F.silu(self.time_mlp(timestep) + self.label_emb(label))",
        "emb = F.silu(0 * self.time_mlp(timestep) + self.label_emb(label))",
        "Your output does not depend on the timestep. Add the time embedding in every block.",
        "unet",
    ),
    mistake(
        "unet_ignores_label",
        "emb = F.silu(self.time_mlp(timestep) + self.label_emb(label))",
        "emb = F.silu(self.time_mlp(timestep) + 0 * self.label_emb(label))",
        "Your output does not depend on the label. Embed the label, and add it to the time embedding.",
        "unet",
    ),
    mistake(
        "unet_one_channel_out",
        "self.head = nn.Conv2d(previous, 4 * in_channels, 3, padding=1)",
        "self.head = nn.Conv2d(previous, 4, 3, padding=1)",
        "Your last layer always gives one channel. It should give in_channels, because noise has the image's shape.",
        "unet",
    ),
    mistake(
        "unet_embedding_of_first_item",
        "        skips = []\n",
        "        emb = emb[:1].expand_as(emb)\n        skips = []\n",
        "Your network gives all items of a batch the time and label of the first one. Keep the batch dimension of the "
        "embedding.",
        "unet",
    ),
)
