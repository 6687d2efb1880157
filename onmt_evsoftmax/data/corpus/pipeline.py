"""One run: fetch the sources, do the steps that are due, write the manifest."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from ...base.errors import InputError
from ...base.files import PathLike
from ...base.progress import Progress
from ...base.workers import Workers
from .config import Config
from .manifest import MANIFEST, write_manifest
from .plan import Plan, Texts
from .sources import locate
from .steps import Workspace


@dataclass(frozen=True)
class Outcome:
    """What a run did.

    Attributes:
        folder: where the result is.
        performed: names of the steps that were done now; empty when everything was up to date.
        manifest: what ``manifest.json`` holds.
    """

    folder: Path
    performed: list[str]
    manifest: dict


def prepare(
    config: Config, mirror: Optional[PathLike] = None, workers: int = 1, progress: Optional[Progress] = None
) -> Outcome:
    """Prepare a corpus, doing only what no earlier run has done.

    Interrupted at any moment and called again, it leaves the same bytes as one uninterrupted call.

    Args:
        config: see `onmt_evsoftmax.data.corpus.config.read_config`.
        mirror: a folder to read downloads from instead of the network.
        workers: processes; the result does not depend on their number.
        progress: where to show what goes on; nowhere by default.

    Raises:
        InputError: a file is missing, damaged, misaligned or not UTF-8, nothing is left to learn from,
            another process is at work in the same folder, or the folder cannot be written to.
    """
    if mirror is not None and not Path(mirror).is_dir():
        raise InputError(f"{mirror}: no such folder, but it is named as the mirror")
    workspace = Workspace(config.folder)
    with _locked(workspace), Workers(workers) as pool, progress or Progress() as shown:
        texts = _locate_all(config, mirror, shown)
        steps = Plan(config, workspace, texts, pool).steps()
        performed = []
        for step in steps:
            if not workspace.done(step):
                workspace.path(MANIFEST).unlink(missing_ok=True)  # it is there only while it is true
                with shown.step(step.name) as bar:
                    workspace.perform(step, bar)
                performed.append(step.name)
        workspace.remove_stale(steps)
        manifest = write_manifest(config, texts, workspace, steps)
    return Outcome(config.folder, performed, manifest)


@contextlib.contextmanager
def _locked(workspace: Workspace) -> Iterator[None]:
    """Hold the folder; a full disk, or a folder in place of a file, is one clear line."""
    folder = workspace.folder
    try:
        with workspace.locked():
            yield
    except OSError as error:
        raise InputError(
            f"{error.filename2 or error.filename or folder}: {error.strerror}; make room, or choose another "
            f"folder with --out than {folder}; what is done there is kept"
        ) from None


def _locate_all(config: Config, mirror: Optional[PathLike], progress: Progress) -> Texts:
    texts = {}
    for split, sides in config.data.items():
        located: tuple[list, list] = ([], [])
        for texts_of_side, sources in zip(located, (sides.src, sides.tgt)):
            for source in sources:
                with progress.bar(f"fetch {source.file.rpartition('/')[2]}") as bar:
                    texts_of_side.append(locate(source, config.downloads, mirror, bar))
        texts[split] = located
    return texts
