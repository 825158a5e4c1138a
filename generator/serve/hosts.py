"""The hosts that the preview responds under: no web page may read it by giving its own name our address (rebinding).

A browser's request under such a name has it in the Host header. Addresses that are numbers cannot be rebound.
"""

from __future__ import annotations

import contextlib
import ipaddress
import re
import socket
from collections.abc import Sequence

LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
_HOST = re.compile(r"(?:\[([0-9A-Fa-f:.%]+)\]|([^\[\]:@/\s]+))(?::\d{1,5})?")


def is_allowed(headers: Sequence[str], bound: str) -> bool:
    """Tell whether a preview that is bound to a host serves a request with these Host headers.

    There must be just one, naming this machine or that host. Where the preview is bound to every address
    (``0.0.0.0``, ``::``), it may also be any address in numbers, or the machine's own name. The port may be
    another one: it can be forwarded.
    """
    match = _HOST.fullmatch(headers[0]) if len(headers) == 1 else None
    if match is None:
        return False
    name = (match[1] or match[2]).lower().rstrip(".")
    if name in LOCAL or name == bound.lower().strip("[]"):
        return True
    return is_wildcard(bound) and (_numeric(name) is not None or name == socket.gethostname().lower())


def is_wildcard(host: str) -> bool:
    """Tell whether a host stands for every address of the machine."""
    number = _numeric(host.strip("[]"))
    return number is not None and number.is_unspecified


def _numeric(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(name)
    return None
