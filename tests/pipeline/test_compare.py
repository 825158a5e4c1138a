"""Two states of one network, from their files to the numbers on the pages."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from generator.config import load_config
from generator.errors import ModelError
from generator.models.load import load
from generator.pipeline import prepare
from generator.pipeline.compare import differences
from generator.pipeline.context import Models
from generator.plan import Tuning
from generator.render.folded_weights import FoldedWeights, folded_weights
from tests.pages.gallery import Page, fill
from tests.pipeline.conftest import Place, save_network
from tests.summaries import entry

RESIDUAL = Path(__file__).parents[1] / "data" / "residual.keras"
LAYER, NORM = "stage1_block1_conv1", "stage1_block1_conv1_bn"
SHOWN = (1, 3, 7, 9, 12)
NAN = math.nan

KINDS: dict[str, Callable[[], Any]] = {
    "plain": lambda: layers.Conv2D(6, 3, padding="same"),
    "without bias": lambda: layers.Conv2D(6, 3, padding="same", use_bias=False),
    "groups": lambda: layers.Conv2D(6, 3, padding="same", groups=2),
    "depthwise": lambda: layers.DepthwiseConv2D(3, padding="same", depth_multiplier=2),
    "separable": lambda: layers.SeparableConv2D(6, 3, padding="same", depth_multiplier=3),
    "transposed": lambda: layers.Conv2DTranspose(6, 3, padding="same"),
}


@pytest.mark.parametrize("normalised", [False, True], ids=["alone", "normalised"])
@pytest.mark.parametrize("kind", KINDS)
def test_weights_act_as_the_network_computes(kind: str, normalised: bool, tmp_path: Path) -> None:
    """An answer is linear in the picture: its slope at one place is the kernel, the answer to black the bias."""
    keras.utils.set_random_seed(1)
    steps = [KINDS[kind](), *([layers.BatchNormalization()] if normalised else [])]
    network = keras.Sequential([keras.Input((9, 9, 4)), *steps])
    rng = np.random.default_rng(0)
    for step in steps:  # all positive, as variances are
        step.set_weights([rng.uniform(0.1, 2, one.shape) for one in step.get_weights()])
    network.save(tmp_path / "one.keras")
    (found,) = folded_weights(load(entry(source=str(tmp_path / "one.keras"))))
    black = tf.Variable(tf.zeros((1, 9, 9, 4)))
    with tf.GradientTape(persistent=True) as tape:
        answers = network(black, training=False)[0, 4, 4]
        each = [answers[index] for index in range(int(answers.shape[0]))]
    slopes = [tape.gradient(one, black).numpy() for one in each]
    assert np.allclose(np.linalg.norm(found.kernels, axis=1), [np.linalg.norm(one) for one in slopes], rtol=1e-5)
    overlaps = np.array([[np.sum(a * b) for b in slopes] for a in slopes])
    if kind not in ("depthwise", "groups"):  # their filters read different inputs, each its own pattern
        assert np.allclose(found.kernels @ found.kernels.T, overlaps, rtol=1e-4)
    biased = kind != "without bias" or normalised
    assert (found.biases is not None) == biased
    if found.biases is not None:
        assert np.allclose(found.biases, answers, rtol=1e-5)
    assert found.folded == normalised


def weights_of(kernels: list[list[float]], biases: list[float] | None = None, folded: bool = False) -> FoldedWeights:
    return FoldedWeights(
        np.array(kernels, np.float32), None if biases is None else np.array(biases, np.float32), folded
    )


@pytest.mark.parametrize(
    ("a", "b", "change", "cosine"),
    [
        ([3, 4], [3, 4], 0, 1),
        ([3, 4], [6, 8], 1, 1),
        ([3, 4], [-3, -4], 2, -1),
        ([3, 4], [-4, 3], math.sqrt(2), 0),
        ([3, 4], [0, 0], 1, None),
        ([1e-20, 0], [2e-20, 0], 1, 1),
        ([1e30, 0], [0, 1e30], math.sqrt(2), 0),
        # where there is no ratio
        ([0, 0], [3, 4], None, None),
        ([0, 0], [0, 0], 0, None),
        ([3, 4], [NAN, 4], None, None),
        ([NAN, 4], [NAN, 4], None, None),
        ([math.inf, 4], [3, 4], None, None),
    ],
)
def test_a_filter_moves_by_its_own_length(
    a: list[float], b: list[float], change: float | None, cosine: float | None
) -> None:
    (layer,) = differences([weights_of([a])], [weights_of([b])])["layers"]
    assert layer["change"] == (None if change is None else pytest.approx(change, rel=1e-6))
    assert layer["filters"]["change"] == [layer["change"]]
    assert layer["filters"]["cosine"] == [None if cosine is None else pytest.approx(cosine, abs=1e-6)]
    json.dumps(layer, allow_nan=False)


def test_a_layer_moves_as_a_whole_and_biases_are_told_apart() -> None:
    a, b = weights_of([[3, 0], [0, 4]], [1, 2]), weights_of([[3, 0], [0, 9]], None, folded=True)
    (layer,) = differences([a], [b])["layers"]
    assert layer == {
        "change": 1.0,
        "folded": True,
        "filters": {"change": [0.0, 1.25], "cosine": [1.0, 1.0], "biases": [[1.0, 2.0], [0.0, 0.0]]},
    }
    assert differences([weights_of([[1]])], [weights_of([[1]])])["layers"][0]["filters"]["biases"] is None


def network(path: Path, change: Callable[[keras.Model], None]) -> keras.Model:
    """Save the second network's file after a change, and return what it is then."""
    made = keras.models.load_model(RESIDUAL)
    change(made)
    made.save(path)
    return made


