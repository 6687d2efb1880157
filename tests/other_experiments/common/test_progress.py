"""Progress without a terminal: a plain line now and then."""

from other_experiments.common import progress
from other_experiments.common.progress import Progress


def test_plain_lines_count_from_where_the_run_continues(capsys, monkeypatch):
    monkeypatch.setattr(progress, "INTERVAL", 0.0)
    with Progress("train", 10, done=4) as bar:
        bar.advance()
        bar.advance(2, note="loss 3.5")
    assert capsys.readouterr().err == "train: 5/10\ntrain: 7/10 loss 3.5\n"


def test_short_work_prints_nothing(capsys):
    with Progress("train", 3) as bar:
        bar.advance(3)
    assert capsys.readouterr() == ("", "")
