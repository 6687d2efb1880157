"""The whole run: what comes out, what is done again, what a killed run leaves, what bad input says."""

from __future__ import annotations

import gzip
import json
import os
import random
import shutil
import signal
import time
from pathlib import Path

import pytest
import yaml

from onmt_evsoftmax.archive.segmentation import merge
from onmt_evsoftmax.base import workers
from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.data.corpus.config import read_config
from onmt_evsoftmax.data.corpus.pipeline import prepare

ROOT = Path(__file__).resolve().parents[3]
SPLITS = ("train", "valid", "test")
LANGUAGES = ("en", "de")


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


# what comes out


def test_files(corpus):
    corpus.prepare()
    names = {f"{split}.{stage}{lang}" for split in SPLITS for stage in ("", "tok.") for lang in LANGUAGES}
    names |= {f"{split}.raw.{lang}" for split in ("valid", "test") for lang in LANGUAGES}
    names |= {"bpe.codes", "vocab.shared", "manifest.json"}
    assert {path.name for path in corpus.out.iterdir() if path.is_file()} == names


@pytest.mark.parametrize(
    "segment",
    [
        {"method": "bpe", "merges": 60},
        {"method": "sentencepiece", "vocab_size": 90},
        {"method": "none"},
    ],
)
def test_pieces_join_to_the_tokenized_text(corpus, segment):
    corpus.config["segment"] = segment
    corpus.prepare()
    for split in SPLITS:
        for language in LANGUAGES:
            words = [line.split() for line in corpus.lines(f"{split}.tok.{language}")]
            pieces = [line.split() for line in corpus.lines(f"{split}.{language}")]
            assert [merge(line, segment["method"]) for line in pieces] == words
            assert segment["method"] == "none" or pieces != words


def test_raw_is_verbatim_and_aligned(corpus):
    corpus.prepare()
    for split in ("valid", "test"):
        for side, language in (("src", "en"), ("tgt", "de")):
            raw = text_of(corpus.file(split, side))
            assert text_of(corpus.out / f"{split}.raw.{language}") == raw
            assert len(corpus.lines(f"{split}.{language}")) == raw.count("\n")


def test_vocabulary_holds_what_is_in_the_training_text(corpus):
    corpus.config["share_vocab"] = False
    corpus.prepare()
    for name, language in (("vocab.src", "en"), ("vocab.tgt", "de")):
        pieces = " ".join(corpus.lines(f"train.{language}")).split()
        counts = {token: int(count) for token, count in (line.split("\t") for line in corpus.lines(name))}
        assert counts == {token: pieces.count(token) for token in set(pieces)}


def test_several_training_files_are_joined_in_order(corpus):
    more = [(f"second file , line {n} .", f"zweite Datei , Zeile {n} .") for n in range(9)]
    first = dict(corpus.config["data"]["train"])
    corpus.write("more", more)
    second = corpus.config["data"].pop("more")
    corpus.config["data"]["train"] = {side: [first[side], second[side]] for side in ("src", "tgt")}
    manifest = corpus.prepare().manifest
    assert corpus.lines("train.tok.en")[-9:] == [src for src, _ in more]
    assert corpus.lines("train.tok.de")[-9:] == [tgt for _, tgt in more]
    assert manifest["steps"]["read.train"]["lines_out"] == 209
    found = [(entry["side"], entry["file"]) for entry in manifest["sources"] if entry["split"] == "train"]
    assert found == [(side, files[side]) for side in ("src", "tgt") for files in (first, second)]


def test_each_pair_of_files_must_be_aligned(corpus):
    """Two errors that cancel would shift every line between them."""
    corpus.write("a", [("x y", "x")] * 3)
    corpus.write("b", [("x y", "x")] * 4)
    one, other = (corpus.config["data"].pop(name) for name in "ab")
    corpus.config["data"]["train"] = {"src": [one["src"], other["src"]], "tgt": [other["tgt"], one["tgt"]]}
    with pytest.raises(InputError, match="a.src.txt has 3 lines but .*b.tgt.txt has 4"):
        corpus.prepare()


