"""Table 3 beside the paper's: ``python -m other_experiments.vqvae.table RUNS --out PLACE``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Optional

from ..common.command import run_main, table_parser
from ..common.plots import METHODS, PRINTED
from ..common.runs import damage_named
from ..common.tables import mean_and_error, table, write_tables
from .judging import error_over_images
from .runs import Codes, Run, codes, described, grouped, unfinished

STEPS = (0, 10, 100, 1000)
"""Of a prior's training, at which the table shows K; the last measurement follows."""


class Published(NamedTuple):
    """A row of the paper's Table 3, with its standard errors."""

    top5: str
    top10: str
    support: str


PAPER = {
    "softmax": Published("38.4 ± 0.2", "48.8 ± 0.3", "512"),
    "sparsemax": Published("40.0 ± 0.2", "52.0 ± 0.2", "46 ± 0.3"),
    "entmax15": Published("38.4 ± 0.3", "49.2 ± 0.1", "90 ± 0.3"),
    "posthoc_evidential": Published("38.2 ± 0.2", "48.4 ± 0.3", "102 ± 0.2"),
    "evsoftmax": Published("43.6 ± 0.3", "55.6 ± 0.2", "77 ± 0.2"),
}

JUDGED = {"real": "real test images", "reconstructions": "their reconstructions"}
ACCURACIES = (
    "codebook", "images", "seeds", "top-5 %", "± images", "paper", "top-10 %", "± images", "paper", "K", "paper",
)  # fmt: skip
SUPPORT = (
    "codebook", "method", *(f"K, step {step}" for step in STEPS), "last", "test", "samples", "codes in use",
    "outside %", "died",
)  # fmt: skip
BITS = ("codebook", "method", "own", "epsilon", "softmax", "unigram", "learning rates", "best epochs")
CODES = ("codebook", "seeds", "codes in use", "perplexity", "squared error", "unigram bits")

NOTE = """\
Mean ± standard error over the seeds; the mean alone of one seed. ± images: standard error over the images of all seeds.
K: mean number of codes with a probability above zero, over the positions of the samples; `test`: given the true codes
before them, of the test images; `step`: the same of validation images during training. Outside: share of the test
images' codes with the probability zero. Died: seeds in which all units before the scores went off.
Bits per code of the test images: of the scores through the paper's equation 10 (epsilon), through softmax, and of what
is sampled from, with eq. 10's epsilon added to every probability (own). Unigram: of the training codes' frequencies.
They compare the priors of one codebook: another one has other codes.
Codes in use: of the test images, as perplexity, squared error (pixels from -1 to 1) and unigram bits. Post-hoc
evidential is the softmax prior, sampled through ev-softmax."""


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Print the tables of all finished runs; with --out, write them too."""
    arguments = table_parser("vqvae", __doc__).parse_args(argv)
    groups = grouped(arguments.runs)
    text = markdown(groups, codes(arguments.runs), unfinished(arguments.runs))
    print(text, end="")
    if arguments.out is not None:
        write_tables(arguments.out, text, report(groups))


def report(groups: Mapping[str, Sequence[Run]]) -> list[dict[str, Any]]:
    """The results of every run, with K during training."""
    return [
        {
            "codebook": run.codebook,
            "seed": run.seed,
            "config": run.config,
            "results": run.results,
            "support": {method: run.support(method) for method in run.methods},
        }
        for group in groups.values()
        for run in group
    ]


def markdown(groups: Mapping[str, Sequence[Run]], autoencoders: Sequence[Codes], begun: Sequence[Path] = ()) -> str:
    """The four tables, with what they need to be read."""
    first = next(iter(groups.values()))[0]
    parts = [
        f"{described(first)}.\n",
        f"## Accuracy of the judge\n\n{table(ACCURACIES, _of_each(groups, accuracy_rows))}",
        f"## Support\n\n{table(SUPPORT, _of_each(groups, support_rows))}",
        f"## Bits per code\n\n{table(BITS, _of_each(groups, bits_rows))}",
        f"## Codebooks\n\n{table(CODES, code_rows(autoencoders))}",
        f"{NOTE}\n",
    ]
    parts += [f"{folder}: not through; the command that began it continues it.\n" for folder in begun]
    return "\n".join(parts)


def _of_each(groups: Mapping[str, Sequence[Run]], rows: Any) -> list[list[str]]:
    """The rows of each codebook, one after another."""
    lines = []
    for runs in groups.values():
        with damage_named(runs[0].folder.parent):
            lines += rows(runs)
    return lines


def accuracy_rows(runs: Sequence[Run]) -> Iterable[list[str]]:
    """What the judge says of real images, of reconstructions and of each method's samples."""
    for kind, printed in JUDGED.items():
        verdicts = [run.results["judge"][kind] for run in runs]
        if kind == "real":
            verdicts = verdicts[:1]  # the same images and the same judge in every run
        yield [runs[0].codebook, printed, _count(verdicts), *_accuracies(verdicts, Published("", "", "")), "", ""]
    for method in _methods(runs):
        own = _of_method(runs, method)
        verdicts = [results["samples"] for results in own]
        support = mean_and_error([results["samples"]["K"] for results in own], 1)
        paper = PAPER[method] if runs[0].config["dataset"] == "tinyimagenet" else Published("", "", "")
        cells = _accuracies(verdicts, paper)
        yield [runs[0].codebook, PRINTED[method], _count(verdicts), *cells, support, paper.support]


