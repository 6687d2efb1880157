import numpy as np
import pytest
from matplotlib.colors import to_rgb

from onmt_evsoftmax.figures.colour import DARK, LIGHT, cell_colours, position


def luminance(colour) -> float:
    """Relative luminance (WCAG): what is left of a colour in greyscale."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))


def contrast(one, other) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme, direction", [(LIGHT, -1), (DARK, 1)])
def test_more_weight_is_always_further_from_the_page_without_any_hue(theme, direction):
    steps = direction * np.diff([luminance(colour) for colour in theme.ramp()[::15]])
    assert (steps > 0).all()


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_the_zero_cell_is_off_the_scale(theme):
    assert min(contrast(theme.zero, colour) for colour in theme.ramp()) > 1.2
    red, green, blue = to_rgb(theme.zero)
    assert max(red, green, blue) - min(red, green, blue) < 0.04  # neutral, the scale is not


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_text_and_dots_can_be_seen(theme):
    assert contrast(theme.ink, theme.page) > 7
    assert contrast(theme.muted, theme.page) > 4.5
    assert contrast(theme.dot, theme.zero) > 2.5


def test_square_root_scale():
    np.testing.assert_allclose(position(np.array([0, 0.01, 0.25, 1, 1.0005])), [0, 0.1, 0.5, 1, 1])


def test_the_smallest_weight_has_a_colour_and_zero_has_none():
    colours = cell_colours(np.array([[0.0, 1e-30, 1.0, 0.0]]), np.array([[True, True, True, False]]))
    zero, tiny, one, masked = colours[0]
    np.testing.assert_allclose(zero[:3], to_rgb(LIGHT.zero))
    np.testing.assert_allclose(tiny[:3], to_rgb(LIGHT.ramp()[0]), atol=1e-6)
    np.testing.assert_allclose(one[:3], to_rgb(LIGHT.ramp()[-1]), atol=1e-6)
    assert masked[3] == 0
