"""Training from a checkpoint: what OpenNMT-py would ignore is said, and an error in a sweep."""

from __future__ import annotations

import pytest

from .conftest import WORDS


@pytest.fixture
def options(trained, tmp_path):
    """Function that gives the command line of a training from a checkpoint of six steps."""

    def command_line(*arguments, **changes) -> list[str]:
        settings = {"save_model": str(tmp_path / "model"), "train_steps": 7, **changes}
        config = trained.config(f"{tmp_path.name}.yaml", **settings)
        words = ["-config", config, "-train_from", trained.folder / "softmax_step_6.pt", *arguments]
        return [str(word) for word in words]

    return command_line


@pytest.fixture
def complaints(options, monkeypatch, caplog):
    """Function that begins a training in this process, up to where the model is built."""

    def begin(*arguments, switch: str = "1", **changes) -> list[str]:
        import onmt.train_single
        from onmt.bin.train import _get_parser
        from onmt.utils.parse import ArgumentParser

        monkeypatch.setenv("ONMT_EVSOFTMAX", switch)
        opt, _ = _get_parser().parse_known_args(options(*arguments, **changes))
        ArgumentParser.validate_train_opts(opt)
        onmt.train_single._init_train(opt)
        return [text.split("onmt_evsoftmax: ")[1] for text in caplog.messages if "onmt_evsoftmax: " in text]

    return begin


@pytest.fixture
def other_vocab(tmp_path):
    """A vocabulary in which two words are other ones: four types differ."""
    path = tmp_path / "other.vocab"
    path.write_text("".join(f"{word}\t100\n" for word in [*WORDS[2:], "new", "newer"]), encoding="utf-8")
    return path


def test_the_same_vocabulary_and_more_steps_are_silent(complaints):
    assert complaints(switch="strict") == []


def test_another_vocabulary_is_named_with_the_number_of_types(complaints, other_vocab):
    (line,) = complaints(src_vocab=str(other_vocab), tgt_vocab=str(other_vocab))
    assert line.startswith(f"src_vocab: 4 types differ between {other_vocab} and ")
    assert "goes on with the checkpoint's vocabulary" in line


def test_each_side_is_compared_alone(complaints, other_vocab):
    (line,) = complaints(tgt_vocab=str(other_vocab), share_vocab=False)
    assert line.startswith(f"tgt_vocab: 4 types differ between {other_vocab}")


def test_update_vocab_stays_legal_and_silent(complaints, other_vocab):
    files = {"src_vocab": str(other_vocab), "tgt_vocab": str(other_vocab)}
    assert complaints("-update_vocab", "-reset_optim", "all", switch="strict", **files) == []


def test_rows_that_only_fill_the_vocabulary_up_are_no_types(complaints):
    assert complaints(vocab_size_multiple=32, switch="strict") == []


def test_other_transforms_that_shuffle_the_rows_are_named(complaints, trained, tmp_path):
    """OpenNMT-py reads the files anew when the transforms differ, and moves no embedding."""
    path = tmp_path / "reversed.vocab"
    path.write_text("".join(f"{word}\t100\n" for word in WORDS[::-1]), encoding="utf-8")
    (line,) = complaints(transforms=["filtertoolong"], src_vocab=str(path), tgt_vocab=str(path))
    assert f"the transforms differ from those of {trained.folder / 'softmax_step_6.pt'}" in line
    assert f"{len(WORDS)} of the checkpoint's types stand in another row" in line


def test_other_transforms_with_the_same_vocabulary_are_silent(complaints):
    assert complaints(transforms=["filtertoolong"], switch="strict") == []


@pytest.mark.parametrize("reset", ["none", "states", "keep_states"])
def test_steps_that_were_made_already_are_named(complaints, reset):
    (line,) = complaints("-reset_optim", reset, train_steps=6)
    assert line.startswith("train_steps: 6, but ") and "has made 6 steps already" in line


def test_the_steps_count_from_one_with_reset_optim_all(complaints):
    assert complaints("-reset_optim", "all", train_steps=2, switch="strict") == []


def test_a_model_without_an_optimiser_counts_from_one(complaints, trained, tmp_path):
    import torch

    checkpoint = torch.load(trained.folder / "softmax_step_6.pt", weights_only=True)
    torch.save({**checkpoint, "optim": None}, tmp_path / "averaged.pt")
    assert complaints("-train_from", tmp_path / "averaged.pt", train_steps=2, switch="strict") == []


def test_the_warning_of_the_command_and_the_step_that_opennmt_makes(options, command, tmp_path):
    result = command("onmt_train", *options(train_steps=6))
    (line,) = [line for line in result.stderr.splitlines() if "onmt_evsoftmax: train_steps: 6" in line]
    assert "WARNING" in line and (tmp_path / "model_step_7.pt").exists()


def test_strict_makes_an_error_of_it(options, command, other_vocab, tmp_path):
    files = {"src_vocab": str(other_vocab), "tgt_vocab": str(other_vocab)}
    result = command("onmt_train", *options(**files), check=False, ONMT_EVSOFTMAX="strict")
    assert result.returncode != 0
    assert "InputError: src_vocab: 4 types differ" in result.stderr.splitlines()[-1]
    assert not list(tmp_path.glob("*.pt"))
