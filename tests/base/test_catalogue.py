"""The catalogue of functions: what a page needs of it, and what it refuses."""

from __future__ import annotations

import pytest

from onmt_evsoftmax.base import catalogue
from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.figures.colour import DARK, LIGHT


def luminance(colour: str) -> float:
    """WCAG's relative luminance of #rrggbb."""
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def all_lines():
    return [catalogue.get(name).line for name in catalogue.names()] + list(catalogue.SPARE_LINES)


def test_every_line_reads_on_a_light_and_on_a_dark_page():
    for line in all_lines():
        assert contrast(line.light, LIGHT.page) >= 4.5 and contrast(line.dark, DARK.page) >= 4.5


def test_no_two_lines_look_alike():
    for column in zip(*all_lines()):
        assert len(set(column)) == len(column)


@pytest.mark.parametrize("name", catalogue.names())
def test_what_a_function_is_trained_as_is_trained_itself(name):
    trained = catalogue.get(catalogue.get(name).trained_as)
    assert trained.is_trained and name in catalogue.used_after(trained.name)


@pytest.mark.parametrize("name", ["", "my function", "a.b", "../x", "1st", "evsoftmax", "x\n"])
def test_a_name_that_cannot_be_a_file_or_is_taken_is_refused(name):
    with pytest.raises(InputError, match="cannot name a function|already"):
        catalogue.add(name)


def test_a_function_of_the_users_is_last_and_gets_a_line_of_its_own():
    catalogue.add("mine", "my function", trained_as="sparsemax")
    try:
        assert catalogue.names()[-1] == "mine" and catalogue.printed_name("mine") == "my function"
        assert catalogue.used_after("sparsemax") == ("sparsemax", "mine")
        assert catalogue.get("mine").line in catalogue.SPARE_LINES and catalogue.get("mine").family == "row"
    finally:
        catalogue.remove("mine")
    with pytest.raises(InputError, match="unknown function 'mine'; known: softmax, .*ONMT_EVSOFTMAX_FUNCTIONS"):
        catalogue.get("mine")
