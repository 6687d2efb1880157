"""One test set of a sweep: its scores, and the texts and archives of the seed that the page shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

import numpy as np

from ..archive import AttentionArchive
from ..archive.models import Model
from ..base.catalogue import printed_name
from ..base.errors import InputError
from ..base.files import read_lines, sha256
from ..evaluation.report import read_report
from ..evaluation.runs import Groups, Run, ScoreFile, gather_runs, group_by_seed
from ..evaluation.system import check_archive_fits
from ..evaluation.text import TextFile, load_text, restorer
from .comparison import comparison_of
from .folder import RunFolder, Sweep
from .missing import Missing, missing_parts

UNKNOWN_FORM = {
    "lang": None,
    "hyp_segmentation": "none",
    "hyp_tokenization": "none",
    "ref_segmentation": "none",
    "ref_tokenization": "none",
}
"""How texts are read where no run is scored yet: as they are."""


@dataclass(frozen=True)
class Shown:
    """A run whose translations and attention the page shows.

    Attributes:
        hypotheses: sentences, pieces merged and detokenised as they were scored; None without a file.
        bleu: sentence BLEU; None where the run is not scored with it.
        model: its attention archive; None without one.
    """

    run: RunFolder
    hypotheses: Optional[list[str]]
    bleu: Optional[np.ndarray]
    model: Optional[Model]


@dataclass(frozen=True)
class TestSet:
    """What the page says about one test set.

    Attributes:
        seed: the seed whose translations and attention are shown.
        size: number of sentences; 0 where nothing tells it.
        groups: function -> {seed: scored run}.
        comparison: see `evaluation.comparison.compare`; None where nothing is scored.
        shown: function -> its run of ``seed``.
        sources, references: None where no file has them.
        missing: what is not there (yet).
    """

    name: str
    seed: int
    size: int
    groups: Groups
    comparison: Optional[dict[str, Any]]
    shown: dict[str, Shown]
    sources: Optional[list[str]]
    references: Optional[list[str]]
    missing: list[Missing]

    @property
    def models(self) -> dict[str, Model]:
        return {name: shown.model for name, shown in self.shown.items() if shown.model is not None}


def read_test_set(
    sweep: Sweep, name: str, seed: Optional[int] = None, progress: Callable[[str], None] = lambda text: None
) -> TestSet:
    """Read scores, texts and the archives' tokens; attention itself is not loaded.

    Args:
        seed: whose sentences to show; None: the lowest of those with the most archives (then texts).

    Raises:
        InputError: a file is damaged, or does not belong to the others.
    """
    progress(f"{name}: reading scores")
    runs, common = gather_runs(_score_files(sweep, name))
    groups = group_by_seed(runs)
    size, unfinished = _size(sweep, name, common)
    seed = _choose_seed(sweep, name, unfinished) if seed is None else seed
    form = {**UNKNOWN_FORM, **common.get("settings", {}), "src_lang": _source_language(common)}
    shown = {
        run.function: _read_shown(run, name, form, groups.get(run.function, {}).get(run.seed))
        for run in sweep.runs
        if run.seed == seed and run not in unfinished
    }
    references, lacking = _references(sweep, common, form)
    for run in sweep.runs:
        lacking += missing_parts(sweep, run, name, seed, unfinished=run in unfinished)
    _check_sizes(name, shown, size)
    return TestSet(
        name=name,
        seed=seed,
        size=size,
        groups=groups,
        comparison=comparison_of(sweep.path / f"{name}.json", runs, common, lambda text: progress(f"{name}: {text}")),
        shown=shown,
        sources=_sources(shown, form),
        references=references,
        missing=lacking,
    )


def _score_files(sweep: Sweep, name: str) -> Iterator[ScoreFile]:
    """The scores of all runs that are scored.

    Raises:
        InputError: the scores name another function or seed than the folder does.
    """
    for run in sweep.runs:
        path = run.file(name, "json")
        if path is None:
            continue
        report = read_report(path)
        system = report["systems"][0]
        for said, expected in ((system.get("function"), run.function), (system.get("seed"), run.seed)):
            if said not in (None, expected):
                raise InputError(f"{path}: are scores of {said}, but lie in {run.path.name}; score this run again")
        yield path, report, run.function, run.seed


def _size(sweep: Sweep, name: str, common: dict[str, Any]) -> tuple[int, set[RunFolder]]:
    """How many sentences the test set has, and the unscored runs whose translation has fewer (yet)."""
    lengths = {}
    for run in sweep.runs:
        path = run.file(name, "hyp")
        if path is not None and run.file(name, "json") is None:
            lengths[run] = _count_lines(path)
    if common:
        size = common["reference"]["lines"]
    else:
        size = _planned_size(sweep, name) or max(lengths.values(), default=0) or _archived_size(sweep, name)
    return size, {run for run, length in lengths.items() if length < max(size, 1)}


def _planned_size(sweep: Sweep, name: str) -> int:
    """Lines of the source or the reference that the settings name; 0 where neither is to be found."""
    if sweep.plan is None:
        return 0
    test = sweep.plan.test(name)
    paths = [path for file in (test.reference, test.src) for path in sweep.seen(file) if path.is_file()]
    return len(read_lines(paths[0])) if paths else 0


def _archived_size(sweep: Sweep, name: str) -> int:
    archives = [path for run in sweep.runs for path in [run.file(name, "npz")] if path is not None]
    return len(AttentionArchive(archives[0])) if archives else 0


def _count_lines(path: Path) -> int:
    """Also of text that ends in the middle of a character."""
    content = path.read_bytes()
    return content.count(b"\n") + (content[-1:] not in (b"", b"\n"))


def _choose_seed(sweep: Sweep, name: str, unfinished: set[RunFolder]) -> int:
    def parts(seed: int) -> tuple[int, ...]:
        runs = [run for run in sweep.runs if run.seed == seed and run not in unfinished]
        return tuple(sum(run.file(name, suffix) is not None for run in runs) for suffix in ("npz", "hyp"))

    return max(sweep.seeds, key=parts)  # the first of equals


def _read_shown(run: RunFolder, name: str, form: dict[str, Any], scored: Optional[Run]) -> Shown:
    path, text, model = run.file(name, "hyp"), None, None
    if path is not None:
        text = load_text(path, **_unit(form, "hyp"))
        if scored is not None and scored.hypothesis != text.sha256:
            raise InputError(f"{path}: is not what {run.file(name, 'json')} scored; score it again")
    archive = run.file(name, "npz")
    if archive is not None:
        model = Model(_open_archive(archive, text), printed_name(run.function))
    return Shown(
        run,
        text.sentences if text else _archived(model, "target", form),
        None if scored is None else scored.sentence_scores.get("bleu"),
        model,
    )


def _open_archive(path: Path, text: Optional[TextFile]) -> AttentionArchive:
    archive = AttentionArchive(path)
    archive.require("cross")
    if text is not None:  # its lines are pieces, as onmt_translate wrote them and as `attend` read them
        check_archive_fits(archive, text, archive.metadata["segmentation"])
    return archive


def _unit(form: dict[str, Any], side: str) -> dict[str, str]:
    units = {unit: form[f"{side}_{unit}"] for unit in ("segmentation", "tokenization")}
    return {**units, "lang": form["lang"]}


def _source_language(common: dict[str, Any]) -> Optional[str]:
    """What the manifest beside the reference said; scores of older versions did not keep it."""
    return (common.get("language") or {}).get("source")


def _archived(model: Optional[Model], side: str, form: dict[str, Any]) -> Optional[list[str]]:
    """The sentences of an archive; a source whose language nobody says keeps its tokens."""
    if model is None:
        return None
    lines = model.archive.lines(side)
    if lines is not None:
        return lines
    lang = form["src_lang"] if side == "source" else form["lang"]
    restore = restorer(model.segmentation, form["hyp_tokenization"] if lang else "none", lang)
    pieces = [sentence[side] for sentence in model.archive.metadata["sentences"]]
    return [restore(" ".join(piece for piece in line if piece != "</s>")) for line in pieces]


def _sources(shown: dict[str, Shown], form: dict[str, Any]) -> Optional[list[str]]:
    models = [one.model for one in shown.values() if one.model is not None]
    return _archived(models[0], "source", form) if models else None


def _check_sizes(name: str, shown: dict[str, Shown], size: int) -> None:
    for one in shown.values():
        if one.hypotheses is not None and len(one.hypotheses) != size:
            raise InputError(
                f"{one.run.path / name}.hyp: has {len(one.hypotheses)} sentences, but the test set has "
                f"{size}; translate the whole test set again"
            )


def _references(
    sweep: Sweep, common: dict[str, Any], form: dict[str, Any]
) -> tuple[Optional[list[str]], list[Missing]]:
    """The references; scores name them relative to where `score` ran, as a rule a folder above the sweep."""
    if not common:
        return None, []
    name, expected = common["reference"]["path"], common["reference"]["sha256"]
    found = [path for path in sweep.seen(name) if path.is_file()]
    for path in found:
        if sha256(path) == expected:
            return load_text(path, **_unit(form, "ref")).sentences, []
    changed = f"The reference {name} has changed since the runs were scored."
    away = f"The reference {name} is not there; start `report` in the folder where the runs were scored."
    return None, [Missing(changed if found else away)]
