"""Networks of Keras 2, saved by it: run as a script, since Keras 2 (tf_keras) and Keras 3 are slow to share a process.

    python keras2_nets.py FOLDER PHOTO NAME..

For each name it writes NAME.h5, NAME.keras (where Keras 2 can), NAME.json, and NAME.npz: the photo in the input's size,
``picture``, and what every convolution made of it, by the layer's name and the number of its call.
"""
# mypy: ignore-errors

from __future__ import annotations

import collections
import contextlib
import sys
from pathlib import Path

import numpy as np
import tensorflow as tf
import tf_keras
from PIL import Image
from tf_keras import applications, layers

SIDE = 32


def _input(side: int | None = SIDE):
    return tf_keras.Input((side, side, 3))


def depthwise():
    start = _input()
    x = layers.DepthwiseConv2D(3, depth_multiplier=2, use_bias=False)(start)
    x = layers.BatchNormalization()(x)
    x = layers.ReLU(6.0)(x)
    return tf_keras.Model(start, layers.SeparableConv2D(4, 3, strides=2, kernel_regularizer="l2")(x))


def mobilenet():
    return applications.MobileNet(input_shape=(SIDE, SIDE, 3), alpha=0.25, weights=None, classes=3)


def nested():
    backbone = tf_keras.Sequential(
        [layers.Conv2D(4, 3, input_shape=(SIDE, SIDE, 3)), layers.BatchNormalization(), layers.Conv2D(3, 3)],
        name="backbone",
    )
    backbone.layers[1].trainable = False
    return tf_keras.Sequential([backbone, layers.GlobalAveragePooling2D(), layers.Dense(2)])


def transfer():
    base = applications.MobileNetV2(input_shape=(SIDE, SIDE, 3), alpha=0.35, weights=None, include_top=False)
    for layer in base.layers[:100]:
        layer.trainable = False  # so that Keras 2 saves the weights in another order than the layers'
    return tf_keras.Sequential([base, layers.GlobalAveragePooling2D(), layers.Dense(2)])


def augmentation():
    start = _input()
    x = layers.RandomFlip("horizontal")(start)
    x = layers.RandomRotation(0.1, fill_mode="nearest")(x)
    x = layers.RandomZoom((-0.2, 0.2), None)(x)
    x = layers.RandomTranslation(0.1, 0.1)(x)
    x = layers.RandomContrast((0.1, 0.9))(x)
    x = layers.RandomBrightness(0.2, value_range=(0, 255))(x)
    x = layers.RandomHeight(0.1)(x)
    x = layers.RandomWidth(0.1)(x)
    x = layers.RandomCrop(SIDE, SIDE)(x)
    x = layers.Resizing(SIDE, SIDE)(x)
    x = layers.GaussianNoise(0.1)(layers.Dropout(0.1, noise_shape=(None, 1, 1, 3))(x))
    x = layers.Conv2D(4, 3)(layers.Rescaling(1 / 255)(x))
    return tf_keras.Model(start, layers.SpatialDropout2D(0.2)(x))


def squeeze_excite():
    start = _input()
    x = layers.Normalization(name="statistics")(layers.Rescaling([0.1, 0.2, 0.3], offset=[1.0, 0.0, -1.0])(start))
    x = layers.Conv2D(6, 3, activation="swish")(x)
    gate = layers.GlobalAveragePooling2D(keepdims=True)(x)
    gate = layers.Conv2D(6, 1, activation="sigmoid")(layers.Conv2D(2, 1, activation=tf.nn.silu)(gate))
    x = layers.Multiply()([x, gate])
    return tf_keras.Model(start, layers.Normalization(mean=[0.0] * 6, variance=[2.0] * 6)(x))


def efficientnet():
    return applications.EfficientNetB0(input_shape=(SIDE, SIDE, 3), weights=None, classes=3)


def mobilenet_v3():
    return applications.MobileNetV3Small(input_shape=(SIDE, SIDE, 3), weights=None, classes=3)


def resnet():
    start = _input()
    base = applications.ResNet50(include_top=False, weights=None, pooling="avg")
    return tf_keras.Model(start, base(applications.resnet50.preprocess_input(start), training=False))


def operators():
    start = _input()
    x = layers.Conv2D(6, 3, padding="same", name="first")(1.0 - start / 127.5)
    left, right = tf.split(x, [2, 4], axis=-1)
    x = tf.concat([tf.nn.relu6(left), tf.nn.sigmoid(right) * 2.0, left[..., ::-1]], axis=-1)
    x = tf.pad(x[:, 1:-1, ::2], [[0, 0], [1, 2], [0, 0], [0, 0]], "REFLECT")
    x = layers.Conv2D(4, 3, name="second")(tf.image.resize(x, tf.shape(x)[1:3] * 2))
    mean = tf.reduce_mean(x, axis=[1, 2], keepdims=True)
    x = tf.clip_by_value((x - mean) / tf.sqrt(tf.reduce_max(x) + 9.0), -1, 1)
    x = tf.transpose(tf.reshape(x, [-1, tf.shape(x)[1], x.shape[2], 2, 2]), [0, 2, 1, 4, 3])
    x = tf.squeeze(tf.stack(tf.unstack(x, axis=3), axis=-1)[:, tf.newaxis], [1])[..., 0, :]
    x = layers.Conv2D(3, 3, name="third")(tf.where(x > 0, x, 0.1 * x))
    return tf_keras.Model(start, tf.cast(tf.expand_dims(x, 1), tf.float32))


