"""Mistakes in the U-Net. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.mistakes import one_patch

mistake = partial(one_patch, 3, file="ResUNet.py")

EMBEDDING = "emb = F.silu(time + self.condition(c.to(time.dtype)))"
HEAD = "return self.head(h)"

NETWORK = (
    mistake(
        "unet_one_channel_out",
        "nn.Conv2d(n_feat, 4 * in_channels, 3, padding=1)",
        "nn.Conv2d(n_feat, 4, 3, padding=1)",
        "The last layer always gives one channel: it must give in_channels, because noise has the image's shape.",
        "network",
    ),
    mistake(
        "unet_one_channel_in",
        "nn.Conv2d(4 * in_channels, n_feat, 3, padding=1)",
        "nn.Conv2d(4, n_feat, 3, padding=1)",
        "The first layer always takes one channel: it must take in_channels.",
        "network",
    ),
    mistake(
        "unet_ten_classes",
        "nn.Linear(n_classes, emb_dim)",
        "nn.Linear(10, emb_dim)",
        "The condition always has 10 elements: it has n_classes.",
        "network",
    ),
    mistake(
        "unet_ignores_time",
        EMBEDDING,
        "emb = F.silu(0 * time + self.condition(c.to(time.dtype)))",
        "The output does not depend on t: embed it, and add it to the features.",
        "network_inputs",
    ),
    mistake(
        "unet_ignores_condition",
        EMBEDDING,
        "emb = F.silu(time)",
        "The output does not depend on the condition c: embed it, and let the features depend on it.",
        "network_inputs",
    ),
    mistake(
        "unet_embedding_of_first_item",
        EMBEDDING,
        EMBEDDING + "[:1].expand(len(x), -1)",
        "All items of a batch get t and c of the first one: keep the batch dimension of the embedding.",
        "network_inputs",
    ),
    mistake(
        "unet_null_is_class_0",
        EMBEDDING,
        "emb = F.silu(time + self.condition(F.one_hot(c.argmax(dim=1), self.n_classes).to(time.dtype)))",
        "The null condition is taken for class 0 (argmax of a row of -1 is 0): use the row c itself.",
        "network_inputs",
    ),
    mistake(
        "unet_mixes_items",
        HEAD,
        "return self.head(h - h.mean(dim=0, keepdim=True))",
        "The output of an item depends on the other items of the batch: normalise over channels and pixels only.",
        "network_inputs",
        "network_gradient",
    ),
    mistake(
        "unet_embedding_detached",
        EMBEDDING,
        EMBEDDING + ".detach()",
        "The embedding of t and c gets no gradient (detach, .data or no_grad), so its layers never learn.",
        "network_gradient",
    ),
    mistake(
        "unet_output_detached",
        HEAD,
        "return self.head(h).detach()",
        "The output carries no gradient (detach, .data or no_grad), so nothing learns.",
        "network_gradient",
    ),
)
