"""Functions of the user's own: with and without learned parameters, here and in child processes."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import torch
from torch import nn
from torch.autograd import gradcheck

from onmt_evsoftmax.attention import attention
from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.normalizers import get, names, register, softmax, unregister
from onmt_evsoftmax.normalizers.row_function import RowFunction

SOURCE = """
import torch
from onmt_evsoftmax import register, softmax

@register("squared", printed_name="squared softmax")
def squared(scores, mask):
    weights = softmax(scores, mask).square()
    return weights / weights.sum(-1, keepdim=True)

@register("tempered")
class Tempered(torch.nn.Module):
    def __init__(self, heads):
        super().__init__()
        self.temperature = torch.nn.Parameter(torch.ones(heads, 1, 1))
    def forward(self, scores, mask):
        return softmax(scores * self.temperature, mask)
"""


def squared(scores, mask):
    """Softmax of twice the scores."""
    weights = softmax(scores, mask).square()
    return weights / weights.sum(-1, keepdim=True)


class Tempered(nn.Module):
    def __init__(self, heads):
        super().__init__()
        self.temperature = nn.Parameter(torch.full((heads, 1, 1), 2.0))

    def forward(self, scores, mask):
        return softmax(scores * self.temperature, mask)


@pytest.fixture
def mine():
    register("squared", squared)
    register("tempered", Tempered, printed_name="tempered softmax")
    yield
    unregister("squared")
    unregister("tempered")


def test_a_registered_function_is_one_of_the_known_ones(mine):
    assert names()[-2:] == ("squared", "tempered")
    assert get("squared").family == "row" and get("tempered").printed_name == "tempered softmax"


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize("fill", [-torch.inf, -1e18, None])
def test_it_keeps_the_promises_of_every_mapping(mine, dtype, fill):
    """Masks in each of their forms, rows without a valid entry, any dimension, half precision."""
    if dtype == torch.float16 and fill == -1e18:
        fill = -65504.0
    scores = torch.randn(4, 6, 5).to(dtype)
    mask = torch.rand(4, 6, 5) > 0.4
    mask[0, 0] = False
    given = scores if fill is None else scores.masked_fill(~mask, fill)
    for dim in (-1, 1, 0):
        ours = get("squared").function(given, mask if fill is None else None, dim)
        expected = softmax(2 * scores.double(), mask, dim)
        assert ours.dtype == dtype
        torch.testing.assert_close(ours.double(), expected, atol=float(torch.finfo(dtype).eps) * 4, rtol=0)


def test_gradients_pass_through_masked_rows(mine):
    module = get("tempered").make(2).double()
    scores = torch.randn(2, 2, 3, 4, dtype=torch.float64, requires_grad=True)
    mask = torch.rand(2, 2, 3, 4) > 0.3
    mask[0, 0, 0] = False
    assert gradcheck(lambda v, _: module(v, mask), (scores, module.function.temperature))
    module(scores.masked_fill(~mask, -torch.inf)).square().sum().backward()
    assert module.function.temperature.grad.isfinite().all() and scores.grad.isfinite().all()


@pytest.mark.parametrize("causal", [False, True])
def test_attention_with_it_is_attention_written_out(mine, causal):
    query, key, value = torch.randn(3, 2, 2, 5, 4, dtype=torch.float64).unbind()
    lengths = torch.tensor([5, 3])
    options = {"is_causal": causal, "key_lengths": lengths, "bias": torch.randn(1, 2, 5, 5, dtype=torch.float64)}
    ours = attention(query, key, value, function="squared", **options)
    twice = {**options, "bias": 2 * options["bias"], "scale": 2 / 2.0}  # 1 / sqrt(4) twice
    torch.testing.assert_close(ours, attention(query, key, value, function="softmax", **twice))
    with_parameters = attention(query, key, value, function=get("tempered").make(2).double(), **options)
    torch.testing.assert_close(ours, with_parameters)
    torch.testing.assert_close(ours, attention(query, key, value, function=Tempered(2).double(), **options))


@pytest.mark.parametrize("implementation", ["dense", "blockwise", "flex", "sdpa"])
def test_a_form_that_does_not_know_it_says_so(mine, implementation):
    tensor = torch.randn(1, 2, 3, 4)
    with pytest.raises(InputError, match=f"{implementation} cannot run this: .*squared"):
        attention(tensor, tensor, tensor, function="squared", implementation=implementation)


def test_learned_parameters_need_a_module(mine):
    tensor = torch.randn(1, 2, 3, 4)
    for use in (lambda: attention(tensor, tensor, tensor, function="tempered"), lambda: get("tempered").function):
        with pytest.raises(InputError, match=r"tempered has learned parameters.*make\(heads\)"):
            use()
    with pytest.raises(TypeError, match="a name or a module, got function"):
        attention(tensor, tensor, tensor, function=squared)


@pytest.mark.parametrize(
    "function, problem",
    [
        (lambda scores, mask: scores.softmax(-1)[..., :2], "of shape"),
        (lambda scores, mask: scores.softmax(-1).double(), "torch.float64 of shape"),
        (lambda scores, mask: scores.sigmoid(), "do not sum to one"),
        (lambda scores, mask: scores / scores.sum(-1, keepdim=True), "negative or NaN"),
        (lambda scores, mask: torch.full_like(scores, 0.25), "a masked score has a weight"),
        (lambda scores, mask: scores.detach().softmax(-1), "no gradient"),
        (lambda scores, mask: None, "NoneType"),
        (
            lambda scores, mask: softmax(scores.masked_fill(scores < scores.mean(-1, True), -1e18)),
            "a masked score changes",
        ),
        (lambda scores, mask: softmax(scores * len(scores), mask), "another sentence"),
        (
            lambda scores, mask: softmax(scores + (scores - scores.detach()).sqrt(), mask),
            "gradient of a score is not finite",
        ),
        (lambda scores, mask: 1 / 0, "raises ZeroDivisionError: division by zero"),
        (type("NoHeads", (nn.Module,), {"__init__": lambda self: None}), "raises TypeError"),
    ],
)
def test_a_function_that_breaks_the_contract_is_refused(function, problem):
    with pytest.raises(InputError, match=f"odd: .*{problem}"):
        register("odd", function)
    assert "odd" not in names()


def test_a_module_is_refused_because_all_layers_and_models_would_share_it():
    with pytest.raises(InputError, match="odd: give the class Tempered"):
        register("odd", Tempered(2))


def test_what_is_only_used_after_training_needs_no_gradient():
    register("hard", lambda scores, mask: softmax(scores.detach(), mask), trained_as="softmax")
    try:
        assert not get("hard").function(torch.randn(3, requires_grad=True)).requires_grad
    finally:
        unregister("hard")


def test_to_register_leaves_the_random_numbers_alone():
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    register("random", type("Random", (Tempered,), {}))
    unregister("random")
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize(
    "options, problem",
    [
        ({"function": Tempered, "trained_as": "softmax"}, "learned parameters are trained"),
        ({"trained_as": "posthoc_evidential"}, "not trained itself; give softmax"),
        ({"trained_as": "softmx"}, "unknown function 'softmx'"),
        ({"line": "red"}, "line must be an onmt_evsoftmax.base.catalogue.Line, got 'red'"),
        ({"printed_name": "ev-softmax"}, "another function is printed as 'ev-softmax'"),
    ],
)
def test_options_that_would_fail_at_the_end_of_a_sweep_are_refused(options, problem):
    with pytest.raises(InputError, match=problem):
        register("odd", **{"function": squared, **options})
    assert "odd" not in names()


def test_a_decorator_without_a_name_is_refused():
    with pytest.raises(InputError, match=r'write @register\("NAME"\)'):
        register(squared)


def test_names_of_the_package_stay():
    for attempt in (lambda: register("evsoftmax", squared), lambda: unregister("evsoftmax")):
        with pytest.raises(InputError, match="already|belongs to onmt_evsoftmax"):
            attempt()
    assert not isinstance(get("evsoftmax").function, RowFunction)


def python(code, cwd, **environment):
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=cwd, env={**os.environ, **environment}
    )


LOOK = "from onmt_evsoftmax.base import catalogue; print(catalogue.printed_name('squared'), *catalogue.names()[-2:])"


@pytest.mark.parametrize("named", ["functions_of_mine.py", "functions_of_mine"])
def test_a_child_process_finds_it_by_the_environment(tmp_path, named):
    (tmp_path / "functions_of_mine.py").write_text(SOURCE)
    found = python(LOOK, tmp_path, ONMT_EVSOFTMAX_FUNCTIONS=named, PYTHONPATH=str(tmp_path))
    assert found.stdout == "squared softmax squared tempered\n", found.stderr
    use = "import torch, onmt_evsoftmax.normalizers as n; print(n.get('squared').function(torch.zeros(2)))"
    found = python(use, tmp_path, ONMT_EVSOFTMAX_FUNCTIONS=named, PYTHONPATH=str(tmp_path))
    assert found.stdout == "tensor([0.5000, 0.5000])\n", found.stderr


def test_a_child_process_finds_that_of_an_installed_package(tmp_path):
    (tmp_path / "functions_of_mine.py").write_text(SOURCE)
    information = tmp_path / "functions_of_mine-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: functions-of-mine\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text("[onmt_evsoftmax.functions]\nmine = functions_of_mine\n")
    found = python(LOOK, tmp_path, PYTHONPATH=str(tmp_path))
    assert found.stdout == "squared softmax squared tempered\n", found.stderr


def test_a_module_that_cannot_be_imported_is_named(tmp_path):
    (tmp_path / "broken.py").write_text("import nothing_of_that_name")
    (tmp_path / "ends.py").write_text("raise SystemExit(0)")
    broken = ("broken.py", "No module named 'nothing_of_that_name'")
    for name, reason in (broken, ("absent.py", "absent.py"), ("ends.py", "SystemExit: 0")):
        found = python(LOOK, tmp_path, ONMT_EVSOFTMAX_FUNCTIONS=name)
        assert found.returncode == 1 and f"ONMT_EVSOFTMAX_FUNCTIONS: {name} cannot be imported" in found.stderr
        assert reason in found.stderr


def test_a_module_that_runs_itself_or_is_named_twice_registers_once(tmp_path):
    (tmp_path / "functions_of_mine.py").write_text(SOURCE)
    named = {"ONMT_EVSOFTMAX_FUNCTIONS": "functions_of_mine.py,functions_of_mine.py", "PYTHONPATH": str(tmp_path)}
    found = python("import functions_of_mine; " + LOOK, tmp_path, **named)
    assert found.stdout == "squared softmax squared tempered\n", found.stderr
