"""Vocabulary files are those of onmt_build_vocab."""

from __future__ import annotations

import pytest

from onmt_evsoftmax.data.corpus.vocabulary import count_tokens, write_vocabulary


def test_most_frequent_first_then_first_seen(tmp_path):
    write_vocabulary(tmp_path / "vocab", count_tokens(["z y", "y x"], ["x a"]))
    assert (tmp_path / "vocab").read_text() == "y\t2\nx\t2\nz\t1\na\t1\n"


@pytest.mark.slow
@pytest.mark.parametrize("share", [True, False])
def test_equals_stock_onmt_build_vocab(corpus, command, tmp_path, share):
    pytest.importorskip("onmt")
    corpus.config["share_vocab"] = share
    corpus.prepare()
    stock = {True: ["stock.shared"] * 2, False: ["stock.src", "stock.tgt"]}[share]
    config = tmp_path / "build_vocab.yaml"
    config.write_text(
        f"save_data: {tmp_path}/run\nsrc_vocab: {tmp_path}/{stock[0]}\ntgt_vocab: {tmp_path}/{stock[1]}\n"
        f"share_vocab: {str(share).lower()}\n"
        f"data: {{corpus: {{path_src: {corpus.out}/train.en, path_tgt: {corpus.out}/train.de}}}}\n"
    )
    command("onmt_build_vocab", "-config", config, "-n_sample", -1)
    ours = ["vocab.shared"] if share else ["vocab.src", "vocab.tgt"]
    for name, other in zip(ours, stock):
        assert (corpus.out / name).read_bytes() == (tmp_path / other).read_bytes()
