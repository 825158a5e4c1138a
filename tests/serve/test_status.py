from __future__ import annotations

from pathlib import Path
from threading import Thread

from generator.serve.status import State, StatusFeed, site_digest


def test_the_digest_changes_with_the_manifest(tmp_path: Path) -> None:
    assert site_digest(tmp_path) == ""
    (tmp_path / "manifest.json").write_text("{}")
    first = site_digest(tmp_path)
    (tmp_path / "manifest.json").write_text("{ }")
    assert len(first) == 16
    assert first not in ("", site_digest(tmp_path))


def test_the_number_rises_with_every_change_and_with_nothing_else() -> None:
    feed = StatusFeed()
    begun = feed.state.number
    feed.change(building=False)
    assert feed.state.number == begun
    feed.change(site="a", building=True)
    feed.change(problems=("wrong",))
    assert feed.state == State(begun + 2, "a", True, ("wrong",))
    feed.change(problems=())
    assert feed.state.to_json() == {"number": begun + 3, "site": "a", "building": True, "problems": ()}


def test_a_later_command_counts_from_higher() -> None:
    earlier = StatusFeed()
    assert StatusFeed().state.number >= earlier.state.number > 1_700_000_000_000


def test_who_waits_hears_of_what_changes_and_of_nothing_else() -> None:
    feed = StatusFeed()
    seen = feed.state.number
    assert feed.wait(seen, 0) is None
    assert feed.wait(seen - 1, 0) == feed.state
    heard: list[State | None] = []
    waiting = Thread(target=lambda: heard.append(feed.wait(seen, 30)))
    waiting.start()
    feed.change(site="new")
    waiting.join(30)
    assert heard == [State(seen + 1, "new")]
