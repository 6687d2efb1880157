"""Stand-ins answer to old names, keep what they are given and do nothing."""

from __future__ import annotations

import pytest

from onmt_evsoftmax.conversion.stand_ins import LEGACY_NAMES, StandIn, attributes_of, stand_ins

NAMES = [f"{module}.{name}" for module, names in LEGACY_NAMES.items() for name in names]


def by_name() -> dict[str, type]:
    """The keys under which torch looks a global up."""
    return {f"{one.__module__}.{one.__qualname__}": one for one in stand_ins()}


def test_there_is_one_for_every_name_and_nothing_that_does_anything():
    harmless = {"collections.defaultdict", "collections.Counter", "builtins.dict", "builtins.set"}
    assert set(by_name()) == {*NAMES, *harmless, "argparse.Namespace"}


@pytest.mark.parametrize("name", NAMES)
def test_a_call_does_nothing_and_the_state_is_kept(name):
    def bomb(*_arguments, **_keywords):
        raise AssertionError("called")

    made = by_name()[name](bomb, 1, word=bomb)
    assert isinstance(made, StandIn) and attributes_of(made) == {}
    made.__setstate__({"itos": ["a"], "function": bomb})
    assert attributes_of(made) == {"itos": ["a"], "function": bomb}
    made.__setstate__((bomb, (), {}, None))  # what functools.partial stores
    assert attributes_of(made) == {}


def test_a_default_dict_becomes_a_dict():
    made = by_name()["collections.defaultdict"](lambda: 7)
    assert type(made) is dict and made == {}


def test_other_things_have_no_attributes():
    assert attributes_of([1]) == attributes_of(None) == {}
