"""Every family of docs/transformers.md: equal to attention in float64, or refused, and never softmax."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest.importorskip("transformers")

import torch  # noqa: E402
import transformers  # noqa: E402

from onmt_evsoftmax.base.errors import InputError  # noqa: E402
from onmt_evsoftmax.base.versions import TESTED_TRANSFORMERS  # noqa: E402
from onmt_evsoftmax.huggingface import attention_calls  # noqa: E402

ROOT = Path(__file__).parents[2]
from .families import LATEST, REFUSED, VERSION, WORKING, build, family, inputs, result  # noqa: E402
from .oracle import register_oracle  # noqa: E402


def names(families):
    return [one.name for one in families]


@pytest.mark.parametrize("name", names(WORKING))
def test_it_equals_attention_in_float64(name):
    chosen = family(name)
    batch, model = inputs(chosen), build(chosen, "evsoftmax")
    found = result(chosen, model, batch)
    assert all(calls == 1 for calls in attention_calls(model).values()) or name in ("ALBERT", "Switch")
    expected = result(chosen, build(chosen, register_oracle()), batch)
    torch.testing.assert_close(found, expected, atol=1e-9 if chosen.precise else 2e-5, rtol=0)
    softmax = result(chosen, build(chosen, register_oracle("softmax")), batch)
    assert (found - softmax).abs().max() > 1e-3
    ours = result(chosen, build(chosen, "softmax"), batch)
    torch.testing.assert_close(ours, softmax, atol=1e-6 if chosen.precise else 2e-5, rtol=0)


@pytest.mark.parametrize("name", names(WORKING))
def test_weights_are_given_call_by_call(name):
    chosen = family(name)
    batch, model = inputs(chosen), build(chosen, "evsoftmax")
    with torch.no_grad():
        outputs = model(**batch, output_attentions=True)
        expected = build(chosen, register_oracle())(**batch, output_attentions=True)
    fields = [field for field in outputs if field.endswith("attentions") and outputs[field]]
    assert len(fields) == (3 if chosen.is_seq2seq else 1)
    for field in fields:
        assert len(outputs[field]) == len(expected[field]) > 0
        for found, wanted in zip(outputs[field], expected[field]):
            torch.testing.assert_close(found, wanted, atol=1e-6 if chosen.precise else 1e-4, rtol=0)
            assert (found == 0).any()
    with torch.no_grad():
        assert not any(model(**batch).get(field) for field in fields)


@pytest.mark.parametrize("name", names(REFUSED))
def test_it_is_refused_before_or_in_its_first_forward_pass(name):
    chosen = family(name)
    with pytest.raises(InputError, match=re.escape(chosen.refusal)):
        result(chosen, build(chosen, "evsoftmax"), inputs(chosen))
    if chosen.refusal not in ("passes softcap", "passes s_aux", "by adding -1"):  # softmax of ours is softmax, too
        with pytest.raises(InputError):
            result(chosen, build(chosen, "softmax"), inputs(chosen))


@pytest.mark.skipif(
    transformers.__version__ not in TESTED_TRANSFORMERS, reason="the first tested version that can is none between"
)
@pytest.mark.parametrize("name", names(one for one in WORKING if one.since > VERSION))
def test_an_older_transformers_refuses_what_a_newer_can_do(name):
    chosen = next(one for one in WORKING if one.name == name)
    with pytest.raises(InputError, match="AttentionInterface"):
        build(chosen, "evsoftmax")


def test_gemma_2_without_its_cap_works():
    chosen = family("Gemma 2")
    models = [build(chosen, name, attn_logit_softcapping=None) for name in ("evsoftmax", register_oracle())]
    found, expected = (result(chosen, model, inputs(chosen)) for model in models)
    torch.testing.assert_close(found, expected, atol=1e-9, rtol=0)


def test_the_page_names_them_all():
    page = (ROOT / "docs" / "transformers.md").read_text(encoding="utf-8")
    page = page.split("## Families")[1].split("\n## ")[0]  # other tables have rows of T5 and BART too
    rows = {line.split("|")[1].strip(): line for line in page.splitlines() if line.startswith("| ")}
    for one in WORKING:
        since = "5.23.0" if one.since == LATEST else "4.53.3"
        assert f"| works | {since} |" in rows[one.name], one.name
    assert all("| refused |" in rows[one.name] for one in REFUSED)
