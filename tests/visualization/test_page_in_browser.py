"""The page in a real browser; skipped where there is no Chromium."""

import html
import json
import re
import shutil
import subprocess

import numpy as np
import pytest

from onmt_evsoftmax.visualization.models import open_models
from onmt_evsoftmax.visualization.page import write_page
from onmt_evsoftmax.visualization.panel import View, select_panels

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
const look = () => result.push([...document.querySelectorAll("figure")].map(figure => ({
  title: figure.querySelector("strong").textContent, subtitle: figure.querySelector("span").textContent,
  labels: [...figure.querySelectorAll("text")].map(text => text.textContent),
  cells: figure.querySelectorAll(".cells rect:not(.cursor)").length,
  zeros: figure.querySelectorAll(".zeros circle").length,
})));
"""


@pytest.fixture
def browse(archive, tmp_path):
    """Opens the page of softmax and ev-softmax, runs a script in it, returns what it put into ``result``."""
    models = open_models([archive("softmax"), archive()])

    def run(script, **view):
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

    run.models = models
    return run


def expected(models, sentence, **view):
    """What the page should show, from the figures' side of the house."""
    return [
        {"title": panel.title, "subtitle": panel.subtitle, "labels": [*panel.queries, *panel.keys],
         "cells": int(panel.visible.sum()), "zeros": int(panel.zero.sum())}
        for panel in select_panels(models, sentence, View(**view))
    ]


def test_choosing_shows_what_the_figures_show(browse):
    first, second, third, fourth, alone = browse("""
        look();
        choose("sentence", 2); look();
        choose("kind", "decoder"); choose("head", "1"); choose("layer", "0"); look();
        choose("sentence", 0); choose("merge", true); look();
        document.querySelector("#models input").click(); look();
    """)
    assert first == expected(browse.models, 0)
    assert second == expected(browse.models, 2)
    assert third == expected(browse.models, 2, kind="decoder", head="1", layer=0)
    merged = expected(browse.models, 0, kind="decoder", head="1", layer=0, merge_subwords=True)
    for shown, panel in zip(fourth, merged):
        assert {**shown, "subtitle": ""} == {**panel, "subtitle": ""}
        assert shown["subtitle"] == panel["subtitle"] + ", a word's columns summed, its rows averaged"
    assert alone == fourth[1:]


def number(readout):
    """The weight that a readout names."""
    value = re.search(r"  (exactly 0|hidden by the causal mask|[0-9.e-]+) \(", readout)[1]
    return 0.0 if not value[0].isdigit() else float(value)


@pytest.mark.parametrize("view", [dict(head="0"), dict(head="mean", merge_subwords=True), dict(head="max")])
def test_the_keyboard_reads_every_weight(browse, view):
    _, panel = select_panels(browse.models, 0, View(**view))
    queries, keys = panel.weights.shape
    readouts = browse(f"""
        press(1, "Home");
        for (let q = 0; q < {queries}; q++) {{
            press(1, "Home"); read();
            for (let k = 1; k < {keys}; k++) {{ press(1, "ArrowRight"); read(); }}
            press(1, "ArrowRight", "ArrowDown");  // the edge holds
        }}
    """, **view)
    read = np.reshape([number(text) for text in readouts], panel.weights.shape)
    np.testing.assert_allclose(read, panel.weights, rtol=0.007)
    np.testing.assert_array_equal(read == 0, panel.zero)
    for text, weight, (q, k) in zip(readouts, panel.weights.flat, np.ndindex(queries, keys)):
        assert text.startswith(f"ev-softmax: {panel.queries[q]} → {panel.keys[k]}  ")
        assert ("exactly 0" in text) == (weight == 0)
        assert text.endswith(f"(this row attends to {np.count_nonzero(panel.weights[q])} of {keys})")


def test_pointer_and_mask(browse):
    pointed, hidden = browse("""
        const box = map(1).querySelectorAll("rect")[3].getBoundingClientRect();
        map(1).dispatchEvent(new PointerEvent("pointermove",
            { clientX: box.left + box.width / 2, clientY: box.top + box.height / 2 }));
        read();
        choose("kind", "decoder"); press(0, "Home", "End"); read();
    """, head="0")
    assert pointed.startswith("ev-softmax: ein → leaves  ")
    assert hidden == "softmax: ein → .  hidden by the causal mask (this row attends to 1 of 1)"


def test_maps_stand_beside_each_other_wherever_their_cells_were_sized_for_it(browse):
    shown = browse("""
        for (let width = 420; width < 900; width += 6) {
            document.body.style.width = width + "px";
            draw();
            const [first, second] = document.querySelectorAll("figure");
            const beside = first.getBoundingClientRect().top === second.getBoundingClientRect().top;
            result.push([beside, Number(first.querySelector(".cursor").getAttribute("width"))]);
        }
    """)
    assert {beside for beside, _ in shown} == {True, False}
    # below each other a map has room for the largest cells
    assert all(beside or side == 30 for beside, side in shown)
    assert {side for beside, side in shown if beside} > {20, 25, 30}
