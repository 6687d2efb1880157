"""Which runs a config asks for, and in which order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..common.config import check_known, check_numbers
from .bases import BASES
from .constraints import CASES
from .entropy import OBJECTIVES
from .model import FLOWS
from .targets import TARGETS

PARTS = ("weights", "likelihood", "entropy")
NOT_OF_A_RUN = ("seeds", "parts", *PARTS)


@dataclass(frozen=True)
class Run:
    """What is trained together.

    Attributes:
        name: the path of its folder.
        settings: all that its result depends on.
    """

    name: str
    settings: Mapping[str, Any]


def plan(config: Mapping[str, Any], seeds: Sequence[int]) -> list[Run]:
    """All runs, in an order that leaves a useful table whenever it is cut short.

    A seed of everything comes before the next one. Likelihood is all seeds at once, after the first seed of the
    other parts, the splines last.

    Raises:
        InputError: the config names something unknown, or a count is not positive.
    """
    _check(config)
    shared = {key: value for key, value in config.items() if key not in NOT_OF_A_RUN}
    runs = []
    for part in config["parts"]:
        for name, own in _NAMED[part](config[part]):
            if part == "likelihood":
                run = Run(f"{part}/{name}", {"part": part, **shared, **own, "seeds": list(seeds)})
                runs.append((2 if own["flow"] == "spline" else 1, run))
                continue
            for place, seed in enumerate(seeds):
                run = Run(f"{part}/{name}/seed-{seed}", {"part": part, "seed": seed, **shared, **own})
                runs.append((0 if place == 0 else 2 + place, run))  # 1 and 2 are likelihood's
    return [run for _, run in sorted(runs, key=lambda pair: pair[0])]


def _likelihood(options: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for flow, steps in options["steps"].items():
        for base in options["bases"] if steps else ():
            own = {"flow": flow, "base": base, "steps": steps, "targets": options["targets"]}
            yield f"{flow}/{base}", {**options["settings"], **own}


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
    check_known("parts", config["parts"], PARTS)
    check_known("likelihood.targets", config["likelihood"]["targets"], TARGETS)
    check_known("likelihood.bases", config["likelihood"]["bases"], BASES)
    check_known("likelihood.steps", config["likelihood"]["steps"], FLOWS)
    check_known("entropy.cases", config["entropy"]["cases"], CASES)
    check_known("entropy.objectives", config["entropy"]["objectives"], OBJECTIVES)
    counts = ("components", "nested", "nested_evaluation", "hidden", "batch", "test_points", "steps_between")
    check_numbers(config, counts, ("sigma", "learning_rate", "clip"))
