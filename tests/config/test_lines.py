from __future__ import annotations

import pytest
from pydantic import ValidationError

from generator.config.document import parse_yaml
from generator.config.lines import describe, line_of
from generator.config.schema import ConfigFile

TEXT = """\
title: A
introduction: |
  one
  two
base: &base {size: 64}
models:
  - demo
  - source: VGG16
    layers:
      "block*":
        render:
          steps: 4
  - source: x
    render:
      <<: *base
2:
  a: 1
"""


@pytest.mark.parametrize(
    ("location", "line"),
    [
        ((), 1),
        (("title",), 1),
        (("introduction", 0), 3),
        (("introduction", 1), 4),
        (("models", 0), 7),
        (("models", 1, "source"), 8),
        (("models", 1, "layers", "block*", "render", "steps"), 12),
        (("models", 1, "ModelPart", "layers"), 9),
        (("models", 1, "layers", "nothing"), 9),
        (("models", 9), 6),
        (("models", 2, "render", "size"), 14),
        (("2", "a"), 17),
    ],
)
def test_the_line_of_the_deepest_part_that_is_there(location: tuple[str | int, ...], line: int) -> None:
    assert line_of(parse_yaml(TEXT, "c.yaml"), location) == line


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("models: [demo]\ntitel: x", "titel: unknown setting. Did you mean title?"),
        ("title: x", "models: missing"),
        ("models: []", "models: expected at least one, got []"),
        ("models: [demo]\nrender: 3", "render: expected a mapping of settings, got 3"),
        ("models: [demo]\nrender: {steps: many}", "render.steps: expected an integer, got 'many'"),
        ("models: [demo]\nrender: {steps: 0}", "render.steps: expected a number greater than or equal to 1, got 0"),
    ],
)
def test_an_error_is_described_by_place_expectation_and_what_was_given(text: str, told: str) -> None:
    with pytest.raises(ValidationError) as caught:
        ConfigFile.model_validate(parse_yaml(text, "c.yaml").value)
    assert [describe(error) for error in caught.value.errors()] == [told]
