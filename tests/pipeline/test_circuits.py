"""What filters are made of, through a whole build: measured once, on the dataset or the photos, and shown."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers
from PIL import Image

from generator.analysis.expansion import LINKS, LayerExpansion
from generator.arrays import layers_from_bytes
from generator.config import load_config
from generator.pipeline import CircuitWarning, Event, ImagesSeen, build

SETTINGS = "render: {size: 16, steps: 1, margin: 4}\nphotos: [chelsea]\nmodels: [net.keras]\n"


def network() -> keras.Model:
    """Two convolutions added up, read by a third, which is read by a grouped fourth."""
    image = keras.Input((24, 24, 3))
    first = layers.Conv2D(4, 3, padding="same", activation="relu", name="first")(image)
    second = layers.Conv2D(4, 3, padding="same", activation="relu", name="second")(first)
    joined = layers.Add(name="joined")([first, second])
    third = layers.Conv2D(6, 1, activation="relu", name="third")(joined)
    return keras.Model(image, layers.Conv2D(4, 3, groups=2, activation="relu", name="fourth")(third))


def configure(folder: Path, more: str = "", make: Callable[[], keras.Model] = network) -> Path:
    keras.utils.set_random_seed(0)
    model = make()
    for layer in model.layers:
        if isinstance(layer, layers.Conv2D):
            kernel, bias = layer.get_weights()
            layer.set_weights([kernel, np.abs(bias) + 0.1])
    model.save(folder / "net.keras")
    rng = np.random.default_rng(0)
    (folder / "images").mkdir()
    for number in range(12):
        Image.fromarray(rng.integers(0, 256, (24, 24, 3), np.uint8)).save(folder / f"images/{number}.png")
    (folder / "config.yaml").write_text(SETTINGS + more)
    return folder / "config.yaml"


def built(config: Path, force: bool = False) -> tuple[Any, list[Event]]:
    events: list[Event] = []
    assert not build(load_config(config), force=force, on_event=events.append).failures
    return json.loads((config.parent / "site/manifest.json").read_text())["models"][0]["layers"], events


def contributions(folder: Path, layer: str, source: str) -> np.ndarray:
    """Return what the inputs of a 1x1 convolution contribute, by a plain computation on the images."""
    model = keras.models.load_model(folder / "net.keras")
    images = np.stack([np.asarray(Image.open(path), np.float32) for path in sorted((folder / "images").iterdir())])
    end, before = (keras.Model(model.input, model.get_layer(name).output) for name in (layer, source))
    activation, inputs = np.asarray(end(images), np.float64), np.asarray(before(images), np.float64)
    kernel = np.asarray(model.get_layer(layer).kernel)[0, 0]
    weighted = np.einsum("nhwi,nhwj->ij", inputs, activation) / activation.sum((0, 1, 2))
    return np.asarray(kernel * weighted)


def test_the_manifest_has_the_shares_of_a_plain_computation(tmp_path: Path) -> None:
    """The third layer reads a sum: each of its inputs has two sources, with one share."""
    found, _ = built(configure(tmp_path, "dataset: images\n"))
    expected = contributions(tmp_path, "third", "joined")
    shares = expected / np.abs(expected).sum(axis=0)
    for record in found[2]["filters"]:
        own = shares[:, record["index"]]
        by_source = {(part["layer"], part["filter"]): part for part in record["inputs"]}
        assert by_source.keys() == {(layer, channel) for layer in (1, 2) for channel in range(4)}
        for (_, channel), part in by_source.items():
            assert part["share"] == pytest.approx(abs(own[channel]), rel=1e-3)
            assert part["sign"] == ("positive" if own[channel] > 0 else "negative")
    for channel, record in enumerate(found[0]["filters"]):
        users = {(part["layer"], part["filter"]): part["share"] for part in record["outputs"] if part["layer"] == 3}
        assert users == {(3, j): pytest.approx(abs(shares[channel, j]), rel=1e-3) for j in range(6)}
    assert [layer["provenance"] for layer in found] == [1, 1, 1, 1]
    assert not any(record["inputs"] for record in found[0]["filters"])
    assert {part["filter"] for part in found[3]["filters"][0]["inputs"]} <= {0, 1, 2}
    assert {part["filter"] for part in found[3]["filters"][3]["inputs"]} <= {3, 4, 5}


def test_a_page_names_and_links_what_a_filter_is_made_of(tmp_path: Path) -> None:
    built(configure(tmp_path, "dataset: images\n"))
    page = (tmp_path / "site/net/003-third/0000.html").read_text()
    part = page[page.index("What it is made of") : page.index("What it feeds")]
    assert "on 12 images of the dataset" in part
    assert part.count('src="data:image/png;base64,') == 4
    links = re.findall(r'href="../(?:../net/)?(\d+)-\w+/(\d+).html"', part)
    assert {("001", f"{channel:04d}") for channel in range(4)} <= set(links)
    assert {("002", f"{channel:04d}") for channel in range(4)} <= set(links)
    assert part.count("a sum") == 4
    feeds = page[page.index("What it feeds") :]
    assert re.search(r"004-fourth/000[01].html", feeds)
    first = (tmp_path / "site/net/001-first/0000.html").read_text()
    assert "What it is made of" not in first
    assert "What it feeds" in first
    last = (tmp_path / "site/net/004-fourth/0000.html").read_text()
    assert "What it feeds" not in last


def test_it_is_measured_once_and_again_when_the_images_change(tmp_path: Path) -> None:
    config = configure(tmp_path)
    found, _ = built(config)
    page = (tmp_path / "site/net/003-third/0000.html").read_text()
    assert "kernel times input, on the photo" in page
    assert found[2]["filters"][0]["inputs"]
    again = (
        "import sys; from pathlib import Path\n"
        "from generator.config import load_config\nfrom generator.pipeline import build\n"
        f"assert not build(load_config(Path({str(config)!r}))).failures\nassert 'tensorflow' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", again], check=True, capture_output=True)
    config.write_text(SETTINGS + "dataset: images\n")
    built(config)
    assert "12 images of the dataset" in (tmp_path / "site/net/003-third/0000.html").read_text()


def test_a_damaged_store_is_measured_again_with_force(tmp_path: Path) -> None:
    config = configure(tmp_path, "dataset: images\n")
    found, _ = built(config)
    (entry,) = (tmp_path / ".filter-gallery/circuits").iterdir()
    blob = json.loads(entry.read_text())["numbers"]
    path = tmp_path / ".filter-gallery/objects" / blob[:2] / blob
    path.unlink()
    assert built(config)[0] == found
    entry.write_text(entry.read_text().replace('"count":12', '"count":13'))
    assert built(config)[0] == found


@keras.saving.register_keras_serializable("filter-gallery-tests")
class Fixed(layers.Conv2D):
    """A convolution of which the kernel plays no part."""

    def call(self, inputs: Any) -> Any:
        """Return the first channels, as many as there are filters."""
        return inputs[..., :2] + 1.0


def test_a_layer_that_does_not_allow_it_is_a_warning(tmp_path: Path) -> None:
    def make() -> keras.Model:
        return keras.Sequential(
            [keras.Input((24, 24, 3)), layers.Conv2D(4, 3, name="plain"), Fixed(2, 3, name="fixed")]
        )

    module = "tests.pipeline.test_circuits:Fixed"
    config = configure(tmp_path, "", make)
    config.write_text(SETTINGS.replace("[net.keras]", f"[{{source: net.keras, custom_objects: ['{module}']}}]"))
    found, events = built(config)
    warnings = [event.message for event in events if isinstance(event, CircuitWarning)]
    assert any("made of is not known" in message for message in warnings)
    assert not any(record["inputs"] for layer in found for record in layer["filters"])


def classifier(flat: bool = False) -> keras.Model:
    image = keras.Input((24, 24, 3))
    first = layers.Conv2D(4, 3, activation="relu", name="first")(image)
    second = layers.Conv2D(4, 3, activation="relu", name="second")(first)
    pooled = layers.Flatten()(second) if flat else layers.GlobalAveragePooling2D()(second)
    return keras.Model(image, layers.Dense(3, "softmax", name="head")(pooled))


LABELLED = SETTINGS.replace("[net.keras]", '[{source: net.keras, labels: [cat, "<i>dog</i>", bird]}]')


def test_what_filters_say_to_the_classes(tmp_path: Path) -> None:
    config = configure(tmp_path, "", classifier)
    config.write_text(LABELLED + "dataset: images\n")
    found, _ = built(config)
    model = keras.models.load_model(tmp_path / "net.keras")
    images = np.stack([np.asarray(Image.open(path), np.float32) for path in sorted((tmp_path / "images").iterdir())])
    activation = np.asarray(keras.Model(model.input, model.get_layer("second").output)(images), np.float64)
    expected = activation.mean((0, 1, 2))[:, None] * np.asarray(model.get_layer("head").kernel, np.float64)
    expected -= expected.mean(axis=1, keepdims=True)
    for index, record in enumerate(found[1]["filters"]):
        said = [part["effect"] for part in record["effects"]]
        assert said == sorted(said, reverse=True)
        by_class = {part["filter"]: part["effect"] for part in record["effects"]}
        if not expected[index].any():
            assert not by_class  # it never fires
            continue
        assert by_class == {unit: pytest.approx(expected[index, unit], rel=1e-2, abs=1e-3) for unit in range(3)}
    assert expected.any()
    assert any(record["effects"] for record in found[0]["filters"])
    assert [record["name"] for record in found[2]["filters"]] == ["cat", "<i>dog</i>", "bird"]
    assert {part["layer"] for part in found[2]["filters"][0]["inputs"]} == {2}
    fires = [next(record["page"] for record in layer["filters"] if record["effects"]) for layer in found[:2]]
    before, page, last = ((tmp_path / "site" / name).read_text() for name in (*fires, found[2]["filters"][1]["page"]))
    assert "This is exact" in page
    assert "activation times the gradient" in before
    assert "&lt;i&gt;dog&lt;/i&gt;</h1>" in last
    assert "What it says to the classes" in page
    for text in (page, before, last, (tmp_path / "site/net/index.html").read_text()):
        assert "<i>dog" not in text


@pytest.mark.parametrize("dataset", ["", "dataset: images\n"])
def test_a_head_of_one_size_does_not_keep_the_rest_from_being_measured(tmp_path: Path, dataset: str) -> None:
    config = configure(tmp_path, "", lambda: classifier(flat=True))
    config.write_text(SETTINGS + dataset)
    found, events = built(config)
    assert not [event for event in events if isinstance(event, CircuitWarning)]
    assert any(record["inputs"] for record in found[1]["filters"])  # but for those that never fire
    # At 224 pixels, as photos are fed, the head takes nothing.
    assert any(record["inputs"] for record in found[2]["filters"]) == bool(dataset)
    assert any(record["effects"] for record in found[1]["filters"]) == bool(dataset)
    assert [layer["filter_count"] for layer in found] == [4, 4, 3]
    assert all(record["pictures"] for record in found[2]["filters"])


def test_a_page_unfolds_what_a_filter_is_made_of(tmp_path: Path) -> None:
    def chain() -> keras.Model:
        image = x = keras.Input((24, 24, 3))
        for number in range(1, 5):
            x = layers.Conv2D(5, 3, activation="relu", name=f"conv{number}")(x)
        return keras.Model(image, layers.Dense(3, name="head")(layers.GlobalAveragePooling2D()(x)))

    found, _ = built(configure(tmp_path, "dataset: images\n", chain))
    made = {
        (layer["index"], record["index"]): [
            (part["layer"], part["filter"]) for part in record["inputs"] if part["sign"] == "positive"
        ]
        for layer in found
        for record in layer["filters"]
    }
    trees = {(layer["index"], record["index"]): record["tree"] for layer in found for record in layer["filters"]}
    for place, tree in trees.items():
        assert bool(tree) == any(made.get(source) for source in made[place]), place
    assert not any(tree for (layer, _), tree in trees.items() if layer < 3)  # conv2 is made of what reads colours
    deepest = [place for place, tree in trees.items() if tree and place[0] == 5]
    assert deepest
    for place in deepest:
        path = tmp_path / "site" / trees[place]
        page = path.read_text()
        links = set(re.findall(r'href="([^"#]+\.html)"', page))
        assert all((path.parent / link).is_file() for link in links)
        steps = page[page.index("Step by step") :]
        shown = [(int(a), int(b)) for a, b in re.findall(r'src="../(\d+)-\w+/(\d+)-picture\.webp"', steps)]
        expected = []
        for first in made[place]:
            expected.append(first)
            for second in made[first][:4]:
                expected += [second, *(made[second][:4] if first in made[place][:4] else [])]
        assert shown == expected
        line = page[page.index("Down to the first layer") : page.index("Step by step")]
        walked = [(int(a), int(b)) for a, b in re.findall(r'src="../(\d+)-\w+/(\d+)-picture\.webp"', line)]
        chained = [place]
        while made[chained[-1]]:
            chained.append(made[chained[-1]][0])
        assert walked == chained
        own = (tmp_path / "site" / trees[place].replace("-tree.html", ".html")).read_text()
        assert path.name in own


def linked(folder: Path) -> dict[int, set[int]]:
    """Return of which filters the store has links, by layer."""
    (path,) = (folder / ".filter-gallery/circuits").iterdir()
    entry = json.loads(path.read_text())
    blob = (folder / ".filter-gallery/objects" / entry["links"][:2] / entry["links"]).read_bytes()
    kept = layers_from_bytes(LayerExpansion, blob, entry["linked"])
    return {layer: set(own.filters.tolist()) for layer, own in kept.items()}


def test_a_page_has_what_reaches_a_filter_from_further_back(tmp_path: Path) -> None:
    """Two convolutions before the fourth layer lies what the third adds up; the kernel is a product of two."""
    config = configure(tmp_path, "dataset: images\n")
    built(config)
    assert linked(tmp_path) == {4: {0, 1, 2, 3}}  # the first is a direct input of the third, too
    page = (tmp_path / "site/net/004-fourth/0001.html").read_text()
    part = page[page.index("from further back") :]
    assert "Two convolutions back" in part
    assert "Three convolutions back" not in part
    assert part.count('class="cells far" src="data:image/png;base64,') == LINKS
    assert "on 12 images of the dataset" in part
    model = keras.models.load_model(tmp_path / "net.keras")
    images = np.stack([np.asarray(Image.open(path), np.float32) for path in sorted((tmp_path / "images").iterdir())])
    third, fourth = (np.asarray(model.get_layer(name).kernel, np.float64) for name in ("third", "fourth"))
    kernels = np.einsum("im,hwm->hwi", third[0, 0, :, :3], fourth[..., 1])  # of the first group's three channels
    effects = {}
    for layer, name in ((1, "first"), (2, "second")):
        activation = np.asarray(keras.Model(model.input, model.get_layer(name).output)(images), np.float64)
        power = np.sqrt(np.square(activation).mean((0, 1, 2)))
        for channel in range(4):
            effects[layer, channel] = np.sqrt(np.square(kernels[..., channel]).sum()) * power[channel]
    strongest = sorted(effects, key=lambda place: -effects[place])[:LINKS]
    pages = {1: "001-first", 2: "002-second"}
    links = re.findall(r'href="../(\d+-\w+)/(\d+).html"', part[: part.index("</section>")])
    assert links == [(pages[layer], f"{channel:04d}") for layer, channel in strongest]
    for share, place in zip(re.findall(r"([\d.]+) %<br>", part), strongest, strict=False):
        assert float(share) == pytest.approx(100 * effects[place] / sum(effects.values()), abs=0.6)


def test_links_are_found_for_the_filters_that_are_shown(tmp_path: Path) -> None:
    config = configure(tmp_path)
    config.write_text(SETTINGS + "filters: [2]\n")
    built(config)
    assert linked(tmp_path) == {4: {2}}
    config.write_text(SETTINGS + "filters: [1]\n")
    _, events = built(config)
    assert any(isinstance(event, ImagesSeen) for event in events)
    assert linked(tmp_path) == {4: {1, 2}}
    config.write_text(SETTINGS + "filters: [1, 2]\n")
    _, events = built(config)
    assert not any(isinstance(event, ImagesSeen) for event in events)
    (path,) = (tmp_path / ".filter-gallery/circuits").iterdir()
    links = json.loads(path.read_text())["links"]
    page = (tmp_path / "site/net/004-fourth/0001.html").read_text()
    (tmp_path / ".filter-gallery/objects" / links[:2] / links).write_bytes(b"damaged")
    built(config)
    assert linked(tmp_path) == {4: {1, 2}}
    assert (tmp_path / "site/net/004-fourth/0001.html").read_text() == page


@keras.saving.register_keras_serializable("filter-gallery-tests")
class Stubborn(layers.Layer):
    """Passes on pictures, and refuses what is not linear enough for it."""

    def call(self, inputs: Any) -> Any:
        """Raise where there is a batch of the four that linearity is tried with."""
        if inputs.shape[0] == 4:
            raise RuntimeError("no four at once")
        return inputs


def test_a_layer_that_raises_costs_the_links_alone(tmp_path: Path) -> None:
    def make() -> keras.Model:
        convs = [layers.Conv2D(3, 3, name=f"conv{place}") for place in range(3)]
        return keras.Sequential([keras.Input((24, 24, 3)), *convs[:2], Stubborn(), convs[2]])

    config = configure(tmp_path, "", make)
    module = "tests.pipeline.test_circuits:Stubborn"
    config.write_text(SETTINGS.replace("[net.keras]", f"[{{source: net.keras, custom_objects: ['{module}']}}]"))
    found, events = built(config)
    (warning,) = [event.message for event in events if isinstance(event, CircuitWarning)]
    assert "further back than the inputs of conv2 is not known: no four at once" in warning
    assert found[2]["filters"][0]["inputs"]
    assert "further back" not in (tmp_path / "site/net/003-conv2/0000.html").read_text()
