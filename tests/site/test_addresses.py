"""Whose names the words of a target are, where names are made to mislead."""

from __future__ import annotations

import pytest

from generator.site.addresses import LayerNames, ModelNames, Place, listed, resolve
from generator.errors import UsageError

MODELS = (
    ModelNames(("net", "net"), (LayerNames(("a/7", "001-a-7"), (0, 1)), LayerNames(("a", "002-a"), (0, 7)))),
    ModelNames(("net/a", "net-a"), (LayerNames(("Conv", "001-conv"), (0, 3)), LayerNames(("conv", "002-conv"), (5,)))),
    ModelNames(
        ("twice", "twice"),
        (LayerNames(("x", "x", "001-x"), (0,)), LayerNames(("x (call 2)", "x", "002-x"), (0, 1))),
    ),
)


@pytest.mark.parametrize(
    ("target", "place"),
    [
        ("net", Place(0)),
        ("NET", Place(0)),
        ("net/a", Place(1)),  # the longest name of a model, though net has a layer a
        ("net/a/7", Place(0, 0)),  # net/a has no layer 7; the longest name of a layer of net
        ("net/a/7/1", Place(0, 0, 1)),
        ("net/002-a/7", Place(0, 1, 7)),
        ("net/a/Conv", Place(1, 0)),
        ("net/a/conv/5", Place(1, 1, 5)),  # as it is written, before another case
        ("net-a/CONV/3", Place(1, 0, 3)),
        ("twice/x", Place(2, 0)),
        ("twice/x (call 2)/1", Place(2, 1, 1)),
    ],
)
def test_targets_are_read(target: str, place: Place) -> None:
    assert resolve(target, MODELS) == place


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("nett", "'nett': no such model in the gallery. Did you mean net?"),
        ("zzz/a", "'zzz/a': no such model in the gallery. There are net, net/a, twice"),
        ("twice/001-y", "'twice/001-y': no such layer in the gallery. Did you mean twice/001-x?"),
        ("twice/zzzzzzzzz", "'twice/zzzzzzzzz': no such layer in the gallery. There are x, x (call 2)"),
        ("net/002-a/5", "'net/002-a/5': no filter 5 of a in the gallery. It shows 0, 7"),
        ("net/001-a-7/2", "'net/001-a-7/2': no filter 2 of a/7 in the gallery. It shows 0 to 1"),
        ("twice/x/one", "'twice/x/one': no such layer in the gallery. Did you mean twice/x?"),
        ("", "'': no such model in the gallery. There are net"),
    ],
)
def test_what_is_not_there_is_told_with_the_nearest_name(target: str, told: str) -> None:
    with pytest.raises(UsageError) as caught:
        resolve(target, MODELS)
    assert str(caught.value).startswith(told)


def test_long_lists_are_cut() -> None:
    assert listed(map(str, range(14))) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 2 more"
