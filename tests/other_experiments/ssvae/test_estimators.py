"""Each estimator against the exact expectation and its gradient, by enumeration in float64."""

from __future__ import annotations

import math

import pytest
import torch

from onmt_evsoftmax.normalizers import get, softmax
from other_experiments.ssvae.estimators import ESTIMATORS
from other_experiments.ssvae.estimators.running_mean import RunningMean
from other_experiments.ssvae.posterior import Posterior

SETTINGS = {"baseline_decay": 0.9, "baseline_hidden": 3, "temperature_rate": 0.1, "temperature_minimum": 0.5}
LABELS = 4


class Drawn(Posterior):
    """A posterior whose sample is given instead of drawn."""

    def draw(self, label: int) -> Drawn:
        self.drawn = torch.full((len(self.scores),), label)
        return self

    def sample(self, generator, without=None):
        if without is None:
            return self.drawn
        # never the class that is left out; its weight in the enumeration is zero
        return torch.where(self.drawn == without, (without + 1) % LABELS, self.drawn)


def build(name, problem):
    torch.manual_seed(1)
    estimator = ESTIMATORS[name](problem.images.shape[1], SETTINGS).double()
    if hasattr(estimator, "baseline"):
        estimator.baseline.update(torch.tensor([3.0, 5.0]))
    return estimator


def share(posterior, label, rest_only):
    """How probable it is that ``label`` is drawn for each image."""
    probabilities = posterior.probabilities.detach()
    if rest_only:
        probabilities = probabilities.scatter(-1, posterior.mode()[:, None], 0.0)
        probabilities = probabilities / probabilities.sum(-1, keepdim=True)
    return probabilities[:, label]


