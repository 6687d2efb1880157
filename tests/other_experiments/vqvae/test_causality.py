"""What a PixelCNN's scores at a position depend on, by gradients: the positions before it, all of them, no other."""

import pytest
import torch

from other_experiments.vqvae.pixelcnn import PixelCNN
from other_experiments.vqvae.sampler import CachedScores

CODES, CLASSES, SIDE = 11, 3, 7


def model_of(layers, seed=0):
    torch.manual_seed(seed)
    model = PixelCNN(CODES, CLASSES, {"layers": layers, "hidden": 8, "head": 12, "output_scale": 1.0})
    for parameter in model.parameters():  # no symmetry, nothing at zero
        torch.nn.init.normal_(parameter, std=0.3)
    return model.double()


def dependence(model, codes, labels):
    """``[H, W, H, W]``: the largest gradient of a score at the first position by an input at the second."""
    inputs = []

    def leaf(_module, _arguments, output):
        inputs.append(output.detach().requires_grad_())
        return inputs[-1]

    handle = model.embedding.register_forward_hook(leaf)
    scores = model(codes, labels)
    handle.remove()
    weights = torch.randn(scores.shape[1], dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    found = torch.zeros(SIDE, SIDE, SIDE, SIDE, dtype=torch.float64)
    for i in range(SIDE):
        for j in range(SIDE):
            value = (scores[:, :, i, j].double() * weights).sum()
            (gradient,) = torch.autograd.grad(value, inputs[0], retain_graph=True)
            found[i, j] = gradient.abs().amax((0, 3))
    return found


@pytest.mark.parametrize("layers", [1, 2, 6])
def test_scores_depend_on_nothing_at_or_after_their_position(layers):
    codes = torch.randint(CODES, (2, SIDE, SIDE), generator=torch.Generator().manual_seed(0))
    found = dependence(model_of(layers), codes, torch.tensor([0, 2])).flatten(2).flatten(0, 1)
    assert (found.triu() == 0).all()  # row: the position of the score; column: that of the input


def test_there_is_no_blind_spot():
    codes = torch.randint(CODES, (2, SIDE, SIDE), generator=torch.Generator().manual_seed(0))
    found = dependence(model_of(6), codes, torch.tensor([0, 2])).flatten(2).flatten(0, 1)
    before = torch.ones_like(found, dtype=torch.bool).tril(-1)
    assert (found[before] > 0).all()


def test_the_first_layer_alone_sees_the_published_window():
    codes = torch.zeros(1, SIDE, SIDE, dtype=torch.long)
    found = dependence(model_of(1), codes, torch.tensor([1]))[4, 3] > 0
    expected = torch.zeros(SIDE, SIDE, dtype=torch.bool)
    expected[1:4] = True  # three rows above, three columns to each side
    expected[4, 0:3] = True
    assert torch.equal(found, expected)


def test_maps_of_a_batch_and_their_classes_do_not_mix():
    model, codes = model_of(3), torch.randint(CODES, (4, SIDE, SIDE))
    labels = torch.tensor([0, 1, 2, 0])
    together = model(codes, labels)
    for number in range(4):
        alone = model(codes[number : number + 1], labels[number : number + 1])
        torch.testing.assert_close(together[number : number + 1], alone)
    other = model(codes, torch.tensor([0, 1, 0, 0]))
    assert torch.equal(other[[0, 1, 3]], together[[0, 1, 3]]) and not torch.isclose(other[2], together[2]).any()


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 9), (9, 1), (2, 3), (8, 5)])
def test_cached_scores_are_those_of_the_forward_pass_on_maps_of_any_shape(height, width):
    model, labels = model_of(4), torch.tensor([2, 0, 1])
    codes = torch.randint(CODES, (3, height, width))
    with torch.no_grad():
        whole, cached = model(codes, labels), CachedScores(model, labels, height, width)
        for i in range(height):
            cached.begin_row(i)
            for j in range(width):
                torch.testing.assert_close(cached.at(j).float(), whole[:, :, i, j], atol=1e-5, rtol=1e-5)
                cached.put(j, codes[:, i, j])
