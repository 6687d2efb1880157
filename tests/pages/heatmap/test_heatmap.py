import re
from itertools import product
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb

from onmt_evsoftmax.archive.models import open_models
from onmt_evsoftmax.archive.panel import Panel, View, select_panels
from onmt_evsoftmax.figures.canvas import DOTS_PER_INCH, save
from onmt_evsoftmax.figures.colour import LIGHT
from onmt_evsoftmax.figures.heatmap import WIDEST, cell_size, draw_heatmap, label_points
from onmt_evsoftmax.figures.text import label


def make_panel(weights, title="ev-softmax", **fields):
    weights = np.asarray(weights, dtype=float)
    queries, keys = [[f"{side}{i}" for i in range(n)] for side, n in zip("qk", weights.shape)]
    defaults = dict(
        title=title,
        subtitle="layer 0, head 0",
        queries=queries,
        keys=keys,
        weights=weights,
        visible=np.ones(weights.shape, bool),
    )
    return Panel(**{**defaults, **fields})


def pixel(figure, axes, x, y):
    """RGB, 0 to 1, of the picture at a place in data coordinates."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    image = np.asarray(canvas.buffer_rgba())
    column, row = axes.transData.transform((x, y))
    return image[image.shape[0] - 1 - int(row), int(column), :3] / 255


def test_pixels_of_zero_small_and_large_weights():
    panel = make_panel([[1e-6, 0.2, 0.0], [0.5, 0.0, 1.0]])
    figure = draw_heatmap([panel], "heading")
    # a quarter into the cell, clear of the dot in its middle
    places = product(range(2), range(3))
    cells = {(q, k): pixel(figure, figure.axes[0], k + 0.25, q + 0.25) for q, k in places}
    for query, key in ((0, 2), (1, 1)):
        np.testing.assert_allclose(cells[query, key], to_rgb(LIGHT.zero), atol=0.01)
        dot = pixel(figure, figure.axes[0], key + 0.5, query + 0.5)
        np.testing.assert_allclose(dot, to_rgb(LIGHT.dot), atol=0.05)
    assert np.abs(cells[0, 0] - cells[0, 2]).max() > 0.2
    darkness = [1 - cells[place].mean() for place in ((0, 2), (0, 0), (0, 1), (1, 0), (1, 2))]
    assert darkness == sorted(darkness)


def test_masked_cells_are_the_page():
    panel = make_panel([[1.0, 0.0], [0.5, 0.5]], visible=np.array([[True, False], [True, True]]))
    figure = draw_heatmap([panel], "heading")
    for place in (0.25, 0.5):
        np.testing.assert_allclose(pixel(figure, figure.axes[0], 1 + place, place), to_rgb(LIGHT.page))


def test_the_same_weight_has_the_same_colour_in_every_figure():
    faint, full = (draw_heatmap([make_panel([[0.1, other]])], "") for other in (0.2, 0.9))
    np.testing.assert_array_equal(pixel(faint, faint.axes[0], 0.3, 0.3), pixel(full, full.axes[0], 0.3, 0.3))


@pytest.mark.parametrize("tokens", [1, 5, 20, 60, 100])
def test_labels_are_legible_and_do_not_touch(tokens):
    points = label_points(cell_size(tokens))
    assert 7 <= points <= 10 and points < 72 * cell_size(tokens)


@pytest.mark.parametrize("queries, keys, models", [(1, 1, 1), (5, 7, 1), (5, 7, 3), (60, 55, 2), (3, 40, 2)])
def test_every_panel_and_label_lies_inside_the_figure(queries, keys, models):
    weights = np.full((queries, keys), 1 / keys)
    names = dict(queries=["Wort" * 4] * queries, keys=["Donaudampfschifffahrt"] * keys)
    panels = [make_panel(weights, title="softmax of a model with a name", **names) for _ in range(models)]
    figure = draw_heatmap(panels, "heading", ["a note"])
    FigureCanvasAgg(figure).draw()
    assert figure.get_size_inches()[0] <= WIDEST + 1
    for axes in figure.axes[:models]:
        box = axes.get_tightbbox()
        assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= figure.bbox.x1 and box.y1 <= figure.bbox.y1
        labels = [tick.get_window_extent() for tick in axes.get_xticklabels()]
        assert max(extent.y1 for extent in labels) < min(text.get_window_extent().y0 for text in axes.texts)
    corners = [axes.transData.transform([(0, 0), (1, 1)]) for axes in figure.axes[:models]]
    cells = {tuple(np.round(end - start, 3)) for start, end in corners}
    assert len(cells) == 1
    ((wide, high),) = cells
    assert wide == pytest.approx(-high, rel=1e-3)


def test_size_follows_the_number_of_tokens_and_models():
    def size(queries, keys, count=1):
        return draw_heatmap([make_panel(np.ones((queries, keys)))] * count, "").get_size_inches()

    assert size(16, 40)[0] > size(16, 16)[0] and size(40, 16)[1] > size(16, 16)[1]
    assert size(16, 30, 2)[0] == pytest.approx(2 * size(16, 30)[0], rel=0.1)
    # what does not fit beside goes below
    assert size(60, 60, 3)[1] > 1.7 * size(60, 60, 2)[1]


def test_heads_of_a_model_break_into_equal_lines():
    # two models of four heads; three would fit into a line
    figure = draw_heatmap([make_panel(np.ones((22, 22)))] * 8, "", group=4)
    corners = [axes.get_position().corners()[1] for axes in figure.axes[:8]]
    lefts, tops = (sorted({round(value, 4) for value in values}) for values in zip(*corners))
    assert (len(lefts), len(tops)) == (2, 4)
    assert len({tuple(np.round(corner, 4)) for corner in corners}) == 8


def test_each_model_starts_a_new_line_of_heads():
    figure = draw_heatmap([make_panel(np.ones((3, 3)))] * 6, "", group=3)
    tops = [round(axes.get_position().y1, 4) for axes in figure.axes[:6]]
    assert tops[0] == tops[1] == tops[2] > tops[3] == tops[4] == tops[5]


def texts(path):
    nodes = ElementTree.parse(path).iter()
    return {"".join(node.itertext()) for node in nodes if node.tag.endswith("}text")}


@pytest.mark.parametrize("sentence", [0, 1, 2])
@pytest.mark.parametrize("kind", ["cross", "decoder"])
def test_svg_is_xml_with_every_token_as_text(archive, tmp_path, sentence, kind):
    models = open_models([archive("softmax"), archive()])
    view = View(kind=kind)
    panels = select_panels(models, sentence, view)
    save(draw_heatmap(panels, view.heading(sentence)), tmp_path / "map.svg")
    shown = texts(tmp_path / "map.svg")
    tokens = {label(token) for panel in panels for token in (*panel.queries, *panel.keys)}
    assert tokens <= shown
    assert {"softmax", "ev-softmax", "exactly 0", "layer 1 (last), mean of 3 heads", ">0"} <= shown
    assert ("hidden by the causal mask" in shown) == (kind == "decoder")


def test_svg_fills_cells_with_their_colours(tmp_path):
    save(draw_heatmap([make_panel([[0.0, 1.0], [1e-9, 0.0]])], ""), tmp_path / "map.svg")
    fills = re.findall(r"fill: (#[0-9a-f]{6})", (tmp_path / "map.svg").read_text())
    assert LIGHT.ramp()[0] in fills and LIGHT.ramp()[-1] in fills
    assert fills.count(LIGHT.zero) == 3  # two cells and the legend


@pytest.mark.parametrize("form, start", [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF-")])
def test_the_same_figure_is_the_same_bytes(archive, tmp_path, form, start):
    models = open_models([archive("softmax"), archive()])
    contents = []
    for run in range(2):
        path = tmp_path / f"{run}.{form}"
        save(draw_heatmap(select_panels(models, 2, View()), "heading", ["note"]), path)
        contents.append(path.read_bytes())
    assert contents[0] == contents[1] and contents[0].startswith(start)


def test_pdf_embeds_its_fonts(tmp_path):
    save(draw_heatmap([make_panel([[1.0]])], ""), tmp_path / "map.pdf")
    content = (tmp_path / "map.pdf").read_bytes()
    assert b"/FontFile2" in content and b"/Type3" not in content


def test_png_has_the_size_of_the_figure(tmp_path):
    figure = draw_heatmap([make_panel(np.eye(9))], "")
    save(figure, tmp_path / "map.png")
    header = (tmp_path / "map.png").read_bytes()[16:24]
    size = np.frombuffer(header, ">u4")
    np.testing.assert_allclose(size, figure.get_size_inches() * DOTS_PER_INCH, atol=1)


def test_characters_without_a_font_are_reported(tmp_path):
    panel = make_panel([[1.0]], keys=["\U00012000"])
    assert save(draw_heatmap([panel], ""), tmp_path / "map.png") == ["\U00012000"]
    assert save(draw_heatmap([make_panel([[1.0]], keys=["ß"])], ""), tmp_path / "map.png") == []
