"""Progress: plain lines where there is no terminal, bars where there is one."""

import io

from rich.console import Console

from onmt_evsoftmax.base import progress
from onmt_evsoftmax.base.progress import Bar, Progress, bar_on_stderr


def test_plain_lines_count_from_where_an_earlier_process_stopped(capsys, monkeypatch):
    monkeypatch.setattr(progress, "INTERVAL", 0.0)
    with bar_on_stderr("train [1]") as bar:
        bar.start(10, done=4)
        bar.advance(1)
        bar.advance(2, note="loss 3.5")
        bar.start()  # such as a download that begins again
        bar.advance(8)
    assert capsys.readouterr().err == "train [1]: 5/10\ntrain [1]: 7/10 loss 3.5\ntrain [1]: 8\n"


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
