"""Learning curves out of logs, joined where a run was interrupted; against OpenNMT-py's own logging."""

from __future__ import annotations

import logging
import math

import pytest

from onmt_evsoftmax.pages.report.curves import learning_curves
from onmt_evsoftmax.sweep.folder import read_sweep
from onmt_evsoftmax.sweep.train_log import read_train_log

from .sweeps import log_session


def read(tmp_path, text):
    path = tmp_path / "train.log"
    path.write_text(text, encoding="utf-8")
    return read_train_log(path)


def test_one_session(tmp_path):
    curves = read(tmp_path, log_session(1, 600, start_value=20))
    assert list(curves["train_perplexity"]) == list(range(50, 601, 50))
    assert curves["train_perplexity"][400] == pytest.approx(5.0)
    assert curves["train_accuracy"][400] == pytest.approx(40.0)
    assert curves["valid_perplexity"] == {200: 20.005, 400: 20.0025, 600: pytest.approx(20.00167, abs=1e-4)}
    assert curves["valid_accuracy"] == {200: 10.0, 400: 20.0, 600: 30.0}


def test_a_continued_run_replaces_what_came_after_its_checkpoint(tmp_path):
    """Killed at step 530, continued from the checkpoint of step 400."""
    curves = read(tmp_path, log_session(1, 530, start_value=20) + log_session(401, 600, start_value=40))
    assert list(curves["train_perplexity"]) == list(range(50, 601, 50))
    assert curves["train_perplexity"][400] == pytest.approx(5.0)
    assert curves["train_perplexity"][450] == pytest.approx(40 * 100 / 450, abs=0.1)
    assert list(curves["valid_perplexity"]) == [200, 400, 600]
    assert curves["valid_perplexity"][400] == 20.0025 and curves["valid_perplexity"][600] > 40


def test_a_run_that_starts_anew_forgets_the_old_one(tmp_path):
    curves = read(tmp_path, log_session(1, 530, start_value=20) + log_session(1, 100, start_value=40))
    assert list(curves["train_perplexity"]) == [50, 100] and curves["valid_perplexity"] == {}


def test_a_killed_run_leaves_half_a_line(tmp_path):
    whole = log_session(1, 200, start_value=20)
    path = tmp_path / "train.log"
    for cut in range(1, 300):
        path.write_bytes((whole + "[2026 INFO] Step 250/  600; acc: 2").encode()[:-cut] + b"\xc3")
        assert set(read_train_log(path)["train_perplexity"]) <= {50, 100, 150, 200}


@pytest.mark.parametrize("report_every, valid_steps", [(300, 500), (50, 200), (100, 100), (70, 100), (400, 200)])
def test_validations_get_their_steps(tmp_path, report_every, valid_steps):
    curves = read(
        tmp_path,
        log_session(1, 1500, start_value=9, valid_steps=valid_steps, report_every=report_every, of=1500),
    )
    expected = {step: pytest.approx(step / 20) for step in range(valid_steps, 1501, valid_steps)}
    assert curves["valid_accuracy"] == expected


def test_what_opennmt_logs_is_read(tmp_path):
    """The oracle is OpenNMT-py's own report manager, NaN and infinity included."""
    onmt = pytest.importorskip("onmt")
    from onmt.utils.logging import logger
    from onmt.utils.report_manager import ReportMgr

    path = tmp_path / "train.log"
    handler = logging.FileHandler(path, encoding="utf-8")
    level, disabled = logger.level, logger.disabled
    logger.setLevel(logging.INFO)  # not by assignment: logging remembers what it has refused before
    logger.disabled = False
    logger.addHandler(handler)
    try:
        manager = ReportMgr(report_every=50, start_time=0)
        logger.info("Start training loop and validate every %d steps...", 100)
        for step, loss in ((50, 300.0), (100, 200.0), (150, math.nan)):
            stats = onmt.utils.Statistics(loss=loss, n_batchs=1, n_sents=10, n_words=100, n_correct=40)
            manager.report_training(step, 150, 0.1, None, stats)
            if step == 100:
                manager.report_step(0.1, None, step, train_stats=stats, valid_stats=stats)
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        logger.disabled = disabled
    curves = read_train_log(path)
    assert curves["train_accuracy"] == {50: 40, 100: 40, 150: 40}
    assert curves["train_perplexity"][50] == pytest.approx(math.exp(3), abs=0.05)
    assert not math.isfinite(curves["train_perplexity"][150]) or curves["train_perplexity"][150] > 1e40
    assert curves["valid_perplexity"] == {100: pytest.approx(math.exp(2), rel=1e-5)}
    assert curves["valid_accuracy"] == {100: 40}


def test_curves_of_a_sweep(own_sweep):
    (own_sweep / "softmax.2" / "train.log").unlink()
    (own_sweep / "evsoftmax.1" / "train.log").write_text(
        "Start training loop without validation...\nStep 50/ 100; acc: nan; ppl:   inf; xent: nan;\n",
        encoding="utf-8",
    )
    curves, missing = learning_curves(read_sweep(own_sweep))
    assert [(run["function"], run["seed"]) for run in curves["train"]] == [
        ("softmax", 1),
        ("evsoftmax", 1),
        ("evsoftmax", 2),
    ]
    assert curves["train"][1]["train_perplexity"] == [[50, None]]  # JSON has no infinity
    assert len(curves["pretrain"]) == 1
    assert [part.text.split()[0] for part in missing] == ["softmax.2/train.log"]
