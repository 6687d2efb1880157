"""The WMT 2016 English-German training text and the news test sets around it, raw."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ...base.progress import Progress
from ...base.workers import Workers
from .catalogue import LANGUAGES
from .lines import check_aligned, join_files, write_lines
from .segments import read_segments

TRAINING = ("europarl-v7", "commoncrawl", "news-commentary-v11")
TEST_YEARS = (2014, 2016, 2017)


def build(files: Mapping[str, Path], out: Path, workers: Workers, progress: Progress) -> None:
    """Write ``{train,valid,newstest2014,newstest2016,newstest2017}.{en,de}`` into ``out``.

    The training text is Europarl, Common Crawl and News Commentary, in this order; validation is
    newstest2013. (2014 to 2017 the same sentences serve both directions, so that the reference of
    German-English is the source of English-German.)

    Args:
        files: the members of the archives, by base name.
    """
    for corpus in TRAINING:
        check_aligned([files[f"{corpus}.de-en.{language}"] for language in LANGUAGES])
    for language in LANGUAGES:
        with progress.step(f"join train.{language}"):
            parts = [files[f"{corpus}.de-en.{language}"] for corpus in TRAINING]
            join_files(parts, out / f"train.{language}")
        join_files([files[f"newstest2013.{language}"]], out / f"valid.{language}")
    for year in TEST_YEARS:
        for side in ("ref.en", "src.de"):
            sentences = read_segments(files[f"newstest{year}-deen-{side}.sgm"], unescape=True)
            write_lines(out / f"newstest{year}.{side[-2:]}", sentences)
