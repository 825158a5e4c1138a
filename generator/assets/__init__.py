"""What the package brings along: the bundled model, photos, the default configuration, and the templates."""

from __future__ import annotations

from pathlib import Path

PHOTOS = ("chelsea", "coffee", "rocket", "astronaut")

DEMO_CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
"""The classes of the bundled network, in the order of its units."""

_HERE = Path(__file__).resolve().parent
_CHECKOUT = _HERE.parent.parent


def _installed_or_checkout(installed: Path, checkout: Path) -> Path:
    """The wheel holds these inside the package; an editable install finds them at the top of the checkout."""
    return installed if installed.exists() else checkout


def demo_path() -> Path:
    """Return the bundled network's file."""
    return _HERE / "demo.keras"


def photo_path(name: str) -> Path:
    """Return a bundled photo's file."""
    return _HERE / "photos" / f"{name}.jpg"


def images_path() -> Path:
    """Return the folder of the bundled dataset: crops of photos, a subfolder for each."""
    return _HERE / "images"


def templates_path() -> Path:
    """Return the folder of the page templates."""
    return _installed_or_checkout(_HERE.parent / "templates", _CHECKOUT / "templates")


def default_config_text() -> str:
    """Return the text of the configuration that is used where there is none."""
    return _installed_or_checkout(_HERE / "config.yaml", _CHECKOUT / "config.yaml").read_text(encoding="utf-8")


def pages_workflow() -> bytes:
    """Return the workflow that builds a gallery on GitHub and publishes it there."""
    return (_HERE / "pages.yml").read_bytes()
