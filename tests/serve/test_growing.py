"""Open pages hear of a site that grows while it is built."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from generator.config import Config
from generator.pipeline.events import Event, Failure, PagesDone, PagesGrown, Summary
from generator.serve.builder import BuildAborted, Builder
from generator.serve.preview import Preview, PreviewEvent
from generator.serve.status import State, StatusFeed, site_digest
from generator.serve.watch import Reading


class Growing(Builder):
    """A build that writes its site twice before it is done; between, the status is noted."""

    def __init__(self, site: Path, status: StatusFeed) -> None:
        super().__init__()
        self._site, self._status, self.states = site, status, list[State]()

    def run(self, config: Config) -> Iterator[Event | Summary | BuildAborted | None]:
        for size in range(2):
            (self._site / "manifest.json").write_text("{" + " " * size + "}")
            yield PagesGrown(str(self._site / "index.html"))
            self.states.append(self._status.state)
        yield Failure("picture", "no", ValueError())
        self.states.append(self._status.state)
        yield Summary(1, 0, (), PagesDone(1, 0, 0), (), "")


def test_open_pages_hear_of_each_time_that_it_is_written(tmp_path: Path) -> None:
    status, heard = StatusFeed(), list[PreviewEvent]()
    builder = Growing(tmp_path, status)
    preview = Preview(tmp_path / "config.yaml", lambda: config, tmp_path, builder, status, heard.append)
    config = Config("T", tmp_path, tmp_path / "cache", (), ())
    preview._build(config, (), Reading(config, (), {}))
    first, second, last = builder.states
    assert "" != first.site != second.site == last.site == site_digest(tmp_path)
    assert first.building
    assert not status.state.building
    assert sum(isinstance(event, PagesGrown) for event in heard) == 2