def silence_the_first(model: keras.Model) -> None:
    """Let filter 1 of the layer be silent whatever it sees."""
    norm = model.get_layer(NORM)
    gamma, beta, mean, variance = norm.get_weights()
    beta[1] = -1e4
    norm.set_weights([gamma, beta, mean, variance])


def train_on(model: keras.Model) -> None:
    """Stretch filter 3, turn filter 9 round, and let filter 7 drift."""
    conv = model.get_layer(LAYER)
    kernel, *rest = conv.get_weights()
    kernel[..., 3] *= 1.5
    kernel[..., 9] *= -1
    kernel[..., 7] += np.random.default_rng(0).normal(0, 0.02, kernel[..., 7].shape)
    conv.set_weights([kernel, *rest])


def folded(model: keras.Model) -> np.ndarray:
    """Return the layer's kernels (values, filters) as the batch normalisation behind them scales them."""
    gamma, _, _, variance = model.get_layer(NORM).get_weights()
    scale = gamma / np.sqrt(variance + model.get_layer(NORM).epsilon)
    return (model.get_layer(LAYER).get_weights()[0] * scale).reshape(-1, len(scale))


def of(names: str, *further: str) -> str:
    """Return models' entries, of which one layer is shown."""
    shown = f"layers: {LAYER}, filters: {list(SHOWN)}"
    return f"[{', '.join([f'{{source: {name}.keras, {shown}}}' for name in names.split()] + list(further))}]"


def row(page: str, index: int) -> str:
    """Return what stands below a filter in a list of pairs."""
    found = re.search(rf"filter {index}\".*?<span class=\"number\">(.*?)</span></li>", page)
    assert found
    return found[1].replace("\N{NARROW NO-BREAK SPACE}", " ").replace("&#8239;", " ")


def shown(page: str, model: str) -> list[int]:
    """Return the filters of a model that a page shows, in their order."""
    links = [address for tag, address in Page.read(page).links() if tag == "a"]
    return [int(found[1]) for link in links if (found := re.search(rf"/{model}/.*/(\d{{4}})\.html$", link))]


def stand_in(place: Place, models: str) -> None:
    """Keep something for every picture and map of these models: where weights are compared, it takes no real ones."""
    prepared, _ = prepare(load_config(place.configure(models=models)))
    for one in prepared:
        place.store.put_tuning(one.summary.digest, Tuning().to_json())  # else it would be loaded to be measured
        fill(place.store, one.now)


