"""An output that cannot be written: one line, exit status 2, nothing left behind."""

from __future__ import annotations

import os

import pytest
from matplotlib.figure import Figure

from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.cli import main
from other_experiments.common.command import run_main
from other_experiments.common.plots import save
from other_experiments.common.runs import RunFolder
from tests.evaluation.archives import archive_file, random_sentences


@pytest.fixture
def places(tmp_path):
    """Where nothing can be written: a folder, and a path below a file."""
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "file").write_text("x")
    return {"is a folder": tmp_path / "folder.png", "is a file": tmp_path / "file" / "out.png"}


def call_of(command, out, tmp_path):
    """The command line; its inputs are good as far as they are read before the output is looked at."""
    if command == "heatmap":
        return ["heatmap", str(archive_file(tmp_path / "a.npz", random_sentences(0))), "--out", str(out)]
    if command == "properties":
        return ["properties", "--json", str(out)]
    if command in ("compare", "report"):
        return [command, str(tmp_path / "none"), "--out", str(out)]
    return ["attend", "--model", "m.pt", "--src", "s", "--hyp", "h", "--out", str(out)]


ATTEND = pytest.param("attend", marks=pytest.mark.opennmt)


@pytest.mark.parametrize("command", ["heatmap", ATTEND, "properties", "compare", "report"])
@pytest.mark.parametrize("problem", ["is a folder", "is a file"])
def test_a_place_that_is_none(places, tmp_path, capsys, monkeypatch, command, problem):
    import onmt_evsoftmax.normalizers.properties as properties

    monkeypatch.setattr(properties, "measure", lambda *_: pytest.fail("work began"))
    assert main(call_of(command, places[problem], tmp_path)) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"onmt_evsoftmax {command}: error: {places[problem]}: ")
    assert problem in error and error.count("\n") == 1


def test_a_folder_is_called_so_before_its_ending_is_looked_at(tmp_path, capsys):
    assert main(call_of("heatmap", tmp_path, tmp_path)) == 2
    assert f"{tmp_path}: is a folder; name the file to write" in capsys.readouterr().err


def test_an_error_of_the_system_that_nobody_put_into_words(tmp_path, capsys, monkeypatch):
    import onmt_evsoftmax.doctor

    def refuse(_arguments):
        raise PermissionError(13, "Permission denied", "some/file")

    monkeypatch.setattr(onmt_evsoftmax.doctor, "run", refuse)
    assert main(["doctor"]) == 2
    assert capsys.readouterr().err == "onmt_evsoftmax doctor: error: some/file: Permission denied\n"


def test_a_disk_that_fills_up_under_an_experiment(tmp_path, capsys, monkeypatch):
    folder = RunFolder(tmp_path, {"rate": 0.1})

    def no_room(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_room)
    for write in (lambda: folder.finish({}), lambda: folder.save({}), lambda: save(Figure(), tmp_path / "a.png")):
        with pytest.raises(SystemExit) as stop:
            run_main(lambda _, write=write: write())
        error = capsys.readouterr().err
        assert stop.value.code == 2 and error.count("\n") == 1
        assert "cannot be written (No space left on device); make room" in error
    assert sorted(path.name for path in tmp_path.iterdir()) == [".lock", "config.yaml"]


def test_results_without_their_keys(tmp_path):
    from other_experiments.cvae.figures import report
    from other_experiments.ssvae.table import collect

    run = RunFolder(tmp_path / "cvae" / "evsoftmax", {})
    run.finish({"judge": 0.99})
    RunFolder(tmp_path / "cvae", {"dataset": "digits"})
    with pytest.raises(InputError, match=r"cvae: the results, log or config of a run are damaged \(KeyError"):
        report([tmp_path / "cvae"], tmp_path / "out")
    run = RunFolder(tmp_path / "ssvae" / "evsoftmax" / "seed-1", {})
    run.log({"step": 1})
    run.finish({"rows": {}})
    with pytest.raises(InputError, match=r"evsoftmax: the results, log or config of a run are damaged \(KeyError"):
        collect(tmp_path / "ssvae")
