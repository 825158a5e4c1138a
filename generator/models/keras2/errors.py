"""What is raised where a layer of Keras 2 has no equal in Keras 3."""

from __future__ import annotations


class Untranslatable(Exception):  # noqa: N818  (a result within this room, not an error that a user sees)
    """A layer or an argument that cannot be translated exactly; the message names it."""


class UntranslatableFunction(Untranslatable):
    """A function of TensorFlow's, or an argument of one, that cannot be translated exactly; the message names it."""


class Misfit(Exception):  # noqa: N818  (a result within this room, not an error that a user sees)
    """Weights that do not fit a network; the message names the layer."""
