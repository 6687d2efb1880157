from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from onmt_evsoftmax.archive.models import open_models
from onmt_evsoftmax.archive.panel import View, select_panels
from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.figures.bars import draw_bars
from onmt_evsoftmax.figures.canvas import save


@pytest.fixture
def panels(archive):
    return select_panels(open_models([archive("softmax"), archive()]), 0, View(head="0"))


def heights(axes):
    """Weight of every bar by its place."""
    return {int(bar.get_x() + bar.get_width() / 2): bar.get_height() for bar in axes.patches}


@pytest.mark.parametrize("row", [0, 6])
def test_bars_are_the_row_of_the_map_and_dots_its_zeros(panels, row):
    figure = draw_bars(panels, row, "heading")
    assert len(figure.axes) == 2
    for axes, panel in zip(figure.axes, panels):
        weights = panel.weights[row]
        assert heights(axes) == pytest.approx({k: w for k, w in enumerate(weights) if w > 0})
        dots = {int(x) for x, _ in axes.collections[0].get_offsets()}
        assert dots == set(np.flatnonzero(weights == 0))
        assert [tick.get_text() for tick in axes.get_xticklabels()] == panel.keys
    assert heights(figure.axes[0]).keys() != heights(figure.axes[1]).keys()


def test_models_share_one_scale_that_holds_every_bar(panels):
    figure = draw_bars(panels, 1, "heading")
    limits = {axes.get_ylim() for axes in figure.axes}
    assert len(limits) == 1
    assert limits.pop()[1] >= max(panel.weights[1].max() for panel in panels)


def test_hidden_keys_get_neither_bar_nor_dot(archive):
    (panel,) = select_panels(open_models([archive()]), 0, View(kind="decoder", head="0"))
    (axes,) = draw_bars([panel], 0, "heading").axes
    assert heights(axes) == {0: 1.0} and len(axes.collections[0].get_offsets()) == 0


def test_captions_count_the_attended_tokens(panels, tmp_path):
    save(draw_bars(panels, 0, "heading", ["a note"]), tmp_path / "bars.svg")
    tree = ElementTree.parse(tmp_path / "bars.svg")
    shown = {"".join(node.itertext()) for node in tree.iter() if node.tag.endswith("}text")}
    attended = np.count_nonzero(panels[1].weights[0])
    assert attended < 5
    assert "“ein” attends to 5 of 5; layer 1 (last), head 0" in shown
    assert f"“ein” attends to {attended} of 5; layer 1 (last), head 0" in shown
    assert {"softmax", "ev-softmax", "heading", "a note", "steam@@"} <= shown
    assert "A grey dot is a weight of exactly 0." in shown


def test_everything_lies_inside_the_figure(archive):
    pairs = [("Donaudampfschifffahrtsgesellschaft " * 3 + "a b", "x")]
    panels = select_panels(open_models([archive(pairs=pairs)]), 0, View())
    figure = draw_bars(panels, 0, "heading")
    FigureCanvasAgg(figure).draw()
    for axes in figure.axes:
        box = axes.get_tightbbox()
        assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= figure.bbox.x1 and box.y1 <= figure.bbox.y1


@pytest.mark.parametrize("row", [-1, 7])
def test_row_out_of_range(panels, row):
    with pytest.raises(InputError, match=rf"--target_word {row}: softmax has rows 0 to 6"):
        draw_bars(panels, row, "heading")
