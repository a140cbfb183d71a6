"""Given: building blocks for the U-Nets of parts 2 to 5."""

import torch
import torch.nn as nn
import torch.nn.functional as F

CONVOLUTIONS = {1: nn.Conv1d, 2: nn.Conv2d}
COLOURS = 8  # number of colours of part 5's objects


class ResidualBlock(nn.Module):
    """Two convolutions with group normalisation; the embedding is added between them.

    Use it in your U-Nets if you like.

    Args:
        in_channels, out_channels: channels before and after; each divisible by 8, or at most 8.
        emb_dim: length of the conditioning vector.
        dims: 2 for images, 1 for sequences.
        size: size of the convolutions' kernel, odd; with 1, places do not influence one another.
    """

    def __init__(self, in_channels, out_channels, emb_dim, dims=2, size=3):
        super().__init__()
        convolution, padding = CONVOLUTIONS[dims], size // 2
        self.norm1 = nn.GroupNorm(min(8, in_channels), in_channels)
        self.conv1 = convolution(in_channels, out_channels, size, padding=padding)
        self.emb = nn.Linear(emb_dim, out_channels)
        self.norm2 = nn.GroupNorm(min(8, out_channels), out_channels)
        self.conv2 = convolution(out_channels, out_channels, size, padding=padding)
        self.skip = convolution(in_channels, out_channels, 1) if in_channels != out_channels else nn.Identity()

    def forward(self, x, emb):
        """x: (B, in_channels, ...) with `dims` sizes; emb: (B, emb_dim). Returns (B, out_channels, ...)."""
        h = self.conv1(F.silu(self.norm1(x)))
        h = h + self.emb(emb).reshape(*h.shape[:2], *[1] * (h.dim() - 2))
        h = self.conv2(F.silu(self.norm2(h)))
        return h + self.skip(x)


class SelfAttention(nn.Module):
    """Self-attention: every place attends to all places, and the result is added to the input.

    Args:
        channels: channels of the input, divisible by 8 and by `heads`.
        heads: number of attention heads.
    """

    def __init__(self, channels, heads=4):
        super().__init__()
        self.heads = heads
        self.norm = nn.GroupNorm(8, channels)
        self.query_key_value = nn.Conv1d(channels, 3 * channels, 1)
        self.out = nn.Conv1d(channels, channels, 1)

    def forward(self, x):
        """x: (B, channels, ...). Returns the same shape."""
        places = self.query_key_value(self.norm(x).flatten(2))  # (B, 3 channels, places)
        query, key, value = places.unflatten(1, (3, self.heads, -1)).transpose(-1, -2).unbind(1)
        h = F.scaled_dot_product_attention(query, key, value)  # (B, heads, places, channels / heads)
        return x + self.out(h.transpose(-1, -2).flatten(1, 2)).reshape(x.shape)


class LabelAttention(nn.Module):
    """Cross-attention: every place attends to the objects of its condition, and the result is added to the input.

    An embedding is the same in all places. With attention, a place that is about to become red can look up which shape
    should be red (Rombach et al. 2022, "High-Resolution Image Synthesis with Latent Diffusion Models", sec. 3.3). An
    untrained module adds nothing.

    Args:
        channels: channels of the input, divisible by 8 and by `heads`.
        num_conditions: length of a condition, which lists all 8 colours of one shape, then of the next.
        heads: number of attention heads.
    """

    def __init__(self, channels, num_conditions, heads=4):
        super().__init__()
        self.heads = heads
        self.norm = nn.GroupNorm(8, channels)
        self.query, self.out = nn.Conv1d(channels, channels, 1), nn.Conv1d(channels, channels, 1)
        for parameter in self.out.parameters():
            nn.init.zeros_(parameter)
        # Keys and values: all shapes share what is learned about a colour, and all colours what is learned of a shape.
        self.shapes = nn.Parameter(torch.randn(num_conditions // COLOURS, 1, 2 * channels))
        self.colours = nn.Parameter(torch.randn(COLOURS, 2 * channels))
        self.nothing = nn.Parameter(torch.randn(1, 2 * channels))

    def forward(self, x, labels):
        """x: (B, channels, H, W); labels: (B, num_conditions). Returns x's shape."""
        tokens = torch.cat([(self.shapes + self.colours).flatten(0, 1), self.nothing]).to(x.dtype)
        tokens = tokens.unflatten(1, (2, self.heads, -1)).permute(1, 2, 0, 3)  # (2, heads, tokens, channels / heads)
        key, value = tokens.expand(len(x), -1, -1, -1, -1).unbind(1)
        query = self.query(self.norm(x).flatten(2)).unflatten(1, (self.heads, -1)).transpose(-1, -2).to(x.dtype)
        there = F.pad(labels > 0.5, (0, 1), value=True)  # the last token is always present: labels may be none
        h = F.scaled_dot_product_attention(query, key, value, there[:, None, None])
        return x + self.out(h.transpose(-1, -2).flatten(1, 2)).reshape(x.shape)


class LabelledBlock(ResidualBlock):
    """A `ResidualBlock`, followed by attention to the labels."""

    def __init__(self, in_channels, out_channels, emb_dim, dims=2, *, num_conditions):
        super().__init__(in_channels, out_channels, emb_dim, dims)
        self.labels = LabelAttention(out_channels, num_conditions)

    def forward(self, x, emb, labels):
        """x: (B, in_channels, H, W); emb: (B, emb_dim); labels: (B, num_conditions). To (B, out_channels, H, W)."""
        return self.labels(super().forward(x, emb), labels)
