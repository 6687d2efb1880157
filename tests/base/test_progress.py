"""Progress: plain lines where there is no terminal, bars where there is one."""

import io

import pytest
from rich.console import Console

from onmt_evsoftmax.base import progress
from onmt_evsoftmax.base.progress import Bar, Progress, bar_on_stderr


@pytest.fixture
def clock(monkeypatch):
    """Seconds that go by only when a test says so; every advance makes a line."""
    now = [100.0]
    monkeypatch.setattr(progress, "INTERVAL", 0.0)
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_plain_lines_count_from_where_an_earlier_process_stopped(capsys, clock):
    with bar_on_stderr("train [1]") as bar:
        bar.start(10, done=4)
        bar.advance(2)
        clock[0] += 40
        bar.advance(2, note="loss 3.5")  # 40 s for the four of this process
        bar.advance(2)
        bar.start()  # such as a download that begins again
        bar.advance(8)
    assert capsys.readouterr().err.splitlines() == [
        "train [1]: 6/10",
        "train [1]: 8/10, 0:00:20 left loss 3.5",
        "train [1]: 10/10",
        "train [1]: 8",
    ]


def test_the_time_left_is_in_hours_minutes_and_seconds(capsys, clock):
    with bar_on_stderr("train") as bar:
        bar.start(100)
        clock[0] += 3725.4
        bar.advance(50)
    assert capsys.readouterr().err == "train: 50/100, 1:02:05 left\n"


def test_short_work_prints_nothing(capsys):
    with bar_on_stderr("train") as bar:
        bar.start(3)
        bar.advance(3)
    assert capsys.readouterr() == ("", "")


def test_a_terminal_shows_a_bar_with_its_note():
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=120)
    with Progress(console) as shown, shown.bar("train") as bar:
        bar.start(10, done=4)
        bar.advance(1, note="loss 3.5")
        shown._bars.refresh()
    assert "5/10" in stream.getvalue() and "loss 3.5" in stream.getvalue()


def test_without_a_console_nothing_is_shown(capsys):
    with Progress() as shown, shown.step("fetch") as bar:
        bar.start(2)
        bar.advance(2)
    Bar("alone").advance(1)
    assert capsys.readouterr() == ("", "")
