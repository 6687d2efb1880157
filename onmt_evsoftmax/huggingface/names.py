"""The names that stand in ``attn_implementation``: one function, or one for each kind of attention."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Optional

from ..base import catalogue
from ..base.errors import InputError

SELF, CROSS = "self", "cross"
KINDS = (SELF, CROSS)

ELSEWHERE = "softmax"
"""The function of a kind of attention that a name with kinds does not mention."""


@dataclass(frozen=True)
class AttentionFunctions:
    """Names of functions, see `onmt_evsoftmax.normalizers.names`.

    Attributes:
        self_attention: of encoder and decoder.
        cross_attention: keys and values of another sequence.
    """

    self_attention: str
    cross_attention: str

    @classmethod
    def parse(cls, name: str) -> Optional[AttentionFunctions]:
        """What ``attn_implementation=name`` asks for; None where the name is not one of ours.

        >>> AttentionFunctions.parse("cross:evsoftmax")
        AttentionFunctions(self_attention='softmax', cross_attention='evsoftmax')
        >>> AttentionFunctions.parse("sdpa")

        Raises:
            InputError: it is written like one of ours, and a kind or function in it is unknown.
        """
        if ":" not in name:
            return cls(name, name) if name in catalogue.names() else None
        if "/" in name:  # a kernel of the hub, OWNER/REPOSITORY:FUNCTION
            return None
        parts = [tuple(word.strip() for word in part.partition(":")) for part in name.split(",")]
        for kind, *_ in parts:
            if kind not in KINDS:
                raise InputError(f"attn_implementation={name!r}: {kind!r} is no kind of attention; known: self, cross")
        chosen = {kind: catalogue.get(function).name for kind, _, function in parts}
        if len(chosen) < len(parts):
            raise InputError(f"attn_implementation={name!r} names one kind of attention twice")
        return cls(chosen.get(SELF, ELSEWHERE), chosen.get(CROSS, ELSEWHERE))

    @property
    def has_kinds(self) -> bool:
        """Whether the kinds of attention differ."""
        return self.self_attention != self.cross_attention

    @property
    def name(self) -> str:
        """What to give as ``attn_implementation``; it is stored in config.json.

        >>> AttentionFunctions("softmax", "evsoftmax").name
        'cross:evsoftmax'
        """
        if not self.has_kinds:
            return self.self_attention
        named = {SELF: self.self_attention, CROSS: self.cross_attention}
        return ",".join(f"{kind}:{function}" for kind, function in named.items() if function != ELSEWHERE)

    def of(self, kind: str) -> str:
        """The function of this kind."""
        return self.cross_attention if kind == CROSS else self.self_attention


def names_in(attn_implementation: Any) -> Iterator[str]:
    """The names in what ``attn_implementation`` takes: one, or those of the parts of a composite model."""
    if isinstance(attn_implementation, str):
        yield attn_implementation
    elif isinstance(attn_implementation, dict):
        for part in attn_implementation.values():
            yield from names_in(part)
