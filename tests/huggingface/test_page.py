"""The ten lines of docs/transformers.md, as they stand there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest.importorskip("transformers")

from tokenizers import Tokenizer, models, pre_tokenizers, processors  # noqa: E402
from transformers import AutoModelForSeq2SeqLM, PreTrainedTokenizerFast  # noqa: E402

from .families import END, build, family  # noqa: E402

PAGE = Path(__file__).parents[2] / "docs" / "transformers.md"
LINES = re.search(r"```python\n(.*?)```", PAGE.read_text("utf-8"), flags=re.DOTALL)[1]


def test_the_quick_start(tmp_path, monkeypatch, capsys):
    assert len(LINES.splitlines()) == 10
    monkeypatch.chdir(tmp_path)
    folder = re.search(r'path = "(.*?)"', LINES)[1]
    build(family("Marian"), "sdpa").float().save_pretrained(folder)
    words = sorted({word for sentence in re.findall(r'"([A-Z][^"]* \.)"', LINES) for word in sentence.split()})
    tokenizer = Tokenizer(models.WordLevel({word: 3 + place for place, word in enumerate(words)} | {"</s>": END}))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", END)])
    names = ["input_ids", "attention_mask"]
    special = dict(pad_token="<pad>", eos_token="</s>")
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_input_names=names, **special)
    fast.save_pretrained(folder)
    exec(LINES, {})
    assert capsys.readouterr().out.startswith("tensor([[[")
    assert AutoModelForSeq2SeqLM.from_pretrained("sparse").config._attn_implementation == "evsoftmax"
