"""The attention archive: what is written is read back, and nothing else is accepted."""

from __future__ import annotations

import numpy as np
import pytest

from onmt_evsoftmax.archive import AttentionArchive, Sentence, write_archive
from onmt_evsoftmax.errors import InputError
from onmt_evsoftmax.files import sha256

METADATA = {
    "model": "m.pt",
    "functions": dict.fromkeys(("encoder", "decoder", "cross"), "evsoftmax"),
    "kinds": ["encoder", "decoder", "cross"],
    "layers": {"encoder": 2, "decoder": 2, "cross": 2},
    "heads": 3,
    "segmentation": "bpe",
    "versions": {},
}


def sentence(source: int, target: int, seed: int = 0) -> Sentence:
    random = np.random.default_rng(seed)
    shapes = {"encoder": (source, source), "decoder": (target, target), "cross": (target, source)}
    attention = {kind: random.random((2, 3, *shape), dtype=np.float32) for kind, shape in shapes.items()}
    return Sentence(
        [f"s{i}" for i in range(source)], [f"t{i}" for i in range(target)], ["<s>"] * target, attention
    )


def test_reading_gives_what_was_written(tmp_path):
    sentences = [sentence(4, 3), sentence(1, 1, 1), sentence(0, 2, 2)]
    write_archive(tmp_path / "a.npz", iter(sentences), METADATA)
    archive = AttentionArchive(tmp_path / "a.npz")
    assert len(archive) == 3 and archive.metadata["heads"] == 3
    for written, read in zip(sentences, archive):
        assert (written.source, written.target, written.target_input) == (
            read.source,
            read.target,
            read.target_input,
        )
        for kind, weights in written.attention.items():
            np.testing.assert_array_equal(weights, read.attention[kind])


def test_rows_and_columns_have_tokens_for_every_kind():
    pair = sentence(4, 3)
    for kind, weights in pair.attention.items():
        assert tuple(len(tokens) for tokens in pair.tokens(kind)) == weights.shape[2:]


def test_plain_numpy_reads_it_without_pickles(tmp_path):
    write_archive(tmp_path / "a.npz", [sentence(4, 3)], METADATA)
    arrays = np.load(tmp_path / "a.npz", allow_pickle=False)
    assert set(arrays.files) == {"metadata", "encoder.0", "decoder.0", "cross.0"}


def test_the_same_content_is_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        write_archive(tmp_path / name, [sentence(4, 3)], METADATA)
    assert sha256(tmp_path / "a") == sha256(tmp_path / "b")


def test_an_error_while_writing_leaves_nothing(tmp_path):
    def failing():
        yield sentence(2, 2)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_archive(tmp_path / "a.npz", failing(), METADATA)
    assert list(tmp_path.iterdir()) == []


def test_other_files_are_refused(tmp_path):
    (tmp_path / "text.npz").write_text("no archive")
    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    np.save(tmp_path / "array.npy", np.zeros(3))
    write_archive(tmp_path / "whole.npz", [sentence(4, 3)], METADATA)
    whole = (tmp_path / "whole.npz").read_bytes()
    (tmp_path / "half.npz").write_bytes(whole[: len(whole) // 2])
    for name in ("text.npz", "other.npz", "array.npy", "half.npz"):
        with pytest.raises(InputError, match=f"{name}: not an attention archive.*attend"):
            AttentionArchive(tmp_path / name)
    with pytest.raises(InputError, match="missing.npz: no such file"):
        AttentionArchive(tmp_path / "missing.npz")


def test_metadata_that_is_no_object_is_refused(tmp_path):
    np.savez(tmp_path / "a.npz", metadata=np.array("[1, 2]"))
    with pytest.raises(InputError, match="not an attention archive"):
        AttentionArchive(tmp_path / "a.npz")


def test_another_version_is_refused(tmp_path):
    write_archive(tmp_path / "a.npz", [sentence(4, 3)], {**METADATA, "version": 99})
    with pytest.raises(InputError, match="version 1"):
        AttentionArchive(tmp_path / "a.npz")


@pytest.mark.parametrize("index", [-1, 2])
def test_a_sentence_out_of_range_names_the_range(tmp_path, index):
    write_archive(tmp_path / "a.npz", [sentence(4, 3), sentence(2, 2)], METADATA)
    with pytest.raises(InputError, match="0 to 1"):
        AttentionArchive(tmp_path / "a.npz")[index]
