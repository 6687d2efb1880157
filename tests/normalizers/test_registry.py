"""The table of mappings, and what importing the package costs."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

import onmt_evsoftmax
from onmt_evsoftmax.base import catalogue
from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.normalizers import get, names


def test_names_come_first_in_the_order_of_the_paper():
    assert names()[:5] == ("softmax", "sparsemax", "entmax15", "posthoc_evidential", "evsoftmax")
    assert [get(name).printed_name for name in names()[:5]] == [
        "softmax",
        "sparsemax",
        "entmax-1.5",
        "post-hoc evidential",
        "ev-softmax",
    ]
    assert all(get(name).name == name for name in names())


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(
        InputError,
        match="unknown function 'sofmax'; known: softmax, sparsemax, entmax15, posthoc_evidential, evsoftmax, ",
    ):
        get("sofmax")


def test_a_row_of_the_table_cannot_be_changed():
    with pytest.raises(AttributeError):
        get("softmax").name = "other"


@pytest.mark.parametrize("name", names())
def test_every_mapping_knows_its_loss(name):
    normalizer = get(name)
    scores, target = torch.randn(4, 5, requires_grad=True), torch.tensor([0, 1, 2, 4])
    if normalizer.loss_function is None:
        with pytest.raises(InputError, match="has no loss of its own"):
            normalizer.loss  # noqa: B018 (the look-up is what raises)
        return
    normalizer.loss(scores, target, reduction="sum").backward()
    trained_with = get(catalogue.get(name).trained_as)
    expected = trained_with.function(scores) - torch.nn.functional.one_hot(target, 5)
    torch.testing.assert_close(scores.grad, expected.detach(), rtol=0, atol=1e-4)


def in_a_fresh_interpreter(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_importing_the_package_imports_no_torch():
    code = """
import sys, onmt_evsoftmax
print(onmt_evsoftmax.__version__, "torch" in sys.modules, "evsoftmax" in dir(onmt_evsoftmax))
"""
    assert in_a_fresh_interpreter(code).split() == [onmt_evsoftmax.__version__, "False", "True"]


def test_importing_a_mapping_imports_torch_and_entmax_and_nothing_heavier():
    code = """
import sys, torch, entmax
before = set(sys.modules)
from onmt_evsoftmax import *
print(*sorted({name.partition(".")[0] for name in set(sys.modules) - before} - set(sys.stdlib_module_names)))
"""
    assert in_a_fresh_interpreter(code).split() == ["onmt_evsoftmax"]


def test_every_public_name_is_there():
    for name in onmt_evsoftmax.__all__:
        assert getattr(onmt_evsoftmax, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'sofmax'"):
        onmt_evsoftmax.sofmax  # noqa: B018 (the look-up is what raises)


@pytest.mark.parametrize("name", names())
def test_the_family_says_what_there_is(name):
    """Attention goes by the family: a projection has its product, and what is centred drops by the mean."""
    normalizer = get(name)
    assert (normalizer.product is not None) == (normalizer.family == "projected")
    scores = torch.randn(50, 9, dtype=torch.float64)
    kept = normalizer.function(scores) > 0
    assert torch.equal(kept, scores >= scores.mean(-1, keepdim=True)) == (normalizer.family == "centred")
    assert kept.all() or normalizer.family != "softmax"
