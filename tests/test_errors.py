from __future__ import annotations

import pytest

from generator.errors import (
    ConfigError,
    GalleryError,
    ModelError,
    PhotoError,
    UsageError,
    WeightsUnavailableError,
    nearest,
)


@pytest.mark.parametrize(
    ("message", "hint", "expected"),
    [
        ("no such thing", "", "no such thing"),
        ("no such thing", "Make one", "no such thing. Make one"),
        ("two\n  lines\tof text", "and\na hint", "two lines of text. and a hint"),
    ],
)
def test_an_error_is_one_line(message: str, hint: str, expected: str) -> None:
    assert str(GalleryError(message, hint)) == expected


@pytest.mark.parametrize(
    ("kind", "status"),
    [(GalleryError, 1), (ModelError, 1), (WeightsUnavailableError, 1), (PhotoError, 1), (UsageError, 2)],
)
def test_an_error_knows_the_status_that_a_command_ends_with(kind: type[GalleryError], status: int) -> None:
    assert kind("x").exit_status == status


def test_a_configurations_error_holds_every_problem() -> None:
    error = ConfigError(line for line in ("c.yaml:1: a", "c.yaml:2: b"))
    assert error.problems == ("c.yaml:1: a", "c.yaml:2: b")
    assert str(error) == "c.yaml:1: a; c.yaml:2: b"
    assert error.exit_status == 2


@pytest.mark.parametrize(
    ("name", "known", "expected"),
    [
        ("block4_conv3x", ["block4_conv3", "block5_conv1"], "Did you mean block4_conv3?"),
        ("vgg16", ["VGG19", "VGG16"], "Did you mean VGG16?"),
        ("stepz", ["size", "steps"], "Did you mean steps?"),
        ("zzz", ["size", "steps"], ""),
        ("", ["size"], ""),
        ("size", [], ""),
    ],
)
def test_the_nearest_name_is_offered(name: str, known: list[str], expected: str) -> None:
    assert nearest(name, known) == expected