@pytest.mark.parametrize(
    "learned",
    [
        {"method": "bpe", "merges": 60},
        {"method": "sentencepiece", "vocab_size": 90},
    ],
)
def test_a_given_model_is_taken_as_it_is(corpus, tmp_path, learned):
    """What a fine-tuned model needs: the segmentation of the text that it was trained on."""
    corpus.config["segment"] = learned
    corpus.prepare()
    name = "bpe.codes" if learned["method"] == "bpe" else "sentencepiece.model"
    given = tmp_path / "given"
    shutil.copy(corpus.out / name, given)
    before = {split: corpus.lines(f"{split}.en") for split in ("valid", "test")}
    corpus.write("train", [("quite another text", "ein ganz anderer Text")] * 30)
    corpus.config["segment"] = {"method": learned["method"], "model": str(given)}
    corpus.prepare()
    assert (corpus.out / name).read_bytes() == given.read_bytes()
    assert {split: corpus.lines(f"{split}.en") for split in before} == before
    given.unlink()
    with pytest.raises(InputError, match="segment.model: .*given: no such file"):
        corpus.prepare()


@pytest.mark.parametrize("limit, learned_from", [(0, 400), (400, 400), (399, 200), (150, 134)])
def test_sentencepiece_from_a_part_of_the_text(corpus, limit, learned_from):
    corpus.config["segment"] = {"method": "sentencepiece", "vocab_size": 90, "max_lines": limit}
    manifest = corpus.prepare().manifest
    assert manifest["steps"]["learn"]["lines_in"] == learned_from
    for split in SPLITS:
        for language in LANGUAGES:
            words = [line.split() for line in corpus.lines(f"{split}.tok.{language}")]
            assert [merge(line.split(), "sentencepiece") for line in corpus.lines(f"{split}.{language}")] == words


def test_a_broken_model_is_refused_before_any_work(corpus, tmp_path):
    (tmp_path / "given").write_text("no codes at all\n")
    corpus.config["segment"] = {"method": "bpe", "model": str(tmp_path / "given")}
    with pytest.raises(InputError, match="segment.model: .*given: no model of subword-nmt"):
        corpus.prepare()
    assert not list(corpus.out.glob("*.en"))


def test_nothing_is_learned_from_the_other_splits(corpus, digests):
    corpus.prepare()
    before = digests(corpus.out)
    corpus.write("test", [("zyzzyva zyzzyva zyzzyva", "Zyzzyva zyzzyva")] * 50)
    shutil.rmtree(corpus.out)
    corpus.prepare()
    after = digests(corpus.out)
    assert before["test.en"] != after["test.en"]
    assert all(before[name] == after[name] for name in ("bpe.codes", "vocab.shared", "train.en", "train.de"))


def test_order_of_the_steps(corpus):
    """Quotes are made plain, then split off, then tokens are counted and compared."""
    corpus.config.update(lowercase=True, filter={"max_length": 5, "drop_duplicates": True})
    corpus.write(
        "train",
        [
            ("“No!” said Jim", "„Nein!“ Jim"),  # six tokens: " no ! " said jim
            ("Ab “ab” ab", "Cd “cd”"),
            ("Ab “ab” ab", 'Cd\u200b "cd"'),  # the same once it is clean
            ("AB ab", "CD cd"),
        ],
    )
    outcome = corpus.prepare()
    assert corpus.lines("train.tok.en") == ['ab " ab " ab', "ab ab"]
    assert outcome.manifest["steps"]["filter.train"]["dropped"] == {
        "empty": 0,
        "too_short": 0,
        "too_long": 1,
        "ratio": 0,
        "overlap": 0,
        "duplicate": 1,
    }


def test_only_the_training_text_is_filtered(corpus):
    corpus.config["filter"] = {"max_length": 3, "drop_duplicates": True}
    pairs = [("a b", "a b"), ("a b", "a b"), ("a b c d e", "a"), ("ab", "ab")]
    for split in SPLITS:
        corpus.write(split, pairs)
    corpus.prepare()
    assert len(corpus.lines("train.en")) == 2
    assert len(corpus.lines("valid.en")) == len(corpus.lines("valid.de")) == len(corpus.lines("test.en")) == 4


