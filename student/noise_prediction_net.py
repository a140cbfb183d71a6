"""Given: the noise predictors of part 2. Call each of them as net(sample, timestep, global_cond).

Use `ConditionalUnet2D` for images with a class as condition, and `ConditionalUnet1D` for sequences with a vector as
condition. `TesterModel` is tiny and takes samples of any shape.
"""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F
from blocks import CONVOLUTIONS, ResidualBlock, SelfAttention
from trainers import autocast


class TimestepEmbedding(nn.Module):
    """Embeds timesteps, (B,), as vectors, (B, dim): sines and cosines, followed by a small network."""

    def __init__(self, dim):
        super().__init__()
        self.half = dim // 2
        self.mlp = nn.Sequential(nn.Linear(2 * self.half, dim), nn.SiLU(), nn.Linear(dim, dim))

    def forward(self, timestep):
        """Embed timesteps, shape (B,)."""
        exponents = torch.arange(self.half, device=timestep.device) / self.half
        angles = timestep[:, None].float() * torch.exp(-math.log(10000.0) * exponents)
        return self.mlp(torch.cat([angles.sin(), angles.cos()], dim=1))


class Unet(nn.Module):
    """A U-Net for images or sequences: the way down, the middle, and the way up, with attention.

    Args:
        c_in, c_out: channels of the input and of the output.
        channels: channels of each level, divisible by 8. The resolution halves from one level to the next.
        emb_dim: length of the embedding that every block gets.
        dims: 2 for images, 1 for sequences.
        block: class of the blocks below the first level: `ResidualBlock`, or one that takes more arguments.
    """

    def __init__(self, c_in, c_out, channels, emb_dim, dims, block=ResidualBlock):
        super().__init__()
        convolution = CONVOLUTIONS[dims]
        self.stem = convolution(c_in, channels[0], 3, padding=1)
        self.pool, self.down, self.attention, self.up = (nn.ModuleList() for _ in range(4))
        for i, width in enumerate(channels):
            before = channels[max(i - 1, 0)]
            self.pool.append(convolution(before, before, 3, stride=2, padding=1) if i else nn.Identity())
            self.down.append((block if i else ResidualBlock)(before, width, emb_dim, dims))
            self.attention.append(SelfAttention(width) if i else nn.Identity())
        self.middle = block(channels[-1], channels[-1], emb_dim, dims)
        before = channels[-1]
        for i, width in reversed([*enumerate(channels)]):
            self.up.append((block if i else ResidualBlock)(before + width, width, emb_dim, dims))
            before = width
        self.norm = nn.GroupNorm(8, before)
        self.head = convolution(before, c_out, 3, padding=1)

    def forward(self, x, emb, *context):
        """Apply the network.

        Args:
            x: shape (B, c_in, ...), each size divisible by 2^(levels - 1).
            emb: shape (B, emb_dim).
            context: further arguments of each `block`.

        Returns:
            Shape (B, c_out, ...), float32.
        """
        with autocast(x.device):  # bfloat16 where the hardware has it, because a thousand steps take long
            return self._predict(x, emb, context).float()

    def _predict(self, x, emb, context):
        x, skips = self.stem(x), []
        for pool, down, attention in zip(self.pool, self.down, self.attention, strict=True):
            x = attention(down(pool(x), emb, *(context if skips else ())))
            skips.append(x)
        x = self.middle(x, emb, *context)
        for level, up in enumerate(self.up):
            x = F.interpolate(x, scale_factor=2.0) if level else x
            x = torch.cat([x, skips.pop()], dim=1)
            x = up(x, emb, *(context if skips else ()))
        return self.head(F.silu(self.norm(x)))


