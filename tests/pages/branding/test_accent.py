"""Any colour, made readable: compared with WCAG's formula, written out here once more, and Pillow's colours."""

from __future__ import annotations

import colorsys
import re
from itertools import product

import numpy as np
import pytest
from PIL import ImageColor

from generator import assets
from generator.pages.branding.accent import BACKGROUNDS, accent_css, readable

EDGES = ["#%02x%02x%02x" % rgb for rgb in product((0, 51, 102, 153, 204, 255), repeat=3)]  # noqa: UP031
HUES = [
    "#%02x%02x%02x" % tuple(round(255 * part) for part in colorsys.hsv_to_rgb(hue / 90, saturation, value))  # noqa: UP031
    for hue in range(90)
    for saturation, value in ((1, 1), (0.5, 1), (1, 0.5))
]
NAMED = sorted({"#" + bytes(ImageColor.getrgb(name)[:3]).hex() for name in tuple(ImageColor.colormap)})


def contrast(first: str, second: str) -> float:
    """Return the contrast of two colours as WCAG 2.2 defines it."""
    values = np.array([ImageColor.getrgb(first), ImageColor.getrgb(second)]) / 255
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    low, high = np.sort(linear @ [0.2126, 0.7152, 0.0722])
    return float((high + 0.05) / (low + 0.05))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_colour_becomes_readable_and_none_that_is_changes(theme: str) -> None:
    changed = 0
    for colour in {*EDGES, *HUES, *NAMED}:
        moved = readable(colour, BACKGROUNDS[theme])
        assert min(contrast(moved, background) for background in BACKGROUNDS[theme]) >= 4.5, colour
        was_readable = min(contrast(colour, background) for background in BACKGROUNDS[theme]) >= 4.5
        assert (moved == colour) is was_readable, colour
        changed += moved != colour
    assert 50 < changed < len({*EDGES, *HUES, *NAMED})


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_colour_moves_no_further_than_it_must(theme: str) -> None:
    lowest = [min(contrast(readable(c, BACKGROUNDS[theme]), g) for g in BACKGROUNDS[theme]) for c in EDGES]
    of_moved = [
        value for colour, value in zip(EDGES, lowest, strict=True) if readable(colour, BACKGROUNDS[theme]) != colour
    ]
    assert max(of_moved) < 4.7  # a step of lightness changes the contrast by less than that


@pytest.mark.parametrize(
    ("colour", "light", "dark"),
    [
        ("#ffff00", "#747401", "#ffff00"),
        ("#00ffff", "#017d7d", "#00ffff"),
        ("#ff8800", "#ac5a00", "#ff8800"),
        ("#0000ff", "#0000ff", "#447cff"),
        ("#880088", "#880088", "#ca54c8"),
        ("#c0ffc0", "#427c44", "#c0ffc0"),
        ("#400000", "#400000", "#ba7065"),
        ("#008b8b", "#037d7d", "#179393"),
        ("#777777", "#707070", "#848484"),
        ("#ffffff", "#707070", "#ffffff"),
        ("#000000", "#000000", "#848484"),
    ],
)
def test_a_sites_colours_stay_from_version_to_version(colour: str, light: str, dark: str) -> None:
    assert [readable(colour, backgrounds) for backgrounds in BACKGROUNDS.values()] == [light, dark]


@pytest.mark.parametrize("colour", ["#ffff00", "#00ffff", "#ff8800", "#0000ff", "#880088", "#c0ffc0", "#400000"])
def test_a_colour_keeps_its_hue(colour: str) -> None:
    for backgrounds in BACKGROUNDS.values():
        hues = [
            colorsys.rgb_to_hsv(*(v / 255 for v in ImageColor.getrgb(shade)[:3]))[0]
            for shade in (colour, readable(colour, backgrounds))
        ]
        turn = abs(hues[0] - hues[1])
        assert min(turn, 1 - turn) < 0.05


def test_grays_stay_gray() -> None:
    for level in range(0, 256, 15):
        red, green, blue = ImageColor.getrgb(readable(f"#{level:02x}{level:02x}{level:02x}", BACKGROUNDS["light"]))[:3]
        assert max(red, green, blue) - min(red, green, blue) <= 1


def test_the_grounds_are_the_style_sheets() -> None:
    css = (assets.templates_path() / "static/site.css").read_text()
    variables = [tuple(re.findall(rf"--{name}: (#\w+);", css)) for name in ("wall", "raised")]
    assert list(zip(*variables, strict=True)) == [BACKGROUNDS["light"], BACKGROUNDS["dark"]]
    own = re.findall(r"--accent: (#\w+);", css)
    assert [readable(colour, backgrounds) for colour, backgrounds in zip(own, BACKGROUNDS.values(), strict=True)] == own


def test_both_themes_get_their_own() -> None:
    light, dark = re.findall(r"--accent:(#\w{6})", accent_css("#ffff00"))
    assert (light, dark) == (readable("#ffff00", BACKGROUNDS["light"]), "#ffff00")
    assert accent_css("#ffff00").index("prefers-color-scheme:dark") < accent_css("#ffff00").index(dark)
