from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from generator.config import LayerRule, ModelEntry, RenderSettings
from generator.config.values import ObjectiveSpec
from generator.models.summary import ModelSummary
from generator.plan import FEATURE_MAP, KERNEL, PICTURE, Choice, PhotoIdentity, Task, Tuning, plan_model, tasks
from generator.plan.tasks import batches
from tests.summaries import conv, entry, summary

NETWORK = summary(conv(1, "a", 4), conv(2, "b", 40))
HALF = Tuning("bfloat16")
NEURON, DIRECTION = ObjectiveSpec("neuron"), ObjectiveSpec("direction", ((1, 1.0), (3, -0.5)))
PHOTO = PhotoIdentity("cat", "1" * 64, (224, 224))
BASE: tuple[tuple[str, object], ...] = (("size", 64),)


def planned(
    of: ModelEntry | None = None,
    model: ModelSummary = NETWORK,
    photo: PhotoIdentity = PHOTO,
    tuning: Tuning | None = None,
) -> list[Task]:
    return plan_model(of or entry(render=BASE), model, [photo], tuning=tuning)


def rendering(base: tuple[tuple[str, object], ...] = BASE, **settings: object) -> ModelEntry:
    """Return an entry whose pictures differ from those of the base in these settings."""
    return entry(render=tuple({**dict(base), **settings}.items()))


def keys(found: list[Task], technique: str, layer: str = "a") -> list[str]:
    return [task.key for task in found if task.technique == technique and task.layer.name == layer]


def test_the_plan_is_ordered_kernels_photos_pictures() -> None:
    two = [PHOTO, replace(PHOTO, name="dog", digest="2" * 64)]
    found = plan_model(entry(), NETWORK, two)
    assert [(t.technique, t.photo.name if t.photo else "", t.layer.name, len(t.filters)) for t in found] == [
        (KERNEL, "", "a", 4),
        (KERNEL, "", "b", 40),
        (FEATURE_MAP, "cat", "a", 4),
        (FEATURE_MAP, "cat", "b", 40),
        (FEATURE_MAP, "dog", "a", 4),
        (FEATURE_MAP, "dog", "b", 40),
        (PICTURE, "", "a", 4),
        (PICTURE, "", "b", 20),
        (PICTURE, "", "b", 20),
    ]
    assert len({task.key for task in found}) == len(found)
    assert all((task.settings is not None) == (task.technique == PICTURE) for task in found)


def test_the_same_plan_has_the_same_keys() -> None:
    assert [(t.record_group, t.key) for t in planned()] == [(t.record_group, t.key) for t in planned()]


OTHER_SETTINGS: dict[str, object] = {
    "method": "pixel",
    "size": 65,
    "margin": 9,
    "steps": 129,
    "learning_rate": 0.051,
    "seed": 1,
    "objective": (NEURON,),
    "sign": "negative",
    "transforms": (("shift", 1 / 16),),
    "diversity": 2,
    "crops": 7,
    "precision": "bfloat16",
    "start": "example",
}
BASES: dict[str, tuple[tuple[str, object], ...]] = {"crops": (*BASE, ("method", "maco"))}
"""Where a setting has an effect, if not everywhere."""


def test_every_setting_is_tried() -> None:
    assert OTHER_SETTINGS.keys() == {*RenderSettings.__dataclass_fields__}


@pytest.mark.parametrize(("setting", "value"), OTHER_SETTINGS.items())
def test_every_setting_changes_the_keys_of_pictures_and_of_nothing_else(setting: str, value: object) -> None:
    base = BASES.get(setting, BASE)
    before, after = planned(rendering(base)), planned(rendering(base, **{setting: value}))
    assert not {*keys(before, PICTURE), *keys(before, PICTURE, "b")} & {t.key for t in after}
    for technique in (KERNEL, FEATURE_MAP):
        assert keys(before, technique) == keys(after, technique)


@pytest.mark.parametrize("setting", OTHER_SETTINGS)
def test_settings_of_one_layer_change_the_keys_of_its_pictures_alone(setting: str) -> None:
    own = tuple({**dict(BASES.get(setting, ())), setting: OTHER_SETTINGS[setting]}.items())
    same = tuple(dict(BASES.get(setting, ())).items())
    before, after = (
        planned(entry(render=BASE, layers=(LayerRule("b", None, rule), LayerRule("*")))) for rule in (same, own)
    )
    assert not {*keys(before, PICTURE, "b")} & {*keys(after, PICTURE, "b")}
    for technique, layer in ((PICTURE, "a"), (KERNEL, "a"), (KERNEL, "b"), (FEATURE_MAP, "a"), (FEATURE_MAP, "b")):
        assert keys(before, technique, layer) == keys(after, technique, layer)