class ConditionalUnet2D(nn.Module):
    """Predicts the noise in images, given their class.

    Args:
        input_dim: height and width of the images, divisible by 8.
        c_in, c_out: channels of the images and of the prediction.
        global_cond_dim: number of conditions, including the null condition 0.
        channels: channels of each level.
    """

    def __init__(self, input_dim, c_in=3, c_out=3, global_cond_dim=4, channels=(64, 128, 192)):
        super().__init__()
        emb_dim = 4 * channels[0]
        self.time = TimestepEmbedding(emb_dim)
        self.condition = nn.Embedding(global_cond_dim, emb_dim)
        # Folding 2x2 pixels into channels loses nothing and makes every layer four times cheaper.
        self.fold, self.unfold = nn.PixelUnshuffle(2), nn.PixelShuffle(2)
        self.unet = Unet(4 * c_in, 4 * c_out, channels, emb_dim, dims=2)

    def forward(self, sample, timestep, global_cond):
        """Predict the noise in `sample`.

        Args:
            sample: x_t, shape (B, c_in, H, W), float32.
            timestep: t of each item, shape (B,), or a single t for all.
            global_cond: condition of each item, shape (B,) or (B, 1), in {0, ..., global_cond_dim - 1}; 0 is null.

        Returns:
            The predicted noise, shape (B, c_out, H, W).

        Raises:
            ValueError: the network has no embedding for one of the conditions.
        """
        timestep = torch.as_tensor(timestep, device=sample.device).reshape(-1).expand(len(sample))
        emb = F.silu(self.time(timestep) + self.condition(self._known(global_cond)))
        return self.unfold(self.unet(self.fold(sample), emb))

    def _known(self, global_cond):
        """Return the conditions as indices. Checks them first, as a CUDA assert would not name the cause."""
        conditions, count = global_cond.reshape(-1).long(), self.condition.num_embeddings
        largest = int(conditions.max())
        if largest >= count or int(conditions.min()) < 0:
            raise ValueError(
                f"a condition is {largest}, but the network only has embeddings for 0 to {count - 1} "
                f"(condition_dim={count}): count the null condition 0 as well as the classes, so 3 classes need 4"
            )
        return conditions


class ConditionalUnet1D(nn.Module):
    """Predicts the noise in sequences, given a condition vector.

    Args:
        input_dim: number of values at each position of the sequence.
        global_cond_dim: length of the condition vector. A vector of zeros is the null condition.
        channels: channels of each level.
    """

    def __init__(self, input_dim, global_cond_dim, channels=(64, 128)):
        super().__init__()
        emb_dim = 4 * channels[0]
        self.levels = len(channels)
        self.time = TimestepEmbedding(emb_dim)
        self.condition = nn.Linear(global_cond_dim, emb_dim)
        self.unet = Unet(input_dim, input_dim, channels, emb_dim, dims=1)

    def forward(self, sample, timestep, global_cond):
        """Predict the noise in `sample`.

        Args:
            sample: x_t, shape (B, length, input_dim), float32.
            timestep: t of each item, shape (B,), or a single t for all.
            global_cond: condition vectors, shape (B, global_cond_dim), float32.

        Returns:
            The predicted noise, shape (B, length, input_dim).
        """
        length = sample.shape[1]
        timestep = torch.as_tensor(timestep, device=sample.device).reshape(-1).expand(len(sample))
        emb = F.silu(self.time(timestep) + self.condition(global_cond))
        whole = -length % 2 ** (self.levels - 1)  # padding, so that the length halves evenly at every level
        return self.unet(F.pad(sample.transpose(1, 2), (0, whole)), emb)[:, :, :length].transpose(1, 2)


class TesterModel(nn.Module):
    """A tiny noise predictor for tests. It takes samples of any shape.

    Args:
        input_shape: shape of a sample, without the batch dimension.
        condition_dim: length of a condition vector.
    """

    def __init__(self, input_shape, condition_dim):
        super().__init__()
        size = math.prod(input_shape)
        self.layers = nn.Sequential(nn.Linear(size + 1 + condition_dim, 64), nn.SiLU(), nn.Linear(64, size))

    def forward(self, sample, timestep, global_cond):
        """Predict the noise in `sample`.

        Args:
            sample: x_t, shape (B, *input_shape), float32.
            timestep: t of each item, shape (B,), or a single t for all.
            global_cond: condition vectors, shape (B, condition_dim), float32.

        Returns:
            The predicted noise, shape (B, *input_shape).
        """
        timestep = torch.as_tensor(timestep, device=sample.device).reshape(-1, 1).expand(len(sample), 1)
        return self.layers(torch.cat([sample.flatten(1), timestep / 1000, global_cond], dim=1)).reshape(sample.shape)
