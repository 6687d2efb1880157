"""Figures of finished runs: which images are shown, which lines are drawn."""

import numpy as np
import pytest
from matplotlib import pyplot

from onmt_evsoftmax.base.errors import InputError
from other_experiments.common.plots import COLOURS, METHODS, PRINTED
from other_experiments.vqvae import figures
from other_experiments.vqvae.runs import codes, grouped

from .conftest import support_of


def test_every_run_has_its_samples_drawn(runs, tmp_path, capsys):
    (runs / "live" / "seed-2" / "results.json").unlink()
    (runs / "collapsed" / "seed-1" / "results.json").unlink()
    figures.main([str(runs), "--out", str(tmp_path)])
    names = {"figure5-live-seed-1.png", "figure5-collapsed-seed-2.png", "support.png", "codebooks.png"}
    assert {file.name for file in tmp_path.glob("*.png")} == names
    assert len(capsys.readouterr().out.splitlines()) == 4
    assert pyplot.imread(tmp_path / "figure5-live-seed-1.png").std() > 0.1


def test_rows_are_methods_and_columns_the_papers_queries(runs):
    (run, _) = grouped(runs)["live"]
    figure = figures.figure5(run)
    grid = np.array(figure.axes).reshape(1 + len(METHODS), 3)
    assert [axes.get_title() for axes in grid[0]] == ["cauliflower", "jellyfish", "mashed potato"]
    assert [line[0].get_ylabel() for line in grid] == ["reconstructions", *PRINTED.values()]
    images, labels = run.images("samples", "evsoftmax", "samples.npz")
    shown = grid[-1, 1].images[0].get_array()
    assert np.array_equal(shown[1:17, 1:17], images[labels == 1][0].transpose(1, 2, 0))


def test_other_classes_take_the_place_of_absent_ones(runs):
    (run, _) = grouped(runs)["live"]
    run.results["classes"] = list("abcd")
    titles = [axes.get_title() for axes in figures.figure5(run).axes[:3]]
    assert titles == ["a", "b", "c"]


def test_supports_are_drawn_for_every_seed_with_the_catalogues_colours(runs):
    figure = figures.support(grouped(runs))
    collapsed, live = figure.axes[:2]
    assert "collapsed" in collapsed.get_title() and "live" in live.get_title()
    lines = [line for line in collapsed.lines if line.get_color() == COLOURS["evsoftmax"]]
    assert len(lines) == 2
    steps, values = lines[0].get_data()
    assert values.tolist() == pytest.approx([support_of("evsoftmax", 6, step) for step in steps.tolist()])
    (level,) = (line for line in collapsed.lines if line.get_label() == "codes in use")
    assert list(level.get_ydata()) == [6, 6]
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert texts == [*PRINTED.values(), "codes in use"]


def test_codebooks_are_drawn_with_and_without_priors(runs):
    figure = figures.codebooks(codes(runs))
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == ["collapsed", "kmeans", "live"] and len(figure.axes[0].lines) == 6
    (line,) = (line for line in figure.axes[0].lines if line.get_label() == "kmeans")
    assert line.get_xdata().tolist() == [1, 10, 100] and line.get_ydata().tolist() == [12] * 3


def test_steps_before_k_means_are_not_drawn(runs):
    file = runs / "kmeans" / "seed-1" / "vqvae" / "log.jsonl"
    file.write_text(file.read_text().replace('"codes_in_use": 12', '"codes_in_use": 0', 1))
    (line,) = (line for line in figures.codebooks(codes(runs)).axes[0].lines if line.get_label() == "kmeans")
    assert line.get_xdata().tolist() == [10, 100]


def test_missing_and_damaged_images_are_named(runs):
    file = runs / "live" / "seed-1" / "samples" / "softmax" / "samples.npz"
    (run, _) = grouped(runs)["live"]
    for damage in (lambda: file.write_bytes(b"damaged"), file.unlink):
        damage()
        with pytest.raises(InputError, match="softmax/samples.npz: missing or damaged"):
            figures.figure5(run)
