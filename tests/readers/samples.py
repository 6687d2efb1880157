"""One good file of every kind that this project reads, how it is read, and how it is damaged."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import yaml

from onmt_evsoftmax.archive import AttentionArchive
from onmt_evsoftmax.archive.attention_archive import ROUNDING
from onmt_evsoftmax.archive.models import open_models
from onmt_evsoftmax.archive.segmentation import SCHEMES
from onmt_evsoftmax.base.downloads import download
from onmt_evsoftmax.base.files import read_lines
from onmt_evsoftmax.base.progress import Bar
from onmt_evsoftmax.conversion.converter import convert
from onmt_evsoftmax.conversion.options import convert_options
from onmt_evsoftmax.conversion.weights import build_model, split_generator
from onmt_evsoftmax.data.fetching.archives import unpack
from onmt_evsoftmax.data.fetching.catalogue import dataset
from onmt_evsoftmax.data.fetching.manifest import Manifest
from onmt_evsoftmax.evaluation.attended import measure_attended
from onmt_evsoftmax.pages.heatmap.page import archives_data
from onmt_evsoftmax.pages.html_page import script_json
from onmt_evsoftmax.pages.weights import encode_sentence
from other_experiments.common import datasets, runs
from other_experiments.common.config import load_config
from tests.conversion.legacy import FIRST, LAST, write_legacy
from tests.evaluation.archives import archive_file, random_sentences

from .mutations import (
    Mutation,
    damage_arrays,
    damage_bytes,
    damage_json,
    damage_json_lines,
    damage_yaml,
    damage_zip,
)

MULTI30K = dataset("multi30k_ende")


@dataclass(frozen=True)
class Reader:
    """A reader and what is thrown at it.

    Attributes:
        file: the name of the file that is damaged, relative to a folder of its own.
        write: makes the folder's files, all of them good.
        read: reads and checks what was read: AssertionError where something odd came through.
        mutations: how often each kind of damage is done.
        refuses: whether a damaged file is refused; what only saves time is made anew without a word.
    """

    name: str
    file: str
    write: Callable[[Path], None]
    read: Callable[[Path], None]
    mutations: dict[Mutation, int]
    refuses: bool = True


def _read_archive(path: Path) -> None:
    archive = AttentionArchive(path)
    assert archive.metadata["segmentation"] in SCHEMES
    for sentence in archive:
        assert all(isinstance(token, str) for token in (*sentence.source, *sentence.target, *sentence.target_input))
        for kind, weights in sentence.attention.items():
            assert weights.dtype.kind == "f" and weights.shape[2:] == tuple(map(len, sentence.tokens(kind)))
            assert ((weights >= 0) & (weights <= 1 + ROUNDING)).all()


def _draw_archive(path: Path) -> None:
    models = open_models([path])
    numbers = range(len(models[0].archive))
    for number in numbers:
        encode_sentence(models, number)
    script_json(archives_data(models, numbers))


def _count_archive(path: Path) -> None:
    measured = measure_attended(AttentionArchive(path))
    assert np.isfinite([measured.words.mean, measured.words.std, measured.positions.mean]).all()


def _write_manifest(folder: Path) -> None:
    manifest = Manifest(folder, MULTI30K)
    download = MULTI30K.downloads()[0]
    for name in ("train.en", "train.de"):
        (folder / name).write_text("a\nb\n", encoding="utf-8")
    manifest.add_download(download, download.url, folder / "train.en", "0" * 64)
    manifest.finish("github", [folder / "train.en", folder / "train.de"])


def _read_manifest(path: Path) -> None:
    manifest = Manifest(path.parent, MULTI30K)
    assert manifest.holds("github") in (True, False)
    assert all(type(count) is int for count in manifest.counts.values())
    digests = [manifest.recorded(download) for download in MULTI30K.downloads()]
    assert all(digest is None or isinstance(digest, str) for digest in digests)


def _write_notes(folder: Path) -> None:
    whole = {"url": "http://x/a.tgz", "size": 10, "etag": '"1"', "modified": None}
    (folder / ".a.tgz.part").write_bytes(b"begin")
    (folder / ".a.tgz.part.json").write_text(json.dumps(whole))


def _read_notes(path: Path) -> None:
    """Whatever the notes say, the download ends with the file of the server."""
    (path.parent / ".a.tgz.part").write_bytes(b"begin")
    (path.parent / "on_server.tgz").write_bytes(b"begin, end")
    download((path.parent / "on_server.tgz").as_uri(), path.parent / "a.tgz", Bar("fetch"))
    assert (path.parent / "a.tgz").read_bytes() == b"begin, end"


def _write_run(folder: Path) -> None:
    run = runs.RunFolder(folder, {"rate": 0.1, "seeds": [0, 1], "name": "x"})
    run.log({"step": 1, "loss": 0.5})
    run.log({"step": 2, "loss": float("nan")})
    run.save({"step": 2, "weight": torch.ones(2)})
    run.finish({"accuracy": 0.5, "rows": {"evsoftmax": [1, 2.5]}})


def _read_results(path: Path) -> None:
    assert isinstance(runs.read_results(path.parent), dict)


def _read_log(path: Path) -> None:
    assert all(isinstance(record, dict) for record in runs.read_log(path.parent))


def _read_run(path: Path) -> None:
    assert isinstance(runs.read_config(path.parent), dict)
    runs.keep_config(path.parent, {"rate": 0.1, "seeds": [0, 1], "name": "x"})


def _read_checkpoint(path: Path) -> None:
    folder = runs.RunFolder(path.parent, {"rate": 0.1, "seeds": [0, 1], "name": "x"})
    assert isinstance(folder.load(), dict)
    folder.close()


DEFAULTS = {"rate": 0.1, "seeds": [0, 1], "inner": {"depth": 3, "name": "x"}, "presets": {"small": {"rate": 0.5}}}


def _write_config(folder: Path) -> None:
    for name in ("default.yaml", "mine.yaml"):
        (folder / name).write_text(yaml.safe_dump(DEFAULTS))


def _read_config(path: Path) -> None:
    settings = load_config(path.with_name("default.yaml"), path, "small")
    assert type(settings["rate"]) is float and type(settings["inner"]["depth"]) is int


def _write_tar(folder: Path) -> None:
    with tarfile.open(folder / "a.tgz", "w:gz", format=tarfile.PAX_FORMAT) as tar:
        for name in ("in/good.txt", "in/" + "long" * 40, "in/ünwanted.txt"):
            info = tarfile.TarInfo(name)
            info.size = 2000
            tar.addfile(info, io.BytesIO(b"text" * 500))
        link = tarfile.TarInfo("in/link")
        link.type, link.linkname = tarfile.SYMTYPE, "good.txt"
        tar.addfile(link)


def _plain_tar(folder: Path) -> None:
    _write_tar(folder)
    (folder / "a.tar").write_bytes(gzip.decompress((folder / "a.tgz").read_bytes()))


def _write_zip(folder: Path) -> None:
    with zipfile.ZipFile(folder / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("in/good.txt", "in/other.txt", "in/metadata"):
            archive.writestr(name, "text" * 500)


def _unpack(path: Path) -> None:
    files = unpack(path, ["in/good.txt"], path.parent / "out")
    assert files == {"good.txt": path.parent / "out" / "good.txt"}


def _write_legacy(form: str) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        # write_legacy's oldest form is of this width
        small = dict(
            enc_layers=1, dec_layers=1, rnn_size=16, word_vec_size=16, transformer_ff=8, heads=2, dropout=[0.1]
        )
        shared = dict(encoder_type="transformer", decoder_type="transformer", position_encoding=True)
        options = convert_options({**small, **shared})
        tokens = ["<unk>", "<blank>", "<s>", "</s>", "a", "b"]
        vocab = {"src": tokens, "tgt": tokens, "data_task": "seq2seq"}
        torch.manual_seed(0)
        parts = split_generator(build_model(options, vocab).state_dict())
        write_legacy({**parts, "vocab": vocab, "opt": options}, folder / "old.pt", form)

    return write


def _convert(path: Path) -> None:
    convert(path, path.with_name("new.pt"), force=True)


IDX = datasets.MnistFile("labels.gz", (5,), hashlib.sha256(b"\0\0\x08\1\0\0\0\5abcde").hexdigest())


def _write_idx(folder: Path) -> None:
    (folder / IDX.name).write_bytes(gzip.compress(b"\0\0\x08\1\0\0\0\5abcde"))


def _read_idx(path: Path) -> None:
    assert datasets.read_mnist(IDX, path).tolist() == list(b"abcde")


def _write_text(folder: Path) -> None:
    (folder / "a.txt").write_text("Straße\na b\n" * 9, encoding="utf-8")


def _write_gzip(folder: Path) -> None:
    (folder / "a.gz").write_bytes(gzip.compress(b"a b\n" * 99))


def _read_text(path: Path) -> None:
    assert all(isinstance(line, str) for line in read_lines(path))


def _write_archive(folder: Path) -> None:
    archive_file(folder / "a.npz", random_sentences(0, count=2))


ARRAYS = {damage_bytes: 100, damage_zip: 60, damage_arrays: 160}
READERS = (
    Reader("attention archive", "a.npz", _write_archive, _read_archive, ARRAYS),
    Reader("attention archive, drawn", "a.npz", _write_archive, _draw_archive, ARRAYS),
    Reader("attention archive, counted", "a.npz", _write_archive, _count_archive, ARRAYS),
    Reader("manifest of fetch", "manifest.json", _write_manifest, _read_manifest, {damage_bytes: 60, damage_json: 150}),
    Reader("notes of a download", ".a.tgz.part.json", _write_notes, _read_notes,
           {damage_bytes: 40, damage_json: 80}, refuses=False),
    Reader("results of a run", "results.json", _write_run, _read_results, {damage_bytes: 60, damage_json: 80}),
    Reader("log of a run", "log.jsonl", _write_run, _read_log, {damage_bytes: 60, damage_json_lines: 80}),
    Reader("config of a run", "config.yaml", _write_run, _read_run, {damage_bytes: 40, damage_yaml: 70}),
    Reader("checkpoint of a run", "checkpoint.pt", _write_run, _read_checkpoint, {damage_bytes: 100, damage_zip: 60}),
    Reader("config of an experiment", "mine.yaml", _write_config, _read_config, {damage_bytes: 40, damage_yaml: 100}),
    Reader("tar.gz", "a.tgz", _write_tar, _unpack, {damage_bytes: 100}),
    Reader("tar", "a.tar", _plain_tar, _unpack, {damage_bytes: 200}),
    Reader("zip", "a.zip", _write_zip, _unpack, {damage_bytes: 150, damage_zip: 100}),
    Reader("checkpoint of 0.x", "old.pt", _write_legacy(FIRST), _convert, {damage_bytes: 40}),
    Reader("checkpoint of 2.x", "old.pt", _write_legacy(LAST), _convert, {damage_bytes: 30, damage_zip: 30}),
    Reader("images", "labels.gz", _write_idx, _read_idx, {damage_bytes: 100}),
    Reader("text", "a.txt", _write_text, _read_text, {damage_bytes: 60}),
    Reader("text, compressed", "a.gz", _write_gzip, _read_text, {damage_bytes: 100}),
)  # fmt: skip
