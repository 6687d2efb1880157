"""The page in a real browser."""

import re

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from onmt_evsoftmax.archive.models import open_models
from onmt_evsoftmax.archive.panel import View, select_panels
from onmt_evsoftmax.figures.colour import LIGHT, position
from onmt_evsoftmax.pages.heatmap.page import write_page

HELPERS = """
const result = [];
const read = () => result.push(document.getElementById("readout").textContent);
const choose = async (id, value) => {
  const control = document.getElementById(id);
  if (control.type === "checkbox") control.checked = value; else control.value = value;
  control.dispatchEvent(new Event(id === "find" ? "input" : "change"));
  await drawViewer();
};
const map = index => document.querySelectorAll(".cells")[index];
const press = (index, ...keys) => { for (const key of keys)
  map(index).dispatchEvent(new KeyboardEvent("keydown", { key, cancelable: true })); };
const side = figure => parseFloat(figure.querySelector(".cursor").style.width);
// the pixels [red, green, blue, alpha] at one place of every cell, from 0 to 1 across and down
const pixels = (figure, place) => {
  const canvas = figure.querySelector("canvas"), fine = canvas.width / parseFloat(canvas.style.width);
  const { width, height } = canvas, step = side(figure) * fine;
  const brush = Object.assign(document.createElement("canvas"), { width, height })
    .getContext("2d", { willReadFrequently: true });
  brush.drawImage(canvas, 0, 0);
  const [rows, columns] = [height, width].map(length => Math.round(length / step));
  return [...Array(rows).keys()].map(q => [...Array(columns).keys()].map(k =>
    [...brush.getImageData((k + place) * step, (q + place) * step, 1, 1).data]));
};
const look = () => result.push([...document.querySelectorAll("figure")].map(figure => ({
  title: figure.querySelector("strong").textContent, subtitle: figure.querySelector("span").textContent,
  labels: [...figure.querySelectorAll("text")].map(text => text.textContent),
  fill: pixels(figure, 0.2), middle: pixels(figure, 0.5),
})));
"""


@pytest.fixture
def browse(visit, archive, tmp_path):
    """Opens the page of softmax and ev-softmax, runs a script in it, returns what it put into ``result``."""
    of_pairs = open_models([archive("softmax"), archive()])

    def run(script, models=of_pairs, **view):
        path = tmp_path / "page.html"
        write_page(models, path, [0, 1, 2], 0, View(**view))
        return visit(path).evaluate(f"async () => {{ {HELPERS} await drawViewer(); {script}; return result; }}")

    run.models = of_pairs
    return run


def expected(models, sentence, **view):
    """What the page should show, from the figures' side of the house."""
    return [
        {"title": panel.title, "subtitle": panel.subtitle, "labels": [*panel.queries, *panel.keys], "panel": panel}
        for panel in select_panels(models, sentence, View(**view))
    ]


def assert_shown(shown, expected):
    """Texts, and the pixels of every cell: masked ones clear, zeros grey with a dot, others on the scale."""
    assert len(shown) == len(expected) > 0
    for figure, wanted in zip(shown, expected):
        assert figure["title"] == wanted["title"]
        assert figure["subtitle"] == wanted["subtitle"]
        assert figure["labels"] == wanted["labels"]
        panel = wanted["panel"]
        fill, middle = (np.array(figure[place]) for place in ("fill", "middle"))
        assert fill.shape == middle.shape == (*panel.weights.shape, 4)
        np.testing.assert_array_equal(fill[..., 3], np.where(panel.visible, 255, 0))
        np.testing.assert_array_equal(middle[..., 3], fill[..., 3])
        assert (fill[panel.zero, :3] == rgb(LIGHT.zero)).all()
        assert (middle[panel.zero, :3] == rgb(LIGHT.dot)).all()
        some = panel.visible & ~panel.zero
        np.testing.assert_array_equal(middle[some], fill[some])
        # the page rounds a weight on this very scale, so its colour may be the next one
        ramp = np.array([rgb(colour) for colour in LIGHT.ramp()])
        steps = np.round(position(panel.weights[some]) * (len(ramp) - 1)).astype(int)
        near = np.clip(steps[:, None] + [-1, 0, 1], 0, len(ramp) - 1)
        assert (ramp[near] == fill[some][:, None, :3]).all(-1).any(-1).all()


def rgb(colour):
    return np.round(255 * np.array(to_rgb(colour))).astype(int)


