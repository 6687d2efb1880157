"""The page in a real browser."""

from __future__ import annotations

import json
import re
from io import BytesIO

import numpy as np
import pytest
from matplotlib.image import imread

from onmt_evsoftmax.archive import AttentionArchive
from onmt_evsoftmax.archive.models import open_models
from onmt_evsoftmax.archive.panel import View, select_panels
from onmt_evsoftmax.cli import main
from onmt_evsoftmax.sweep.train_log import read_train_log

from .sweeps import (
    NASTY,
    copy_sweep,
    hypothesis_lines,
    log_session,
    reference_lines,
    source_lines,
    write_attention,
)

NAMES = {"softmax": "softmax", "posthoc_evidential": "post-hoc evidential", "evsoftmax": "ev-softmax"}

CONTRASTS = """() => {
  const parse = text => text.match(/[\\d.]+/g).map(Number);
  const light = colour => colour.slice(0, 3).map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = node => {
    for (; node; node = node.parentElement) {
      const colour = parse(getComputedStyle(node).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return colour;
    }
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || ["SCRIPT", "NOSCRIPT", "STYLE"].includes(node.tagName)) continue;
    if (!node.getClientRects().length) continue;
    const style = getComputedStyle(node);
    const ink = parse(node.namespaceURI.endsWith("svg") ? style.fill : style.color);
    const [a, b] = [light(ink), light(behind(node))].sort((x, y) => y - x);
    found.push([(a + 0.05) / (b + 0.05), node.tagName, walker.currentNode.data.trim().slice(0, 40)]);
  }
  return found;
}"""


