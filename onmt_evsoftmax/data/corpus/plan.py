"""The steps from raw text to what OpenNMT reads."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import IO, Any

from ...base.errors import InputError
from ...base.files import Lines, atomic_write, sha256
from ...base.progress import Bar
from ...base.workers import LineFunction, Workers
from .config import TRAIN, Config
from .counted import Counted
from .filtering import PairFilter
from .normalization import normalizer
from .overlap import count_overlap
from .seen import Pair, Seen
from .sources import LocalText
from .steps import RECORDS, Step, Workspace
from .subwords import LIBRARIES, MODEL_FILES, check_model, learn_bpe, learn_sentencepiece, segmenter
from .tokenization import check_language, tokenizer
from .vocabulary import count_tokens, write_vocabulary

Texts = Mapping[str, Sequence[Sequence[LocalText]]]
"""split -> (files of the source side, files of the target side)"""

NAMED_LINES = 10
"""Empty lines listed by number; further ones are only counted."""


class Plan:
    """The steps for a config. Each public method but `steps` describes one, in the order of the work.

    Files of a split are called ``SPLIT.raw.LANG`` (as they came), ``SPLIT.tok.LANG`` (clean, tokenized)
    and ``SPLIT.LANG`` (segmented). What no one needs afterwards stays among the records: the text
    between two steps, and the raw training text, which is not aligned with the filtered one and which
    nothing is scored against.

    The training text is read line by line everywhere: memory holds its types and, where splits are compared,
    the other splits. Only SentencePiece's own trainer holds the text that it learns from.
    """

    def __init__(self, config: Config, workspace: Workspace, texts: Texts, workers: Workers) -> None:
        for language in config.languages:
            check_language(language, config.tokenize)
        self._config = config
        self._workspace = workspace
        self._texts = texts
        self._workers = workers

    def steps(self) -> list[Step]:
        """All steps; each comes after those whose files it reads."""
        steps = []
        for split in self._config.data:
            steps += [self.read(split), self.normalize(split), self.tokenize(split)]
        steps += [self.filter(), self.overlap(), self.learn()]
        steps += [self.segment(split) for split in self._config.data]
        return [*steps, self.vocabulary()]

    def read(self, split: str) -> Step:
        """Decompress, decode, check that the two sides are aligned, and join the files of each."""
        pairs = list(zip(*self._texts[split]))
        outputs = self._names(split, "raw", kept=split != TRAIN)

        def run(bar: Bar) -> dict:
            bar.start()
            aligned = (pair for src, tgt in pairs for pair in _read_aligned(src, tgt))
            with self._writing(outputs) as write:
                return {"lines_out": sum(1 for _ in map(write, aligned))}

        sources = {
            f"{side}.{number}": text.sha256
            for number, pair in enumerate(pairs)
            for side, text in zip(("src", "tgt"), pair)
        }
        return Step(f"read.{split}", {}, (), outputs, run, sources=sources)

    def normalize(self, split: str) -> Step:
        inputs = self._names(split, "raw", kept=split != TRAIN)
        outputs = self._names(split, "normalized", kept=False)
        options = asdict(self._config.normalize)
        makers = [partial(normalizer, language, **options) for language in self._config.languages]

        def run(bar: Bar) -> dict:
            return self._map(makers, inputs, outputs, bar)

        settings = {"languages": self._config.languages, **options}
        return Step(f"normalize.{split}", settings, inputs, outputs, run, libraries=("sacremoses",))

    def tokenize(self, split: str) -> Step:
        inputs = self._names(split, "normalized", kept=False)
        outputs = self._tokenized(split)
        options: dict[str, Any] = {"method": self._config.tokenize, "lowercase": self._config.lowercase}
        makers = [partial(tokenizer, language, **options) for language in self._config.languages]

        def run(bar: Bar) -> dict:
            counts = self._map(makers, inputs, outputs, bar)
            return {**counts, "empty": [_empty_lines(side) for side in self._read(outputs)]}

        settings = {"languages": self._config.languages, **options}
        return Step(f"tokenize.{split}", settings, inputs, outputs, run, libraries=("sacremoses",))

    def filter(self) -> Step:
        """Drop training pairs; valid and test sets keep every line, to stay aligned with their references."""
        settings = self._config.filter
        inputs, outputs = self._tokenized(TRAIN), self._names(TRAIN, "tok")
        held_out = [self._tokenized(split) for split in self._config.data if split != TRAIN and settings.drop_overlap]

        def run(bar: Bar) -> dict:
            bar.start()
            others = {pair for names in held_out for pair in zip(*self._read(names))}
            with Seen(self._workspace.path(f"{RECORDS}/.seen.part")) as seen, self._writing(outputs) as write:
                chosen = PairFilter(settings, others, seen.add)
                for pair in chosen(zip(*self._read(inputs))):
                    write(pair)
                total = chosen.kept + sum(chosen.dropped.values())
                if not chosen.kept:
                    raise InputError(f"filter: none of the {total} training pairs is left: {chosen.dropped}")
            return {"lines_in": total, "dropped": chosen.dropped, "lines_out": chosen.kept}

        reads = inputs + sum(held_out, ())
        return Step("filter.train", asdict(settings), reads, outputs, run)

    def overlap(self) -> Step:
        """Count what several splits share; writes nothing but the counts."""
        splits = [TRAIN, *(split for split in self._config.data if split != TRAIN)]
        names = {split: self._names(split, "tok") for split in splits}

        def run(bar: Bar) -> dict:
            bar.start()
            return {"splits": count_overlap({split: self._read(names[split]) for split in splits})}

        return Step("overlap", {}, sum(names.values(), ()), (), run)

    def learn(self) -> Step:
        """Learn the subword model from both sides of the training text, and from nothing else."""
        settings = self._config.segment
        if settings.model:
            return self._adopt()
        inputs, model = self._names(TRAIN, "tok"), MODEL_FILES[settings.method]

        def run(bar: Bar) -> dict:
            if not model:
                return {}
            lines = Lines(*map(self._workspace.path, inputs))
            path = self._workspace.path(model)
            if settings.method == "bpe":
                return {"lines_in": lines.count(), "merges": learn_bpe(lines, settings.merges, path, bar)}
            count = lines.count()
            every = -(-count // settings.max_lines) if settings.max_lines else 1
            pieces = learn_sentencepiece(lines, settings.vocab_size, path, bar, every)
            return {"lines_in": -(-count // every), "pieces": pieces}

        outputs = (model,) if model else ()
        return Step("learn", settings.used, inputs, outputs, run, libraries=LIBRARIES[settings.method])

    def _adopt(self) -> Step:
        """Instead of learning: take the model that the settings name."""
        settings = self._config.segment
        model = MODEL_FILES[settings.method]
        assert model is not None, "`read_config` refuses a model for the method none"
        if not Path(settings.model).is_file():
            raise InputError(f"segment.model: {settings.model}: no such file (looked from {Path.cwd()})")

        size = check_model(settings.method, settings.model)

        def run(bar: Bar) -> dict:
            with atomic_write(self._workspace.path(model), "wb") as stream:
                stream.write(Path(settings.model).read_bytes())
            return size

        return Step(
            "learn",
            {"method": settings.method},
            (),
            (model,),
            run,
            libraries=LIBRARIES[settings.method],
            sources={"model": sha256(settings.model)},
        )

    def segment(self, split: str) -> Step:
        method = self._config.segment.method
        model = MODEL_FILES[method]
        inputs, outputs = self._names(split, "tok"), self._names(split)
        make = partial(segmenter, method, self._workspace.path(model or ""))

        def run(bar: Bar) -> dict:
            return self._map([make, make], inputs, outputs, bar)

        reads = inputs + ((model,) if model else ())
        return Step(f"segment.{split}", {"method": method}, reads, outputs, run, libraries=LIBRARIES[method])

    def vocabulary(self) -> Step:
        shared = self._config.share_vocab
        inputs = self._names(TRAIN)
        outputs = ("vocab.shared",) if shared else ("vocab.src", "vocab.tgt")

        def run(bar: Bar) -> dict:
            bar.start()
            sides = self._read(inputs)
            counters = [count_tokens(*sides)] if shared else [count_tokens(side) for side in sides]
            for name, counter in zip(outputs, counters):
                write_vocabulary(self._workspace.path(name), counter)
            return {
                "tokens_in": [sum(counter.values()) for counter in counters],
                "types_out": [len(counter) for counter in counters],
            }

        return Step("vocabulary", {"share_vocab": shared}, inputs, outputs, run)

    def _names(self, split: str, stage: str = "", kept: bool = True) -> tuple[str, ...]:
        """File names of the two sides of a split at a stage of the work."""
        stem = f"{split}.{stage}" if stage else split
        folder = "" if kept else f"{RECORDS}/"
        return tuple(f"{folder}{stem}.{language}" for language in self._config.languages)

    def _tokenized(self, split: str) -> tuple[str, ...]:
        """File names of a tokenized split; a temporary one for the training text, which is filtered next."""
        return self._names(split, "tokenized", kept=False) if split == TRAIN else self._names(split, "tok")

    def _read(self, names: Iterable[str]) -> tuple[Lines, ...]:
        return tuple(Lines(self._workspace.path(name)) for name in names)

    @contextlib.contextmanager
    def _writing(self, names: Iterable[str]) -> Iterator[Callable[[Pair], None]]:
        """A function that writes a pair to the files of both sides; they appear when the context ends well."""
        with contextlib.ExitStack() as stack:
            paths = map(self._workspace.path, names)
            streams: list[IO] = [stack.enter_context(atomic_write(path)) for path in paths]

            def write(pair: Pair) -> None:
                for stream, line in zip(streams, pair):
                    stream.write(f"{line}\n")

            yield write

    def _map(
        self, makers: Iterable[Callable[[], LineFunction]], inputs: Iterable[str], outputs: Iterable[str], bar: Bar
    ) -> dict:
        """Apply a function per side to every line; returns the counts before and after."""
        texts = self._read(inputs)
        bar.start(sum(lines.count() for lines in texts))
        before = [Counted(lines) for lines in texts]
        after = [Counted(self._workers.map(make, lines, bar.advance)) for make, lines in zip(makers, before)]
        for name, lines in zip(outputs, after):
            with atomic_write(self._workspace.path(name)) as stream:
                stream.writelines(f"{line}\n" for line in lines)
        return {
            "lines_in": before[0].lines,
            "tokens_in": [side.tokens for side in before],
            "lines_out": after[0].lines,
            "tokens_out": [side.tokens for side in after],
        }


def _read_aligned(src: LocalText, tgt: LocalText) -> Iterator[Pair]:
    sides = iter(Lines(src.path)), iter(Lines(tgt.path))
    number = 0
    for number, pair in enumerate(zip_longest(*sides), start=1):
        if None in pair:
            lengths = [number - (line is None) + sum(1 for _ in rest) for line, rest in zip(pair, sides)]
            raise InputError(
                f"{src.name} has {lengths[0]} lines but {tgt.name} has {lengths[1]}; "
                f"line N of one must translate line N of the other"
            )
        yield pair
    if not number:
        raise InputError(f"{src.name} and {tgt.name} are empty")


def _empty_lines(lines: Iterable[str]) -> dict:
    count, first = 0, []
    for number, line in enumerate(lines, start=1):
        if not line:
            count += 1
            if count <= NAMED_LINES:
                first.append(number)
    return {"lines": count, "first": first}
