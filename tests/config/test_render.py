"""How pictures are rendered: every key of ``render:``, right and wrong, in the file, a model and a layer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest

from generator.config import RenderSettings
from generator.config.schema import RenderPart
from generator.config.values import METHOD_DEFAULTS, USUAL_TRANSFORMS, ObjectiveSpec
from tests.config.files import problems, read

# What the benchmarks decide may move; the tests below are about everything else.
FOURIER = RenderSettings(
    "fourier", size=128, margin=8, seed=0, diversity=1, precision="auto", **METHOD_DEFAULTS["fourier"]
)
PIXEL = RenderSettings("pixel", size=128, margin=0, **METHOD_DEFAULTS["pixel"])
MACO = RenderSettings("maco", size=128, margin=0, **METHOD_DEFAULTS["maco"])
NEURON, DIRECTION = ObjectiveSpec("neuron"), ObjectiveSpec("direction", ((3, -1.0), (5, 0.5)))


def pictures(folder: Path, render: str) -> tuple[RenderSettings, ...]:
    """Return the settings of the pictures that every filter gets."""
    (entry,) = read(folder, f"models: [demo]\nrender: {render}").models
    assert entry.settings_for(entry.layers[0]) == entry.pictures_for(entry.layers[0])[0]
    return entry.pictures_for(entry.layers[0])


@pytest.mark.parametrize(
    ("render", "expected"),
    [
        ("{}", FOURIER),
        ("{method: fourier}", FOURIER),
        ("{method: pixel}", PIXEL),
        ("{method: maco}", MACO),
        # the margin is a sixteenth of the size, at least 4, where there is one
        ("{size: 64}", replace(FOURIER, size=64, margin=4)),
        ("{size: 16}", replace(FOURIER, size=16, margin=4)),
        ("{size: 320}", replace(FOURIER, size=320, margin=20)),
        ("{size: 64, margin: 0}", replace(FOURIER, size=64, margin=0)),
        ("{method: pixel, size: 320}", replace(PIXEL, size=320)),
        ("{method: maco, size: 320}", replace(MACO, size=320)),
        ("{method: pixel, margin: 3}", replace(PIXEL, margin=3)),
        # numbers
        ("{steps: 7, learning_rate: 1, seed: 5}", replace(FOURIER, steps=7, learning_rate=1.0, seed=5)),
        ("{seed: 9223372036854775807}", replace(FOURIER, seed=2**63 - 1)),
        ("{diversity: 16}", replace(FOURIER, diversity=16)),
        ("{method: maco, crops: 256}", replace(MACO, crops=256)),
        ("{method: maco, crops: 1}", replace(MACO, crops=1)),
        # words
        ("{objective: channel}", FOURIER),
        ("{objective: neuron}", replace(FOURIER, objective=NEURON)),
        ("{objective: {direction: {5: 0.5, 3: -1}}}", replace(FOURIER, objective=DIRECTION)),
        ('{objective: {direction: {"5": 0.5, "3": -1}}}', replace(FOURIER, objective=DIRECTION)),
        ("{sign: positive}", FOURIER),
        ("{sign: negative}", replace(FOURIER, sign="negative")),
        ("{precision: auto}", FOURIER),
        ("{precision: float32}", replace(FOURIER, precision="float32")),
        ("{precision: bfloat16}", replace(FOURIER, precision="bfloat16")),
        # transforms
        ("{transforms: []}", replace(FOURIER, transforms=())),
        (
            "{transforms: [{shift: 1/16}, {scale: 1.1}, {rotate: 10}]}",
            replace(FOURIER, transforms=(("shift", 0.0625), ("scale", 1.1), ("rotate", 10.0))),
        ),
        (
            "{transforms: [{rotate: 180}, {shift: 0}, {shift: 1/2}, {scale: 4}, {scale: 1}, {noise: 1}]}",
            replace(
                FOURIER,
                transforms=(
                    *(("rotate", 180.0), ("shift", 0.0), ("shift", 0.5)),
                    *(("scale", 4.0), ("scale", 1.0), ("noise", 1.0)),
                ),
            ),
        ),
        ("{method: pixel, transforms: [{noise: 0.1}]}", replace(PIXEL, transforms=(("noise", 0.1),))),
    ],
)
def test_one_picture_has_what_is_given_and_the_rest_by_method_and_size(
    tmp_path: Path, render: str, expected: RenderSettings
) -> None:
    assert pictures(tmp_path, render) == (expected,)


def test_the_defaults_of_the_type_are_those_of_the_default_method() -> None:
    assert RenderSettings() == FOURIER
    assert (FOURIER.objective, FOURIER.sign, FOURIER.transforms) == (
        ObjectiveSpec("channel"),
        "positive",
        USUAL_TRANSFORMS,
    )


NEGATIVE = replace(FOURIER, sign="negative")


@pytest.mark.parametrize(
    ("render", "expected"),
    [
        ("{sign: both}", (FOURIER, NEGATIVE)),
        ("{repeats: 1}", (FOURIER,)),
        ("{repeats: 3}", (FOURIER, replace(FOURIER, seed=1), replace(FOURIER, seed=2))),
        ("{repeats: 2, seed: 7}", (replace(FOURIER, seed=7), replace(FOURIER, seed=8))),
        ("{sign: both, diversity: 3}", (replace(FOURIER, diversity=3), replace(NEGATIVE, diversity=3))),
        ("{objective: [neuron]}", (replace(FOURIER, objective=NEURON),)),
        ("{objective: [channel, neuron]}", (FOURIER, replace(FOURIER, objective=NEURON))),
        ("{objective: [neuron, channel, neuron]}", (replace(FOURIER, objective=NEURON), FOURIER)),
        (
            "{objective: [channel, {direction: {3: -1, 5: 0.5}}, {direction: {5: 0.5, 3: -1.0}}]}",
            (FOURIER, replace(FOURIER, objective=DIRECTION)),
        ),
        (
            "{objective: [neuron, channel], sign: both, repeats: 2}",
            tuple(
                replace(FOURIER, objective=objective, sign=sign, seed=seed)
                for objective in (NEURON, ObjectiveSpec())
                for sign in ("positive", "negative")
                for seed in (0, 1)
            ),
        ),
        ("{method: maco, sign: both}", (MACO, replace(MACO, sign="negative"))),
        ("{method: pixel, repeats: 2}", (PIXEL, replace(PIXEL, seed=1))),
    ],
)
def test_every_objective_in_every_sign_with_every_seed_the_main_one_first(
    tmp_path: Path, render: str, expected: tuple[RenderSettings, ...]
) -> None:
    assert pictures(tmp_path, render) == expected


@pytest.mark.parametrize(
    ("objective", "written"),
    [
        (ObjectiveSpec(), "channel"),
        (NEURON, "neuron"),
        (DIRECTION, {"direction": {"3": -1.0, "5": 0.5}}),
    ],
)
def test_an_objective_is_written_as_it_is_configured(objective: ObjectiveSpec, written: object, tmp_path: Path) -> None:
    assert objective.written == written
    (settings,) = pictures(tmp_path, f"{{objective: {written}}}")
    assert settings.objective == objective


MERGED = """
    render: {size: 64, steps: 10, seed: 1, sign: both, diversity: 2}
    models:
      - demo
      - source: demo
        name: own
        render: {steps: 20, method: pixel, sign: positive, objective: [channel, neuron]}
        layers:
          "block1*": {filters: 2, render: {steps: 30, size: 32, objective: neuron, diversity: 3}}
          "block2*":
          "block3*": {render: {method: maco, transforms: []}}
          "*": {filters: all}
