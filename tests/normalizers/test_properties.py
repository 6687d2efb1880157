"""Table 1 of the paper: by Hypothesis, and by the program that measures it."""

from __future__ import annotations

import argparse
import json
import math

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from onmt_evsoftmax.base import catalogue
from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.normalizers import get, names, properties, properties_command, softmax

YES, NO, CONDITIONAL = True, False, "conditional"
TABLE_1 = {
    "softmax": (NO, YES, YES, NO, YES, YES),
    "evsoftmax": (NO, YES, YES, NO, YES, CONDITIONAL),
    "sparsemax": (YES, YES, YES, NO, YES, YES),
    "entmax15": (NO, YES, YES, NO, YES, YES),
    "posthoc_evidential": (NO, YES, YES, NO, YES, CONDITIONAL),
    "sparsehourglass": (YES, YES, CONDITIONAL, CONDITIONAL, YES, YES),
    "topk_softmax": (NO, YES, YES, NO, YES, CONDITIONAL),
    "alpha_entmax": (NO, YES, YES, NO, YES, YES),
    "multimax": (NO, YES, YES, NO, YES, YES),
    "ssmax": (NO, YES, YES, NO, YES, YES),
    "softmax1": (NO, YES, NO, NO, NO, YES),
    "softpick": (NO, YES, NO, NO, NO, NO),
    "sigmoid": (NO, YES, NO, NO, NO, YES),
}

# multiples of 1/1024: sums are exact, and a tie with the mean stays one when all scores are shifted
score = st.integers(-20 * 1024, 20 * 1024).map(lambda n: n / 1024)
scores = st.lists(score, min_size=1, max_size=30).map(lambda row: torch.tensor(row, dtype=torch.float64))
hypothesis_settings = settings(deadline=None, derandomize=True, max_examples=150)


def close(a, b):
    torch.testing.assert_close(a, b, rtol=0, atol=1e-9)


@hypothesis_settings
@given(scores, st.sampled_from(names()))
def test_monotonic_with_equal_outputs_for_equal_scores(v, name):
    p = get(name).function(v)
    order = v.argsort()
    rises, gains = v[order].diff(), p[order].diff()
    assert (gains >= -1e-12).all() and (gains[rises == 0].abs() <= 1e-12).all()


@hypothesis_settings
@given(scores, st.sampled_from([name for name in TABLE_1 if TABLE_1[name][2] is YES]), st.integers(-4096, 4096))
def test_translation_invariant(v, name, shift):
    close(get(name).function(v + shift), get(name).function(v))


@hypothesis_settings
@given(scores, st.sampled_from(("sparsemax", "sparsehourglass")))
def test_idempotent(v, name):
    p = get(name).function(v)
    close(get(name).function(p), p)


@hypothesis_settings
@given(scores, st.sampled_from(names()), st.randoms(use_true_random=False))
def test_permutation_equivariant(v, name, random):
    order = list(range(len(v)))
    random.shuffle(order)
    close(get(name).function(v[order]), get(name).function(v)[order])


@hypothesis_settings
@given(st.lists(st.floats(-9e7, 9e7), min_size=1, max_size=30), st.sampled_from(names()))
def test_full_domain(row, name):
    p = get(name).function(torch.tensor(row, dtype=torch.float64))
    assert (p >= 0).all() and p.isfinite().all()
    assert not catalogue.get(name).sums_to_one or p.sum().item() == pytest.approx(1, abs=1e-9)


@hypothesis_settings
@given(scores, st.sampled_from(names()), st.randoms(use_true_random=False), st.sampled_from((1e-2, 1e-4)))
def test_no_steeper_than_stated_where_the_support_stays(v, name, random, step):
    w = v + step * torch.tensor([random.uniform(-1, 1) for _ in v], dtype=torch.float64)
    p, q = get(name).function(v), get(name).function(w)
    if TABLE_1[name][5] is CONDITIONAL:
        assume(torch.equal(p > 0, q > 0))
    assume(TABLE_1[name][5] is not NO)
    limits = {
        "sparsemax": 1.0,
        "entmax15": 1.0,
        "alpha_entmax": 1.0,
        "sparsehourglass": 2.0,
        "ssmax": 0.22 * math.log(30),
    }
    limit = limits.get(name, 0.5)
    assert (p - q).norm() <= limit * (v - w).norm() + 1e-9


