"""A small trained model of the installed OpenNMT-py, which the tests write down in old forms."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
import yaml

from scripts.legacy_checkpoint import scores, write_corpus

TRANSLATION = "-beam_size 3 -max_length 15 -length_penalty none -batch_size 30 -verbose".split()


@dataclass
class Modern:
    """A folder with a corpus, a configuration and a checkpoint ``model.pt`` of today's ``onmt_train``."""

    folder: Path
    command: object

    @property
    def checkpoint(self) -> dict:
        return load(self.folder / "model.pt")

    def translate(self, model: Path, output: Path) -> tuple[list[str], list[float]]:
        """Hypotheses and log-probabilities from stock ``onmt_translate``."""
        source = self.folder / "test.txt"
        files = ["-model", model, "-src", source, "-output", output]
        result = self.command("onmt_translate", *files, *TRANSLATION)
        lines = (result.stdout + result.stderr).splitlines()
        return output.read_text().splitlines(), scores("\n".join(line.strip() for line in lines))


def load(path: Path) -> dict:
    """A checkpoint of 3.x."""
    import onmt_evsoftmax.opennmt  # noqa: F401  (allows Namespace)

    return torch.load(path, weights_only=True)


@pytest.fixture(scope="session")
def modern(tmp_path_factory, command) -> Modern:
    """A transformer of two layers with a shared vocabulary, trained until it translates most words."""
    folder = tmp_path_factory.mktemp("modern")
    write_corpus(folder)
    words = [folder.joinpath(f"{side}.vocab").read_text() for side in ("source", "target")]
    folder.joinpath("shared.vocab").write_text("".join(words))
    folder.joinpath("config.yaml").write_text(yaml.safe_dump(_settings(folder)))
    command("onmt_train", "-config", folder / "config.yaml")
    folder.joinpath("model_step_200.pt").rename(folder / "model.pt")
    return Modern(folder, command)


def _settings(folder: Path) -> dict:
    corpus = {"path_src": str(folder / "source.txt"), "path_tgt": str(folder / "target.txt")}
    settings = {
        "data": {"train": corpus, "valid": corpus},
        "src_vocab": str(folder / "shared.vocab"),
        "tgt_vocab": str(folder / "shared.vocab"),
        "share_vocab": True,
        "encoder_type": "transformer",
        "decoder_type": "transformer",
        "self_attn_type": "scaled-dot",
        "add_qkvbias": True,
        "add_ffnbias": True,
        "position_encoding": True,
        "layers": 2,
        "heads": 2,
        "hidden_size": 16,
        "word_vec_size": 16,
        "transformer_ff": 32,
        "dropout": [0.0],
        "attention_dropout": [0.0],
        "share_embeddings": True,
        "share_decoder_embeddings": True,
        "param_init": 0,
        "param_init_glorot": True,
        "optim": "adam",
        "learning_rate": 0.01,
        "batch_type": "sents",
        "batch_size": 32,
        "bucket_size": 500,
        "num_workers": 0,
        "train_steps": 200,
        "valid_steps": 1000,
        "save_checkpoint_steps": 200,
        "report_every": 100,
        "seed": 3,
        "save_model": str(folder / "model"),
    }
    return {name: value for name, value in settings.items() if name != "add_ffnbias" or _has_option(name)}


def _has_option(name: str) -> bool:
    from onmt import opts
    from onmt.utils.parse import ArgumentParser

    return name in ArgumentParser.defaults(opts.model_opts)


@pytest.fixture
def checkpoint(modern) -> dict:
    """A fresh copy of the content of the checkpoint, for a test to write down in an old form."""
    return modern.checkpoint
