from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from generator.config import ModelEntry, RenderSettings
from generator.models.card import ModelCard
from generator.plan import FEATURE_MAP, KERNEL, PICTURE, Choice, PhotoIdentity, Task, plan_model, tasks
from generator.plan.tasks import LARGEST_BATCH, batch_size, batches, memory_for_batches
from tests.cards import card, conv, entry

CARD = card(conv(1, "a", 4), conv(2, "b", 40))
PHOTO = PhotoIdentity("cat", "1" * 64, (224, 224))
BASE: tuple[tuple[str, object], ...] = (("size", 64),)


def planned(of: ModelEntry | None = None, model: ModelCard = CARD, photo: PhotoIdentity = PHOTO) -> list[Task]:
    return plan_model(of or entry(render=BASE), model, [photo])


def keys(found: list[Task], technique: str, layer: str = "a") -> list[str]:
    return [task.key for task in found if task.technique == technique and task.layer.name == layer]


def test_the_plan_is_ordered_kernels_photos_pictures() -> None:
    two = [PHOTO, replace(PHOTO, name="dog", digest="2" * 64)]
    found = plan_model(entry(), CARD, two)
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
    assert [(t.shelf, t.key) for t in planned()] == [(t.shelf, t.key) for t in planned()]


OTHER_SETTINGS: dict[str, object] = {
    "method": "pixel",
    "size": 65,
    "margin": 9,
    "steps": 129,
    "learning_rate": 0.051,
    "seed": 1,
}


def test_every_setting_is_tried() -> None:
    assert OTHER_SETTINGS.keys() == {*RenderSettings.__dataclass_fields__}


@pytest.mark.parametrize(("setting", "value"), OTHER_SETTINGS.items())
def test_every_setting_changes_the_keys_of_pictures_and_of_nothing_else(setting: str, value: object) -> None:
    before, after = planned(), planned(entry(render=tuple({**dict(BASE), setting: value}.items())))
    assert not {*keys(before, PICTURE), *keys(before, PICTURE, "b")} & {t.key for t in after}
    for technique in (KERNEL, FEATURE_MAP):
        assert keys(before, technique) == keys(after, technique)


@pytest.mark.parametrize(
    ("change", "changed"),
    [
        # what shapes a result
        (lambda: planned(model=replace(CARD, digest="d" * 64)), {KERNEL, FEATURE_MAP, PICTURE}),
        (lambda: planned(entry(render=BASE, filters=3)), {KERNEL, FEATURE_MAP, PICTURE}),
        (lambda: planned(entry(render=BASE, filters=(0, 1, 2))), {KERNEL, FEATURE_MAP, PICTURE}),
        (lambda: planned(photo=replace(PHOTO, digest="2" * 64)), {FEATURE_MAP}),
        (lambda: planned(photo=replace(PHOTO, size=(225, 224))), {FEATURE_MAP}),
        # what does not
        (lambda: planned(photo=replace(PHOTO, name="dog")), set()),
        (lambda: planned(entry("other", "elsewhere", render=BASE)), set()),
        (lambda: planned(entry(render=(("seed", 0), *BASE, ("method", "fourier")))), set()),
        (lambda: planned(model=card(conv(1, "a", 4, slug="x", parameters=1), conv(2, "b", 40))), set()),
        (lambda: planned(model=replace(CARD, warnings=("w",), parameters=9)), set()),
    ],
)
def test_a_key_is_of_what_shapes_the_result_and_of_nothing_else(
    change: Callable[[], list[Task]], changed: set[str]
) -> None:
    before, after = planned(), change()
    assert {t for t in (KERNEL, FEATURE_MAP, PICTURE) if keys(before, t) != keys(after, t)} == changed


def test_layers_that_are_alike_have_keys_of_their_own() -> None:
    twins = card(conv(1, "a"), conv(2, "a"))
    assert len({task.key for task in planned(model=twins)}) == 6
    assert len({task.shelf for task in planned(model=twins)}) == 6


@pytest.mark.parametrize("technique", [KERNEL, FEATURE_MAP, PICTURE])
def test_a_new_engine_makes_its_technique_anew(technique: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = planned()
    monkeypatch.setitem(tasks.ENGINE, technique, 99)
    after = planned()
    assert [a.key != b.key for a, b in zip(before, after, strict=True)] == [t.technique == technique for t in before]


def test_batches_of_one_subject_share_its_shelf() -> None:
    whole = planned()
    few = plan_model(entry(render=BASE), CARD, [PHOTO], Choice(filters=(1, 3)))
    for technique in (KERNEL, FEATURE_MAP, PICTURE):
        for layer in ("a", "b"):
            of = [t for t in [*whole, *few] if t.technique == technique and t.layer.name == layer]
            assert len({t.shelf for t in of}) == 1
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


# A picture of 64 with its margin of 8 is optimised on 80 x 80 = 6400 pixels; each holds 2 * 4 bytes an activation.
@pytest.mark.parametrize(
    ("memory", "floats", "expected"),
    [
        (6400 * 8 * 100 * 5, 100.0, 5),
        (6400 * 8 * 100 * 5 - 1, 100.0, 4),
        (6400 * 8 * 100 * 5, 50.0, 10),
        (6400 * 8 * 100 * 5, 1.0, LARGEST_BATCH),
        (6400 * 8 * 100 * 5, 1e9, 1),
        (1, 100.0, 1),
        (1, 0.0, 1),
    ],
)
def test_a_batch_fits_into_memory(memory: int, floats: float, expected: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "memory_for_batches", lambda: memory)
    layer = conv(1, "a", floats=floats)
    assert batch_size(card(layer), layer, RenderSettings(size=64, margin=8)) == expected


def test_a_network_of_fixed_size_is_reckoned_at_its_own_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "memory_for_batches", lambda: 32 * 32 * 8 * 10 * 7)
    layer = conv(1, "a", floats=10.0)
    fixed = card(layer, input_shape=(32, 32, 3), any_size=False)
    assert batch_size(fixed, layer, RenderSettings(size=512, margin=64)) == 7


@pytest.mark.parametrize(
    ("gigabytes", "expected"),
    [(0.5, 256 << 20), (1, 256 << 20), (2, 512 << 20), (3.9, 512 << 20), (7.7, 1 << 30), (8, 2 << 30), (512, 2 << 30)],
)
def test_machines_of_one_kind_agree_on_the_memory(
    gigabytes: float, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": int(gigabytes * (1 << 30)) // 4096}
    monkeypatch.setattr(tasks.os, "sysconf", pages.__getitem__)
    assert memory_for_batches() == expected


def test_a_machine_that_does_not_tell_its_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(tasks.os, "sysconf")
    assert memory_for_batches() == 1 << 30
