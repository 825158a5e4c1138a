"""The command line, run for real, and one tiny gallery that the module's tests share."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SECONDS = 400
SETTINGS = "photos: [chelsea]\nrender: {size: 16, steps: 4, margin: 4}\n"

MAKE_MODELS = """
import keras
from keras import layers
keras.utils.set_random_seed(1)  # a layer draws its seed when it is made, before it is saved
def save(name, *steps, shape=(24, 24, 3)):
    keras.utils.set_random_seed(1)
    keras.Sequential([keras.Input(shape), layers.Rescaling(1 / 255), *steps]).save(name)
save("tiny.keras", layers.Conv2D(4, 3, activation="relu", name="first"), layers.Conv2D(3, 3, name="second"))
save("other.keras", layers.Conv2D(3, 3, activation="relu", name="first"), layers.Conv2D(3, 3, name="second"))
save("dense.keras", layers.Flatten(), layers.Dense(2))
save("hostile.keras", layers.Conv2D(3, 3, name="<img src=x onerror=alert(1)>"), layers.Conv2D(3, 3, name="con"))
save("code.keras", layers.Lambda(lambda x: x * 2), layers.Conv2D(3, 3, name="behind"))
save("big.keras", *[layers.Conv2D(64, 3, padding="same", activation="relu", name=f"conv{i}") for i in range(3)])
"""


@dataclass(frozen=True)
class Ran:
    """What a command ended with and said."""

    status: int
    out: str
    err: str

    @property
    def errors(self) -> list[str]:
        """Return the lines of standard error that tell an error."""
        return [line for line in self.err.splitlines() if line.startswith("Error: ")]


Run = Callable[..., Ran]


def environment(**more: str) -> dict[str, str]:
    """Return the environment of a command: no network to speak of, no talk of TensorFlow's, this checkout's package."""
    proxies = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
    return {**os.environ, **proxies, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": str(ROOT), "COLUMNS": "200", **more}


def command(*words: object) -> list[str]:
    """Return the command line of ``filter-gallery`` with some words."""
    return [sys.executable, "-m", "generator", *map(str, words)]


def filter_gallery(*words: object, cwd: Path, **more: str) -> Ran:
    """Run a command in a folder. Whatever it is, it tells no traceback."""
    done = subprocess.run(
        command(*words), cwd=cwd, env=environment(**more), capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert "Traceback" not in done.stderr, done.stderr
    return Ran(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of tiny model files, sound and broken."""
    folder = tmp_path_factory.mktemp("models")
    subprocess.run([sys.executable, "-c", MAKE_MODELS], cwd=folder, env=environment(), check=True, capture_output=True)
    whole = (folder / "tiny.keras").read_bytes()
    (folder / "corrupt.keras").write_bytes(whole[: len(whole) // 2])
    return folder


@dataclass(frozen=True)
class Gallery:
    """A folder with a configuration, where commands can be run."""

    folder: Path

    def run(self, *words: object, **more: str) -> Ran:
        """Run a command there."""
        return filter_gallery(*words, cwd=self.folder, **more)

    def configure(self, *models: object, more: str = SETTINGS) -> None:
        """Write the configuration of some models."""
        entries = "".join(f"  - {model}\n" for model in models)
        (self.folder / "config.yaml").write_text(f"title: Tiny\n{more}models:\n{entries}", encoding="utf-8")

    def records(self) -> dict[str, int]:
        """Return the store's records and when each was written."""
        found = sorted((self.folder / ".filter-gallery" / "records").rglob("*.json"))
        return {path.stem: path.stat().st_mtime_ns for path in found}

    def site(self) -> dict[str, bytes]:
        """Return every file of the site."""
        site = self.folder / "site"
        return {str(path.relative_to(site)): path.read_bytes() for path in sorted(site.rglob("*")) if path.is_file()}


@pytest.fixture
def empty(tmp_path: Path) -> Gallery:
    """Return a folder without anything."""
    return Gallery(tmp_path)


@pytest.fixture(scope="session")
def built(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Gallery:
    """Return a built gallery of two models. Tests that change it take a copy (``copied``)."""
    gallery = Gallery(tmp_path_factory.mktemp("gallery"))
    gallery.configure(models / "tiny.keras", models / "hostile.keras")
    done = gallery.run("build")
    assert done.status == 0, done.err
    return gallery


@pytest.fixture
def copied(built: Gallery, tmp_path: Path) -> Gallery:
    """Return a copy of the built gallery."""
    import shutil

    shutil.copytree(built.folder, tmp_path / "copy", symlinks=True)
    return Gallery(tmp_path / "copy")
