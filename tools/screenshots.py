"""Take the pictures of a site that README.md and docs/ show: each kind of page, light and dark.

    python -m tools.screenshots site docs/images

Needs a built site that compares two models, and Chromium. Its first model is shown, the last convolution of that, and
there the filter whose picture excites it most.
"""

from __future__ import annotations

import argparse
import io
import json
import shutil
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

WIDTH = 1280
MAX_BYTES = 300_000
"""Bytes of a picture; it is compressed until it has no more."""


def shots(site: Path, comparison: str) -> dict[str, tuple[str, int]]:
    """Return for each kind of page one of the site, and how many pixels of its height are shown.

    ``comparison`` is the name of a folder in ``compare/``, or a pattern of which the first counts.

    Raises SystemExit with what the site lacks.
    """
    manifest: dict[str, Any] = json.loads((site / "manifest.json").read_text(encoding="utf-8"))
    all_layers = [layer for model in manifest["models"][:1] for layer in model["layers"] if layer["filters"]]
    layers = [layer for layer in all_layers if layer["type"] != "Dense"]
    compared = sorted(path.relative_to(site).as_posix() for path in site.glob(f"compare/{comparison}/index.html"))
    if not layers or not compared:
        raise SystemExit(f"{site} shows no {'comparison' if layers else 'filter'}. Build one with `compare:`")
    best = max(layers[-1]["filters"], key=lambda record: record["pictures"][0]["score"])
    return {
        "home": ("index.html", 1000),
        "model": (manifest["models"][0]["page"], 1500),
        "layer": (layers[-1]["page"], 1150),
        "filter": (best["page"], 1150),
        "comparison": (compared[0], 1150),
    }


def small(png: bytes) -> bytes:
    """Return a picture as a WebP file of at most ``MAX_BYTES`` bytes."""
    for quality in range(90, 0, -10):
        buffer = io.BytesIO()
        Image.open(io.BytesIO(png)).convert("RGB").save(buffer, "WEBP", quality=quality, method=6)
        if buffer.tell() <= MAX_BYTES:
            break
    return buffer.getvalue()


def main() -> None:
    """Write every picture as `kind-theme.webp`."""
    parser = argparse.ArgumentParser(description="Take the pictures of a site that README.md and docs/ show.")
    parser.add_argument("site", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--comparison", default="*", help="its folder in compare/; else the first")
    options = parser.parse_args()
    pages = shots(options.site, options.comparison)
    options.output.mkdir(parents=True, exist_ok=True)
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        for kind, (page, height) in pages.items():
            for theme in ("light", "dark"):
                viewport = {"width": WIDTH, "height": height}
                context = chromium.new_context(viewport=viewport, color_scheme=theme)  # type: ignore[arg-type]
                tab = context.new_page()
                tab.goto((options.site / page).resolve().as_uri(), wait_until="load")
                tab.wait_for_load_state("networkidle")  # pictures that are loaded when they are seen
                (options.output / f"{kind}-{theme}.webp").write_bytes(small(tab.screenshot()))
                context.close()
        chromium.close()


if __name__ == "__main__":
    main()
