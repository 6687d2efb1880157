"""Reading scored runs: who they are, and which belong together."""

from __future__ import annotations

import json

import pytest

from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.evaluation.comparison import compare
from onmt_evsoftmax.evaluation.report import read_report
from onmt_evsoftmax.evaluation.runs import group_runs, read_runs, shared_seeds
from onmt_evsoftmax.evaluation.significance import Resampling

from .mutations import mutations
from .runs_on_disk import SENTENCES, reference_lines, score_run, translate
from .testset import write_lines


@pytest.fixture()
def scored(tmp_path):
    """Make a run in this test's folder; the path of its JSON."""

    def make(function, seed, *options, attention=False):
        return score_run(tmp_path, function, seed, translate(seed, 0.3), *options, attention=attention)

    return make


def change(path, edit):
    report = json.loads(path.read_text(encoding="utf-8"))
    edit(report, report["systems"][0])
    path.write_text(json.dumps(report), encoding="utf-8")
    return str(path)


def test_function_and_seed_come_from_the_scores(scored):
    (run,), common = read_runs([str(scored("sparsemax", 3))])
    assert (run.function, run.seed) == ("sparsemax", 3)
    assert len(run.sentence_scores["meteor"]) == SENTENCES
    assert run.statistics["bleu"].shape == (SENTENCES, 10) and run.statistics["chrf"].shape == (SENTENCES, 18)
    assert common["reference"]["lines"] == SENTENCES


def test_a_label_says_it_too_and_wins(scored):
    path = scored("sparsemax", 3)
    (run, other), _ = read_runs([f"my-own:7={path}", f"evsoftmax={path}"])
    assert (run.function, run.seed) == ("my-own", 7)
    assert (other.function, other.seed) == ("evsoftmax", 3)


def test_the_archive_says_the_function(scored):
    path = scored("entmax15", 1, attention=True)
    change(path, lambda _, system: (system.pop("function"), system.pop("seed")))
    (run,), _ = read_runs([str(path)])
    assert (run.function, run.seed) == ("evsoftmax", None)  # what the archives of these tests say


def test_a_run_that_says_nothing_is_refused(scored):
    path = change(scored("softmax", 1), lambda _, system: system.update(function=None, name="best"))
    with pytest.raises(InputError, match=rf"{path}: does not say which function 'best' is.*--function"):
        read_runs([path])
    path = change(scored("softmax", 1), lambda _, system: system.update(function=None, name="softmax"))
    assert read_runs([path])[0][0].function == "softmax"


def test_other_references_and_other_ways_to_score_are_refused(scored, tmp_path):
    one, other = scored("evsoftmax", 1), scored("softmax", 1)
    lowercased = scored("softmax", 2, "--lowercase")
    with pytest.raises(InputError, match=rf"{lowercased}: BLEU is '.*case:lc.*{one}.*case:mixed"):
        read_runs([str(one), str(lowercased)])
    moses = scored("softmax", 3, "--hyp_tokenization", "moses")
    with pytest.raises(InputError, match=rf"{moses}: hyp_tokenization differ"):
        read_runs([str(one), str(moses)])
    change(other, lambda report, _: report["reference"].update(sha256="0", path="else.de"))
    with pytest.raises(InputError, match=rf"{other}: scored against else\.de, but {one} against"):
        read_runs([str(one), str(other)])


def test_files_without_the_later_keys_are_read_and_compared_with_new_ones(scored):
    old, new = scored("evsoftmax", 1), scored("softmax", 1)
    change(old, lambda report, _: (report.pop("further_references"), report.pop("language")))
    for paths in ([old, new], [new, old]):
        runs, common = read_runs([str(path) for path in paths])
        assert len(runs) == 2 and common["further_references"] == []
        assert common["language"] == (None if paths[0] == old else read_report(new)["language"])


def test_every_reference_must_be_the_same(scored, tmp_path):
    other = write_lines(tmp_path / "other.de", translate(9, 0.5))
    one, same = (scored(name, 1, "--ref", other) for name in ("evsoftmax", "softmax"))
    runs, common = read_runs([str(one), str(same)])
    assert [text["path"] for text in common["further_references"]] == [str(other)]
    assert common["signatures"]["bleu"].startswith("nrefs:2|")
    for metric in ("bleu", "chrf"):
        assert runs[0].statistics[metric].shape[0] == SENTENCES
    write_lines(other, translate(8, 0.5))
    changed = scored("sparsemax", 1, "--ref", other)
    message = rf"{changed}: scored against .*ref\.de and {other}, but {one} against"
    with pytest.raises(InputError, match=message):
        read_runs([str(one), str(changed)])
    with pytest.raises(InputError, match="which is another text"):
        read_runs([str(one), str(scored("entmax15", 1))])


