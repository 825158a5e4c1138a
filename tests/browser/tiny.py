"""A tiny site with a page of every kind, made as an owner makes one: models in files, a configuration, one build."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
HOSTILE = "<img src=x onerror=alert(1)>"
MAKE = f"""
import keras
from keras import layers
def save(name, *steps, prepare=lambda model: None):
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((24, 24, 3)), layers.Rescaling(1 / 255), *steps])
    prepare(model)
    model.save(name)
    return model
def kill_the_second(model):
    kernel, bias = model.layers[1].get_weights()
    kernel[..., 1], bias[1] = -1, -1
    model.layers[1].set_weights([kernel, bias])
def tune(model):
    kernel, bias = model.layers[1].get_weights()
    kernel[..., 3:6] *= [-1, 0.5, 2]
    model.layers[1].set_weights([kernel, bias])
    kill_the_second(model)
relu = dict(activation="relu")
keras.utils.set_random_seed(1)  # layers draw their seeds when they are made
model = save("tiny.keras", layers.Conv2D(20, 3, name="first", **relu), layers.Conv2D(3, 3, name="second"))
tune(model)
model.save("tuned.keras")
save("kinds.keras", layers.Conv2D(3, 3, name="first", **relu), layers.Conv2D(2, 3), prepare=kill_the_second)
save("hostile.keras", layers.Conv2D(3, 3, name={HOSTILE!r}, **relu), layers.Conv2D(3, 3, name="a" * 90))
"""
LOGO = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"><circle cx="32" cy="32" r="30" fill="teal"/></svg>'
)
CONFIG = f"""
title: "Tiny {HOSTILE} & more"
introduction: |
  ## A [tiny](tiny/index.html) gallery
  Of **untrained** networks, {HOSTILE} and all:

  - one that was tuned,
  - one with filters that are dead.

  | network | filters |
  | --- | --- |
  | tiny | 23 |

  ![A green disc](logo.svg)
logo: logo.svg
accent: yellow
footer: |
  Class *9b*, [the start](index.html)
photos: [chelsea, coffee]
render: {{size: 24, steps: 4, margin: 4}}
models:
  - tiny.keras
  - tuned.keras
  - {{source: hostile.keras, name: "{HOSTILE}"}}
  - source: kinds.keras
    layers:
      first: {{render: {{sign: both, objective: [channel, neuron]}}}}
      "*": {{render: {{method: maco, repeats: 2}}}}
compare:
  - [tiny, tuned]
  - [tiny, "{HOSTILE}"]
"""
BAD = "img-src-x-onerror-alert-1"
PAGES = {
    "home": "index.html",
    "reading": "reading.html",
    "not found": "404.html",
    "model": "tiny/index.html",
    "layer": "tiny/001-first/index.html",
    "filter": "tiny/001-first/0001.html",
    "checkpoints": "compare/tiny~tuned/index.html",
    "checkpoints, layer": "compare/tiny~tuned/001-first.html",
    "comparison": f"compare/tiny~{BAD}/index.html",
    "comparison, layer": f"compare/tiny~{BAD}/001-first.html",
    "kinds, layer": "kinds/001-first/index.html",
    "kinds, filter": "kinds/001-first/0000.html",
    "kinds, dead filter": "kinds/001-first/0001.html",
    "kinds, MaCo": "kinds/002-conv2d/0000.html",
    "hostile model": f"{BAD}/index.html",
    "hostile layer": f"{BAD}/001-{BAD}/index.html",
    "hostile filter": f"{BAD}/001-{BAD}/0000.html",
    "long name": f"{BAD}/002-{'a' * 48}/0000.html",
}
"""Pages of every kind, by what is special about them."""


def build(folder: Path) -> None:
    """Build the site in a folder, which gets its models and configuration."""
    (folder / "config.yaml").write_text(CONFIG, encoding="utf-8")
    (folder / "logo.svg").write_text(LOGO, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    for words in (["-c", MAKE], ["-m", "generator", "build"]):
        done = subprocess.run(
            [sys.executable, *words], cwd=folder, env=environment, check=False, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
