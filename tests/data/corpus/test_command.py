"""``onmt_evsoftmax prepare`` as it is typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from onmt_evsoftmax.data.corpus.config import read_config

ROOT = Path(__file__).resolve().parents[3]


def test_prepare_then_up_to_date(corpus, run_prepare):
    corpus.write("test", [("One line.", "Eine Zeile."), ("", "Leer.")])
    status, stdout, stderr = run_prepare(corpus.save())
    assert status == 0
    rows = [line.split() for line in stdout.splitlines()]
    assert {("test", "2", "2"), ("train", "200", "200")} <= {tuple(row[:3]) for row in rows}
    assert "filter: 0 training pairs dropped" in stdout
    assert "vocabulary: 60 merges," in stdout
    assert f"warning: {corpus.file('test', 'src')}: empty lines 2 (1 in all): kept" in stdout
    assert f"small: prepared in {corpus.out}" in stdout
    assert "learn: done in" in stderr
    status, stdout, stderr = run_prepare(corpus.save())
    assert (status, stdout) == (0, f"small: up to date in {corpus.out}\n")


def test_out_and_default_place(corpus, run_prepare):
    assert run_prepare(corpus.save(), "--out", "there")[0] == 0
    assert (corpus.folder / "there/manifest.json").is_file() and not corpus.out.exists()
    corpus.config["out"] = ""
    assert run_prepare(corpus.save())[0] == 0
    assert (corpus.folder / "data/prepared/small/manifest.json").is_file()


def test_bad_input_is_one_line(corpus, run_prepare):
    corpus.config["lower_case"] = True
    status, stdout, stderr = run_prepare(corpus.save())
    assert status == 2 and stdout == ""
    assert stderr == (
        f"onmt_evsoftmax prepare: error: {corpus.save()}: unknown key lower_case; did you mean lowercase?\n"
    )


def test_error_in_the_middle_is_one_line(corpus, run_prepare):
    corpus.file("test", "tgt").write_text("short\n")
    status, _, stderr = run_prepare(corpus.save(), "--workers", 2)
    assert status == 2
    assert "Traceback" not in stderr
    assert stderr.splitlines()[-1].startswith("onmt_evsoftmax prepare: error: ")


SHIPPED = sorted((ROOT / "configs").glob("*.prepare.yaml"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_shipped_configs(path):
    config = read_config(path)
    assert path.name == f"{config.name}.prepare.yaml"
    assert f"onmt_evsoftmax prepare configs/{path.name}" in path.read_text(encoding="utf-8")
    assert {"train", "valid"} <= set(config.data)
