from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from generator.config.values import ObjectiveSpec
from generator.pages.gather import model_view
from generator.pages.views import LayerView
from generator.plan import Task
from tests.pages.gallery import Gallery, fill
from tests.summaries import conv, entry, summary


def layer_view(folder: Path, scores: list[float], response: float = 0.0, **render: object) -> LayerView:
    """Return a layer whose filters' pictures reach these scores, and negatives 1."""
    of = entry(render=tuple(sorted(render.items())))
    gallery = Gallery(folder, [(of, summary(conv(1, "stem", len(scores))))])

    def score(task: Task, index: int) -> float:
        return 1.0 if task.settings and task.settings.sign == "negative" else scores[index]

    fill(gallery.store, gallery.tasks(), score, response)
    return model_view(*gallery.models[0], gallery.photos, gallery.tasks(), gallery.store).layers[0]


@pytest.mark.parametrize(
    ("scores", "response", "best"),
    [
        ([1.0, 3.0, 2.0], 0.0, [1, 2, 0]),
        # weak ones behind, dead ones not at all
        ([0.5, 0.0, 2.0, 3.0], 1.0, [3, 2, 0]),
        ([0.0, 3.0, 0.0, 2.0], 0.0, [1, 3]),
        # unless there is nothing else
        ([0.0, -1.0], 0.0, [0, 1]),
    ],
)
def test_dead_filters_stand_for_nothing(tmp_path: Path, scores: list[float], response: float, best: list[int]) -> None:
    view = layer_view(tmp_path, scores, response)
    assert [f.index for f in view.best] == best
    assert list(view.best_places) == best


def test_starts_that_are_the_same_are_counted_once(tmp_path: Path) -> None:
    view = layer_view(tmp_path, [0.0], objective=(ObjectiveSpec(), ObjectiveSpec("neuron")), repeats=2)
    view_of_filter = view.by_index[0]
    assert (len(view_of_filter.positive_pictures), view_of_filter.distinct_starts) == (4, 4)
    start = view_of_filter.pictures[0].snapshots[0]
    twins = tuple(replace(p, snapshots=(start, *p.snapshots[1:])) for p in view_of_filter.pictures[:2])
    assert replace(view_of_filter, pictures=(*twins, *view_of_filter.pictures[2:])).distinct_starts == 3
