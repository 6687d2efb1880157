"""Table 1 of the paper as a program: which mapping has which property, with a witness for every "no".

Scores are multiples of 1/1024 in float64 and the tests shift and scale by powers of two, so that
a score equal to the mean stays equal: what is found is the mapping, not its rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Optional

import torch
from torch import Tensor

from .registry import get
from .sparsehourglass import sparsehourglass

Function = Callable[[Tensor], Tensor]

TOLERANCE = 1e-6
SHIFTS = (1.0, -8.0, 1024.0)
FACTORS = (0.5, 2.0, 8.0)
CLASSES = (2, 3, 5, 8, 16)
CLOSE = 1e-7
"""Two points this close with outputs more than `JUMP` times as far apart are on the two sides of a jump."""
JUMP = 1e3


@dataclass(frozen=True)
class Finding:
    """What was measured about one property of one mapping.

    Attributes:
        holds: no counterexample was found.
        witness: for a "no", the scores and outputs that show it, by name.
        value: the largest slope that was found (Lipschitz only; None where slopes have no bound).
        condition: under what condition it holds nevertheless.
    """

    holds: bool
    witness: Optional[Mapping[str, list[float]]] = None
    value: Optional[float] = None
    condition: str = ""


def points(seed: int = 0) -> list[Tensor]:
    """Random and adversarial scores, one float64 tensor ``[n, K]`` per number of classes."""
    generator = torch.Generator().manual_seed(seed)
    result = []
    for classes in CLASSES:
        noise = torch.randn(3, 100, classes, dtype=torch.float64, generator=generator)
        random = (noise * torch.tensor([0.25, 1.0, 8.0], dtype=torch.float64)[:, None, None]).flatten(0, 1)
        ramp = torch.arange(classes, dtype=torch.float64)
        one_hot = torch.eye(classes, dtype=torch.float64)
        adversarial = torch.stack(
            (
                torch.zeros_like(ramp),  # all equal
                ramp - ramp.mean(),  # sum zero; for odd K one score equals the mean
                -1 - ramp,  # sum negative
                one_hot[0],  # a corner of the simplex
                one_hot[0] + one_hot[1],  # two equal largest
                1e6 * ramp,  # far apart
                ramp * 2**-10,  # nearly equal
            )
        )
        result.append(torch.cat((adversarial, random)).mul(1024).round().div(1024))
    return result


def idempotence(function: Function, rows: Sequence[Tensor]) -> Finding:
    """f(f(v)) = f(v).

    >>> idempotence(get("sparsemax").function, points()).holds
    True
    """
    return _compare(function, lambda v: function(function(v)), "f(f(v))", rows)


def monotonicity(function: Function, rows: Sequence[Tensor]) -> Finding:
    """v_i >= v_j implies f(v)_i >= f(v)_j.

    >>> monotonicity(get("evsoftmax").function, points()).holds
    True
    """
    for scores in rows:
        ordered = scores.sort(-1).values
        drops = (function(ordered).diff(dim=-1) < -TOLERANCE).any(-1)
        if drops.any():
            witness = ordered[drops][0]
            return Finding(False, {"v": witness.tolist(), "f(v)": function(witness).tolist()})
    return Finding(True)


def translation_invariance(function: Function, rows: Sequence[Tensor]) -> Finding:
    """f(v + c) = f(v).

    >>> translation_invariance(get("evsoftmax").function, points()).holds
    True
    """

    def compared(c: float) -> Finding:
        return _compare(function, lambda v: function(v + c), f"f(v + {c:g})", rows)

    return _first_no(map(compared, SHIFTS))


def scale_invariance(function: Function, rows: Sequence[Tensor]) -> Finding:
    """f(c v) = f(v) for c > 0.

    >>> scale_invariance(get("evsoftmax").function, points()).holds
    False
    """

    def compared(c: float) -> Finding:
        return _compare(function, lambda v: function(c * v), f"f({c:g} v)", rows)

    return _first_no(map(compared, FACTORS))


def full_domain(function: Function, rows: Sequence[Tensor]) -> Finding:
    """f(v) is a probability vector for every finite v (above `masking.MASKED_SCORE`).

    >>> full_domain(get("evsoftmax").function, points()).holds
    True
    """
    for scores in rows:
        result = function(scores)
        good = ((result >= 0) & result.isfinite()).all(-1) & ((result.sum(-1) - 1).abs() < TOLERANCE)
        if not good.all():
            witness = scores[~good][0]
            return Finding(False, {"v": witness.tolist(), "f(v)": function(witness).tolist()})
    return Finding(True)


def lipschitz(function: Function, rows: Sequence[Tensor]) -> Finding:
    """||f(v) - f(w)||_2 <= L ||v - w||_2 for some L. The value is the largest slope found.

    Segments between points are halved towards the half that rises more, until their ends are
    close: a jump on the way is found, whatever the mapping. Slopes where nothing jumps are
    spectral norms of the Jacobian.

    >>> lipschitz(get("softmax").function, points()).value
    0.5
    """
    jump, slope, is_steep = None, 0.0, False
    for scores in rows:
        slope = max(slope, _largest_jacobian(function, scores))
        left, right = _steepest(function, scores, scores.roll(1, 0))
        slopes = (function(left) - function(right)).norm(dim=-1) / (left - right).norm(dim=-1)
        worst = slopes.nan_to_num().argmax()
        if slopes[worst] > JUMP:
            # a jump is between two places that are not steep themselves
            is_steep = is_steep or _largest_jacobian(function, torch.stack((left[worst], right[worst]))) > JUMP
            jump = jump or {
                "v": left[worst].tolist(),
                "w": right[worst].tolist(),
                "f(v)": function(left[worst]).tolist(),
                "f(w)": function(right[worst]).tolist(),
            }
        else:
            slope = max(slope, slopes[worst].item())
    condition = "where the support stays the same" if jump and not is_steep else ""
    return Finding(jump is None, jump, None if is_steep else round(slope, 6), condition)


PROPERTIES: Mapping[str, Callable[[Function, Sequence[Tensor]], Finding]] = {
    "idempotence": idempotence,
    "monotonicity": monotonicity,
    "translation invariance": translation_invariance,
    "scale invariance": scale_invariance,
    "full domain": full_domain,
    "Lipschitz": lipschitz,
}
"""The rows of the paper's Table 1."""