@pytest.fixture(scope="module")
def report(sweep, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "report.html"
    assert main(["report", str(sweep), "--out", str(path)]) == 0
    return path


def settle(page, test, number):
    """Wait until the maps show a sentence."""
    page.wait_for_selector(f'#maps[data-drawn="{test} {number}"] figure')


def read_map(page, index):
    """Every weight of a map, read by walking through it with the arrow keys."""
    label = page.locator(".cells").nth(index).get_attribute("aria-label")
    shape = tuple(map(int, re.findall(r"(\d+) (?:rows|columns)", label)))
    texts = page.evaluate(
        """([index, rows, columns]) => {
          const cells = document.querySelectorAll(".cells")[index], texts = [];
          const press = key => cells.dispatchEvent(new KeyboardEvent("keydown", { key, cancelable: true }));
          for (let q = 0; q < rows; q++) {
            press("Home");
            for (let k = 0; k < columns; k++) {
              texts.push(document.getElementById("readout").textContent);
              press("ArrowRight");
            }
            press("ArrowDown");
          }
          return texts;
        }""",
        [index, *shape],
    )
    return texts, shape


def weight_of(text):
    """The weight that a readout names; NaN where the mask hides it."""
    said = re.search(r"  (exactly 0|hidden by the causal mask|≈ [\d.e-]+) \(", text)[1]
    return float(said[2:]) if said[0] == "≈" else {"exactly 0": 0.0, "hidden by the causal mask": np.nan}[said]


def expected_map(sweep, function, test, number, kind, layer, head):
    weights = AttentionArchive(sweep / f"{function}.1" / f"{test}.npz")[number].attention[kind][layer]
    weights = weights.mean(axis=0) if head == "mean" else weights.max(axis=0) if head == "max" else weights[int(head)]
    if kind == "decoder":
        weights = np.where(np.tril(np.ones(weights.shape, bool)), weights, np.nan)
    return weights


def test_a_sentence_without_source_words_is_shown_as_such(visit, own_sweep, tmp_path):
    for function in NAMES:
        sources, targets = source_lines("test_one"), hypothesis_lines("test_one", function, 1)
        sources[5] = ""
        write_attention(own_sweep / f"{function}.1" / "test_one.npz", function, sources, targets, 1)
    path = tmp_path / "report.html"
    assert main(["report", str(own_sweep), "--out", str(path)]) == 0
    page = visit(path)
    settle(page, "test_one", 0)
    list_of_sentences = page.locator("#sentence")
    options = list_of_sentences.locator("option").all_text_contents()
    list_of_sentences.select_option(label="5: (no source words)")
    settle(page, "test_one", 5)
    assert options.count("5: (no source words)") == 1
    assert page.locator("#maps figure p").all_text_contents() == ["no source words"] * len(NAMES)
    page.locator("#kind").select_option("decoder")
    assert page.locator("#maps .cells").count() == len(NAMES)


def test_it_opens_without_an_error_and_shows_every_part(visit, report):
    page = visit(report)
    settle(page, "test_one", 0)
    assert page.locator("html").get_attribute("lang") == "en"
    titles = [
        page.locator(f"#{name} > h2").text_content()
        for name in ("scores", "learning", "attended", "viewer", "sentences", "configuration")
    ]
    assert all(titles) and page.locator("h1").count() == 1
    assert page.locator("#charts svg[role=application]").count() == 2
    assert page.locator("#grids table").count() == 9
    unnamed = page.evaluate("""() => [...document.querySelectorAll("select, input, button, [tabindex='0']")]
        .filter(node => !(node.labels && node.labels.length) && !node.getAttribute("aria-label")
                        && !node.textContent.trim()).length""")
    assert unnamed == 0


@pytest.mark.parametrize(
    "kind, layer, head", [("cross", 1, "mean"), ("cross", 0, "2"), ("encoder", 1, "max"), ("decoder", 0, "1")]
)
def test_every_number_is_that_of_the_archive(visit, report, sweep, kind, layer, head):
    page = visit(report)
    page.select_option("#test", label="test_two")
    page.select_option("#sentence", "5")
    settle(page, "test_two", 5)
    page.select_option("#kind", kind)
    page.select_option("#layer", str(layer))
    page.select_option("#head", head)
    page.wait_for_function("kind => document.getElementById('kind').value === kind", arg=kind)
    for index, name in enumerate(NAMES):
        texts, shape = read_map(page, index)
        weights = expected_map(sweep, name, "test_two", 5, kind, layer, head)
        assert shape == weights.shape and all(text.startswith(f"{NAMES[name]}: ") for text in texts)
        read = np.array([weight_of(text) for text in texts]).reshape(shape)
        np.testing.assert_array_equal(read == 0, weights == 0)
        # weights are off by 0.004 at most, and printed with two digits
        np.testing.assert_allclose(read, weights, atol=0.0045, rtol=0.05)


def test_pieces_are_merged_into_words(visit, report, sweep):
    page = visit(report)
    settle(page, "test_one", 0)
    page.check("#merge")
    models = open_models([sweep / f"{name}.1" / "test_one.npz" for name in NAMES])
    for index, panel in enumerate(select_panels(models, 0, View(merge_subwords=True))):
        assert panel.keys != models[index].archive[0].source
        labels = page.locator("#maps figure").nth(index).locator("text").all_text_contents()
        assert labels == [*panel.queries, *panel.keys]
        texts, shape = read_map(page, index)
        read = np.array([weight_of(text) for text in texts]).reshape(shape)
        np.testing.assert_array_equal(read == 0, panel.zero)
        np.testing.assert_allclose(read, panel.weights, atol=0.0085, rtol=0.05)


def test_the_readout_names_tokens_and_counts(visit, report, sweep):
    page = visit(report)
    settle(page, "test_one", 0)
    page.select_option("#head", "1")
    texts, (rows, columns) = read_map(page, 2)
    sentence = AttentionArchive(sweep / "evsoftmax.1" / "test_one.npz")[0]
    weights = sentence.attention["cross"][-1, 1]
    for text, (q, k) in zip(texts, np.ndindex(rows, columns)):
        assert text.startswith(f"ev-softmax: {sentence.target[q]} → {sentence.source[k]}  ")
        assert text.endswith(f"(this row attends to {np.count_nonzero(weights[q])} of {columns})")


def test_the_texts_of_a_sentence(visit, report):
    page = visit(report)
    page.select_option("#sentence", "4")
    settle(page, "test_one", 4)
    assert page.locator("#texts dd").nth(1).text_content() == reference_lines("test_one")[4]
    captions = page.locator("#maps figcaption").all_text_contents()
    for caption, name in zip(captions, NAMES):
        assert (
            re.fullmatch(rf"{NAMES[name]}layer 1 \(last\), mean of 3 headssentence BLEU [\d.]+(.*)", caption)[1]
            == hypothesis_lines("test_one", name, 1)[4]
        )
    page.locator("#models input").nth(1).uncheck()
    assert page.locator("#maps strong").all_text_contents() == ["softmax", "ev-softmax"]


def test_a_sentence_is_found_by_number_and_by_text(visit, report):
    page = visit(report)
    page.fill("#find", "7")
    settle(page, "test_one", 7)
    assert page.locator("#found").text_content() == "1 of 12 sentences found"
    page.fill("#find", "WINDOW.OWNED")
    settle(page, "test_one", 2)
    page.fill("#find", "no such text")
    assert page.locator("#found").text_content() == "0 of 12 sentences found"
    assert page.locator("#sentence option").count() == 0
    page.fill("#find", "")
    assert page.locator("#sentence option").count() == 12


def test_the_command_for_the_other_sentences_is_out_of_the_way(visit, sweep, tmp_path):
    assert main(["report", str(sweep), "--out", str(tmp_path / "page.html"), "--sentences", "3"]) == 0
    page = visit(tmp_path / "page.html")
    details = page.locator("#viewer > div.note details")
    assert details.count() == 2 and not details.first.locator("code").is_visible()
    details.first.locator("summary").click()
    command = details.first.locator("code").text_content()
    assert command.startswith("onmt_evsoftmax heatmap ")
    assert str(sweep / "evsoftmax.1" / "test_one.npz") in command
    assert details.first.locator("code").is_visible()


def test_an_example_opens_in_the_viewer(visit, report):
    page = visit(report)
    button = page.locator("button.open[data-test=test_two]").last
    number = button.get_attribute("data-sentence")
    button.click()
    settle(page, "test_two", number)
    assert page.evaluate("document.activeElement.id") == "viewer-title"
    assert page.locator("#test option:checked").text_content() == "test_two"
    assert page.locator("#sentence option:checked").text_content().startswith(f"{number}: ")


def test_the_keyboard_alone(visit, report):
    """From the first Tab to a weight: links, lists, buttons and maps, each with a visible focus."""
    page = visit(report)
    settle(page, "test_one", 0)
    seen, lines = [], []
    for _ in range(200):
        page.keyboard.press("Tab")
        at = page.evaluate("""() => { const node = document.activeElement, style = getComputedStyle(node);
            return [node.id || node.className.baseVal || node.className || node.tagName,
                    style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0]; }""")
        seen.append(at[0])
        lines.append(at[1])
        if at[0] == "find":
            page.keyboard.type("3")
        if at[0] == "layer":
            page.keyboard.press("ArrowUp")
        if at[0] == "cells":
            break
    settle(page, "test_one", 3)
    assert all(lines)
    order = [
        "metric",
        "attended-test",
        "measure",
        "test",
        "find",
        "sentence",
        "next",
        "kind",
        "layer",
        "head",
    ]
    assert [name for name in seen if name in order] == order
    assert page.locator("#layer").input_value() == "0"
    page.keyboard.press("End")
    page.keyboard.press("ArrowDown")
    assert re.search(r"softmax: .* → .*attends to", page.locator("#readout").text_content())
    page.keyboard.press("Shift+Tab")
    assert page.evaluate("document.activeElement.type") == "checkbox"


def test_the_curves_read_what_the_logs_say(visit, report, sweep):
    page = visit(report)
    for metric in ("train_perplexity", "valid_accuracy"):
        page.select_option("#metric", metric)
        logs = [read_train_log(sweep / f"evsoftmax.{seed}" / "train.log")[metric] for seed in (1, 2)]
        chart = page.locator("#charts svg[role=application]").first
        chart.focus()
        for step in logs[0]:
            page.keyboard.press("Home" if step == min(logs[0]) else "ArrowRight")
            text = page.locator("#charts output").first.text_content()
            assert text.startswith(f"Step {step:,}: ")
            value = float(re.search(r"ev-softmax ([\d.]+)", text)[1])
            assert value == pytest.approx((logs[0][step] + logs[1][step]) / 2, rel=1e-4)
    assert page.locator("#charts figure").first.locator("path.seed").count() == 4


def test_a_single_validation_is_a_point(visit, sweep, tmp_path):
    """A path of one point draws nothing."""
    folder = copy_sweep(sweep, tmp_path / "copy")
    for path in folder.rglob("train.log"):
        seed = path.parent.name.rpartition(".")[2]
        value = 30 + int(seed) if seed.isdigit() else 90
        path.write_text(log_session(1, 200, start_value=value), encoding="utf-8")
    assert main(["report", str(folder)]) == 0
    page = visit(folder / "report.html")
    page.select_option("#metric", "valid_perplexity")
    training, pretraining = (page.locator("#charts svg[role=application]").nth(i) for i in (0, 1))
    assert training.locator("circle.mean").count() == 2  # softmax and ev-softmax; post-hoc has no training
    assert training.locator("circle.seed").count() == 4 and pretraining.locator("circle").count() == 1
    frame = training.bounding_box()
    for circle in training.locator("circle").all():
        box = circle.bounding_box()
        assert box["width"] >= 5 and box["height"] >= 5
        assert frame["x"] <= box["x"] and box["x"] + box["width"] <= frame["x"] + frame["width"]
        assert frame["y"] <= box["y"] and box["y"] + box["height"] <= frame["y"] + frame["height"]
    page.select_option("#metric", "train_perplexity")  # four steps: lines, no points
    assert training.locator("circle").count() == 0 and training.locator("path.seed").count() == 4


def test_the_grids_are_those_of_the_comparison(visit, report, sweep):
    page = visit(report)
    page.select_option("#attended-test", "test_two")
    page.select_option("#measure", "entropy")
    comparison = json.loads((sweep / "test_two.json").read_text())
    captions = page.locator("#grids figcaption").all_text_contents()
    assert captions == 3 * [f"{name} 2 seeds" for name in NAMES.values()]
    shown = [float(text) for text in page.locator("#grids td").all_text_contents()]
    expected = [
        value
        for kind in ("cross", "encoder", "decoder")
        for name in NAMES
        for row in comparison["functions"][name]["attended"]["kinds"][kind]["entropy"]["mean"]
        for value in row
    ]
    assert shown == pytest.approx(expected, abs=0.0051)


def test_a_phone_scrolls_down_only(visit, report):
    page = visit(report, viewport={"width": 360, "height": 740}, has_touch=True)
    settle(page, "test_one", 0)
    page.evaluate("document.querySelectorAll('details').forEach(node => node.open = true)")
    for number in ("0", "2", "9"):
        page.select_option("#sentence", number)
        settle(page, "test_one", number)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.locator(".cells canvas").first.tap()
    assert "attends to" in page.locator("#readout").text_content()


def test_a_phone_shows_every_function_of_the_table(visit, report):
    page = visit(report, viewport={"width": 390, "height": 844})
    cut = page.evaluate("""() => [...document.querySelectorAll("#scores > .frame")].map(frame => {
        const edge = frame.getBoundingClientRect().right;
        return [...frame.querySelectorAll("th, td")].filter(cell => cell.getBoundingClientRect().right > edge + 1)
          .map(cell => cell.textContent); })""")
    assert cut == [[], []]


def test_a_table_that_is_too_wide_says_so_at_its_edge(visit, report):
    page = visit(report, viewport={"width": 390, "height": 844})
    page.evaluate("document.querySelectorAll('details').forEach(node => node.open = true)")
    frame = page.locator("#scores details .frame").first
    assert frame.evaluate("frame => frame.scrollWidth - frame.clientWidth") > 100

    def edge():
        """The last column of pixels of the frame, above the text of the first row."""
        return imread(BytesIO(frame.screenshot()))[3, -2, :3]

    shadow = edge()
    frame.evaluate("frame => { frame.scrollLeft = frame.scrollWidth; }")
    assert np.abs(edge() - shadow).max() > 0.1


@pytest.mark.parametrize("width", [390, 1200])
def test_the_first_chart_follows_the_table_and_the_small_print_is_folded(visit, report, width):
    page = visit(report, viewport={"width": width, "height": 900})
    gap = page.evaluate("""() => document.querySelector("#charts svg").getBoundingClientRect().top
        - [...document.querySelectorAll("#scores > .frame")].at(-1).getBoundingClientRect().bottom""")
    assert gap < 500
    marks = page.locator("#scores > .legend", has_text="ev-softmax is better with p < 0.05")
    signature = page.locator("#scores details li", has_text="nrefs:1")
    assert marks.first.is_visible() and not signature.first.is_visible()
    page.locator("#scores summary", has_text="How these figures were made").last.click()
    assert signature.first.is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_in_light_and_in_dark(visit, report, scheme):
    page = visit(report, color_scheme=scheme)
    settle(page, "test_one", 0)
    page.evaluate("document.querySelectorAll('details').forEach(node => node.open = true)")
    ratios = page.evaluate(CONTRASTS)
    assert len(ratios) > 300
    assert [found for found in ratios if found[0] < 4.5] == []


def test_dark_mode_redraws_everything(visit, report):
    page = visit(report, color_scheme="light")
    settle(page, "test_one", 0)
    look = """() => [getComputedStyle(document.body).backgroundColor,
        document.querySelector("#grids td").style.background,
        document.querySelector(".cells canvas").toDataURL()]"""
    light = page.evaluate(look)
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"old => ({look})()[2] !== old", arg=light[2])
    assert all(before != after for before, after in zip(light, page.evaluate(look)))


