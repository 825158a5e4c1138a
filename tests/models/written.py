"""Python code as users have it beside their configuration: run once to save a network, then on disk to be imported."""

from __future__ import annotations

import json
from pathlib import Path

import keras

from generator.config.values import ModelEntry


def entry(source: Path | str, folder: Path, **fields: object) -> ModelEntry:
    """Return the entry of a file, a .json architecture or an import path, whose code is in ``folder``."""
    suffix = Path(source).suffix
    kind = "callable" if ":" in str(source) else "architecture" if suffix == ".json" else "file"
    given = {"weights": "", "folder": str(folder), **fields}
    return ModelEntry("name", "slug", kind, str(source), **given)  # type: ignore[arg-type]


def save(model: keras.Model, path: Path) -> Path:
    """Save a model as its path's suffix says, a .json file as the architecture alone; return the path."""
    if path.suffix == ".json":
        path.write_text(model.to_json())
    else:
        model.save(path)
    return path


def save_built(code: str, path: Path) -> keras.Model:
    """Save what the code's ``build`` returns, as in a process that ends with it: Keras knows its classes no longer."""
    registry = keras.saving.get_custom_objects()
    before = dict(registry)
    names: dict[str, object] = {"__name__": "users_training"}
    exec(code, names)
    model = names["build"]()  # type: ignore[operator]
    save(model, path)
    registry.clear()
    registry.update(before)
    return model


def keras2(layers: list[dict[str, object]]) -> str:
    """Return the architecture of a functional chain of layers, as the JSON of Keras 2.11 has it.

    Each layer is its ``class_name`` and its own keys; the rest is filled in.
    """
    chain: list[dict[str, object]] = []
    for own in layers:
        config = {key: value for key, value in own.items() if key != "class_name"}
        config = {"trainable": True, "dtype": "float32", **config}
        inbound = [[[chain[-1]["name"], 0, 0, {}]]] if chain else []
        chain.append(
            {"class_name": own["class_name"], "config": config, "name": config["name"], "inbound_nodes": inbound}
        )
    ends = {"input_layers": [[chain[0]["name"], 0, 0]], "output_layers": [[chain[-1]["name"], 0, 0]]}
    network = {"class_name": "Functional", "config": {"name": "model", "trainable": True, "layers": chain, **ends}}
    return json.dumps({**network, "keras_version": "2.11.0", "backend": "tensorflow"})
