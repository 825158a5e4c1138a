"""A filter's several pictures: which there are, what they are called, and which is the main one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from generator.config.values import METHOD_DEFAULTS, ObjectiveSpec, RenderSettings, every_settings
from generator.pages import template_filters as text
from generator.pages.gather import model_view
from generator.pages.pictures import kinds, title
from generator.pages.templating import open_templates
from generator.pages.views import FilterView, ModelView
from generator.plan import FEATURE_MAP, PICTURE, Choice, Task
from generator.terms import OBJECTIVES, Term
from tests.pages.gallery import Gallery, fill
from tests.summaries import conv, entry, summary

CHANNEL, NEURON, MIXED = ObjectiveSpec(), ObjectiveSpec("neuron"), ObjectiveSpec("direction", ((1, 1.0), (3, -1.0)))
Chosen = dict[str, object]


def gallery_of(folder: Path, **render: object) -> Gallery:
    """Return a gallery of one layer of four filters that get such pictures, not yet rendered."""
    configured = entry(render=tuple(sorted(render.items())))
    return Gallery(folder, [(configured, summary(conv(1, "stem", slug="001-stem")))])


def view(gallery: Gallery, choice: Choice | None = None, keep_all: bool = False) -> ModelView:
    """Return what the pages show of what the store holds."""
    of, model = gallery.models[0]
    tasks = gallery.tasks() + (gallery.tasks(choice) if choice else [])
    return model_view(of, model, gallery.photos, tasks, gallery.store, keep_all)


def shown(gallery: Gallery) -> dict[int, FilterView]:
    return view(gallery).layers[0].by_index if view(gallery).layers else {}


def titles(of: FilterView) -> list[str]:
    return [picture.title for picture in of.pictures]


def is_negative(task: Task) -> bool:
    return task.settings is not None and task.settings.sign == "negative"


@pytest.mark.case("relu6-ceiling")
@pytest.mark.parametrize(
    ("objective", "expected", "verdict"),
    [(CHANNEL, 4.0, "weak"), (NEURON, 12.0, "weak"), (ObjectiveSpec("direction", ((1, 0.5),)), 2.0, "converged")],
)
def test_photos_are_compared_without_the_ceiling(
    tmp_path: Path, objective: ObjectiveSpec, expected: float, verdict: str
) -> None:
    """They respond with 1 and peak at 3 in the network, and four times as much without it."""
    of = entry(render=(("objective", (objective,)),))
    gallery = Gallery(tmp_path, [(of, summary(conv(1, "stem", slug="001-stem", ceiling=6.0)))])
    fill(gallery.store, gallery.tasks(), 3.0, 1.0)
    picture = shown(gallery)[1].main
    assert picture.best_photo is not None
    assert (picture.best_photo.value, picture.verdict) == (expected, verdict)
    assert [map_view.response for map_view in shown(gallery)[1].maps] == [1.0]


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({}, ["Main"]),
        ({"method": "maco"}, ["Main"]),
        ({"sign": "both"}, ["Main", "Negative"]),
        ({"sign": "negative"}, ["Negative"]),
        ({"repeats": 3, "seed": 4}, ["Seed 4", "Seed 5", "Seed 6"]),
        ({"objective": (CHANNEL, NEURON, MIXED)}, ["Main", "Centre unit", "Direction 1 − 3"]),
        (
            {"objective": (CHANNEL, NEURON), "sign": "both", "repeats": 2},
            [
                *("Seed 0", "Seed 1", "Negative, seed 0", "Negative, seed 1"),
                *("Centre unit, seed 0", "Centre unit, seed 1"),
                *("Centre unit, negative, seed 0", "Centre unit, negative, seed 1"),
            ],
        ),
        ({"diversity": 2}, ["Diverse 1 of 2"]),
    ],
)
def test_a_title_tells_a_picture_from_the_others(chosen: Chosen, expected: list[str]) -> None:
    every = every_settings(chosen)
    assert [title(settings, 1, every) for settings in every] == expected


def test_the_method_is_named_where_it_differs() -> None:
    maco = replace(RenderSettings(), **METHOD_DEFAULTS["maco"], method="maco")
    every = (RenderSettings(), maco, replace(maco, sign="negative"))
    assert [title(settings, 1, every) for settings in every] == ["Main", "MaCo", "MaCo, negative"]


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({}, [()]),
        ({"method": "maco"}, [("maco",)]),
        ({"sign": "both", "repeats": 2}, [("seed",), ("seed",), ("negative", "seed"), ("negative", "seed")]),
        ({"objective": (NEURON, MIXED), "diversity": 2}, [("neuron", "diverse"), ("direction", "diverse")]),
    ],
)
def test_a_picture_is_of_the_kinds_that_a_reader_is_told_of(chosen: Chosen, expected: list[tuple[str, ...]]) -> None:
    every = every_settings(chosen)
    assert [kinds(settings, every) for settings in every] == expected


def test_another_objective_needs_its_words_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(OBJECTIVES, "energy", Term("mean square", "mean of the squares", note="Note <this>."))
    made = gallery_of(tmp_path, objective=(CHANNEL, ObjectiveSpec("energy")))
    fill(made.store, made.tasks())
    picture = shown(made)[2].pictures[1]
    assert (picture.title, picture.kinds) == ("Mean square", ("energy",))
    assert ("Objective", "mean of the squares of channel 2") in text.settings(picture.settings, 2)
    macros: Any = open_templates(None).environment.get_template("picture.html").module
    alt = macros.alt(picture, "stem, filter 2").strip()
    assert alt == "The picture that excites the mean square of stem, filter 2 most"
    assert macros.kind("energy").strip() == "<b>Mean square.</b> Note &lt;this&gt;."


def test_pictures_come_in_the_order_of_the_plan_each_with_files_of_its_own(tmp_path: Path) -> None:
    gallery = gallery_of(tmp_path, objective=(CHANNEL, MIXED), sign="both", diversity=2)
    fill(gallery.store, reversed(gallery.tasks()))
    by_index = shown(gallery)
    own = ["Diverse 1 of 2", "Diverse 2 of 2", "Negative, diverse 1 of 2", "Negative, diverse 2 of 2"]
    mixed = ["Direction 1 − 3", "Direction 1 − 3, negative"]
    assert {index: titles(view_of_filter) for index, view_of_filter in by_index.items()} == {
        0: own,
        1: own + mixed,
        2: own,
        3: own + mixed,
    }
    every = [picture for each in by_index.values() for picture in each.pictures]
    files = [file.path for p in every for file in (p.file, *(kept_snapshots for _, kept_snapshots in p.snapshots))]
    assert len(files) == len(set(files)) == (4 + 6 + 4 + 6) * 3
    assert [p.file.path for p in by_index[1].pictures][:3] == [
        "net/001-stem/0001-picture.webp",
        "net/001-stem/0001-picture-2.webp",
        "net/001-stem/0001-picture-3.webp",
    ]
    # one picture stands for both filters that the direction names, and no other two are the same
    assert [p.file.blob for p in by_index[1].pictures[4:]] == [p.file.blob for p in by_index[3].pictures[4:]]
    assert len({p.file.blob for p in every}) == 4 * 4 + 2


def test_what_a_picture_is_comes_from_its_own_record(tmp_path: Path) -> None:
    gallery = gallery_of(tmp_path, sign="both", method="maco")
    fill(gallery.store, gallery.tasks(), score=lambda task, index: index + (10.0 if is_negative(task) else 1.0))
    main, negative = shown(gallery)[2].pictures
    assert (main.score, main.reached, main.trace[-1], main.settings.sign) == (3.0, 3.0, 3.0, "positive")
    assert (negative.score, negative.reached, negative.trace[-1], negative.settings.sign) == (
        12.0,
        12.0,
        12.0,
        "negative",
    )
    assert main.transparent
    assert main.file.blob != negative.file.blob


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        (lambda task: not is_negative(task), {i: ["Main"] for i in range(4)}),
        (is_negative, {i: ["Negative"] for i in range(4)}),
        (lambda task: False, {}),
    ],
)
def test_a_filter_whose_main_picture_failed_is_shown_by_the_first_there_is(
    tmp_path: Path, there: Callable[[Task], bool], expected: dict[int, list[str]]
) -> None:
    gallery = gallery_of(tmp_path, sign="both")
    fill(gallery.store, [task for task in gallery.tasks() if task.technique != PICTURE or there(task)])
    by_index = shown(gallery)
    assert {index: titles(view_of_filter) for index, view_of_filter in by_index.items()} == expected
    assert {each.picture.path for each in by_index.values()} == {f"net/001-stem/{i:04d}-picture.webp" for i in expected}


def test_other_builds_pictures_are_kept_setting_by_setting(tmp_path: Path) -> None:
    gallery = gallery_of(tmp_path, sign="both")
    fill(gallery.store, gallery.tasks(Choice(filters=(0, 1))))
    fill(gallery.store, [task for task in gallery.tasks(Choice(filters=(3,))) if is_negative(task)])
    now = Choice(filters=(0,))
    of, model = gallery.models[0]
    gallery.models = [(replace(of, filters=(2,)), model)]
    planned, all_kept = (
        {f.index: titles(f) for f in view(gallery, now, keep_all).layers[0].filters} for keep_all in (False, True)
    )
    assert planned == {0: ["Main", "Negative"]}
    assert all_kept == {0: ["Main", "Negative"], 1: ["Main", "Negative"], 3: ["Negative"]}


def test_photos_are_compared_with_what_the_picture_is_about(tmp_path: Path) -> None:
    gallery = gallery_of(tmp_path, objective=(CHANNEL, NEURON, MIXED), sign="both")
    fill(gallery.store, gallery.tasks(), response=lambda task, index: float(index))
    values = {p.title: [photo.value for photo in p.photo_values] for p in shown(gallery)[1].pictures}
    assert values == {
        "Main": [1.0],
        "Negative": [],
        "Centre unit": [3.0],
        "Centre unit, negative": [],
        "Direction 1 − 3": [-2.0],
        "Direction 1 − 3, negative": [],
    }


def test_a_photo_whose_answers_are_not_known_is_not_compared(tmp_path: Path) -> None:
    gallery = gallery_of(tmp_path, objective=(CHANNEL, MIXED))
    fill(gallery.store, [task for task in gallery.tasks() if task.technique != FEATURE_MAP])
    feature_maps = [task for task in gallery.tasks(Choice(filters=(1,))) if task.technique == FEATURE_MAP]
    fill(gallery.store, [replace(task, filters=(1,)) for task in feature_maps])
    assert {p.title: len(p.photo_values) for p in shown(gallery)[1].pictures} == {"Main": 1, "Direction 1 − 3": 0}


def by_title(**scores: float) -> Callable[[Task, int], float]:
    """Return what pictures reach by their objective and sign."""
    return lambda task, _: scores[f"{task.settings.objective.kind}_{task.settings.sign}"] if task.settings else 0.0


@pytest.mark.parametrize(
    ("scores", "response", "verdicts", "main", "verdict"),
    [
        ((2.0, 1.0, 3.0, 1.0), 1.0, ["converged", "converged", "converged", "converged"], "Main", "converged"),
        # a photo's strongest place excites the unit more; a negative has no photo to beat
        ((2.0, 0.1, 2.0, 0.1), 1.0, ["converged", "converged", "weak", "converged"], "Main", "converged"),
        ((2.0, 0.0, 2.0, -1.0), 0.0, ["converged", "dead", "converged", "dead"], "Main", "converged"),
        # nothing made it respond; that it can be driven below zero does not help
        ((0.0, 5.0, 0.0, 5.0), 0.0, ["dead", "converged", "dead", "converged"], "Main", "dead"),
        ((0.0, 0.0, 0.0, 0.0), -1.0, ["dead", "dead", "dead", "dead"], "Main", "dead"),
        # a positive picture that shows something goes before a main one that does not
        ((0.0, 5.0, 2.0, 5.0), 0.0, ["converged", "dead", "converged", "converged"], "Centre unit", "converged"),
        ((0.0, 5.0, 2.0, 5.0), 1.0, ["weak", "weak", "converged", "converged"], "Centre unit", "weak"),
    ],
)
def test_the_verdict_on_a_filter_is_that_on_its_main_picture(
    tmp_path: Path, scores: tuple[float, ...], response: float, verdicts: list[str], main: str, verdict: str
) -> None:
    gallery = gallery_of(tmp_path, objective=(CHANNEL, NEURON), sign="both")
    names = ("channel_positive", "channel_negative", "neuron_positive", "neuron_negative")
    fill(gallery.store, gallery.tasks(), by_title(**dict(zip(names, scores, strict=True))), response)
    only = shown(gallery)[0]
    assert (only.main.title, only.verdict) == (main, verdict)
    assert [p.verdict for p in only.pictures] == verdicts
    assert only.main.empty == (max(only.main.score, only.main.reached) <= 0)


def test_a_climb_that_found_nothing_is_not_dead_if_its_twin_did(tmp_path: Path) -> None:
    gallery = gallery_of(tmp_path, repeats=2)
    fill(gallery.store, gallery.tasks(), score=lambda task, _: float(task.settings.seed) if task.settings else 0.0)
    succeeded, failed = shown(gallery)[0].pictures
    assert (succeeded.title, succeeded.verdict, succeeded.empty) == ("Seed 1", "converged", False)
    assert (failed.title, failed.verdict, failed.empty) == ("Seed 0", "weak", True)


def test_a_dead_negative_of_a_filter_that_photos_excite_makes_it_weak(tmp_path: Path) -> None:
    gallery = gallery_of(tmp_path, sign="negative")
    fill(gallery.store, gallery.tasks(), score=0.0)
    only = shown(gallery)[0]
    assert (only.main.verdict, only.verdict, only.main.empty) == ("dead", "weak", True)