def any_size():
    start = _input(None)
    down = layers.Conv2D(4, 3, strides=2, padding="same", name="down")(start)
    deep = layers.Conv2D(4, 3, strides=2, padding="same", name="deep")(down)
    x = tf.concat([tf.image.resize(deep, tf.shape(down)[1:3]), down], -1)
    x = tf.nn.depth_to_space(layers.Conv2D(12, 1, name="wide")(x), 2)
    half = tf.cast(tf.cast(tf.shape(x)[1], tf.float32) * 0.5, tf.int32)
    return tf_keras.Model(start, layers.Conv2D(2, 3, name="last")(x[:, :half]))


def functions():
    start = _input()
    x = layers.Conv2D(6, 3, name="first")(tf.image.per_image_standardization(tf.image.flip_left_right(start)))
    x = tf.nn.local_response_normalization(x, 2, 1.0, 0.1, 0.75)
    x = tf.nn.max_pool2d(x, 2, 2, "SAME") + tf.nn.avg_pool2d(x, 2, 2, "SAME")
    mean, variance = tf.nn.moments(x, [1, 2], keepdims=True)
    x = tf.nn.batch_normalization(x, mean, variance, tf.zeros(6), tf.ones(6), 1e-3)
    x = layers.Conv2D(4, 3, name="second")(tf.nn.swish(x) + tf.nn.elu(x) - tf.nn.gelu(x) * tf.nn.leaky_relu(x))
    x = tf.nn.l2_normalize(tf.gather(x, [3, 1, 2, 0], axis=-1), -1) ** 2
    x = tf.nn.conv2d(tf.nn.bias_add(x, [1.0, 2.0, 3.0, 4.0]), tf.ones((2, 2, 4, 4)), 1, "SAME")
    x = tf.tile(tf.reverse(tf.math.softplus(x) * tf.tanh(x), [1]), [1, 1, 1, 2])
    x = tf.nn.softmax(tf.maximum(x, 0.0) - tf.minimum(x, 0.5) + tf.abs(x), axis=-1)
    return tf_keras.Model(start, layers.Conv2D(3, 3, name="third")(tf.matmul(x, x, transpose_b=True)))


def resizing():
    start = _input()
    x = layers.Conv2D(4, 3)(start)
    older, results = tf.compat.v1.image.resize, []
    for size in ((40, 24), (7, 41), tf.shape(start)[1:3]):
        for corners in (False, True):
            results += [older(x, size, method=method, align_corners=corners) for method in ("bilinear", "nearest")]
    results += [tf.compat.v1.image.resize_bilinear(x, (9, 40), half_pixel_centers=True)]
    results += [tf.image.resize_with_crop_or_pad(x, 40, 9), tf.image.rot90(x), tf.image.central_crop(x, 0.5)]
    results += [tf.image.resize(x, (40, 9), method=method) for method in ("bicubic", "lanczos3", "nearest")]
    last = layers.Conv2D(2, 3, name="last")
    return tf_keras.Model(start, [last(result) for result in results])


def synchronised():
    return tf_keras.Sequential(
        [
            layers.Conv2D(4, 3, input_shape=(SIDE, SIDE, 3)),
            layers.experimental.SyncBatchNormalization(),
            layers.Conv2D(4, 3),
            layers.BatchNormalization(synchronized=True),
        ]
    )


def activations():
    own = (layers.ThresholdedReLU(0.1), layers.LeakyReLU(0.3), layers.PReLU(shared_axes=[1, 2]), layers.ELU(0.5))
    chain = [layers.Rescaling(1 / 255, input_shape=(SIDE, SIDE, 3))]
    for layer in (*own, layers.ReLU(6.0, 0.1), layers.Activation("swish"), layers.Softmax()):
        chain += [layers.Conv2D(4, 3), layer]
    for function in ("hard_sigmoid", "gelu", tf.nn.leaky_relu, tf.nn.relu6, layers.LeakyReLU(0.4)):
        chain.append(layers.Conv2D(4, 1, activation=function))
    return tf_keras.Sequential([*chain, layers.Conv2D(2, 1)])


def mixed():
    start = _input()
    x = layers.Conv2D(4, 3, dtype=tf_keras.mixed_precision.Policy("mixed_bfloat16"))(layers.Rescaling(1 / 255)(start))
    return tf_keras.Model(start, layers.Conv2D(2, 3)(layers.BatchNormalization(dtype="mixed_bfloat16")(x)))