def test_text_of_corpora_stays_text(visit, report):
    page = visit(report)
    page.select_option("#sentence", "2")
    settle(page, "test_one", 2)
    assert page.evaluate("window.owned") is None
    assert page.locator("#texts dd").nth(1).text_content() == NASTY
    assert "<b>" in page.locator("#configuration pre").text_content()
    words = page.locator("#maps figure").first.locator("text").all_text_contents()
    assert "<script>window.owned" in words and "1</script>" in words


def test_pages_with_missing_parts_open_too(visit, sweep, tmp_path):
    folder = copy_sweep(sweep, tmp_path / "copy")
    for path in folder.rglob("test_two.npz"):
        path.unlink()
    for path in [*folder.rglob("train.log"), folder / "evsoftmax.1" / "test_one.npz"]:
        path.unlink()
    (folder / "evsoftmax.2" / "test_one.npz").unlink()
    assert main(["report", str(folder)]) == 0
    page = visit(folder / "report.html")
    settle(page, "test_one", 0)
    assert page.locator("#maps strong").all_text_contents() == ["softmax", "post-hoc evidential"]
    assert "No log of a training" in page.locator("#charts").text_content()
    page.select_option("#test", label="test_two")
    page.wait_for_function("document.getElementById('readout').textContent.startsWith('No attention')")
    assert not any(page.locator(part).is_visible() for part in ("#map-note", "#texts", "#maps", "#legend"))
    page.select_option("#test", label="test_one")
    page.locator("#maps figure").first.wait_for()


def test_without_any_attention_there_is_nothing_to_choose(visit, sweep, tmp_path):
    folder = copy_sweep(sweep, tmp_path / "copy")
    for path in folder.rglob("*.npz"):
        path.unlink()
    assert main(["report", str(folder)]) == 0
    page = visit(folder / "report.html")
    assert page.locator("#readout").text_content() == "No attention in this page."
    assert not any(page.locator(part).is_visible() for part in ("#map-note", "#choices", "#maps", "#legend"))


def test_a_sweep_without_results_opens_too(visit, tmp_path):
    bare = tmp_path / "bare"
    (bare / "evsoftmax.1").mkdir(parents=True)
    assert main(["report", str(bare)]) == 0
    assert visit(bare / "report.html").locator("#grids p").count() == 1
