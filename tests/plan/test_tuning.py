"""What was measured, and how many pictures are rendered at once."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest

from generator.config import RenderSettings
from generator.plan import Tuning, tuning
from generator.plan.tuning import LARGEST_BATCH, VERSION, memory_for_batches, memory_limit
from tests.summaries import conv, summary

MEASURED = Tuning("bfloat16", ((3.5, 8), (120.0, 32)))


@pytest.mark.parametrize("found", [Tuning(), MEASURED, Tuning("float32", ((0.25, 1),))])
def test_a_tuning_comes_back_from_its_json(found: Tuning) -> None:
    assert Tuning.from_json(json.loads(json.dumps(found.to_json()))) == found


@pytest.mark.parametrize(
    "data",
    [None, {}, {**MEASURED.to_json(), "version": VERSION + 1}, {"precision": "float32", "batches": []}],
)
def test_there_is_none_without_a_record_or_from_another_version(data: dict[str, Any] | None) -> None:
    assert Tuning.from_json(data) is None


# A picture of 64 with its margin of 8 is optimised on 80 x 80 = 6400 pixels; each holds 2 * 4 bytes an activation.
REMOTE_SETTINGS = 6400 * 8 * 100 * 5
SETTINGS = RenderSettings(size=64, margin=8)


@pytest.mark.parametrize(
    ("memory", "floats", "settings", "expected"),
    [
        (REMOTE_SETTINGS, 100.0, SETTINGS, 5),
        (REMOTE_SETTINGS - 1, 100.0, SETTINGS, 4),
        (REMOTE_SETTINGS, 50.0, SETTINGS, 10),
        (REMOTE_SETTINGS, 1.0, SETTINGS, LARGEST_BATCH),
        (REMOTE_SETTINGS, 1e9, SETTINGS, 1),
        (1, 100.0, SETTINGS, 1),
        (1, 0.0, SETTINGS, 1),
        # every crop is a picture to the network
        (REMOTE_SETTINGS, 10.0, RenderSettings("maco", 64, 8, crops=10), 5),
        (REMOTE_SETTINGS, 10.0, RenderSettings("maco", 64, 8, crops=0), LARGEST_BATCH),
    ],
)
def test_pictures_fit_into_memory(
    memory: int, floats: float, settings: RenderSettings, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tuning, "memory_for_batches", lambda: memory)
    layer = conv(1, "a", floats=floats)
    assert memory_limit(summary(layer), layer, settings) == expected
    if floats:
        assert Tuning().batch_size(summary(layer), layer, settings) == expected


def test_a_network_of_fixed_size_is_reckoned_at_its_own_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuning, "memory_for_batches", lambda: 32 * 32 * 8 * 10 * 7)
    layer = conv(1, "a", floats=10.0)
    fixed = summary(layer, input_shape=(32, 32, 3), any_size=False)
    assert memory_limit(fixed, layer, RenderSettings(size=512, margin=64)) == 7


@pytest.mark.parametrize(
    ("batches", "floats", "expected"),
    [
        ((), 5.0, LARGEST_BATCH),
        (((5.0, 8),), 5.0, 8),
        (((5.0, 8),), 5000.0, 8),
        # the likest layer is that whose activations are nearest as a ratio
        (((10.0, 8), (1000.0, 16)), 10.0, 8),
        (((10.0, 8), (1000.0, 16)), 1000.0, 16),
        (((10.0, 8), (1000.0, 16)), 99.0, 8),
        (((10.0, 8), (1000.0, 16)), 101.0, 16),
        (((1000.0, 16), (10.0, 8)), 99.0, 8),
        (((10.0, 8), (1000.0, 16)), 0.1, 8),
    ],
)
def test_the_batch_is_that_of_the_likest_layer(
    batches: tuple[tuple[float, int], ...], floats: float, expected: int
) -> None:
    layer = conv(1, "a", floats=floats)
    small = RenderSettings(size=16, margin=0)
    assert Tuning("float32", batches).batch_size(summary(layer), layer, small) == expected


@pytest.mark.parametrize(
    ("batch", "fitting", "diversity", "expected"),
    [(32, 5, 1, 5), (4, 5, 1, 4), (32, 5, 3, 5), (2, 5, 3, 3), (32, 1, 16, 16)],
)
def test_what_was_measured_must_fit_but_diverse_pictures_stay_together(
    batch: int, fitting: int, diversity: int, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tuning, "memory_limit", lambda *_: fitting)
    layer = conv(1, "a")
    found = Tuning("float32", ((layer.floats, batch),))
    assert found.batch_size(summary(layer), layer, RenderSettings(diversity=diversity)) == expected


@pytest.mark.parametrize(
    ("gigabytes", "expected"),
    [
        *((0.5, 256 << 20), (2, 256 << 20), (3.9, 256 << 20), (4, 512 << 20), (7.7, 512 << 20)),
        *((8, 1 << 30), (15.6, 1 << 30), (512, 1 << 30)),
    ],
)
def test_machines_of_one_kind_agree_on_the_memory(
    gigabytes: float, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": int(gigabytes * (1 << 30)) // 4096}
    monkeypatch.setattr(os, "sysconf", pages.__getitem__)
    assert memory_for_batches() == expected


def test_a_machine_that_does_not_tell_its_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sysconf")
    assert memory_for_batches() == 512 << 20
