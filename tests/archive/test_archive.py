"""The attention archive: what is written is read back, and nothing else is accepted."""

from __future__ import annotations

import io
import tracemalloc
import zipfile

import numpy as np
import pytest

from onmt_evsoftmax.archive import AttentionArchive, Sentence, read_array, write_archive
from onmt_evsoftmax.archive.models import Model
from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.base.files import sha256

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
    return Sentence([f"s{i}" for i in range(source)], [f"t{i}" for i in range(target)], ["<s>"] * target, attention)


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


def test_the_text_that_a_tokeniser_was_given_is_kept(tmp_path):
    texts = {"source": ["A dog."], "target": ["Ein Hund."]}
    write_archive(tmp_path / "a.npz", [sentence(4, 3)], {**METADATA, "lines": texts})
    archive = AttentionArchive(tmp_path / "a.npz")
    assert archive.lines("target") == ["Ein Hund."] and Model(archive).text(0, "source") == "A dog."
    write_archive(tmp_path / "pieces.npz", [sentence(4, 3)], METADATA)
    assert AttentionArchive(tmp_path / "pieces.npz").lines("target") is None
    for odd in (["A dog."], {"source": []}, {"target": [1]}):
        write_archive(tmp_path / "odd.npz", [sentence(4, 3)], {**METADATA, "lines": odd})
        with pytest.raises(InputError, match=r"odd\.npz: lines.* in its metadata is missing or damaged"):
            AttentionArchive(tmp_path / "odd.npz")


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


def with_member(path, name, content, size=None):
    """A good archive with one member replaced; ``size`` is what its entry in the zip says instead of the truth."""
    write_archive(path, [sentence(4, 3)], METADATA)
    with zipfile.ZipFile(path) as old:
        members = {info.filename: old.read(info) for info in old.infolist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for member, old_content in members.items():
            new.writestr(member, content if member == f"{name}.npy" else old_content)
        if size is not None:
            new.getinfo(f"{name}.npy").file_size = size
    return path


def npy(array):
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array, allow_pickle=True)
    return stream.getvalue()


GOOD = np.full((2, 3, 3, 4), 0.25, dtype=np.float32)


@pytest.mark.parametrize(
    "array, message",
    [
        (GOOD.astype(complex), "cross.0.npy holds complex128"),
        (GOOD.astype(object), "cross.0.npy holds object"),
        (GOOD.astype("U4"), "cross.0.npy holds <U4"),
        (GOOD.astype(bool), "cross.0.npy holds bool"),
        (GOOD.astype(np.int64), "cross.0.npy holds int64"),
        (GOOD[0], r"cross has shape \(3, 3, 4\), expected \(layers, heads, 3, 4\)"),
        (GOOD[:, :0], "cross has no layers or no heads"),
        (GOOD * np.nan, "NaN or outside"),
        (GOOD - 1, "NaN or outside"),
        (GOOD * 1e30, "NaN or outside"),
    ],
)
def test_what_cannot_be_attention_is_refused(tmp_path, array, message):
    archive = AttentionArchive(with_member(tmp_path / "a.npz", "cross.0", npy(array)))
    with pytest.raises(InputError, match=rf"a\.npz: sentence 0.*{message}.*make it again"):
        archive[0]


@pytest.mark.parametrize("dtype", ["f2", ">f4", "f8"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_floats_of_any_kind_are_read(tmp_path, dtype, order):
    array = np.asarray(sentence(4, 3).attention["cross"].astype(dtype), order=order)
    read = AttentionArchive(with_member(tmp_path / "a.npz", "cross.0", npy(array)))[0].attention["cross"]
    np.testing.assert_array_equal(read, array)


@pytest.mark.parametrize(
    "content, size, message",
    [
        (npy(GOOD).replace(b"(2, 3, 3, 4)", b"(2, 3, 3, -4"), None, "cannot be read"),
        (npy(GOOD).replace(b"(2, 3,", b"(2222,"), None, "is said to have the shape"),
        (npy(np.zeros((64, 16, 64, 64), dtype=np.float32)), None, r"expected \(layers, heads, 3, 4\)"),
        (npy(GOOD), 10**10, "of .* bytes is said to hold 10,000,000,000"),
        (b"\x93NUMPY\x03\x00" + bytes(10), None, "of version .3, 0. of numpy's format"),
    ],
)
def test_what_a_file_says_of_its_size_is_not_believed(tmp_path, content, size, message):
    archive = AttentionArchive(with_member(tmp_path / "a.npz", "cross.0", content, size))
    with pytest.raises(InputError, match=rf"a\.npz: sentence 0.*{message}"):
        archive[0]


def test_an_array_larger_than_the_limit_takes_no_memory(tmp_path):
    path = with_member(tmp_path / "a.npz", "cross.0", npy(np.zeros((64, 16, 64, 64), dtype=np.float32)))
    assert path.stat().st_size < 100_000
    tracemalloc.start()
    try:
        with zipfile.ZipFile(path) as bundle, pytest.raises(ValueError, match="is said to hold 16,777,344"):
            read_array(bundle, "cross.0", "f", largest=1 << 20)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"segmentation": "wordpiece"}, "names no segmentation of none, bpe, sentencepiece"),
        ({"segmentation": 3}, "segmentation in its metadata is missing or damaged"),
        ({"kinds": ["cross", "memory"]}, "kinds in its metadata"),
        ({"kinds": [["cross"]]}, "kinds in its metadata"),
        ({"functions": {"cross": "evsoftmax"}}, "functions in its metadata"),
        ({"versions": {"torch": 2.1}}, "versions in its metadata"),
        ({"model": None}, "model in its metadata"),
    ],
)
def test_metadata_that_is_damaged_names_the_key(tmp_path, changes, message):
    write_archive(tmp_path / "a.npz", [sentence(4, 3)], {**METADATA, **changes})
    with pytest.raises(InputError, match=rf"a\.npz: {message}.*make it again"):
        AttentionArchive(tmp_path / "a.npz")


@pytest.mark.parametrize("text", ['{"a": ' * 100_000, '["\\ud800"]', '{"heads": NaN}'])
def test_hostile_metadata(tmp_path, text):
    np.savez(tmp_path / "a.npz", metadata=np.array(text))
    with pytest.raises(InputError, match=r"a\.npz: its metadata: not readable JSON"):
        AttentionArchive(tmp_path / "a.npz")


def test_tokens_that_are_no_text(tmp_path):
    pair = sentence(4, 3)
    write_archive(tmp_path / "a.npz", [pair, Sentence([1, 2, 3, 4], *[pair.target] * 2, pair.attention)], METADATA)
    with pytest.raises(InputError, match="source of sentence 1 in its metadata"):
        AttentionArchive(tmp_path / "a.npz")
