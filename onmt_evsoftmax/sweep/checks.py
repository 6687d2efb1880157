"""What settings must hold before a sweep starts, beyond their schema: keys that agree, files that are there."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Optional

import yaml

from ..base import catalogue
from ..base.documents import read_yaml
from ..base.errors import InputError
from ..base.files import PathLike
from ..data.corpus.config import TRAIN, Config, read_config
from ..evaluation.languages import find_language
from .settings import Settings, TestSettings, parse_settings

REMEDY = "the shipped ones in configs/ show what it looks like"

OWN_OPTIONS = (
    "self_attn_function",
    "seed",
    "train_steps",
    "save_model",
    "train_from",
    "reset_optim",
    "world_size",
    "gpu_ranks",
)
"""options of onmt_train that follow from other keys"""
OWN_FILES = ("settings", "versions", "report", "logs", "pretrain")
"""names in the folder of a sweep that no test set can have"""


def read_settings(path: PathLike) -> Settings:
    """Read and check a settings file.

    Raises:
        InputError: see `check_settings`; or the file is missing or is no YAML.
    """
    return check_settings(read_yaml(path, REMEDY), str(path))


def check_settings(document: Any, source: str) -> Settings:
    """Settings from the content of a file, and what they need before a sweep starts.

    Args:
        document: what the YAML file holds.
        source: its name, for messages.

    Raises:
        InputError: see `parse_settings`; or keys contradict each other, or a file is missing or wrong. The
            message names the file and the key.
    """
    settings = parse_settings(document, source)
    corpus = None if settings.prepare is None else read_config(settings.prepare)
    settings = replace(
        settings,
        training={**_training_config(settings), **settings.devices},
        corpus=corpus,
        tests=tuple(_with_language(test, corpus, source) for test in settings.tests),
    )
    for problem in (*_contradictions(settings), *_bad_average(settings), *_missing_files(settings)):
        raise InputError(f"{source}: {problem}")
    return settings


def as_yaml(value: Any) -> Any:
    """A value of Snakemake's ``--config``, which leaves numbers inside lists and mappings as text, as YAML reads it."""
    if isinstance(value, Mapping):
        return {key: as_yaml(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [as_yaml(entry) for entry in value]
    try:
        read = yaml.safe_load(value) if isinstance(value, str) else value
    except yaml.YAMLError:
        return value
    return read if isinstance(read, (bool, int, float)) else value


def check_overrides(settings: Settings) -> None:
    """Refuse keys that onmt_train does not know: it would ignore them without a word.

    Apart from `check_settings` because it loads OpenNMT-py.
    """
    # OpenNMT-py decorates with an API that today's torch deprecates, once per decorator
    warnings.filterwarnings("ignore", category=FutureWarning, module=r"onmt\.")
    from onmt.opts import train_opts
    from onmt.utils.parse import ArgumentParser

    from .. import opennmt  # noqa: F401

    parser = ArgumentParser()
    train_opts(parser)
    known = {flag.lstrip("-") for action in parser._actions for flag in action.option_strings}
    for stage, options in (("pretrain", settings.pretrain), ("fine_tune", settings.fine_tune)):
        for key in options.get("overrides", {}):
            if key not in known:
                raise InputError(f"{settings.source}: {stage}.overrides.{key}: onmt_train has no such option")


def _training_config(settings: Settings) -> dict[str, Any]:
    """What onmt_train is to be given; the sweep itself reads its texts, onmt_train checks the rest."""
    where = f"{settings.source}: config"
    if not settings.config.exists():
        raise InputError(f"{where}: no such training configuration: {settings.config} (looked from {Path.cwd()})")
    try:
        training = read_yaml(settings.config, REMEDY)
    except InputError as error:
        raise InputError(f"{where}: {error}") from None
    where = f"{where}: {settings.config}"
    data = training.get("data") if isinstance(training, dict) else None
    if not isinstance(data, dict) or "train" not in data:
        raise InputError(f"{where}: data must map names of corpora to files, and one must be called train")
    for split, sides in data.items():
        for side in ("path_src", "path_tgt"):
            if not isinstance(sides, dict) or not isinstance(sides.get(side), str):
                raise InputError(f"{where}: data.{split}.{side} must be the path of a text")
    return training


def _with_language(test: TestSettings, corpus: Optional[Config], source: str) -> TestSettings:
    lang = _language(test.reference, test.scoring.get("lang"), corpus, f"{source}: tests.{test.name}")
    return replace(test, scoring={**test.scoring, "lang": lang})


def _language(reference: Path, given: Optional[str], corpus: Optional[Config], key: str) -> Optional[str]:
    """The language that ``score`` is given; None for a missing reference, which `_missing_files` names.

    With ``prepare`` it is the corpus's ``tgt_lang``. Without it, it is what ``score`` would find: asked for
    here, before days of training.
    """
    if corpus is None:
        if not reference.is_file():
            return given
        try:
            return find_language([reference], given).code
        except InputError as error:
            raise InputError(f"{key}.lang: {error}") from None
    if given not in (None, corpus.tgt_lang):
        raise InputError(f"{key}.lang: {given}, but tgt_lang of prepare is {corpus.tgt_lang}")
    if reference in _made_by(corpus, corpus.src_lang):
        raise InputError(f"{key}.reference: {reference} is the source side; tgt_lang is {corpus.tgt_lang}")
    return corpus.tgt_lang


def _contradictions(settings: Settings) -> Iterator[str]:
    """Keys that do not go together."""
    for name in settings.functions:
        other = catalogue.get(name).trained_as
        if other not in settings.functions:
            yield f"functions: {name} is a translation of the {other} models, so {other} must be there too"
    if settings.against not in settings.functions:
        yield f"against: {settings.against} is not among the functions; name one that is"
    if settings.given_model is None and "steps" not in settings.pretrain:
        yield "pretrain: give steps, or model: PATH to start from an existing checkpoint"
    for stage, options in (("pretrain", settings.pretrain), ("fine_tune", settings.fine_tune)):
        for key in filter(options.get("overrides", {}).__contains__, OWN_OPTIONS):
            yield f"{stage}.overrides.{key}: the sweep sets this itself, from its other keys"
    for seed in settings.keep_archives:
        if seed not in settings.seeds:
            yield f"keep_archives: {seed} is not among the seeds"
    names = [test.name for test in settings.tests]
    for name in names:
        if names.count(name) > 1:
            yield f"tests: two are called {name}"
        if name in OWN_FILES:
            yield f"tests: {name} is the name of a file of the sweep itself; choose another"
    devices = settings.devices
    if devices and devices["world_size"] != len(devices["gpu_ranks"]):
        ranks = len(devices["gpu_ranks"])
        yield f"devices: world_size {devices['world_size']} waits for so many gpu_ranks, but there are {ranks}"
    prepared = settings.prepared
    if prepared is not None and str(prepared.parent) not in str(settings.training["data"]):
        yield f"prepare: {settings.prepare} writes {prepared.parent}, which config does not train on"


def _bad_average(settings: Settings) -> Iterator[str]:
    """Steps at which the fine-tuning leaves no checkpoint."""
    options = {**settings.training, **settings.fine_tune.get("overrides", {})}
    steps = settings.fine_tune["steps"]
    every, kept = options.get("save_checkpoint_steps", 5000), options.get("keep_checkpoint", -1)
    if type(every) is not int or every < 1 or type(kept) is not int:
        both = f"save_checkpoint_steps ({every!r}) and keep_checkpoint ({kept!r})"
        yield f"fine_tune: {both} must be whole numbers"
        return
    saved = sorted({*range(every, steps + 1, every), steps})
    if kept >= 0:
        saved = saved[-kept:] if kept else []
    for step in settings.average:
        if step not in saved:
            yield (
                f"average: no checkpoint of step {step}; {steps} steps with save_checkpoint_steps {every} "
                f"and keep_checkpoint {kept} leave {', '.join(map(str, saved)) or 'none'}"
            )
    if settings.average[-1] != steps:
        yield f"average: must hold the last step, {steps}; to stop earlier, set fine_tune.steps"


def _missing_files(settings: Settings) -> Iterator[str]:
    """Files that are neither there nor made by ``prepare``."""
    made = set() if settings.corpus is None else _made_by(settings.corpus)
    files = {"pretrain.model": settings.given_model}
    for test in settings.tests:
        files.update({f"tests.{test.name}.src": test.src, f"tests.{test.name}.reference": test.reference})
    for split, sides in settings.training["data"].items():
        files.update({f"config, data.{split}.{side}": Path(sides[side]) for side in ("path_src", "path_tgt")})
    for key, path in files.items():
        if path is not None and path not in made and not path.is_file():
            hint = f", and {settings.prepare} does not make it" if settings.corpus else ""
            yield f"{key}: no such file: {path} (looked from {Path.cwd()}){hint}"


def _made_by(corpus: Config, *languages: str) -> set[Path]:
    """The texts that ``onmt_evsoftmax prepare`` writes, in these languages or in both."""
    stages = ("", "tok.", "raw.")
    return {
        corpus.folder / f"{split}.{stage}{language}"
        for split in corpus.data
        for stage in stages
        for language in languages or corpus.languages
        if (split, stage) != (TRAIN, "raw.")
    }