@pytest.mark.parametrize(
    ("more", "added"),
    [
        # what is added leaves the pictures that were there as they are
        ({"sign": "both"}, 1),
        ({"repeats": 3}, 2),
        ({"objective": (ObjectiveSpec(), NEURON)}, 1),
        ({"objective": (ObjectiveSpec(), DIRECTION)}, 1),
        ({"objective": (NEURON, ObjectiveSpec()), "sign": "both", "repeats": 2}, 7),
    ],
)
def test_more_pictures_keep_the_keys_of_those_before(more: dict[str, Any], added: int) -> None:
    before, after = planned(), planned(rendering(**more))
    assert {task.key for task in before} <= {task.key for task in after}
    assert len(keys(after, PICTURE)) == len(keys(before, PICTURE)) + added
    assert len({task.key for task in after}) == len(after)
    assert len({t.record_group for t in after if t.technique == PICTURE and t.layer.name == "a"}) == 1 + added


@pytest.mark.parametrize(
    ("said", "done"),
    [
        # what has no effect is not part of a key
        ({"crops": 3}, {}),
        ({"repeats": 1}, {}),
        ({"sign": "positive", "objective": (ObjectiveSpec(),), "diversity": 1}, {}),
        ({"method": "pixel", "margin": 5, "transforms": (("noise", 0.1),), "crops": 9}, {"method": "pixel"}),
        ({"method": "maco", "margin": 5, "transforms": (("noise", 0.1),)}, {"method": "maco"}),
        ({"objective": (DIRECTION,), "diversity": 5}, {"objective": (DIRECTION,)}),
    ],
)
def test_what_has_no_effect_changes_no_key(said: dict[str, Any], done: dict[str, Any]) -> None:
    assert planned(rendering(**said)) == planned(rendering(**done))


def test_a_network_of_fixed_size_has_keys_of_its_own_size_alone() -> None:
    fixed = summary(conv(1, "a", 4), input_shape=(32, 32, 3), any_size=False)
    assert planned(rendering(size=300, margin=9), fixed) == planned(rendering(size=64, margin=0), fixed)
    assert planned(rendering(), fixed)[-1].settings == RenderSettings(size=32, margin=0, precision="float32")


@pytest.mark.parametrize(
    ("chosen", "tuning", "resolved"),
    [
        ("auto", None, "float32"),
        ("auto", Tuning(), "float32"),
        ("auto", HALF, "bfloat16"),
        ("float32", HALF, "float32"),
        ("bfloat16", HALF, "bfloat16"),
        ("bfloat16", Tuning(), "bfloat16"),
    ],
)
def test_the_key_holds_the_precision_that_is_used(chosen: str, tuning: Tuning | None, resolved: str) -> None:
    found = planned(rendering(precision=chosen), tuning=tuning)
    assert {task.settings.precision for task in found if task.settings} == {resolved}
    assert found == planned(rendering(precision=resolved))


def test_what_was_measured_changes_no_key_but_those_of_pictures() -> None:
    before, after = planned(), planned(tuning=Tuning("bfloat16", ((5.0, 2),)))
    assert [t.key for t in before if t.technique != PICTURE] == [t.key for t in after if t.technique != PICTURE]
    assert not {t.key for t in before if t.technique == PICTURE} & {t.key for t in after}


def lengths(found: list[Task], layer: str = "b") -> list[int]:
    """Return how many filters the batches of a layer's pictures have."""
    return [len(task.filters) for task in found if task.technique == PICTURE and task.layer.name == layer]


@pytest.mark.parametrize(
    ("batch", "diversity", "expected"),
    [
        (32, 1, [20, 20]),
        (8, 1, [8, 8, 8, 8, 8]),
        (1, 1, [1] * 40),
        (32, 2, [13, 13, 14]),  # 16 filters at most
        (32, 3, [10, 10, 10, 10]),
        (32, 16, [2] * 20),
        (8, 3, [2] * 20),
        (8, 5, [1] * 40),
        (8, 16, [1] * 40),  # one filter's diverse pictures stay together
    ],
)
def test_a_batch_holds_so_many_pictures(batch: int, diversity: int, expected: list[int]) -> None:
    tuning = Tuning("float32", ((NETWORK.layers[1].floats, batch),))
    assert lengths(planned(rendering(diversity=diversity), tuning=tuning)) == expected


def test_the_batches_of_a_layer_are_those_measured_at_the_likest() -> None:
    found = planned(tuning=Tuning("float32", ((NETWORK.layers[0].floats, 2), (NETWORK.layers[1].floats, 10))))
    assert (lengths(found, "a"), lengths(found, "b")) == ([2, 2], [10] * 4)


def directions(found: list[Task], layer: str = "b") -> list[tuple[int, ...]]:
    """Return the filters of each direction's task."""
    chosen = [task for task in found if task.settings and task.settings.objective.weights]
    return [task.filters for task in chosen if task.layer.name == layer]


@pytest.mark.parametrize("tuning", [None, Tuning("float32", ((5.0, 1),))])
def test_a_direction_is_one_picture_for_all_its_filters(tuning: Tuning | None) -> None:
    many = ObjectiveSpec("direction", tuple((index, 1.0) for index in range(40)))
    only_b = (LayerRule("b", 2, (("objective", (ObjectiveSpec(), DIRECTION, many)), ("diversity", 3))),)
    found = planned(entry(render=BASE, layers=only_b), tuning=tuning)
    assert directions(found) == [(1, 3), tuple(range(40))]


