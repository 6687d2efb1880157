import json
import random
import sys

import pytest
from sacremoses import MosesTokenizer

from onmt_evsoftmax.evaluation.metric import Texts
from onmt_evsoftmax.evaluation.report import read_report
from onmt_evsoftmax.evaluation.system import score_texts

from .archives import archive_file, sentence
from .testset import HYPOTHESES, REFERENCES, bpe, python, write_lines


def test_the_real_command_equals_the_library(tmp_path, files):
    hyp, ref = files
    out = tmp_path / "out" / "scores.json"
    arguments = ["--hyp", hyp, ref, "--ref", ref, "--lang", "de", "--json", out]
    result = python("-m", "onmt_evsoftmax", "score", *arguments)
    report = read_report(out)
    for system, lines in zip(report["systems"], (HYPOTHESES, REFERENCES)):
        expected = score_texts(Texts(lines, REFERENCES, "de"))
        assert system["scores"] == pytest.approx({name: score.corpus for name, score in expected.items()})
    assert [system["name"] for system in report["systems"]] == ["hyp", "ref"]
    assert f"written: {out}" in result.stdout
    assert report["signatures"]["bleu"] in result.stdout
    assert result.stderr == ""


def test_torch_is_not_imported(tmp_path, files):
    hyp, ref = files
    archive = archive_file(tmp_path / "a.npz", [sentence(["a"], ["b"])] * len(HYPOTHESES))
    arguments = ["score", "--hyp", str(hyp), "--ref", str(ref), "--lang", "de", "--attention", str(archive)]
    program = f"import sys; from onmt_evsoftmax.cli import main; main({arguments!r});"
    program += "print('torch' in sys.modules)"
    assert python("-c", program).stdout.endswith("\nFalse\n")


def test_help_needs_no_scoring_library():
    program = (
        "import sys; from onmt_evsoftmax.cli import build_parser; build_parser('score').format_help();"
        "print(sorted({'torch', 'sacrebleu', 'nltk', 'rouge_score', 'sacremoses'} & set(sys.modules)))"
    )
    assert python("-c", program).stdout == "[]\n"


def test_model_output_is_restored_before_scoring(tmp_path, files, score):
    tokenizer = MosesTokenizer("de")
    raw = write_lines(tmp_path / "pred.bpe", [bpe(tokenizer.tokenize(line)) for line in REFERENCES])
    forms = ["--hyp_segmentation", "bpe", "--hyp_tokenization", "moses"]
    out = tmp_path / "scores.json"
    assert score("--hyp", raw, "--ref", files[1], *forms, "--json", out)[0] == 0
    assert read_report(out)["systems"][0]["scores"]["bleu"] == pytest.approx(100)
    mirrored = ["--ref_segmentation", "bpe", "--ref_tokenization", "moses"]
    assert score("--hyp", files[1], "--ref", raw, *mirrored, "--json", out)[0] == 0
    assert read_report(out)["systems"][0]["scores"]["bleu"] == pytest.approx(100)


def test_tokenised_and_lower_cased_as_papers_report(tmp_path, score):
    tokens = [" ".join(MosesTokenizer("de").tokenize(line)) for line in REFERENCES]
    ref = write_lines(tmp_path / "ref.tok", [line.lower() for line in tokens])
    hyp = write_lines(tmp_path / "pred.bpe", [bpe(line.split()) for line in tokens])
    out = tmp_path / "scores.json"
    options = ["--hyp_segmentation", "bpe", "--lowercase", "--bleu_tokenize", "none"]
    status, printed, _ = score("--hyp", hyp, "--ref", ref, *options, "--json", out)
    report = read_report(out)
    assert status == 0
    assert report["systems"][0]["scores"]["bleu"] == pytest.approx(100)
    assert "case:lc|eff:no|tok:none" in report["signatures"]["bleu"] in printed
    assert report["settings"]["lowercase"] is True and report["settings"]["hyp_tokenization"] == "none"


def test_english(tmp_path, score):
    hyp = write_lines(tmp_path / "hyp.en", ["a dog walks"])
    ref = write_lines(tmp_path / "ref.en", ["a dog walked"])
    status, printed, _ = score("--hyp", hyp, "--ref", ref, lang="en")
    assert status == 0 and "exact+stem:english, no synonyms" in printed


