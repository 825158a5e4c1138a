"""The guide docs/customise.md agrees with the code."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from generator.analysis import filter_views
from generator.config import Branding
from generator.config.types.colours import hex_colour
from generator.pages import comparison, views
from generator.pages import template_filters as text
from generator.pages.branding.accent import BACKGROUNDS, readable
from generator.pages.diagram import drawing as architecture
from generator.pages.templating import Templates, environment
from tests.pages.own import fill, own_gallery
from tests.summaries import entry

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs/customise.md").read_text(encoding="utf-8")
WORDS = {"str": "text", "Markup": "HTML", "dict": "mapping", "list": "list", "tuple": "list", "NoneType": "none"}

Names = dict[str, dict[str, set[str]]]


def rows(*heads: str) -> list[list[str]]:
    """Return the rows of the guide's tables that have such a head, without their marks."""
    cells: list[list[str]] = []
    for head, body in re.findall(r"(?m)^(\|.*\|)\n\| ---.*\n((?:\|.*\|\n)+)", GUIDE):
        if [cell.strip() for cell in head.strip("|").split("|")][: len(heads)] == list(heads):
            cells += [[cell.strip().strip("`") for cell in row.strip("|").split("|")] for row in body.splitlines()]
    assert cells
    return cells


@pytest.fixture
def passed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Names:
    """Return what each template is passed in a site with every kind of page: names, each with its types."""
    seen: Names = {}
    render = Templates.render

    def recording(templates: Templates, template: str, values: dict[str, Any]) -> str:
        for name, value in values.items():
            kind = type(value).__name__
            seen.setdefault(template, {}).setdefault(name, set()).add(WORDS.get(kind, kind))
        return render(templates, template, values)

    monkeypatch.setattr(Templates, "render", recording)
    gallery = own_gallery(tmp_path)
    (_, summary), *_ = gallery.models
    gallery.models = [*gallery.models, (entry("later", "later"), replace(summary, digest="d" * 64))]
    (tmp_path / "logo.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    fill(gallery.store, gallery.tasks())
    gallery.write()
    gallery.branding = type(gallery.branding)(logo=tmp_path / "logo.svg")
    gallery.write()
    return seen


def test_the_guide_names_exactly_what_templates_get(passed: Names) -> None:
    assert {path.name for path in (ROOT / "templates").glob("*.html")} >= {*passed}
    documented: Names = {template: {} for template in passed}
    for template, name, kind, _ in rows("template", "name", "type"):
        for page in documented if template == "all" else [template]:
            documented[page][name] = {word.strip("`") for word in kind.split(" or ")}
    assert documented == passed


def test_types_have_the_attributes_that_the_guide_names() -> None:
    for kind, attribute, _ in rows("type", "attribute"):
        (described,) = {
            getattr(module, kind) for module in (views, filter_views, comparison, architecture) if hasattr(module, kind)
        }
        assert attribute in {*dir(described), *described.__dataclass_fields__}, (kind, attribute)
    named = {
        kind for _, _, kinds, _ in rows("template", "name", "type") for kind in re.findall(r"\b[A-Z]\w+[a-z]\b", kinds)
    }
    assert named <= {kind for kind, *_ in rows("type", "attribute")}


def test_the_guide_names_every_key_block_and_colour() -> None:
    keys = {field.name for field in fields(Branding)} - {"folder"}
    assert [key for key in keys if f"`{key}`" not in GUIDE] == []
    base = (ROOT / "templates/base.html").read_text(encoding="utf-8")
    (line,) = (line for line in GUIDE.splitlines() if line.startswith("`base.html` has these blocks"))
    assert re.findall(r"`(\w+)`", line) == re.findall(r"{% block (\w+) %}", base)
    for written, *shown in rows("`accent`"):
        colour = hex_colour(written.strip('"'))
        assert [readable(colour, backgrounds) for backgrounds in BACKGROUNDS.values()] == shown
    named = re.findall(r"`(\w+)`", GUIDE.rpartition("Filters for numbers:")[2])
    assert {*named} <= {*text.FILTERS} & {*environment(ROOT / "templates").filters}
