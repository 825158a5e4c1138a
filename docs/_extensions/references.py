"""``manifest-reference`` and ``config-reference``, made from the schemas of manifest.json and config.yaml."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from generator.config import schema
from generator.site.manifest import json_schema

Schema = dict[str, Any]


class Field(NamedTuple):
    """A row of the reference; ``place`` is written as one would reach it: ``models[].layers[].index``."""

    place: str
    type: str
    meaning: str


def fields(schema: Schema, place: str = "") -> Iterator[Field]:
    """Yield everything that the schema describes, what holds others before these."""
    for name, part in schema.get("properties", {}).items():
        here, inner = f"{place}.{name}".lstrip("."), part
        inner = _present(inner)
        while "items" in inner:
            here, inner = f"{here}[]", _present(inner["items"])
        yield Field(here, type_of(inner), part.get("description", inner.get("description", "")))
        yield from fields(inner, here)


def _present(schema: Schema) -> Schema:
    """Return the schema of a value that may also be null."""
    kinds = [kind for kind in schema.get("anyOf", ()) if kind.get("type") != "null"]
    return kinds[0] if len(kinds) == 1 and len(kinds) < len(schema["anyOf"]) and "properties" in kinds[0] else schema


def type_of(schema: Schema) -> str:
    """Return in words which values fit."""
    if "const" in schema:
        return json.dumps(schema["const"])
    if "enum" in schema:
        return " or ".join(map(str, schema["enum"]))
    if "prefixItems" in schema:
        parts = [type_of(part) for part in schema["prefixItems"]]
        same = len(parts) > 2 and len({*parts}) == 1
        return f"{len(parts)} times {parts[0]}" if same else " and ".join(parts)
    if "anyOf" in schema:
        return " or ".join(map(type_of, schema["anyOf"]))
    types = schema.get("type", "any value")
    return types if isinstance(types, str) else " or ".join(types)


REQUIRED = "required"
PLAIN = {"text": "texts", "number": "numbers", "whole number from 0": "whole numbers from 0", "list of texts": "pairs"}
"""What a list holds, in the plural."""


class Key(NamedTuple):
    """A row of the reference of config.yaml; ``render`` is described once, wherever it may stand."""

    place: str
    takes: str
    default: str
    meaning: str
    examples: tuple[str, ...]


def keys(schema: Schema, known: Schema, place: str = "") -> Iterator[Key]:
    """Yield every key of a mapping; after a key that holds a mapping, what that holds."""
    for name, part in schema["properties"].items():
        here = f"{place}{name}"
        default = part.get("default")
        shown = "" if default in (None, "", [], {}) else json.dumps(default).strip('"')
        if name in ("render", "layers"):  # the defaults are those of no layer
            shown = ""
        meaning = part.get("description", "").replace("``", "")
        default = REQUIRED if name in schema.get("required", ()) else shown
        yield Key(here, takes(part, known), default, meaning, tuple(map(written, part.get("examples", ()))))
        if name == "models":
            yield from keys(known["ModelPart"], known, "models[].")
        if mapping := _mapping(part, known):
            yield from keys(mapping, known, f"{here}.")
    if not place:
        yield from keys(known["RenderPart"], known, "render.")


def _mapping(schema: Schema, known: Schema) -> Schema | None:
    """Return what a key holds if it takes a mapping of several keys, but for ``render``."""
    names = [form.get("$ref", "").rpartition("/")[2] for form in schema.get("anyOf", [schema])]
    mappings = [known[name] for name in names if name and name != "RenderPart"]
    return next((mapping for mapping in mappings if len(mapping["properties"]) > 1), None)


def written(example: object) -> str:
    """Return an example as one would write it in YAML on a line."""
    return re.sub(r'"([A-Za-z0-9_./:]+)"', r"\1", json.dumps(example))


def takes(schema: Schema, known: Schema) -> str:
    """Return in words which values a key takes."""
    if "words" in schema:
        return str(schema["words"])
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return "mapping, see render" if name == "RenderPart" else takes(known[name], known)
    if "const" in schema:
        return str(schema["const"])
    if "enum" in schema:
        return " or ".join(map(str, schema["enum"]))
    if "anyOf" in schema:
        forms = (takes(form, known) for form in schema["anyOf"] if form.get("type") != "null")
        return ", or ".join(dict.fromkeys(forms))
    if schema["type"] == "array":
        inner = takes(schema["items"], known)
        return f"list of {PLAIN[inner]}" if inner in PLAIN else f"list of ({inner})"
    if schema["type"] == "object":
        inner = schema["properties"]
        if len(inner) == 1 or schema.get("maxProperties") == 1:
            return " or ".join(f"{{{name}: {takes(value, known)}}}" for name, value in inner.items())
        return "mapping"
    return {"string": "text", "boolean": "true or false"}.get(schema["type"]) or _number(schema)


def _number(schema: Schema) -> str:
    kind = "whole number" if schema["type"] == "integer" else "number"
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        return f"{kind} from {low:g} to {high:g}" if high < 1e6 else f"{kind} from {low} to {high}"
    if "exclusiveMinimum" in schema or low == 1:
        return f"{kind} above zero"
    return f"{kind} from {low}" if low is not None else kind


def _entry(content: nodes.Node) -> nodes.entry:
    return nodes.entry("", nodes.paragraph("", "", content))


class ManifestReference(SphinxDirective):
    """A table of every field."""

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        self.env.note_dependency(__file__)
        group = nodes.tgroup("", *(nodes.colspec(colwidth=width) for width in (40, 20, 40)), cols=3)
        head = nodes.row("", *(_entry(nodes.Text(word)) for word in ("field", "type", "meaning")))
        rows = [
            nodes.row("", _entry(nodes.literal("", row.place)), *(_entry(nodes.Text(word)) for word in row[1:]))
            for row in fields(json_schema())
        ]
        group += nodes.thead("", head)
        group += nodes.tbody("", *rows)
        return [nodes.table("", group)]


class ConfigReference(SphinxDirective):
    """Every key, what it takes, what it means, and its default."""

    def run(self) -> list[nodes.Node]:
        """Return the list."""
        for file in (Path(__file__), *Path(schema.__file__).parent.rglob("*.py")):
            self.env.note_dependency(str(file))
        config = schema.ConfigFile.model_json_schema()
        listed = nodes.definition_list()
        for key in keys(config, config["$defs"]):
            term = nodes.term("", "", nodes.literal("", key.place), nodes.Text(f" {key.takes}"))
            meaning = nodes.paragraph("", "", nodes.Text(key.meaning))
            if key.default:
                default = [nodes.Text(" Default: "), nodes.literal("", key.default), nodes.Text(".")]
                meaning += [nodes.Text(" Required.")] if key.default == REQUIRED else default
            for number, example in enumerate(key.examples):
                meaning += [nodes.Text(", " if number else " Such as: "), nodes.literal("", example)]
            listed += nodes.definition_list_item("", term, nodes.definition("", meaning))
        return [listed]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directives."""
    app.add_directive("manifest-reference", ManifestReference)
    app.add_directive("config-reference", ConfigReference)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
