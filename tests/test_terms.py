"""Every name has its words, and whatever is chosen by a name knows it."""

from __future__ import annotations

from typing import get_args

import pytest

from generator.config.values import METHOD_DEFAULTS
from generator.render.objective import OBJECTIVES as FUNCTIONS
from generator.site.records import PictureSettings
from generator.terms import METHODS, OBJECTIVES, MethodName, ObjectiveName, Term


def test_every_name_has_its_words() -> None:
    assert tuple(METHODS) == get_args(MethodName)
    assert tuple(OBJECTIVES) == get_args(ObjectiveName)
    assert not METHODS.keys() & OBJECTIVES.keys()  # a picture's notes are found by these names


@pytest.mark.parametrize("term", [*METHODS.values(), *OBJECTIVES.values()])
def test_words_fit_where_they_stand(term: Term) -> None:
    assert [text for text in (term.label, term.meaning) if text != text.strip(" .")] == []
    assert term.note == "" or term.note.endswith(".")


def test_every_name_is_carried_out() -> None:
    assert METHOD_DEFAULTS.keys() == METHODS.keys()
    assert FUNCTIONS.keys() == OBJECTIVES.keys() | {"direction"}


def test_the_manifest_knows_the_names() -> None:
    settings = PictureSettings.model_json_schema()["properties"]
    assert settings["method"]["enum"] == [*METHODS]
    assert settings["objective"]["anyOf"][0]["enum"] == [*OBJECTIVES]
