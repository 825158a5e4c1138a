"""The configurations that ``init`` writes, and the one that ``build MODEL`` stands for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from generator import assets

IMAGENET = """\
# The networks of the notebooks that Filter Gallery grows from, as Keras trained them on ImageNet.
# Keras downloads their weights once (58 MB and 94 MB) and keeps them.
title: VGG16 and ResNet50V2
output: site
cache: .filter-gallery # rendered pictures; a later build renders only what changed
photos: [chelsea, coffee]
filters: 16 # of every layer, spread over it; `all` takes hours on a CPU
render: {method: fourier, size: 96, steps: 128, seed: 0}
models:
  - {name: vgg16, source: VGG16, weights: imagenet, include_top: false, input_shape: [96, 96, 3]}
  - {name: resnet50v2, source: ResNet50V2, weights: imagenet, include_top: false, input_shape: [96, 96, 3]}
"""

OWN = """\
# A gallery of your own network.
title: My network
# introduction: | # Markdown, for the home page
#   We trained this network on ...
# accent: teal # a CSS name, or "#0a7d6c" in quotes; also: logo, footer, templates (docs/customise.md)
output: site
cache: .filter-gallery # rendered pictures; a later build renders only what changed
photos: [chelsea] # a bundled photo (chelsea, coffee, rocket, astronaut) or a file
# dataset: images # images that it is for, so that each filter shows what it answers to: a folder, with a subfolder
#   for each class if you like; an .npz with x and y; or package.module:function
filters: all # or a number, spread over each layer, or a list of indices
render:
  method: fourier # or maco; or pixel, the plain method of the notebooks
  size: 128 # pixels of a picture; small networks need fewer
  steps: 128
  seed: 0
models:
  - name: mine
    source: models/mine.keras # what model.save() wrote; .h5 works too
    # What your network was trained on, for pixels from 0 to 255. Leave it out if the network has a Rescaling or
    # Normalization layer of its own. Others: none, caffe, tf, torch.
    preprocess: {scale: 1/255, mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5]}
    # layers: "conv*" # a glob, a list of them, or what each of them gets:
    # layers:
    #   "block4*": {filters: 16, render: {steps: 256}}
    #   "*": {filters: 8}
"""


def preset_text(preset: str) -> str:
    """Return the text of a preset: ``demo``, ``imagenet`` or ``own``."""
    return {"demo": assets.default_config_text(), "imagenet": IMAGENET, "own": OWN}[preset]


def text_for(
    title: str,
    sources: Sequence[str],
    photos: Sequence[str] = (),
    dataset: str | None = None,
    size: int | None = None,
    steps: int | None = None,
    output: Path | None = None,
) -> str:
    """Return the text of the configuration of some models, with what the command line says of it.

    What it says nothing of is as in ``init --preset own``, or has its default.
    """
    render = {name: value for name, value in (("size", size), ("steps", steps)) if value is not None}
    values = {
        "title": title,
        "output": str(output or "site"),
        "photos": list(photos or ["chelsea"]),
        **({"dataset": dataset} if dataset else {}),
        **({"render": render} if render else {}),
    }
    lines = [f"{key}: {_yaml(value)}" for key, value in values.items()]
    return "\n".join([*lines, "models:", *(f"  - source: {_yaml(source)}" for source in sources)]) + "\n"


def _yaml(value: object) -> str:
    """Return a value as YAML, of which JSON is a part; keys and plain words need no quotes."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_yaml(own)}" for key, own in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_yaml, value)) + "]"
    if isinstance(value, str) and _is_plain(value):
        return value
    return json.dumps(value, ensure_ascii=False)


def _is_plain(text: str) -> bool:
    """Tell whether YAML takes a text for what it is, without quotes: one of letters, dots and slashes."""
    word = text.replace("/", "").replace(".", "")
    words = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}
    return text[:1].isalpha() and word.isascii() and word.isalpha() and text.lower() not in words
