"""The JSON files of a store: each begins with the digest of the rest and of its place, so that damage is noticed.

What does not fit its digest or its schema is as if it were absent. Entries of earlier versions have no digest: they are
used if they hold what their schema names and nothing else.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from generator.digests import DIGEST
from generator.files import read_regular

Entry = dict[str, Any]
SEAL = "sha256"
"""The key of an entry's digest. It is not part of the value that is read."""

MAX_BYTES = 50_000_000
"""The largest entries, records of hundreds of filters, have a few million."""

_SEALED = re.compile(rf'{{"{SEAL}":"({DIGEST})"'.encode())


def entry_bytes(place: str, value: Entry) -> bytes:
    """Return the bytes of an entry at a place, its path in the store, where ``read_entry`` reads it back."""
    content = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()
    rest = content[1:] if content == b"{}" else b"," + content[1:]
    return b'{"%s":"%s"%s' % (SEAL.encode(), _digest(place, rest).encode(), rest)


def _digest(place: str, rest: bytes) -> str:
    return hashlib.sha256(place.encode(errors="surrogatepass") + b"\n" + rest).hexdigest()


def read_entry(store: Path, place: str, has_shape: Callable[[Entry, bool], bool]) -> Entry | None:
    """Return the entry at a place in a store; None if there is none that is as it was written.

    ``has_shape`` tells whether a value fits the schema; its second argument is whether the entry has no digest, so that
    it must hold nothing else.
    """
    try:
        content = read_regular(store / place, MAX_BYTES)
    except OSError:
        return None
    sealed = _SEALED.match(content)
    if sealed and _digest(place, content[sealed.end() :]) != sealed[1].decode():
        return None
    try:
        value = json.loads(content, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or (not sealed and SEAL in value):
        return None
    value.pop(SEAL, None)
    return value if has_shape(value, not sealed) else None


def _no_constant(name: str) -> None:
    raise ValueError(name)
