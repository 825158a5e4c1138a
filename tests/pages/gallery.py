"""A store that is filled without any network, and a parser of the pages made of it."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import unquote, urlsplit

from PIL import Image

from generator.config import Config, ModelEntry
from generator.models.summary import ModelSummary
from generator.pages.fingerprint import PlannedModel
from generator.pages.site import Written, write_site
from generator.plan import EVERYTHING, FEATURE_MAP, KERNEL, PICTURE, Choice, PhotoIdentity, Task, plan_model
from generator.store import Store

Attributes = dict[str, str | None]


Score = float | Callable[[Task, int], float]
"""The scores of a task's pictures: the same for all, or for each filter its own."""


def picture_file(what: str) -> bytes:
    """Return a tiny picture that is different for every text."""
    buffer = io.BytesIO()
    Image.frombytes("RGB", (8, 8), hashlib.sha512(what.encode()).digest() * 3).save(buffer, "WEBP", lossless=True)
    return buffer.getvalue()


def pooled(task: Task, index: int, level: float) -> dict[str, Any]:
    """Return a pooled map between zero and twice a response, different for each filter and photo; constant at zero."""
    cells = hashlib.sha512(f"{task.photo} {task.layer.index} {index}".encode()).digest()
    return {"low": 0.0, "high": 2.0 * max(0.0, level), "cells": base64.b64encode(cells).decode()}


def fill(
    store: Store,
    tasks: Iterable[Task],
    score: Score = 2.0,
    response: Score = 1.0,
    second: Score | None = None,
) -> None:
    """Store for each task a record such as a build makes; its pictures are tiny, and each its own."""

    def own(value: Score, task: Task, index: int) -> float:
        return value(task, index) if callable(value) else value

    for task in tasks:
        entries: list[dict[str, Any]] = []
        blobs: list[str] = []

        def blob(what: str, task: Task = task, blobs: list[str] = blobs) -> str:
            blobs.append(store.put_blob(picture_file(f"{task.record_group} {what}")))
            return blobs[-1]

        record: dict[str, Any] = {"technique": task.technique, "size": [8, 8], "blobs": blobs}
        if task.photo:
            record["photo"] = store.put_blob(picture_file(f"photo {task.photo.digest}"))
            blobs.append(record["photo"])
        for index in task.filters:
            filter_record: dict[str, Any] = {"filter": index}
            if task.technique == KERNEL:
                filter_record |= {"kernel": blob(f"{index}"), "colour": task.layer.index == 1, "size": [3, 3]}
                filter_record |= {"inputs": [2, 0], "shares": [0.6, 0.3], "of": 3}
                near = sorted((other for other in task.filters if other != index), key=lambda other: abs(other - index))
                filter_record["alike"] = [[other, round(1 / (1 + abs(other - index)), 4)] for other in near[:8]]
            elif task.technique == FEATURE_MAP:
                level = own(response, task, index)
                filter_record |= {"map": blob(f"{index}"), "response": level, "peak": 3 * level, "size": [8, 8]}
                if task.layer.ceiling is not None:
                    filter_record["uncapped"] = {"response": 4 * level, "peak": 12 * level}
                filter_record |= {"places": 0.5 if level > 0 else 0.0, "sketch": pooled(task, index, level)}
            else:
                assert task.technique == PICTURE
                assert task.settings
                level, shared = own(score, task, index), bool(task.settings.objective.weights)
                names = [f"{'all' if shared else index}/{place}" for place in range(task.settings.diversity)]
                filter_record["pictures"] = [
                    {
                        "picture": blob(name),
                        "growth": [[0, blob(f"{name}@0")], [16, blob(f"{name}@16")]],
                        "transparent": task.settings.method == "maco",
                        "score": level,
                        "reached": level,
                        "trace": [level * i / 63 for i in range(64)],
                        "second": None if second is None else own(second, task, index),
                    }
                    for name in names
                ]
            entries.append(filter_record)
        store.put_record(task.record_group, task.key, {**record, "filters": entries})


