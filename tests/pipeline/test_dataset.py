"""The pass over a dataset against plain NumPy: every number, rank, place and part, however it was interrupted."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from generator.assets import demo_path
from generator.config import load_config
from generator.dataset import chunk as chunks
from generator.dataset.boxes import Fields
from generator.dataset.stored import LayerImages, Looked, layer_evidence
from generator.models.summary import ModelSummary
from generator.pipeline import DatasetOpened, DatasetWarning, Event, ImagesSeen, Summary, build, image_pass
from generator.pipeline import dataset as looking
from generator.render.image_responses import ImageResponses
from tests.pipeline.conftest import Place, save_network

Array = NDArray[Any]
ROOT = Path(__file__).parents[2]
SIDE = 20
CLASSES = ("cat", "dog", "owl")
FEW = "filters: 2\n"


def write_images(folder: Path, count: int = 40, seed: int = 0, first: int = 0) -> None:
    """Write images in subfolders: blobs of colour, so that filters differ in what they do on them."""
    rng = np.random.default_rng(seed)
    for number in range(first, first + count):
        coarse = rng.integers(0, 256, (4, 4, 3), np.uint8)
        path = folder / CLASSES[number % 3] / f"{number:04d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(coarse).resize((SIDE, SIDE), Image.Resampling.BICUBIC).save(path)


def arrays_of(folder: Path) -> tuple[list[str], Array]:
    """Return the names of a folder's images in their order, and their pixels."""
    paths = sorted(folder.rglob("*.png"), key=lambda path: path.relative_to(folder).as_posix())
    return [path.relative_to(folder).as_posix() for path in paths], np.stack([np.asarray(Image.open(p)) for p in paths])


def summary_of(place: Place, name: str = "tiny") -> ModelSummary:
    digest = place.store.former_digest(name)
    assert digest
    summary = ModelSummary.from_json(place.store.summary(digest) or {})
    assert summary
    return summary


def evidence_of(place: Place, name: str = "tiny") -> tuple[Looked, dict[int, LayerImages]]:
    looked = Looked.from_json(place.store.dataset(name), summary_of(place, name).digest)
    assert looked
    return looked, layer_evidence(place.store, looked, [1, 2])


def activations(place: Place, pixels: Array) -> list[Array]:
    model = keras.models.load_model(place.folder / "tiny.keras")
    whole = keras.Model(model.inputs, [model.get_layer(name).output for name in ("first", "second")])
    return [np.asarray(values) for values in whole.predict(pixels.astype(np.float32), verbose=0)]


def check(place: Place, folder: Path) -> None:
    """Compare everything that is known with what NumPy makes of the network's own activations."""
    names, pixels = arrays_of(folder)
    looked, layers = evidence_of(place)
    assert looked.names == tuple(names)
    close: Callable[..., None] = lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)  # noqa: E731
    for layer, values in zip((layers[1], layers[2]), activations(place, pixels), strict=True):
        own, flat = layer.evidence, values.reshape(len(values), -1, values.shape[-1])
        response, peak = flat.mean(1, dtype=np.float64), flat.max(1)
        assert own.count == len(names)
        assert layer.map == values.shape[1:3]
        close(own.mean, [response.mean(0), peak.mean(0)])
        close(own.deviation, [response.std(0), peak.std(0)])
        close(own.most, response.max(0))
        np.testing.assert_array_equal(own.fires, (peak > 0).sum(0))
        labels = np.array([name.split("/")[0] for name in names])
        close(own.class_means, [response[labels == name].mean(0) for name in looked.classes])
        close(own.sampled, [response, peak])
        for index in range(values.shape[-1]):
            ranked = np.argsort(-peak[:, index], kind="stable")[:9]
            best = own.examples(index, 9)
            assert [e.image for e in best] == [i for i in ranked if peak[i, index] > 0]
            assert [e.place for e in best] == flat.argmax(1)[[e.image for e in best], index].tolist()
            close([e.peak for e in best], peak[[e.image for e in best], index])
            firing = np.sort(peak[:, index][peak[:, index] > 0])
            for share, example in own.weaker(index, []):
                close(example.peak, firing[int(np.ceil(share * len(firing))) - 1])
            lowest = own.lowest(index)
            if layer is layers[2]:
                trough = flat.min(1)[:, index]
                assert [e.image for e in lowest] == [i for i in np.argsort(trough, kind="stable")[:3] if trough[i] < 0]
                assert [e.place for e in lowest] == flat.argmin(1)[[e.image for e in lowest], index].tolist()
            else:
                assert not lowest
    assert layers[1].fields.box(0, 18, (SIDE, SIDE)) == (0, 0, 4, 4)  # 3 x 3, and 5 at least, inside the image
    assert layers[2].fields.box(16 * 5 + 7, 16, (SIDE, SIDE)) == (5, 7, 5, 5)


