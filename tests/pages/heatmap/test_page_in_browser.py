"""The page in a real browser; skipped where there is no Chromium."""

import html
import json
import re
import shutil
import subprocess

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from onmt_evsoftmax.archive.models import open_models
from onmt_evsoftmax.archive.panel import View, select_panels
from onmt_evsoftmax.figures.colour import LIGHT, position
from onmt_evsoftmax.pages.heatmap.page import write_page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")

OPTIONS = (
    "--headless --no-sandbox --disable-gpu --disable-background-networking --no-first-run "
    "--disable-component-update --disable-sync"
).split()
HELPERS = """
const result = [];
const read = () => result.push(document.getElementById("readout").textContent);
const choose = (id, value) => {
  const control = document.getElementById(id);
  if (control.type === "checkbox") control.checked = value; else control.value = value;
  control.dispatchEvent(new Event("change"));
};
const map = index => document.querySelectorAll(".cells")[index];
const press = (index, ...keys) => { for (const key of keys)
  map(index).dispatchEvent(new KeyboardEvent("keydown", { key, cancelable: true })); };
const side = figure => parseFloat(figure.querySelector(".cursor").style.width);
// the pixels [red, green, blue, alpha] at one place of every cell, from 0 to 1 across and down
const pixels = (figure, place) => {
  const canvas = figure.querySelector("canvas"), fine = canvas.width / parseFloat(canvas.style.width);
  const brush = canvas.getContext("2d"), step = side(figure) * fine;
  const [rows, columns] = [canvas.height, canvas.width].map(length => Math.round(length / step));
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
def browse(archive, tmp_path):
    """Opens the page of softmax and ev-softmax, runs a script in it, returns what it put into ``result``."""
    of_pairs = open_models([archive("softmax"), archive()])

    def run(script, models=of_pairs, **view):
        path = tmp_path / "page.html"
        write_page(models, path, [0, 1, 2], 0, View(**view))
        end = "\nconst out = document.createElement('pre'); out.id = 'result';"
        end += "\nout.textContent = JSON.stringify(result); document.body.append(out);"
        catch = "addEventListener('error', event => document.title = 'ERROR ' + event.message);"
        page = path.read_text(encoding="utf-8")
        page = page.replace("<style>", f"<script>{catch}</script><style>", 1)
        page = page.replace("</body>", f"<script>{{ {HELPERS}{script}{end} }}</script></body>")
        path.write_text(page, encoding="utf-8")
        call = [CHROMIUM, *OPTIONS, f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", path.as_uri()]
        done = subprocess.run(call, capture_output=True, text=True, timeout=600)
        assert "<title>ERROR" not in done.stdout, re.findall("<title>.*", done.stdout)
        return json.loads(html.unescape(re.search('<pre id="result">(.*)</pre>', done.stdout, re.S)[1]))

    run.models = of_pairs
    return run


def expected(models, sentence, **view):
    """What the page should show, from the figures' side of the house."""
    return [
        {"title": panel.title, "subtitle": panel.subtitle, "labels": [*panel.queries, *panel.keys], "panel": panel}
        for panel in select_panels(models, sentence, View(**view))
    ]


def assert_shown(shown, expected, note=""):
    """Texts, and the pixels of every cell: masked ones clear, zeros grey with a dot, others on the scale."""
    assert len(shown) == len(expected) > 0
    for figure, wanted in zip(shown, expected):
        assert figure["title"] == wanted["title"]
        assert figure["subtitle"] == wanted["subtitle"] + note
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
        # the page holds three digits of a weight, so its colour may be the next one on the scale
        ramp = np.array([rgb(colour) for colour in LIGHT.ramp()])
        steps = np.round(position(panel.weights[some]) * (len(ramp) - 1)).astype(int)
        near = np.clip(steps[:, None] + [-1, 0, 1], 0, len(ramp) - 1)
        assert (ramp[near] == fill[some][:, None, :3]).all(-1).any(-1).all()


def rgb(colour):
    return np.round(255 * np.array(to_rgb(colour))).astype(int)


def test_choosing_shows_what_the_figures_show(browse):
    first, second, third, fourth, alone = browse("""
        look();
        choose("sentence", 2); look();
        choose("kind", "decoder"); choose("head", "1"); choose("layer", "0"); look();
        choose("sentence", 0); choose("merge", true); look();
        document.querySelector("#models input").click(); look();
    """)
    assert_shown(first, expected(browse.models, 0))
    assert_shown(second, expected(browse.models, 2))
    assert_shown(third, expected(browse.models, 2, kind="decoder", head="1", layer=0))
    merged = expected(browse.models, 0, kind="decoder", head="1", layer=0, merge_subwords=True)
    assert_shown(fourth, merged, ", a word's columns summed, its rows averaged")
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
        choose("sentence", 1); texts();
        choose("merge", true); texts();
        choose("kind", "encoder"); texts();
        result.push(document.getElementById("sentence").options[1].textContent);
        choose("kind", "decoder"); result.push(document.querySelectorAll(".cells").length);
    """,
        models=models,
    )
    assert empty == [["no source words", "no source words"]] * 3
    assert option == "1: (no source words)" and cells == 2


def number(readout):
    """The weight that a readout names."""
    value = re.search(r"  (exactly 0|hidden by the causal mask|[0-9.e-]+) \(", readout)[1]
    return 0.0 if not value[0].isdigit() else float(value)


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
    np.testing.assert_allclose(read, panel.weights, rtol=0.007)
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
        choose("kind", "decoder"); press(0, "Home", "End"); read();
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
            redraw();
            const [first, second] = document.querySelectorAll("figure");
            const beside = first.getBoundingClientRect().top === second.getBoundingClientRect().top;
            result.push([beside, side(first)]);
        }
    """)
    assert {beside for beside, _ in shown} == {True, False}
    # below each other a map has room for the largest cells
    assert all(beside or side == 30 for beside, side in shown)
    assert {side for beside, side in shown if beside} > {20, 25, 30}
