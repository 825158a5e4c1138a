"""``.. manifest-reference::`` writes the reference of manifest.json from its JSON Schema."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from generator import assets

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
        while inner.get("type") == "array":
            here, inner = f"{here}[]", inner["items"]
        yield Field(here, type_of(inner), part.get("description", inner.get("description", "")))
        yield from fields(inner, here)


def type_of(schema: Schema) -> str:
    """Return in words which values fit."""
    if "const" in schema:
        return json.dumps(schema["const"])
    if "enum" in schema:
        return " or ".join(map(str, schema["enum"]))
    if "oneOf" in schema:
        return " or ".join(map(type_of, schema["oneOf"]))
    types = schema.get("type", "any value")
    return types if isinstance(types, str) else " or ".join(types)


class ManifestReference(SphinxDirective):
    """A table of every field."""

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        group = nodes.tgroup("", *(nodes.colspec(colwidth=width) for width in (40, 20, 40)), cols=3)
        head = nodes.row("", *(_entry(nodes.Text(word)) for word in ("field", "type", "meaning")))
        rows = [
            nodes.row("", _entry(nodes.literal("", row.place)), *(_entry(nodes.Text(word)) for word in row[1:]))
            for row in fields(json.loads(assets.manifest_schema()))
        ]
        group += nodes.thead("", head)
        group += nodes.tbody("", *rows)
        return [nodes.table("", group)]


def _entry(content: nodes.Node) -> nodes.entry:
    return nodes.entry("", nodes.paragraph("", "", content))


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("manifest-reference", ManifestReference)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
