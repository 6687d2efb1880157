"""A step is done once, and done again whenever anything it depends on has changed."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.base.progress import Bar
from onmt_evsoftmax.data.corpus import steps
from onmt_evsoftmax.data.corpus.steps import RECORDS, Step, Workspace

BAR = Bar("step")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / RECORDS).mkdir()
    (tmp_path / "in.txt").write_text("in")
    return tmp_path


def copy_step(folder, name="copy", outputs=("out.txt",), **changes) -> Step:
    def run(bar):
        for output in outputs:
            (folder / output).write_text((folder / "in.txt").read_text())
        return {"files": len(outputs)}

    step = Step(name, {"a": 1}, ("in.txt",), outputs, run, libraries=("sacremoses",), sources={"src": "0"})
    return replace(step, **changes)


def test_done_after_perform_and_in_a_new_process(folder):
    step = copy_step(folder)
    workspace = Workspace(folder)
    assert not workspace.done(step)
    workspace.perform(step, BAR)
    assert workspace.done(step) and Workspace(folder).done(step)
    assert workspace.record("copy")["counts"] == {"files": 1}


@pytest.mark.parametrize(
    "changes",
    [
        {"settings": {"a": 2}},
        {"sources": {"src": "1"}},
        {"revision": 2},
        {"libraries": ()},
        {"outputs": ("b.txt",)},
    ],
)
def test_change_of_the_step(folder, changes):
    Workspace(folder).perform(copy_step(folder), BAR)
    assert not Workspace(folder).done(copy_step(folder, **changes))


def test_change_of_an_input(folder):
    Workspace(folder).perform(copy_step(folder), BAR)
    (folder / "in.txt").write_text("changed")
    assert not Workspace(folder).done(copy_step(folder))


def test_change_of_a_library(folder, monkeypatch):
    Workspace(folder).perform(copy_step(folder), BAR)
    monkeypatch.setattr(steps, "version", lambda library: "99")
    assert not Workspace(folder).done(copy_step(folder))


@pytest.mark.parametrize("harm", [lambda path: path.unlink(), lambda path: path.write_text("edited")])
def test_harm_to_an_output(folder, harm):
    Workspace(folder).perform(copy_step(folder), BAR)
    harm(folder / "out.txt")
    assert not Workspace(folder).done(copy_step(folder))


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "",
        "[]",
        "1",
        "null",
        "[" * 100_000,
        '{"fingerprint": "FINGERPRINT"}',
        '{"fingerprint": "FINGERPRINT", "outputs": {"out.txt": "0"}}',
        '{"fingerprint": "FINGERPRINT", "outputs": ["out.txt"], "counts": {}}',
        '{"fingerprint": "FINGERPRINT", "outputs": {"../kept.txt": "0"}, "counts": {}}',
        '{"fingerprint": "FINGERPRINT", "outputs": {"/tmp/kept.txt": "0"}, "counts": {}}',
    ],
    ids=range(11),
)
def test_damaged_record(folder, content):
    """The step is done again, and nothing outside of the folder is touched for a record's sake."""
    work = folder / "work"
    (work / RECORDS).mkdir(parents=True)
    (work / "in.txt").write_text("in")
    (folder / "kept.txt").write_text("kept")
    step = copy_step(work)
    Workspace(work).perform(step, BAR)
    content = content.replace("FINGERPRINT", Workspace(work).fingerprint(step))
    (work / RECORDS / "copy.json").write_text(content)
    assert not Workspace(work).done(step)
    Workspace(work).perform(step, BAR)
    Workspace(work).remove_stale([])
    assert (folder / "kept.txt").read_text() == "kept"


def test_outputs_of_earlier_settings_are_removed(folder):
    Workspace(folder).perform(copy_step(folder, outputs=("a.txt", "b.txt")), BAR)
    Workspace(folder).perform(copy_step(folder, outputs=("b.txt", "c.txt")), BAR)
    assert not (folder / "a.txt").exists() and (folder / "b.txt").exists()


def test_steps_of_earlier_settings_are_removed(folder):
    workspace = Workspace(folder)
    kept, gone = copy_step(folder), copy_step(folder, "gone", outputs=("out.txt", "gone.txt"))
    (folder / "mine.txt").write_text("not made by a step")
    for step in (gone, kept):
        workspace.perform(step, BAR)
    workspace.remove_stale([kept])
    assert {path.name for path in folder.iterdir() if path.is_file()} == {"in.txt", "mine.txt", "out.txt"}
    assert [path.name for path in (folder / RECORDS).iterdir()] == ["copy.json"]
    assert workspace.done(kept)


def test_one_process_at_a_time(folder):
    hold = (
        "import sys; from onmt_evsoftmax.data.corpus.steps import Workspace\n"
        "with Workspace(sys.argv[1]).locked():\n    print('held', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", hold, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(InputError, match="another prepare is at work in this folder"):
            with Workspace(folder).locked():
                pass
    finally:
        holder.kill()
        holder.communicate()
    with Workspace(folder).locked():  # a killed process holds nothing
        pass


def test_folder_that_cannot_be_made(folder):
    with pytest.raises(InputError, match="in.txt/out: cannot be the output folder: .*in.txt is a file; "):
        with Workspace(folder / "in.txt" / "out").locked():
            pass


def test_file_in_place_of_the_folder(folder):
    with pytest.raises(InputError, match="in.txt: cannot be the output folder: .*in.txt is a file; .*--out"):
        with Workspace(folder / "in.txt").locked():
            pass
    assert (folder / "in.txt").read_text() == "in"


@pytest.mark.parametrize("depth", ["new", "new/and/deep"])
def test_folders_that_stay_empty_are_removed(folder, depth):
    before = set(folder.rglob("*"))
    with pytest.raises(InputError, match="nothing came of it"):
        with Workspace(folder / depth).locked():
            raise InputError("nothing came of it")
    assert set(folder.rglob("*")) == before


def test_folders_of_others_are_not_removed(folder):
    (folder / "empty").mkdir()
    with pytest.raises(InputError), Workspace(folder / "empty" / "new").locked():
        raise InputError("nothing came of it")
    with pytest.raises(InputError), Workspace(folder / "empty").locked():
        raise InputError("nothing came of it")
    assert list((folder / "empty").iterdir()) == []


def test_what_is_done_stays_after_a_failure(folder):
    with pytest.raises(InputError), Workspace(folder).locked():
        Workspace(folder).perform(copy_step(folder), BAR)
        raise InputError("later")
    assert Workspace(folder).done(copy_step(folder))


def test_lock_clears_unfinished_files(folder):
    for name in (".train.en.ab12.part", f"{RECORDS}/.train.en.ab12.part", f"{RECORDS}/.seen.part"):
        path = folder / name
        path.write_text("half")
    with Workspace(folder).locked():
        assert not list(folder.rglob("*.part"))