def test_overlap_is_reported_and_dropped_on_request(corpus):
    train = list(zip(*(text_of(corpus.file("train", side)).splitlines() for side in ("src", "tgt"))))
    corpus.write("test", train[:3] + [("something else", "etwas anderes")])

    def overlap(outcome):
        return {
            (entry["split"], entry["found_in"]): entry["pairs"]
            for entry in outcome.manifest["steps"]["overlap"]["splits"]
        }

    assert overlap(corpus.prepare())["test", "train"] == 3
    assert len(corpus.lines("train.en")) == len(train)
    corpus.config["filter"] = {"drop_overlap": True}
    outcome = corpus.prepare()
    assert overlap(outcome)["test", "train"] == 0
    assert outcome.manifest["steps"]["filter.train"]["dropped"]["overlap"] == 3
    assert len(corpus.lines("train.en")) == len(train) - 3


def test_number_of_workers_does_not_matter(corpus, digests, monkeypatch):
    monkeypatch.setattr(workers, "BLOCK", 80)
    corpus.prepare(workers=1)
    expected = digests(corpus.out)
    shutil.rmtree(corpus.out)
    corpus.prepare(workers=2)
    assert digests(corpus.out) == expected


def test_manifest_is_true(corpus, digests):
    manifest = corpus.prepare().manifest
    assert json.loads(text_of(corpus.out / "manifest.json")) == manifest
    found = {name: digest for name, digest in digests(corpus.out).items() if not name.startswith(".steps")}
    del found["manifest.json"]
    assert manifest["files"] == found
    for entry in manifest["sources"]:
        assert entry["sha256"] == digests(corpus.folder)[Path(entry["file"]).name]
    assert set(manifest["versions"]) == {"python", "sacremoses", "subword-nmt"}
    steps = manifest["steps"]
    assert steps["filter.train"]["lines_in"] == steps["tokenize.train"]["lines_out"] == 200
    for split in SPLITS:
        pieces = [sum(len(line.split()) for line in corpus.lines(f"{split}.{lang}")) for lang in LANGUAGES]
        assert steps[f"segment.{split}"]["tokens_out"] == pieces


def test_result_does_not_depend_on_the_place(corpus, digests):
    corpus.prepare()
    expected = digests(corpus.out)
    config = read_config(corpus.save())
    elsewhere = prepare(type(config)(**{**config.__dict__, "out": str(corpus.folder / "elsewhere")}))
    assert digests(elsewhere.folder) == expected


# what is done again


def test_second_run_does_nothing(corpus, digests):
    assert corpus.prepare().performed
    times = {path: path.stat().st_mtime_ns for path in corpus.out.iterdir() if path.is_file()}
    assert corpus.prepare().performed == []
    assert times == {path: path.stat().st_mtime_ns for path in corpus.out.iterdir() if path.is_file()}


SEGMENT = [f"segment.{split}" for split in SPLITS]
AFTER_FILTER = ["overlap", "learn", *SEGMENT, "vocabulary"]
TOKENIZE = [f"tokenize.{split}" for split in SPLITS]
NORMALIZE = [f"normalize.{split}" for split in SPLITS]


@pytest.mark.parametrize(
    "change, expected",
    [
        ({"share_vocab": False}, ["vocabulary"]),
        ({"segment": {"method": "bpe", "merges": 50}}, ["learn", *SEGMENT, "vocabulary"]),
        ({"segment": {"method": "bpe", "merges": 60, "vocab_size": 77, "max_lines": 9}}, []),  # not used by BPE
        ({"segment": {"method": "none"}}, ["learn", *SEGMENT, "vocabulary"]),
        ({"filter": {"max_length": 18}}, ["filter.train", *AFTER_FILTER]),
        ({"filter": {"max_length": 99}}, ["filter.train"]),  # the same pairs are left
        ({"lowercase": True}, [*TOKENIZE, "filter.train", *AFTER_FILTER]),
        ({"normalize": {"unescape": True}}, NORMALIZE),  # the same text comes out
        ({"downloads": "elsewhere"}, []),
    ],
)
def test_change_of_a_setting_redoes_what_depends_on_it(corpus, digests, change, expected):
    corpus.prepare()
    corpus.config.update(change)
    assert sorted(corpus.prepare().performed) == sorted(expected)
    partly = digests(corpus.out)
    shutil.rmtree(corpus.out)
    corpus.prepare()
    assert digests(corpus.out) == partly  # nothing stale is left, nothing is missing


def test_change_of_a_source(corpus):
    corpus.prepare()
    corpus.write("valid", [("One new line.", "Eine neue Zeile.")])
    assert corpus.prepare().performed == [
        "read.valid",
        "normalize.valid",
        "tokenize.valid",
        "overlap",
        "segment.valid",
    ]


