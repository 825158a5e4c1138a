"""Which part of a task can be done where filters give no finite numbers."""

from __future__ import annotations

import pytest

from generator.config.values import ObjectiveSpec, RenderSettings
from generator.pipeline.failures import NOT_FINITE, OVERFLOW
from generator.pipeline.usable import batch_of
from generator.plan import PICTURE, Task
from tests.summaries import conv

CHANNEL, MIXED = ObjectiveSpec(), ObjectiveSpec("direction", ((1, 1.0), (3, -1.0)))


@pytest.mark.case("one-nan")
@pytest.mark.parametrize(
    ("objective", "filters", "reasons", "usable", "failed"),
    [
        (CHANNEL, (0, 1, 3), {}, (0, 1, 3), {}),
        (CHANNEL, (0, 1, 3), {1: NOT_FINITE, 2: OVERFLOW}, (0, 3), {1: NOT_FINITE}),
        (CHANNEL, (1,), {1: NOT_FINITE}, (), {1: NOT_FINITE}),
        (MIXED, (1, 3), {2: OVERFLOW}, (1, 3), {}),
        (MIXED, (1, 3), {3: OVERFLOW}, (), {1: OVERFLOW, 3: OVERFLOW}),
    ],
)
def test_filters_without_finite_numbers_are_left_out(
    objective: ObjectiveSpec,
    filters: tuple[int, ...],
    reasons: dict[int, str],
    usable: tuple[int, ...],
    failed: dict[int, str],
) -> None:
    task = Task(PICTURE, "net", conv(2, "stem"), filters, RenderSettings(objective=objective), None, "group", "key")
    batch = batch_of(task, {1: {0: OVERFLOW}, 2: reasons})
    assert (batch.task, batch.part.filters, dict(batch.failed)) == (task, usable, failed)
    assert (batch.part.key, batch.part.record_group) == ("key", "group")