"""
OF_FILE = replace(FOURIER, size=64, margin=4, steps=10, seed=1, diversity=2)
OF_MODEL = replace(PIXEL, size=64, steps=20, seed=1, diversity=2)


@pytest.mark.parametrize(
    ("model", "layer", "filters", "expected"),
    [
        (0, "block1_conv1", None, (OF_FILE, replace(OF_FILE, sign="negative"))),
        (1, "block1_conv1", 2, (replace(OF_MODEL, steps=30, size=32, objective=NEURON, diversity=3),)),
        (1, "block2_conv1", None, (OF_MODEL, replace(OF_MODEL, objective=NEURON))),
        (
            1,
            "block3_conv1",
            None,
            tuple(
                replace(MACO, size=64, steps=20, seed=1, diversity=2, objective=objective)
                for objective in (ObjectiveSpec(), NEURON)
            ),
        ),
        (1, "block4_conv1", "all", (OF_MODEL, replace(OF_MODEL, objective=NEURON))),
    ],
)
def test_a_layers_settings_go_before_a_models_before_the_files(
    tmp_path: Path, model: int, layer: str, filters: object, expected: tuple[RenderSettings, ...]
) -> None:
    entry = read(tmp_path, MERGED).models[model]
    rule = entry.rule_for(layer)
    assert rule is not None
    assert (rule.filters, entry.pictures_for(rule)) == (filters, expected)
    assert entry.settings_for(rule) == expected[0]


def test_the_worked_example_of_the_documentation(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "docs/configuration.md").read_text(encoding="utf-8")
    (example,) = (block for block in text.split("```yaml\n")[1:] if "diversity: 3" in block.split("```")[0])
    (entry,) = read(tmp_path, example.split("```")[0]).models
    both = tuple(replace(FOURIER, sign=sign, diversity=3) for sign in ("positive", "negative"))
    by_layer = {name: entry.pictures_for(entry.rule_for(name)) for name in ("block4_conv1", "block1_conv1")}  # type: ignore[arg-type]
    assert by_layer == {"block4_conv1": both, "block1_conv1": (FOURIER,)}


def test_the_defaults_of_the_documentation(tmp_path: Path) -> None:
    """The table has a column for each method; what has no effect, or is computed from the size, is in words."""
    text = (Path(__file__).parents[2] / "docs/configuration.md").read_text(encoding="utf-8")
    rows = [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:1] == "|"]
    (first,) = (place for place, row in enumerate(rows) if row[:1] == ["key"] and row[-1] == "maco")
    table = {row[0]: dict(zip(rows[first][2:], row[2:], strict=True)) for row in rows[first + 3 :]}
    assert {"method", *table} == {*RenderPart.model_fields}
    for method, complete in (("fourier", FOURIER), ("pixel", PIXEL), ("maco", MACO)):
        cells = {key: row[method] for key, row in table.items()}
        values = ", ".join(
            f"{key}: {value}" for key, value in cells.items() if value[0] in "0123456789[" or key in WORDS
        )
        assert pictures(tmp_path, f"{{method: {method}, {values}}}") == (complete,)
        assert {key for key, value in cells.items() if value != "no effect"} - {"transforms", "crops", "margin"} == (
            {*RenderPart.model_fields} - {"method", "transforms", "crops", "margin"}
        )


WORDS = ("objective", "sign", "precision")
OBJECTIVE = "expected channel, neuron, or {direction: {filter: weight}}, weights not zero; got"
NUMBER = "expected a number or a fraction such as 1/255, got"
LIST = "expected a list such as [{shift: 1/16}, {rotate: 10}], [] for none; got"
ONE = "expected one transform such as {shift: 1/16}, got"

WRONG: list[tuple[str, str, str]] = [
    # (key, value, the message)
    ("method", "mako", "expected fourier or pixel or maco, got 'mako'. Did you mean maco?"),
    ("method", "3", "expected fourier or pixel or maco, got 3."),
    ("objective", "neurn", f"{OBJECTIVE} 'neurn'. Did you mean neuron?"),
    ("objective", "Channel", f"{OBJECTIVE} 'Channel'. Did you mean channel?"),
    ("objective[1]", "[channel, nuron]", f"{OBJECTIVE} 'nuron'. Did you mean neuron?"),
    ("objective", "3", f"{OBJECTIVE} 3."),
    ("objective", "", f"{OBJECTIVE} None."),
    ("objective", "[]", f"{OBJECTIVE} []."),
    ("objective", "{neuron: {3: 1}}", f"{OBJECTIVE} {{'neuron': {{'3': 1}}}}."),
    ("objective", "{direction: {3: 1}, sign: both}", f"{OBJECTIVE} {{'direction': {{'3': 1}}, 'sign': 'both'}}."),
    ("objective", "{direction: {a: 1}}", f"{OBJECTIVE} {{'direction': {{'a': 1}}}}."),
    ("objective", "{direction: {-1: 1}}", f"{OBJECTIVE} {{'direction': {{'-1': 1}}}}."),
    ("objective", "{direction: {1.5: 1}}", f"{OBJECTIVE} {{'direction': {{'1.5': 1}}}}."),
    ("objective", "{direction: {3: 0}}", f"{OBJECTIVE} {{'direction': {{'3': 0}}}}."),
    ("objective", "{direction: {3: true}}", f"{OBJECTIVE} {{'direction': {{'3': True}}}}."),
    ("objective", "{direction: {3: .inf}}", f"{OBJECTIVE} {{'direction': {{'3': inf}}}}."),
    ("objective", "{direction: {3: .nan}}", f"{OBJECTIVE} {{'direction': {{'3': nan}}}}."),
    ("sign", "negativ", "expected positive or negative or both, got 'negativ'. Did you mean negative?"),
    ("sign", "bth", "expected positive or negative or both, got 'bth'. Did you mean both?"),
    ("sign", "-1", "expected positive or negative or both, got -1."),
    ("sign", "[positive, negative]", "expected positive or negative or both, got ['positive', 'negative']."),
    ("transforms", "shift", f"{LIST} 'shift'"),
    ("transforms", "{shift: 0.1}", f"{LIST} {{'shift': 0.1}}"),
    ("transforms", "", f"{LIST} None"),
    ("transforms[0]", "[shift]", f"{ONE} 'shift'"),
    ("transforms[0]", "[{}]", f"{ONE} {{}}"),
    ("transforms[0]", "[{shift: 0.1, scale: 1.1}]", f"{ONE} {{'shift': 0.1, 'scale': 1.1}}"),
    ("transforms[0]", "[{shft: 0.1}]", "expected shift or scale or rotate or noise, got 'shft'. Did you mean shift?"),
    (
        "transforms[0]",
        "[{rotation: 5}]",
        "expected shift or scale or rotate or noise, got 'rotation'. Did you mean rotate?",
    ),
    ("transforms[0]", "[{blur: 3}]", "expected shift or scale or rotate or noise, got 'blur'."),
    ("transforms[0]", "[{shift: far}]", f"{NUMBER} 'far'"),
    ("transforms[0]", "[{shift: 1/0}]", f"{NUMBER} '1/0'"),
    ("transforms[0]", "[{noise: .nan}]", f"{NUMBER} nan"),
    ("transforms[0]", "[{noise: true}]", f"{NUMBER} True"),
    ("transforms[0]", "[{shift: 0.51}]", "shift: expected 0 to 0.5, got 0.51"),
    ("transforms[0]", "[{scale: 0.99}]", "scale: expected 1 to 4, got 0.99"),
    ("transforms[0]", "[{scale: 4.1}]", "scale: expected 1 to 4, got 4.1"),
    ("transforms[0]", "[{rotate: -1}]", "rotate: expected 0 to 180, got -1"),
    ("transforms[0]", "[{rotate: 181}]", "rotate: expected 0 to 180, got 181"),
    ("transforms[0]", "[{noise: 1.1}]", "noise: expected 0 to 1, got 1.1"),
    ("diversity", "0", "expected a number greater than or equal to 1, got 0"),
    ("diversity", "17", "expected a number less than or equal to 16, got 17"),
    ("diversity", "2.5", "expected an integer, got 2.5"),
    ("diversity", "true", "expected an integer, got True"),
    ("diversity", "some", "expected an integer, got 'some'"),
    ("repeats", "0", "expected a number greater than or equal to 1, got 0"),
    ("repeats", "17", "expected a number less than or equal to 16, got 17"),
    ("repeats", '"2"', "expected an integer, got '2'"),
    ("crops", "0", "expected a number greater than or equal to 1, got 0"),
    ("crops", "257", "expected a number less than or equal to 256, got 257"),
    ("crops", "[1]", "expected an integer, got [1]"),
    ("precision", "float16", "expected auto or float32 or bfloat16, got 'float16'. Did you mean bfloat16?"),
    ("precision", "flaot32", "expected auto or float32 or bfloat16, got 'flaot32'. Did you mean float32?"),
    ("precision", "32", "expected auto or float32 or bfloat16, got 32."),
    ("seed", "9223372036854775808", "expected a number less than 9223372036854775808, got 9223372036854775808"),
    # mistyped keys
    ("objectiv", "neuron", "unknown setting. Did you mean objective?"),
    ("signs", "both", "unknown setting. Did you mean sign?"),
    ("transform", "[]", "unknown setting. Did you mean transforms?"),
    ("diversty", "3", "unknown setting. Did you mean diversity?"),
    ("repeat", "3", "unknown setting. Did you mean repeats?"),
    ("crop", "3", "unknown setting. Did you mean crops?"),
    ("precison", "auto", "unknown setting. Did you mean precision?"),
]


def setting(place: str) -> str:
    """Return the key of a place: an item of a list is written ``key[1]``."""
    return place.partition("[")[0]


def in_the_file(lines: str) -> tuple[str, int, str]:
    """Return a configuration with these lines of ``render:``, the line before the first, and their place."""
    return f"models: [demo]\nrender:\n{indent(lines, '  ')}", 2, "render"


def in_a_model(lines: str) -> tuple[str, int, str]:
    """The same below a model."""
    return f"models:\n  - demo\n  - source: VGG16\n    render:\n{indent(lines, ' ' * 6)}", 4, "models[1].render"


def in_a_layer(lines: str) -> tuple[str, int, str]:
    """The same below a layer."""
    head = 'models:\n  - source: demo\n    layers:\n      "a*":\n      "b*":\n        render:\n'
    return head + indent(lines, " " * 10), 6, "models[0].layers.b*.render"


PLACES: list[Callable[[str], tuple[str, int, str]]] = [in_the_file, in_a_model, in_a_layer]


@pytest.mark.parametrize("where", PLACES)
@pytest.mark.parametrize(("key", "value", "message"), WRONG, ids=[f"{key}: {value}" for key, value, _ in WRONG])
def test_a_wrong_value_is_reported_with_its_line(
    key: str, value: str, message: str, where: Callable[[str], tuple[str, int, str]], tmp_path: Path
) -> None:
    text, before, place = where(f"steps: 3\n{setting(key)}: {value}\nsize: 64\n")
    assert problems(tmp_path, text) == [f"{before + 2}: {place}.{key}: {message}"]


@pytest.mark.parametrize("where", PLACES)
def test_everything_wrong_with_a_rendering_is_reported_at_once(
    where: Callable[[str], tuple[str, int, str]], tmp_path: Path
) -> None:
    first: dict[str, tuple[str, str]] = {}
    for key, value, message in WRONG:
        if setting(key) == key:
            first.setdefault(key, (value, message))
    text, before, place = where("".join(f"{key}: {value}\n" for key, (value, _) in first.items()))
    expected = [f"{before + n}: {place}.{key}: {message}" for n, (key, (_, message)) in enumerate(first.items(), 1)]
    assert sorted(problems(tmp_path, text)) == sorted(expected)


def test_what_is_wrong_at_every_level_is_reported_at_once(tmp_path: Path) -> None:
    text = """\
        render: {sign: bth}
        models:
          - source: demo
            render: {diversity: 0}
            layers:
              "a*": {render: {objective: neurn}}
              "b*": {render: {precision: float3, crops: 0}}
    """
    assert problems(tmp_path, text) == [
        "1: render.sign: expected positive or negative or both, got 'bth'. Did you mean both?",
        "4: models[0].render.diversity: expected a number greater than or equal to 1, got 0",
        f"6: models[0].layers.a*.render.objective: {OBJECTIVE} 'neurn'. Did you mean neuron?",
        "7: models[0].layers.b*.render.crops: expected a number greater than or equal to 1, got 0",
        "7: models[0].layers.b*.render.precision: expected auto or float32 or bfloat16, got 'float3'."
        " Did you mean float32?",
    ]


def lines_reported(folder: Path, text: str) -> list[int]:
    return [int(problem.partition(":")[0]) for problem in problems(folder, text)]


@pytest.mark.parametrize(
    ("key", "items"),
    [
        ("objective", ["neurn", "channel", "{direction: {}}"]),
        ("transforms", ["{shft: 0.1}", "{scale: 1.1}", "{rotate: 400}"]),
    ],
)
def test_every_wrong_item_of_a_list_is_reported_with_its_line(key: str, items: list[str], tmp_path: Path) -> None:
    text = f"models: [demo]\nrender:\n  {key}:\n" + "".join(f"    - {item}\n" for item in items)
    assert lines_reported(tmp_path, text) == [4, 6]


@pytest.mark.parametrize("value", ["{dirction: {5: 1}}", "{Direction: {5: 1}}"])
def test_a_mistyped_direction_gets_a_hint(value: str, tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, f"models: [demo]\nrender: {{objective: {value}}}")
    assert problem.endswith("Did you mean direction?")


def test_a_direction_that_is_right_but_for_its_weights_gets_no_such_hint(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, "models: [demo]\nrender: {objective: {direction: {5: 0}}}")
    assert "Did you mean" not in problem


def test_chosen_settings_hold_what_was_given_alone(tmp_path: Path) -> None:
    text = "models: [demo]\nrender: {transforms: [], sign: both, diversity: 1}"
    (entry,) = read(tmp_path, text).models
    expected: dict[str, Any] = {"transforms": (), "sign": "both", "diversity": 1}
    assert dict(entry.render) == expected