def test_attended_words_of_several_systems(tmp_path, score):
    hyp = [write_lines(tmp_path / f"{name}.bpe", ["das Bo@@ ot", "da"]) for name in ("one", "two")]
    ref = write_lines(tmp_path / "ref.de", ["das Boot", "da"])
    src = write_lines(tmp_path / "src.bpe", ["the bo@@ at", "there"])
    sentences = [sentence(["the", "bo@@", "at"], ["das", "Bo@@", "ot"]), sentence(["there"], ["da"])]
    archives = [archive_file(tmp_path / f"{n}.npz", sentences) for n in (1, 2)]
    out = tmp_path / "scores.json"
    options = ["--hyp_segmentation", "bpe", "--src", src, "--names", "softmax", "ev-softmax", "--json", out]
    status, printed, error = score("--hyp", *hyp, "--ref", ref, "--attention", *archives, *options)
    assert (status, error) == (0, "")
    report = read_report(out)
    assert [system["name"] for system in report["systems"]] == ["softmax", "ev-softmax"]
    for system, archive in zip(report["systems"], archives):
        assert system["attended"]["target_tokens"] == 6
        assert system["attention"]["path"] == str(archive)
    assert report["source"]["path"] == str(src)
    assert "words" in printed and " ± " in printed
    write_lines(src, ["a bo@@ at", "there"])
    status, _, error = score("--hyp", *hyp, "--ref", ref, "--attention", *archives, *options)
    assert status == 2 and f"sentence 0 is not line 1 of {src}" in error


def test_bad_input_is_one_line_and_status_2(tmp_path, files):
    missing = tmp_path / "none"
    arguments = ["--hyp", missing, "--ref", files[1], "--lang", "de"]
    result = python("-m", "onmt_evsoftmax", "score", *arguments, check=False)
    assert result.returncode == 2
    assert result.stderr == f"onmt_evsoftmax score: error: {missing}: no such file\n"


def test_files_of_different_length(tmp_path, files, score):
    short = write_lines(tmp_path / "short.de", HYPOTHESES[:2])
    status, printed, error = score("--hyp", files[0], short, "--ref", files[1])
    assert (status, printed) == (2, "")
    assert f"{short} has 2" in error and f"{files[1]} has 5" in error


def test_a_source_of_different_length(tmp_path, files, score):
    src = write_lines(tmp_path / "src.en", ["one"])
    status, _, error = score("--hyp", files[0], "--ref", files[1], "--src", src)
    assert status == 2 and f"{src} has 1" in error


@pytest.mark.parametrize("position", ["--hyp", "--ref", "--src"])
def test_wrong_encoding_names_file_and_line(tmp_path, files, score, position):
    latin = tmp_path / "latin1.de"
    latin.write_bytes("\n".join(REFERENCES).encode("latin-1"))
    given = {"--hyp": files[0], "--ref": files[1], "--src": files[0], position: latin}
    status, _, error = score(*(word for option in given.items() for word in option))
    assert status == 2 and f"{latin}, line 1: not valid UTF-8" in error


def test_a_file_without_lines(tmp_path, score):
    empty = write_lines(tmp_path / "empty.de", [])
    status, _, error = score("--hyp", empty, "--ref", empty)
    assert status == 2 and "has no lines" in error


def test_an_archive_for_each_hypothesis_file(tmp_path, files, score):
    archive = archive_file(tmp_path / "a.npz", [sentence(["a"], ["b"])])
    status, _, error = score("--hyp", *files, "--ref", files[1], "--attention", archive)
    assert status == 2 and "1 archives for 2 hypothesis files" in error
    status, _, error = score("--hyp", files[0], "--ref", files[1], "--attention", archive)
    assert status == 2 and "holds 1 sentences but" in error
    status, _, error = score("--hyp", files[0], "--ref", files[1], "--attention", files[0])
    assert status == 2 and "not an attention archive" in error
    encoder_only = archive_file(tmp_path / "e.npz", [sentence(["a"], ["b"])], kinds=["encoder"])
    status, _, error = score("--hyp", files[0], "--ref", files[1], "--attention", encoder_only)
    assert status == 2 and "holds no cross attention" in error


