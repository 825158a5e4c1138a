"""The few exceptions that a user meets. Each is one line and, where there is one, the way out."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class GalleryError(Exception):
    """Something the user can mend. ``exit_status`` is what the command ends with if nothing else was built."""

    exit_status = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(" ".join(message.split()))
        self.hint = " ".join(hint.split())

    def __str__(self) -> str:
        message = str(self.args[0])
        return f"{message}. {self.hint}" if self.hint else message


class UsageError(GalleryError):
    """Wrong use of a command, or of a folder: nothing was done."""

    exit_status = 2


class ConfigError(UsageError):
    """Everything that is wrong in a configuration; ``problems`` holds one line for each."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(self.problems))


class ModelError(GalleryError):
    """A model that cannot be read, or that has nothing to show."""


class WeightsUnavailableError(ModelError):
    """Pretrained weights that are neither cached nor downloadable now."""


class PhotoError(GalleryError):
    """A photo that cannot be read."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Return ``Did you mean ...?`` for the known name closest to a mistyped one, or an empty string."""
    by_lower = {candidate.lower(): candidate for candidate in known}
    close = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    return f"Did you mean {by_lower[close[0]]}?" if close else ""
