"""Reading: nothing in the file runs, and what is no old checkpoint is refused in one line."""

from __future__ import annotations

import gzip
import pickle

import pytest
import torch

from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.conversion.checkpoint import read_checkpoint
from onmt_evsoftmax.conversion.converter import convert

from .legacy import FIELDS, FIRST, FORMS, LAST, write_legacy


class Payload:
    """Pickles as a call of ``function(*arguments)``."""

    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


def system(marker):
    import os

    return Payload(os.system, f"touch {marker}")


def evaluate(marker):
    return Payload(eval, f"open({str(marker)!r}, 'w').close()")


def popen(marker):
    import subprocess

    return Payload(subprocess.call, ["touch", str(marker)])


def attribute(marker):
    """What is called hides behind getattr; its name never stands in the pickle as a global."""
    return Payload(getattr, Payload(open, str(marker), "w"), "close")


ATTACKS = {
    r"posix\.system": system,
    r"builtins\.eval": evaluate,
    r"(commands|subprocess)\.call": popen,  # pickle writes the name of Python 2
    r"builtins\.getattr": attribute,
}
"""what the refusal names -> what makes the payload"""


@pytest.mark.parametrize("form", [FIRST, LAST], ids=["old file format", "zip file format"])
@pytest.mark.parametrize("name", ATTACKS)
def test_a_malicious_checkpoint_is_refused_and_never_runs(checkpoint, tmp_path, name, form):
    marker = tmp_path / "marker"
    bad = write_legacy(checkpoint, tmp_path / "bad.pt", form, vocab=ATTACKS[name](marker))
    torch.load(bad, weights_only=False)  # the attack is real
    assert marker.exists()
    marker.unlink()
    with pytest.raises(InputError, match=rf"bad\.pt: asks for {name}, .* nothing was run") as refusal:
        convert(bad, tmp_path / "new.pt")
    assert "\n" not in str(refusal.value)
    assert not marker.exists() and not (tmp_path / "new.pt").exists()


@pytest.mark.parametrize("where", ["opt", "optim", "generator"])
def test_it_is_refused_wherever_it_stands(checkpoint, tmp_path, where):
    marker = tmp_path / "marker"
    bad = write_legacy(checkpoint, tmp_path / "bad.pt", FIELDS, **{where: {"state": [system(marker)]}})
    with pytest.raises(InputError, match=r"asks for posix\.system"):
        read_checkpoint(bad)
    assert not marker.exists()


def test_an_old_class_never_runs_what_it_is_given(checkpoint, tmp_path):
    """functools.partial is in every checkpoint of 1.x and 2.x: its stand-in must not call anything."""
    from .old_packages import installed

    old = write_legacy(checkpoint, tmp_path / "old.pt", LAST)
    legacy = read_checkpoint(old)
    field = legacy.vocab["src"].attributes["fields"][0][1].attributes
    assert type(field["tokenize"]).__name__ == "partial" and not callable(field["tokenize"])
    with installed() as packages:
        assert not isinstance(field["vocab"], packages.modules["torchtext.vocab"].Vocab)


def test_nothing_stays_allowed_after_reading(checkpoint, tmp_path):
    old = write_legacy(checkpoint, tmp_path / "old.pt", LAST)
    before = torch.serialization.get_safe_globals()
    read_checkpoint(old)
    assert set(torch.serialization.get_safe_globals()) == set(before)
    with pytest.raises(pickle.UnpicklingError, match="torchtext|onmt"):
        torch.load(old, weights_only=True)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("part", [0, 0.3, 0.9])
def test_a_truncated_file_is_refused(checkpoint, tmp_path, form, part):
    old = write_legacy(checkpoint, tmp_path / "old.pt", form)
    content = old.read_bytes()
    old.write_bytes(content[: int(part * len(content))])
    with pytest.raises(InputError, match=r"old\.pt: not a checkpoint .*, or damaged; fetch it again"):
        read_checkpoint(old)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"gone\.pt: no such file"):
        read_checkpoint(tmp_path / "gone.pt")


def test_a_file_of_something_else_is_refused(tmp_path):
    path = tmp_path / "model.tar.gz"
    for content in (b"ein Satz .\n" * 99, gzip.compress(b"model"), pickle.dumps([1, 2])):
        path.write_bytes(content)
        with pytest.raises(InputError, match=r"model\.tar\.gz: not .*\(an archive must be unpacked first\)"):
            read_checkpoint(path)


def test_a_file_of_torch_that_holds_no_model_is_refused(tmp_path):
    path = tmp_path / "weights.pt"
    for content, absent in (
        ({"model": {}, "opt": 1}, "generator, vocab"),
        (torch.ones(3), "model, generator"),
    ):
        torch.save(content, path)
        with pytest.raises(InputError, match=rf"weights\.pt: not .* of OpenNMT-py: it has no {absent}"):
            read_checkpoint(path)


@pytest.mark.parametrize("changes", [{"model": [1]}, {"generator": {"0.weight": "text"}}, {"opt": {"heads": 2}}])
def test_parts_of_another_kind_are_refused(checkpoint, tmp_path, changes):
    bad = write_legacy(checkpoint, tmp_path / "bad.pt", FIELDS, **changes)
    with pytest.raises(InputError, match=f"bad.pt: '{next(iter(changes))}'"):
        read_checkpoint(bad)


def test_a_checkpoint_of_today_is_left_alone(modern):
    with pytest.raises(InputError, match="already a checkpoint of OpenNMT-py 3.x, nothing to convert"):
        read_checkpoint(modern.folder / "model.pt")


def test_the_result_of_a_conversion_is_a_checkpoint_of_today(checkpoint, tmp_path):
    convert(write_legacy(checkpoint, tmp_path / "old.pt", LAST), tmp_path / "new.pt")
    with pytest.raises(InputError, match="already a checkpoint of OpenNMT-py 3.x"):
        convert(tmp_path / "new.pt", tmp_path / "newer.pt")
