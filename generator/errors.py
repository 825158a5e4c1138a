"""The exceptions that a user sees: each is one line, with a hint where there is one."""

from __future__ import annotations

import difflib
import errno
import re
from collections.abc import Iterable
from itertools import islice

MAX_REASON_LENGTH = 300
"""Characters of an exception's message that are kept, of its beginning and its end."""
MAX_VALUE_LENGTH = 200
"""Characters of a value, such as a name or a list, that a message shows, of its beginning and its end."""
MAX_MESSAGE_LENGTH = 1000
MAX_PROBLEMS = 20
"""Of a configuration that are listed; the rest are counted."""
MAX_CANDIDATES = 1000
"""Names that a mistyped one is compared with."""

_WAYS_OUT = (
    ((errno.EACCES, errno.EPERM), "Change its permissions, or name another place"),
    ((errno.EROFS,), "Name a place that can be written"),
    ((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), "Free some space, then run again"),
    ((errno.EMFILE, errno.ENFILE), "Raise the limit of open files (ulimit -n)"),
    ((errno.ENOENT,), "Is it still there?"),
    ((errno.EISDIR, errno.ENOTDIR, errno.EEXIST, errno.ELOOP), "Move away what stands there"),
    ((errno.ENAMETOOLONG,), "Name a shorter path"),
    ((errno.EIO, errno.ESTALE), "Look after the disk"),
    ((errno.ENOMEM,), "Free some memory, then run again"),
)
"""Numbers of the system's errors, and what a user can do about each."""

_ESCAPE_SEQUENCES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # colours and cursor movements
    r"|(?:\x1b[\]P^_X]|[\x9d\x90\x9e\x9f\x98])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"  # titles, links and other strings
    r"|\x1b[ -/]*[0-~]?"
)
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Control characters other than white space, and the marks that change the direction of text."""

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters, line separators, marks that change the direction of text, and lone surrogates."""

_KERAS_WRAPPINGS = tuple(
    re.compile(pattern, re.DOTALL)
    for pattern in (
        r"Exception encountered when calling .*?\.\n\n(?:\x1b\[1m)?(.*?)(?:\x1b\[0m)?(?:\n\nArguments received .*)?$",
        r"Could not automatically infer the output shape .*?Error encountered:\n\n(.*)",
        r"<class [^\n]* could not be deserialized .*?\n\nException encountered: (.*)",
        r"Error when deserializing class .*?\n\nException encountered: (.*)",
    )
)
"""Texts of Keras around the message of another exception."""


class GalleryError(Exception):
    """An error that the user can fix. ``exit_status`` is that of the command if nothing else was built."""

    exit_status = 1
    max_length = MAX_MESSAGE_LENGTH

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(self._bounded(message))
        self.hint = self._bounded(hint)

    def _bounded(self, text: str) -> str:
        return shortened(printable(" ".join(text.split())), self.max_length)

    def __str__(self) -> str:
        message = str(self.args[0])
        return f"{message}. {self.hint}" if self.hint else message


class UsageError(GalleryError):
    """Wrong use of a command or a folder: nothing was done."""

    exit_status = 2


class ConfigError(UsageError):
    """All errors of a configuration; ``problems`` has one line for each.

    There are at most ``MAX_PROBLEMS``; the last says how many more there are, those that are ``unlisted`` included.
    """

    max_length = (MAX_MESSAGE_LENGTH + 20) * MAX_PROBLEMS

    def __init__(self, problems: Iterable[str], unlisted: int = 0) -> None:
        lines = [shortened(problem, MAX_MESSAGE_LENGTH) for problem in problems]
        listed, more = lines[:MAX_PROBLEMS], len(lines[MAX_PROBLEMS:]) + unlisted
        if more:
            listed[-1] += f" (and {more:,} more)"
        self.problems = tuple(listed)
        super().__init__("; ".join(self.problems))


class ModelError(GalleryError):
    """A model that cannot be read, or that has no filters to show."""


