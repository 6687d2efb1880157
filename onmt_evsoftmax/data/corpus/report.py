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
    warnings = [*empty_line_warnings(manifest), *foreign_model_warnings(manifest)]
    for remark in [_filter(steps), _vocabulary(steps), *overlap, *warnings]:
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
    for (split, side), files in _files_of_sides(manifest).items():
        empty = manifest["steps"][f"tokenize.{split}"]["empty"][side == "tgt"]
        if not empty["lines"]:
            continue
        more = [] if empty["lines"] == len(empty["first"]) else ["..."]
        numbers = ", ".join([*map(str, empty["first"]), *more])
        fate = "dropped with their translations" if split == TRAIN else _KEPT[side]
        counted = ", counted through all of them" if len(files) > 1 else ""
        lines = f"empty lines {numbers} ({empty['lines']:,} in all{counted})"
        warnings.append(f"warning: {', '.join(files)}: {lines}: {fate}")
    return warnings


def _files_of_sides(manifest: dict) -> dict[tuple[str, str], list[str]]:
    files: dict[tuple[str, str], list[str]] = {}
    for source in manifest["sources"]:
        files.setdefault((source["split"], source["side"]), []).append(source["file"])
    return files


def foreign_model_warnings(manifest: dict) -> list[str]:
    """Whether a SentencePiece model that was learned elsewhere has no pieces for this text."""
    model, pieces = manifest["settings"]["segment"].get("model"), manifest["steps"]["learn"].get("pieces")
    unknown = max(manifest["steps"]["vocabulary"]["types_out"]) - (pieces or 0)
    if not model or pieces is None or unknown <= 0:
        return []
    return [
        f"warning: segment.model: {model}: at least {unknown:,} types of the training text are no pieces of "
        "this model, and <unk> to what was trained with it; is it the right one?"
    ]


_KEPT = {
    "src": "kept, so that lines stay aligned; some versions of OpenNMT-py leave them out of a translation",
    "tgt": "kept, so that lines stay aligned; there is nothing to score against",
}
