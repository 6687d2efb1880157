"""One process at a time: who is refused, and when a lock falls."""

from __future__ import annotations

import subprocess
import sys

import pytest

from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.base.locks import lock

HOLD = """
import sys
from onmt_evsoftmax.base.locks import lock
held = lock(sys.argv[1], "not in this test")
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that holds ``tmp_path/lock``."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "lock")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_a_second_process_is_refused_until_the_first_is_killed(tmp_path, holder):
    with pytest.raises(InputError, match="^somebody is at work$"):
        lock(tmp_path / "lock", "somebody is at work")
    holder.kill()
    holder.wait()
    lock(tmp_path / "lock", "somebody is at work").close()


def test_a_second_opening_of_the_same_process_is_refused_until_the_first_is_closed(tmp_path):
    with lock(tmp_path / "lock", "held"), pytest.raises(InputError, match="held"):
        lock(tmp_path / "lock", "held")
    with lock(tmp_path / "lock", "held"):
        pass


def test_a_child_holds_the_lock_only_if_it_is_handed_the_stream(tmp_path):
    wait = [sys.executable, "-c", "print(flush=True); input()"]
    for handed in (False, True):
        held = lock(tmp_path / "lock", "held")
        streams = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        child = subprocess.Popen(wait, pass_fds=[held.fileno()] if handed else [], **streams)
        child.stdout.readline()
        held.close()
        if handed:
            with pytest.raises(InputError, match="held"):
                lock(tmp_path / "lock", "held")
        else:
            lock(tmp_path / "lock", "held").close()
        child.communicate(b"\n")
    lock(tmp_path / "lock", "held").close()


def test_a_place_that_cannot_be_locked_is_named(tmp_path, monkeypatch):
    with pytest.raises(InputError, match=r"absent/lock: cannot be locked \(No such file"):
        lock(tmp_path / "absent" / "lock", "held")

    def no_locks(*_):
        raise OSError(37, "No locks available")

    monkeypatch.setattr("fcntl.flock", no_locks)
    with pytest.raises(InputError, match=r"lock: cannot be locked \(No locks available\)"):
        lock(tmp_path / "lock", "held")
