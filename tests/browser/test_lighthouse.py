"""A page of 512 filters as Lighthouse measures it: on a phone of the middle class, over a slow connection."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from benchmarks.synthetic import PHOTO, fill, summary
from generator.config import Config, ModelEntry
from generator.pages.site import write_site
from generator.plan import plan_model
from generator.store import Store
from tests.browser.serving import server
from tests.browser.tools import npm_file, program
from tests.chromium import chromium_path

LAYER = "block5_conv3"
TRIES = 3
"""Machines are noisy, and noise only ever slows a page down: the best run counts."""


@dataclass(frozen=True)
class Measured:
    """What Lighthouse says of a page; scores are of 100, ``lcp`` are seconds to the largest picture or text."""

    performance: float
    accessibility: float
    best_practices: float
    seo: float
    lcp: float
    requests: int
    bytes: int
    faults: tuple[str, ...]
    """Audits of accessibility, best practice and SEO that fail."""

    def short_of(self) -> list[str]:
        """Return what falls short of the limits."""
        limits = {
            "performance": self.performance >= 98,
            "accessibility": self.accessibility == 100,
            "best_practices": self.best_practices == 100,
            "seo": self.seo == 100,
            "lcp": self.lcp <= 1.5,
            "requests": self.requests <= 8,
            "bytes": self.bytes < 700_000,
        }
        return [name for name, kept in limits.items() if not kept]


def measured(url: str, folder: Path) -> Measured:
    """Run Lighthouse as it is out of the box: mobile, with simulated throttling."""
    node, cli = program("node", "nodejs"), npm_file("lighthouse/cli/index.js")
    report = folder / "report.json"
    wanted = ["--output=json", f"--output-path={report}", "--quiet", "--chrome-flags=--headless=new --no-sandbox"]
    environment = {**os.environ, "CHROME_PATH": chromium_path()}
    subprocess.run([node, cli, url, *wanted], check=True, capture_output=True, env=environment, timeout=180)
    found: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    audits = found["audits"]
    loaded = audits["network-requests"]["details"]["items"]
    weighed = {
        reference["id"]
        for name in ("accessibility", "best-practices", "seo")
        for reference in found["categories"][name]["auditRefs"]
        if reference["weight"]
    }
    scores = {name: 100 * found["categories"][name]["score"] for name in found["categories"]}
    return Measured(
        performance=scores["performance"],
        accessibility=scores["accessibility"],
        best_practices=scores["best-practices"],
        seo=scores["seo"],
        lcp=audits["largest-contentful-paint"]["numericValue"] / 1000,
        requests=len(loaded),
        bytes=audits["total-byte-weight"]["numericValue"],
        faults=tuple(name for name in sorted(weighed) if audits[name]["score"] not in (None, 1)),
    )


@pytest.fixture(scope="module")
def vgg16(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the site of one layer of VGG16: all its 512 filters, textures for pictures."""
    folder = tmp_path_factory.mktemp("vgg16")
    entry, store, made = ModelEntry("vgg16", "vgg16", "application", "VGG16"), Store(folder / "store"), summary()
    tasks = [task for task in plan_model(entry, made, [PHOTO]) if task.layer.name == LAYER]
    fill(store, tasks)
    config = Config("Gallery", folder / "site", store.folder, (), (entry,))
    write_site(config, [(entry, made, [PHOTO], tasks)], store)
    return folder / "site"


@pytest.mark.slow
def test_a_page_of_512_filters_is_fast_and_sound(vgg16: Path, tmp_path: Path) -> None:
    (path,) = vgg16.glob(f"*/*{LAYER}/index.html")
    assert path.read_text().count('class="tile ') == 512
    runs: list[Measured] = []
    with server(vgg16) as address:
        while len(runs) < TRIES and not any(run.short_of() == [] for run in runs):
            runs.append(measured(f"{address}/{path.relative_to(vgg16).as_posix()}", tmp_path))
            print(runs[-1])
    best = min(runs, key=lambda run: len(run.short_of()))
    assert best.short_of() == [], runs


SPOILED = [
    ('loading="lazy"', ""),  # all sheets at once: too many requests, too many bytes
    ("</h1>", '</h1><img src="picture-007.webp" alt="A" width="768" height="768">'),  # the largest that is seen, late
    ("</head>", "<script>for (const end = Date.now() + 900; Date.now() < end;);</script></head>"),
    ('name="description"', 'name="of nothing"'),
    ("</main>", '<button></button><img src="https://example.invalid/a.png" alt="A" width="9" height="9"></main>'),
]
"""What is replaced in the page, and by what, so that it falls short of every limit."""


@pytest.mark.slow
def test_a_spoiled_page_falls_short_of_every_limit(vgg16: Path, tmp_path: Path) -> None:
    (path,) = vgg16.glob(f"*/*{LAYER}/index.html")
    html = path.read_text(encoding="utf-8")
    for good, bad in SPOILED:
        assert good in html
        html = html.replace(good, bad)
    spoiled = path.with_name("spoiled.html")
    spoiled.write_text(html, encoding="utf-8")
    with server(vgg16) as address:
        found = measured(f"{address}/{spoiled.relative_to(vgg16).as_posix()}", tmp_path)
    expected = ["performance", "accessibility", "best_practices", "seo", "lcp", "requests", "bytes"]
    assert found.short_of() == expected, found
    assert {"button-name", "meta-description", "errors-in-console"} <= set(found.faults)
