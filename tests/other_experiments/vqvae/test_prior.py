"""Training of priors: what K follows, a death that is noticed, and one start for all mappings."""

import copy

import pytest
import torch

from other_experiments.common.config import load_config
from other_experiments.vqvae.prior import Codes, PriorTraining
from other_experiments.vqvae.train import CONFIG

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def settings():
    settings = load_config(CONFIG, preset="small")
    settings["autoencoder"]["codes"] = 512
    settings["prior"].update(batch=32, epochs=2, hidden=16, head=32, layers=2)
    return settings


@pytest.fixture(scope="module")
def collapsed():
    """Maps of a codebook of which 12 codes are in use, row after row a walk among them."""
    random = torch.Generator().manual_seed(0)
    alive = torch.randperm(512, generator=random)[:12]
    walk = torch.randint(-1, 2, (640, 16), generator=random).cumsum(1) + torch.randint(12, (640, 1), generator=random)
    maps = alive[walk.remainder(12)].view(640, 4, 4).to(torch.int16)
    return Codes(maps, torch.randint(10, (640,), generator=random))


def new(settings, mapping, codes, rate=3e-3):
    return PriorTraining(settings, mapping, rate, 1, codes, Codes(codes.maps[:100], codes.labels[:100]), 10, CPU)


def through(training):
    log = training.begin()
    for number in range(training.total):
        log += training.advance(number)
    return log


def test_on_a_collapsed_codebook_sparsemax_keeps_fewer_codes_than_ev_softmax_and_that_fewer_than_all(
    settings, collapsed
):
    kept, last = {}, {}
    for mapping in ("sparsemax", "evsoftmax"):
        log = through(new(settings, mapping, collapsed))
        measured = [record for record in log if "methods" in record]
        kept[mapping] = measured[-1]["methods"][mapping]["K"]
        last[mapping] = measured[-1]["bits"]["softmax"]
        assert [record["step"] for record in measured][:13] == [*range(11), 20, 30]
        assert measured[-1]["validation_loss"] < measured[0]["validation_loss"]
    assert 1 <= kept["sparsemax"] < kept["evsoftmax"] < 512
    assert last["evsoftmax"] < 5 < 9  # of log2(512) bits


def test_all_mappings_start_from_the_same_weights_with_a_wide_support(settings, collapsed):
    starts = {mapping: new(settings, mapping, collapsed) for mapping in ("softmax", "sparsemax", "evsoftmax")}
    weights = [training.model.state_dict() for training in starts.values()]
    for other in weights[1:]:
        torch.testing.assert_close(other, weights[0], rtol=0, atol=0)
    (record,) = starts["sparsemax"].begin()
    usual = copy.deepcopy(settings)
    usual["prior"]["output_scale"] = 1.0
    (wild,) = new(usual, "sparsemax", collapsed).begin()
    assert record["methods"]["sparsemax"]["K"] > 100 > wild["methods"]["sparsemax"]["K"]
    assert record["bits"]["softmax"] == pytest.approx(9, abs=0.05)


def test_a_prior_whose_head_is_off_is_called_dead_in_the_log_and_in_the_results(settings, collapsed, capsys):
    training = new(settings, "sparsemax", collapsed)
    log = training.begin()
    assert log[0]["head_active"] > 0 and capsys.readouterr().err == ""
    training.model.head.bias.data.fill_(-1e3)
    for number in range(training.total):
        log += training.advance(number)
    assert {record["head_active"] for record in log[1:] if "head_active" in record} == {0}
    assert training.results(log)["died"] == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "sparsemax: the prior died at step 1: every unit of its head is off" in error


def test_the_kept_weights_are_those_of_the_lowest_validation_loss(settings, collapsed):
    training = new(settings, "evsoftmax", collapsed)
    log = through(training)
    epochs = [record for record in log if "epoch" in record]
    results = training.results(log)
    assert [record["epoch"] for record in epochs] == [1, 2]
    assert results["validation_loss"] == min(record["validation_loss"] for record in epochs)
    best = epochs[results["best_epoch"] - 1]
    assert best["validation_loss"] == results["validation_loss"]
