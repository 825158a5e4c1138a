from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from generator.config.values import Objective
from generator.pages.views import LayerView, model_view
from generator.plan import Task
from tests.cards import card, conv, entry
from tests.pages.gallery import Gallery, fill


def layer_view(folder: Path, scores: list[float], response: float = 0.0, **render: object) -> LayerView:
    """Return a layer whose filters' pictures reach these scores, and negatives 1."""
    of = entry(render=tuple(sorted(render.items())))
    made = Gallery(folder, [(of, card(conv(1, "stem", len(scores))))])

    def score(task: Task, index: int) -> float:
        return 1.0 if task.settings and task.settings.sign == "negative" else scores[index]

    fill(made.store, made.tasks(), score, response)
    return model_view(*made.models[0], made.photos, made.tasks(), made.store).layers[0]


@pytest.mark.parametrize(
    ("scores", "response", "best", "in_order"),
    [
        ([1.0, 3.0, 2.0], 0.0, [1, 2, 0], [0, 1, 2]),
        # weak ones behind, dead ones not at all
        ([0.5, 0.0, 2.0, 3.0], 1.0, [3, 2, 0], [0, 2, 3, 1]),
        ([0.0, 3.0, 0.0, 2.0], 0.0, [1, 3], [1, 3, 0, 2]),
        # unless there is nothing else
        ([0.0, -1.0], 0.0, [0, 1], [0, 1]),
    ],
)
def test_dead_filters_stand_for_nothing_and_come_last(
    tmp_path: Path, scores: list[float], response: float, best: list[int], in_order: list[int]
) -> None:
    view = layer_view(tmp_path, scores, response)
    assert [f.index for f in view.best] == best
    assert [f.index for f in view.in_order] == in_order


@pytest.mark.parametrize(
    ("objectives", "diversity", "alive", "dead"),
    [
        (("channel",), 1, ["Negative"], ["Negative"]),
        (
            ("channel",),
            3,
            ["Negative, diverse 1 of 3", "Diverse 2 of 3", "Diverse 3 of 3"],
            ["Negative, diverse 1 of 3", "Negative, diverse 2 of 3", "Negative, diverse 3 of 3"],
        ),
        (
            ("channel", "neuron"),
            1,
            ["Negative", "Centre unit", "Centre unit, negative"],
            ["Negative", "Centre unit, negative"],
        ),
        (
            ("channel", "neuron"),
            2,
            ["Negative, diverse 1 of 2", "Centre unit, diverse 1 of 2", "Centre unit, negative, diverse 1 of 2"],
            ["Negative, diverse 1 of 2", "Centre unit, negative, diverse 1 of 2", "Negative, diverse 2 of 2"],
        ),
    ],
)
def test_a_tiles_small_pictures_show_every_kind_before_more_of_one(
    tmp_path: Path, objectives: tuple[str, ...], diversity: int, alive: list[str], dead: list[str]
) -> None:
    wanted = tuple(map(Objective, objectives))
    view = layer_view(tmp_path, [2.0, 0.0], objective=wanted, sign="both", diversity=diversity)
    assert [[p.title for p in view.by_index[index].small] for index in (0, 1)] == [alive, dead]


def test_starts_that_are_the_same_are_counted_once(tmp_path: Path) -> None:
    view = layer_view(tmp_path, [0.0], objective=(Objective(), Objective("neuron")), repeats=2)
    one = view.by_index[0]
    assert (len(one.searches), one.starts) == (4, 4)
    start = one.pictures[0].growth[0]
    twins = tuple(replace(p, growth=(start, *p.growth[1:])) for p in one.pictures[:2])
    assert replace(one, pictures=(*twins, *one.pictures[2:])).starts == 3


def test_one_picture_has_nothing_small_beside_it(tmp_path: Path) -> None:
    view = layer_view(tmp_path, [2.0])
    assert (view.by_index[0].small, view.further) == ((), ())
