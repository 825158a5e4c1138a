"""Load, describe and render every network of keras.applications, and write the results into docs/models.md.

    python -m tools.models_table            every network: about a quarter of an hour on two cores
    python -m tools.models_table VGG16 ...  these rows only

Weights are random. Each network has a process of its own, so that memory is given back and a failure is a row of the
table, not its end.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generator.assets.catalogue import APPLICATIONS

Array = NDArray[Any]

DOCUMENT = Path(__file__).parents[1] / "docs" / "models.md"
BEGIN, END = "<!-- models-table: written by `make models-table` -->\n", "<!-- end of models-table -->"
HEAD = (
    "| network | convolutional layers | filters | parameters | sources known | load and describe, s"
    " | first | middle | last |\n"
    "| --- | --: | --: | --: | --: | --: | --- | --- | --- |\n"
)
SIZE, STEPS = 96, 32
SECONDS = 600
"""A network that takes longer has failed."""


@dataclass(frozen=True)
class Row:
    """The results for one network; ``pictures`` are those of one filter in three of its layers.

    ``known`` is the share of its convolutions' input channels of which the sources are known.
    """

    name: str
    layers: int
    filters: int
    parameters: int
    known: float
    seconds: float
    pictures: tuple[str, ...]

    @property
    def line(self) -> str:
        """Return the row of the table."""
        numbers = f"{self.layers} | {self.filters:,} | {self.parameters:,} | {self.known:.1%} | {self.seconds:.1f}"
        return f"| {self.name} | {numbers} | {' | '.join(self.pictures)} |\n"


def measure(name: str) -> Row:
    """Load and describe a network, and render the middle filter of its first, middle and last layer."""
    from benchmarks.common import rendered
    from benchmarks.scores import GREY
    from generator.config.entries import entry_for_source
    from generator.models.load import load

    entry = entry_for_source(name, Path())
    assert entry is not None
    began = time.monotonic()
    model = load(replace(entry, weights="random"))
    seconds = time.monotonic() - began
    layers = model.summary.layers
    pictures = []
    for layer in (layers[0], layers[(len(layers) - 1) // 2], layers[-1]):
        try:
            picture = rendered(model, layer.index, (layer.filters // 2,), size=SIZE, steps=STEPS)
            pictures.append(verdict_of(picture * 255, GREY))
        except Exception as error:  # the others are still rendered
            pictures.append(f"failed: {shortened(str(error))}")
    count = sum(layer.filters for layer in layers)
    runs = [run for layer in layers for run in layer.inputs]
    known = sum(run.count for run in runs if run.known) / sum(run.count for run in runs)
    return Row(name, len(layers), count, model.summary.parameters, known, seconds, tuple(pictures))


def verdict_of(picture: Array, grey: float) -> str:
    """Return the contrast of a picture (1, h, w, c), 0 to 255, or what is wrong with it."""
    from benchmarks.common import contrast

    if not np.isfinite(picture).all():
        return "not finite"
    deviation = float(contrast(picture)[0])
    return f"{deviation:.2f}" if deviation >= grey else f"grey ({deviation:.3f})"


def in_own_process(name: str) -> str:
    """Return a network's row, or the row that says why there is none."""
    command = [sys.executable, "-m", "tools.models_table", "--as-json", name]
    try:
        completed = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return failed(name, f"not finished in {SECONDS} s")
    if completed.returncode:
        return failed(name, (completed.stderr.strip().splitlines() or [f"exit status {completed.returncode}"])[-1])
    fields = json.loads(completed.stdout.splitlines()[-1])
    return Row(**fields).line


def failed(name: str, why: str) -> str:
    """Return the row of a network that could not be loaded."""
    return f"| {name} | failed: {shortened(why)} | | | | | | | |\n"


def shortened(text: str) -> str:
    """Return the start of a message as it can stand in a table."""
    return " ".join(text.replace("|", "/").split())[:120]


def written(document: str, rows: dict[str, str]) -> str:
    """Return the document with the given rows, by network, in its table; rows of other networks are kept."""
    before, table, after = re.split(f"{re.escape(BEGIN)}(.*?){re.escape(END)}", document, flags=re.DOTALL)
    former = {match[1]: match[0] for match in re.finditer(r"^\| (\w+) \|.*\n", table, re.MULTILINE)}
    lines = (rows.get(name) or former.get(name, "") for name in APPLICATIONS)
    return f"{before}{BEGIN}{HEAD}{''.join(lines)}{END}{after}"


def main() -> None:
    """Measure network after network, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("networks", nargs="*", metavar="NETWORK", help="networks of keras.applications; all if none")
    parser.add_argument("--as-json", action="store_true", help="print what was measured of one, and write nothing")
    options = parser.parse_args()
    if unknown := set(options.networks) - set(APPLICATIONS):
        parser.error(f"no such network: {', '.join(sorted(unknown))}")
    if options.as_json:
        print(json.dumps(asdict(measure(options.networks[0]))))
        return
    began = time.monotonic()
    for name in options.networks or APPLICATIONS:
        row = in_own_process(name)
        print(f"{time.monotonic() - began:5.0f} s  {row}", end="", file=sys.stderr, flush=True)
        DOCUMENT.write_text(written(DOCUMENT.read_text(encoding="utf-8"), {name: row}), encoding="utf-8")


if __name__ == "__main__":
    main()
