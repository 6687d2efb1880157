"""The functions from scores to weights, as every room knows them, without torch.

Whatever lists functions reads this one table: the registry, options, sweeps, tables, pages, figures and
experiments. What a function computes stands in `onmt_evsoftmax.normalizers.registry`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple, Optional

from . import extensions
from .errors import InputError

Family = Literal["softmax", "centred", "projected", "row"]
"""What attention makes use of.

``softmax``: no threshold. ``centred``: softmax of the scores that reach their mean, which is the score of the mean
key. ``projected``: needs a whole row of scores, and has a Jacobian that its output determines. ``row``: any other
function of a row.
"""

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
"""A name is part of file names (``FUNCTION.SEED``), options and CSS variables."""


class Line(NamedTuple):
    """How a function is drawn: colours of at least 4.5:1 against a light and a dark page, and an SVG dash pattern."""

    light: str
    dark: str
    dash: str = "none"


@dataclass(frozen=True)
class Function:
    """A function from scores to weights.

    Attributes:
        name: the one string that names it in configurations, checkpoints, tables and files.
        printed_name: how it is written in a table or a figure.
        family: see `Family`.
        trained_as: the function that a model is trained with before this one takes its place; as a rule itself.
        line: how its curves are drawn.
        sums_to_one: whether the weights of a row do.
    """

    name: str
    printed_name: str
    family: Family
    trained_as: str
    line: Line
    sums_to_one: bool = True

    @property
    def is_trained(self) -> bool:
        """Whether models are trained with it, and not with another function that it then replaces."""
        return self.trained_as == self.name


SPARE_LINES = (Line("#0a6c86", "#66cfe6", "6 2"), Line("#8a3ffc", "#d4bbff", "1 3"), Line("#6f4400", "#e3b27a", "4 4"))
"""For functions that come without a line, in turn."""

_FUNCTIONS = {
    function.name: function
    for function in (
        Function("softmax", "softmax", "softmax", "softmax", Line("#0b62a8", "#6db7f2", "8 4")),
        Function("sparsemax", "sparsemax", "projected", "sparsemax", Line("#a35a00", "#f3aa4e", "2 3")),
        Function("entmax15", "entmax-1.5", "projected", "entmax15", Line("#00745c", "#4fd0af", "9 3 2 3")),
        Function("posthoc_evidential", "post-hoc evidential", "centred", "softmax", Line("#6b4fb3", "#bda6ff", "12 3")),
        Function("evsoftmax", "ev-softmax", "centred", "evsoftmax", Line("#b3124f", "#ff85ac")),
        Function("sparsehourglass", "sparsehourglass", "row", "sparsehourglass", Line("#5a5d66", "#b0b4be", "4 2")),
        Function("topk_softmax", "top-k softmax", "row", "topk_softmax", Line("#7a6a00", "#d9cb55", "3 2")),
        Function("alpha_entmax", "alpha-entmax", "row", "alpha_entmax", Line("#2f6b1f", "#8fd07a", "10 2 2 2")),
        Function("multimax", "MultiMax", "row", "multimax", Line("#9c2a8f", "#f094e4", "5 3")),
        Function("ssmax", "SSMax", "row", "ssmax", Line("#3d4db8", "#a9b4ff", "14 4")),
        Function("softmax1", "softmax1", "row", "softmax1", Line("#4a5a70", "#a6b8d0", "2 2"), False),
        Function("softpick", "softpick", "row", "softpick", Line("#8a4b2f", "#e8a88c", "7 2 2 2 2 2"), False),
        Function("sigmoid", "sigmoid", "row", "sigmoid", Line("#a02020", "#ff9a8f", "11 5"), False),
    )
}
"""In the order of the paper's tables."""


def names() -> tuple[str, ...]:
    """The known names, in the order of the tables; those of the user's own functions last.

    >>> names()[:5]
    ('softmax', 'sparsemax', 'entmax15', 'posthoc_evidential', 'evsoftmax')
    """
    extensions.load()
    return tuple(_FUNCTIONS)


def get(name: str) -> Function:
    """The function called ``name``.

    Raises:
        InputError: there is none; the message lists the known names.

    >>> get("posthoc_evidential").trained_as
    'softmax'
    """
    extensions.load()
    if name not in _FUNCTIONS:
        raise InputError(f"unknown function {name!r}; known: {', '.join(_FUNCTIONS)}. {extensions.HINT}")
    return _FUNCTIONS[name]


def described(given: Iterable[str]) -> dict[str, Function]:
    """The functions that files of earlier processes name, in the order given.

    One that this process does not know, because the module that registers it is not named, has its bare name.

    >>> described(["softmax", "gone"])["gone"].printed_name
    'gone'
    """
    extensions.load()
    given = list(given)
    unknown = [name for name in dict.fromkeys(given) if name not in _FUNCTIONS]
    bare = {name: _own(name, len(_FUNCTIONS) + place) for place, name in enumerate(unknown)}
    return {name: _FUNCTIONS.get(name) or bare[name] for name in given}


def used_after(trained: str) -> tuple[str, ...]:
    """The functions that a model trained with ``trained`` is used with.

    >>> used_after("softmax")
    ('softmax', 'posthoc_evidential')
    """
    return tuple(name for name in names() if _FUNCTIONS[name].trained_as == trained)


def printed_name(name: str) -> str:
    """How ``name`` is written; a name that is not in the catalogue, such as a label, is written as it is.

    >>> printed_name("evsoftmax"), printed_name("baseline")
    ('ev-softmax', 'baseline')
    """
    return _FUNCTIONS[name].printed_name if name in names() else name


def add(
    name: str, printed_name: Optional[str] = None, trained_as: Optional[str] = None, line: Optional[Line] = None
) -> None:
    """Put a function of the user's into the catalogue; `onmt_evsoftmax.register` does, with what it computes.

    Raises:
        InputError: the name cannot be part of a file name, or is taken, or ``trained_as`` is not known.
    """
    if not NAME.fullmatch(name):
        raise InputError(f"{name!r} cannot name a function; use letters, digits and _, beginning with a letter")
    if name in _FUNCTIONS:
        raise InputError(
            f"there is a function {name!r} already; choose another name, or register it once: {extensions.VARIABLE} "
            "may name its module too"
        )
    if printed_name in {function.printed_name for function in _FUNCTIONS.values()}:
        raise InputError(f"{name}: another function is printed as {printed_name!r}; choose another printed_name")
    if trained_as not in (None, name) and not get(trained_as).is_trained:
        raise InputError(
            f"{name}: trained_as={trained_as}, which is not trained itself; give {get(trained_as).trained_as}"
        )
    if line is not None and not isinstance(line, Line):
        raise InputError(f"{name}: line must be an onmt_evsoftmax.base.catalogue.Line, got {line!r}")
    _FUNCTIONS[name] = _own(name, len(_FUNCTIONS), printed_name, trained_as, line)


def _own(
    name: str,
    place: int,
    printed_name: Optional[str] = None,
    trained_as: Optional[str] = None,
    line: Optional[Line] = None,
) -> Function:
    spare = SPARE_LINES[place % len(SPARE_LINES)]
    return Function(name, printed_name or name, "row", trained_as or name, line or spare)


def remove(name: str) -> None:
    """Take a function of the user's out again."""
    del _FUNCTIONS[name]
