"""Densities of finished runs: ``python -m other_experiments.mdn_flow.figures RUNS --out DIR``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Optional, TypeVar

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from onmt_evsoftmax.base.errors import InputError

from ..common.command import figures_parser, run_main
from ..common.plots import save
from ..common.runs import RunFolder, read_config
from ..common.training import Training
from .bases import BASES
from .constraints import CASES
from .entropy import OBJECTIVES, EntropyTrainer
from .likelihood import LikelihoodTrainer, log_density
from .model import FLOWS
from .targets import EXTENT, TARGETS, grid
from .train import trainer_of

POINTS = 120
"""Points of the grid along each axis."""

DRAWS = 20_000
Trainer = TypeVar("Trainer", bound=Training)


def main(arguments: Optional[Sequence[str]] = None) -> None:
    """Draw what is there: a figure for each flow, and one for maximum entropy."""
    options = figures_parser("mdn_flow", __doc__).parse_args(arguments)
    torch.distributions.Distribution.set_default_validate_args(False)
    figures = {f"densities_{flow}": densities(options.runs, flow) for flow in FLOWS}
    figures["entropy"] = entropies(options.runs)
    drawn = {name: figure for name, figure in figures.items() if figure is not None}
    if not drawn:
        raise InputError(f"{options.runs}: holds no run to draw; run other_experiments.mdn_flow.train")
    for name, figure in drawn.items():
        save(figure, options.out / f"{name}.png", dpi=110)
        print(options.out / f"{name}.png")


def densities(runs: Path, flow: str) -> Optional[Figure]:
    """The targets above the first seed's density over each base; None if the flow has no finished run."""
    places = {name: runs / "likelihood" / flow / name for name in BASES}
    trainers = {
        name: _finished(place, LikelihoodTrainer) for name, place in places.items() if (place / "results.json").exists()
    }
    if not trainers:
        return None
    targets = [TARGETS[name] for name in next(iter(trainers.values())).settings["targets"]]
    points = grid(POINTS)
    figure = Figure(figsize=(1.7 * (1 + len(trainers)), 1.8 * len(targets)), layout="constrained")
    axes = figure.subplots(len(targets), 1 + len(trainers), squeeze=False)
    for row, target in zip(axes, targets):
        p = target.log_prob(points).exp()
        _density(row[0], p, p.max().item())
        row[0].set_ylabel(target.printed_name)
        for cell, trainer in zip(row[1:], trainers.values()):
            _density(cell, _model_density(trainer, target.name, points), p.max().item())
    for cell, name in zip(axes[0], ["target", *(BASES[name].printed_name for name in trainers)]):
        cell.set_title(name, fontsize=8)
    return figure


def entropies(runs: Path) -> Optional[Figure]:
    """Draws of the first seed after maximum entropy; None without a finished run."""
    finished = {file.parents[2].name for file in (runs / "entropy").glob("*/*/seed-*/results.json")}
    cases = [case for case in CASES.values() if case.name in finished]
    if not cases:
        return None
    figure = Figure(figsize=(2.1 * len(OBJECTIVES), 1.9 * len(cases)), layout="constrained")
    axes = figure.subplots(len(cases), len(OBJECTIVES), squeeze=False)
    for row, case in zip(axes, cases):
        for cell, objective in zip(row, OBJECTIVES.values()):
            folders = sorted((runs / "entropy" / case.name / objective.name).glob("seed-*/results.json"))
            if not folders:
                cell.set_axis_off()
                continue
            trainer = _finished(folders[0].parent, EntropyTrainer)
            torch.manual_seed(0)
            _draws(cell, case.name, trainer.draw(DRAWS).numpy())
            cell.set_title(objective.printed_name, fontsize=7)
        row[0].set_ylabel(case.printed_name.split(": ")[-1], fontsize=8)
    return figure


def _finished(folder: Path, kind: type[Trainer]) -> Trainer:
    settings = read_config(folder)
    trainer, state = trainer_of(settings), RunFolder(folder, settings).load()
    if state is None or not isinstance(trainer, kind):
        raise InputError(f"{folder}: has no checkpoint, or belongs elsewhere; delete it to run anew")
    trainer.load_state_dict(state["trainer"])
    return trainer


def _model_density(trainer: LikelihoodTrainer, target: str, points: Tensor) -> Tensor:
    """The density at the points, by the model of the first seed that was trained on this target."""
    place = next(place for place, (own, _) in enumerate(trainer.pairs) if own.name == target)
    torch.manual_seed(0)
    return log_density(trainer.model(place).eval(), points.float()).exp()


def _density(axes: Axes, p: Tensor, top: float) -> None:
    box = (-EXTENT, EXTENT) * 2
    axes.imshow(p.view(POINTS, POINTS).numpy(), origin="lower", extent=box, vmin=0, vmax=top, cmap="magma")
    axes.set_xticks([])
    axes.set_yticks([])


def _draws(axes: Axes, name: str, x: np.ndarray) -> None:
    """A histogram of the draws; where x is a number, with the exact density as a line."""
    if x.shape[1] == 1:
        axes.hist(x[:, 0], bins=100, range=(-2, 2), density=True, color="#0072b2")
        line = torch.linspace(-2, 2, 400, dtype=torch.float64)
        axes.plot(line, CASES[name].log_prob(line[:, None]).exp(), color="black", lw=1)
        axes.set_yticks([])
        return
    if name == "dirichlet":
        x, box = np.exp(x[:, :2]), [[0.0, 1.0], [0.0, 1.0]]
    else:
        box = [[-2.0, 4.0], [-3.5, 2.5]]
    axes.hist2d(x[:, 0], x[:, 1], bins=70, range=box, cmap="magma")


if __name__ == "__main__":
    run_main(main)