def test_two_checkpoints_are_compared_from_their_files_to_the_page(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = network(place.folder / "before.keras", silence_the_first)
    after = network(place.folder / "after.keras", train_on)
    stand_in(place, of("before after"))
    summary, done = place.build(models=of("before after"))
    assert (summary.failures, done) == ((), [])
    folder = place.folder / "site" / "compare" / "before~after"
    index = (folder / "index.html").read_text()
    layer = (folder / f"002-{LAYER}.html").read_text()
    a, b = folded(before), folded(after)
    moved = np.linalg.norm(b - a, axis=0) / np.linalg.norm(a, axis=0)
    assert f"{100 * np.linalg.norm(b - a) / np.linalg.norm(a):.3g}" in index
    assert shown(layer, "before")[:3] == sorted(SHOWN, key=lambda one: -moved[one])[:3] == [9, 3, 7]
    for one in SHOWN:
        cosine = a[:, one] @ b[:, one] / np.linalg.norm(a[:, one]) / np.linalg.norm(b[:, one])
        said = row(layer, one).replace("\N{MINUS SIGN}", "-")
        assert said.startswith(f"weights {float(f'{100 * moved[one]:.3g}'):g} %, cosine {float(f'{cosine:.3g}'):g}; ")
    assert "bias −10000 → " in row(layer, 1)
    # what was measured is kept, and read again without a model
    kept = place.kept("comparisons")
    assert len(kept) == 1
    monkeypatch.setattr(Models, "load", lambda self, entry: pytest.fail("a model was loaded"))
    again, _ = place.build(models=of("before after"))
    assert (again.failures, again.pages.written, place.kept("comparisons")) == ((), 0, kept)
    # and pages go with the pair
    gone, _ = place.build(models=of("before after"), more="compare: []\n")
    assert not folder.parent.exists()
    assert gone.pages.deleted == 2


def test_what_cannot_be_loaded_is_told_and_done_without(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    save_network(place.folder / "later.keras", bias=0.2)
    kill_the_second(place.folder / "tiny.keras")
    both = "{source: tiny.keras, layers: first}, {source: later.keras, layers: first}"
    place.build(models=f"[{both}]", more="compare: []\n")
    assert not (place.folder / "site/compare").exists()

    def refuse(self: Models, entry: object) -> None:
        raise ModelError("no such luck")

    with monkeypatch.context() as patch:
        patch.setattr(Models, "load", refuse)
        summary, _ = place.build(models=f"[{both}]")
    assert [(f.what, f.message) for f in summary.failures] == [("comparison of tiny and later", "no such luck")]
    page = place.folder / "site/compare/tiny~later/index.html"
    assert "How much the weights changed is not known" in page.read_text()
    # a build that is asked for neither loads neither
    save_one(place.folder / "third.keras")
    stand_in(place, "[third.keras]")
    place.build(models=f"[{both}, third.keras]", only=("third",))
    assert place.kept("comparisons") == {}
    place.build(models=f"[{both}]", only=("later",))
    assert len(place.kept("comparisons")) == 1
    assert "not known" not in page.read_text()
    assert "dead → " in row(page.with_name("001-first.html").read_text(), 1)


def kill_the_second(path: Path) -> None:
    """Let filter 1 of the first layer of a network be silent whatever it sees."""
    model = keras.models.load_model(path)
    kernel, bias = model.get_layer("first").get_weights()
    kernel[..., 1], bias[1] = -1, -1
    model.get_layer("first").set_weights([kernel, bias])
    model.save(path)


def test_different_architectures_are_compared_by_their_answers_alone(place: Place) -> None:
    save_one(place.folder / "third.keras")
    stand_in(place, "[tiny.keras, third.keras]")
    summary, _ = place.build(models="[tiny.keras, third.keras]", more="compare: [[tiny, third]]\n")
    assert (summary.failures, place.kept("comparisons")) == ((), {})
    folder = place.folder / "site" / "compare" / "tiny~third"
    assert "architectures differ" in (folder / "index.html").read_text()
    layer = (folder / "001-first.html").read_text()
    alike = [float(level) for level in re.findall(r"alike ([\d.]+)</span>", layer)]
    assert alike == sorted(alike)
    assert sorted(shown(layer, "tiny")) == [0, 1, 2, 3]
    assert set(shown(layer, "third")) <= {0, 1}
    assert "weights" not in layer


def save_one(path: Path) -> None:
    """Save a network of a single layer."""
    keras.utils.set_random_seed(2)
    keras.Sequential([keras.Input((20, 20, 3)), layers.Rescaling(1 / 255), layers.Conv2D(2, 3, name="only")]).save(path)
