"""The room ``generator.build`` has the name of what users call: so it can be called."""

from __future__ import annotations

from types import ModuleType
from typing import Any


class CallableRoom(ModuleType):
    """A module that builds a gallery when it is called: see ``generator.face.gallery.build``."""

    def __call__(self, *arguments: Any, **settings: Any) -> Any:
        """Build the site of a configuration; see ``generator.face.gallery.build``."""
        from generator.face.gallery import build

        return build(*arguments, **settings)
