"""A sweep in the other direction, German to English, from raw text to the page."""

from __future__ import annotations

import json

import pytest
import yaml

pytest.importorskip("snakemake", reason="needs pip install 'onmt_evsoftmax[sweep]', Python 3.11 or newer")

from sacremoses import MosesDetokenizer


def turn(project) -> dict:
    """Exchange the sides of the corpus and of the training configuration; the changes to the settings."""
    path = project.folder / "prepare.yaml"
    corpus = yaml.safe_load(path.read_text(encoding="utf-8"))
    corpus.update(src_lang="de", tgt_lang="en")
    corpus["data"] = {name: {"src": one["tgt"], "tgt": one["src"]} for name, one in corpus["data"].items()}
    path.write_text(yaml.safe_dump(corpus), encoding="utf-8")
    path = project.folder / "train.yaml"
    training = yaml.safe_load(path.read_text(encoding="utf-8"))
    for one in training["data"].values():
        one.update(path_src=one["path_tgt"], path_tgt=one["path_src"])
    path.write_text(yaml.safe_dump(training), encoding="utf-8")
    (test,) = project.settings["tests"]
    test = {**test, "src": "prepared/test.de", "reference": "prepared/test.raw.en"}
    stages = {"pretrain": {"steps": 2}, "fine_tune": {"steps": 2}, "average": [2]}
    return {**stages, "functions": ["evsoftmax"], "tests": [test]}


@pytest.mark.slow
def test_a_sweep_from_german_to_english_is_scored_in_english(project):
    """No setting names a language but the prepare file."""
    project.run(**turn(project))
    report = json.loads((project.out / "evsoftmax.1" / "test.json").read_text(encoding="utf-8"))
    assert report["settings"]["lang"] == "en"
    assert report["language"] == {"code": "en", "said_by": "prepared/manifest.json", "source": "de"}
    assert "exact+stem:english" in report["signatures"]["meteor"]
    assert "prepared/test.raw.en (language: en)" in (project.out / "test.md").read_text(encoding="utf-8")
    page = (project.out / "report.html").read_text(encoding="utf-8")
    assert "exact+stem:english" in page and "(language: en)" in page
    tokens = (project.folder / "prepared" / "test.tok.de").read_text(encoding="utf-8").splitlines()
    for line in tokens:
        assert MosesDetokenizer("de").detokenize(line.split()) in page
