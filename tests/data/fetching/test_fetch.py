"""Datasets as a whole: fetched once, checked, recorded, and done again only where something is wrong."""

from __future__ import annotations

import gzip
import hashlib
import json
from dataclasses import replace

import pytest

from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.base.progress import Bar
from onmt_evsoftmax.data.corpus.config import SourceFile, read_config
from onmt_evsoftmax.data.corpus.sources import locate
from onmt_evsoftmax.data.fetching.catalogue import DATASETS, dataset
from onmt_evsoftmax.data.fetching.fetch import BUILDERS, fetch

from .conftest import ROOT
from .corpora import iwslt14_members, wmt16_archives

IWSLT14 = dataset("iwslt14_ende")
PRETRAINED = {"averaged-10-epoch.pt": b"weights", "sentencepiece.model": b"pieces", "notes.txt": b"-"}


@pytest.fixture
def iwslt14(tmp_path, make_archive):
    """A mirror with a small IWSLT14 archive."""
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    make_archive(mirror / "de-en.tgz", iwslt14_members(talks=12))
    return mirror


def without_hashes(entry):
    """The entry for archives of the same structure but other content."""
    return replace(
        entry,
        sources={name: tuple(replace(item, sha256=None) for item in items) for name, items in entry.sources.items()},
    )


def manifest(folder) -> dict:
    return json.loads((folder / "manifest.json").read_text(encoding="utf-8"))


def test_every_dataset_can_be_built_and_no_two_files_of_a_mirror_collide():
    assert set(BUILDERS) == {entry.name for entry in DATASETS}
    names = [item.name for entry in DATASETS for item in entry.downloads()]
    assert len(set(names)) == len(names)