@pytest.mark.parametrize("option", ["--bleu_tokenize", "--hyp_segmentation", "--ref_tokenization"])
def test_unknown_choices_are_refused(files, score, capsys, option):
    with pytest.raises(SystemExit) as exit_:
        score("--hyp", files[0], "--ref", files[1], option, "zz")
    assert exit_.value.code == 2
    assert f"argument {option}: invalid choice: 'zz' (choose from" in capsys.readouterr().err


def test_an_old_result_survives_a_failed_run(tmp_path, files, score):
    out = tmp_path / "scores.json"
    assert score("--hyp", files[0], "--ref", files[1], "--json", out)[0] == 0
    before = out.read_bytes()
    assert score("--hyp", tmp_path / "none", "--ref", files[1], "--json", out)[0] == 2
    assert out.read_bytes() == before and json.loads(before)


@pytest.mark.parametrize("given_apart", [False, True])
def test_several_references_all_count(tmp_path, files, score, given_apart):
    hyp, ref = files
    lines, out = [*HYPOTHESES[:4], "Es schneit."], tmp_path / "scores.json"
    other = write_lines(tmp_path / "other.de", lines)
    references = ["--ref", ref, "--ref", other] if given_apart else ["--ref", ref, other]
    status, printed, _ = score("--hyp", hyp, *references, "--json", out)
    report = read_report(out)
    assert status == 0 and f"{ref}and{other}" in "".join(printed.split())
    expected = score_texts(Texts(HYPOTHESES, REFERENCES, "de", further=[lines]))
    assert report["systems"][0]["scores"] == {name: score.corpus for name, score in expected.items()}
    assert all(report["signatures"][metric].startswith("nrefs:2|") for metric in ("bleu", "chrf"))
    assert report["reference"]["path"] == str(ref)
    assert [text["path"] for text in report["further_references"]] == [str(other)]


def test_an_option_given_twice_keeps_what_it_held(tmp_path, files, score):
    out = tmp_path / "scores.json"
    twice = ["--hyp", files[0], "--hyp", files[1], "--names", "a", "--names", "b", "--seed", 1, "--seed", 2]
    assert score(*twice, "--ref", files[1], "--json", out)[0] == 0
    systems = read_report(out)["systems"]
    assert [(system["name"], system["seed"]) for system in systems] == [("a", 1), ("b", 2)]


def test_every_reference_must_be_as_long(tmp_path, files, score):
    short = write_lines(tmp_path / "short.de", REFERENCES[:2])
    status, _, error = score("--hyp", files[0], "--ref", files[1], short)
    assert status == 2 and f"{files[1]} has 5, {short} has 2" in error


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_looping_hypothesis_is_scored_in_seconds_and_little_memory(tmp_path):
    """8,000 words on each side took 9 to 21 seconds and 1.6 GB."""
    rng = random.Random(0)
    sides = [" ".join(rng.choice("der die das Haus Boot See".split()) for _ in range(8000)) for _ in "hr"]
    hyp, ref = (write_lines(tmp_path / name, [line]) for name, line in zip("hr", sides))
    program = (
        "import pathlib, time; from onmt_evsoftmax.cli import main; "
        f"main(['score', '--hyp', {str(hyp)!r}, '--ref', {str(ref)!r}, '--lang', 'de']); "
        # not ru_maxrss: what started this process counts in it
        "status = pathlib.Path('/proc/self/status').read_text(); "
        "print(time.process_time(), status.split('VmHWM:')[1].split()[0])"
    )
    seconds, kilobytes = python("-c", program).stdout.split()[-2:]
    assert float(seconds) < 9 and int(kilobytes) < 500_000


@pytest.mark.realdata
def test_real_german_text(real_data, tmp_path, score):
    ref = real_data / "mt" / "multi30k" / "test_2016_flickr.de.gz"
    out = tmp_path / "scores.json"
    status, _, error = score("--hyp", ref, "--ref", ref, "--json", out)
    assert (status, error) == (0, "")
    scores = read_report(out)["systems"][0]["scores"]
    assert scores.pop("meteor") == pytest.approx(99.9, abs=0.1)
    assert list(scores.values()) == pytest.approx([100] * 5)


def test_a_place_that_cannot_be_written_is_known_before_the_work(tmp_path, files, score):
    status, printed, error = score("--hyp", files[0], "--ref", files[1], "--json", tmp_path)
    assert (status, printed) == (2, "") and f"{tmp_path}: is a folder; name the file to write" in error
