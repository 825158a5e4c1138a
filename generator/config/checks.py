"""What the keys of config.yaml take. Each function returns the value that the program knows.

All raise ValueError, which says what was expected and what was found.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

from generator.config.values import TRANSFORMS, Filters, MostActive, Objective, Transforms
from generator.errors import nearest


def one_of(*allowed: str) -> Callable[[object], object]:
    """Return a check for one of some words."""

    def check(value: object) -> object:
        if value not in allowed:
            raise ValueError(f"expected {' or '.join(allowed)}, got {value!r}. {nearest(str(value), allowed)}".strip())
        return value

    return check


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def as_filters(value: object) -> Filters:
    """Return which filters are meant; see ``values.Filters``."""
    if value == "all":
        return "all"
    if isinstance(value, int) and _is_count(value) and value > 0:
        return value
    if isinstance(value, list) and value and all(_is_count(index) and index >= 0 for index in value):
        return tuple(dict.fromkeys(value))
    count = value["most_active"] if isinstance(value, dict) and set(value) == {"most_active"} else 0
    if _is_count(count) and count > 0:
        return MostActive(count)
    said = str(next(iter(value), "")) if isinstance(value, dict) else "most_active"
    hint = "" if said == "most_active" else nearest(said, ("most_active",))
    expected = "expected all, a number above zero, a list of filter indices, or {most_active: 8}"
    raise ValueError(f"{expected}, got {value!r}{hint and '. '}{hint}")


def _is_number(value: object) -> bool:
    """Tell whether a value is a number that a network can compute with: neither infinite nor beyond a float."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300


def as_channels(value: object) -> tuple[float, ...]:
    """Return a number for each channel, or one for all."""
    numbers: list[Any] = value if isinstance(value, list) else [value]
    if not numbers or not all(map(_is_number, numbers)):
        raise ValueError(f"expected a number, or a list of one number for each channel, got {value!r}")
    return tuple(float(n) for n in numbers)


def as_deviations(value: object) -> tuple[float, ...]:
    """Return numbers above zero for each channel, or one for all."""
    numbers = as_channels(value)
    if min(numbers) <= 0:
        raise ValueError(f"expected numbers above zero, got {value!r}")
    return numbers


def as_number(value: object) -> float:
    """Return a number; fractions are written as such."""
    number = value
    if isinstance(value, str):
        try:
            number = float(Fraction(value.replace(" ", "")))  # "1/255" says more than 0.00392156862745098
        except (ValueError, ArithmeticError):
            number = math.nan
    if isinstance(number, int | float) and _is_number(number):
        return float(number)
    raise ValueError(f"expected a number or a fraction such as 1/255, got {value!r}")


def as_shape(value: object) -> tuple[int | None, ...]:
    """Return height, width and channels."""
    if (
        isinstance(value, list)
        and len(value) == 3
        and all(n is None or (isinstance(n, int) and _is_count(n) and n > 0) for n in value)
        and value[2] is not None
    ):
        return tuple(value)
    raise ValueError(f"expected [height, width, channels], got {value!r}")


def as_text(value: object) -> str:
    """Return a text without spaces around it."""
    if not isinstance(value, str) or not value.strip() or any("\ud800" <= sign <= "\udfff" for sign in value):
        raise ValueError(f"expected a text, got {value!r}")
    return value.strip()


def as_markdown(value: object) -> str:
    """Return a text with its lines where they were."""
    as_text(value)
    return str(value)


def as_path(value: object) -> Path:
    """Return a path, with the user's own folder in place of ``~``."""
    text = as_text(value)
    try:
        if "\0" not in text:
            return Path(text).expanduser()
    except RuntimeError:  # ~someone, and there is no such user
        pass
    raise ValueError(f"expected a path, got {value!r}")


def is_import_path(text: str) -> bool:
    """Tell whether a text has the form ``package.module:object``."""
    module, colon, name = text.partition(":")
    return bool(colon) and all(part.isidentifier() for part in (*module.split("."), *name.split(".")))


