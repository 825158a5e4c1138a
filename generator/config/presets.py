"""The configurations that ``init`` writes."""

from __future__ import annotations

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
