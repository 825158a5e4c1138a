"""Digests of plain values."""

from __future__ import annotations

import hashlib
import json

DIGEST = "[0-9a-f]{64}"
"""The pattern of a SHA-256 in hexadecimal digits."""


def digest(value: object) -> str:
    """Return the SHA-256 of a value's JSON."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def content_digest(content: bytes) -> str:
    """Return the SHA-256 of some bytes."""
    return hashlib.sha256(content).hexdigest()
