"""A build shows what it has while it works; stopped at any moment it leaves a site to read, and goes on to the same."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from generator.pipeline import Event, Interrupted, PagesGrown, Progressed, TaskDone, growing, optimize
from generator.plan import PICTURE
from generator.render.search import Search
from tests.browser.links import faults
from tests.pipeline.conftest import Measured, Place, pairs, save_network


@pytest.fixture(autouse=True)
def _pairs(measured: Measured) -> None:
    measured.says = pairs(2)


@pytest.fixture
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a growing site be written whenever there is more, whatever that costs."""
    monkeypatch.setattr(growing, "FIRST_SECONDS", 0.0)
    monkeypatch.setattr(growing, "SHARE", 1e9)


def site_of(place: Place) -> dict[str, bytes]:
    folder = place.folder / "site"
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def shown(place: Place) -> tuple[int, int]:
    """Return how many filters the first page says are shown, of how many."""
    text = (place.folder / "site/index.html").read_text()
    found = re.findall(r"<span>(\d+)(?: of (\d+))? filters shown(?: so far)?</span>", text)
    return sum(int(count) for count, _ in found), sum(int(of or count) for count, of in found)


def like(place: Place, folder: Path) -> Place:
    """Return another place with the same model."""
    folder.mkdir()
    shutil.copy(place.folder / "tiny.keras", folder)
    return Place(folder)


def two_models(place: Place) -> str:
    save_network(place.folder / "other.keras", bias=0.4)
    return "[tiny.keras, other.keras]"


@pytest.mark.usefixtures("_at_once")
@pytest.mark.parametrize("models", [1, 2])
def test_a_site_grows_layer_by_layer_without_a_broken_link(models: int, place: Place) -> None:
    names = "[tiny.keras]" if models == 1 else two_models(place)
    seen: list[tuple[int, int]] = []
    order: list[tuple[str, str]] = []

    def look(event: Event) -> None:
        if isinstance(event, PagesGrown):
            assert faults(place.folder / "site") == []
            seen.append(shown(place))
        elif isinstance(event, TaskDone):
            order.append((event.task.technique, event.task.layer.name))

    summary, _ = place.build(models=names, on_event=look)
    assert summary.failures == ()
    assert seen[0] == (0, 7 * models)
    assert seen == sorted(seen)  # more and more
    if models == 1:
        assert {count for count, _ in seen} == {0, 2, 3, 5, 7}
    pictures = [layer for technique, layer in order if technique == PICTURE]
    assert pictures[: 2 * models] == ["first", "second"] * models  # some of every layer before all of one
    assert [technique for technique, _ in order[-4 * models :]] == [PICTURE] * 4 * models
    assert faults(place.folder / "site") == []
    grown = site_of(place)
    assert not any(b"to come" in content for path, content in grown.items() if path.endswith(".html"))
    assert summary.pages.written == len(grown) - 1  # each counted once; the manifest lists the others


@pytest.mark.usefixtures("_at_once")
def test_the_site_is_that_of_a_build_which_writes_once(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.build(more="dataset: bundled\n")
    grown = site_of(place)
    monkeypatch.setattr(growing, "FIRST_SECONDS", 1e9)
    whole = like(place, tmp_path / "whole")
    whole.build(more="dataset: bundled\n")
    assert site_of(whole) == grown


class Stop:
    """Raises KeyboardInterrupt at one of the moments of a build."""

    def __init__(self, at: int) -> None:
        self.left, self.heard = at, list[Event]()

    def __call__(self, event: Event) -> None:
        self.heard.append(event)
        if isinstance(event, Interrupted):
            return
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt


@pytest.mark.parametrize("more", ["", "dataset: bundled\n"], ids=["photos", "dataset"])
def test_stopped_at_any_moment_it_leaves_what_is_done(
    more: str, place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(growing, "FIRST_SECONDS", 1e9)  # nothing is written but at the stop
    whole = like(place, tmp_path / "whole")
    moments = Stop(10**9)
    whole.build(more=more, on_event=moments)
    begins = next(at for at, event in enumerate(moments.heard) if isinstance(event, TaskDone)) + 2
    most, sizes = len(moments.heard), []
    for at in range(begins, most, max(1, (most - begins) // 6)):
        stop = Stop(at)
        try:
            place.build(more=more, on_event=stop)
        except KeyboardInterrupt:
            site = place.folder / "site"
            assert faults(site) == []
            sizes.append(shown(place))
            if isinstance(stop.heard[-1], Interrupted):
                assert sizes[-1][1] == 7
        else:
            break
    assert sizes
    assert sizes == sorted(sizes)
    place.build(more=more)
    assert site_of(place) == site_of(whole)


@pytest.mark.usefixtures("_at_once")
def test_a_finished_site_is_not_emptied_while_it_is_built_anew(place: Place) -> None:
    place.build()
    seen: list[int] = []

    def look(event: Event) -> None:
        if isinstance(event, Progressed | TaskDone):
            seen.append(len(place.pages()))

    place.build(render="seed: 3", on_event=look)
    assert set(seen) == {7}


@pytest.mark.parametrize(("kept", "graphs"), [(24, 2), (2, 2), (1, 4)])
def test_what_is_compiled_for_a_layer_serves_in_both_turns(
    kept: int, graphs: int, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many graphs as there are layers, for four batches; where one fits, one for each batch."""
    made: list[int] = []

    def counted(*given: Any) -> Search:
        made.append(given[1])
        return Search(*given)

    monkeypatch.setattr(optimize, "Search", counted)
    monkeypatch.setattr(optimize, "KEPT", kept)
    place.build()
    assert len(made) == graphs


def test_a_graph_that_is_not_needed_again_is_let_go(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[int] = []
    run = optimize.Searches.run

    def noted(self: Any, *given: Any) -> Any:
        found = run(self, *given)
        kept.append(len(self._kept))
        return found

    monkeypatch.setattr(optimize.Searches, "run", noted)
    place.build()
    assert kept == [1, 2, 1, 0]
