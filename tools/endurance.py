"""Kill builds at random moments, and run four at once: nothing may be lost, and every site is whole in the end.

python -m tools.endurance [--kills 50] [--rounds 20] [--seed 0]

Prints the figures, and ends with status 1 if one of them is not as it should be. The moments are drawn with the seed;
what a build does at that moment depends on the machine. A quarter of an hour or so on two cores.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

CONFIG = """\
title: {title}
photos: [chelsea]
filters: 6
render: {{size: 32, steps: 24}}
models:
  - {{name: demo, source: demo, layers: [{layers}]}}
"""
LAYERS = ("block1_conv1", "block2_conv1")
AT_ONCE = 4
STORE, TEMPORARY, LOCK = ".filter-gallery", ".filter-gallery-new-", ".filter-gallery-lock"
SECONDS = 600.0
"""After which a build is taken to hang."""

Files = dict[str, bytes]


@dataclass
class Kills:
    """What became of builds that were killed: ``lost`` and ``changed`` are records that were there before."""

    kills: int = 0
    finished: int = 0
    lost: int = 0
    changed: int = 0
    other_sites: int = 0
    leftovers: int = 0
    failures: int = 0

    @property
    def sound(self) -> bool:
        """Tell whether all is as it should be."""
        return not (self.lost or self.changed or self.other_sites or self.leftovers or self.failures)

    def __str__(self) -> str:
        return (
            f"{self.kills} kills, {self.finished} builds that were finished after them: {self.lost} records lost, "
            f"{self.changed} changed, {self.other_sites} sites that differ, {self.leftovers} files left, "
            f"{self.failures} failures"
        )


@dataclass
class Rounds:
    """What became of builds at once; ``mixed`` are sites that are none of those that one build alone makes."""

    rounds: int = 0
    builds: int = 0
    failures: int = 0
    mixed: int = 0
    leftovers: int = 0

    @property
    def sound(self) -> bool:
        """Tell whether all is as it should be."""
        return not (self.failures or self.mixed or self.leftovers)

    def __str__(self) -> str:
        return (
            f"{self.rounds} rounds, {self.builds} builds: {self.failures} failures, {self.mixed} sites that no build "
            f"alone makes, {self.leftovers} files left"
        )


def files_in(folder: Path, pattern: str = "*") -> Files:
    """Return the files in a folder and below, by their paths."""
    paths = (path for path in sorted(folder.rglob(pattern)) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def leftovers(folder: Path) -> int:
    """Return how many unfinished files and locks are left in a folder."""
    return sum(path.name.startswith(TEMPORARY) or path.name == LOCK for path in folder.rglob("*"))


def configure(folder: Path, title: str = "Endurance", layers: Sequence[str] = LAYERS) -> None:
    """Write the configuration of a gallery into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.yaml").write_text(CONFIG.format(title=title, layers=", ".join(layers)))


