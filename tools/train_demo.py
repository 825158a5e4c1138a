"""Train the small networks of the project on CIFAR-10.

    python tools/train_demo.py demo     --data DIR -o generator/assets/demo.keras
    python tools/train_demo.py residual --data DIR -o tests/data/residual.keras
    python tools/train_demo.py mobile   --data DIR -o mobile.keras --epochs 10

``--data`` is a folder that holds ``cifar10-jpeg.zip`` or its unpacked ``train/`` and ``test/`` folders; without
it the pictures come from ``keras.datasets.cifar10``, which downloads them. The last line printed is the accuracy
of the *saved* file on the 10,000 test pictures.

``demo`` is a VGG-style stack whose batch normalisation is folded into its convolutions after training.
``residual`` is a small ResNet that keeps its batch normalisation; it is trained by another optimiser, so that
nothing in the gallery is fitted to one network alone. ``mobile`` is a small MobileNetV2, whose activations end at 6;
no file of it is kept: it is for a look at such networks by ``benchmarks/quality.py``.
"""

from __future__ import annotations

import argparse
import io
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from keras import layers
from PIL import Image

Pictures = np.ndarray
CLASSES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
PAD, BLANK = 4, 8
"""Pixels by which a training picture is shifted at most, and the side of the square that is blanked in it."""


@dataclass(frozen=True)
class Recipe:
    """How one network is built, trained and finished."""

    build: Callable[[Pictures], keras.Model]
    optimizer: Callable[[keras.optimizers.schedules.LearningRateSchedule], keras.optimizers.Optimizer]
    learning_rate: float
    label_smoothing: float
    finish: Callable[[keras.Model], keras.Model]
    precision: str = "mixed_bfloat16"


def read_cifar10(data: Path | None) -> tuple[tuple[Pictures, np.ndarray], tuple[Pictures, np.ndarray]]:
    """Return ``(train, test)``, each pictures ``(n, 32, 32, 3)`` uint8 and labels ``(n,)``."""
    if data is None:
        (x, y), (xt, yt) = keras.datasets.cifar10.load_data()
        return (x, y.ravel()), (xt, yt.ravel())
    return _read_split(data, "train"), _read_split(data, "test")


def _read_split(data: Path, split: str) -> tuple[Pictures, np.ndarray]:
    pictures, labels = [], []
    for name, content in _files(data):
        parts = name.split("/")
        if parts[0] == split and name.endswith(".jpg"):
            pictures.append(np.asarray(Image.open(io.BytesIO(content)).convert("RGB")))
            labels.append(CLASSES.index(parts[1]))
    if not pictures:
        raise SystemExit(f"{data}: found neither cifar10-jpeg.zip nor {split}/<class>/*.jpg")
    return np.stack(pictures), np.asarray(labels)


def _files(data: Path) -> Iterator[tuple[str, bytes]]:
    archive = data if data.suffix == ".zip" else data / "cifar10-jpeg.zip"
    if archive.is_file():
        with zipfile.ZipFile(archive) as opened:
            for name in sorted(opened.namelist()):
                if name.endswith(".jpg"):
                    yield name, opened.read(name)
    else:
        for path in sorted(data.glob("*/*/*.jpg")):
            yield path.relative_to(data).as_posix(), path.read_bytes()


