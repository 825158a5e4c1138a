from __future__ import annotations

import hashlib

import pytest

from generator.digests import digest


def test_it_is_the_sha256_of_the_json() -> None:
    assert digest({"b": [1, None], "a": "é"}) == hashlib.sha256(b'{"a":"\\u00e9","b":[1,null]}').hexdigest()


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
        ((1, 2), [1, 2], True),
        ([1, 2], [2, 1], False),
        (1, 1.0, False),
        (["ab"], ["a", "b"], False),
    ],
)
def test_equal_values_alone_have_equal_digests(a: object, b: object, same: bool) -> None:
    assert (digest(a) == digest(b)) is same
