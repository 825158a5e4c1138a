"""A real project: two networks, their configuration, store and site, and files of somebody else in and around it."""

from __future__ import annotations

import json
import os
import shutil
import stat
import tempfile
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from unittest import mock

import keras
import numpy as np
from click.testing import CliRunner
from keras import layers
from PIL import Image

from generator.assets import templates_path
from generator.cli import main
from generator.pipeline import autotune, execute, layer_pictures
from generator.pipeline.events import Failure, Progressed, TaskDone, TaskStarted
from generator.plan import Tuning
from tests.pages.gallery import fill
from tests.properties.mutations import Keys, by_shape

SITE, STORE = "site", ".filter-gallery"
CONFIG: dict[str, Any] = {
    "title": "Tiny",
    "introduction": "Two *networks*.\n\n![A disc](logo.svg)",
    "footer": "Class 9b",
    "logo": "logo.svg",
    "accent": "teal",
    "templates": "own",
    "output": SITE,
    "cache": STORE,
    "photos": ["chelsea", "photo.png"],
    "filters": "all",
    "render": {"size": 16, "steps": 4, "margin": 4, "seed": 0, "precision": "float32"},
    "models": [
        "tiny.keras",
        {
            "source": "tuned.keras",
            "name": "tuned",
            "preprocess": {"mean": [0.5, 0.5, 0.5], "scale": "1/255"},
            "bands": [0, 1, 2],
            "layers": {
                "first": {"filters": {"most_active": 3}, "render": {"objective": ["channel", "neuron"]}},
                "second": {"filters": [0, 2], "render": {"method": "maco", "transforms": [{"shift": 0.1}]}},
            },
        },
    ],
    "compare": [["tiny", "tuned"]],
}
LOGO = '<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"><circle cx="32" cy="32" r="30"/></svg>'

SECRET = b"the secret"
OUTSIDE = ("secret.txt", "theirs/mine.txt", "theirs/manifest.json", "theirs/store.json")
"""Files of somebody else beside the project."""

INSIDE = (
    *(f"{SITE}/{name}" for name in ("thesis.tex", ".git/HEAD", ".git/config", "tiny/.GIT/config")),
    *(f"{STORE}/{name}" for name in ("notes.txt", "records/2024.csv")),
    *("thesis.tex", "data/records/2024.csv"),
)
"""Files of somebody else in it."""


Stamp = tuple[int, int, int, int]


@dataclass(frozen=True)
class World:
    """A folder that holds the project, and a copy of it that stays as it is."""

    root: Path

    @property
    def project(self) -> Path:
        """Return where commands run: always the same folder, as the store knows sites by their folders."""
        return self.root / "project"

    @property
    def temporary(self) -> Path:
        """Return the folder for temporary files."""
        return self.root / "temporary"

    @cached_property
    def paths(self) -> list[str]:
        """Return all that is in the project, somebody else's aside."""
        pristine = self.root / "pristine"
        every = (path.relative_to(pristine).as_posix() for path in sorted(pristine.rglob("*")))
        return [path for path in every if path not in INSIDE and ".git" not in path.lower()]

    @cached_property
    def path_groups(self) -> list[list[str]]:
        """Return what is in the project, by its kind."""
        groups = defaultdict[str, list[str]](list)
        for path in self.paths:
            parts = path.split("/")
            kind = path.rpartition(".")[2] if "." in parts[-1] else "folder"
            groups["/".join(parts[:2]) if parts[0] == STORE else f"{parts[0]} {kind}"].append(path)
        return [*groups.values()]

    @cached_property
    def documents(self) -> dict[str, Any]:
        """Return the JSON files of the project, and what other ones could hold."""
        pristine = self.root / "pristine"
        found = {p: json.loads((pristine / p).read_bytes()) for p in self.paths if p.endswith(".json")}
        listed = found[f"{SITE}/manifest.json"]["files"]
        journal = [{"path": file["path"], "digests": [file["digest"]]} for file in listed[:9]]
        found[f"{SITE}/.building.json"] = {"made_by": "filter-gallery", "files": journal}
        found[f"{SITE}/.filter-gallery-lock"] = {"process": 7, "host": "elsewhere", "since": "2024-01-01 00:00:00"}
        found["config.yaml"] = CONFIG
        return found

    @cached_property
    def document_groups(self) -> list[list[str]]:
        """Return the paths of documents by their kind; what is read most is as likely as all records."""
        groups = defaultdict[str, list[str]](list)
        for path in self.documents:
            kind = path.split("/")[1] if path.startswith(STORE) else path
            technique = self.documents[path].get("technique", "")
            groups[f"{kind} {technique}"].append(path)
        often = [groups[f"{SITE}/manifest.json "], groups["config.yaml "]]
        return [*groups.values(), *often * 5]

    @cached_property
    def places(self) -> dict[str, list[list[Keys]]]:
        """Return the places of each document, in groups."""
        return {path: by_shape(document) for path, document in self.documents.items()}

    def restore(self) -> None:
        """Make the project as it was: what did not change since stays, which is most of it."""
        pristine = self.root / "pristine"
        for place, folders, names in os.walk(self.project, topdown=False):
            for name in (*folders, *names):
                path = Path(place, name)
                if self._known.get(path) != _stamp(path):
                    _remove(path)
        for place, folders, names in os.walk(pristine):
            for name in (*folders, *names):
                source = Path(place, name)
                path = self.project / source.relative_to(pristine)
                if not os.path.lexists(path):
                    if name in folders:
                        path.mkdir(parents=True)
                    else:
                        shutil.copy2(source, path)
                    self._known[path] = _stamp(path)
        for folder in (self.temporary, self.root / "theirs"):
            _remove(folder)
            folder.mkdir()
        for name in OUTSIDE:
            (self.root / name).write_bytes(SECRET)

    @cached_property
    def _known(self) -> dict[Path, Stamp]:
        """Return the files and folders of the project as they were restored last."""
        return {}

    def elsewhere(self) -> dict[str, tuple[int, int, bytes]]:
        """Return mode, time and content of somebody else's files, and of all that is not in the project."""
        ours = (self.project, self.temporary, self.root / "pristine")
        beside = [path for path in self.root.iterdir() if path not in ours]
        below = [path for folder in beside for path in folder.rglob("*")]
        return {str(path): _state(path) for path in (*beside, *below, *(self.project / name for name in INSIDE))}


