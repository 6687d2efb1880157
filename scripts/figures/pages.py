"""Screenshots of the attention page and the report, of a finished demo.

    make demo
    python -m scripts.figures.pages runs/demo --out docs/images

makes both pages anew and writes page_NAME.png: on a desktop, on a phone, and in the dark. It takes a minute, and needs
Chromium and Playwright (`pip install playwright`).
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Optional

from onmt_evsoftmax import cli

FUNCTIONS = ("softmax", "evsoftmax")
SENTENCES = 12
SENTENCE = 5
"""Shown first: long enough for zeros, short enough for a phone."""

DESKTOP, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
PICTURES: dict[str, tuple[str, dict[str, Any]]] = {
    "attention": ("heatmap", {"viewport": DESKTOP}),
    "attention_dark": ("heatmap", {"viewport": DESKTOP, "color_scheme": "dark"}),
    "attention_phone": ("heatmap", {"viewport": PHONE, "has_touch": True}),
    "report": ("report", {"viewport": DESKTOP}),
    "report_phone": ("report", {"viewport": PHONE, "has_touch": True}),
}
"""Picture -> the page it shows, and how the browser is set up."""


def onmt_evsoftmax(*arguments: Any) -> None:
    if cli.main([str(argument) for argument in arguments]) != 0:
        raise SystemExit(1)


def as_sweep(demo: Path, folder: Path) -> Path:
    """Lay out the demo's two models as runs of a sweep with one seed, scored each by itself and compared."""
    scores = []
    for function in FUNCTIONS:
        run = folder / f"{function}.1"
        run.mkdir(parents=True)
        for name, copy in (
            (f"{function}.hyp", "test.hyp"),
            (f"{function}.npz", "test.npz"),
            (f"logs/train_{function}.log", "train.log"),
        ):
            shutil.copyfile(demo / name, run / copy)
        scores.append(run / "test.json")
        texts = ("--hyp", run / "test.hyp", "--ref", demo / "test.de", "--attention", run / "test.npz")
        words = ("--hyp_segmentation", "bpe", "--hyp_tokenization", "moses", "--lang", "de")
        onmt_evsoftmax("score", *texts, *words, "--function", function, "--seed", 1, "--json", scores[-1])
    (folder / "pretrain").mkdir()
    shutil.copyfile(demo / "logs" / "train_pretrain.log", folder / "pretrain" / "train.log")
    onmt_evsoftmax("compare", *scores, "--against", "evsoftmax", "--out", folder / "test")
    return folder


def write_pages(demo: Path, folder: Path) -> dict[str, Path]:
    """The attention page and the report, by name."""
    pages = {"heatmap": folder / "attention.html", "report": folder / "report.html"}
    archives = [demo / f"{function}.npz" for function in FUNCTIONS]
    first = ("--sentences", f"0-{SENTENCES - 1}", "--sentence", SENTENCE, "--merge_subwords")
    onmt_evsoftmax("heatmap", *archives, *first, "--out", pages["heatmap"])
    sweep = as_sweep(demo, folder / "demo")
    onmt_evsoftmax("report", sweep, "--sentences", SENTENCES, "--out", pages["report"])
    return pages


def photograph(pages: dict[str, Path], out: Path) -> None:
    """Write `PICTURES`: what a person sees first, without scrolling."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for name, (page, options) in PICTURES.items():
            tab = browser.new_context(**options).new_page()
            tab.goto(pages[page].resolve().as_uri())
            tab.wait_for_selector("#maps figure")
            if "dark" in name:  # as it looks while weights are read
                tab.locator(".cells").nth(1).focus()
                tab.keyboard.press("ArrowDown")
                tab.keyboard.press("ArrowDown")
            tab.screenshot(path=out / f"page_{name}.png")
            print(out / f"page_{name}.png")
        browser.close()


def main(argv: Optional[Sequence[str]] = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("demo", type=Path, help="folder of a finished demo, such as runs/demo")
    parser.add_argument("--out", type=Path, default=Path("docs/images"), help="folder (default: docs/images)")
    arguments = parser.parse_args(argv)
    if not (arguments.demo / "scores.json").exists():
        parser.error(f"{arguments.demo} holds no finished demo: scores.json is missing; run: make demo")
    arguments.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        photograph(write_pages(arguments.demo, Path(folder)), arguments.out)


if __name__ == "__main__":
    main()
