"""Filter Gallery in Python: the same pictures as on the command line, from networks that were never saved too."""

from __future__ import annotations

import base64
import io
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from generator import assets
from generator.api import gallery
from generator.errors import ConfigError, GalleryError, ModelError, PhotoError, UsageError
from generator.pipeline.events import LockWarning, Waiting

ROOT = Path(__file__).parents[2]
SMALL: dict[str, Any] = {"size": 32, "steps": 6}


def network(*more: Any, name: str = "mine", **first: Any) -> Any:
    """Return a network that is in memory alone: half of what it is told, then what is given."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(3)
    conv = layers.Conv2D(5, 3, **{"name": "conv one", "activation": "relu", **first})
    return keras.Sequential([keras.Input((None, None, 3)), layers.Rescaling(1 / 255), conv, *more], name=name)


@pytest.fixture(scope="module")
def shown() -> Any:
    from generator import visualize_filters

    return visualize_filters("demo", "block1_conv2", [3, 9], seed=5, **SMALL)


def test_importing_the_package_imports_nothing_of_it() -> None:
    code = (
        "import sys; before = {*sys.modules}; import generator; "
        "assert 'visualize_filters' in dir(generator); "
        "print(sorted(name for name in {*sys.modules} - before if name.partition('.')[0] in "
        "('generator', 'keras', 'tensorflow', 'numpy', 'pydantic', 'PIL'))); "
        "from generator import build, feature_maps, visualize_filters; "
        "print('tensorflow' in sys.modules or 'keras' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("['generator', 'generator.version']\nFalse\n", "")


def test_a_name_that_the_package_lacks_is_refused() -> None:
    import generator
    from generator import api, build

    assert generator.build is build is api.build
    with pytest.raises(AttributeError, match="no attribute 'biuld'"):
        generator.biuld  # noqa: B018


@pytest.mark.parametrize("method", ["fourier", "pixel", "maco"])
def test_the_picture_is_that_of_the_command_line(method: str, tmp_path: Path) -> None:
    from click.testing import CliRunner

    from generator import visualize_filters
    from generator.cli import main

    file = tmp_path / "three.png"
    words = ["render", "demo", "block1_conv2", "3", "--size", "32", "--steps", "6", "--seed", "5", "--method", method]
    done = CliRunner().invoke(main, [*words, "-o", str(file), "--precision", "float32"])
    assert done.exit_code == 0, done.output
    with Image.open(file) as image:
        theirs = np.asarray(image)
    ours = visualize_filters("demo", "block1_conv2", [3], seed=5, method=method, **SMALL)
    assert (np.asarray(ours.images()[0]) == theirs).all()
    said = [float(number) for number in re.findall(r"(?:objective|Score) (-?[\d.e-]+)", done.output)]
    assert [*ours.traces[0], ours.scores[0]] == pytest.approx(said, rel=1e-4)


def test_shapes_and_values(shown: Any) -> None:
    assert shown.pictures.shape == (2, 32, 32, 3)
    assert shown.pictures.dtype == np.float32
    assert 0 <= shown.pictures.min() < shown.pictures.max() <= 1
    assert (shown.filters, shown.scores.shape, shown.traces.shape) == ((3, 9), (2,), (2, 6))
    assert (shown.traces[:, -1] > shown.traces[:, 0]).all()
    assert repr(shown) == "<FilterPictures of demo/block1_conv2: filters 3, 9>"


def test_it_is_displayed_and_saved(shown: Any, tmp_path: Path) -> None:
    html = shown._repr_html_()
    sources = re.findall(r'src="data:image/png;base64,([^"]+)" width="32"[^>]* alt="Filter (\d) of block1_conv2"', html)
    assert [index for _, index in sources] == ["3", "9"]
    inside = [np.asarray(Image.open(io.BytesIO(base64.b64decode(content)))) for content, _ in sources]
    paths = shown.save(tmp_path / "new")
    assert [path.name for path in paths] == ["demo-block1_conv2-3.png", "demo-block1_conv2-9.png"]
    for picture, path, in_html in zip(shown.pictures, paths, inside, strict=True):
        with Image.open(path) as image:
            assert np.abs(np.asarray(image) / 255 - picture).max() <= 0.5 / 255 + 1e-6
            assert (np.asarray(image) == in_html).all()
    with Image.open(io.BytesIO(shown._repr_png_())) as sheet:
        assert sheet.format == "PNG"
        assert sheet.width > 2 * 128
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot write"):
        shown.save(tmp_path / "file")


def test_a_model_in_memory_is_that_of_its_file_and_stays_as_it_was(tmp_path: Path) -> None:
    from generator import visualize_filters

    model = network()
    before = [weight.copy() for weight in model.get_weights()]
    ours = visualize_filters(model, "conv one", [1], **SMALL)
    assert [layer.name for layer in model.layers] == ["rescaling", "conv one"]  # Keras cannot run under such a name
    assert all((now == old).all() for now, old in zip(model.get_weights(), before, strict=True))
    model.save(tmp_path / "mine.keras")
    theirs = visualize_filters(tmp_path / "mine.keras", "conv one", [1], **SMALL)
    np.testing.assert_allclose(ours.pictures, theirs.pictures, atol=1e-6)
    np.testing.assert_allclose(ours.scores, theirs.scores, rtol=1e-5)


def test_names_of_a_model_are_escaped_when_displayed() -> None:
    from generator import visualize_filters

    hostile = network()
    hostile.layers[1].name = "<img src=x>"
    html = visualize_filters(hostile, "<img src=x>", [0], **SMALL)._repr_html_()
    assert "<img src=x>" not in html
    assert "&lt;img src=x&gt;" in html


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (None, (0, 1, 2, 3, 4)),
        ("all", (0, 1, 2, 3, 4)),
        (2, (0, 2)),
        ([4, 1], (1, 4)),
        (np.array([2]), (2,)),
        (np.int64(2), (0, 2)),
    ],
)
def test_which_filters(filters: Any, expected: tuple[int, ...]) -> None:
    from generator import feature_maps

    assert feature_maps(network(), 1, filters=filters).filters == expected


def test_feature_maps_are_what_keras_computes() -> None:
    import keras

    from generator import feature_maps

    model, photo = network(), np.random.default_rng(0).integers(0, 256, (224, 224, 3)).astype(np.uint8)
    found = feature_maps(model, "conv one", photo, [0, 3])
    expected = keras.ops.convert_to_numpy(model(photo[None].astype(np.float32)))[0][..., [0, 3]]
    np.testing.assert_allclose(np.moveaxis(found.maps, 0, -1), expected, atol=1e-5)
    np.testing.assert_allclose(found.responses, expected.mean(axis=(0, 1)), atol=1e-5)
    assert (found.photo == photo).all()
    assert [image.size for image in found.images()] == [(222, 222)] * 2


@pytest.mark.case("relu6-ceiling")
def test_a_ceiling_is_told_and_scores_and_responses_are_on_one_scale() -> None:
    from generator import feature_maps, visualize_filters

    model, photo = network(activation="relu6", bias_initializer="ones"), np.full((224, 224, 3), 255, np.uint8)
    first = model.layers[-1]
    first.set_weights([20 * np.abs(first.get_weights()[0]), first.get_weights()[1]])
    white = first.get_weights()[0].sum(axis=(0, 1, 2)) + 1
    assert white.min() > 6
    found = feature_maps(model, 1, photo)
    assert (found.ceiling, found.maps.max()) == (6.0, 6.0)
    np.testing.assert_allclose(found.responses, 6.0)
    np.testing.assert_allclose(found.uncapped_responses, white, rtol=1e-4)
    shown = visualize_filters(model, 1, [0, 1], size=32, steps=32, method="pixel", learning_rate=1.0)
    assert shown.ceiling == 6.0
    assert (shown.scores > 6).all()
    assert (shown.scores <= white[:2] * 1.001).all()
    uncapped = feature_maps(network(), 1, photo)
    assert uncapped.ceiling is None
    np.testing.assert_array_equal(uncapped.uncapped_responses, uncapped.responses)


@pytest.mark.parametrize(
    ("photo", "expected"),
    [
        ("chelsea", assets.photo_path("chelsea")),
        (assets.photo_path("coffee"), assets.photo_path("coffee")),
        (Image.new("L", (300, 300), 7), 7),
        (np.full((40, 50), 9.4), 9),
    ],
)
def test_photos(photo: Any, expected: Any) -> None:
    from generator import feature_maps

    fed = feature_maps(network(), 1, photo, [0]).photo
    if isinstance(expected, Path):
        with Image.open(expected) as image:
            assert np.abs(fed.mean(axis=(0, 1)) - np.asarray(image.convert("RGB")).mean(axis=(0, 1))).max() < 40
    else:
        assert (fed == expected).all()


def test_examples_are_what_keras_and_numpy_find(tmp_path: Path) -> None:
    """Of a model in memory and arrays in memory, with labels; the picture shows the part that the peak sees."""
    import keras

    from generator import dataset_examples

    model = network()
    images = np.random.default_rng(1).integers(0, 256, (30, 12, 14, 3), np.uint8)
    labels = np.arange(30) % 3
    found = dataset_examples(model, "conv one", (images, labels), filters=[1, 4], examples=4, labels=["a", "b", "c"])
    values = np.asarray(keras.Model(model.inputs, model.layers[1].output)(images.astype(np.float32)))[..., [1, 4]]
    peaks, flat = values.max((1, 2)), values.reshape(30, -1, 2)
    for at, examples in enumerate(found.examples):
        order = np.argsort(-peaks[:, at], kind="stable")[:4]
        assert [example.image for example in examples] == [f"image {place}" for place in order]
        assert [example.label for example in examples] == ["abc"[place % 3] for place in order]
        np.testing.assert_allclose([example.peak for example in examples], peaks[order, at], rtol=1e-4)
        row, column = divmod(int(flat[order[0], :, at].argmax()), 12)
        top, left, height, width = examples[0].box
        assert top <= row + 1 < top + height
        assert left <= column + 1 < left + width
    np.testing.assert_allclose(found.means, values.mean((0, 1, 2)), rtol=1e-4)
    np.testing.assert_allclose(found.class_means[1], values[1::3].mean((0, 1, 2)), rtol=1e-4)
    np.testing.assert_allclose(found.fires_in, (peaks > 0).mean(0))
    assert [image.size for image in found.images()] == [(192, 192)] * 2
    assert "fires in" in found._repr_html_()
    assert len(found.save(tmp_path)) == 2


@pytest.mark.parametrize(
    ("images", "message"),
    [
        ("nowhere/", "dataset 'nowhere/': no folder"),
        (np.zeros((3, 4)), "are no images"),
        (np.full((2, 8, 8, 3), np.nan), "none of the images can be used"),
        (None, "returned NoneType"),
    ],
)
def test_images_that_are_none(images: Any, message: str) -> None:
    from generator import dataset_examples

    with pytest.raises(GalleryError) as refused:
        dataset_examples("demo", "block1_conv1", images)
    assert message in str(refused.value)


def test_a_model_without_preprocessing_of_its_own_is_warned_of() -> None:
    import keras

    from generator import feature_maps, visualize_filters

    model = keras.Sequential([keras.Input((16, 16, 3)), keras.layers.Conv2D(1, 3, name="conv")], name="bare")
    with pytest.warns(UserWarning, match=r"^bare: the model has no Rescaling") as warned:
        auto = visualize_filters(model, "conv", **SMALL)
    with pytest.warns(UserWarning, match=r"^bare: the model has no Rescaling") as warned_again:
        feature_maps(model, "conv")
    places = [warning.filename for warning in (*warned, *warned_again) if warning.category is UserWarning]
    assert places == [__file__] * 2
    scaled = visualize_filters(model, "conv", preprocess={"scale": 1 / 255}, **SMALL)
    assert auto.scores[0] == pytest.approx(255 * scaled.scores[0], rel=0.2)  # its inputs are so many times as large


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        ({"model": "dmo"}, UsageError, "unknown model 'dmo'. Did you mean demo?"),
        ({"model": "nowhere/net.keras"}, UsageError, "no model file 'nowhere/net.keras' in "),
        ({"model": 3}, UsageError, "expected a keras.Model, a name or a path, got a int"),
        ({"layer": "conv on"}, UsageError, "mine: no convolutional layer 'conv on'. Did you mean conv one?"),
        ({"layer": 9}, UsageError, "mine: no convolutional layer 9. It has: conv one"),
        ({"filters": [5]}, UsageError, "mine/conv one: no filter 5. The layer has 5, from 0 to 4"),
        ({"filters": 1.5}, ConfigError, "filters: expected all, a number above zero"),
        ({"filters": {"most_active": 2}}, UsageError, "which are most active a build finds, with its photos"),
        ({"filters": 0}, ConfigError, "filters: expected all, a number above zero"),
        ({"steps": 0}, ConfigError, "steps: expected a number greater than or equal to 1, got 0"),
        ({"method": "forier"}, ConfigError, "Did you mean fourier?"),
        ({"sign": "both"}, UsageError, "a picture has one sign and one objective"),
        ({"preprocess": "cafe"}, ConfigError, "Did you mean caffe?"),
        ({"objective": {"direction": {0: 1}}, "filters": [1]}, UsageError, "a direction names its filters itself"),
    ],
)
def test_what_is_wrong_is_told_as_on_the_command_line(
    call: dict[str, Any], kind: type[Exception], message: str
) -> None:
    from generator import visualize_filters

    values = {"model": network() if "model" not in call else None, "layer": "conv one", **call}
    with pytest.raises(kind, match=re.escape(message)) as told:
        visualize_filters(**values)
    assert "\n" not in str(told.value)
    assert isinstance(told.value, GalleryError)


@pytest.mark.parametrize(
    ("photo", "message"),
    [
        ("chelsee", "photo chelsee: no such file. Did you mean chelsea?"),
        (3, "expected a photo's name, its path, an image or an array, got 3"),
        (None, "expected a photo's name"),
        ([[1, 2], [3, 4]], "expected a photo's name"),
        (np.zeros((4, 4, 2)), "expected a photo (height, width, 3) or (height, width), got (4, 4, 2)"),
    ],
)
def test_photos_that_are_none(photo: Any, message: str) -> None:
    from generator import feature_maps

    with pytest.raises(UsageError, match=re.escape(message)):
        feature_maps(network(), 1, photo)


@pytest.mark.parametrize("config", [None, 3, []])
def test_configurations_that_are_none(config: Any) -> None:
    from generator import build

    with pytest.raises(UsageError, match="expected the path of a configuration, or a dict, got"):
        build(config)


def test_networks_that_have_nothing_to_show() -> None:
    import keras

    from generator import feature_maps, visualize_filters

    with pytest.raises(ModelError, match="no convolution"):
        visualize_filters(keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Flatten()]), 1)
    with pytest.raises(UsageError, match=r"no input shape yet\. Begin it with keras.Input"):
        visualize_filters(keras.Sequential([keras.layers.Conv2D(1, 3)]), 1)
    with pytest.raises(PhotoError, match="no-such-photo"):
        feature_maps(network(), 1, "no-such-photo.jpg")
    with pytest.raises(UsageError, match=r"expected a photo \(height, width, 3\)"):
        feature_maps(network(), 1, np.zeros((3, 8, 8, 3)))
    broken = network()
    broken.layers[1].kernel.assign(broken.layers[1].kernel * np.nan)
    with pytest.raises(GalleryError, match="conv one, filter 0: its weights are not all finite numbers"):
        visualize_filters(broken, 1, [0], **SMALL)


def test_other_backends_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    import keras

    from generator import visualize_filters

    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(UsageError, match="Keras runs on jax here"):
        visualize_filters("demo", 1)


def test_a_site_is_built_of_a_dict_and_of_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from generator import build

    monkeypatch.chdir(tmp_path)
    config = {
        "title": "Ü 😀 gallery",
        "output": tmp_path / "out",
        "render": {"size": np.int64(16), "steps": 2},
        "models": [{"source": "demo", "layers": ("block1_conv1",), "filters": 1}],
    }
    summary = build(config)
    assert (summary.failures, Path(summary.index)) == ((), tmp_path / "out/index.html")
    assert "<title>Ü 😀 gallery</title>" in (tmp_path / "out/index.html").read_text(encoding="utf-8")
    text = "title: File\nfilters: 1\nrender: {size: 16, steps: 2}\nmodels: [{source: demo, layers: block1_conv1}]\n"
    (tmp_path / "mine.yaml").write_text(text, encoding="utf-8")
    again = build("mine.yaml", output="other")
    assert (again.rendered, again.index) == (0, "other/index.html")
    with pytest.raises(ConfigError) as told:
        build({"titel": "x", "models": ["dmo"]})
    assert told.value.problems == (
        "config: models[0].source: unknown model 'dmo'. Did you mean demo?",
        "config: titel: unknown setting. Did you mean title?",
    )
    assert capsys.readouterr() == ("", "")


def test_a_configuration_that_holds_itself_is_refused_in_a_line() -> None:
    from generator import build

    own: dict[str, Any] = {"models": ["demo"]}
    own["render"] = own
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    for config, told in (
        (own, "config: Circular reference detected"),
        ({"models": deep}, "config: maximum recursion depth"),
    ):
        with pytest.raises(ConfigError) as caught:
            build(config)
        (problem,) = caught.value.problems
        assert problem.startswith(told)


def test_the_examples_of_the_guide_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each block of the page is a cell of one notebook, displayed as Jupyter would."""
    from tests.docs.commands import blocks

    cells = ["\n".join(b.lines) for b in blocks(ROOT / "docs/notebooks.md") if b.language == "python"]
    assert len(cells) >= 3
    code = "\n".join(cells)
    assert "visualize_filters" in code
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for cell in cells:
        exec(cell, names)
    assert len(list((tmp_path / "pictures").glob("*.png"))) == 2
    assert (tmp_path / names["summary"].index).is_file()


def test_the_examples_of_the_docstrings_run() -> None:
    import doctest

    from generator.api import filters

    done = doctest.testmod(filters)
    assert (done.failed, done.attempted > 3) == (0, True)


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (Waiting("site", "process 7 on far since today"), "waiting: site is in use by process 7 on far since today"),
        (LockWarning("site", "has no lock"), "site: has no lock"),
    ],
)
def test_a_notebook_is_warned_of_the_lock_of_its_output(event: Waiting | LockWarning, told: str) -> None:
    with pytest.warns(UserWarning, match="site") as warned:
        gallery._warn(event)
    assert [str(warning.message) for warning in warned] == [told]
