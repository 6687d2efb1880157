"""Small corpora and models, made with the stock command lines."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
import yaml

WORDS = [f"w{index}" for index in range(24)]
FUNCTIONS = ("softmax", "evsoftmax", "sparsemax", "entmax15")


@dataclass
class Workshop:
    """A folder with a corpus, a vocabulary and a configuration for ``onmt_train``."""

    folder: Path
    settings: dict

    def config(self, name: str = "config.yaml", **changes) -> Path:
        """Write the configuration with ``changes``; a value of None removes the key."""
        settings = {key: value for key, value in {**self.settings, **changes}.items() if value is not None}
        path = self.folder / name
        path.write_text(yaml.safe_dump(settings), encoding="utf-8")
        return path


def write_corpus(folder: Path, sentences: int = 200, seed: int = 0) -> None:
    """A source of random words of length 2 to 12, and its reversal as the target."""
    generator = random.Random(seed)
    sources = [generator.choices(WORDS, k=generator.randint(2, 12)) for _ in range(sentences)]
    folder.joinpath("src.txt").write_text("".join(" ".join(s) + "\n" for s in sources), encoding="utf-8")
    folder.joinpath("tgt.txt").write_text("".join(" ".join(s[::-1]) + "\n" for s in sources), encoding="utf-8")
    folder.joinpath("vocab").write_text("".join(f"{word}\t100\n" for word in WORDS), encoding="utf-8")


def make_workshop(folder: Path) -> Workshop:
    """A corpus and the settings of a two-layer transformer of width 16 that trains for six steps."""
    write_corpus(folder)
    corpus = {"path_src": str(folder / "src.txt"), "path_tgt": str(folder / "tgt.txt")}
    settings = {
        "data": {"train": corpus, "valid": corpus},
        "src_vocab": str(folder / "vocab"),
        "tgt_vocab": str(folder / "vocab"),
        "share_vocab": True,
        "encoder_type": "transformer",
        "decoder_type": "transformer",
        "self_attn_type": "scaled-dot",
        "position_encoding": True,
        "layers": 2,
        "heads": 2,
        "hidden_size": 16,
        "word_vec_size": 16,
        "transformer_ff": 32,
        "dropout": [0.1],
        "attention_dropout": [0.1],
        "share_embeddings": True,
        "share_decoder_embeddings": True,
        "param_init": 0,
        "param_init_glorot": True,
        "optim": "adam",
        "learning_rate": 0.01,
        "batch_type": "sents",
        "batch_size": 16,
        "bucket_size": 100,
        "num_workers": 0,
        "train_steps": 6,
        "valid_steps": 6,
        "save_checkpoint_steps": 2,
        "report_every": 2,
        "seed": 3,
        "save_model": str(folder / "model"),
    }
    return Workshop(folder, settings)


@pytest.fixture
def workshop(tmp_path) -> Workshop:
    """A fresh corpus and configuration."""
    return make_workshop(tmp_path)


@pytest.fixture(scope="session")
def trained(tmp_path_factory, command) -> Workshop:
    """A workshop in which stock ``onmt_train`` has made ev-softmax and softmax checkpoints."""
    workshop = make_workshop(tmp_path_factory.mktemp("trained"))
    for function in ("evsoftmax", "softmax"):
        prefix = str(workshop.folder / function)
        command(
            "onmt_train",
            "-config",
            workshop.config(f"{function}.yaml", self_attn_function=function, save_model=prefix),
        )
    return workshop


class ZeroCounter:
    """Counts exact zeros in the output of every mapping of every model that runs in this process."""

    def __init__(self) -> None:
        self.zeros: dict[str, int] = {}
        self.calls = 0

    def __enter__(self) -> ZeroCounter:
        from onmt_evsoftmax.opennmt.modules import AttentionNormalizer

        def count(module, inputs, output):
            if isinstance(module, AttentionNormalizer):
                self.calls += 1
                # masked keys are zero under every mapping: count what the mapping itself dropped
                valid = inputs[0] > -1e17
                self.zeros[module.name] = self.zeros.get(module.name, 0) + int(((output == 0) & valid).sum())

        self._handle = torch.nn.modules.module.register_module_forward_hook(count)
        self._watched = AttentionNormalizer.is_watched
        AttentionNormalizer.is_watched = True
        return self

    def __exit__(self, *_exception) -> None:
        from onmt_evsoftmax.opennmt.modules import AttentionNormalizer

        AttentionNormalizer.is_watched = self._watched
        self._handle.remove()


@pytest.fixture
def zero_counter() -> ZeroCounter:
    """See `ZeroCounter`."""
    return ZeroCounter()


@pytest.fixture
def build(workshop):
    """Function that builds a model from settings through OpenNMT-py's own builder, as ``onmt_train`` does."""
    import onmt_evsoftmax.opennmt  # noqa: F401

    def build_model(**changes):
        import onmt.model_builder
        from onmt.inputters.inputter import build_vocab
        from onmt.opts import train_opts
        from onmt.train_single import _get_model_opts
        from onmt.utils.parse import ArgumentParser

        parser = ArgumentParser()
        train_opts(parser)
        options, _ = parser.parse_known_args(["-config", str(workshop.config(**changes))])
        ArgumentParser.validate_train_opts(options)
        ArgumentParser.update_model_opts(options)
        ArgumentParser.validate_model_opts(options)
        model_options = _get_model_opts(options)
        options.data_task = "seq2seq"
        vocabs = build_vocab(options, {"src": [], "tgt": []})
        torch.manual_seed(5)
        arguments = (False,) if _takes_gpu() else ()
        model = onmt.model_builder.build_base_model(model_options, vocabs, *arguments)
        for parameter in model.parameters():
            if parameter.dim() > 1:
                torch.nn.init.xavier_uniform_(parameter, gain=2.0)
            else:
                torch.nn.init.normal_(parameter, std=0.1)
        return model.eval(), vocabs

    return build_model


def _takes_gpu() -> bool:
    import inspect

    import onmt.model_builder

    return "gpu" in inspect.signature(onmt.model_builder.build_base_model).parameters
