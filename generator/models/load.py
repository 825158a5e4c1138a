"""Load the model that an entry names. The one place, with the rest of ``models`` and ``render``, that needs Keras."""

from __future__ import annotations

import importlib
import re
from dataclasses import dataclass, replace

import keras
import numpy as np

from generator.assets.catalogue import APPLICATIONS
from generator.config.values import ModelEntry
from generator.errors import reason
from generator.models import preprocess as styles
from generator.models.built import digest_of_built
from generator.models.describe import describe
from generator.models.flatten import flatten
from generator.models.graph import Graph
from generator.models.heads import with_units
from generator.models.identity import digest_of
from generator.models.preprocess import Preprocess
from generator.models.samples import bundled_photos
from generator.models.sources import open_source
from generator.models.statistics import PreprocessingCheck, check
from generator.models.summary import ModelSummary
from generator.names import slug


@dataclass(frozen=True, eq=False)
class LoadedModel:
    """A network that can be run, and what is known of it."""

    keras_model: keras.Model
    graph: Graph
    summary: ModelSummary


def load(entry: ModelEntry, trust: bool = False) -> LoadedModel:
    """Load the model of an entry; ``trust`` lets a file bring code of its own (Lambda layers).

    Raises ModelError if it cannot be read, or has nothing to show.
    """
    keras.backend.clear_session()  # names given to unnamed layers start anew, whatever was loaded before
    digest = digest_of(entry)
    return loaded(entry, open_source(entry, trust), digest)


def loaded(entry: ModelEntry, model: keras.Model, digest: str | None = None) -> LoadedModel:
    """Return a network that is in memory, and what is known of it; the entry decides how it is fed and shown.

    Layers whose names Keras cannot run under are renamed. Raises ModelError if there is nothing to show.
    """
    graph = with_units(flatten(model, input_shape=entry.input_shape))
    digest = digest or digest_of_built(entry, model)
    _make_names_scopes(model, graph)
    preprocess, warnings = _preprocess(entry, graph, int(graph.picture[-1] or 0))
    summary = _checked(describe(model, graph, preprocess, digest, warnings, bands=entry.bands), graph)
    return LoadedModel(model, graph, summary)


def _checked(summary: ModelSummary, graph: Graph) -> ModelSummary:
    """Return the summary with the result of the check of the preprocessing."""
    try:
        result = check(graph, summary.preprocess, bundled_photos(summary.photo_size(), summary.channels))
    except Exception as error:  # a model's own layers can raise anything; it is reported when they are rendered
        result = PreprocessingCheck(False, "", f"The preprocessing was not checked: {reason(error)}")
    if result.better:
        return replace(summary, warnings=(*summary.warnings, result.sentence))
    return replace(summary, notes=(*summary.notes, result.sentence))


def _make_names_scopes(model: keras.Model, graph: Graph) -> None:
    """Rename layers whose names Keras or TensorFlow cannot run under (``my conv``, ``conv1/bn``).

    The graph keeps the own names.
    """
    operations = [call.op for call in graph.calls] + model._flatten_layers()
    for op in {id(op): op for op in operations}.values():
        if not re.fullmatch(r"[A-Za-z0-9.][\w.\\>-]*", op.name, re.ASCII):
            op.name = slug(op.name)


def _preprocess(entry: ModelEntry, graph: Graph, channels: int) -> tuple[Preprocess, list[str]]:
    choice = entry.preprocess
    own = next((c for c in graph.calls if isinstance(c.op, (keras.layers.Rescaling, keras.layers.Normalization))), None)
    if choice.style != "auto":
        named = styles.custom(choice, channels) if choice.style == "custom" else styles.named(choice.style, channels)
        if own is None or choice.style == "none":
            return named, []
        return named, [
            f"the model has a {type(own.op).__name__} layer of its own, {own.name}, and `preprocess:` comes before it: "
            "leave `preprocess:` out unless the network was trained on pictures that went through both"
        ]
    if entry.kind == "application" and channels == 3:
        return _measure(entry.source), []
    if own is not None:
        return styles.named("none", channels, f"the model's own {type(own.op).__name__} layer"), []
    lacks = "the model has no Rescaling or Normalization layer"
    if entry.kind == "application":
        lacks = f"the preprocessing of {entry.source} is for three channels, and the model takes {channels}"
    warning = f"{lacks}, so pictures reach it as 0 to 255. If it was trained on other values, say so with `preprocess:`"
    return styles.named("none", channels), [warning]


def _measure(source: str) -> Preprocess:
    """Ask the application's own preprocessing what it does to black and to the three unit colours."""
    module = importlib.import_module(f"keras.applications.{APPLICATIONS[source].module}")
    pixels = np.concatenate([np.zeros((1, 3), np.float32), np.eye(3, dtype=np.float32)])
    mapped = np.asarray(module.preprocess_input(pixels.reshape(4, 1, 1, 3).copy()), np.float64).reshape(4, 3)
    return styles.measured(f"that of {source}", mapped[0], mapped[1:])
