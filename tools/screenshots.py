"""Take the pictures of the site that README.md shows.

    python tools/screenshots.py site docs/images

Needs a built site of the default configuration and Debian's Chromium.
"""

from __future__ import annotations

import argparse
import io
import shutil
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

SHOTS = {
    "model-light": ("demo/index.html", "light", 1790),
    "filter-dark": ("demo/007-block4_conv1/0021.html", "dark", 1000),
}
"""File name: page, colour scheme, and how many pixels of its height are kept."""


def main() -> None:
    """Write each picture as a PNG of 256 colours."""
    parser = argparse.ArgumentParser(description="Take the pictures of the site that README.md shows.")
    parser.add_argument("site", type=Path)
    parser.add_argument("output", type=Path)
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        for name, (page, scheme, height) in SHOTS.items():
            context = chromium.new_context(viewport={"width": 1200, "height": height}, color_scheme=scheme)
            tab = context.new_page()
            tab.goto((options.site / page).resolve().as_uri(), wait_until="load")
            shot = Image.open(io.BytesIO(tab.screenshot())).convert("RGB")
            shot.quantize(256, dither=Image.Dither.NONE).save(options.output / f"{name}.png", optimize=True)
        chromium.close()


if __name__ == "__main__":
    main()
