"""Mistakes in the U-Net. Each patch's old text occurs exactly once in the solution."""

from functools import partial

from grader.authoring.patching import one_patch

mistake = partial(one_patch, 3, file="ResUNet.py")

EMBEDDING = "emb = F.silu(time + self.condition(c.to(time.dtype)))"
HEAD = "return self.head(h)"

NETWORK = (
    mistake(
        "unet_one_channel_out",
        "nn.Conv2d(n_feat, 4 * in_channels, 3, padding=1)",
        "nn.Conv2d(n_feat, 4, 3, padding=1)",
        "Your last layer always returns one channel. It should return in_channels, because noise has the image's "
        "shape.",
        "network",
    ),
    mistake(
        "unet_one_channel_in",
        "nn.Conv2d(4 * in_channels, n_feat, 3, padding=1)",
        "nn.Conv2d(4, n_feat, 3, padding=1)",
        "Your first layer always takes one channel. It should take in_channels.",
        "network",
    ),
    mistake(
        "unet_ten_classes",
        "nn.Linear(n_classes, emb_dim)",
        "nn.Linear(10, emb_dim)",
        "Your network always expects 10 elements in the condition. It should expect n_classes.",
        "network",
    ),
    mistake(
        "unet_ignores_time",
        EMBEDDING,
        "emb = F.silu(0 * time + self.condition(c.to(time.dtype)))",
        "Your output does not depend on t. Embed t, and add it to the features.",
        "network_inputs",
    ),
    mistake(
        "unet_ignores_condition",
        EMBEDDING,
        "emb = F.silu(time)",
        "Your output does not depend on the condition c. Embed c, and let the features depend on it.",
        "network_inputs",
    ),
    mistake(
        "unet_embedding_of_first_item",
        EMBEDDING,
        EMBEDDING + "[:1].expand(len(x), -1)",
        "All items of a batch get t and c of the first one. Keep the batch dimension of the embedding.",
        "network_inputs",
    ),
    mistake(
        "unet_null_is_class_0",
        EMBEDDING,
        "emb = F.silu(time + self.condition(F.one_hot(c.argmax(dim=1), self.n_classes).to(time.dtype)))",
        "Your code turns the null condition into class 0, because argmax of a row of -1 is 0. Use the row c itself.",
        "network_inputs",
    ),
    mistake(
        "unet_mixes_items",
        HEAD,
        "return self.head(h - h.mean(dim=0, keepdim=True))",
        "The output of an item depends on the other items of the batch. Normalise over channels and pixels only.",
        "network_inputs",
        "network_gradient",
    ),
    mistake(
        "unet_embedding_detached",
        EMBEDDING,
        EMBEDDING + ".detach()",
        "Your embedding of t and c gets no gradient (detach, .data or no_grad). Its layers learn only if you keep the "
        "gradient.",
        "network_gradient",
    ),
    mistake(
        "unet_output_detached",
        HEAD,
        "return self.head(h).detach()",
        "Your output carries no gradient (detach, .data or no_grad). Nothing learns unless you keep the gradient.",
        "network_gradient",
    ),
)
