"""The names are there as soon as Transformers is, with no import of ours; and nothing else has changed."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

pytest.importorskip("transformers")

import transformers  # noqa: E402
from transformers import AttentionInterface  # noqa: E402
from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS  # noqa: E402
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS  # noqa: E402

from onmt_evsoftmax import register, softmax  # noqa: E402
from onmt_evsoftmax.base import catalogue  # noqa: E402
from onmt_evsoftmax.base.errors import InputError  # noqa: E402
from onmt_evsoftmax.huggingface import AttentionFunctions, activation  # noqa: E402
from onmt_evsoftmax.huggingface.registration import register_all  # noqa: E402
from onmt_evsoftmax.normalizers import registry  # noqa: E402

from .families import LLAMA, build, family, inputs, result  # noqa: E402


def run(code, **environment):
    """The last line that a fresh interpreter prints."""
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, **environment}
    )
    assert result.stdout, result.stderr
    return result.stdout.splitlines()[-1]


BUILD = f"""
import sys
import transformers
config = transformers.LlamaConfig(**{LLAMA})
model = transformers.AutoModelForCausalLM.from_config(config, attn_implementation="NAME")
print(model.config._attn_implementation)
"""


def test_with_no_import_of_ours():
    assert run(BUILD.replace("NAME", "evsoftmax")) == "evsoftmax"


def test_nothing_heavy_is_loaded_at_the_start_of_python():
    code = "import sys; print(sorted({'torch', 'transformers', 'onmt_evsoftmax.huggingface'} & set(sys.modules)))"
    assert run(code) == "[]"
    code = "import transformers, sys; print('torch' in sys.modules, 'onmt_evsoftmax.huggingface' in sys.modules)"
    assert run(code).endswith("False")


def test_a_function_of_the_users_in_a_fresh_process(tmp_path):
    module = tmp_path / "functions_of_mine.py"
    module.write_text(
        "from onmt_evsoftmax import register, softmax\n"
        "register('tempered_down', lambda scores, mask: softmax(scores / 2, mask))\n",
        encoding="utf-8",
    )
    name = "self:tempered_down"
    assert run(BUILD.replace("NAME", name), ONMT_EVSOFTMAX_FUNCTIONS=str(module)) == name


def test_a_broken_module_of_the_users_is_an_error_where_it_is_needed(tmp_path):
    (tmp_path / "broken.py").write_text("1 / 0\n", encoding="utf-8")
    variables = dict(ONMT_EVSOFTMAX_FUNCTIONS=str(tmp_path / "broken.py"), PYTHONWARNINGS="ignore")
    assert run(BUILD.replace("NAME", "sdpa"), **variables) == "sdpa"
    code = (
        "try:" + BUILD.replace("NAME", "evsoftmax").replace("\n", "\n  ") + "\nexcept Exception as error: print(error)"
    )
    assert "broken.py cannot be imported (ZeroDivisionError" in run(code, **variables)


def test_every_function_and_each_kind_of_it_has_a_mask():
    for function in catalogue.names():
        without_parameters = registry.get(function).module is None
        for name in (function, f"self:{function}", f"cross:{function}"):
            assert (name in ALL_ATTENTION_FUNCTIONS) == (name in ALL_MASK_ATTENTION_FUNCTIONS) == without_parameters


@pytest.fixture
def own():
    """A function that is registered after Transformers was imported, and its copy of the public kind."""
    register("halved", lambda scores, mask: softmax(scores / 2, mask))
    yield "halved"
    registry.unregister("halved")


def test_a_function_registered_later(own):
    chosen = family("Llama")
    model = build(chosen, own)
    softmax_of_half = build(chosen, "softmax")
    for module in softmax_of_half.modules():
        if hasattr(module, "scaling"):
            module.scaling /= 2
    difference = result(chosen, model, inputs(chosen)) - result(chosen, softmax_of_half, inputs(chosen))
    assert difference.abs().max() < 1e-6


def test_a_function_that_was_taken_out_again_is_named(own):
    chosen = family("Llama")
    model = build(chosen, own)
    registry.unregister(own)
    try:
        with pytest.raises(InputError, match="unknown function 'halved'"):
            result(chosen, model, inputs(chosen))
    finally:
        register(own, lambda scores, mask: softmax(scores / 2, mask))


@pytest.mark.parametrize("taken", ["eager", "sdpa"])
def test_a_function_that_is_called_as_one_of_transformers(taken):
    register(taken, lambda scores, mask: softmax(scores, mask))
    try:
        with pytest.raises(InputError, match=f"{taken} is the name of an attention of Transformers' own"):
            register_all()
    finally:
        registry.unregister(taken)


def test_learned_parameters_are_refused_by_name():
    import torch

    class Tempered(torch.nn.Module):
        def __init__(self, heads):
            super().__init__()
            self.temperature = torch.nn.Parameter(torch.ones(heads, 1, 1))

        def forward(self, scores, mask):
            return softmax(scores * self.temperature, mask)

    register("tempered", Tempered)
    try:
        for name in ("tempered", "cross:tempered"):
            with pytest.raises(InputError, match="tempered has learned parameters"):
                build(family("Marian"), name)
    finally:
        registry.unregister("tempered")


@pytest.mark.parametrize(
    "name, message",
    [
        ("cross:evsoft", "unknown function 'evsoft'"),
        ("context:evsoftmax", "'context' is no kind of attention; known: self, cross"),
        ("cross:evsoftmax,cross:softmax", "names one kind of attention twice"),
    ],
)
def test_a_name_that_is_nearly_one_of_ours(name, message):
    with pytest.raises(InputError, match=message):
        build(family("Marian"), name)


@pytest.mark.parametrize(
    "name", ["self:evsoftmax, cross:softmax", " self : evsoftmax", "self: evsoftmax,cross:softmax "]
)
def test_spaces_in_a_name_with_kinds_are_no_matter(name):
    assert AttentionFunctions.parse(name) == AttentionFunctions("evsoftmax", "softmax")
    chosen = family("Marian")
    found, expected = (result(chosen, build(chosen, one), inputs(chosen)) for one in (name, "self:evsoftmax"))
    assert found.equal(expected)


def test_other_names_are_left_to_transformers():
    for name in ("sdpa", "eager", "flash_attention_2", "kernels-community/flash-attn:forward", "flashy"):
        assert AttentionFunctions.parse(name) is None
    with pytest.raises(ValueError, match='attn_implementation="flashy"` is not supported'):
        build(family("Marian"), "flashy")


@pytest.mark.parametrize(
    "name, meant",
    [("EvSoftmax", "evsoftmax"), ("evsoftmx", "evsoftmax"), ("ev-softmax", "evsoftmax"), ("entmax-1.5", "entmax15")],
)
def test_a_function_that_is_written_otherwise_is_named(name, meant):
    with pytest.raises(InputError, match=f"'{name}' is no function that is known here; did you mean {meant}\\?"):
        build(family("Marian"), name)


def test_names_and_functions_go_both_ways():
    for functions in (AttentionFunctions("softmax", "evsoftmax"), AttentionFunctions("evsoftmax", "evsoftmax")):
        assert AttentionFunctions.parse(functions.name) == functions
    pair = AttentionFunctions("sparsemax", "evsoftmax")
    assert pair.name == "self:sparsemax,cross:evsoftmax" and AttentionFunctions.parse(pair.name) == pair


def test_an_older_transformers_is_said_and_left_alone(monkeypatch):
    monkeypatch.delattr(transformers.modeling_utils, "AttentionInterface")
    monkeypatch.setattr(transformers.modeling_utils, activation.ACTIVE, False)
    monkeypatch.setattr(activation, "_wrap_seams", lambda: pytest.fail("it was wrapped"))
    with pytest.warns(UserWarning, match="needs Transformers 4.53 or newer, and this one has no AttentionInterface"):
        activation.activate()
    assert AttentionInterface is not None


def test_to_activate_twice_wraps_once():
    wrapped = transformers.PreTrainedModel.post_init
    activation.activate()
    assert transformers.PreTrainedModel.post_init is wrapped