class WeightsUnavailableError(ModelError):
    """Pretrained weights that are not cached and cannot be downloaded."""


class PhotoError(GalleryError):
    """A photo that cannot be read."""


def way_out(error: OSError, otherwise: str = "") -> str:
    """Return what a user can do about an error of the system; ``otherwise`` where nothing is known."""
    return next((hint for numbers, hint in _WAYS_OUT if error.errno in numbers), otherwise)


def system_error(error: OSError) -> UsageError:
    """Return what the system refused, in one line with its path and the way out."""
    paths = " to ".join(str(path) for path in (error.filename, error.filename2) if path is not None)
    text = error.strerror or reason(error)
    return UsageError(f"{paths}: {text}" if paths else text, way_out(error))


def printable(text: str) -> str:
    """Return a text, such as a layer's name, with what could steer a terminal escaped: ESC becomes ``\\x1b``."""
    return _UNPRINTABLE.sub(lambda match: match[0].encode("unicode_escape").decode("ascii"), text)


def one_line(text: str) -> str:
    """Return a text as one line without escape sequences and control characters, which a terminal would execute."""
    plain = _CONTROLS.sub("", _ESCAPE_SEQUENCES.sub("", text))
    return " ".join(plain.encode(errors="replace").decode().split())


def reason(error: BaseException) -> str:
    """Return an exception's message as one line of at most ``MAX_REASON_LENGTH`` characters, or its type's name.

    Of exceptions that only wrap another, as those of Keras do, the innermost counts. Long texts lose their middle.
    """
    seen: list[BaseException] = []
    while error not in seen and not isinstance(error, GalleryError):
        seen.append(error)
        text = str(error)
        wraps = any(pattern.match(text) for pattern in _KERAS_WRAPPINGS)
        # Keras hides the exception that it wraps (``from None``), but it is still the context.
        inner = error.__cause__ or (error.__context__ if wraps else None)
        if inner is None or (one_line(text) and not wraps):
            break
        error = inner
    return _by_words(one_line(_unwrapped(str(error))).rstrip(".") or type(error).__name__)


def _unwrapped(text: str) -> str:
    """Return the message that Keras wrote its own around, for exceptions that lost what they wrap."""
    for pattern in _KERAS_WRAPPINGS * 2:
        if wrapping := pattern.match(text):
            text = wrapping.group(1)
    return text


def shortened(text: str, length: int = MAX_VALUE_LENGTH) -> str:
    """Return a text of at most ``length`` characters: one that is longer loses its middle."""
    end = length // 3
    return text if len(text) <= length else f"{text[: length - end - 5]} ... {text[-end:]}"


def quoted(value: object) -> str:
    """Return how a message shows a value of a user: as Python writes it, without the middle if that is long."""
    if isinstance(value, str) and len(value) > MAX_VALUE_LENGTH:
        value = f"{value[:MAX_VALUE_LENGTH]}{value[-MAX_VALUE_LENGTH:]}"  # no need to write all of it first
    return shortened(repr(value))


def _by_words(text: str) -> str:
    if len(text) <= MAX_REASON_LENGTH:
        return text
    begin, end = text[: MAX_REASON_LENGTH * 2 // 3 - 5], text[-MAX_REASON_LENGTH // 3 :]
    return f"{begin.rsplit(' ', 1)[0]} ... {end.split(' ', 1)[-1]}"


def nearest(name: str, known: Iterable[str]) -> str:
    """Return ``Did you mean ...?`` for the known name closest to a mistyped one, or an empty string.

    No name of more than ``MAX_VALUE_LENGTH`` characters is mistyped or meant, and only so many are compared.
    """
    if len(name) > MAX_VALUE_LENGTH:
        return ""
    short = (candidate for candidate in known if len(candidate) <= MAX_VALUE_LENGTH)
    by_lower = {candidate.lower(): candidate for candidate in islice(short, MAX_CANDIDATES)}
    close = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    return f"Did you mean {by_lower[close[0]]}?" if close else ""