def _accuracies(verdicts: Sequence[Mapping[str, Any]], paper: Published) -> list[str]:
    cells = []
    for rank in (5, 10):
        mean = mean_and_error([100 * verdict[f"top{rank}"] for verdict in verdicts], 1)
        errors = [100 * error_over_images(verdict, rank) for verdict in verdicts]
        over_images = sum(error**2 for error in errors) ** 0.5 / len(errors)
        cells += [mean, f"{over_images:.1f}", getattr(paper, f"top{rank}")]
    return cells


def support_rows(runs: Sequence[Run]) -> Iterable[list[str]]:
    """K during training, at its end on test images, and while sampling."""
    for method in _methods(runs):
        own = _of_method(runs, method)
        logs = [run.support(method) for run in runs if method in run.methods]
        during = [_at(logs, step) for step in STEPS]
        died = sum(results["died"] is not None for results in own)
        used = [run.results["codes"]["test"]["codes_in_use"] for run in runs]
        yield [
            runs[0].codebook,
            PRINTED[method],
            *during,
            mean_and_error([log[-1]["K"] for log in logs], 1),
            mean_and_error([results["K"] for results in own], 1),
            mean_and_error([results["samples"]["K"] for results in own], 1),
            mean_and_error(used, 0),
            mean_and_error([100 * results["outside"] for results in own], 2),
            f"{died} of {len(own)}",
        ]


def _at(logs: Sequence[Sequence[Mapping[str, Any]]], step: int) -> str:
    """K at a step of the training; nothing where one of the seeds was not measured there."""
    values = [line["K"] for log in logs for line in log if line["step"] == step]
    return mean_and_error(values, 1) if len(values) == len(logs) else ""


def bits_rows(runs: Sequence[Run]) -> Iterable[list[str]]:
    """Bits per code in each reading, and how the priors were chosen."""
    for method in _methods(runs):
        own = _of_method(runs, method)
        yield [
            runs[0].codebook,
            PRINTED[method],
            *(mean_and_error([results["bits"][kind] for results in own], 3) for kind in ("own", "epsilon", "softmax")),
            mean_and_error([run.results["codes"]["unigram_bits"] for run in runs], 3),
            ", ".join(f"{results['learning_rate']:g}" for results in own),
            ", ".join(str(results["best_epoch"]) for results in own),
        ]


def code_rows(autoencoders: Sequence[Codes]) -> list[list[str]]:
    """How each codebook is used, those without priors too."""
    rows = []
    for name in dict.fromkeys(one.codebook for one in autoencoders):
        own = [one for one in autoencoders if one.codebook == name]
        with damage_named(own[0].folder.parent):
            rows.append(
                [
                    name,
                    str(len(own)),
                    mean_and_error([one.results["test"]["codes_in_use"] for one in own], 0),
                    mean_and_error([one.results["test"]["perplexity"] for one in own], 1),
                    mean_and_error([one.results["reconstruction"]["test"] for one in own], 4),
                    mean_and_error([one.results["unigram_bits"] for one in own], 3),
                ]
            )
    return rows


def _methods(runs: Sequence[Run]) -> list[str]:
    return [method for method in METHODS if any(method in run.methods for run in runs)]


def _of_method(runs: Sequence[Run], method: str) -> list[dict[str, Any]]:
    return [run.results["methods"][method] for run in runs if method in run.methods]


def _count(verdicts: Sequence[object]) -> str:
    return str(len(verdicts))


if __name__ == "__main__":
    run_main(main)