class Augmented(keras.utils.PyDataset):
    """Shuffled batches; each picture is mirrored at random, shifted, relit, and has a small square blanked."""

    def __init__(self, x: Pictures, y: np.ndarray, batch: int, seed: int) -> None:
        super().__init__()
        self._x = np.pad(x, ((0, 0), (PAD, PAD), (PAD, PAD), (0, 0)), mode="reflect")
        self._y = keras.utils.to_categorical(y, len(CLASSES))
        self._batch, self._rng = batch, np.random.default_rng(seed)
        self.on_epoch_end()

    def __len__(self) -> int:
        return len(self._y) // self._batch

    def on_epoch_end(self) -> None:
        self._order = self._rng.permutation(len(self._y))

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        chosen = self._order[index * self._batch : (index + 1) * self._batch]
        top, left = self._rng.integers(0, 2 * PAD + 1, (2, len(chosen), 1, 1))
        rows, columns = top + np.arange(32)[:, None], left + np.arange(32)
        mirrored = self._rng.random((len(chosen), 1, 1)) < 0.5
        columns = np.where(mirrored, columns[..., ::-1], columns)
        x = self._x[chosen[:, None, None], rows, columns].astype("float32")
        contrast, light = self._rng.uniform(np.array([[0.85], [-15]]), np.array([[1.15], [15]]), (2, len(chosen)))[
            ..., None, None, None
        ]
        x = np.clip((x - 120) * contrast + 120 + light, 0, 255)
        corners = self._rng.integers(-BLANK // 2, 32 - BLANK // 2, (2, len(chosen), 1, 1))
        offsets = np.arange(32) - corners
        inside = (offsets >= 0) & (offsets < BLANK)
        x[inside[0].swapaxes(1, 2) & inside[1]] = 120
        return x.astype("float32"), self._y[chosen]


def build_vgg(_: Pictures) -> keras.Model:
    """Seven convolutions in four blocks; 7x7 kernels first, so that they can be read with the eye."""
    x = inputs = keras.Input((None, None, 3), name="image")
    x = layers.Rescaling(1 / 127.5, offset=-1.0, name="rescaling")(x)
    for block, widths in enumerate([(32, 32), (64, 64), (128, 128), (128,)], start=1):
        for number, width in enumerate(widths, start=1):
            name, size = f"block{block}_conv{number}", 7 if block == number == 1 else 3
            x = layers.Conv2D(width, size, padding="same", use_bias=False, name=name)(x)
            x = layers.BatchNormalization(name=f"{name}_bn")(x)
            x = layers.ReLU(name=f"{name}_relu")(x)
        if block < 4:
            x = layers.MaxPooling2D(name=f"block{block}_pool")(x)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    x = layers.Dropout(0.2, name="dropout")(x)
    return keras.Model(inputs, layers.Dense(len(CLASSES), name="logits", dtype="float32")(x), name="demo")


UNNEEDED = (layers.BatchNormalization, layers.ReLU, layers.InputLayer, layers.Dropout)
"""Layers of the training network that the folded one does not have: folded into a convolution, or for training only."""


def fold_batch_normalisation(model: keras.Model) -> keras.Model:
    """Return the same function as a stack of convolutions with bias and ReLU, and a softmax at its end."""
    x = inputs = keras.Input((None, None, 3), name="image")
    set_weights: list[tuple[keras.layers.Layer, list[np.ndarray]]] = []
    for layer in model.layers:
        if isinstance(layer, layers.Conv2D):
            norm = model.get_layer(f"{layer.name}_bn")
            gamma, beta, mean, variance = (np.asarray(w, "float64") for w in norm.get_weights())
            factor = gamma / np.sqrt(variance + norm.epsilon)
            new = layers.Conv2D(layer.filters, layer.kernel_size, padding="same", activation="relu", name=layer.name)
            set_weights.append((new, [layer.get_weights()[0] * factor, beta - mean * factor]))
        elif isinstance(layer, layers.Dense):
            new = layers.Dense(layer.units, activation="softmax", name="predictions")
            set_weights.append((new, layer.get_weights()))
        elif isinstance(layer, UNNEEDED):
            continue
        else:
            new = layer.__class__.from_config({**layer.get_config(), "dtype": "float32"})
        x = new(x)
    folded = keras.Model(inputs, x, name=model.name)
    for layer, weights in set_weights:
        layer.set_weights(weights)
    return folded


def build_resnet(train: Pictures) -> keras.Model:
    """A pre-2016 ResNet of 14 weighted layers: convolution, batch normalisation, ReLU, addition, ReLU."""
    pixels = train[::10].reshape(-1, 3).astype("float64")
    x = inputs = keras.Input((None, None, 3), name="image")
    x = layers.Normalization(mean=pixels.mean(0), variance=pixels.var(0), name="normalization")(x)

    def conv(x: keras.KerasTensor, width: int, size: int, stride: int, name: str) -> keras.KerasTensor:
        x = layers.Conv2D(width, size, strides=stride, padding="same", use_bias=False, name=name)(x)
        return layers.BatchNormalization(name=f"{name}_bn")(x)

    x = layers.ReLU(name="stem_relu")(conv(x, 16, 3, 1, "stem"))
    for stage, width in enumerate([16, 32, 64], start=1):
        for block in (1, 2):
            name, stride = f"stage{stage}_block{block}", 2 if stage > 1 and block == 1 else 1
            shortcut = conv(x, width, 1, stride, f"{name}_shortcut") if stride == 2 else x
            y = layers.ReLU(name=f"{name}_relu1")(conv(x, width, 3, stride, f"{name}_conv1"))
            y = conv(y, width, 3, 1, f"{name}_conv2")
            x = layers.ReLU(name=f"{name}_relu2")(layers.Add(name=f"{name}_add")([shortcut, y]))
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    return keras.Model(inputs, layers.Dense(len(CLASSES), name="logits", dtype="float32")(x), name="residual")


BLOCKS = ((1, 16, 1), (4, 24, 2), (4, 24, 1), (4, 40, 2), (4, 40, 1), (4, 40, 1), (4, 64, 1), (4, 64, 1))
"""Of each inverted residual of the MobileNet: the expansion, the channels that it gives, and the stride."""


def build_mobilenet(_: Pictures) -> keras.Model:
    """A MobileNetV2 for small pictures: inverted residuals with ReLU6 and linear bottlenecks, ten blocks in all."""
    x = inputs = keras.Input((None, None, 3), name="image")
    x = layers.Rescaling(1 / 127.5, offset=-1.0, name="rescaling")(x)

    def normalised(x: keras.KerasTensor, conv: keras.layers.Layer, capped: bool = True) -> keras.KerasTensor:
        x = layers.BatchNormalization(name=f"{conv.name}_bn")(conv(x))
        return layers.ReLU(6.0, name=f"{conv.name}_relu")(x) if capped else x

    def pointwise(width: int, name: str) -> keras.layers.Layer:
        return layers.Conv2D(width, 1, use_bias=False, name=name)

    x = normalised(x, layers.Conv2D(16, 3, 2, "same", use_bias=False, name="conv1"))
    for number, (expansion, width, stride) in enumerate(BLOCKS, start=1):
        name, y, channels = f"block{number}", x, x.shape[-1]
        if expansion > 1:
            y = normalised(y, pointwise(expansion * channels, f"{name}_expand"))
        depthwise = layers.DepthwiseConv2D(3, stride, "same", use_bias=False, name=f"{name}_depthwise")
        y = normalised(normalised(y, depthwise), pointwise(width, f"{name}_project"), capped=False)
        x = layers.Add(name=f"{name}_add")([x, y]) if stride == 1 and width == channels else y
    x = normalised(x, pointwise(256, "conv_last"))
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    return keras.Model(inputs, layers.Dense(len(CLASSES), name="logits", dtype="float32")(x), name="mobile")


def as_float32(model: keras.Model) -> keras.Model:
    """Return the network in float32, without its optimiser, with a softmax at its end."""

    def in_float32(layer: keras.layers.Layer) -> keras.layers.Layer:
        return layer.__class__.from_config({**layer.get_config(), "dtype": "float32"})

    body = keras.models.clone_model(model, clone_function=in_float32)
    body.set_weights(model.get_weights())
    return keras.Model(body.input, layers.Softmax(name="predictions")(body.output), name=model.name)


RECIPES = {
    "demo": Recipe(
        build=build_vgg,
        optimizer=lambda rate: keras.optimizers.SGD(rate, momentum=0.9, nesterov=True, weight_decay=5e-3),
        learning_rate=0.1,
        label_smoothing=0.1,
        finish=fold_batch_normalisation,
    ),
    "residual": Recipe(
        build=build_resnet,
        optimizer=lambda rate: keras.optimizers.AdamW(rate, weight_decay=0.02),
        learning_rate=4e-3,
        label_smoothing=0.0,
        finish=as_float32,
    ),
    "mobile": Recipe(
        build=build_mobilenet,
        optimizer=lambda rate: keras.optimizers.AdamW(rate, weight_decay=0.02),
        learning_rate=4e-3,
        label_smoothing=0.0,
        finish=as_float32,
        precision="float32",  # depthwise convolutions are slower in bfloat16
    ),
}


def schedule(peak: float, steps: int) -> keras.optimizers.schedules.LearningRateSchedule:
    """A short warm-up, then a cosine down to zero."""
    warm = steps // 20
    return keras.optimizers.schedules.CosineDecay(peak / 50, steps - warm, warmup_target=peak, warmup_steps=warm)


def accuracy(model: keras.Model, x: Pictures, y: np.ndarray) -> float:
    """Return the share of pictures whose most probable class is the right one."""
    return float((model.predict(x.astype("float32"), batch_size=500, verbose=0).argmax(1) == y).mean())


def main() -> None:
    parser = argparse.ArgumentParser(description="Train one of the project's small networks on CIFAR-10.")
    parser.add_argument("network", choices=sorted(RECIPES))
    parser.add_argument("--data", type=Path, help="folder with cifar10-jpeg.zip; else keras.datasets.cifar10")
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=34)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()

    recipe = RECIPES[options.network]
    train, test = read_cifar10(options.data)
    keras.utils.set_random_seed(options.seed)
    keras.mixed_precision.set_global_policy(recipe.precision)
    model = recipe.build(train[0])
    batches = Augmented(*train, options.batch, options.seed)
    rate = schedule(recipe.learning_rate, len(batches) * options.epochs)
    loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=recipe.label_smoothing)
    optimizer = recipe.optimizer(rate)
    optimizer.exclude_from_weight_decay(var_names=["gamma", "beta", "bias"])
    model.compile(optimizer, loss, metrics=["accuracy"])
    started = time.monotonic()
    model.fit(batches, epochs=options.epochs, verbose=2)

    keras.mixed_precision.set_global_policy("float32")
    options.output.parent.mkdir(parents=True, exist_ok=True)
    recipe.finish(model).save(options.output)
    saved = keras.models.load_model(options.output)
    share = accuracy(saved, *test)
    print(f"{options.epochs} epochs in {time.monotonic() - started:.0f} s, seed {options.seed}")
    print(f"{options.output}: {saved.count_params():,} parameters, {options.output.stat().st_size:,} bytes")
    print(f"test accuracy {share:.4f}")


if __name__ == "__main__":
    main()
