"""What each command says and leaves behind."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from PIL import Image

from tests.cli.conftest import ROOT, Gallery

FORBID_TENSORFLOW = """
import sys
class Forbidden:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("tensorflow", "keras"):
            raise RuntimeError(f"{name} was imported")
sys.meta_path.insert(0, Forbidden())
"""


def without_tensorflow(folder: Path) -> dict[str, str]:
    """Return an environment in which importing TensorFlow or Keras fails."""
    hooks = folder / "hooks"
    hooks.mkdir()
    (hooks / "sitecustomize.py").write_text(FORBID_TENSORFLOW)
    return {"PYTHONPATH": f"{hooks}:{ROOT}"}


def test_build_writes_a_page_for_every_filter(built: Gallery) -> None:
    site = built.site()
    pages = {path for path in site if re.fullmatch(r"tiny/.*/\d{4}\.html", path)}
    expected = {f"tiny/001-first/{i:04d}.html" for i in range(4)} | {f"tiny/002-second/{i:04d}.html" for i in range(3)}
    assert pages == expected
    manifest = json.loads(site["manifest.json"])
    assert {file["path"] for file in manifest["files"]} == set(site) - {"manifest.json"}


def test_a_second_build_renders_nothing_and_does_not_import_tensorflow(copied: Gallery, tmp_path: Path) -> None:
    before = copied.site(), copied.records()
    done = copied.run_alone("build", **without_tensorflow(tmp_path))
    assert done.status == 0, done.err
    assert "Everything is rendered already." in done.err
    assert "Files: 0 written" in done.out
    assert (copied.site(), copied.records()) == before


def write_images(folder: Path, count: int) -> None:
    for number in range(count):
        path = folder / ("cat", "dog")[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.linear_gradient("L").rotate(25 * number).resize((24, 24)).convert("RGB").save(path)


def test_a_dataset_on_the_command_line(copied: Gallery, tmp_path: Path) -> None:
    """It is looked at once; what is not asked for again goes from the pages, and comes back without TensorFlow."""
    write_images(copied.folder / "images", 6)
    first = copied.run("build", "--dataset", "images")
    assert "tiny: looking at 6 images of images." in first.err
    site = copied.site()
    assert b"What excites it in 6 images" in site["tiny/001-first/0000.html"]
    assert copied.run("build").status == 0
    assert b"What excites it" not in copied.site()["tiny/001-first/0000.html"]
    again = copied.run_alone("build", "--dataset", "images", **without_tensorflow(tmp_path))
    assert again.status == 0, again.err
    assert copied.site() == site


def test_plan_says_what_of_a_dataset_is_new(copied: Gallery) -> None:
    write_images(copied.folder / "images", 6)
    path = copied.folder / "config.yaml"
    path.write_text(f"{path.read_text()}\ndataset: images\n")
    assert "tiny: 6 of 6 images of images to look at." in copied.run("plan").out
    assert copied.run("build").status == 0
    assert "tiny: 6 images of images." in copied.run("plan").out
    write_images(copied.folder / "images", 8)
    assert "tiny: 2 of 8 images of images to look at." in copied.run("plan").out


@pytest.mark.parametrize(
    ("write", "dataset", "expected"),
    [
        (None, "images", "dataset 'images': no folder, no .npz and no package.module:function"),
        ("README.md", "README.md", "dataset 'README.md': no folder, no .npz"),
    ],
)
def test_a_dataset_that_is_none_is_wrong_use(copied: Gallery, write: str | None, dataset: str, expected: str) -> None:
    if write:
        (copied.folder / write).write_text("text")
    done = copied.run("build", "--dataset", dataset)
    assert done.status == 2
    assert expected in done.err


def test_an_empty_folder_is_a_failure_and_the_rest_is_built(copied: Gallery) -> None:
    (copied.folder / "images").mkdir()
    done = copied.run("build", "--dataset", "images")
    assert done.status == 1
    assert "dataset images: no image in it. Name the folder that holds them" in done.err
    assert "Open " in done.out


def test_the_ban_on_tensorflow_is_felt(empty: Gallery, models: Path, tmp_path: Path) -> None:
    """Without this, the test above could not fail."""
    done = empty.run_alone("layers", models / "tiny.keras", **without_tensorflow(tmp_path))
    assert done.status == 1
    assert "was imported" in done.err


@pytest.mark.parametrize("words", [("--help",), ("build", "--help"), ("models",), ("plan",), ("layers", "tiny")])
def test_what_needs_no_tensorflow_does_not_import_it(
    words: tuple[str, ...], built: Gallery, models: Path, tmp_path: Path
) -> None:
    assert built.run_alone(*words, **without_tensorflow(tmp_path)).status == 0


def test_plan_before_and_after(copied: Gallery) -> None:
    after = copied.run("plan")
    rows = [line.split() for line in after.out.splitlines()]
    assert rows[0] == ["Model", "Layer", "Pictures", "Cached", "Time"]
    assert rows[1:3] == [["tiny", "first", "4", "4", "0", "s"], ["tiny", "second", "3", "3", "0", "s"]]
    assert "About 0 s of rendering (measured here)" in after.out
    text = (copied.folder / "config.yaml").read_text()
    (copied.folder / "config.yaml").write_text(text.replace("steps: 4", "steps: 5"))
    changed = [line.split() for line in copied.run("plan").out.splitlines()]
    assert [row[2:4] for row in changed[1:3]] == [["4", "0"], ["3", "0"]]
    narrowed = copied.run("plan", "--model", "tiny", "--layer", "second", "--filters", "2").out.splitlines()
    assert [line.split()[:4] for line in narrowed[1:-1]] == [["tiny", "second", "2", "0"]]


def test_layers_prints_what_summary_lacks(empty: Gallery, models: Path) -> None:
    done = empty.run("layers", models / "tiny.keras")
    assert done.status == 0
    head, first, second, total = done.out.splitlines()
    assert head.split() == ["#", "Name", "Type", "Kernel", "Output", "Parameters", "Receptive", "field"]
    assert first.split() == ["1", "first", "Conv2D", "3x3x3x4", "22x22x4", "112", "3x3"]
    assert second.split() == ["2", "second", "Conv2D", "3x3x4x3", "20x20x3", "111", "5x5"]
    assert total == "2 convolutional layers, 7 filters; preprocessing: the model's own Rescaling layer"
    assert list(empty.folder.iterdir()) == []


@pytest.mark.case("relu6-ceiling")
def test_layers_and_render_say_where_activations_end(empty: Gallery, models: Path) -> None:
    lines = empty.run("layers", models / "bounded.keras").out.splitlines()
    assert lines[-2:] == [
        f"Activations of {layers} end at {value} in the network; pictures and scores are without that ceiling"
        for layers, value in (("1 layer", 1), ("2 layers", 6))
    ]
    done = empty.run("render", models / "bounded.keras", "one", "2", "--size", "20", "--steps", "2")
    assert re.search(
        r"^Score [\d.e-]+, read at re_lu without the ceiling of 6 that it has in the network\. Wrote",
        done.out,
        re.MULTILINE,
    )


@pytest.mark.parametrize(
    ("words", "name"),
    [(("first", "2"), "tiny-001-first-2.png"), (("second", "-o", "mine.webp", "--method", "pixel"), "mine.webp")],
)
def test_render_writes_one_picture_and_prints_its_trace(
    words: tuple[str, ...], name: str, empty: Gallery, models: Path
) -> None:
    done = empty.run("render", models / "tiny.keras", *words, "--size", "20", "--steps", "6")
    assert done.status == 0, done.err
    lines = done.out.splitlines()
    index = re.match(r"tiny/(first|second), filter (\d): (fourier|pixel), 6 steps, seed 0", lines[0])
    assert index
    assert int(index[2]) in ({2} if index[1] == "first" else {0, 1, 2})
    trace = [float(line.split("objective ")[1]) for line in lines if "objective" in line]
    assert len(trace) == 6
    assert trace[-1] > trace[0]
    assert lines[-1].endswith(f"Wrote {name}")
    with Image.open(empty.folder / name) as picture:
        assert picture.size == (20, 20)


def test_models_lists_what_can_be_named(built: Gallery, tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5").touch()
    done = built.run("models", KERAS_HOME=str(tmp_path))
    rows = {line.split()[0]: line for line in done.out.splitlines()}
    assert done.status == 0
    assert "configured: " in rows["tiny"]
    assert "bundled" in rows["demo"]
    assert "cached without top" in rows["VGG16"]
    assert "to be downloaded" in rows["ResNet50V2"]


@pytest.mark.parametrize(("preset", "names"), [("demo", ["demo"]), ("imagenet", ["vgg16", "resnet50v2"])])
def test_init_writes_a_configuration_that_is_understood(preset: str, names: list[str], empty: Gallery) -> None:
    done = empty.run("init", "new", "--preset", preset)
    assert done.status == 0
    assert "Next: filter-gallery build -c new/config.yaml" in done.out
    listed = empty.run("models", "-c", "new/config.yaml")
    assert [line.split()[0] for line in listed.out.splitlines() if "configured: " in line] == names


def test_init_own_asks_for_the_model_that_is_missing(empty: Gallery) -> None:
    assert empty.run("init", "--preset", "own").status == 0
    done = empty.run("build")
    assert (done.status, len(done.errors)) == (2, 1)
    assert "no file 'models/mine.keras'" in done.err


def test_init_overwrites_nothing(empty: Gallery) -> None:
    (empty.folder / "config.yaml").write_text("mine")
    done = empty.run("init")
    assert done.status == 2
    assert "config.yaml: exists already" in done.err
    assert (empty.folder / "config.yaml").read_text() == "mine"


def test_clean_removes_our_files_and_no_others(copied: Gallery) -> None:
    theirs = copied.folder / "site" / "tiny" / "notes.txt"
    theirs.write_text("mine")
    done = copied.run("clean")
    assert done.status == 0
    assert list(copied.site()) == ["tiny/notes.txt"]
    assert copied.records()
    assert theirs.read_text() == "mine"


def test_clean_removes_the_cache_only_if_told(copied: Gallery) -> None:
    done = copied.run("clean", "--cache")
    assert done.status == 0
    assert "Removed" in done.out
    assert copied.site() == {}
    assert not (copied.folder / ".filter-gallery").exists()


def test_clean_refuses_a_folder_that_is_not_ours(built: Gallery, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("mine")
    done = built.run("clean", "-o", tmp_path)
    assert done.status == 2
    assert "not a site of filter-gallery; nothing was removed" in done.err
    assert (tmp_path / "thesis.tex").read_text() == "mine"


def test_trusted_code_is_run(empty: Gallery, models: Path) -> None:
    assert empty.run("layers", models / "code.keras").status == 1
    done = empty.run("layers", models / "code.keras", "--trust")
    assert done.status == 0
    assert "behind" in done.out
