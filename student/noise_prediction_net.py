"""Given: the noise predictors of part 2. All of them are called as net(sample, timestep, global_cond).

`ConditionalUnet2D` is for images with a class as condition, `ConditionalUnet1D` for sequences with a vector as
condition; `TesterModel` is tiny and takes samples of any shape.
"""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F
from blocks import CONVOLUTIONS, ResidualBlock, SelfAttention
from trainers import autocast


class TimestepEmbedding(nn.Module):
    """Sines and cosines of the timestep, followed by a small network: (B,) to (B, dim)."""

    def __init__(self, dim):
        super().__init__()
        self.half = dim // 2
        self.mlp = nn.Sequential(nn.Linear(2 * self.half, dim), nn.SiLU(), nn.Linear(dim, dim))

    def forward(self, timestep):
        """timestep: shape (B,)."""
        exponents = torch.arange(self.half, device=timestep.device) / self.half
        angles = timestep[:, None].float() * torch.exp(-math.log(10000.0) * exponents)
        return self.mlp(torch.cat([angles.sin(), angles.cos()], dim=1))


class Unet(nn.Module):
    """The way down, the middle with attention, and the way up, for images or sequences.

    Args:
        c_in, c_out: channels before and after.
        channels: of each level, each divisible by 8; the resolution halves between two levels.
        emb_dim: length of the embedding that every block gets.
        dims: 2 for images, 1 for sequences.
        block: what the blocks below the first level are: a `ResidualBlock`, or one that gets more than it.
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
        """x: (B, c_in, ...), each size divisible by 2^(levels - 1); emb: (B, emb_dim); context: what else `block` gets.

        Returns (B, c_out, ...), float32.
        """
        with autocast(x.device):  # bfloat16 where the hardware has it: a thousand steps are long
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
    """Predicts the noise in images of a class.

    Args:
        input_dim: height and width of the images; divisible by 8.
        c_in, c_out: channels of the images, and of the prediction.
        global_cond_dim: number of conditions, the null condition 0 included.
        channels: of each level.
    """

    def __init__(self, input_dim, c_in=3, c_out=3, global_cond_dim=4, channels=(64, 128, 192)):
        super().__init__()
        emb_dim = 4 * channels[0]
        self.time = TimestepEmbedding(emb_dim)
        self.condition = nn.Embedding(global_cond_dim, emb_dim)
        # 2x2 pixels become channels: nothing is lost, and every layer costs a quarter.
        self.fold, self.unfold = nn.PixelUnshuffle(2), nn.PixelShuffle(2)
        self.unet = Unet(4 * c_in, 4 * c_out, channels, emb_dim, dims=2)

    def forward(self, sample, timestep, global_cond):
        """Predict the noise in `sample`.

        Args:
            sample: x_t, shape (B, c_in, H, W), float32.
            timestep: t, shape (B,), or one for all.
            global_cond: condition of each item, shape (B,) or (B, 1), in {0, ..., global_cond_dim - 1}; 0 is null.

        Returns:
            The predicted noise, shape (B, c_out, H, W).

        Raises:
            ValueError: a condition that the network has no embedding for.
        """
        timestep = torch.as_tensor(timestep, device=sample.device).reshape(-1).expand(len(sample))
        emb = F.silu(self.time(timestep) + self.condition(self._known(global_cond)))
        return self.unfold(self.unet(self.fold(sample), emb))

    def _known(self, global_cond):
        """The conditions as indices. On a GPU an index too large would end in a CUDA assert that names no cause."""
        conditions, count = global_cond.reshape(-1).long(), self.condition.num_embeddings
        largest = int(conditions.max())
        if largest >= count or int(conditions.min()) < 0:
            raise ValueError(
                f"there is a condition {largest}, but the network has embeddings for 0 to {count - 1} only "
                f"(condition_dim={count}): count the null condition 0 as well as the classes, so 3 classes need 4"
            )
        return conditions


class ConditionalUnet1D(nn.Module):
    """Predicts the noise in sequences, given a vector.

    Args:
        input_dim: values at each place of the sequence.
        global_cond_dim: length of the vector; all zeros is the null condition.
        channels: of each level.
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
            timestep: t, shape (B,), or one for all.
            global_cond: shape (B, global_cond_dim), float32.

        Returns:
            The predicted noise, shape (B, length, input_dim).
        """
        length = sample.shape[1]
        timestep = torch.as_tensor(timestep, device=sample.device).reshape(-1).expand(len(sample))
        emb = F.silu(self.time(timestep) + self.condition(global_cond))
        whole = -length % 2 ** (self.levels - 1)  # so many places more, and every level halves
        return self.unet(F.pad(sample.transpose(1, 2), (0, whole)), emb)[:, :, :length].transpose(1, 2)


class TesterModel(nn.Module):
    """A tiny noise predictor for samples of any shape, for tests.

    Args:
        input_shape: of a sample, without the batch.
        condition_dim: length of the condition.
    """

    def __init__(self, input_shape, condition_dim):
        super().__init__()
        size = math.prod(input_shape)
        self.layers = nn.Sequential(nn.Linear(size + 1 + condition_dim, 64), nn.SiLU(), nn.Linear(64, size))

    def forward(self, sample, timestep, global_cond):
        """sample: (B, *input_shape); timestep: (B,), or one for all; global_cond: (B, condition_dim)."""
        timestep = torch.as_tensor(timestep, device=sample.device).reshape(-1, 1).expand(len(sample), 1)
        return self.layers(torch.cat([sample.flatten(1), timestep / 1000, global_cond], dim=1)).reshape(sample.shape)
