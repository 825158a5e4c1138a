"""The JSON Schema of config.yaml, which the reference is made of, against what the program takes."""

from __future__ import annotations

import jsonschema
import pytest
from ruamel.yaml import YAML

from generator.config.presets import preset_text
from generator.config.schema import ConfigFile
from tests.docs.commands import FILES, blocks

SCHEMA = ConfigFile.model_json_schema()
jsonschema.Draft202012Validator.check_schema(SCHEMA)
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

DOCUMENTED = {
    f"{block.file}:{block.line}": "\n".join(block.lines)
    for path in FILES
    for block in blocks(path)
    if block.language == "yaml" and any(line.startswith("models:") for line in block.lines)
}
PRESETS = {name: preset_text(name) for name in ("demo", "imagenet", "own")}
RIGHT = """
photos: [chelsea, mine.png]
filters: {most_active: 8}
render: {transforms: [{shift: 1/16}, {scale: 1.1}], objective: [channel, {direction: {3: 1, 7: -0.5}}], sign: both}
models:
  - demo
  - source: VGG16
    input_shape: [null, 96, 3]
    preprocess: {scale: 1/255, mean: [0.5, 0.5, 0.5], std: 2}
    bands: [3, 2, 1]
    custom_objects: {Mine: "package.module:Mine"}
    layers: {"block4*": {filters: [1, 2], render: {steps: 256}}, "*": null}
  - {source: a.keras, layers: "conv*", custom_objects: "package.module:Mine", input_shape: [8, 8, 1]}
compare: [[demo, VGG16]]
"""


def problems(text: str) -> tuple[bool, bool]:
    """Tell whether the program and the schema have something to say against a configuration."""
    held = as_texts(YAML(typ="safe").load(text))
    try:
        ConfigFile.model_validate(held)
        ours = False
    except ValueError:
        ours = True
    return ours, not VALIDATOR.is_valid(held)


def as_texts(value: object) -> object:
    """Return what YAML holds with every key a text, as JSON has them and the program reads them."""
    if isinstance(value, dict):
        return {str(key): as_texts(one) for key, one in value.items()}
    return [as_texts(one) for one in value] if isinstance(value, list) else value


EXAMPLES = {**DOCUMENTED, **PRESETS, "here": RIGHT}


@pytest.mark.parametrize("text", EXAMPLES.values(), ids=EXAMPLES)
def test_what_is_documented_is_right_by_both(text: str) -> None:
    assert problems(text) == (False, False)


@pytest.mark.parametrize(
    "change",
    [
        ("- demo", "- {name: demo}"),
        ("photos: [chelsea, mine.png]", "photos: []"),
        ("{most_active: 8}", "{most_active: 0}"),
        ("{most_active: 8}", "none"),
        ("{most_active: 8}", "[]"),
        ("sign: both", "sign: all"),
        ("sign: both", "size: 8"),
        ("sign: both", "steps: yes"),
        ("sign: both", "nothing: 1"),
        ("{scale: 1.1}", "{scale: 5}"),
        ("{scale: 1.1}", "{blur: 1}"),
        ("{scale: 1.1}", "{scale: 1.1, shift: 0.1}"),
        ("{direction: {3: 1, 7: -0.5}}", "{direction: {}}"),
        ("{direction: {3: 1, 7: -0.5}}", "{direction: {a: 1}}"),
        ("[null, 96, 3]", "[96, 96]"),
        ("[null, 96, 3]", "[96, 96, null]"),
        ("std: 2", "std: x"),
        ("std: 2", "order: gbr"),
        ("bands: [3, 2, 1]", "bands: [0, 1, 2, 3]"),
        ('{Mine: "package.module:Mine"}', "Mine"),
        ("filters: [1, 2]", "filters: [-1]"),
        ("steps: 256", "steps: 0"),
        ('layers: "conv*"', "layers: []"),
        ("[[demo, VGG16]]", "[[demo]]"),
        ("models:", "modells:"),
    ],
    ids=" to ".join,
)
def test_what_is_wrong_is_wrong_by_both(change: tuple[str, str]) -> None:
    assert RIGHT.count(change[0]) == 1
    assert problems(RIGHT.replace(*change)) == (True, True)


def test_every_key_says_what_it_means() -> None:
    parts = [SCHEMA, SCHEMA["$defs"]["RenderPart"], SCHEMA["$defs"]["ModelPart"]["anyOf"][1]]
    assert [name for part in parts for name, one in part["properties"].items() if not one.get("description")] == []
