"""The one table of what can be fetched: addresses, hashes, lengths, licences, what is taken out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Optional

from ...base.downloads import base_name
from ...base.errors import InputError

LANGUAGES = ("en", "de")


@dataclass(frozen=True)
class Download:
    """A file on a server.

    Attributes:
        url: its address. Two downloads of the table have the same base name only if either will do.
        members: what is taken out of it; empty for a file that is no archive.
        sha256: of the file, or of the decompressed text where the name ends in ``.gz``. Where none is
            published the first one that is seen is recorded, and demanded ever after.
        size: bytes, where known.
    """

    url: str
    members: tuple[str, ...] = ()
    sha256: Optional[str] = None
    size: Optional[int] = None

    @property
    def name(self) -> str:
        return base_name(self.url)


@dataclass(frozen=True)
class Dataset:
    """Something to fetch.

    Attributes:
        name: what the user types.
        folder: where the result goes, inside the folder of data.
        licence: the terms, in short.
        sources: name -> downloads; the first one is taken unless another is asked for.
        standard: split -> pairs that everyone else has; a departure is reported.
        hint: what to do where a server has nothing any more.
    """

    name: str
    folder: str
    licence: str
    sources: Mapping[str, tuple[Download, ...]]
    standard: Mapping[str, int] = field(default_factory=dict)
    hint: str = ""

    def downloads(self, source: Optional[str] = None) -> tuple[Download, ...]:
        """The files of a source, or of the first one.

        Raises:
            InputError: there is no such source.
        """
        if source is None:
            return next(iter(self.sources.values()))
        if source not in self.sources:
            raise InputError(f"{self.name}: no source {source!r}; known: {', '.join(self.sources)}")
        return self.sources[source]


def dataset(name: str) -> Dataset:
    """The entry of the table.

    Raises:
        InputError: there is none of that name; the message lists them.
    """
    for entry in DATASETS:
        if entry.name == name:
            return entry
    known = ", ".join(entry.name for entry in DATASETS)
    raise InputError(f"nothing is known under the name {name!r}; known: {known}")


_IWSLT14_SETS = ("TED.dev2010", "TEDX.dev2012", "TED.tst2010", "TED.tst2011", "TED.tst2012")
_IWSLT14_MEMBERS = tuple(
    f"de-en/{name}"
    for language in LANGUAGES
    for name in (
        f"train.tags.de-en.{language}",
        *(f"IWSLT14.{part}.de-en.{language}.xml" for part in _IWSLT14_SETS),
    )
)
_STATMT = "http://www.statmt.org/wmt13"
_STATMT_DATA = "http://data.statmt.org"
_MULTI30K = "https://raw.githubusercontent.com/multi30k/dataset/master/data/task1/raw"
_MULTI30K_TEXTS = {
    "train.en": "460a15fbd157e34a7a9957ee388c1ca247fe47af3ef25fb50442af6c274e0fc6",
    "train.de": "67aa53ff412b6af1f47c604a623e112e2c28c61519aa7cf8a5348af21722b67a",
    "val.en": "1f2a23d992769b5b3d209b0a10dd0b77c08cceb1f20dfb97ed0aafa49d107227",
    "val.de": "660e09eb7e1da2f856ea13ee5ad3cf6d36b3d5b0b733c857e94c5747a3dfc660",
    "test_2016_flickr.en": "399a4382932c1aadd3ceb9bef1008d388a64c76d4ae4e9d4728c6f4301cac182",
    "test_2016_flickr.de": "4be6b5b3236b79c25475c6bb829800a7ce559e9ba7a1f6c2394fe4d40be46d16",
    "test_2017_flickr.en": "ce1450ddc5ab0834502579d77a170849952e15a2938b34cc503bdc25ebb4fb98",
    "test_2017_flickr.de": "c3078bc3b36808bf9d20eb2347ed6137016179ef59ec0d2b9b8ecc3fb2880081",
}

DATASETS = (
    Dataset(
        name="iwslt14_ende",
        folder="iwslt14",
        licence="CC BY-NC-ND (TED talks, WIT3)",
        sources={
            "fairseq": (Download("http://dl.fbaipublicfiles.com/fairseq/data/iwslt14/de-en.tgz", _IWSLT14_MEMBERS),),
            "official": (Download("https://wit3.fbk.eu/archive/2014-01/texts/de/en/de-en.tgz", _IWSLT14_MEMBERS),),
        },
        standard={"train": 160_239, "valid": 7_283, "test": 6_750},
        hint="WIT3 now hands out all of its 2014-01 release in one archive, by hand, at "
        "https://wit3.fbk.eu/2014-01: put its texts/de/en/de-en.tgz into DIR",
    ),
    Dataset(
        name="wmt16_ende",
        folder="wmt16",
        licence="free for research (WMT16; Europarl, Common Crawl, News Commentary, newstest)",
        sources={
            "statmt": (
                Download(
                    f"{_STATMT}/training-parallel-europarl-v7.tgz",
                    ("training/europarl-v7.de-en.en", "training/europarl-v7.de-en.de"),
                    "0224c7c710c8a063dfd893b0cc0830202d61f4c75c17eb8e31836103d27d96e7",
                    657_632_379,
                ),
                Download(
                    f"{_STATMT}/training-parallel-commoncrawl.tgz",
                    ("commoncrawl.de-en.en", "commoncrawl.de-en.de"),
                    "c7a74e2ea01ac6c920123108627e35278d4ccb5701e15428ffa34de86fa3a9e5",
                    918_311_367,
                ),
                Download(
                    f"{_STATMT_DATA}/wmt16/translation-task/training-parallel-nc-v11.tgz",
                    (
                        "training-parallel-nc-v11/news-commentary-v11.de-en.en",
                        "training-parallel-nc-v11/news-commentary-v11.de-en.de",
                    ),
                    "cfe8ab047e05043476e498ee765c98e939c7b7d6d294e856344c84476b619d6a",
                    75_178_032,
                ),
                Download(
                    f"{_STATMT_DATA}/wmt19/translation-task/dev.tgz",  # holds the sets of the years before
                    (
                        "dev/newstest2013.en",
                        "dev/newstest2013.de",
                        *(
                            f"dev/newstest{year}-deen-{side}.sgm"
                            for year in (2014, 2016, 2017)
                            for side in ("ref.en", "src.de")
                        ),
                    ),
                    "7a7deccf82ebb05ba508dba5eb21356492224e8f630ec4f992132b029b4b25e7",
                    38_654_961,
                ),
            ),
        },
    ),
    Dataset(
        name="multi30k_ende",
        folder="multi30k",
        licence="research use (Flickr30k captions; multi30k/dataset)",
        sources={
            "github": tuple(
                Download(f"{_MULTI30K}/{name}.gz", sha256=sha256) for name, sha256 in _MULTI30K_TEXTS.items()
            ),
        },
        standard={"train": 29_000, "valid": 1_014, "test_2016_flickr": 1_000, "test_2017_flickr": 1_000},
    ),
    Dataset(
        name="wmt_pretrained",
        folder="wmt_pretrained",
        licence="published by OpenNMT without stated terms; trained on WMT data, free for research",
        sources={
            "opennmt": (
                Download(
                    "https://s3.amazonaws.com/opennmt-models/transformer-ende-wmt-pyOnmt.tar.gz",
                    ("averaged-10-epoch.pt", "sentencepiece.model"),
                ),
            ),
        },
    ),
)
