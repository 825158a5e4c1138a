"""A small gallery that is built in this process, and a measurement that costs nothing unless a test wants it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import keras
import pytest
from keras import layers

from generator.config import load_config
from generator.pipeline import Event, Summary, TaskDone, autotune, build
from generator.plan import PICTURE, Choice, Tuning
from generator.store import Store

Done = list[tuple[str, str, int]]
"""Technique, layer and number of filters of what was rendered."""


@dataclass(frozen=True)
class Place:
    """A folder with a configuration and a model of two layers, of four and three filters."""

    folder: Path

    def build(
        self,
        more: str = "",
        choice: Choice | None = None,
        models: str = "[tiny.keras]",
        force: bool = False,
        only: tuple[str, ...] = (),
        render: str = "",
        steps: int = 4,
        hear: Callable[[Event], None] = lambda event: None,
    ) -> tuple[Summary, Done]:
        """Build; return the summary, and what was rendered."""
        path = self.configure(more, models, render, steps)
        done: Done = []

        def listen(event: Event) -> None:
            if isinstance(event, TaskDone):
                done.append((event.task.technique, event.task.layer.name, len(event.task.filters)))
            hear(event)

        return build(load_config(path), choice or Choice(), only, force, on_event=listen), done

    def configure(self, more: str = "", models: str = "[tiny.keras]", render: str = "", steps: int = 4) -> Path:
        """Write the configuration; ``render`` adds settings, ``more`` lines."""
        path = self.folder / "config.yaml"
        settings = f"{{size: 16, steps: {steps}, margin: 4{', ' + render if render else ''}}}"
        path.write_text(f"render: {settings}\nphotos: [chelsea]\nmodels: {models}\n{more}")
        return path

    def pages(self) -> set[str]:
        """Return the pages of filters."""
        return {"/".join(path.parts[-2:]) for path in (self.folder / "site").rglob("0*.html")}

    @property
    def store(self) -> Store:
        """Return what the builds keep."""
        return Store(self.folder / ".filter-gallery")

    def kept(self, *rooms: str) -> dict[str, bytes]:
        """Return the files of the store, or of some rooms of it; what it remembers of machine and sites aside."""
        files = (path for path in self.store.folder.rglob("*") if path.is_file() and path.name != "speed.json")
        files = (path for path in files if path.parent.name != "sites")
        found = {path.relative_to(self.store.folder).as_posix(): path.read_bytes() for path in sorted(files)}
        return {name: content for name, content in found.items() if not rooms or name.split("/")[0] in rooms}

    def pictures(self) -> list[dict[str, Any]]:
        """Return the records of pictures."""
        record_groups = sorted((self.store.folder / "records").iterdir())
        records = [record for record_group in record_groups for _, record in self.store.record_group(record_group.name)]
        return [record for record in records if record["technique"] == PICTURE]


@dataclass
class Measured:
    """Stands in for the measurement: says what it is told to, and remembers what it was asked."""

    says: Tuning | BaseException = field(default_factory=lambda: Tuning("float32", ((30.0, 32),)))
    asked: list[list[tuple[str, Any]]] = field(default_factory=list)

    def __call__(self, model: object, shown: list[tuple[Any, Any]]) -> Tuning:
        self.asked.append([(layer.name, settings) for layer, settings in shown])
        if isinstance(self.says, BaseException):
            raise self.says
        return self.says


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> Measured:
    """Let nothing be measured; ``measured.says`` is what the build hears instead."""
    stand_in = Measured()
    monkeypatch.setattr(autotune, "measure", stand_in)
    return stand_in


@pytest.fixture
def place(tmp_path: Path, measured: Measured) -> Place:
    """Return a fresh folder with the model in it; nothing is measured there."""
    save_network(tmp_path / "tiny.keras", bias=0.5)
    return Place(tmp_path)


def save_network(path: Path, bias: float, channels: int = 3) -> None:
    """Save a network of two layers; without a bias, its first layer is silent on mid-gray."""
    keras.utils.set_random_seed(1)
    start = keras.initializers.Constant(bias)
    first = layers.Conv2D(4, 3, activation="relu", name="first", bias_initializer=start)
    steps = (layers.Rescaling(1 / 255), first, layers.Conv2D(3, 3, name="second"))
    keras.Sequential([keras.Input((20, 20, channels)), *steps]).save(path)


def pairs(count: int = 2) -> Tuning:
    """Return a tuning with batches of so many pictures."""
    return replace(Tuning(), batches=((30.0, count),))
