"""What a sweep has not made (yet), and the commands that make it."""

from __future__ import annotations

from dataclasses import dataclass

from .folder import RunFolder, Sweep


@dataclass(frozen=True)
class Missing:
    """A part that the page lacks, and the command that makes it."""

    text: str
    command: str = ""


def missing_files(sweep: Sweep) -> list[Missing]:
    """What the folder itself lacks."""
    return [
        Missing(f"{name} is not in the folder: a sweep writes it when it starts.")
        for name, content in (("settings.yaml", sweep.settings), ("versions.json", sweep.versions))
        if content is None
    ]


def continue_sweep(sweep: Sweep) -> str:
    """The command that makes whatever is missing."""
    settings = "configs/sweeps/NAME.yaml" if sweep.settings is None else sweep.path / "settings.yaml"
    return f"snakemake -s scripts/workflow/Snakefile --configfile {settings} --cores 2"


def missing_parts(run: RunFolder, name: str, seed: int) -> list[Missing]:
    """What a run lacks on a test set; of attention archives, only ``seed`` needs one."""
    stem, model = run.path / name, run.path / "model.pt"
    option = ""
    if run.function == "posthoc_evidential":
        model = run.path.with_name(f"softmax.{run.seed}") / "model.pt"
        option = " --self_attn_function posthoc_evidential"
    if run.file(name, "hyp") is None and run.file(name, "npz") is None:
        text = f"{run.path.name} has not translated {name} (yet)."
        translate = f"onmt_translate --model {model}{option} --src SOURCE --output {stem}.hyp"
        return [Missing(text, translate)] if run.file(name, "json") is None else []
    missing = []
    if run.seed == seed and run.file(name, "npz") is None:
        text = f"{run.path.name} has no attention archive of {name}."
        attend = f"onmt_evsoftmax attend --model {model}{option} --src SOURCE --hyp {stem}.hyp"
        missing.append(Missing(text, f"{attend} --out {stem}.npz"))
    if run.file(name, "json") is None:
        text = f"{run.path.name} is not scored on {name} (yet)."
        score = f"onmt_evsoftmax score --hyp {stem}.hyp --ref REFERENCE --attention {stem}.npz"
        identity = f"--function {run.function} --seed {run.seed}"
        missing.append(Missing(text, f"{score} {identity} --json {stem}.json"))
    return missing
