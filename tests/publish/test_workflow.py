"""What the workflow installs, for every way in which pip can have installed this package here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from ruamel.yaml import YAML

from generator.publish import workflow as made
from generator.publish.workflow import requirement, workflow

GIT = {"url": "https://host.example/me/gallery.git", "vcs_info": {"vcs": "git", "commit_id": "a" * 40}}
WHEEL = {"url": "https://host.example/filter_gallery-1.0-py3-none-any.whl", "archive_info": {}}


@pytest.mark.parametrize(
    ("noted", "address"),
    [
        (GIT, f"git+https://host.example/me/gallery.git@{'a' * 40}"),
        ({**GIT, "subdirectory": "tools"}, f"git+https://host.example/me/gallery.git@{'a' * 40}#subdirectory=tools"),
        (WHEEL, WHEEL["url"]),
    ],
)
def test_what_came_from_an_address_comes_from_there_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, noted: dict[str, Any], address: str
) -> None:
    monkeypatch.setattr(made, "installed_from", lambda: json.dumps(noted))
    text, elsewhere = workflow(tmp_path)
    runs = [step["run"] for step in YAML(typ="safe").load(text)["jobs"]["build"]["steps"] if "run" in step]
    assert runs[0].startswith("pip install '")
    parsed = Requirement(runs[0].removeprefix("pip install ").strip("'"))
    assert (parsed.name, parsed.url, elsewhere) == ("filter-gallery", address, None)


@pytest.mark.parametrize(
    "noted", ["", "{", "[]", '{"url": ""}', '{"url": "https://x/$(touch here) \'"}', '{"url": "https://x/\\n"}']
)
def test_all_else_comes_from_the_index(tmp_path: Path, noted: str) -> None:
    assert requirement(noted, tmp_path) == ("filter-gallery", None)


def test_a_checkout_is_installed_from_itself_alone(tmp_path: Path) -> None:
    noted = json.dumps({"url": (tmp_path / "check out").as_uri(), "dir_info": {"editable": True}})
    (tmp_path / "check out").mkdir()
    assert requirement(noted, tmp_path / "check out") == (".", None)
    assert requirement(noted, tmp_path) == ("filter-gallery", tmp_path / "check out")
