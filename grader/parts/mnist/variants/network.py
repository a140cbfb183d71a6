"""Correct alternatives to ResUNet.py: other architectures."""

from grader.authoring.patching import answer
from grader.course.assignment import Variant
from grader.parts.mnist.mistakes.network import EMBEDDING, HEAD

BATCH_NORMALISED_NETWORK = Variant(
    "3.batch_normalised_network",  # convolutions with batch normalisation; conditions scale the features
    (
        (
            answer("ResUNet.py", "3.network"),
            """        self.first = nn.Conv2d(in_channels, n_feat, 3, padding=1)
        self.norm = nn.BatchNorm2d(n_feat)
        self.time = nn.Sequential(nn.Linear(1, n_feat), nn.GELU(), nn.Linear(n_feat, n_feat))
        self.scale = nn.Linear(n_classes, n_feat)
        self.unused = nn.Linear(n_feat, n_feat)
        self.last = nn.Conv2d(n_feat, in_channels, 3, padding=1)
        nn.init.zeros_(self.last.weight)""",
        ),
        (
            """        angles = t.reshape(-1, 1) * self.frequencies  # (B, n_feat)
        time = self.time_mlp(torch.cat([angles.sin(), angles.cos()], dim=1))
        """
            + EMBEDDING
            + """
        h1 = self.down1(self.stem(x), emb)
        h2 = self.down2(h1, emb)  # (B, n_feat, 14, 14)
        h = self.middle1(self.pool(h2), emb)  # (B, 2 n_feat, 7, 7)
        h = self.middle3(self.middle2(h, emb), emb)
        h = F.interpolate(h, scale_factor=2.0, mode="nearest")
        h = self.up1(torch.cat([h, h2], dim=1), emb)
        h = self.up2(torch.cat([h, h1], dim=1), emb)
        """
            + HEAD,
            """        h = F.gelu(self.norm(self.first(x)))
        scale, shift = self.scale(c.float())[:, :, None, None], self.time(t.view(-1, 1))[:, :, None, None]
        return self.last(F.gelu(scale * h + shift))""",
        ),
    ),
    file="ResUNet.py",
)

FLAT_TIMES_NETWORK = Variant(
    "3.flat_times_network",  # a network that wants t of shape (B,); conditions scale the embedding
    (
        ("angles = t.reshape(-1, 1) * self.frequencies", "angles = torch.outer(t, self.frequencies)"),
        (EMBEDDING, "emb = F.silu(time) * (1 + self.condition(c.to(time.dtype)))"),
    ),
    file="ResUNet.py",
)
