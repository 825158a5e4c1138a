"""The JSON Schema of config.yaml, which the reference is made of, against what the program takes."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Annotated, Literal

import jsonschema
import pytest
from pydantic import BaseModel, Field, ValidationError
from ruamel.yaml import YAML

from generator.config.document import parse_yaml
from generator.config.lines import describe, line_of
from generator.config.presets import preset_text
from generator.config.schema import ConfigFile, LayerPart, ModelPart, PreprocessPart, RenderPart
from generator.config.types.annotations import Omittable, Strict, one_of
from generator.config.types.colours import Colour
from tests.docs.commands import FILES, blocks


def _references() -> ModuleType:
    """Return the documentation's extension, which is no package."""
    path = Path(__file__).parents[2] / "docs/_extensions/references.py"
    spec = importlib.util.spec_from_file_location("references", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


REFERENCES = _references()

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
dataset: {source: images, limit: 10, seed: 1, size: 64, publish: false, examples: 4, labels: [cat, dog]}
compare: [[demo, VGG16]]
"""


def problems(text: str) -> tuple[bool, bool]:
    """Return whether the program and the schema find a configuration wrong."""
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
        return {str(key): as_texts(item) for key, item in value.items()}
    return [as_texts(item) for item in value] if isinstance(value, list) else value


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
        ("limit: 10", "limit: 0"),
        ("publish: false", "publish: 0"),
        ("labels: [cat, dog]", "labels: cat"),
        ("source: images, ", ""),
        ("source: images, ", "source: images, shuffle: yes, "),
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


PARTS: list[tuple[type[BaseModel], dict[str, object]]] = [
    (ConfigFile, {"models": ["demo"]}),
    (RenderPart, {}),
    (ModelPart, {"source": "demo"}),
    (LayerPart, {}),
    (PreprocessPart, {}),
]
KEYS = [(part, required, key) for part, required in PARTS for key in part.model_fields]


@pytest.mark.parametrize(("part", "required", "key"), KEYS, ids=[f"{part.__name__}.{key}" for part, _, key in KEYS])
def test_every_key_has_a_type_a_meaning_and_examples_that_are_right_by_both(
    part: type[BaseModel], required: dict[str, object], key: str
) -> None:
    whole = part.model_json_schema()
    schema = whole["properties"][key]
    assert schema["description"]
    assert {"type", "enum", "anyOf", "$ref"} & {*schema}
    validator = jsonschema.Draft202012Validator({**schema, "$defs": whole.get("$defs", {})})
    for example in schema.get("examples", ()):
        part.model_validate({**required, key: example})
        validator.validate(example)
        assert as_texts(YAML(typ="safe").load(REFERENCES.written(example))) == as_texts(example)


def test_all_examples_are_shown() -> None:
    rows = [row for row in REFERENCES.keys(SCHEMA, SCHEMA["$defs"]) if row.examples]
    assert {row.place for row in rows} == {
        "accent",
        "dataset.labels",
        "filters",
        "models[].input_shape",
        "models[].preprocess.mean",
        "models[].preprocess.std",
        "models[].preprocess.scale",
        "models[].custom_objects",
        "models[].bands",
        "models[].dataset.labels",
        "models[].filters",
        "models[].labels",
        "render.objective",
        "render.transforms",
        "workers",
    }


class Frame(Strict):
    """A toy mapping."""

    width: Annotated[int, Field(ge=1, le=9)] = 2
    """Pixels."""
    colour: Colour = "#000000"
    """Of the frame."""


Mood = Literal["bright", "gloomy"]


class Toy(ConfigFile):
    """The configuration with keys that stand here and nowhere else."""

    mood: Omittable[Annotated[Mood, one_of(Mood)]] = None
    """How the pages feel."""
    frame: Frame = Frame()
    """What is around pictures."""


def test_a_new_key_is_added_in_one_place() -> None:
    document = parse_yaml("models: [demo]\nmood: bright\nframe: {colour: teal}\n", "c")
    toy = Toy.model_validate(document.value)
    assert (toy.mood, toy.frame) == ("bright", Frame(colour="#008080"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mood: glomy", "2: mood: expected bright or gloomy, got 'glomy'. Did you mean gloomy?"),
        ("mood:", "2: mood: expected bright or gloomy, got None."),
        ("moood: bright", "2: moood: unknown setting. Did you mean mood?"),
        ("frame:\n  width: 10", "3: frame.width: expected a number less than or equal to 9, got 10"),
        ("frame:\n  widht: 3", "3: frame.widht: unknown setting. Did you mean width?"),
    ],
)
def test_a_new_keys_messages_have_all_that_others_have(text: str, expected: str) -> None:
    document = parse_yaml(f"models: [demo]\n{text}", "c")
    with pytest.raises(ValidationError) as caught:
        Toy.model_validate(document.value)
    (problem,) = caught.value.errors()
    assert f"{line_of(document, problem['loc'])}: {describe(problem, Toy)}" == expected
    assert not jsonschema.Draft202012Validator(Toy.model_json_schema()).is_valid(document.value)


def test_a_new_key_stands_in_the_reference() -> None:
    schema = Toy.model_json_schema()
    rows = {row.place: row[1:4] for row in REFERENCES.keys(schema, schema["$defs"])}
    assert rows["mood"] == ("bright or gloomy", "", "How the pages feel.")
    assert rows["frame.width"] == ("whole number from 1 to 9", "2", "Pixels.")