def test_choosing_shows_what_the_figures_show(browse):
    first, second, third, fourth, alone = browse("""
        look();
        await choose("sentence", 2); look();
        await choose("kind", "decoder"); await choose("head", "1"); await choose("layer", "0"); look();
        await choose("sentence", 0); await choose("merge", true); look();
        document.querySelector("#models input").click(); await drawViewer(); look();
    """)
    assert_shown(first, expected(browse.models, 0))
    assert_shown(second, expected(browse.models, 2))
    assert_shown(third, expected(browse.models, 2, kind="decoder", head="1", layer=0))
    merged = expected(browse.models, 0, kind="decoder", head="1", layer=0, merge_subwords=True)
    assert_shown(fourth, merged)
    assert alone == fourth[1:]
    # all three sorts of cells are there
    panel = merged[1]["panel"]
    assert panel.zero.any() and not panel.visible.all() and (panel.visible & ~panel.zero).any()


def test_an_empty_source_line_is_shown_as_such(browse, archive):
    pairs = [("a b", "c"), ("", "d e"), ("f", "g")]
    models = open_models([archive(name, name=f"{name} empty", pairs=pairs) for name in ("softmax", "evsoftmax")])
    *empty, option, cells = browse(
        """
        const texts = () => result.push([...document.querySelectorAll("figure p")].map(text => text.textContent));
        await choose("sentence", 1); texts();
        await choose("merge", true); texts();
        await choose("kind", "encoder"); texts();
        result.push(document.getElementById("sentence").options[1].textContent);
        await choose("kind", "decoder"); result.push(document.querySelectorAll(".cells").length);
    """,
        models=models,
    )
    assert empty == [["no source words", "no source words"]] * 3
    assert option == "1: (no source words)" and cells == 2


def number(readout):
    """The weight that a readout names."""
    value = re.search(r"  (exactly 0|hidden by the causal mask|≈ [0-9.e-]+) \(", readout)[1]
    return float(value[2:]) if value[0] == "≈" else 0.0


@pytest.mark.parametrize("view", [dict(head="0"), dict(head="mean", merge_subwords=True), dict(head="max")])
def test_the_keyboard_reads_every_weight(browse, view):
    _, panel = select_panels(browse.models, 0, View(**view))
    queries, keys = panel.weights.shape
    readouts = browse(
        f"""
        press(1, "Home");
        for (let q = 0; q < {queries}; q++) {{
            press(1, "Home"); read();
            for (let k = 1; k < {keys}; k++) {{ press(1, "ArrowRight"); read(); }}
            press(1, "ArrowRight", "ArrowDown");  // the edge holds
        }}
    """,
        **view,
    )
    read = np.reshape([number(text) for text in readouts], panel.weights.shape)
    np.testing.assert_allclose(read, panel.weights, atol=0.0045, rtol=0.05)
    np.testing.assert_array_equal(read == 0, panel.zero)
    for text, weight, (q, k) in zip(readouts, panel.weights.flat, np.ndindex(queries, keys)):
        assert text.startswith(f"ev-softmax: {panel.queries[q]} → {panel.keys[k]}  ")
        assert ("exactly 0" in text) == (weight == 0)
        assert text.endswith(f"(this row attends to {np.count_nonzero(panel.weights[q])} of {keys})")


def test_pointer_and_mask(browse):
    pointed, cursor, labels, hidden = browse(
        """
        const box = map(1).querySelector("canvas").getBoundingClientRect();
        const cell = side(map(1).closest("figure"));
        map(1).dispatchEvent(new PointerEvent("pointermove",
            { clientX: box.left + 3.5 * cell, clientY: box.top + 0.5 * cell }));
        read();
        const cursor = map(1).querySelector(".cursor"), frame = cursor.getBoundingClientRect();
        result.push([cursor.hidden, (frame.left - box.left) / cell, (frame.top - box.top) / cell,
                     frame.width / cell]);
        result.push([...map(1).closest(".map").querySelectorAll("text.here")].map(text => text.textContent));
        await choose("kind", "decoder"); press(0, "Home", "End"); read();
    """,
        head="0",
    )
    assert pointed.startswith("ev-softmax: ein → leaves  ")
    assert cursor == [False, 3, 0, 1]
    assert labels == ["ein", "leaves"]
    assert hidden == "softmax: ein → .  hidden by the causal mask (this row attends to 1 of 1)"


