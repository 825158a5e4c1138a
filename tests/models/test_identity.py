"""Digests: what an entry's network computes decides them, and nothing else."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest

from generator.config.values import ModelEntry, PreprocessChoice
from generator.models.identity import digest_of

PREPROCESS = {"style": "auto", "mean": [0.0], "std": [1.0], "scale": 1.0, "order": "rgb"}


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def of_parts(**parts: object) -> str:
    """Return the digest of these parts and the usual ones, by the rule that caches were written by so far."""
    whole = {"input_shape": None, "preprocess": PREPROCESS, **parts}
    return sha(json.dumps(whole, sort_keys=True, separators=(",", ":")).encode())


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Return a folder with files that digests are made of; none is what its name says."""
    for name in ("m.keras", "n.json", "w.h5"):
        (tmp_path / name).write_text(name)
    (tmp_path / "fgt_code.py").write_text("raise SystemExit  # never run")
    return tmp_path


def entry(place: Path, kind: str, **fields: object) -> ModelEntry:
    source = {"application": "VGG16", "file": place / "m.keras", "architecture": place / "n.json"}[kind]
    weights = {"application": "imagenet", "file": "", "architecture": "random"}[kind]
    given = {"kind": kind, "source": str(source), "weights": weights, "folder": str(place), **fields}
    return ModelEntry("name", "slug", **given)  # type: ignore[arg-type]


def test_entries_without_the_newer_keys_keep_their_digests(place: Path) -> None:
    application = {"source": "VGG16", "include_top": False, "keras": version("keras")}
    weights = str(place / "w.h5")
    random = {"weights": "random", "seed": 0, "tensorflow": version("tensorflow")}
    assert digest_of(entry(place, "file")) == of_parts(file=sha(b"m.keras"))
    assert digest_of(entry(place, "application")) == of_parts(**application, weights="imagenet")
    assert digest_of(entry(place, "application", weights="random")) == of_parts(**application, **random)
    assert digest_of(entry(place, "application", weights=weights)) == of_parts(**application, weights=sha(b"w.h5"))
    shaped = entry(place, "file", input_shape=(8, 8, 3))
    assert digest_of(shaped) == of_parts(file=sha(b"m.keras"), input_shape=[8, 8, 3])


def test_an_architecture_is_its_file_and_its_weights(place: Path) -> None:
    random = {"weights": "random", "seed": 0, "tensorflow": version("tensorflow")}
    own = entry(place, "architecture")
    assert digest_of(own) == of_parts(architecture=sha(b"n.json"), **random)
    other = entry(place, "architecture", weights=str(place / "w.h5"))
    assert digest_of(other) == of_parts(architecture=sha(b"n.json"), weights=sha(b"w.h5"))


CUSTOM = (("Swish", "fgt_code:Swish"),)
CHANGES: list[tuple[str, dict[str, object]]] = [
    ("file", {"bands": (2, 1, 0)}),
    ("file", {"bands": (2,)}),
    ("application", {"bands": (2, 1, 0)}),
    ("architecture", {"bands": (2, 1, 0)}),
    ("file", {"custom_objects": CUSTOM}),
    ("file", {"custom_objects": (("my>Swish", "fgt_code:Swish"),)}),
    ("file", {"custom_objects": (("Swish", "fgt_code:Other"),)}),
    ("file", {"custom_objects": (("Swish", "fgt_gone:Swish"),)}),
    ("architecture", {"custom_objects": CUSTOM}),
    ("architecture", {"input_shape": (8, 8, 3)}),
    ("architecture", {"preprocess": PreprocessChoice("tf")}),
]


def test_every_change_of_what_is_computed_or_shown_is_another_digest(place: Path) -> None:
    digests = [digest_of(entry(place, kind, **fields)) for kind, fields in CHANGES]
    digests += [digest_of(entry(place, kind)) for kind in ("file", "application", "architecture")]
    assert len(set(digests)) == len(digests)


def touch_nothing(place: Path) -> None:
    (place / "unrelated.py").write_text("")


def change_code(place: Path) -> None:
    (place / "fgt_code.py").write_text("raise SystemExit  # still never run")


@pytest.mark.parametrize(("change", "same"), [(touch_nothing, True), (change_code, False)])
def test_the_code_of_custom_objects_enters_without_being_run(
    change: Callable[[Path], None], same: bool, place: Path
) -> None:
    own = entry(place, "file", custom_objects=CUSTOM)
    before = digest_of(own)
    change(place)
    assert (digest_of(own) == before) is same
    assert "fgt_code" not in sys.modules


def test_names_and_folders_do_not_matter(place: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    for path in place.iterdir():
        (elsewhere / path.name).write_bytes(path.read_bytes())
    own, other = (entry(at, "file", custom_objects=CUSTOM) for at in (place, elsewhere))
    assert digest_of(own) == digest_of(other)


def test_nothing_is_known_of_a_callable_before_it_has_run() -> None:
    assert digest_of(ModelEntry("name", "slug", "callable", "fgt_nowhere:build", weights="")) is None
