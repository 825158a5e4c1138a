"""What a build renders, keeps and renders again."""

from __future__ import annotations

import json
import warnings
from typing import Any

import keras
import numpy as np
import pytest

from generator.errors import UsageError
from generator.pipeline import Failure
from generator.plan import Choice
from tests.pipeline.conftest import Place

ALL_PAGES = {f"001-first/{i:04d}.html" for i in range(4)} | {f"002-second/{i:04d}.html" for i in range(3)}
EVERYTHING = [
    ("kernel", "first", 4),
    ("kernel", "second", 3),
    ("feature-map", "first", 4),
    ("feature-map", "second", 3),
    ("picture", "first", 4),
    ("picture", "second", 3),
]


def test_everything_is_rendered_once(place: Place) -> None:
    summary, done = place.build()
    assert (done, summary.rendered, summary.cached, summary.failures) == (EVERYTHING, 6, 0, ())
    assert place.pages() == ALL_PAGES
    again, done = place.build()
    assert (done, again.rendered, again.cached) == ([], 0, 6)
    assert (again.pages.written, again.pages.deleted) == (0, 0)
    forced, done = place.build(force=True)
    assert (done, forced.pages.written) == (EVERYTHING, 0)


def test_a_changed_setting_renders_again_what_it_touches_alone(place: Place) -> None:
    place.build()
    one_layer = '[{source: tiny.keras, layers: {second: {render: {steps: 5}}, "*": {}}}]'
    _, done = place.build(models=one_layer)
    assert done == [("picture", "second", 3)]
    _, done = place.build(models=one_layer, more="title: Another\n")
    assert done == []


def test_what_is_narrowed_now_keeps_the_pages_of_before(place: Place) -> None:
    summary, done = place.build(choice=Choice(layers=("second",), filters=2))
    assert done == [("kernel", "second", 2), ("feature-map", "second", 2), ("picture", "second", 2)]
    assert place.pages() == {"002-second/0000.html", "002-second/0001.html"}
    place.build()
    assert place.pages() == ALL_PAGES
    summary, _ = place.build(choice=Choice(filters=1))
    assert place.pages() == ALL_PAGES
    assert summary.pages.deleted == 0


def test_a_model_that_fails_leaves_the_others(place: Place) -> None:
    (place.folder / "broken.keras").write_bytes(b"PK\x03\x04 not really")
    summary, done = place.build(models="[broken.keras, tiny.keras]")
    assert [failure.what for failure in summary.failures] == ["model broken"]
    assert done == EVERYTHING
    assert place.pages() == ALL_PAGES


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("layers: 'frist*'", "other: no convolutional layer matches 'frist*'"),
        ("layers: [first, 'conv9*']", "other: no convolutional layer matches 'conv9*'"),
        ("filters: [0, 99]", "other/first: no filter 99"),
        ("render: {objective: {direction: {77: 1}}}", "other/first: no filter 77"),
    ],
)
def test_a_model_that_lacks_what_is_configured_fails_and_the_others_are_built(
    place: Place, settings: str, message: str
) -> None:
    models = "[{{source: tiny.keras, name: other, {}}}, tiny.keras]"
    place.build(models=models.format("filters: 1"))
    before = place.pages()
    summary, done = place.build(models=models.format(settings), more="title: Another\n")
    (failure,) = summary.failures
    assert failure.what == "model other"
    assert message in failure.message
    assert before <= place.pages() or "direction" in settings
    assert [task for task in EVERYTHING if task in done] or done == []
    with pytest.raises(UsageError, match=message.replace("*", ".")):
        place.build(models=models.format(settings), only=("other",))


def spoil(place: Place, filters: tuple[int, ...], value: float) -> None:
    """Give some filters of the last layer a weight of that value."""
    path = place.folder / "tiny.keras"
    model = keras.models.load_model(path)
    kernel, bias = model.get_layer("second").get_weights()
    kernel[1, 1, 0, list(filters)] = value
    model.get_layer("second").set_weights([kernel, bias])
    model.save(path)


@pytest.mark.case("one-nan", "raw-warning")
@pytest.mark.parametrize(
    ("value", "techniques"),
    [
        *((value, ("kernel", "feature-map", "picture")) for value in (np.nan, np.inf, -np.inf)),
        (3e38, ("picture",)),  # finite, and so is what little of the photo it meets
    ],
)
def test_a_filter_that_gives_no_finite_numbers_fails_alone_and_is_named(
    place: Place, value: float, techniques: tuple[str, ...]
) -> None:
    sound, _ = place.build()
    assert sound.failures == ()
    expected = {layer["name"]: layer for layer in manifest(place)["layers"]}
    spoil(place, (1,), value)
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        summary, done = place.build()
    assert [failure.what.replace(" on chelsea", "") for failure in summary.failures] == [
        f"{technique} of tiny/second, filter 1" for technique in techniques
    ]
    assert done == EVERYTHING
    first, second = manifest(place)["layers"]
    for layer in (first, expected["first"]):  # which feeds that filter, too
        for shown in layer["filters"]:
            shown["outputs"] = [part for part in shown["outputs"] if part["filter"] != 1]
    assert first["filters"] == expected["first"]["filters"]
    scores = {shown["index"]: shown["pictures"][0]["score"] for shown in second["filters"]}
    assert scores == {
        shown["index"]: shown["pictures"][0]["score"] for shown in expected["second"]["filters"] if shown["index"] != 1
    }
    events: list[object] = []
    again, done = place.build(on_event=events.append)
    assert done == []
    assert [failure.what for failure in again.failures] == [failure.what for failure in summary.failures]
    assert sum(isinstance(event, Failure) for event in events) == len(techniques)


@pytest.mark.case("one-nan")
def test_where_no_filter_of_a_layer_is_finite_the_layer_fails_and_the_others_are_built(place: Place) -> None:
    spoil(place, (0, 1, 2), np.nan)
    summary, done = place.build()
    assert [failure.what for failure in summary.failures] == [
        *("kernel of tiny/second", "feature-map of tiny/second on chelsea", "picture of tiny/second")
    ]
    assert done == [task for task in EVERYTHING if task[1] == "first"]


def manifest(place: Place) -> dict[str, Any]:
    """Return the record of the site's only model."""
    model: dict[str, Any] = json.loads((place.folder / "site/manifest.json").read_bytes())["models"][0]
    return model
