"""What a build renders, keeps and renders again."""

from __future__ import annotations

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