def test_recompressed_source_is_the_same(corpus, digests):
    corpus.prepare()
    expected = digests(corpus.out)
    path = corpus.file("valid", "src")
    path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
    path.unlink()
    assert corpus.prepare().performed == []
    assert digests(corpus.out) == expected  # the manifest among them


def test_split_that_is_gone(corpus):
    corpus.prepare()
    del corpus.config["data"]["test"]
    corpus.prepare()
    assert not [path for path in corpus.out.rglob("*") if "test" in path.name]


def test_harmed_output_is_mended(corpus, digests):
    corpus.prepare()
    expected = digests(corpus.out)
    (corpus.out / "train.tok.en").write_text("edited\n")
    (corpus.out / "vocab.shared").unlink()
    (corpus.out / "manifest.json").unlink()
    assert corpus.prepare().performed == ["filter.train", "vocabulary"]
    assert digests(corpus.out) == expected


def test_no_manifest_while_it_would_be_false(corpus):
    corpus.prepare()
    corpus.write("valid", [("one line", "eine Zeile")])
    corpus.file("test", "tgt").write_text("too few\n")
    with pytest.raises(InputError):
        corpus.prepare()
    assert not (corpus.out / "manifest.json").exists()


# what a killed run leaves

KILLED_AT_A_RENAME = """
import os, signal, sys
from onmt_evsoftmax.cli import main
left, rename = int(os.environ["RENAMES"]), os.replace
def replace(*paths):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    rename(*paths)
os.replace = replace
sys.exit(main(sys.argv[1:]))
"""


def test_killed_after_every_few_files(corpus, digests, run_prepare, monkeypatch):
    corpus.prepare()
    expected = digests(corpus.out)
    shutil.rmtree(corpus.out)
    monkeypatch.setenv("RENAMES", "6")
    killed = 0
    while True:
        status, _, stderr = run_prepare(corpus.save(), "--workers", 1, script=("-c", KILLED_AT_A_RENAME))
        if status == 0:
            break
        assert status == -signal.SIGKILL, stderr
        assert not (corpus.out / "manifest.json").exists()
        killed += 1
        assert killed < 30
    assert killed >= 5
    assert digests(corpus.out) == expected


@pytest.mark.slow
def test_killed_at_random_moments(corpus, digests, start_prepare, run_prepare):
    corpus.grow(2500)  # several blocks: workers have to go with their parent
    corpus.config["segment"]["merges"] = 1000
    started = time.monotonic()
    assert run_prepare(corpus.save(), "--workers", 2)[0] == 0
    duration = time.monotonic() - started
    expected = digests(corpus.out)
    shutil.rmtree(corpus.out)
    generator = random.Random(1)
    killed = 0
    for _ in range(4):
        process = start_prepare(corpus.save(), "--workers", 2)
        time.sleep(generator.uniform(0.1, 0.6) * duration)
        process.kill()
        killed += process.wait() == -signal.SIGKILL
        wait_until_gone(process.pid)
        process.communicate()
    assert killed >= 2
    assert run_prepare(corpus.save(), "--workers", 2)[0] == 0
    assert digests(corpus.out) == expected


