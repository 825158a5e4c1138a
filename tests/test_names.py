from __future__ import annotations

import pytest

from generator.names import MAX_SLUG_LENGTH, slug, unique_slugs


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("VGG16", "vgg16"),
        ("block1_conv1", "block1_conv1"),
        ("My Model (v2)", "my-model-v2"),
        ("Café Zürich", "cafe-zurich"),
        ("../../etc/passwd", "etc-passwd"),
        ("C:\\models\\a", "c-models-a"),
        ("<img src=x onerror=alert(1)>", "img-src-x-onerror-alert-1"),
        ("--_a_--", "a"),
        (".", "x"),
        ("", "x"),
        ("北京", "x"),
        ("a\0b\nc", "a-b-c"),
        ("CON", "con-x"),
        ("lpt1", "lpt1-x"),
        ("con.txt", "con-txt"),
        ("a" * 100, "a" * MAX_SLUG_LENGTH),
        ("a" * (MAX_SLUG_LENGTH - 1) + "-b", "a" * (MAX_SLUG_LENGTH - 1)),
    ],
)
def test_a_slug_is_fit_for_a_path(name: str, expected: str) -> None:
    assert slug(name) == expected


@pytest.mark.parametrize(
    ("names", "taken", "expected"),
    [
        (["a", "b"], [], ["a", "b"]),
        (["a", "A", "a!"], [], ["a", "a-2", "a-3"]),
        (["a-2", "a", "a"], [], ["a-2", "a", "a-3"]),
        (["data", "data"], ["data"], ["data-2", "data-3"]),
        (["?", "!"], [], ["x", "x-2"]),
        (["a", "a", "a-3", "a", "a"], [], ["a", "a-2", "a-3", "a-4", "a-5"]),
    ],
)
def test_equal_slugs_get_numbers(names: list[str], taken: list[str], expected: list[str]) -> None:
    assert unique_slugs(names, taken) == expected
