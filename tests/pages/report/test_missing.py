"""What the page says is missing, and that the commands it prints do what they say."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from onmt_evsoftmax.cli import build_parser, main
from onmt_evsoftmax.sweep.folder import read_sweep
from onmt_evsoftmax.sweep.missing import continuation, missing_files
from onmt_evsoftmax.sweep.testset import read_test_set

from .sweeps import ERRORS, TESTS, copy_sweep, settings_of, write_settings

SCORING = {"lang": "de", "hyp_segmentation": "bpe", "hyp_tokenization": "moses", "lowercase": True}
SCORING["bleu_tokenize"] = "none"


def commands_of(folder, test="test_one"):
    return {part.text: part.command for part in read_test_set(read_sweep(folder), test).missing}


def texts(folder, test="test_one"):
    return list(commands_of(folder, test))


def with_scoring(folder, **scoring):
    return [{**test, **scoring} for test in settings_of(folder)["tests"]]


def remove_scores(folder):
    for path in [*folder.glob("*.*/test_one.json"), folder / "test_one.json"]:
        path.unlink()


@pytest.fixture
def quoted(sweep, tmp_path, monkeypatch):
    """A sweep with relative paths in a folder that a shell must see quoted, reported on from inside."""
    folder = copy_sweep(sweep, tmp_path / "runs" / "it's_small")
    out = "runs/it's_small"
    write_settings(folder, out=out, tests=with_scoring(Path(out), **SCORING))
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize("archived", [True, False])
def test_the_printed_score_command_scores(quoted, tmp_path, archived):
    remove_scores(quoted)
    if not archived:
        (quoted / "softmax.2" / "test_one.npz").unlink()
        settings = {"out": "runs/it's_small", "tests": with_scoring(Path("runs/it's_small"), **SCORING)}
        write_settings(quoted, **settings, attend=False)
    command = commands_of(".")["softmax.2 is not scored on test_one (yet)."]
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    subprocess.run(command, shell=True, check=True, cwd=tmp_path, env={**os.environ, "PATH": path})
    report = json.loads((quoted / "softmax.2" / "test_one.json").read_text(encoding="utf-8"))
    assert {key: report["settings"][key] for key in SCORING} == SCORING
    (system,) = report["systems"]
    assert (system["name"], system["function"], system["seed"]) == ("softmax.2", "softmax", 2)
    assert (system["attention"] is not None) == archived
    assert "softmax.2 is not scored on test_one (yet)." not in commands_of(".")


@pytest.mark.opennmt
def test_archives_are_made_as_the_sweep_makes_them(own_sweep):
    """Whole for the seeds that keep theirs; for the scores of the others, cross-attention alone."""
    write_settings(
        own_sweep,
        tests=with_scoring(own_sweep, hyp_segmentation="sentencepiece"),
        keep_archives=[1],
        translate={"beam_size": 5, "gpu": 0},
    )
    for seed in (1, 2):
        for suffix in ("npz", "json"):
            (own_sweep / f"posthoc_evidential.{seed}" / f"test_one.{suffix}").unlink()
    commands = commands_of(own_sweep)
    assert "posthoc_evidential.2 has no attention archive of test_one." not in commands
    kept = commands["posthoc_evidential.1 has no attention archive of test_one."]
    attend, score = commands["posthoc_evidential.2 is not scored on test_one (yet)."].split(" && ")
    for seed, command in ((1, kept), (2, attend)):
        words = shlex.split(command)
        options = build_parser("attend").parse_args(words[1:])
        assert words[0] == "onmt_evsoftmax"
        assert options.model == str(own_sweep / f"softmax.{seed}" / "model.pt")
        assert options.self_attn_function == "posthoc_evidential"
        assert (options.segmentation, options.gpu) == ("sentencepiece", 0)
        assert options.src == str(own_sweep / "test_one.src")
        assert options.hyp == str(own_sweep / f"posthoc_evidential.{seed}" / "test_one.hyp")
    assert "--kinds" not in kept and "--kinds cross" in attend
    scored = build_parser("score").parse_args(shlex.split(score)[1:])
    assert scored.attention == [options.out]


def test_without_attention_nothing_is_attended(own_sweep):
    for path in own_sweep.glob("*.*/*.npz"):
        path.unlink()
    write_settings(own_sweep, attend=False)
    remove_scores(own_sweep)
    commands = commands_of(own_sweep)
    assert len(commands) == 6 and all("is not scored" in text for text in commands)
    assert not any(" --attention " in command or " attend " in command for command in commands.values())


def test_the_printed_translation_is_that_of_the_sweep(own_sweep):
    write_settings(own_sweep, translate={"beam_size": 5, "gpu": 0, "length_penalty": "avg"})
    remove_scores(own_sweep)
    for function in ("softmax", "posthoc_evidential"):
        (own_sweep / f"{function}.2" / "test_one.hyp").unlink()
    commands = commands_of(own_sweep)
    words = shlex.split(commands["posthoc_evidential.2 has not translated test_one (yet)."])
    assert words[:3] == ["onmt_translate", "--model", str(own_sweep / "softmax.2" / "model.pt")]
    options = dict(zip(words[3::2], words[4::2]))
    assert options == {
        "--self_attn_function": "posthoc_evidential",
        "--src": str(own_sweep / "test_one.src"),
        "--output": str(own_sweep / "posthoc_evidential.2" / "test_one.hyp"),
        "--beam_size": "5",
        "--gpu": "0",
        "--length_penalty": "avg",
    }
    (own_sweep / "softmax.2" / "model.pt").unlink()  # the sweep is to train it first
    assert commands_of(own_sweep)["softmax.2 has not translated test_one (yet)."] == ""


@pytest.mark.parametrize("content", [b"", b"Der Hund\n", "Der Hund f\u00e4".encode()[:-1]])
def test_an_unfinished_translation_is_missing(own_sweep, content):
    run = own_sweep / "evsoftmax.1"
    (run / "test_one.json").unlink()
    (run / "test_one.hyp").write_bytes(content)
    test = read_test_set(read_sweep(own_sweep), "test_one")
    (part,) = test.missing
    assert "evsoftmax.1 has an unfinished translation of test_one" in part.text
    assert part.command.startswith("onmt_translate ")
    assert test.seed == 2 and test.size == TESTS["test_one"] and len(test.shown) == 3
    assert test.comparison["functions"]["evsoftmax"]["seeds"] == [2]


@pytest.mark.parametrize("settings", [True, False])
def test_a_first_translation_that_is_being_written_is_known_by_its_length(own_sweep, settings):
    """By the settings' files; without settings by the longest translation."""
    for path in [*own_sweep.rglob("test_one.json"), *own_sweep.rglob("test_one.npz")]:
        path.unlink()
    hypothesis = own_sweep / "evsoftmax.1" / "test_one.hyp"
    hypothesis.write_text("Der Hund\n")
    if settings:
        for path in own_sweep.glob("*.*/test_one.hyp"):
            path.write_text("Der Hund\n")
    else:
        (own_sweep / "settings.yaml").unlink()
    assert sum("unfinished" in text for text in texts(own_sweep)) == (6 if settings else 1)
    assert read_test_set(read_sweep(own_sweep), "test_one").size == 12