def test_every_number_rank_and_place_is_numpys(place: Place) -> None:
    write_images(place.folder / "images")
    summary, _ = place.build(f"{FEW}dataset: images")
    assert not summary.failures
    check(place, place.folder / "images")


@pytest.mark.parametrize(("batch", "chunk"), [(1, 3), (7, 16), (40, 11)])
def test_batches_and_chunks_make_no_difference(
    place: Place, monkeypatch: pytest.MonkeyPatch, batch: int, chunk: int
) -> None:
    write_images(place.folder / "images")
    in_batches_of(monkeypatch, batch, chunk)
    place.build(f"{FEW}dataset: images")
    assert len(evidence_of(place)[0].keys) == -(-40 // chunk)
    check(place, place.folder / "images")


def in_batches_of(monkeypatch: pytest.MonkeyPatch, batch: int, chunk: int) -> None:

    def responses(*arguments: Any) -> Any:
        made = ImageResponses(*arguments)
        made.batch = batch
        return made

    monkeypatch.setattr(image_pass, "ImageResponses", responses)
    monkeypatch.setattr(looking, "images_of_chunk", lambda filters: chunk)


@pytest.mark.parametrize("after", [4, 9, 24])
def test_a_killed_pass_goes_on(place: Place, monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """Killed inside the first chunk, at the end of it, and later: what was done stays, and the result is the same."""
    write_images(place.folder / "images")
    in_batches_of(monkeypatch, 3, 9)

    def kill(event: Event) -> None:
        if isinstance(event, ImagesSeen) and event.doing.startswith("looking") and event.done >= after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        place.build(f"{FEW}dataset: images", on_event=kill)
    new: list[int] = []
    place.build(f"{FEW}dataset: images", on_event=opened(new))
    assert new == [40 - 9 * ((after - 1) // 9)]
    check(place, place.folder / "images")


def opened(new: list[int]) -> Callable[[Event], None]:
    return lambda event: new.append(event.new) if isinstance(event, DatasetOpened) else None


def test_images_that_are_added_cost_what_they_are(place: Place) -> None:
    folder = place.folder / "images"
    write_images(folder)
    place.build(f"{FEW}dataset: images")
    write_images(folder, count=4, seed=5, first=100)
    new: list[int] = []
    place.build(f"{FEW}dataset: images", on_event=opened(new))
    place.build(f"{FEW}dataset: images", on_event=opened(new))
    assert new == [4, 0]
    check(place, folder)


def test_what_is_removed_or_moved_to_another_class_no_longer_counts(place: Place) -> None:
    folder = place.folder / "images"
    write_images(folder)
    place.build(f"{FEW}dataset: images")
    (folder / "cat/0000.png").unlink()
    (folder / "dog/0001.png").rename(folder / "owl/0001.png")
    place.build(f"{FEW}dataset: images")
    check(place, folder)


def test_a_second_build_computes_nothing(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    write_images(place.folder / "images")
    place.build(f"{FEW}dataset: images")
    before = place.kept()

    def refuse(*_: Any) -> None:
        raise AssertionError("the model was loaded")

    monkeypatch.setattr("generator.models.load.load", refuse)
    summary, _ = place.build(f"{FEW}dataset: images")
    assert (summary.pages.written, summary.failures) == (0, ())
    assert place.kept() == before


def test_of_many_images_quantiles_are_those_of_a_sample(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sample is the same whatever the chunks: the images with the least digests."""
    write_images(place.folder / "images")
    monkeypatch.setattr(chunks, "SAMPLE", 12)
    in_batches_of(monkeypatch, 8, 7)
    place.build(f"{FEW}dataset: images")
    looked, layers = evidence_of(place)
    least = sorted(range(40), key=lambda image: looked.digests[image])[:12]
    assert layers[1].evidence.sampled_images.tolist() == sorted(least)
    assert layers[1].evidence.is_sample
    assert layers[1].evidence.count == 40


def warned(place: Place, more: str) -> tuple[Summary, list[str]]:
    lines: list[str] = []

    def listen(event: Event) -> None:
        if isinstance(event, DatasetWarning):
            lines.append(event.message)

    summary, _ = place.build(f"{FEW}{more}", on_event=listen)
    return summary, lines


def test_images_that_cannot_be_used_are_named_and_the_rest_is_built(place: Place) -> None:
    folder = place.folder / "images"
    write_images(folder, count=6)
    (folder / "cat/broken.jpg").write_bytes(b"no picture")
    half = (folder / "dog/0001.png").read_bytes()
    (folder / "dog/half.png").write_bytes(half[: len(half) // 2])
    (folder / "notes.txt").write_text("not looked at")
    shutil.copy(folder / "cat/0000.png", folder / "owl/copy.png")
    summary, lines = warned(place, "dataset: images")
    assert not summary.failures
    assert [line.split(":")[0] for line in lines] == ["cat/broken.jpg", "dog/half.png"]
    looked, layers = evidence_of(place)
    assert layers[1].evidence.count == 6
    assert looked.left_out == 2
    again, lines = warned(place, "dataset: images")
    assert len(lines) == 2
    assert again.pages.written == 0


def test_never_more_than_twenty_are_named(place: Place) -> None:
    write_images(place.folder / "images", count=3)
    for number in range(30):
        (place.folder / f"images/cat/x{number:02d}.jpg").write_bytes(b"no picture")
    _, lines = warned(place, "dataset: images")
    assert len(lines) == 21
    assert lines[-1] == "10 more images are left out"


@pytest.mark.parametrize(
    ("write", "expected"),
    [
        (lambda folder: (folder / "data").mkdir(), "no image in it"),
        (lambda folder: np.savez(folder / "data.npz", z=np.zeros((2, 8, 8, 3))), "has no array 'x', only 'z'"),
        (lambda folder: (folder / "data.npz").write_bytes(b"PK no"), "is damaged"),
        (
            lambda folder: np.savez(folder / "data.npz", x=np.zeros((2, 8, 8, 3)), y=np.zeros(3)),
            "3 labels for 2 images",
        ),
        (
            lambda folder: np.savez(folder / "data.npz", x=np.full((2, 20, 20, 3), np.nan)),
            "none of its images can be used",
        ),
        (lambda folder: np.savez(folder / "data.npz", x=np.ones((2, 20, 20, 7), np.uint8)), "has 7 channels"),
        (lambda folder: (folder / "data.py").write_text("def f():\n    raise OSError('gone')"), "raised OSError: gone"),
        (lambda folder: (folder / "data.py").write_text("def g():\n    pass"), "no 'f' in data"),
        (lambda folder: (folder / "data.py").write_text("def f():\n    return 3"), "returned int"),
        (lambda folder: (folder / "data.py").write_text("def f():\n    return iter([])"), "has no images"),
    ],
)
def test_a_dataset_that_cannot_be_used_is_one_failure(
    place: Place, write: Callable[[Path], object], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(place.folder)
    source = "data:f" if (place.folder / "data.py").exists() else next(place.folder.glob("data*")).name
    monkeypatch.delitem(__import__("sys").modules, "data", raising=False)
    summary, _ = warned(place, f"dataset: '{source}'")
    assert len(summary.failures) == 1
    assert expected in summary.failures[0].message
    assert (place.folder / "site/tiny/index.html").is_file()


def test_a_dataset_that_is_gone_leaves_the_pages_as_they_were(place: Place) -> None:
    write_images(place.folder / "images", count=6)
    place.build(f"{FEW}dataset: images")
    manifest = json.loads((place.folder / "site/manifest.json").read_text())
    shutil.rmtree(place.folder / "images")
    (place.folder / "images").mkdir()
    summary, _ = warned(place, "dataset: images")
    assert "no image in it" in summary.failures[0].message
    assert json.loads((place.folder / "site/manifest.json").read_text())["models"] == manifest["models"]


def test_arrays_and_a_function_give_what_a_folder_gives(place: Place) -> None:
    folder = place.folder / "images"
    write_images(folder, count=12)
    names, pixels = arrays_of(folder)
    labels = np.array([CLASSES.index(name.split("/")[0]) for name in names])
    np.savez(place.folder / "data.npz", x=pixels, y=labels)
    (place.folder / "source_of_tests.py").write_text(
        "import numpy as np\n"
        "def batches():\n"
        "    file = np.load(__file__.replace('source_of_tests.py', 'data.npz'))\n"
        "    for first in range(0, 12, 5):\n"
        "        yield file['x'][first:first + 5], np.eye(3)[file['y'][first:first + 5]]\n"
    )
    place.build(f"{FEW}dataset: images")
    expected = {layer: own.evidence for layer, own in evidence_of(place)[1].items()}
    for source in ("data.npz", "source_of_tests:batches"):
        place.build(f"{FEW}dataset: {{source: '{source}', labels: [cat, dog, owl]}}")
        looked, layers = evidence_of(place)
        assert looked.classes == CLASSES
        for layer, own in layers.items():
            np.testing.assert_array_equal(own.evidence.top, expected[layer].top)
            np.testing.assert_allclose(own.evidence.mean, expected[layer].mean, rtol=1e-6)
            np.testing.assert_allclose(own.evidence.class_means, expected[layer].class_means, rtol=1e-6)


def test_thirteen_bands_that_are_no_pictures(place: Place) -> None:
    save_network(place.folder / "tiny.keras", bias=0.5, channels=13)
    np.savez(place.folder / "data.npz", x=np.random.default_rng(0).uniform(0, 4000, (7, 20, 20, 13)))
    summary, lines = warned(place, "dataset: data.npz")
    assert not summary.failures
    assert "not from 0 to 255" in lines[0]
    assert evidence_of(place)[1][1].evidence.count == 7


def test_what_is_not_published_is_nowhere(place: Place) -> None:
    write_images(place.folder / "images", count=6)
    place.build(f"{FEW}dataset: {{source: images, publish: false}}")
    files = [path.name for path in (place.folder / "site").rglob("*.webp")]
    assert not [name for name in files if "examples" in name or "weaker" in name or name.startswith("images")]
    text = "".join(path.read_text() for path in (place.folder / "site").rglob("*.html"))
    assert ".png" not in text.replace("contact.png", "").replace("-channels", "")
    record = json.loads((place.folder / "site/manifest.json").read_text())["models"][0]["layers"][0]["filters"][0]
    assert record["dataset"]["count"] == 6
    assert {example["image"] for example in record["examples"]} == {None}


def test_the_paths_of_the_disk_are_nowhere_in_the_site(place: Place) -> None:
    write_images(place.folder / "images", count=6)
    place.build(f"{FEW}dataset: '{place.folder / 'images'}'")
    for path in (place.folder / "site").rglob("*"):
        if path.suffix in (".html", ".js", ".json"):
            assert str(place.folder) not in path.read_text()


def test_a_models_own_dataset_and_none(place: Place) -> None:
    write_images(place.folder / "images", count=6)
    models = "[{source: tiny.keras, dataset: none}, {source: tiny.keras, name: other}]"
    place.build(f"{FEW}dataset: images", models=models)
    manifest = json.loads((place.folder / "site/manifest.json").read_text())
    assert [model["dataset"] and model["dataset"]["count"] for model in manifest["models"]] == [None, 6]


def test_units_see_what_their_windows_say() -> None:
    fields = Fields(((-3, 3), (1, 7)), None)
    assert fields.box(3, 3, (6, 9)) == (1, 0, 5, 9)
    assert fields.box(0, 3, (6, 9)) == (0, 0, 4, 9)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["demo", "residual"])
def test_whole_networks_on_two_hundred_images(tmp_path: Path, name: str, measured: object) -> None:
    """Every statistic, rank, place and part of the bundled network and of another, of all filters of all layers."""
    folder = tmp_path / "images"
    rng = np.random.default_rng(3)
    folder.mkdir()
    for number in range(200):
        coarse = rng.integers(0, 256, (int(rng.integers(2, 16)),) * 2 + (3,), np.uint8)
        Image.fromarray(coarse).resize((32, 32), Image.Resampling.BICUBIC).save(folder / f"{number:03d}.png")
    path = demo_path() if name == "demo" else ROOT / "tests/data/residual.keras"
    config = tmp_path / "config.yaml"
    render = "{size: 16, steps: 1, margin: 4}"
    config.write_text(
        f"render: {render}\nphotos: [chelsea]\nfilters: 1\ndataset: images\nmodels: [{{source: {path}, name: net}}]\n"
    )
    build(load_config(config))
    place = Place(tmp_path)
    summary = summary_of(place, "net")
    looked = Looked.from_json(place.store.dataset("net"), summary.digest)
    assert looked
    every = [layer.index for layer in summary.layers]
    layers = layer_evidence(place.store, looked, every)
    assert list(layers) == every
    model = keras.models.load_model(path)
    for layer in model.layers:
        if isinstance(layer, keras.layers.Dense):  # units are read before the softmax
            layer.activation = keras.activations.linear
    pixels = arrays_of(folder)[1] @ np.array(summary.preprocess.matrix) + np.array(summary.preprocess.offset)
    whole = keras.Model(model.inputs, [model.get_layer(layer.read_at).output for layer in summary.layers])
    for layer, values in zip(summary.layers, whole.predict(pixels.astype(np.float32), verbose=0), strict=True):
        own, flat = layers[layer.index].evidence, values.reshape(200, -1, values.shape[-1])
        response, peak = flat.mean(1, dtype=np.float64), flat.max(1)
        scale = np.abs(peak).max()
        np.testing.assert_allclose(own.mean, [response.mean(0), peak.mean(0)], rtol=1e-5, atol=1e-5 * scale)
        np.testing.assert_allclose(own.deviation, [response.std(0), peak.std(0)], rtol=1e-5, atol=1e-5 * scale)
        np.testing.assert_allclose(own.most, response.max(0), rtol=1e-5, atol=1e-5 * scale)
        np.testing.assert_allclose(own.sampled, [response, peak], rtol=1e-5, atol=1e-5 * scale)
        for index in range(values.shape[-1]):
            best = own.examples(index, 9)
            found = [peak[example.image, index] for example in best]
            expected = np.sort(peak[:, index][peak[:, index] > 0])[::-1][:9]
            np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5 * scale)
            for example in best:
                assert flat[example.image, example.place, index] >= peak[example.image, index] - 1e-5 * scale