def started(folder: Path, config: str = "config.yaml") -> subprocess.Popen[bytes]:
    """Start a build in a folder, in a session of its own."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]), "TF_CPP_MIN_LOG_LEVEL": "3"}
    return subprocess.Popen(
        [sys.executable, "-m", "generator", "build", "-c", config],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def finished(process: subprocess.Popen[bytes]) -> bool:
    """Wait for a build; tells what it wrote to standard error if it failed."""
    _, err = process.communicate(timeout=SECONDS)
    if process.returncode:
        click.echo(f"status {process.returncode}: {err.decode(errors='replace')[-500:]}", err=True)
    return process.returncode == 0


def built(folder: Path, config: str = "config.yaml") -> float:
    """Build in a folder; returns how many seconds that took."""
    began = time.monotonic()
    if not finished(started(folder, config)):
        raise click.ClickException(f"{folder}: cannot be built at all")
    return time.monotonic() - began


def whole_gallery(folder: Path, layers: Sequence[str] = LAYERS) -> float:
    """Build the gallery that the others are compared with; returns the seconds of a build from nothing."""
    configure(folder, layers=layers)
    built(folder)
    for name in ("records", "objects"):
        shutil.rmtree(folder / STORE / name)
    return built(folder)


def kill_builds(whole: Path, seconds: float, kills: int, seed: int, place: Path) -> Kills:
    """Kill builds of a gallery at random moments of the ``seconds`` that one takes, and go on until it is there."""
    draw, figures, number = random.Random(seed), Kills(), 0
    site = files_in(whole / "site")
    records = files_in(whole / STORE / "records")
    while figures.kills < kills:
        folder, number = place / f"killed-{number}", number + 1
        shutil.copytree(whole / STORE / "tunings", folder / STORE / "tunings")  # measured on a busy machine
        shutil.copy(whole / "config.yaml", folder)
        while True:
            before = files_in(folder / STORE / "records", "*.json")
            may_end = figures.kills == kills
            ended = _ended(folder, None if may_end else draw.uniform(0, seconds))
            after = files_in(folder / STORE / "records", "*.json")
            figures.lost += len(before.keys() - after.keys())
            figures.changed += sum(after.get(path, content) != content for path, content in before.items())
            if ended is not None:
                break
            figures.kills += 1
        figures.finished += 1
        figures.failures += not ended
        figures.other_sites += files_in(folder / "site") != site
        figures.other_sites += files_in(folder / STORE / "records", "*.json") != records
        figures.leftovers += leftovers(folder)
        shutil.rmtree(folder)
    return figures


def _ended(folder: Path, after: float | None) -> bool | None:
    """Build, and kill it after some seconds; returns None if it was killed, else whether it was well."""
    process = started(folder)
    try:
        process.wait(after)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return None
    return finished(process)


def build_at_once(whole: Path, rounds: int, seed: int, place: Path) -> Rounds:
    """Run four builds at once into one output, each with a title of its own; every fourth time they have to render."""
    draw, figures = random.Random(seed), Rounds()
    titles = [f"Title {number}" for number in range(AT_ONCE)]
    alone = list(_sites_of(whole, titles, place / "alone"))
    for number in range(rounds):
        folder = place / f"round-{number}"
        shutil.copytree(whole, folder, ignore=shutil.ignore_patterns("site"))
        if number % 4 == 0:
            for path in draw.sample(sorted((folder / STORE / "records").rglob("*.json")), 2):
                path.unlink()
        _titled(folder, titles)
        running = [started(folder, f"{place_of}.yaml") for place_of in range(AT_ONCE)]
        figures.failures += sum(not finished(process) for process in running)
        figures.builds += len(running)
        figures.rounds += 1
        figures.mixed += files_in(folder / "site") not in alone
        figures.leftovers += leftovers(folder)
        shutil.rmtree(folder)
    return figures


def _titled(folder: Path, titles: Sequence[str]) -> None:
    text = (folder / "config.yaml").read_text()
    for number, title in enumerate(titles):
        (folder / f"{number}.yaml").write_text(text.replace("title: Endurance", f"title: {title}"))


def _sites_of(whole: Path, titles: Sequence[str], folder: Path) -> Iterator[Files]:
    """Yield the site that a build alone makes under each title."""
    shutil.copytree(whole, folder)
    _titled(folder, titles)
    for number in range(len(titles)):
        built(folder, f"{number}.yaml")
        yield files_in(folder / "site")


@click.command()
@click.option("--kills", default=50, show_default=True, help="Builds that are killed.")
@click.option("--rounds", default=20, show_default=True, help="Rounds of four builds at once.")
@click.option("--seed", default=0, show_default=True, help="Of the moments.")
def main(kills: int, rounds: int, seed: int) -> None:
    """Kill builds at random moments, and run four at once."""
    with tempfile.TemporaryDirectory(prefix="endurance-") as folder:
        place = Path(folder)
        seconds = whole_gallery(place / "whole")
        click.echo(f"A build from nothing takes {seconds:.0f} s here. Seed {seed}.")
        killed = kill_builds(place / "whole", seconds, kills, seed, place)
        click.echo(killed)
        at_once = build_at_once(place / "whole", rounds, seed, place)
        click.echo(at_once)
    sys.exit(0 if killed.sound and at_once.sound else 1)


if __name__ == "__main__":
    main()
