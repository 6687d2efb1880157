"""How much every layer and head attends to: what the grids of the page show."""

from __future__ import annotations

from typing import Any

from ...evaluation.attended_seeds import pool_attended
from ...sweep.testset import TestSet


def attended_kinds(test: TestSet) -> dict[str, dict[str, Any]]:
    """function -> kind -> ``runs`` and measure -> ``mean``, ``standard_error``: ``[layers][heads]``.

    The comparison has them; without one (a single function) they come from the runs.
    """
    functions = test.comparison["functions"] if test.comparison else {}
    found = {name: summary["attended"] for name, summary in functions.items()}
    for name, group in test.groups.items():
        found.setdefault(name, pool_attended(list(group.values())))
    return {name: attended["kinds"] for name, attended in found.items() if attended}
