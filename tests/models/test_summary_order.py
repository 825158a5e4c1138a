"""Layers side by side come in the order in which ``model.summary()`` prints them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import pytest
from keras import layers

from generator.models.flatten import flatten

SIDE = 12


def conv(name: str, kernel: int = 1) -> layers.Conv2D:
    return layers.Conv2D(2, kernel, padding="same", name=name)


def heads() -> keras.Model:
    image = keras.Input((SIDE, SIDE, 3))
    stem = conv("stem")(image)
    return keras.Model(image, [conv(f"head{number}")(stem) for number in range(5)])


def named_heads() -> keras.Model:
    image = keras.Input((SIDE, SIDE, 3))
    stem = conv("stem")(image)
    return keras.Model(image, {name: conv(f"to_{name}")(stem) for name in ("mask", "edge", "depth")})


def branches() -> keras.Model:
    image = keras.Input((SIDE, SIDE, 3))
    stem = conv("stem")(image)
    long = conv("long3")(conv("long2")(conv("long1")(stem)))
    ends = [conv("short")(stem), long, conv("wide")(stem)]
    return keras.Model(image, conv("end")(layers.Concatenate()(ends)))


def several_inputs() -> keras.Model:
    images = [keras.Input((SIDE, SIDE, 3), name=name) for name in ("left", "right", "middle")]
    stems = [conv(f"of_{image.name}")(image) for image in images]
    return keras.Model(images, [conv("end")(layers.Add()(stems)), *(conv(f"alone{n}")(s) for n, s in enumerate(stems))])


def nested() -> keras.Model:
    inner_image, image = keras.Input((None, None, 2)), keras.Input((SIDE, SIDE, 3))
    inner = keras.Model(inner_image, [conv(f"in{number}")(inner_image) for number in range(3)], name="inner")
    return keras.Model(image, [conv(f"head{n}")(x) for n, x in enumerate(inner(conv("stem")(image)))])


def printed(model: keras.Model) -> list[str]:
    """Return the names of the convolutions in the order of the printed summary."""
    lines: list[str] = []
    model.summary(line_length=200, print_fn=lambda text, **_: lines.extend(text.splitlines()), expand_nested=True)
    cells = [line.split("│")[1].replace("└", " ").split() for line in lines if "(Conv2D)" in line]
    return [name for name, *_ in cells]


def shown(model: keras.Model) -> list[str]:
    """Return the names of the convolutions in the order of the graph, those of nested models by their own names."""
    return [call.name.rpartition("/")[2] for call in flatten(model).calls if isinstance(call.op, layers.Conv2D)]


@pytest.mark.case("order")
@pytest.mark.parametrize("network", [heads, named_heads, branches, several_inputs, nested])
def test_layers_side_by_side_come_as_the_summary_prints_them(network: Callable[[], keras.Model]) -> None:
    model = network()
    assert shown(model) == printed(model)
    assert len(shown(model)) > 4 or network is named_heads


def test_heads_come_first_to_last() -> None:
    assert shown(heads()) == ["stem", "head0", "head1", "head2", "head3", "head4"]


def test_a_network_with_many_branches() -> None:
    model = keras.applications.InceptionV3(weights=None, include_top=False, input_shape=(96, 96, 3))
    assert shown(model) == [layer.name for layer in model.layers if isinstance(layer, layers.Conv2D)]


class Heads(keras.Model):
    """Its parts are attributes in another order than that in which they are called."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.stem = conv("stem")
        self.heads = [conv(f"head{number}") for number in range(3)]
        self.shortcut = conv("shortcut")
        self.block = keras.Sequential([conv("one"), conv("two")], name="block")

    def call(self, image: Any) -> Any:
        """Return the heads last to first, over a block beside its shortcut."""
        x = self.stem(image)
        x = keras.ops.add(self.shortcut(x), self.block(x))
        return [head(x) for head in reversed(self.heads)]


@pytest.mark.case("order")
def test_a_subclassed_model_comes_in_the_order_of_its_attributes_as_far_as_its_calls_allow() -> None:
    model = Heads()
    model(keras.ops.zeros((1, SIDE, SIDE, 3)))
    assert [layer.name for layer in model.layers] == ["stem", "head0", "head1", "head2", "shortcut", "block"]
    assert shown(model) == ["stem", "shortcut", "one", "two", "head0", "head1", "head2"]


def test_the_calls_of_a_shared_layer_stay_in_their_order() -> None:
    image = keras.Input((SIDE, SIDE, 3))
    stem, shared = conv("stem")(image), conv("shared")
    both = [shared(stem), shared(keras.ops.negative(stem)), conv("beside")(stem)]
    graph = flatten(keras.Model(image, layers.Add()(both)))
    makers = {tensor: call.op.name for call in graph.calls for tensor in call.outputs}
    calls = [(call.number, makers[call.inputs[0]]) for call in graph.calls if call.name == "shared"]
    assert [number for number, _ in calls] == [1, 2]
    assert calls[0][1] == "stem"
    assert calls[1][1].startswith("negative")