@pytest.fixture(scope="module")
def table():
    return properties.measure(names())


@pytest.mark.parametrize("name", names())
def test_the_program_finds_table_1(table, name):
    measured = tuple(CONDITIONAL if f.condition else f.holds for f in table[name].values())
    assert measured == TABLE_1[name]


def test_every_no_has_a_witness_that_can_be_checked(table):
    for name, findings in table.items():
        f = get(name).function
        for finding in findings.values():
            assert finding.holds == (finding.witness is None)
            if finding.witness:
                v = torch.tensor(finding.witness["v"], dtype=torch.float64)
                close(f(v), torch.tensor(finding.witness["f(v)"], dtype=torch.float64))


def test_witnesses_contradict_what_they_should(table):
    def vectors(name, title):
        return {label: torch.tensor(v, dtype=torch.float64) for label, v in table[name][title].witness.items()}

    jump = vectors("evsoftmax", "Lipschitz")
    assert (jump["v"] - jump["w"]).norm() < 1e-6 and (jump["f(v)"] - jump["f(w)"]).norm() > 0.1
    twice = vectors("evsoftmax", "idempotence")
    close(twice["f(f(v))"], get("evsoftmax").function(twice["f(v)"]))
    assert (twice["f(f(v))"] - twice["f(v)"]).abs().max() > 1e-3


def test_measured_slopes(table):
    slope = {name: findings["Lipschitz"].value for name, findings in table.items()}
    # the largest eigenvalue of diag(p) - pp' is 1/2, at two equal probabilities
    assert slope["softmax"] == slope["evsoftmax"] == slope["topk_softmax"] == 0.5
    assert slope["sparsemax"] == 1.0
    assert slope["entmax15"] == pytest.approx(math.sqrt(0.5), abs=1e-4)
    # the table states 1 + 1/(Kq), 1.5 for two classes and q = 1; the largest slope is a little more
    assert 1.5 < slope["sparsehourglass"] < 1.6


@pytest.mark.parametrize(
    "title, broken",
    (
        ("monotonicity", lambda v: softmax(-v)),
        ("full domain", lambda v: torch.exp(v) / torch.exp(v).sum(-1, keepdim=True)),
        ("full domain", lambda v: 2 * softmax(v)),
        ("translation invariance", lambda v: softmax(v * v)),
        ("scale invariance", softmax),
        ("idempotence", softmax),
        ("Lipschitz", lambda v: (v == v.amax(-1, keepdim=True)).double()),
    ),
)
def test_a_mapping_without_the_property_is_caught(title, broken):
    assert not properties.PROPERTIES[title](broken, properties.points()).holds


def command(*options):
    parser = argparse.ArgumentParser()
    properties_command.add_arguments(parser)
    return properties_command.run(parser.parse_args(options))


def test_the_command_prints_the_table_and_writes_json(tmp_path, capsys):
    path = tmp_path / "properties.json"
    assert command("--functions", "sparsemax", "evsoftmax", "--json", str(path)) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["sparsemax", "ev-softmax"]
    assert any(line.split() == ["Lipschitz", "yes", "1.00", "no", "0.50*"] for line in lines)
    assert "ev-softmax, Lipschitz: no (but yes where the support stays the same)" in lines
    report = json.loads(path.read_text())
    assert report["torch"] == torch.__version__ and report["seed"] == 0
    assert report["findings"]["sparsemax"]["idempotence"]["holds"] is True
    assert set(report["findings"]["evsoftmax"]) == set(properties.PROPERTIES)


def test_the_command_refuses_an_unknown_mapping():
    with pytest.raises(InputError, match="unknown function 'sofmax'"):
        command("--functions", "sofmax")


def test_as_a_user_types_it(command, tmp_path):
    path = tmp_path / "properties.json"
    result = command("onmt_evsoftmax", "properties", "--functions", "softmax", "--json", path)
    assert result.stdout.splitlines()[0].split() == ["softmax"]
    assert json.loads(path.read_text())["findings"]["softmax"]["idempotence"]["holds"] is False
    result = command("onmt_evsoftmax", "properties", "--functions", "sofmax", check=False)
    assert result.returncode != 0 and "unknown function 'sofmax'" in result.stderr
    assert "Traceback" not in result.stderr
