"""Which runs a config asks for, and in which order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterator, Mapping, Sequence

from ..common.errors import ExperimentError

from .bases import BASES
from .constraints import CASES
from .entropy import OBJECTIVES
from .model import FLOWS
from .targets import TARGETS

PARTS = ("weights", "likelihood", "entropy")
NOT_OF_A_RUN = ("seeds", "parts", *PARTS)


@dataclass(frozen=True)
class Run:
    """One model with one seed; ``name`` is the path of its folder without the seed."""

    part: str
    name: str
    settings: Mapping[str, Any]
    seed: int


def plan(config: Mapping[str, Any], seeds: Sequence[int]) -> list[Run]:
    """All runs, in an order that leaves a useful table whenever it is cut short.

    First every seed of the weights and of the first target under the first flow; then the first seed of all the
    rest, with the splines, which take the longest, at its end; then the next seed.

    Raises:
        ExperimentError: the config names something unknown, or a count is not positive.
    """
    _check(config)
    shared = {key: value for key, value in config.items() if key not in NOT_OF_A_RUN}
    runs = []
    for seed in seeds:
        for part in config["parts"]:
            for name, own in _NAMED[part](config[part]):
                runs.append(Run(part, f"{part}/{name}", {**shared, **own}, seed))
    targets = config["likelihood"]["targets"]

    def rank(run: Run) -> tuple[bool, int, bool]:
        spline = run.settings["flow"] == "spline" and run.part == "likelihood"
        first = not spline and run.settings.get("target") == targets[0]
        return not first, seeds.index(run.seed), spline

    return sorted(runs, key=rank)


def _likelihood(options: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for flow, steps in options["steps"].items():
        for target in options["targets"] if steps else ():
            for base in options["bases"]:
                yield f"{flow}/{target}/{base}", {"flow": flow, "target": target, "base": base, "steps": steps}


def _entropy(options: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for case in options["cases"]:
        for objective in options["objectives"]:
            yield f"{case}/{objective}", {**options["settings"], "case": case, "objective": objective}


def _weights(options: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for way in options["ways"]:
        suffix = f"_eps{way['eps']:g}" if way["eps"] else ""
        yield f"{way['mapping']}{suffix}", {**options["settings"], **way}


_NAMED = {"likelihood": _likelihood, "entropy": _entropy, "weights": _weights}


def _check(config: Mapping[str, Any]) -> None:
    _known("parts", config["parts"], PARTS)
    _known("likelihood.targets", config["likelihood"]["targets"], TARGETS)
    _known("likelihood.bases", config["likelihood"]["bases"], BASES)
    _known("likelihood.steps", config["likelihood"]["steps"], FLOWS)
    _known("entropy.cases", config["entropy"]["cases"], CASES)
    _known("entropy.objectives", config["entropy"]["objectives"], OBJECTIVES)
    for key in ("components", "nested", "nested_evaluation", "hidden", "batch", "test_points", "steps_between"):
        if config[key] < 1:
            raise ExperimentError(f"{key}: must be at least 1, not {config[key]}")
    for key in ("sigma", "learning_rate", "clip"):
        if not config[key] > 0:
            raise ExperimentError(f"{key}: must be positive, not {config[key]}")


def _known(key: str, names: Any, known: Any) -> None:
    for name in names:
        if name not in known:
            raise ExperimentError(f"{key}: unknown {name!r}; known: {', '.join(known)}")
