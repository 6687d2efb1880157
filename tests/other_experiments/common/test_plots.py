"""Figures: each method has a colour of its own, and a figure is written in the format of its name."""

from matplotlib.figure import Figure

from other_experiments.common.plots import COLOURS, METHODS, PRINTED, save


def test_every_method_has_its_own_colour_and_name():
    assert set(COLOURS) == set(PRINTED) == set(METHODS)
    assert len(set(COLOURS.values())) == len(set(PRINTED.values())) == 5


def test_formats_follow_the_name(tmp_path):
    figure = Figure()
    figure.subplots().plot([0, 1])
    for name, start in (("a.png", b"\x89PNG"), ("a.pdf", b"%PDF"), ("a.svg", b"<?xml")):
        save(figure, tmp_path / name)
        assert (tmp_path / name).read_bytes().startswith(start)
