"""The prior sees no code that it is asked for, and the cached sampler computes what the forward pass does."""

import pytest
import torch

from onmt_evsoftmax.normalizers import get
from other_experiments.common.plots import METHODS
from other_experiments.vqvae.pixelcnn import PixelCNN
from other_experiments.vqvae.sampler import CachedScores, draw, naive_sample, sample

CODES, CLASSES = 11, 3


@pytest.fixture(params=[(1, 5), (4, 6)], ids=["one layer", "four layers"])
def model(request):
    torch.manual_seed(0)
    layers, hidden = request.param
    settings = {"layers": layers, "hidden": hidden, "head": 9, "output_scale": 1.0}
    model = PixelCNN(CODES, CLASSES, settings)
    for parameter in model.parameters():  # no bias is zero, and scores differ enough for sparse supports
        parameter.data.normal_(std=0.6)
    return model


def test_no_position_sees_its_own_code_or_a_later_one_and_all_see_every_earlier_one(model):
    height, width = 5, 4
    codes, labels = torch.randint(CODES, (1, height, width)), torch.tensor([1])
    embedded = model.embedding(codes).detach().requires_grad_()
    model.embedding.register_forward_hook(lambda *_: embedded)
    scores = model(codes, labels)
    for i in range(height):
        for j in range(width):
            (gradient,) = torch.autograd.grad(scores[0, :, i, j].square().sum(), embedded, retain_graph=True)
            seen = gradient[0].abs().sum(-1).flatten() > 0
            assert not seen[i * width + j :].any()
            if len(model.layers) > 1:  # no blind spot: also what is above and far to the right
                assert seen[: i * width + j].all()


def test_cached_scores_are_those_of_the_forward_pass_at_every_position(model):
    height, width = 6, 9
    codes, labels = torch.randint(CODES, (4, height, width)), torch.tensor([0, 2, 1, 2])
    with torch.no_grad():
        expected = model(codes, labels)
        cached = CachedScores(model, labels, height, width)
        for i in range(height):
            cached.begin_row(i)
            for j in range(width):
                torch.testing.assert_close(cached.at(j), expected[:, :, i, j], rtol=0, atol=1e-5)
                cached.put(j, codes[:, i, j])


@pytest.mark.parametrize("method", METHODS)
def test_both_samplers_draw_the_same_maps(model, method):
    labels = torch.tensor([0, 1, 2, 2, 1])
    drawn = [way(model, labels, 4, 5, method, torch.Generator().manual_seed(3)) for way in (sample, naive_sample)]
    assert torch.equal(drawn[0].codes, drawn[1].codes)
    assert torch.equal(drawn[0].support, drawn[1].support)
    assert (drawn[0].support == CODES).all() == (method == "softmax")


@pytest.mark.parametrize("method", METHODS)
def test_codes_are_drawn_with_their_probability_and_from_the_support_only(method):
    scores = torch.tensor([[0.4, 1.4, -0.8, 1.2, 0.0]])
    codes, sizes = draw(scores.expand(20000, -1), method, torch.Generator().manual_seed(0))
    expected = probabilities_of(method, scores)
    shares = torch.bincount(codes, minlength=5) / len(codes)
    assert (shares[expected == 0] == 0).all() and (sizes == (expected > 0).sum()).all()
    torch.testing.assert_close(shares, expected, rtol=0, atol=0.015)


@pytest.mark.parametrize("uniform", [0.0, 0.5, 1 - 2**-24, 1.0])
def test_rounded_sums_and_extreme_draws_stay_in_the_support(uniform, monkeypatch):
    scores = torch.tensor([[-9.0, 1.0, -9.0, 1.0, -9.0]])
    monkeypatch.setattr(torch, "rand", lambda *shape, generator: torch.full(shape, uniform))
    exact = torch.Tensor.cumsum
    noise = torch.tensor([[1e-7, -1e-7, 1e-7, -1e-7, 2e-7]])  # as if each sum were added in an order of its own
    monkeypatch.setattr(torch.Tensor, "cumsum", lambda self, dim: exact(self, dim) + noise)
    codes, sizes = draw(scores, "sparsemax", torch.Generator())
    assert codes.item() in (1, 3) and sizes.item() == 2


def probabilities_of(method, scores):
    return get(method).function(scores)[0]