def shared():
    conv, first, second = layers.Conv2D(3, 3, padding="same", kernel_constraint="max_norm"), _input(), _input()
    twice = tf_keras.Sequential([layers.Conv2D(3, 1, input_shape=(None, None, 3)), layers.LayerNormalization()])
    x = layers.Concatenate()([conv(first), conv(second), twice(conv(conv(first)))])
    x = layers.Conv2DTranspose(6, 3, strides=2)(x)
    x = layers.Conv2D(6, 3, groups=3)(layers.UpSampling2D(2, interpolation="bilinear")(x))
    return tf_keras.Model({"one": first, "two": second}, {"made": x, "again": twice(conv(second))})


def video():
    start, frames = _input(), tf_keras.Input((3, SIDE, SIDE, 3))
    each = tf_keras.Sequential([layers.Conv2D(4, 3, input_shape=(SIDE, SIDE, 3)), layers.GlobalMaxPooling2D()])
    x = layers.Bidirectional(layers.LSTM(3, return_sequences=True))(layers.TimeDistributed(each)(frames))
    x = layers.MultiHeadAttention(2, 3)(x, value=x, key=x)
    y = layers.GlobalMaxPooling2D()(layers.Conv2D(2, 3, name="shown")(start))
    return tf_keras.Model([start, frames], layers.Add()([layers.GRU(2)(x), y]))


def subclass():
    class Detector(tf_keras.Model):
        def train_step(self, data):
            return {}

    start = _input()
    model = Detector(start, layers.Conv2D(3, 3)(start))
    model.add_loss(tf.reduce_mean(model.output))
    model.compile("adam", loss="mse", metrics=["mae"])
    return model


def built_later():
    model = tf_keras.Sequential([layers.Rescaling(1 / 255), layers.Conv2D(2, 3), layers.Flatten(), layers.Dense(2)])
    model.build((None, SIDE, SIDE, 3))
    return model


def local():
    return tf_keras.Sequential([layers.Conv2D(2, 3, input_shape=(9, 9, 3)), layers.LocallyConnected2D(2, 3)])


def code():
    return tf_keras.Sequential([layers.Conv2D(2, 3, input_shape=(9, 9, 3)), layers.Lambda(lambda x: x * 2)])


def odd_function():
    start = _input()
    return tf_keras.Model(start, tf.math.lgamma(layers.Conv2D(2, 3)(start)))


def odd_argument():
    start = _input()
    return tf_keras.Model(start, tf.image.resize(layers.Conv2D(2, 3)(start), (9, 9), method="gaussian"))


def _fill(model) -> None:
    """Give every weight a number of its own, so that each in a wrong place shows."""
    random = np.random.default_rng(0)
    for weight in model.weights:
        if weight.dtype.is_floating:
            values = random.normal(0, 1 / np.sqrt(max(1, np.prod(weight.shape[:-1]))), weight.shape)
            positive = any(name in weight.name for name in ("variance", "gamma"))
            weight.assign((np.abs(values) + 0.5 if positive else values).astype(np.float32))
    for layer in model._flatten_layers():
        if hasattr(layer, "finalize_state"):
            layer.finalize_state()


@contextlib.contextmanager
def _recorded(results: dict[str, np.ndarray]):
    """Record what convolutions give while the block runs."""
    kinds = (layers.Conv2D, layers.DepthwiseConv2D, layers.SeparableConv2D, layers.Conv2DTranspose)
    calls: collections.Counter[str] = collections.Counter()
    own = {kind: kind.call for kind in kinds if "call" in vars(kind)} | {layers.Conv2D: layers.Conv2D.call}

    def recording(call):
        def recorded(self, inputs):
            result = call(self, inputs)
            if tf.executing_eagerly():
                calls[self.name] += 1
                results[f"{self.name.replace('/', '|')} {calls[self.name]}"] = np.asarray(tf.cast(result, tf.float32))
            return result

        return recorded

    for kind, call in own.items():
        kind.call = recording(call)
    try:
        yield
    finally:
        for kind, call in own.items():
            kind.call = call


def _activations(model, photo: Path) -> dict[str, np.ndarray]:
    sizes = [(symbol.shape[-3] or SIDE, symbol.shape[-2] or SIDE) for symbol in model.inputs]
    pictures = [np.asarray(Image.open(photo).convert("RGB").resize(size[::-1]), np.float32)[None] for size in sizes]
    given = [
        picture if len(symbol.shape) == 4 else np.zeros((1, *symbol.shape[1:]), np.float32)
        for picture, symbol in zip(pictures, model.inputs, strict=True)
    ]
    results = {"picture": pictures[0]}
    fed = dict(zip(model.input, given, strict=True)) if isinstance(model.input, dict) else given
    with _recorded(results):
        model(fed[0] if len(given) == 1 else fed, training=False)
    return results


def main(folder: Path, photo: Path, names: list[str]) -> None:
    for name in names:
        tf_keras.backend.clear_session()
        model = globals()[name]()
        _fill(model)
        np.savez(folder / f"{name}.npz", **_activations(model, photo))
        (folder / f"{name}.json").write_text(model.to_json())
        model.save(folder / f"{name}.h5")
        model.save_weights(folder / f"{name}.weights.h5")
        with contextlib.suppress(TypeError):  # it cannot write `...` in a slice
            model.save(folder / f"{name}.keras")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