def _stamp(path: Path) -> Stamp:
    """Return what tells whether a file is as it was; of a folder, only that it is one."""
    state = path.lstat()
    if stat.S_ISDIR(state.st_mode):
        return state.st_mode, 0, 0, 0
    return state.st_mode, state.st_ino, state.st_size, state.st_ctime_ns


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _state(path: Path) -> tuple[int, int, bytes]:
    try:
        state = path.lstat()
    except OSError:
        return 0, 0, b""
    if stat.S_ISDIR(state.st_mode):  # a lock may have come and gone in it
        return state.st_mode, 0, b""
    is_file = path.is_file() and not path.is_symlink()
    return state.st_mode, state.st_mtime_ns, path.read_bytes() if is_file else b""


def make(root: Path) -> World:
    """Make the project, build its site, and keep a copy."""
    world = World(root)
    project = world.project
    (project / "own" / "static").mkdir(parents=True)
    _save(project / "tiny.keras", seed=1)
    _save(project / "tuned.keras", seed=2)
    (project / "logo.svg").write_text(LOGO)
    (project / "own" / "static" / "own.txt").write_text("teal\n")
    shutil.copy(templates_path() / "404.html", project / "own")
    Image.new("RGB", (24, 20), "teal").save(project / "photo.png")
    (project / "config.yaml").write_text(json.dumps(CONFIG, indent=1))
    with mock.patch.object(autotune, "measure", return_value=Tuning()):
        here = Path.cwd()
        os.chdir(project)
        try:
            done = CliRunner().invoke(main, ["build"])
        finally:
            os.chdir(here)
    assert done.exit_code == 0, done.output
    for name in INSIDE:
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_bytes(b"somebody else's")
    shutil.move(project, root / "pristine")
    project.mkdir()
    world.restore()
    return world


def _save(path: Path, seed: int) -> None:
    """Save a network of two layers; the file is the same each time."""
    keras.utils.set_random_seed(seed)
    bias = keras.initializers.Constant(0.5)
    steps = (
        layers.Rescaling(1 / 255, name="scaled"),
        layers.Conv2D(4, 3, activation="relu", name="first", bias_initializer=bias),
        layers.Conv2D(3, 3, name="second"),
    )
    keras.Sequential([keras.Input((20, 20, 3), name="input"), *steps], name="tiny").save(path)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    metadata = json.loads(parts["metadata.json"])
    parts["metadata.json"] = json.dumps({**metadata, "date_saved": "2024-01-01@00:00:00"}).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name), content)


def _stored(model: Any, tasks: Any, photos: Any, store: Any, on_event: Callable[[Any], None]) -> Iterator[Failure]:
    """Stands in for ``execute``: stores for each task a record such as rendering makes."""
    for task in tasks:
        on_event(TaskStarted(task))
        fill(store, [task])
        on_event(Progressed(task, 1.0))
        on_event(TaskDone(task))
    yield from ()


def _gray(loaded: Any, request: Any, encode: Callable[[Any], bytes]) -> Iterator[tuple[Any, Any, list[bytes], Any]]:
    """Stands in for ``_optimized``: gray pictures, their traces and scores."""
    count, size, channels = len(request.filters), request.settings.size, len(request.summary.bands)
    pictures = np.full((count, size, size, channels), 0.5)
    traces = np.zeros((count, request.settings.steps))
    yield pictures, traces, [encode(picture) for picture in pictures], np.zeros(count)


def without_rendering() -> list[Any]:
    """Return the patches that let nothing be optimised or measured; models are opened, and the rest is as it is."""
    return [
        mock.patch.object(autotune, "measure", return_value=Tuning()),
        mock.patch.object(execute, "execute", _stored),
        mock.patch.object(layer_pictures, "_optimized", _gray),
        mock.patch.object(tempfile, "tempdir", None),
    ]
