"""Codes: the nearest vector, where gradients go, and what keeps codes alive."""

import pytest
import torch

from other_experiments.vqvae.codebook import Codebook, Restarts, draw, rows, usage


@pytest.fixture
def codebook():
    torch.manual_seed(0)
    codebook = Codebook(20, 6)
    codebook.vectors.data.normal_()
    return codebook


def test_each_output_gets_the_nearest_code_and_its_vector(codebook):
    outputs = torch.randn(3, 6, 4, 5)
    quantised = codebook(outputs)
    distances = torch.cdist(rows(outputs), codebook.vectors.detach()).view(3, 4, 5, 20)
    assert torch.equal(quantised.codes, distances.argmin(-1))
    torch.testing.assert_close(quantised.vectors, codebook.decode(quantised.codes))
    torch.testing.assert_close(quantised.codebook_loss, distances.amin(-1).square().mean() / 6)


def test_the_encoder_has_the_decoders_gradient_and_each_loss_moves_its_own_side(codebook):
    outputs = torch.randn(2, 6, 3, 3, requires_grad=True)
    quantised, towards = codebook(outputs), torch.randn(2, 6, 3, 3)
    gradient = torch.autograd.grad((quantised.vectors * towards).sum(), [outputs, codebook.vectors], allow_unused=True)
    assert torch.equal(gradient[0], towards) and gradient[1] is None
    for loss, moved in ((quantised.codebook_loss, 1), (quantised.commitment_loss, 0)):
        gradients = torch.autograd.grad(loss, [outputs, codebook.vectors], retain_graph=True, allow_unused=True)
        assert gradients[moved] is not None and gradients[1 - moved] is None


def test_k_means_finds_separate_clusters_and_leaves_no_code_empty():
    random = torch.Generator().manual_seed(0)
    centres = 20 * torch.eye(8)
    outputs = centres.repeat_interleave(200, 0) + torch.randn(1600, 8, generator=random)
    codebook = Codebook(40, 8)
    codebook.start_from(outputs, random)
    assert usage(codebook.nearest(outputs), 40).codes_in_use == 40
    assert torch.cdist(centres, codebook.vectors.detach()).amin(1).max() < 3


def test_the_papers_start_leaves_most_codes_without_an_output_and_restarts_bring_them_back():
    random = torch.Generator().manual_seed(0)
    torch.manual_seed(0)
    codebook = Codebook(64, 4)
    outputs = torch.randn(32, 4, 4, 4, generator=random) + torch.tensor([4.0, 0, 0, 0])[:, None, None]
    optimiser = torch.optim.Adam(codebook.parameters(), 1e-2)
    restarts = Restarts(codebook, every=5)
    used = []
    for _ in range(15):
        quantised = codebook(outputs)
        optimiser.zero_grad()
        quantised.codebook_loss.backward()
        optimiser.step()
        used.append(usage(quantised.codes, 64).codes_in_use)
        restarts.step(outputs, quantised.codes, optimiser, random)
    assert max(used[:5]) < 32 and used[-1] > 56


def test_only_codes_of_the_window_that_nobody_chose_are_moved_and_they_forget_adams_moments(codebook):
    optimiser = torch.optim.Adam(codebook.parameters())
    codebook.vectors.sum().backward()
    optimiser.step()
    before, outputs = codebook.vectors.detach().clone(), torch.randn(2, 6, 3, 3)
    restarts, random = Restarts(codebook, every=2), torch.Generator().manual_seed(0)
    assert restarts.step(outputs, torch.tensor([[0, 1]]), optimiser, random) == 0
    assert torch.equal(codebook.vectors, before)
    assert restarts.step(outputs, torch.tensor([[1, 7]]), optimiser, random) == 17
    kept = torch.zeros(20, dtype=torch.bool)
    kept[[0, 1, 7]] = True
    assert torch.equal(codebook.vectors[kept], before[kept])
    distances = torch.cdist(codebook.vectors[~kept].detach(), rows(outputs))
    assert distances.amin(1).max() < 1e-3 and len(distances.argmin(1).unique()) == 17
    moments = optimiser.state[codebook.vectors]["exp_avg"]
    assert (moments[~kept] == 0).all() and (moments[kept] != 0).all()
    assert restarts.step(outputs, torch.tensor([[3]]), optimiser, random) == 0  # a new window has begun
    assert Restarts(codebook, every=0).step(outputs, torch.tensor([[1]]), optimiser, random) == 0


def test_more_codes_than_outputs_are_still_apart():
    drawn = draw(torch.randn(3, 5), 10, torch.Generator().manual_seed(0))
    assert len(drawn.unique(dim=0)) == 10


def test_usage_counts_codes_and_their_perplexity():
    assert usage(torch.arange(8).repeat(3), 8) == pytest.approx((8, 8.0))
    assert usage(torch.zeros(2, 3, dtype=torch.int16), 512) == pytest.approx((1, 1.0))
    skewed = usage(torch.tensor([0, 0, 0, 1]), 4)
    assert skewed.codes_in_use == 2 and skewed.perplexity == pytest.approx(4 / 3**0.75)
