"""The command line, run for real, and one tiny gallery that the module's tests share."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from generator.cli import main
from tests.once import once

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
save(
    "bounded.keras",
    layers.Conv2D(3, 3, name="one"), layers.ReLU(6.0),
    layers.Conv2D(3, 3, activation="sigmoid", name="two"), layers.Conv2D(3, 3, name="three"), layers.ReLU(6.0),
)
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
    """Run a command in a folder, in this process, as Python would start it. Whatever it is, it tells no traceback."""
    arguments = [*map(str, words)]
    with _started_in(cwd, arguments, environment(**more)):
        done = CliRunner().invoke(main, arguments, prog_name="python -m generator")
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exc_info
    assert "Traceback" not in done.stderr, done.stderr
    return Ran(done.exit_code, done.stdout, done.stderr)


@contextlib.contextmanager
def _started_in(folder: Path, arguments: list[str], variables: dict[str, str]) -> Iterator[None]:
    """Have the folder, the words, the environment and the warnings of a process that was just started."""
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        patch.chdir(folder)
        patch.setattr(sys, "argv", [str(ROOT / "generator" / "__main__.py"), *arguments])
        for name, value in variables.items():
            patch.setenv(name, value)
        warnings.resetwarnings()
        for unseen in (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning):
            warnings.simplefilter("ignore", unseen)
        patch.setattr(warnings, "showwarning", _show_warning)
        yield


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: object = None,
    line: object = None,
) -> None:
    sys.stderr.write(warnings.formatwarning(message, category, filename, lineno))


def filter_gallery_alone(*words: object, cwd: Path, **more: str) -> Ran:
    """Run a command in a folder, in a process of its own. Whatever it is, it tells no traceback."""
    done = subprocess.run(
        command(*words), cwd=cwd, env=environment(**more), capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert "Traceback" not in done.stderr, done.stderr
    return Ran(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of tiny model files, sound and broken; with several workers, one makes it for all."""

    def make(folder: Path) -> None:
        command = [sys.executable, "-c", MAKE_MODELS]
        subprocess.run(command, cwd=folder, env=environment(), check=True, capture_output=True)
        whole = (folder / "tiny.keras").read_bytes()
        (folder / "corrupt.keras").write_bytes(whole[: len(whole) // 2])

    return once(tmp_path_factory, "models", make)


@dataclass(frozen=True)
class Gallery:
    """A folder with a configuration, where commands can be run."""

    folder: Path

    def run(self, *words: object, **more: str) -> Ran:
        """Run a command there, in this process."""
        return filter_gallery(*words, cwd=self.folder, **more)

    def run_alone(self, *words: object, **more: str) -> Ran:
        """Run a command there, in a process of its own: where what the process imports or inherits is tested."""
        return filter_gallery_alone(*words, cwd=self.folder, **more)

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
    """Return a built gallery of two models, one for all workers. Tests that change it take a copy (``copied``)."""

    def make(folder: Path) -> None:
        gallery = Gallery(folder / "gallery")
        gallery.folder.mkdir()
        gallery.configure(models / "tiny.keras", models / "hostile.keras")
        done = gallery.run_alone("build")
        assert done.status == 0, done.err

    return Gallery(once(tmp_path_factory, "built", make) / "gallery")


@pytest.fixture
def copied(built: Gallery, tmp_path: Path) -> Gallery:
    """Return a copy of the built gallery."""
    import shutil

    shutil.copytree(built.folder, tmp_path / "copy", symlinks=True)
    return Gallery(tmp_path / "copy")
