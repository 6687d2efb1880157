"""The closing table of a run, read from its manifest."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Table

from .config import TRAIN


def print_report(manifest: dict, console: Console) -> None:
    """Lines, tokens and subwords of each split, then what was dropped, shared, or empty."""
    settings, steps = manifest["settings"], manifest["steps"]
    src, tgt = settings["src_lang"], settings["tgt_lang"]
    table = Table(box=box.SIMPLE)
    table.add_column("split", no_wrap=True)
    for heading in ("lines", "kept", f"{src} tokens", f"{tgt} tokens", f"{src} pieces", f"{tgt} pieces"):
        table.add_column(heading, justify="right")
    for split in settings["data"]:
        pieces = steps[f"segment.{split}"]
        lines = [steps[f"read.{split}"]["lines_out"], pieces["lines_out"]]
        counts = [*lines, *pieces["tokens_in"], *pieces["tokens_out"]]
        table.add_row(split, *(f"{count:,}" for count in counts))
    console.print(table)
    overlap = overlap_remarks(manifest) or ["overlap: no line is in two splits"]
    for remark in [_filter(steps), _vocabulary(steps), *overlap, *empty_line_warnings(manifest)]:
        console.print(remark, highlight=False, markup=False, soft_wrap=True)


def _filter(steps: dict) -> str:
    dropped = steps["filter.train"]["dropped"]
    reasons = ", ".join(f"{count:,} {reason}" for reason, count in dropped.items() if count)
    total = f"filter: {sum(dropped.values()):,} training pairs dropped"
    return f"{total} ({reasons})" if reasons else total


def _vocabulary(steps: dict) -> str:
    learned = [f"{steps['learn'][what]:,} {what}" for what in ("merges", "pieces") if what in steps["learn"]]
    types = " + ".join(f"{count:,}" for count in steps["vocabulary"]["types_out"])
    return f"vocabulary: {', '.join([*learned, f'{types} types'])}"


def overlap_remarks(manifest: dict) -> list[str]:
    """One line for every two splits that share sentences."""
    remarks = []
    for entry in manifest["steps"]["overlap"]["splits"]:
        shared = ", ".join(f"{entry[what]:,} {what}" for what in ("pairs", "src", "tgt") if entry[what])
        if shared:
            later, earlier = entry["split"], entry["found_in"]
            remarks.append(f"overlap: lines of {later} that are also in {earlier}: {shared}")
    return remarks


def empty_line_warnings(manifest: dict) -> list[str]:
    """One line for every file with empty lines, naming it and them."""
    warnings = []
    for source in manifest["sources"]:
        split, side = source["split"], source["side"]
        empty = manifest["steps"][f"tokenize.{split}"]["empty"][side == "tgt"]
        if not empty["lines"]:
            continue
        more = [] if empty["lines"] == len(empty["first"]) else ["..."]
        numbers = ", ".join([*map(str, empty["first"]), *more])
        fate = "dropped with their translations" if split == TRAIN else _KEPT[side]
        warnings.append(f"warning: {source['file']}: empty lines {numbers} ({empty['lines']:,} in all): {fate}")
    return warnings


_KEPT = {
    "src": "kept, so that lines stay aligned; some versions of OpenNMT-py leave them out of a translation",
    "tgt": "kept, so that lines stay aligned; there is nothing to score against",
}
