"""One run: get the files of a dataset, take out what is needed, build the result, write the manifest."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from ...base.downloads import Place, Unreachable, is_url, kept_name, place_of, text_sha256
from ...base.downloads import download as fetch_url
from ...base.errors import InputError
from ...base.files import PathLike
from ...base.locks import lock
from ...base.progress import Progress
from ...base.workers import Workers
from . import iwslt14, multi30k, wmt16, wmt_pretrained
from .archives import unpack
from .catalogue import Dataset, Download
from .lines import check_aligned
from .manifest import Manifest

BUILDERS = {
    "iwslt14_ende": iwslt14.build,
    "wmt16_ende": wmt16.build,
    "multi30k_ende": multi30k.build,
    "wmt_pretrained": wmt_pretrained.build,
}
DOWNLOADS = "downloads"
BUILDING = ".building"


@dataclass(frozen=True)
class Outcome:
    """What a run did.

    Attributes:
        folder: where the result is.
        performed: False when everything was there and right.
        counts: split -> pairs.
        warnings: where the counts are not the ones that everyone else has.
    """

    folder: Path
    performed: bool
    counts: dict[str, int]
    warnings: list[str]


def fetch(
    dataset: Dataset,
    data: PathLike = "data",
    source: Optional[str] = None,
    mirror: Optional[PathLike] = None,
    workers: int = 1,
    progress: Optional[Progress] = None,
) -> Outcome:
    """Fetch a dataset into ``data``/FOLDER, doing only what no earlier run has done.

    Downloads are kept in ``data``/downloads, where `onmt_evsoftmax.data.corpus` looks for them too.

    Args:
        dataset: an entry of `onmt_evsoftmax.data.fetching.catalogue`.
        data: the folder of data.
        source: where from; the dataset's first source by default.
        mirror: a folder, or the URL of one, that holds the downloads under their base names. A folder is
            read in place.
        workers: processes; the result does not depend on their number.
        progress: where to show what goes on; nowhere by default.

    Raises:
        InputError: a file cannot be had, is not the one that is expected, or cannot be written, or another
            process fetches into the same folder.
    """
    downloads = dataset.downloads(source)
    source = source or next(iter(dataset.sources))
    if mirror is not None and not is_url(mirror) and not Path(mirror).is_dir():
        raise InputError(f"{mirror}: no such folder, but it is named as the mirror")
    folder = Path(data) / dataset.folder
    with _clear_errors(folder), _locked(folder), Workers(workers) as pool, progress or Progress() as shown:
        manifest = Manifest(folder, dataset)
        performed = not manifest.holds(source)
        if performed:
            getter = _Getter(dataset, manifest, Path(data) / DOWNLOADS, mirror, shown)
            manifest.finish(source, _build(dataset, downloads, getter, folder, pool, shown))
    return Outcome(folder, performed, manifest.counts, _departures(dataset, manifest.counts))


def _build(
    dataset: Dataset,
    downloads: tuple[Download, ...],
    getter: _Getter,
    folder: Path,
    workers: Workers,
    progress: Progress,
) -> list[Path]:
    """Make the result in a folder of its own and move it into place, file by file."""
    building = folder / BUILDING
    result = building / "result"
    result.mkdir(parents=True)
    files: dict[str, Path] = {}
    for download in downloads:
        files.update(getter.get(download, building / "unpacked"))
    BUILDERS[dataset.name](files, result, workers, progress)
    built = sorted(result.iterdir())
    for path in built:
        if path.suffix == ".en":
            check_aligned([path, path.with_suffix(".de")])
    for path in built:
        os.replace(path, folder / path.name)
    return [folder / path.name for path in built]


class _Getter:
    """Brings downloads to this machine and sees that they are what they should be."""

    def __init__(
        self,
        dataset: Dataset,
        manifest: Manifest,
        downloads: Path,
        mirror: Optional[PathLike],
        progress: Progress,
    ) -> None:
        self._dataset = dataset
        self._manifest = manifest
        self._downloads = downloads
        self._mirror = mirror
        self._progress = progress

    def get(self, download: Download, folder: Path) -> dict[str, Path]:
        """Base name -> file of what a download holds: itself, or the members of an archive, put into ``folder``.

        It is read from the mirror, from where an earlier run kept it, or fetched now. What was fetched and
        turns out to be wrong is not kept, and only what was read without fault is recorded.
        """
        place, path = self._locate(download)
        try:
            digest = self._check(download, place, path)
            files = self._open(download, path, folder)
        except InputError:
            if self._downloads in path.parents:
                path.unlink()
            raise
        self._manifest.add_download(download, str(place), path, digest)
        return files

    def _locate(self, download: Download) -> tuple[Place, Path]:
        kept = self._downloads / kept_name(download.url)
        if kept.is_file() and _is(kept, self._expected(download)):
            return download.url, kept
        place = place_of(download.url, self._mirror)
        if isinstance(place, Path):
            return place, place
        kept.unlink(missing_ok=True)
        try:
            with self._progress.step(f"fetch {kept.name}") as bar:
                fetch_url(place, kept, bar)
        except Unreachable as error:
            raise InputError(f"{error}. {self._dataset.hint}".rstrip(". ")) from None
        return place, kept

    def _expected(self, download: Download) -> Optional[str]:
        return download.sha256 or self._manifest.recorded(download)

    def _check(self, download: Download, place: Place, path: Path) -> str:
        digest, expected = text_sha256(path), self._expected(download)
        if expected not in (None, digest):
            origin = "published" if download.sha256 else f"what it had before, says {self._manifest.path}"
            raise InputError(
                f"{place}: has the SHA-256 {digest}, but {expected} is expected ({origin}); it is damaged or "
                f"another version: try again, or name another place with --mirror"
            )
        return digest

    def _open(self, download: Download, path: Path, folder: Path) -> dict[str, Path]:
        if not download.members:
            return {download.name: path}
        with self._progress.step(f"unpack {download.name}"):
            return unpack(path, download.members, folder)


def _is(path: Path, expected: Optional[str]) -> bool:
    """Whether a kept download has the content that is expected, if any is."""
    try:
        return expected in (None, text_sha256(path))
    except InputError:
        return False


def _departures(dataset: Dataset, counts: dict[str, int]) -> list[str]:
    return [
        f"{dataset.name}: {split} has {counts.get(split, 0):,} pairs, everyone else's has {standard:,}; "
        f"scores on it cannot be compared with published ones"
        for split, standard in dataset.standard.items()
        if counts.get(split) != standard
    ]


@contextlib.contextmanager
def _clear_errors(folder: Path) -> Iterator[None]:
    """Turn a full disk or a folder without permission into an `InputError` of one line."""
    try:
        yield
    except OSError as error:
        raise InputError(
            f"{error.filename or folder}: {error.strerror}; make room or choose another folder with --out"
        ) from None


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Keep a second run out, and clear away what this or a killed one built and did not finish."""
    folder.mkdir(parents=True, exist_ok=True)
    with lock(folder / ".lock", f"{folder}: another fetch is at work in this folder; wait for it"):
        shutil.rmtree(folder / BUILDING, ignore_errors=True)
        try:
            yield
        finally:
            shutil.rmtree(folder / BUILDING, ignore_errors=True)