def test_only_empty_translations(own_sweep):
    shutil.rmtree(own_sweep / "softmax.1")
    (own_sweep / "settings.yaml").unlink()
    for path in [*own_sweep.rglob("test_*.json"), *own_sweep.rglob("test_*.npz")]:
        path.unlink()
    for path in own_sweep.rglob("*.hyp"):
        path.write_text("")
    assert main(["report", str(own_sweep)]) == 0
    assert sum("unfinished" in text for text in texts(own_sweep)) == 5


def test_a_changed_translation_that_is_scored_stays_an_error(own_sweep, capsys):
    (own_sweep / "evsoftmax.1" / "test_one.hyp").write_text("Der Hund\n")
    assert main(["report", str(own_sweep)]) == 2
    assert "is not what" in capsys.readouterr().err


def test_runs_and_tests_that_the_settings_ask_for(own_sweep):
    others = [{"name": "later", "src": "later.en", "reference": "later.de"}]
    write_settings(
        own_sweep,
        functions=[*ERRORS, "sparsemax"],
        seeds=[1, 2, 3],
        tests=[*settings_of(own_sweep)["tests"], *others],
    )
    sweep = read_sweep(own_sweep)
    assert sweep.tests == [*TESTS, "later"] and sweep.seeds == [1, 2, 3]
    (part,) = missing_files(sweep)
    names = "softmax.3, sparsemax.1, sparsemax.2, sparsemax.3, posthoc_evidential.3, evsoftmax.3"
    assert part.text.endswith(f"have not begun: {names}.")
    assert texts(own_sweep, "test_one") == []
    assert len(texts(own_sweep, "later")) == 6
    assert main(["report", str(own_sweep)]) == 0
    page = (own_sweep / "report.html").read_text(encoding="utf-8")
    assert "Only 6 of 12 runs have begun." in page and "evsoftmax.2 has not translated later (yet)." in page


def test_a_sweep_that_has_only_begun_to_pretrain(own_sweep):
    for path in own_sweep.glob("*.[12]/"):
        shutil.rmtree(path)
    for path in own_sweep.glob("test_*.json"):
        path.unlink()
    assert main(["report", str(own_sweep)]) == 0
    page = (own_sweep / "report.html").read_text(encoding="utf-8")
    assert "Only 0 of 6 runs have begun." in page and '"train_perplexity":[[50,' in page.replace(" ", "")


def test_the_sweep_continues_from_where_it_was_started(quoted, tmp_path):
    for here in (".", quoted, tmp_path / "runs" / "it's_small"):
        command = continuation(read_sweep(here)).command
        assert shlex.split(command) == ["onmt_evsoftmax", "sweep", "runs/it's_small/settings.yaml"]


def test_a_moved_sweep_says_so(quoted, tmp_path, capsys):
    moved = tmp_path / "runs" / "elsewhere"
    quoted.rename(moved)
    os.chdir(tmp_path)
    part = continuation(read_sweep("runs/elsewhere"))
    assert "moved" in part.text and "out: runs/it's_small" in part.text and part.command == ""
    assert main(["report", "runs/elsewhere"]) == 0  # complete, so that there is nothing to continue
    assert "was moved" not in (moved / "report.html").read_text(encoding="utf-8")
    (moved / "softmax.1" / "train.log").unlink()
    (moved / "softmax.1" / "test_two.npz").unlink()
    assert main(["report", "runs/elsewhere"]) == 0
    page = (moved / "report.html").read_text(encoding="utf-8")
    assert "was moved" in page and "onmt_evsoftmax sweep" not in page
    command = commands_of("runs/elsewhere", "test_two")["softmax.1 has no attention archive of test_two."]
    assert "--hyp runs/elsewhere/softmax.1/test_two.hyp" in command
