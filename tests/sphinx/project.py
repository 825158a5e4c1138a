"""Small documentation projects that show a gallery, and sphinx-build run on them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from generator.names import slug
from tests.once import once
from tests.pages.gallery import Gallery, fill
from tests.summaries import conv, entry, summary

BUILDERS = ("html", "dirhtml", "singlehtml", "latex", "text", "man", "texinfo")
HARM = "<b>&_c/d"
CONF = """
project = "Small"
extensions = ["generator.sphinx", "myst_parser"]
filter_gallery_site = "../gallery/site"
exclude_patterns = ["_*"]
"""
LINKS = """
filter_gallery_url = "https://example.org/gallery/"
filter_gallery_copy = True
"""
PAGES = {
    "index.rst": """
Small
=====

.. toctree::

   folder/layer
   myst
   plain

.. filter-gallery:: net
   :name: whole
   :columns: 2

See :ref:`whole <whole>`.
""",
    "folder/layer.rst": """
Layer
=====

.. filter-gallery:: net/top
   :filters: 3,1
   :columns: 1
   :class: mine
   :caption: Filters *three* & one

.. filter-gallery:: net/stem/2
   :technique: negative
   :caption:

.. filter-gallery:: net/<b>&_c/d
   :filters: all
   :technique: feature-map-0
""",
    "myst.md": """
# MyST

```{filter-gallery} net/top
:filters: 2
:technique: kernel
```

```{filter-gallery} net/stem
```
""",
    "plain.rst": "Plain\n=====\n\nNothing to see.\n",
}


def small_gallery(folder: Path) -> Gallery:
    """Return a gallery, written, of one network with three layers; filter 0 of each is dead, filter 3 the strongest.

    One has a name that does harm where it is not escaped, and that holds a slash.
    """
    named = (("stem", 4), ("top", 4), (HARM, 2))
    layers = [conv(i, name, count, slug=f"{i:03d}-{slug(name)}") for i, (name, count) in enumerate(named, 1)]
    gallery = Gallery(folder, [(entry(render=(("sign", "both"),)), summary(*layers))])
    fill(gallery.store, gallery.tasks(), lambda _, index: float(index), lambda _, index: 0.5 * index)
    gallery.write()
    return gallery


def project(folder: Path, pages: dict[str, str], conf: str = CONF) -> Path:
    """Write the sources of a project, and return their folder."""
    for name, text in {"conf.py": conf, **pages}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.lstrip("\n"), encoding="utf-8")
    return folder


MANY = """
import sys, warnings
from sphinx.cmd.build import main
warnings.filterwarnings("error", module=r"generator\\.")  # nothing that Sphinx means to remove
source, *builders = sys.argv[1:]
for builder in builders:
    where = f"{source}/_build"
    words = ["-W", "-j", "2", "-b", builder, "-d", f"{where}/doctrees-{builder}", source, f"{where}/{builder}"]
    if main(words):
        sys.exit(builder)
print({"tensorflow", "keras"} & sys.modules.keys())
"""


def _python(*words: str) -> tuple[int, str, str]:
    environment = {**os.environ, "NO_COLOR": "1"}
    command = [sys.executable, *words]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120, check=False)
    return done.returncode, done.stdout, done.stderr


def run(source: Path, builder: str, *options: str) -> tuple[int, str, str]:
    """Run sphinx-build; return its status, and what it said and complained of. Its output is in _build/<builder>."""
    out, doctrees = source / "_build" / builder, source / "_build" / f"doctrees-{builder}"
    return _python("-m", "sphinx", "-b", builder, "-d", str(doctrees), *options, str(source), str(out))


def run_all(source: Path, builders: Iterable[str]) -> tuple[int, str, str]:
    """Run sphinx-build for each builder, with warnings as errors and two workers, all in one process to save time.

    The last line said tells which of TensorFlow and Keras were imported.
    """
    return _python("-c", MANY, str(source), *builders)


def built_by_all(factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a site in gallery/site, and the project above in docs, built by every builder."""

    def make(folder: Path) -> None:
        small_gallery(folder / "gallery")
        status, output, warnings = run_all(project(folder / "docs", PAGES, CONF + LINKS), BUILDERS)
        assert (status, warnings) == (0, ""), output
        assert output.endswith("set()\n")  # neither TensorFlow nor Keras was imported

    return once(factory, "sphinx-all", make)
