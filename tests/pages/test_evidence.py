"""What pages show of a dataset: examples with their classes and places, numbers, verdicts, names as data."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from generator.config import load_config
from generator.numbers import MINUS, significant
from generator.pipeline import build
from tests.pipeline.conftest import save_network

HOSTILE = '<script>alert(1)</script>"&'


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("evidence")
    save_network(folder / "tiny.keras", bias=0.5)
    rng = np.random.default_rng(0)
    for number in range(30):
        path = folder / "images" / ("cat", HOSTILE.replace("/", "\u2215"))[number % 2] / f"{number:02d} <b>.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (20, 20, 3), np.uint8)).save(path)
    (folder / "config.yaml").write_text(
        "render: {size: 16, steps: 2, margin: 4}\nphotos: [chelsea]\ndataset: {source: images, examples: 4}\n"
        "models: [tiny.keras]\n"
    )
    assert not build(load_config(folder / "config.yaml")).failures
    return folder / "site"


def test_whole_images_are_the_ones_that_they_are_said_to_be(tmp_path: Path) -> None:
    """More than a sheet of them, each of one colour."""
    save_network(tmp_path / "tiny.keras", bias=0.5)
    (tmp_path / "images").mkdir()
    for number in range(150):
        Image.new("RGB", (20, 20), (number, 255 - number, 90)).save(tmp_path / f"images/{number:03d}.png")
    (tmp_path / "config.yaml").write_text(
        "render: {size: 16, steps: 1, margin: 4}\nphotos: [chelsea]\ndataset: {source: images, examples: 36}\n"
        "models: [tiny.keras]\n"
    )
    assert not build(load_config(tmp_path / "config.yaml")).failures
    seen = set()
    for path in (tmp_path / "site").rglob("0*.html"):
        found = re.findall(
            r'src="../../(tiny/images-\d+.webp)"[^>]*object-position:-(\d+)px -(\d+)px" alt="The whole image (\d+).png',
            path.read_text(),
        )
        for sheet, left, top, number in found:
            with Image.open(tmp_path / "site" / sheet) as opened:
                colour = opened.convert("RGB").getpixel((int(left) + 10, int(top) + 10))
            assert isinstance(colour, tuple)
            assert abs(colour[0] - int(number)) < 12, (sheet, left, top, number)
            seen.add(sheet)
    assert len(seen) > 1
    page = next((tmp_path / "site").rglob("001-first/0000.html")).read_text()
    assert "By their responses to images" in page
    assert "150 images of the dataset" in page


@pytest.fixture(scope="module")
def layers(site: Path) -> Any:
    return json.loads((site / "manifest.json").read_text())["models"][0]["layers"]


def test_the_manifest_has_the_numbers_and_the_examples(site: Path, layers: Any) -> None:
    for layer in layers:
        for record in layer["filters"]:
            numbers, examples = record["dataset"], record["examples"]
            assert numbers["count"] == 30
            assert 0 <= numbers["fires_in"] <= 1
            peaks = [example["peak"] for example in examples]
            assert peaks == sorted(peaks, reverse=True)
            assert len(peaks) == min(4, round(30 * numbers["fires_in"]))
            for place, example in enumerate(examples):
                top, left, height, width = example["box"]
                assert 0 <= top < top + height <= 20
                assert 0 <= left < left + width <= 20
                assert (example["sheet"], example["place"]) == (record["page"][:-5] + "-examples.webp", place)
                assert example["image"].endswith("<b>.png")
    with Image.open(site / layers[0]["filters"][0]["examples"][0]["sheet"]) as mosaic:
        assert mosaic.size == (192, 192)


def test_examples_are_a_technique_like_any_other(site: Path, layers: Any) -> None:
    technique = next(each for each in layers[0]["techniques"] if each["slug"] == "examples")
    assert technique["files"][0].endswith("0000-examples.webp")
    assert (site / technique["sheets"][0]).is_file()
    page = (site / layers[0]["page"]).read_text()
    assert 'value="examples"' in page
    assert "rarity" in page


def test_names_and_classes_are_shown_as_text(site: Path) -> None:
    for path in site.rglob("*.html"):
        assert "<script>alert" not in path.read_text()
    page = next(site.rglob("0000.html")).read_text()
    assert "&lt;b&gt;.png" in page
    assert "&lt;script&gt;alert" in page


def test_each_example_is_cut_from_the_mosaic_at_its_own_place(site: Path) -> None:
    page = next(site.rglob("001-first/0000.html")).read_text()
    best = page[page.index('id="examples"') : page.index("Weaker and weaker")]
    at = re.findall(r"object-position:-(\d+)px -(\d+)px", best.split('class="wholes"')[0])
    assert at == [("0", "0"), ("96", "0"), ("0", "96"), ("96", "96")]
    assert best.count('class="whole"') == 4
    marked = [tuple(map(float, box)) for box in re.findall(r"top:([\d.]+)%;left:([\d.]+)%;height:([\d.]+)%", best)]
    assert all(top >= 0 and left >= 0 and height <= 30 for top, left, height in marked)


def test_a_picture_that_an_image_beats_is_weak(site: Path, layers: Any) -> None:
    for layer in layers:
        for record in layer["filters"]:
            page = (site / record["page"]).read_text().split("More pictures of this filter")[0]
            found = re.search(r"The best of 30 images of the dataset excites this filter more \(([^)]+)\)", page)
            assert not found or record["verdict"] == "weak"
            assert "of 30 images" in page


def test_the_axis_of_the_responses_ends_at_the_largest_to_any_image(site: Path, layers: Any) -> None:
    """What the caption says of the score is true of the drawing: beyond the end behind a break, or at its place."""
    seen = set()
    for layer in layers:
        for record in layer["filters"]:
            page = (site / record["page"]).read_text()
            found = re.search(r'<figure class="plot responses">.*?</figure>', page, re.DOTALL)
            if found is None or record["verdict"] == "dead":
                continue
            chart, score = found[0], record["pictures"][0]["score"]
            largest = re.search(r"the largest is (\S+)\.(?: |<)", chart.split("<figcaption>")[1])
            assert largest
            most = float(largest[1].replace(MINUS, "-"))
            assert most >= max(float(f"{example['response']:.3g}") for example in record["examples"])
            assert most >= float(f"{record['dataset']['quantiles'][-1]['response']:.3g}")
            ends = re.findall(r'<text class="tick[^>]*>([^<]*)</text>', chart)
            assert ends[1] == significant(max(0.0, most))
            line = re.search(r'<line class="line" x1="([\d.]+)"', chart)
            assert line
            beyond = score > max(0.0, most)
            assert ends[2:] == ([significant(score)] if beyond else [])
            assert (float(line[1]) > 320) == beyond
            assert ("the axis is broken before it" in chart) == beyond
            if not beyond:
                low, high = float(ends[0].replace(MINUS, "-")), max(0.0, most)
                assert float(line[1]) == pytest.approx(max(0.0, (score - low) / (high - low) * 320), rel=0.01, abs=0.5)
            seen.add(beyond)
    assert seen
