"""Every kind of picture, from config.yaml to its place on the site, through the command line."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from PIL import Image

from tests.cli.conftest import Gallery

KINDS = """\
photos: [chelsea]
render: {size: 16, steps: 4, margin: 4}
"""
DIRECTION = {"direction": {"0": 1.0, "2": -0.5}}
TINY = """{{source: {file}, layers: {{
      first: {{render: {{sign: both, diversity: 3}}}},
      second: {{render: {{objective: [channel, neuron, {{direction: {{0: 1, 2: -0.5}}}}], repeats: 2}}}}}}}}"""
MACO = "{{source: {file}, name: maco, layers: second, render: {{method: maco, crops: 2, precision: bfloat16}}}}"


@pytest.fixture(scope="module")
def kinds(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Gallery:
    """Return a built gallery with pictures of every kind."""
    gallery = Gallery(tmp_path_factory.mktemp("kinds"))
    gallery.configure(*(entry.format(file=models / "tiny.keras") for entry in (TINY, MACO)), more=KINDS)
    before = gallery.run("plan")
    assert before.status == 0, before.err
    assert gallery.records() == {}
    done = gallery.run("build")
    assert done.status == 0, done.err
    assert done.err.count("measuring") == 1  # the two models are one network
    return gallery


def manifest(gallery: Gallery) -> dict[str, Any]:
    """Return what the site says of itself."""
    found: dict[str, Any] = json.loads(gallery.site()["manifest.json"])
    return found


def filters(gallery: Gallery, model: str, layer: str) -> list[dict[str, Any]]:
    """Return a layer's filters, as the manifest tells them."""
    (of_model,) = (one for one in manifest(gallery)["models"] if one["name"] == model)
    (of_layer,) = (one for one in of_model["layers"] if one["name"] == layer)
    found: list[dict[str, Any]] = of_layer["filters"]
    return found


def kind(picture: dict[str, Any]) -> tuple[str, str, str, int]:
    """Return a picture's method, objective, sign and seed."""
    settings, objective = picture["settings"], picture["settings"]["objective"]
    return (
        settings["method"],
        objective if isinstance(objective, str) else "direction",
        settings["sign"],
        picture["seed"],
    )


def test_both_signs_and_three_diverse_pictures(kinds: Gallery) -> None:
    found = filters(kinds, "tiny", "first")
    assert [one["index"] for one in found] == [0, 1, 2, 3]
    for one in found:
        expected = {("fourier", "channel", sign, 0): 3 for sign in ("positive", "negative")}
        assert Counter(map(kind, one["pictures"])) == expected


def test_a_direction_is_shown_at_the_filters_that_it_names(kinds: Gallery) -> None:
    own = {("fourier", objective, "positive", seed): 1 for objective in ("channel", "neuron") for seed in (0, 1)}
    shared = {("fourier", "direction", "positive", seed): 1 for seed in (0, 1)}
    for one in filters(kinds, "tiny", "second"):
        assert Counter(map(kind, one["pictures"])) == (own if one["index"] == 1 else own | shared)
        objectives = [picture["settings"]["objective"] for picture in one["pictures"]]
        assert [objective for objective in objectives if isinstance(objective, dict)] == [DIRECTION] * (
            0 if one["index"] == 1 else 2
        )


def test_maco_is_transparent(kinds: Gallery) -> None:
    for one in filters(kinds, "maco", "second"):
        (picture,) = one["pictures"]
        assert kind(picture) == ("maco", "channel", "positive", 0)
        assert (picture["settings"]["crops"], picture["settings"]["precision"]) == (2, "bfloat16")
        with Image.open(kinds.folder / "site" / picture["path"]) as image:
            assert (image.mode, image.size) == ("RGBA", (16, 16))


def test_what_the_manifest_names_is_there_and_fits_its_schema(kinds: Gallery) -> None:
    site = kinds.site()
    told = manifest(kinds)
    Draft202012Validator(json.loads(site["manifest.schema.json"])).validate(told)
    shown = [one for model in told["models"] for layer in model["layers"] for one in layer["filters"]]
    paths = [picture["path"] for one in shown for picture in one["pictures"]]
    assert len(paths) == len(set(paths)) == 4 * 6 + 2 * 6 + 4 + 3
    assert set(paths) <= set(site)
    assert all(one["picture"] == one["pictures"][0]["path"] for one in shown if one["verdict"] == "converged")
    for one in shown:
        page = site[one["page"]].decode()
        assert all(Path(picture["path"]).name in page for picture in one["pictures"])