class SheetsOnce(Store):
    """A store that is given the sheets that an earlier test has drawn of the same pictures, as if two stores merged."""

    _drawn: ClassVar[dict[str, bytes]] = {}

    def sheet(self, key: str) -> str | None:
        blob = super().sheet(key)
        if blob is None and key in self._drawn:
            blob = self.put_blob(self._drawn[key])
            super().put_sheet(key, blob)
        return blob

    def put_sheet(self, key: str, blob: str) -> None:
        super().put_sheet(key, blob)
        self._drawn[key] = self.blob_path(blob).read_bytes()


@dataclass
class Gallery:
    """A configuration with its models' summaries: what a build knows when it writes the pages."""

    folder: Path
    models: Sequence[tuple[ModelEntry, ModelSummary]]
    title: str = "Gallery"
    photos: Sequence[PhotoIdentity] = (PhotoIdentity("cat", "1" * 64, (32, 32)),)

    def __post_init__(self) -> None:
        self.store = SheetsOnce(self.folder / "store")
        self.site = self.folder / "site"

    def tasks(self, choice: Choice = EVERYTHING) -> list[Task]:
        return [task for entry, summary in self.models for task in plan_model(entry, summary, self.photos, choice)]

    def write(self, choice: Choice = EVERYTHING) -> Written:
        """Write the site of what the store holds; ``choice`` is what was rendered just now."""
        entries = tuple(entry for entry, _ in self.models)
        config = Config(self.title, self.site, self.store.folder, (), entries)
        return write_site(config, [self._planned(entry, summary, choice) for entry, summary in self.models], self.store)

    def _planned(self, entry: ModelEntry, summary: ModelSummary, choice: Choice) -> PlannedModel:
        shown = plan_model(entry, summary, self.photos)
        return (
            entry,
            summary,
            self.photos,
            shown + (plan_model(entry, summary, self.photos, choice) if choice.narrows else []),
        )

    @property
    def manifest(self) -> dict[str, Any]:
        manifest: dict[str, Any] = json.loads((self.site / "manifest.json").read_bytes())
        return manifest

    def held(self) -> dict[str, bytes]:
        """Return every file of the site."""
        return {p.relative_to(self.site).as_posix(): p.read_bytes() for p in self.site.rglob("*") if p.is_file()}

    def pages(self) -> dict[str, Page]:
        """Return every page, parsed."""
        return {path: Page.read(text.decode()) for path, text in self.held().items() if path.endswith(".html")}


@dataclass
class Page(HTMLParser):
    """The elements and the text of a page."""

    elements: list[tuple[str, Attributes]] = field(default_factory=list)
    text: str = ""

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    @classmethod
    def read(cls, html: str) -> Page:
        page = cls()
        page.feed(html)
        page.close()
        return page

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def links(self) -> Iterator[tuple[str, str]]:
        """Yield tag and address of all that points somewhere."""
        for tag, attributes in self.elements:
            for name in ("src", "href", "poster", "action", "data", "srcset"):
                if (address := attributes.get(name)) is not None:
                    yield tag, address

    def all(self, tag: str, **attributes: str) -> list[Attributes]:
        """Return the attributes of the elements of a tag that have these among them."""
        return [a for t, a in self.elements if t == tag and attributes.items() <= a.items()]


def resolved(page: str, address: str) -> str | None:
    """Return the path that an address of a page leads to, or None if it names a place on the page or on the web."""
    parts = urlsplit(address)
    if parts.scheme or parts.netloc or not parts.path:
        return None
    steps = page.split("/")[:-1]
    for step in unquote(parts.path).split("/"):
        if step == "..":
            steps.pop()
        elif step not in ("", "."):
            steps.append(step)
    return "/".join(steps) + ("/" if parts.path.endswith("/") else "")