@pytest.mark.parametrize(
    ("objective", "filters", "shown"),
    [
        ((DIRECTION,), "all", (1, 3)),  # nothing but directions: nothing but their filters
        ((DIRECTION,), 1, (1, 3)),
        ((DIRECTION,), (0,), (1, 3)),
        ((ObjectiveSpec(), DIRECTION), (0, 1), (0, 1, 3)),
        ((DIRECTION, NEURON), 1, (0, 1, 3)),
        ((ObjectiveSpec(),), (0, 1), (0, 1)),
    ],
)
def test_the_filters_that_a_direction_names_are_shown(
    objective: tuple[ObjectiveSpec, ...], filters: str | int | tuple[int, ...], shown: tuple[int, ...]
) -> None:
    found = planned(entry(render=(*BASE, ("objective", objective)), filters=filters))
    assert {task.filters for task in found if task.technique != PICTURE} == {shown}
    pictures = [t.filters for t in found if t.settings and not t.settings.objective.weights]
    assert set(pictures) == ({shown} if objective != (DIRECTION,) else set())
    assert set(directions(found)) == ({(1, 3)} if DIRECTION in objective else set())


@pytest.mark.parametrize(
    ("weights", "changed"),
    [
        (((1, 1.0), (3, -0.5)), False),
        (((1, 1.0), (3, 0.5)), True),
        (((1, 1.0),), True),
        (((1, 1.0), (2, -0.5)), True),
    ],
)
def test_a_directions_key_is_of_its_weights(weights: tuple[tuple[int, float], ...], changed: bool) -> None:
    one, other = (
        [t.key for t in planned(rendering(objective=(each,))) if t.technique == PICTURE]
        for each in (DIRECTION, ObjectiveSpec("direction", weights))
    )
    assert (one != other) is changed


@pytest.mark.parametrize(
    ("change", "changed"),
    [
        # what shapes a result
        (lambda: planned(model=replace(NETWORK, digest="d" * 64)), {KERNEL, FEATURE_MAP, PICTURE}),
        (lambda: planned(entry(render=BASE, filters=3)), {KERNEL, FEATURE_MAP, PICTURE}),
        (lambda: planned(entry(render=BASE, filters=(0, 1, 2))), {KERNEL, FEATURE_MAP, PICTURE}),
        (lambda: planned(photo=replace(PHOTO, digest="2" * 64)), {FEATURE_MAP}),
        (lambda: planned(photo=replace(PHOTO, size=(225, 224))), {FEATURE_MAP}),
        # what does not
        (lambda: planned(photo=replace(PHOTO, name="dog")), set()),
        (lambda: planned(entry("other", "elsewhere", render=BASE)), set()),
        (lambda: planned(entry(render=(("seed", 0), *BASE, ("method", "fourier")))), set()),
        (lambda: planned(model=summary(conv(1, "a", 4, slug="x", parameters=1), conv(2, "b", 40))), set()),
        (lambda: planned(model=replace(NETWORK, warnings=("w",), parameters=9)), set()),
    ],
)
def test_a_key_is_of_what_shapes_the_result_and_of_nothing_else(
    change: Callable[[], list[Task]], changed: set[str]
) -> None:
    before, after = planned(), change()
    assert {t for t in (KERNEL, FEATURE_MAP, PICTURE) if keys(before, t) != keys(after, t)} == changed


def test_layers_that_are_alike_have_keys_of_their_own() -> None:
    twins = summary(conv(1, "a"), conv(2, "a"))
    assert len({task.key for task in planned(model=twins)}) == 6
    assert len({task.record_group for task in planned(model=twins)}) == 6


@pytest.mark.parametrize("technique", [KERNEL, FEATURE_MAP, PICTURE])
def test_a_new_engine_makes_its_technique_anew(technique: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = planned()
    monkeypatch.setitem(tasks.ENGINE, technique, 99)
    after = planned()
    assert [a.key != b.key for a, b in zip(before, after, strict=True)] == [t.technique == technique for t in before]


def test_batches_of_one_subject_share_its_shelf() -> None:
    whole = planned()
    few = plan_model(entry(render=BASE), NETWORK, [PHOTO], Choice(filters=(1, 3)))
    for technique in (KERNEL, FEATURE_MAP, PICTURE):
        for layer in ("a", "b"):
            of = [t for t in [*whole, *few] if t.technique == technique and t.layer.name == layer]
            assert len({t.record_group for t in of}) == 1
            assert len({t.key for t in of}) == len(of)


@pytest.mark.parametrize(
    ("count", "size", "lengths"),
    [
        (1, 32, [1]),
        (32, 32, [32]),
        (33, 32, [16, 17]),
        (64, 32, [32, 32]),
        (65, 32, [21, 22, 22]),
        (10, 4, [3, 3, 4]),
        (3, 1, [1, 1, 1]),
    ],
)
def test_batches_are_few_and_equal_to_within_one(count: int, size: int, lengths: list[int]) -> None:
    filters = tuple(range(100, 100 + count))
    found = batches(filters, size)
    assert [len(batch) for batch in found] == lengths
    assert tuple(index for batch in found for index in batch) == filters