def test_iwslt14_is_what_its_preparation_reads(iwslt14, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    outcome = fetch(IWSLT14, mirror=iwslt14)
    config = read_config(ROOT / "configs" / "iwslt14_ende.prepare.yaml")
    for split, sides in config.data.items():
        for side in (*sides.src, *sides.tgt):
            path = tmp_path / side.file
            assert len(path.read_text(encoding="utf-8").splitlines()) == outcome.counts[split]
    assert [path.name for path in (tmp_path / "data" / "iwslt14").iterdir() if path.is_dir()] == []


def test_counts_that_nobody_else_has_are_pointed_out(iwslt14, tmp_path):
    warnings = fetch(IWSLT14, tmp_path / "data", mirror=iwslt14).warnings
    assert len(warnings) == 3 and "train has" in warnings[0] and "160,239" in warnings[0]


def test_second_run_does_nothing_and_a_damaged_file_is_made_again(iwslt14, tmp_path):
    folder = fetch(IWSLT14, tmp_path / "data", mirror=iwslt14).folder
    before = (folder / "manifest.json").read_bytes()
    assert not fetch(IWSLT14, tmp_path / "data", mirror=iwslt14).performed
    good = (folder / "valid.de").read_bytes()
    (folder / "valid.de").write_bytes(good[:-1])
    assert fetch(IWSLT14, tmp_path / "data", mirror=iwslt14).performed
    assert (folder / "valid.de").read_bytes() == good and (folder / "manifest.json").read_bytes() == before


def test_manifest_says_where_from_and_what(iwslt14, tmp_path):
    folder = fetch(IWSLT14, tmp_path / "data", mirror=iwslt14).folder
    document = manifest(folder)
    ((url, record),) = document["downloads"].items()
    archive = (iwslt14 / "de-en.tgz").read_bytes()
    assert url == IWSLT14.downloads()[0].url and record["from"] == str(iwslt14 / "de-en.tgz")
    assert record["sha256"] == hashlib.sha256(archive).hexdigest() and record["bytes"] == len(archive)
    assert document["licence"] == IWSLT14.licence and document["source"] == "fairseq"
    for name, entry in document["files"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == entry["sha256"]
    lines = (folder / "train.en").read_text(encoding="utf-8").splitlines()
    assert document["counts"]["train"] == len(lines)


def test_first_hash_is_demanded_ever_after(iwslt14, tmp_path, make_archive):
    folder = fetch(IWSLT14, tmp_path / "data", mirror=iwslt14).folder
    (folder / "train.en").unlink()
    make_archive(iwslt14 / "de-en.tgz", iwslt14_members(talks=13))
    with pytest.raises(InputError, match=r"de-en.tgz: has the SHA-256 .*what it had before, says .*manifest"):
        fetch(IWSLT14, tmp_path / "data", mirror=iwslt14)


def test_other_source(server, tmp_path, iwslt14):
    server.files["/de-en.tgz"] = (iwslt14 / "de-en.tgz").read_bytes()
    folder = fetch(IWSLT14, tmp_path / "data", "official", server.url).folder
    assert manifest(folder)["source"] == "official"
    assert fetch(IWSLT14, tmp_path / "data", mirror=server.url).performed  # that is another one
    with pytest.raises(InputError, match="no source 'x'; known: fairseq, official"):
        fetch(IWSLT14, tmp_path / "data", "x")


def test_source_that_is_gone_says_where_to_look(server, tmp_path):
    with pytest.raises(InputError, match="404.*--mirror DIR.*wit3.fbk.eu/2014-01"):
        fetch(IWSLT14, tmp_path / "data", "official", server.url)


def test_download_is_kept_and_not_asked_for_again(server, tmp_path, iwslt14):
    server.files["/de-en.tgz"] = (iwslt14 / "de-en.tgz").read_bytes()
    folder = fetch(IWSLT14, tmp_path / "data", mirror=server.url).folder
    (folder / "train.en").unlink()
    fetch(IWSLT14, tmp_path / "data", mirror=server.url)
    assert len(server.asked) == 1 and (folder / "train.en").exists()


@pytest.mark.parametrize("content", [b"<html>please log in</html>", b""], ids=["page", "nothing"])
def test_wrong_bytes_are_neither_kept_nor_trusted(server, tmp_path, iwslt14, content):
    server.files["/de-en.tgz"] = content
    with pytest.raises(InputError, match="damaged archive"):
        fetch(IWSLT14, tmp_path / "data", mirror=server.url)
    server.files["/de-en.tgz"] = (iwslt14 / "de-en.tgz").read_bytes()
    assert fetch(IWSLT14, tmp_path / "data", mirror=server.url).performed


def test_published_hash_is_enforced(server, tmp_path):
    name = dataset("multi30k_ende").downloads()[0].name
    server.files[f"/{name}"] = gzip.compress(b"other text\n")
    with pytest.raises(InputError, match=f"{name}: has the SHA-256 .* is expected .published."):
        fetch(dataset("multi30k_ende"), tmp_path, mirror=server.url)
    assert list((tmp_path / "downloads").rglob("*.gz")) == []


def test_wmt16_is_joined_in_order_and_what_its_preparation_reads(tmp_path, make_archive, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, members in wmt16_archives().items():
        make_archive(tmp_path / name, members)
    outcome = fetch(without_hashes(dataset("wmt16_ende")), mirror=tmp_path)
    corpora = ("europarl-v7", "commoncrawl", "news-commentary-v11")
    assert (outcome.folder / "train.de").read_text().splitlines() == [
        f"{corpus} de {number}" for corpus in corpora for number in (1, 2)
    ]
    assert (outcome.folder / "newstest2014.en").read_text() == "2014 en R&D\n"
    assert outcome.counts == {"train": 6, "valid": 1, "newstest2014": 1, "newstest2016": 1, "newstest2017": 1}
    config = read_config(ROOT / "configs" / "wmt16_ende.prepare.yaml")
    assert all((tmp_path / side.file).is_file() for sides in config.data.values() for side in (*sides.src, *sides.tgt))


def test_misaligned_training_text(tmp_path, make_archive):
    archives = wmt16_archives()
    archives["training-parallel-commoncrawl.tgz"]["commoncrawl.de-en.de"] += "\nthree"
    for name, members in archives.items():
        make_archive(tmp_path / name, members)
    with pytest.raises(InputError, match="commoncrawl.de-en.en has 2 lines but commoncrawl.de-en.de has 3"):
        fetch(without_hashes(dataset("wmt16_ende")), tmp_path / "data", mirror=tmp_path)
    assert not (tmp_path / "data" / "wmt16" / "train.en").exists()


def test_multi30k_is_where_its_preparation_looks(server, tmp_path):
    entry = without_hashes(dataset("multi30k_ende"))
    for item in entry.downloads():
        server.files[f"/{item.name}"] = gzip.compress(f"{item.name} 1\n".encode())
    folder = fetch(entry, tmp_path, mirror=server.url).folder
    assert (folder / "valid.de").read_text() == "val.de.gz 1\n"
    requests = len(server.asked)
    config = read_config(ROOT / "configs" / "multi30k_ende.prepare.yaml")
    assert {side.file for sides in config.data.values() for side in (*sides.src, *sides.tgt)} == {
        item.url for item in entry.downloads()
    }
    for item in entry.downloads():
        locate(SourceFile(item.url), tmp_path / "downloads", None, Bar("fetch"))  # without the network
    assert len(server.asked) == requests


def test_mirror_may_be_gunzipped(tmp_path):
    entry = without_hashes(dataset("multi30k_ende"))
    for item in entry.downloads():
        (tmp_path / item.name[: -len(".gz")]).write_text("one\n")
    assert fetch(entry, tmp_path / "data", mirror=tmp_path).counts["valid"] == 1


def test_pretrained_model(tmp_path, make_archive):
    make_archive(tmp_path / "transformer-ende-wmt-pyOnmt.tar.gz", PRETRAINED)
    folder = fetch(dataset("wmt_pretrained"), tmp_path / "data", mirror=tmp_path).folder
    assert (folder / "averaged-10-epoch.pt").read_bytes() == b"weights"
    assert sorted(manifest(folder)["files"]) == ["averaged-10-epoch.pt", "sentencepiece.model"]


def test_what_cannot_be_written_is_one_line(tmp_path, iwslt14):
    (tmp_path / "data").write_text("a file where a folder should be")
    with pytest.raises(InputError, match="data.*(exists|[Nn]ot a directory).*--out") as error:
        fetch(IWSLT14, tmp_path / "data", mirror=iwslt14)
    assert "\n" not in str(error.value)