@pytest.mark.parametrize(
    "edit",
    [
        lambda report, system: report.pop("signatures"),
        lambda report, system: system.pop("scores"),
        lambda report, system: system["sentence_scores"]["meteor"].pop(),
        lambda report, system: system["sentence_scores"]["meteor"].__setitem__(0, float("nan")),
        lambda report, system: report.update(systems=["none"]),
    ],
)
def test_damaged_scores_name_the_file(scored, edit):
    path = change(scored("softmax", 1), edit)
    with pytest.raises(InputError, match=rf"{path}: damaged scores"):
        read_runs([path])


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -0.5, 100.1, "50", True, None, [1]])
def test_a_score_that_is_none_is_named_with_its_line(scored, value):
    """Python's json reads NaN and Infinity."""
    path = change(scored("softmax", 1), lambda _, system: system["sentence_scores"]["bleu"].__setitem__(6, value))
    expected = rf"{path}: damaged scores: system 'softmax\.1': BLEU of line 7 is .*expected a number from 0 to 100"
    with pytest.raises(InputError, match=expected):
        read_runs([path])
    path = change(scored("softmax", 2), lambda _, system: system["scores"].update(rougeL=value))
    with pytest.raises(InputError, match=rf"{path}: damaged scores: system 'softmax\.2'.*(ROUGE-L is|'rougeL')"):
        read_runs([path])


def test_a_list_of_another_length_is_named(scored):
    path = change(scored("softmax", 1), lambda _, system: system["sentence_scores"]["meteor"].pop())
    message = rf"{path}: .*METEOR has {SENTENCES - 1} values, expected {SENTENCES}"
    with pytest.raises(InputError, match=message):
        read_runs([path])


def test_perfect_and_empty_translations_are_in_the_range(scored):
    def edit(_, system):
        system["sentence_scores"]["bleu"][:2] = [100.00000000000004, 0]

    assert read_runs([change(scored("softmax", 1), edit)])


def test_mutated_scores_are_refused_or_compared(scored, tmp_path):
    """500 damaged files: one clear line that names the file, or a comparison that can be written."""
    good, other = scored("softmax", 1, attention=True), str(scored("evsoftmax", 1, attention=True))
    path, refused = tmp_path / "mutated.json", 0
    for text in mutations(good.read_text(encoding="utf-8"), 500):
        path.write_text(text, encoding="utf-8")
        try:
            runs, common = read_runs([f"softmax:1={path}", other])
            groups = group_runs(runs, "evsoftmax")
            found = compare(groups, "evsoftmax", resampling=Resampling(2, 2))
            json.dumps({**found, **common}, allow_nan=False)
        except InputError as error:
            refused += 1
            assert str(path) in str(error) and "\n" not in str(error) and str(error).encode("utf-8")
    assert 250 < refused < 500


def test_a_file_that_is_no_json(tmp_path):
    path = tmp_path / "scores.json"
    path.write_text("{")
    with pytest.raises(InputError, match="scores.json: not readable JSON"):
        read_runs([f"evsoftmax:1={path}"])


def test_a_label_for_two_systems(scored, tmp_path):
    path = change(scored("softmax", 1), lambda report, system: report["systems"].append(system))
    with pytest.raises(InputError, match="holds 2 systems"):
        read_runs([f"softmax:1={path}"])


def test_groups_are_in_the_order_of_the_tables_with_the_reference_last(scored):
    path = scored("evsoftmax", 1)
    labels = ("my_own:1", "sparsemax:1", "evsoftmax:10", "evsoftmax:9", "posthoc_evidential:1", "softmax:1")
    runs, _ = read_runs([f"{label}={path}" for label in labels])
    groups = group_runs(runs, "evsoftmax")
    assert list(groups) == ["softmax", "sparsemax", "posthoc_evidential", "my_own", "evsoftmax"]
    assert list(groups["evsoftmax"]) == [9, 10]
    assert list(group_runs(runs, "softmax"))[-1] == "softmax"
    message = rf"--against entmax15: no such function in {path}.*known: evsoftmax, my_own"
    with pytest.raises(InputError, match=message):
        group_runs(runs, "entmax15")
    with pytest.raises(InputError, match=f"softmax with seed 1 twice: .*{path} and .*{path}"):
        group_runs([*runs, runs[-1]], "evsoftmax")


def test_seeds_that_have_no_partner(scored):
    path = scored("evsoftmax", 1)
    labels = ["evsoftmax:1", "evsoftmax:2", "softmax:1", "sparsemax:5"]
    labels += ["entmax15:1", "entmax15:2", "entmax15:3"]
    runs, _ = read_runs([f"{label}={path}" for label in labels])
    groups = group_runs(runs, "evsoftmax")
    with pytest.raises(InputError, match=rf"softmax has no run with seed 2, but evsoftmax has: .*{path}"):
        shared_seeds(groups, "softmax", "evsoftmax")
    with pytest.raises(InputError, match="evsoftmax has no run with seed 3, but entmax15 has"):
        shared_seeds(groups, "entmax15", "evsoftmax")
    assert shared_seeds(groups, "softmax", "evsoftmax", allow_missing=True) == [1]
    assert shared_seeds(groups, "entmax15", "evsoftmax", allow_missing=True) == [1, 2]
    with pytest.raises(InputError, match="sparsemax has no run with seed 1, seed 2"):
        shared_seeds(groups, "sparsemax", "evsoftmax", allow_missing=True)


def test_the_references_differ_from_the_hypotheses():
    assert translate(1, 0.3) != translate(2, 0.3) != reference_lines()
