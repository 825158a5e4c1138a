"""What is raised where a layer of Keras 2 has no equal in Keras 3."""

from __future__ import annotations


class Untranslatable(Exception):  # noqa: N818  (a result within this room, not an error that a user sees)
    """A layer, an argument or a function that cannot be translated exactly; the message names it."""
