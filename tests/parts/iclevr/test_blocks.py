"""What the U-Nets are built from, against the formulas of attention written out place by place."""

import pytest
import torch
from blocks import COLOURS, LabelAttention, LabelledBlock, ResidualBlock, SelfAttention
from noise_prediction_net import Unet

CHANNELS, HEADS, OBJECTS = 16, 4, 24


def trained(module):
    """The module with weights that are none of its first ones."""
    generator = torch.Generator().manual_seed(0)
    for parameter in module.parameters():
        parameter.data = torch.randn(parameter.shape, generator=generator) / 3
    return module


def attended(query, keys, values):
    """What one place gets: in each head the values, weighted by the softmax of query times key."""
    parts = [tensor.unflatten(-1, (HEADS, -1)) for tensor in (query, keys, values)]
    heads = []
    for head in range(HEADS):
        q, k, v = (part[..., head, :] for part in parts)
        heads.append((k @ q / q.shape[0] ** 0.5).softmax(0) @ v)
    return torch.cat(heads)


def at_places(layer, x):
    """A convolution of size 1 at each place of (channels, H, W): (places, channels)."""
    return x.flatten(1).T @ layer.weight[..., 0].T + layer.bias


@pytest.mark.parametrize("objects", [[], [3], [0, 9, 23]])
def test_a_place_attends_to_the_labels_that_are_there_and_to_nothing(objects):
    module, x, labels = (
        trained(LabelAttention(CHANNELS, OBJECTS, HEADS)),
        torch.randn(2, CHANNELS, 3, 2),
        torch.zeros(2, 24),
    )
    labels[1, objects] = 1
    tokens = [module.shapes[i // COLOURS, 0] + module.colours[i % COLOURS] for i in objects] + [module.nothing[0]]
    keys, values = torch.stack(tokens).chunk(2, dim=1)
    queries = at_places(module.query, module.norm(x)[1])
    expected = torch.stack([attended(query, keys, values) for query in queries]) @ module.out.weight[..., 0].T
    found = (module(x, labels) - x)[1].flatten(1).T
    assert torch.allclose(found, expected + module.out.bias, atol=1e-5)


def test_a_place_attends_to_all_places():
    module, x = trained(SelfAttention(CHANNELS, HEADS)), torch.randn(1, CHANNELS, 3, 2)
    queries, keys, values = at_places(module.query_key_value, module.norm(x)[0]).chunk(3, dim=1)
    expected = torch.stack([attended(query, keys, values) for query in queries]) @ module.out.weight[..., 0].T
    assert torch.allclose((module(x) - x)[0].flatten(1).T, expected + module.out.bias, atol=1e-5)


def test_an_untrained_block_adds_nothing_for_the_labels():
    torch.manual_seed(0)
    block = LabelledBlock(8, CHANNELS, 5, num_conditions=OBJECTS)
    plain = ResidualBlock(8, CHANNELS, 5)
    plain.load_state_dict({name: w for name, w in block.state_dict().items() if not name.startswith("labels.")})
    x, emb = torch.randn(2, 8, 4, 4), torch.randn(2, 5)
    assert torch.equal(block(x, emb, torch.ones(2, OBJECTS)), plain(x, emb))


def test_only_the_blocks_below_the_first_level_get_more_than_the_embedding():
    seen = []

    class Block(ResidualBlock):
        def forward(self, x, emb, context):
            seen.append((x.shape[-1], context))
            return super().forward(x, emb)

    net = Unet(3, 3, (8, 8, 8), emb_dim=5, dims=2, block=Block)
    assert net(torch.zeros(1, 3, 16, 16), torch.zeros(1, 5), "labels").shape == (1, 3, 16, 16)
    assert seen == [(8, "labels"), (4, "labels"), (4, "labels"), (4, "labels"), (8, "labels")]