def as_import_path(value: object) -> str:
    """Return a text of the form ``package.module:object``."""
    text = as_text(value)
    if not is_import_path(text):
        raise ValueError(f"expected package.module:Name, got {value!r}")
    return text


def as_custom_objects(value: object) -> tuple[tuple[str, str], ...]:
    """Return (name, import path) of a list of import paths, or of a mapping from the names that a file uses."""
    if isinstance(value, dict) and value:
        return tuple((as_text(name), as_import_path(path)) for name, path in value.items())
    paths = [as_import_path(path) for path in (value if isinstance(value, list) and value else [value])]
    return tuple((path.rpartition(":")[2].rpartition(".")[2], path) for path in paths)


def as_bands(value: object) -> tuple[int, ...]:
    """Return the three channels that are shown as colours, or the one that is shown."""
    found: list[Any] = value if isinstance(value, list) else [value]
    if len(found) not in (1, 3) or not all(_is_count(band) and band >= 0 for band in found):
        raise ValueError(f"expected three channels of the input such as [3, 2, 1], or one; got {value!r}")
    return tuple(found)


def as_pair(value: object) -> tuple[str, str]:
    """Return the names of two models that are to be compared.

    Raises ValueError for anything else.
    """
    if isinstance(value, list) and len(value) == 2 and all(isinstance(name, str) for name in value):
        return as_text(value[0]), as_text(value[1])
    raise ValueError(f"expected the names of two models such as [before, after], got {value!r}")


Items = Callable[[object], list[Any]]
"""Validates each item of a list."""

OBJECTIVES = ("channel", "neuron")
LIMITS = {"shift": (0.0, 0.5), "scale": (1.0, 4.0), "rotate": (0.0, 180.0), "noise": (0.0, 1.0)}


def as_objective(value: object) -> Objective:
    """Return what is maximised."""
    if isinstance(value, str) and value in OBJECTIVES:
        return Objective(value)
    weights = value.get("direction") if isinstance(value, dict) and set(value) == {"direction"} else None
    if isinstance(weights, dict) and weights:
        # YAML's keys come as texts; a filter is its index.
        pairs = [(str(index), weight) for index, weight in weights.items()]
        if all(index.isdecimal() and _is_number(weight) and weight != 0 for index, weight in pairs):
            return Objective("direction", tuple(sorted((int(index), float(weight)) for index, weight in pairs)))
    expected = "expected channel, neuron, or {direction: {filter: weight}}, weights not zero"
    if isinstance(value, dict):
        said, known = str(next(iter(value), "")), ("direction",)
        hint = "" if said in known else nearest(said, known)
    else:
        hint = nearest(str(value), (*OBJECTIVES, "direction"))
    raise ValueError(f"{expected}; got {value!r}. {hint}".strip())


def as_objectives(value: object, items: Items) -> tuple[Objective, ...]:
    """Return one objective, or a list of them, as a tuple."""
    return tuple(dict.fromkeys(items(value))) if isinstance(value, list) and value else (as_objective(value),)


def as_transforms(value: object, items: Items) -> Transforms:
    """Return a list of transforms; ``items`` checks each."""
    if not isinstance(value, list):
        raise ValueError(f"expected a list such as [{{shift: 1/16}}, {{rotate: 10}}], [] for none; got {value!r}")
    return tuple(items(value))


def as_transform(value: object) -> tuple[str, float]:
    """Return a transform and its limit."""
    if not isinstance(value, dict) or len(value) != 1:
        raise ValueError(f"expected one transform such as {{shift: 1/16}}, got {value!r}")
    kind, amount = next(iter(value.items()))
    if kind not in TRANSFORMS:
        raise ValueError(f"expected {' or '.join(TRANSFORMS)}, got {kind!r}. {nearest(str(kind), TRANSFORMS)}".strip())
    number, (low, high) = as_number(amount), LIMITS[kind]
    if not low <= number <= high:
        raise ValueError(f"{kind}: expected {low:g} to {high:g}, got {amount!r}")
    return kind, number