def test_maps_stand_beside_each_other_wherever_their_cells_were_sized_for_it(browse):
    shown = browse("""
        for (let width = 420; width < 900; width += 6) {
            document.body.style.width = width + "px";
            await drawViewer();
            const [first, second] = document.querySelectorAll("figure");
            const beside = first.getBoundingClientRect().top === second.getBoundingClientRect().top;
            result.push([beside, side(first)]);
        }
    """)
    assert {beside for beside, _ in shown} == {True, False}
    # below each other a map has room for the largest cells
    assert all(beside or side == 30 for beside, side in shown)
    assert {side for beside, side in shown if beside} > {20, 25, 30}


def test_a_sentence_is_found_by_source_translation_and_number(browse):
    found = browse("""
        for (const sought of ["STEAMBOAT", "alte haus", "2", "nowhere", ""]) {
            await choose("find", sought);
            const list = document.getElementById("sentence");
            result.push([[...list.options].map(option => option.textContent.split(":")[0]).join(" "),
                         document.getElementById("maps").dataset.drawn.trim()]);
        }
    """)
    assert found == [["0", "0"], ["1", "1"], ["2", "2"], ["", "2"], ["0 1 2", "2"]]


def test_models_of_different_depth_stand_side_by_side(browse, archive):
    models = open_models([archive("softmax"), archive(layers=4)])
    shown, note = browse(
        """
        look(); await choose("layer", 3); result.push(document.querySelector("#maps > p").textContent);
    """,
        models=models,
        layer=1,
    )
    assert [figure["subtitle"] for figure in shown] == ["layer 1 (last), mean of 3 heads", "layer 1, mean of 3 heads"]
    assert note == "softmax: its archive does not hold this attention."


PHONE = {"width": 390, "height": 844}


SHORT = [("the boat leaves the harbour today because it rains", "das Boot verlässt heute den Hafen , weil es regnet .")]
LONG = [(" ".join(f"w{i}" for i in range(20)), " ".join(f"Wort{i}" for i in range(40)))]
"""A map that is higher than the screen."""


@pytest.fixture
def phone(request, visit, archive, tmp_path):
    """The page of two models on a phone."""
    pairs, path = getattr(request, "param", LONG), tmp_path / "page.html"
    write_page(open_models([archive("softmax", pairs=pairs), archive(pairs=pairs)]), path, [0], 0, View())
    page = visit(path, viewport=PHONE, has_touch=True)
    page.wait_for_selector("#maps figure")
    return page


def box(page, selector):
    return page.evaluate(
        "selector => { const { top, bottom } = document.querySelector(selector).getBoundingClientRect();"
        " return { top, bottom }; }",
        selector,
    )


@pytest.mark.parametrize("phone", [SHORT], indirect=True)
def test_a_phone_shows_the_first_map_without_scrolling(phone):
    assert box(phone, "#maps .cells canvas")["top"] < PHONE["height"] - 100


def test_nothing_covers_the_page_before_a_weight_is_read(phone):
    assert box(phone, "#readout")["top"] >= box(phone, "#maps")["bottom"]
    phone.locator(".cells canvas").first.tap(position={"x": 20, "y": 20})
    bar = box(phone, "#readout")
    assert bar["bottom"] == PHONE["height"] and "attends to" in phone.locator("#readout").text_content()


def test_the_bar_goes_with_the_maps(phone):
    phone.locator(".cells canvas").first.tap(position={"x": 20, "y": 20})
    phone.evaluate("document.getElementById('reading').insertAdjacentHTML('beforebegin', '<div style=height:2000px>')")
    phone.evaluate("scrollTo(0, 0)")
    assert box(phone, "#maps")["top"] > PHONE["height"]
    assert box(phone, "#readout")["top"] > PHONE["height"]


def test_the_cell_that_is_read_is_never_under_the_bar(phone):
    phone.locator(".cells").first.focus()
    for _ in range(40):
        phone.keyboard.press("ArrowDown")
    cursor = box(phone, ".cells .cursor")
    assert 0 < cursor["top"] and cursor["bottom"] <= box(phone, "#readout")["top"]


def test_the_cell_that_is_tapped_first_comes_out_from_under_the_bar(phone):
    below = box(phone, "#maps canvas")["bottom"] - PHONE["height"]
    phone.evaluate("y => scrollTo(0, y)", below - 100)  # the map goes on below the screen
    left = phone.evaluate("document.querySelector('#maps canvas').getBoundingClientRect().left")
    phone.touchscreen.tap(left + 20, PHONE["height"] - 20)
    phone.wait_for_selector("#readout.reads")
    phone.wait_for_function("""() => document.querySelector(".cells .cursor").getBoundingClientRect().bottom
        <= document.getElementById("readout").getBoundingClientRect().top""")
