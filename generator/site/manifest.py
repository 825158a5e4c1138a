"""manifest.json: written from the typed records, and parsed into them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from generator.site.listing import MADE_BY, is_manifest
from generator.site.records import SCHEMA_VERSION, Manifest, Model, SiteFile
from generator.version import __version__

_LISTS = ("models", "layers", "filters", "files")
_MAX_REASON = 160
"""Characters of a reason."""


def manifest_json(title: str, models: Sequence[Model], files: Sequence[dict[str, Any]]) -> bytes:
    """Return manifest.json, a line for each filter and file: json's own indenting takes ten times as long.

    ``files`` are path, size and digest of all that the site holds besides.
    """
    manifest = Manifest.model_validate(
        {
            "schema": SCHEMA_VERSION,
            "made_by": MADE_BY,
            "generator": __version__,
            "title": title,
            "models": tuple(models),
            "files": tuple(SiteFile(**file) for file in files),
        }
    )
    return (_lines(manifest.model_dump(mode="json", by_alias=True)) + "\n").encode()


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of manifest.json, its definitions inlined."""
    schema = Manifest.model_json_schema(by_alias=True)
    definitions = schema.pop("$defs")

    def inlined(part: Any) -> Any:
        if isinstance(part, list):
            return [inlined(item) for item in part]
        if not isinstance(part, dict):
            return part
        if "$ref" in part:
            own = {key: value for key, value in part.items() if key != "$ref"}
            return {**inlined(definitions[part["$ref"].rpartition("/")[2]]), **own}
        # A title would only repeat the key.
        return {key: inlined(value) for key, value in part.items() if key != "title" or not isinstance(value, str)}

    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Filter Gallery manifest",
        **inlined(schema),
    }


def schema_json() -> bytes:
    """Return manifest.schema.json."""
    return (json.dumps(json_schema(), indent=1, ensure_ascii=False) + "\n").encode()


def parse_manifest(content: bytes) -> Manifest:
    """Return the records of a manifest.

    Raises ValueError, with one line on what is wrong, for anything but a valid manifest of this version.
    """
    if content.endswith(b"\0"):  # enlarged by a damaged disk: no copies are made of the rest
        raise ValueError("is no JSON")
    try:
        return Manifest.model_validate_json(content)
    except ValidationError as error:
        raise ValueError(_reason(content, error)) from None


def _reason(content: bytes, error: ValidationError) -> str:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return "is no JSON"
    if not is_manifest(value):
        return "is not of filter-gallery"
    if value["schema"] != SCHEMA_VERSION:
        by = f", made by version {value['generator']}" if isinstance(value["generator"], str) else ""
        return f"has schema {value['schema']!r:.20}{by:.60}; {SCHEMA_VERSION} is expected"
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(map(str, first["loc"]))
    return f"is damaged at {place[:80] or 'its top'}: {first['msg'].removeprefix('Value error, ')}"[:_MAX_REASON]


def _lines(value: dict[str, Any]) -> str:
    if not value.keys() & {*_LISTS}:
        return _line(value)
    parts = [
        f'"{name}": ' + ("[\n" + ",\n".join(map(_lines, item)) + "\n]" if _is_record_list(name, item) else _line(item))
        for name, item in value.items()
    ]
    return "{" + ",\n".join(parts) + "}"


def _is_record_list(name: str, value: Any) -> bool:
    """Tell whether a value is a list of records, each on lines of its own."""
    return name in _LISTS and all(isinstance(item, dict) for item in value)


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
