"""Whose names the words of a target are, where names are made to mislead."""

from __future__ import annotations

import pytest

from generator.errors import UsageError
from generator.site.addresses import find_address, first_names, technique_of
from tests.site.records import layer, model, technique

MODELS = (
    model("net", layer("a/7", "001-a-7", (0, 1)), layer("a", "002-a", (0, 7))),
    model("net/a", layer("Conv", "001-conv", (0, 3)), layer("conv", "002-conv", (5,)), slug="net-a"),
    model("twice", layer("x", "001-x", (0,)), layer("x", "002-x", (0, 1), call=2)),
)


@pytest.mark.parametrize(
    ("target", "place"),
    [
        ("net", (0,)),
        ("NET", (0,)),
        ("net/a", (1,)),  # the longest name of a model, though net has a layer a
        ("net/a/7", (0, 0)),  # net/a has no layer 7; the longest name of a layer of net
        ("net/a/7/1", (0, 0, 1)),
        ("net/002-a/7", (0, 1, 7)),
        ("net/a/Conv", (1, 0)),
        ("net/a/conv/5", (1, 1, 5)),  # as it is written, before another case
        ("net-a/CONV/3", (1, 0, 3)),
        ("twice/x", (2, 0)),
        ("twice/x (call 2)/1", (2, 1, 1)),
    ],
)
def test_addresses_are_read(target: str, place: tuple[int, ...]) -> None:
    address, (first, *rest) = find_address(MODELS, target), place
    expected = MODELS[first]
    assert address.model == expected
    assert address.layer == (expected.layers[rest[0]] if rest else None)
    assert (address.filter.index if address.filter else None) == (rest[1] if rest[1:] else None)


@pytest.mark.parametrize(
    ("target", "message"),
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
def test_what_is_not_there_is_told_with_the_nearest_name(target: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        find_address(MODELS, target)
    assert str(caught.value).startswith(message)


def test_long_lists_are_cut() -> None:
    assert first_names(map(str, range(14))) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 2 more"


NEGATIVE = technique(2, "negative", title="Negative, seed 1")
SHOWN = layer("a", "001-a", (0, 1), techniques=(technique(2), NEGATIVE))


@pytest.mark.parametrize("name", ["negative", "NEGATIVE", "Negative, seed 1", "negative, SEED 1"])
def test_a_technique_goes_by_slug_or_title(name: str) -> None:
    assert technique_of(SHOWN, name, "net/a") == NEGATIVE


@pytest.mark.parametrize(
    ("name", "hint"), [("negatve", "Did you mean negative?"), ("zzz", "There are picture, negative")]
)
def test_a_technique_that_is_not_shown_is_told(name: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        technique_of(SHOWN, name, "net/a")
    assert str(caught.value) == f"'net/a': no technique {name!r} in the gallery. {hint}"