def test_a_second_build_changes_nothing(kinds: Gallery) -> None:
    before = kinds.site(), kinds.records()
    done = kinds.run("build")
    assert (done.status, "Everything is rendered already." in done.err) == (0, True)
    assert "measuring" not in done.err
    assert (kinds.site(), kinds.records()) == before


def test_a_change_of_one_layer_renders_its_pictures_alone(kinds: Gallery, tmp_path: Path) -> None:
    import shutil

    copy = Gallery(tmp_path / "copy")
    shutil.copytree(kinds.folder, copy.folder)
    path = copy.folder / "config.yaml"
    path.write_text(path.read_text().replace("diversity: 3", "diversity: 2"))
    before = copy.records()
    rows = [line.split() for line in copy.run("plan").out.splitlines()]
    cached = {(row[0], row[1]): row[3] for row in rows[1:4]}
    assert cached[("tiny", "first")] == "0"
    assert all(row[2] == row[3] for row in rows[1:4] if (row[0], row[1]) != ("tiny", "first"))
    done = copy.run("build")
    assert done.status == 0, done.err
    new = copy.records().keys() - before.keys()
    assert len(new) == 2  # one batch for each sign
    assert {key: copy.records()[key] for key in before} == before
    assert len(filters(copy, "tiny", "first")[0]["pictures"]) == 4


def test_clean_removes_what_was_measured(kinds: Gallery, tmp_path: Path) -> None:
    import shutil

    copy = Gallery(tmp_path / "copy")
    shutil.copytree(kinds.folder, copy.folder)
    assert len(list((copy.folder / ".filter-gallery" / "tunings").iterdir())) == 1
    assert copy.run("clean", "--cache").status == 0
    assert not (copy.folder / ".filter-gallery").exists()


@pytest.mark.parametrize(
    ("entry", "words", "says"),
    [
        (
            "{{source: {file}, render: {{objective: {{direction: {{3: 1}}}}}}}}",
            (),
            "tiny/second: no filter 3. The layer has 3, from 0 to 2",
        ),
        (
            "{{source: {file}, layers: {{first: {{render: {{objective: {{direction: {{9: 1}}}}}}}}}}}}",
            (),
            "tiny/first: no filter 9. The layer has 4, from 0 to 3",
        ),
        ("{file}", ("--layer", "frist"), "no convolutional layer matches 'frist'. Did you mean first?"),
    ],
)
def test_what_is_mistyped_is_told_before_anything_is_measured(
    entry: str, words: tuple[str, ...], says: str, models: Path, empty: Gallery
) -> None:
    empty.configure(entry.format(file=models / "tiny.keras"))
    done = empty.run("build", *words)
    assert (done.status, done.out) == (2, "")
    assert done.err.splitlines() == [f"Error: {says}"]
    assert not (empty.folder / ".filter-gallery" / "tunings").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--method", "maco"), "maco"),
        (("--objective", "neuron"), "neuron"),
        (("--sign", "negative"), "negative"),
        (("--precision", "bfloat16"), "fourier"),
        (("--method", "pixel", "--sign", "negative", "--objective", "neuron"), "pixel"),
    ],
)
def test_render_makes_one_picture_of_any_kind(words: tuple[str, ...], said: str, empty: Gallery, models: Path) -> None:
    done = empty.run(
        "render", models / "tiny.keras", "first", "2", "-o", "one.png", "--size", "20", "--steps", "16", *words
    )
    assert done.status == 0, done.err
    lines = done.out.splitlines()
    assert lines[0].startswith("tiny/first, filter 2:")
    assert said in lines[0]
    trace = [float(line.split("objective ")[1]) for line in lines if "objective " in line and "step" in line[:7]]
    assert len(trace) == 9
    score = re.match(r"Score (\S+), read at \S+\. Wrote one\.png", lines[-1])
    assert score
    assert float(score[1]) > 0
    with Image.open(empty.folder / "one.png") as picture:
        assert picture.size == (20, 20)