LIMITS: Mapping[tuple[str, str], tuple[str, Function]] = {
    ("sparsehourglass", "translation invariance"): ("for q to infinity", partial(sparsehourglass, q=1e15)),
    ("sparsehourglass", "scale invariance"): ("for q to 0", partial(sparsehourglass, q=1e-12)),
}
"""Properties that hold in the limit of a parameter: condition, and the mapping near that limit."""


def measure(names: Sequence[str], seed: int = 0) -> dict[str, dict[str, Finding]]:
    """Every property of every mapping: name -> property -> finding.

    Raises:
        InputError: a name is unknown.

    >>> measure(["softmax"])["softmax"]["idempotence"].holds
    False
    """
    functions = {name: get(name).function for name in names}
    rows = points(seed)
    table: dict[str, dict[str, Finding]] = {}
    for name, function in functions.items():
        table[name] = {title: check(function, rows) for title, check in PROPERTIES.items()}
        for title, finding in table[name].items():
            if not finding.holds and (name, title) in LIMITS:
                condition, limit = LIMITS[name, title]
                if PROPERTIES[title](limit, rows).holds:
                    table[name][title] = replace(finding, condition=condition)
    return table


def _compare(function: Function, other: Function, label: str, rows: Sequence[Tensor]) -> Finding:
    for scores in rows:
        differ = (function(scores) - other(scores)).abs().amax(-1) > TOLERANCE
        if differ.any():
            witness = scores[differ][0]
            outputs = {"f(v)": function(witness).tolist(), label: other(witness).tolist()}
            return Finding(False, {"v": witness.tolist(), **outputs})
    return Finding(True)


def _first_no(findings: Iterable[Finding]) -> Finding:
    return next((finding for finding in findings if not finding.holds), Finding(True))


def _steepest(function: Function, left: Tensor, right: Tensor) -> tuple[Tensor, Tensor]:
    """Halve each segment towards the half with the larger change of ``function`` until its ends are close."""
    while ((left - right).norm(dim=-1) > CLOSE).any():
        middle = (left + right) / 2
        at_left, at_middle, at_right = function(left), function(middle), function(right)
        first = (at_left - at_middle).norm(dim=-1) >= (at_middle - at_right).norm(dim=-1)
        # segments that are short enough keep their length, for rounding would show in shorter ones
        moving = (left - right).norm(dim=-1) > CLOSE
        left = torch.where((moving & ~first)[:, None], middle, left)
        right = torch.where((moving & first)[:, None], middle, right)
    return left, right


def _largest_jacobian(function: Function, scores: Tensor) -> float:
    jacobians = torch.func.vmap(torch.func.jacrev(function))(scores)
    return torch.linalg.matrix_norm(jacobians, 2).max().item()
