"""Every module has the test file of its name, in the folder of its name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = sorted(
    path.relative_to(ROOT / "generator").with_suffix("").as_posix()
    for path in (ROOT / "generator").rglob("*.py")
    if not path.stem.startswith("__")
)

ELSEWHERE: dict[str, str] = {
    "analysis/comparison": "pages/test_comparison.py",
    "analysis/filter_views": "pages/test_pictures.py",
    "api/display": "api/test_api.py",
    "api/examples": "api/test_api.py",
    "api/filters": "api/test_api.py",
    "api/gallery": "api/test_api.py",
    "api/network": "api/test_api.py",
    "cli/clean": "cli/test_commands.py",
    "cli/embed": "embed/test_snippets.py",
    "cli/exports": "cli/test_publishing.py",
    "cli/init": "cli/test_commands.py",
    "cli/layers": "cli/test_commands.py",
    "cli/models": "cli/test_commands.py",
    "cli/plan": "cli/test_commands.py",
    "cli/progress": "cli/test_terminal.py",
    "cli/publish": "cli/test_publishing.py",
    "cli/render": "cli/test_pictures.py",
    "cli/serve": "serve/test_preview.py",
    "config/check": "config/test_load.py",
    "config/entries": "config/test_sources.py",
    "config/values": "config/test_render.py",
    "dataset/boxes": "dataset/test_mosaics.py",
    "embed/sheet": "embed/test_snippets.py",
    "imaging/decoding": "pipeline/test_photos.py",
    "models/keras2/errors": "models/test_keras2.py",
    "models/keras2/functions": "models/test_keras2.py",
    "models/keras2/layers": "models/test_keras2.py",
    "models/keras2/load": "models/test_keras2.py",
    "models/keras2/local": "models/test_keras2.py",
    "models/keras2/network": "models/test_keras2.py",
    "models/keras2/pictures": "models/test_keras2.py",
    "models/keras2/sizes": "models/test_keras2.py",
    "models/keras2/tensors": "models/test_keras2.py",
    "models/keras2/weights": "models/test_keras2.py",
    "models/axis": "models/test_receptive_field.py",
    "models/recording": "models/test_trace.py",
    "models/tf_graph/uses": "models/tf_graph/test_trace.py",
    "models/built": "models/test_identity.py",
    "models/opening": "models/test_sources.py",
    "models/saved": "models/test_identity.py",
    "pages/circuits": "pipeline/test_circuits.py",
    "pages/diagram/blocks": "pages/diagram/test_drawing.py",
    "pages/embedding": "browser/test_embedding.py",
    "pages/gather": "pages/test_pictures.py",
    "pages/gather_comparisons": "pages/test_comparison.py",
    "pages/stored_records": "pages/test_pictures.py",
    "pages/sheets/techniques": "sphinx/test_choosing.py",
    "pages/technique": "pages/sheets/test_thumbnails.py",
    "pipeline/context": "pipeline/test_build.py",
    "pipeline/events": "pipeline/test_optimize.py",
    "pipeline/execute": "pipeline/test_optimize.py",
    "pipeline/image_pass": "pipeline/test_dataset.py",
    "pipeline/layer_pictures": "api/test_api.py",
    "pipeline/run": "pipeline/test_build.py",
    "publish/git": "publish/test_branch.py",
    "render/forward": "render/test_image_responses.py",
    "render/folded_weights": "pipeline/test_compare.py",
    "render/target": "render/test_objective.py",
    "serve/builder": "serve/test_preview.py",
    "site/built": "publish/test_check.py",
    "site/manifest": "pages/test_manifest.py",
    "site/records": "pages/test_manifest.py",
    "sphinx/directive": "sphinx/test_builds.py",
    "sphinx/events": "sphinx/test_changes.py",
    "sphinx/nodes": "sphinx/test_builds.py",
    "sphinx/selection": "sphinx/test_choosing.py",
}
"""Modules that are tested by a file of another name, and by which: a list that gets shorter, never longer."""


def own(module: str) -> Path:
    """Return the test file of a module's name."""
    folder, _, name = module.rpartition("/")
    return ROOT / "tests" / folder / f"test_{name}.py"


def number_of_tests(path: Path) -> int:
    """Return how many tests a file holds."""
    return len(re.findall(r"(?m)^def test_", path.read_text(encoding="utf-8")))


def test_modules_are_found() -> None:
    """So that none of the tests below is empty."""
    assert {"errors", "render/backend", "config/types/numbers"} <= {*MODULES}
    assert len(MODULES) > 100


@pytest.mark.parametrize("module", MODULES)
def test_a_module_has_its_test_file(module: str) -> None:
    path = own(module)
    if module in ELSEWHERE:
        assert not path.exists(), f"{path.name} is there: take {module} off the list"
        path = ROOT / "tests" / ELSEWHERE[module]
    assert path.is_file(), path
    assert number_of_tests(path) >= 1


def test_the_list_names_modules_that_are_there() -> None:
    assert {*ELSEWHERE} <= {*MODULES}