@pytest.mark.parametrize("name", ["sfe", "sfe_plus", "nvil", "sum_and_sample"])
def test_expected_estimate_and_gradient_are_exact(problem, name):
    estimator = build(name, problem)
    state = {key: value.clone() for key, value in estimator.state_dict().items()}
    expected = torch.zeros(len(problem.images), dtype=torch.float64)
    for label in range(LABELS):
        estimator.load_state_dict(state)  # every draw meets the same baseline
        posterior = Drawn(problem.model.classifier(problem.images), softmax).draw(label)
        estimate = estimator(posterior, problem.objective(), torch.Generator())
        expected = expected + share(posterior, label, name == "sum_and_sample") * estimate
    exact = problem.every_class(problem.posterior())
    torch.testing.assert_close(expected, exact, rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(problem.gradient(expected.sum()), problem.gradient(exact.sum()), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", ["sfe", "nvil", "sum_and_sample"])
def test_moving_average_follows_the_objective_and_is_used(problem, name):
    def run(baseline):
        estimator = build(name, problem)
        estimator.baseline.total.fill_(baseline * estimator.baseline.weight.item())
        estimate = estimator(problem.posterior(), problem.objective(), torch.Generator().manual_seed(0))
        moved = estimator.baseline.value().item()
        return estimate.mean().item(), moved, problem.gradient(estimate.sum())

    value, moved, gradient = run(0.0)
    assert 0 < moved < value
    assert not torch.allclose(gradient, run(100.0)[2])


def test_nvil_network_learns_by_least_squares(problem):
    estimator = build("nvil", problem)
    constant = estimator.baseline.value().clone()
    posterior = Drawn(problem.model.classifier(problem.images), softmax).draw(2)
    value = problem.objective().each(posterior.drawn).detach()
    estimate = estimator(posterior, problem.objective(), torch.Generator())
    error = (value - constant - estimator.network(problem.images).squeeze(-1)).square()
    parameters = list(estimator.network.parameters())
    for found, wanted in zip(
        torch.autograd.grad(estimate.sum(), parameters), torch.autograd.grad(error.sum(), parameters)
    ):
        torch.testing.assert_close(found, wanted)
    torch.testing.assert_close(estimate, value)  # the error is no part of the value


@pytest.mark.parametrize("name", ["softmax", "sparsemax", "entmax15", "evsoftmax"])
def test_marginal_over_the_support_is_marginal_over_all_classes(problem, name):
    posterior = problem.posterior(get(name).function)
    problem.model.decoder.calls = 0
    estimate = build("marginal", problem)(posterior, problem.objective(), torch.Generator())
    support = (posterior.probabilities > 0).sum().item()
    assert problem.model.decoder.calls == support
    assert name == "softmax" or support < posterior.probabilities.numel(), "the problem must be sparse"
    exact = problem.every_class(problem.posterior(get(name).function))
    torch.testing.assert_close(estimate, exact, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(problem.gradient(estimate.sum()), problem.gradient(exact.sum()))


def test_decoder_calls(problem):
    calls = {}
    for name in ESTIMATORS:
        problem.model.decoder.calls = 0
        build(name, problem)(problem.posterior(), problem.objective(), torch.Generator())
        calls[name] = problem.model.decoder.calls / len(problem.images)
    one = {"sfe": 1, "nvil": 1, "gumbel": 1, "st_gumbel": 1}
    assert calls == {**one, "sfe_plus": 2, "sum_and_sample": 2, "marginal": LABELS}


def test_gumbel_decodes_weights_and_straight_through_decodes_classes(problem):
    def sample(name):
        scores = problem.model.classifier(problem.images)
        estimator = build(name, problem)
        weights = estimator.relaxed_sample(scores, torch.Generator().manual_seed(3))
        return weights, torch.autograd.grad((weights * torch.arange(4.0)).sum(), scores)[0]

    relaxed, relaxed_gradient = sample("gumbel")
    exact, exact_gradient = sample("st_gumbel")
    torch.testing.assert_close(relaxed.sum(-1), torch.ones(len(relaxed), dtype=torch.float64))
    assert ((relaxed > 0) & (relaxed < 1)).all()
    assert torch.equal(exact, torch.nn.functional.one_hot(relaxed.argmax(-1), LABELS).double())
    torch.testing.assert_close(exact_gradient, relaxed_gradient)


def test_gumbel_arg_max_follows_softmax():
    scores = torch.tensor([[0.0, 1.0, 2.0, -1.0]]).double().expand(40000, 4)
    estimator = ESTIMATORS["gumbel"](1, SETTINGS)
    chosen = estimator.relaxed_sample(scores, torch.Generator().manual_seed(0)).argmax(-1)
    frequencies = torch.bincount(chosen, minlength=4) / len(chosen)
    four_errors = 4 * 0.5 / math.sqrt(len(chosen))
    torch.testing.assert_close(frequencies.double(), scores[0].softmax(-1), rtol=0, atol=four_errors)


def test_gumbel_temperature_falls_to_its_minimum_and_is_remembered(problem):
    estimator = build("gumbel", problem)
    temperatures = []
    for _ in range(9):
        temperatures.append(estimator.temperature)
        estimator(problem.posterior(), problem.objective(), torch.Generator())
    wanted = [max(0.5, math.exp(-0.1 * step)) for step in range(9)]
    assert temperatures == pytest.approx(wanted)
    other = build("gumbel", problem)
    other.load_state_dict(estimator.state_dict())
    assert other.temperature == 0.5


def test_running_mean_is_the_weighted_mean_of_what_it_saw_and_is_remembered():
    mean = RunningMean(0.9)
    assert mean.value() == 0
    for value in (4.0, 1.0, 7.0):
        mean.update(torch.tensor([value - 1, value + 1]))
    weights = torch.tensor([0.81, 0.9, 1.0])
    torch.testing.assert_close(mean.value(), (weights * torch.tensor([4.0, 1.0, 7.0])).sum() / weights.sum())
    other = RunningMean(0.9)
    other.load_state_dict(mean.state_dict())
    assert other.value() == mean.value()