def wait_until_gone(group: int) -> None:
    """No worker may outlive a killed parent: it would hold memory for ever."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    os.killpg(group, signal.SIGKILL)
    pytest.fail("worker processes outlived their parent")


# what bad input says


def test_misaligned_files(corpus):
    with open(corpus.file("valid", "tgt"), "a", encoding="utf-8") as stream:
        stream.write("one more\n")
    with pytest.raises(InputError) as error:
        corpus.prepare()
    src, tgt = corpus.file("valid", "src"), corpus.file("valid", "tgt")
    assert f"{src} has 12 lines but {tgt} has 13" in str(error.value)


def test_invalid_utf8(corpus):
    corpus.file("valid", "src").write_bytes(b"fine\nGr\xfcn\n")
    with pytest.raises(InputError, match="valid.src.txt, line 2: not valid UTF-8"):
        corpus.prepare()


def test_empty_files(corpus):
    for side in ("src", "tgt"):
        corpus.file("valid", side).write_text("")
    with pytest.raises(InputError, match="valid.src.txt and .*valid.tgt.txt are empty"):
        corpus.prepare()


def test_missing_file(corpus):
    corpus.file("valid", "src").unlink()
    with pytest.raises(InputError, match="valid.src.txt: no such file .*--mirror DIR"):
        corpus.prepare()


def test_filter_that_leaves_nothing(corpus):
    corpus.config["filter"] = {"max_length": 2}
    with pytest.raises(InputError, match="filter: none of the 200 training pairs is left: .*'too_long': 200"):
        corpus.prepare()


def test_language_that_moses_does_not_know(corpus):
    corpus.config["src_lang"] = "xx"
    with pytest.raises(InputError, match="'xx'"):
        corpus.prepare()
    corpus.config["tokenize"] = "none"
    assert corpus.prepare().performed


def test_bad_options(corpus):
    with pytest.raises(InputError, match="workers must be at least 1"):
        corpus.prepare(workers=0)
    with pytest.raises(InputError, match="absent: no such folder"):
        corpus.prepare(mirror=corpus.folder / "absent")


def test_empty_lines_are_counted_and_located(corpus):
    corpus.write("train", [("ab ab", "cd"), ("", "x"), ("y", " \u200b "), ("", "")])
    corpus.write("test", [("a", "b"), ("", "b"), ("a", "")])
    steps = corpus.prepare().manifest["steps"]
    assert steps["tokenize.train"]["empty"] == [{"lines": 2, "first": [2, 4]}, {"lines": 2, "first": [3, 4]}]
    assert steps["tokenize.test"]["empty"] == [{"lines": 1, "first": [2]}, {"lines": 1, "first": [3]}]
    assert steps["filter.train"]["dropped"]["empty"] == 3
    assert len(corpus.lines("test.en")) == 3 and len(corpus.lines("train.en")) == 1


# real text


@pytest.mark.slow
@pytest.mark.realdata
def test_multi30k(real_data, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = read_config(ROOT / "configs" / "multi30k_ende.prepare.yaml")
    outcome = prepare(config, real_data / "mt" / "multi30k", workers=2)
    lines = {}
    for split in config.data:
        for lang in LANGUAGES:
            for stage in ("", ".tok"):
                text = text_of(outcome.folder / f"{split}{stage}.{lang}")
                lines[split + stage, lang] = [line.split() for line in text.split("\n")[:-1]]
            assert [merge(line, "bpe") for line in lines[split, lang]] == lines[f"{split}.tok", lang]
    tests = ("test_2016_flickr", "test_2017_flickr")
    for split, source, count in [("valid", "val", 1014), *((test, test, 1000) for test in tests)]:
        for lang in LANGUAGES:
            assert len(lines[split, lang]) == count
            original = gzip.decompress((real_data / "mt/multi30k" / f"{source}.{lang}.gz").read_bytes())
            assert (outcome.folder / f"{split}.raw.{lang}").read_bytes() == original
    vocabulary = {line.split("\t")[0] for line in text_of(outcome.folder / "vocab.shared").splitlines()}
    assert vocabulary == {piece for lang in LANGUAGES for line in lines["train", lang] for piece in line}
    unknown = [piece for line in lines["test_2016_flickr", "en"] for piece in line if piece not in vocabulary]
    assert len(unknown) < 10
    assert outcome.manifest["steps"]["learn"]["merges"] == config.segment.merges
    assert outcome.manifest["steps"]["filter.train"]["lines_out"] > 28_900
    assert prepare(config).performed == []


@pytest.mark.slow
@pytest.mark.realdata
def test_iwslt14_config_undoes_the_recipe_entities(real_data, tmp_path):
    document = yaml.safe_load(text_of(ROOT / "configs" / "iwslt14_ende.prepare.yaml"))
    document["data"]["train"] = document["data"]["valid"]  # a small one will do
    document["out"] = str(tmp_path / "out")
    document["segment"]["merges"] = 100
    path = tmp_path / "part.yaml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    prepare(read_config(path), real_data / "mt" / "iwslt14", workers=2)
    assert len(text_of(tmp_path / "out/valid.tok.en").split("\n")) == 7283 + 1
    for name in ("train.tok.en", "test.tok.en", "test.tok.de"):
        text = text_of(tmp_path / "out" / name)
        assert "&apos;" not in text and "&quot;" not in text and text == text.lower()
    assert " 's " in text_of(tmp_path / "out/test.tok.en")
    assert " &apos;s " in text_of(tmp_path / "out/test.raw.en")
