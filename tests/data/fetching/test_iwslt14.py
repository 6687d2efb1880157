"""The IWSLT14 recipe, step by step and as a whole, on small files of the published structure."""

from __future__ import annotations

import pytest

from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.base.progress import Progress
from onmt_evsoftmax.base.workers import Workers
from onmt_evsoftmax.data.fetching.iwslt14 import TEST_SETS, build, clean, moses, read_test, read_training

from .corpora import iwslt14_members


@pytest.fixture
def files(tmp_path):
    """The members of a small archive on disk, by base name."""
    found = {}
    for name, text in iwslt14_members(talks=12).items():
        path = tmp_path / name.rpartition("/")[2]
        path.write_text(text, encoding="utf-8")
        found[path.name] = path
    return found


def built(files, tmp_path) -> dict[str, list[str]]:
    out = tmp_path / "out"
    out.mkdir()
    with Workers(1) as workers:
        build(files, out, workers, Progress())
    return {path.name: path.read_text(encoding="utf-8").split("\n")[:-1] for path in out.iterdir()}


def test_lines_about_a_talk_go_and_its_title_stays(tmp_path):
    path = tmp_path / "train.tags.de-en.en"
    path.write_text(
        "<url>http://x</url>\n<keywords>talks, art</keywords>\n<speaker>A B</speaker>\n<talkid>1</talkid>\n"
        "<title>A B: Art</title>\n<description>TED Talk: art.</description>\nOne.\n"
    )
    assert read_training(path) == ["<speaker>A B</speaker>", "A B: Art", "TED Talk: art.", "One."]


def test_sentences_of_a_test_set(tmp_path):
    path = tmp_path / "IWSLT14.TED.tst2010.de-en.en.xml"
    path.write_text(
        '<?xml version="1.0"?>\n<refset>\n<doc docid="1">\n<title>Title</title>\n'
        '<seg id="1"> It’s R&amp;D. </seg>\n<seg id="12">Two.</seg>\n</doc>\n',
        encoding="utf-8",
    )
    assert read_test(path) == ["It's R&amp;D.", "Two."]


@pytest.mark.parametrize(
    "language, raw, tokens",
    [
        (
            "en",
            'It\'s 5,300 "well-known" [R&D], e.g. Mr. Fox.',
            "It &apos;s 5,300 &quot; well-known &quot; &#91; R &amp; D &#93; , e.g. Mr. Fox .",
        ),
        ("de", "Das ist z.B. der 3. Weg, oder?", "Das ist z.B. der 3. Weg , oder ?"),
    ],
)
def test_tokens_are_those_of_moses_with_escapes(language, raw, tokens):
    assert moses(language)(raw) == tokens


def words(count: int) -> str:
    return " ".join(["w"] * count)


@pytest.mark.parametrize(
    "src, tgt, kept",
    [
        (1, 1, True),
        (175, 175, True),
        (176, 175, False),
        (175, 176, False),
        (0, 1, False),
        (1, 0, False),
        (15, 10, True),
        (16, 10, False),
        (10, 15, True),
        (10, 16, False),
    ],
)
def test_lengths_and_ratio(src, tgt, kept):
    assert len(clean([(words(src), words(tgt))])) == kept


def test_endless_token_is_dropped():
    assert clean([("w" * 1000, "w"), ("w", "w" * 1001)]) == [("w" * 1000, "w")]


def test_every_23rd_clean_pair_is_held_out(files, tmp_path):
    text = built(files, tmp_path)
    train, valid = (list(zip(text[f"{split}.en"], text[f"{split}.de"])) for split in ("train", "valid"))
    everything = [
        tuple(moses(language)(line).lower() for language, line in zip(("en", "de"), pair))
        for pair in zip(*(read_training(files[f"train.tags.de-en.{language}"]) for language in ("en", "de")))
    ]
    everything = clean(everything)
    assert len(everything) < len(read_training(files["train.tags.de-en.en"]))  # some were there to be dropped
    assert valid == [pair for number, pair in enumerate(everything, 1) if number % 23 == 0] and len(valid) > 2
    assert train == [pair for number, pair in enumerate(everything, 1) if number % 23 != 0]


def test_test_set_is_five_sets_in_order(files, tmp_path):
    text = built(files, tmp_path)
    assert [line.split()[3] for line in text["test.en"][::2]] == [part.lower() for part in TEST_SETS]
    assert len(text["test.en"]) == len(text["test.de"]) == 2 * len(TEST_SETS)
    assert all(line == line.lower() and "&apos;" in line for line in text["test.en"])


def test_sides_of_different_length(files, tmp_path):
    with open(files["train.tags.de-en.de"], "a") as stream:
        stream.write("One more.\n")
    with pytest.raises(InputError, match=r"train.tags.de-en: \d+ lines of en but \d+ of de"):
        built(files, tmp_path)
