"""Tables and figures of finished runs."""

import json
import math

import numpy as np
import pytest

from onmt_evsoftmax.base.errors import InputError
from other_experiments.common.runs import RunFolder
from other_experiments.vampprior import figures, table, train
from other_experiments.vampprior.runs import grouped

SETTINGS = {
    "dataset": "frey", "latent": 40, "hidden": 300, "epochs": 830, "warm_up": 100,
    "learning_rate": 5e-4, "normalised_gradients": True,
}  # fmt: skip
VAMP = {**SETTINGS, "prior": "vampprior", "pseudo_inputs": 500, "pseudo_start": "random"}
STANDARD = {**SETTINGS, "prior": "standard"}
BIT = 560 * math.log(2)


def write(runs, settings, seed, nats, finish=True):
    """A run whose test images have the given -log p(x)."""
    name = f"{settings['prior']}-{settings['latent']}"
    folder = RunFolder(runs / name / f"seed-{seed}", {"seed": seed, **settings})
    for epoch in range(1, 31):
        folder.log({"epoch": epoch, "reconstruction": 9 / epoch, "kl": epoch, "validation_elbo": -9 / epoch})
    nats, tiles = np.array(nats), np.random.default_rng(0).random((7, 28, 20), np.float32)
    images = {key: tiles for key in ("originals", "samples", "reconstructions")}
    if settings["prior"] == "vampprior":
        images["pseudo_inputs"] = tiles
    np.savez(folder.path / "images.npz", log_likelihood=-nats, **images)
    summary = {"mean": nats.mean(), "error": 0.5}
    bits = {key: value / BIT for key, value in summary.items()}
    results = {"best_epoch": 7, "nats": summary, "bits_per_dimension": bits}
    results.update(reconstruction=summary, kl=summary)
    if settings["prior"] == "vampprior":
        results.update(components_train=123.4, distinct_components_train=45.6)
    folder.close()
    if finish:
        folder.finish(results)
    return folder.path


@pytest.fixture
def runs(tmp_path):
    write(tmp_path, STANDARD, 1, [1000.0, 1200.0])
    write(tmp_path, STANDARD, 2, [1010.0, 1230.0])
    write(tmp_path, VAMP, 1, [990.0, 1180.0])
    write(tmp_path, VAMP, 3, [0.0, 0.0], finish=False)
    return tmp_path


def test_scores_stand_beside_the_reports(runs):
    standard, vamp = (table.row(group) for group in grouped(runs))
    assert standard["score"] == pytest.approx(1110 / BIT)
    assert standard["error_over_seeds"] == pytest.approx(10 / BIT)
    assert (standard["report"], vamp["report"]) == (4.620, 4.532)
    assert vamp["error_over_seeds"] is None
    lines = [line for line in table.markdown(grouped(runs)).splitlines() if line.startswith("| VampPrior")]
    assert len(lines) == 1 and "123 / 46" in lines[0] and "4.532" in lines[0]


def test_priors_are_compared_image_by_image_with_the_same_seed(runs):
    (pair,) = table.differences(grouped(runs))
    assert pair["seed"] == 1
    assert pair["gain"] == pytest.approx(15 / BIT)
    assert pair["error"] == pytest.approx(5 / BIT)


@pytest.mark.parametrize("change", [{"epochs": 200}, {"learning_rate": 2e-3}, {"pseudo_start": "data"}, {"latent": 20}])
def test_other_settings_have_no_score_of_the_report(change):
    assert table.published({**VAMP, **change}) is None


def test_the_plan_has_a_run_for_every_score_of_the_report_on_frey_faces():
    arguments = train.parser().parse_args(["--plan", str(train.CONFIG.with_name("report.yaml"))])
    found = {table.published(settings) for settings, _ in train.planned(arguments)}
    assert found >= {vampprior for (dataset, *_), (_, vampprior) in table.REPORT.items() if dataset == "frey"}
    assert found & {standard for standard, _ in table.REPORT.values()}


def test_the_commands_write_whole_files(runs, tmp_path):
    out = tmp_path / "out"
    table.main([str(runs), "--out", str(out)])
    figures.main([str(runs), "--out", str(out)])
    rows = json.loads((out / "results.json").read_text())["rows"]
    assert [row["settings"]["prior"] for row in rows] == ["standard", "vampprior"]
    assert sorted(path.name for path in out.glob("*.png")) == [
        "frey-m40-losses.png", "standard-40.png", "vampprior-40.png",
    ]  # fmt: skip


def test_no_finished_run_is_said(tmp_path):
    write(tmp_path, VAMP, 1, [1.0, 2.0], finish=False)
    with pytest.raises(InputError, match="no run that is through"):
        table.main([str(tmp_path)])


def test_curves_name_what_differs(runs):
    write(runs, {**VAMP, "latent": 10}, 1, [1.0, 2.0])
    write(runs, {**VAMP, "learning_rate": 2e-3, "latent": 11}, 1, [1.0, 2.0])
    labels = [figures.label(group, grouped(runs)) for group in grouped(runs)]
    assert "VampPrior, rate 0.002" in labels and "standard, rate 0.0005" in labels
