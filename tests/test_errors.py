from __future__ import annotations

import pytest

from generator.errors import (
    MAX_CANDIDATES,
    MAX_MESSAGE_LENGTH,
    MAX_REASON_LENGTH,
    MAX_VALUE_LENGTH,
    ConfigError,
    GalleryError,
    ModelError,
    PhotoError,
    UsageError,
    WeightsUnavailableError,
    nearest,
    one_line,
    printable,
    quoted,
    reason,
    shortened,
)


@pytest.mark.parametrize(
    ("message", "hint", "expected"),
    [
        ("no such thing", "", "no such thing"),
        ("no such thing", "Make one", "no such thing. Make one"),
        ("two\n  lines\tof text", "and\na hint", "two lines of text. and a hint"),
    ],
)
def test_an_error_is_one_line(message: str, hint: str, expected: str) -> None:
    assert str(GalleryError(message, hint)) == expected


@pytest.mark.parametrize(
    ("kind", "status"),
    [(GalleryError, 1), (ModelError, 1), (WeightsUnavailableError, 1), (PhotoError, 1), (UsageError, 2)],
)
def test_an_error_knows_the_status_that_a_command_ends_with(kind: type[GalleryError], status: int) -> None:
    assert kind("x").exit_status == status


def test_a_configurations_error_holds_every_problem() -> None:
    error = ConfigError(line for line in ("c.yaml:1: a", "c.yaml:2: b"))
    assert error.problems == ("c.yaml:1: a", "c.yaml:2: b")
    assert str(error) == "c.yaml:1: a; c.yaml:2: b"
    assert error.exit_status == 2


@pytest.mark.parametrize(
    ("number", "unlisted", "more"),
    [(20, 0, ""), (21, 0, " (and 1 more)"), (3000, 0, " (and 2,980 more)"), (20, 1980, " (and 1,980 more)")],
)
def test_a_configurations_error_lists_so_many_problems_and_counts_the_rest(
    number: int, unlisted: int, more: str
) -> None:
    error = ConfigError((f"c.yaml:{line}: wrong" for line in range(1, number + 1)), unlisted)
    assert error.problems == (*(f"c.yaml:{line}: wrong" for line in range(1, 20)), f"c.yaml:20: wrong{more}")
    assert str(error) == "; ".join(error.problems)


def test_long_values_are_shortened_in_the_middle() -> None:
    assert quoted("a" * 198) == repr("a" * 198)
    assert quoted("a" * 3000 + "b" * 3000) == f"'{'a' * 128} ... {'b' * 65}'"
    assert quoted({"k": ["v"]}) == "{'k': ['v']}"
    assert len(quoted(["x"] * 5000)) == MAX_VALUE_LENGTH
    assert shortened("abcdefghijkl", 12) == "abcdefghijkl"
    assert shortened("abcdefghijklm", 12) == "abc ... jklm"


def test_a_whole_message_has_a_longest_length() -> None:
    error = UsageError(f"no file {'x' * 5000} here", "Did you mean " + "y" * 5000 + "?")
    assert len(str(error.args[0])) == len(error.hint) == MAX_MESSAGE_LENGTH
    (problem,) = ConfigError([f"c.yaml:1: {'x' * 5000} end"]).problems
    assert len(problem) == MAX_MESSAGE_LENGTH
    assert problem.endswith("x end")
    many = ConfigError(f"c.yaml:1: {'x' * 5000} end" for _ in range(100))
    assert str(many) == "; ".join(many.problems)


def test_only_so_many_names_are_compared_and_no_long_ones() -> None:
    names = [f"layer_{n}" for n in range(MAX_CANDIDATES)]
    assert nearest("blocks", [*names, "block"]) == ""
    assert nearest("blocks", ["block", *names]) == "Did you mean block?"
    assert nearest("b" * 201, ["b" * 200]) == ""
    assert nearest("b" * 200, ["b" * 201]) == ""


@pytest.mark.parametrize(
    ("name", "known", "expected"),
    [
        ("block4_conv3x", ["block4_conv3", "block5_conv1"], "Did you mean block4_conv3?"),
        ("vgg16", ["VGG19", "VGG16"], "Did you mean VGG16?"),
        ("stepz", ["size", "steps"], "Did you mean steps?"),
        ("zzz", ["size", "steps"], ""),
        ("", ["size"], ""),
        ("size", [], ""),
    ],
)
def test_the_nearest_name_is_offered(name: str, known: list[str], expected: str) -> None:
    assert nearest(name, known) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("  two\r\n\tlines\u2028here ", "two lines here"),
        ("\x1b[1mbold\x1b[0m and \x1b[38;5;196mred\x1b[m", "bold and red"),
        ("\x9b31mred", "red"),
        ("\x1b]0;a title\x07said", "said"),
        ("\x1b]8;;https://example.org\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bcreset, \x1b(Bcharset, \x1b", "reset, charset,"),
        ("bell\x07 back\x08space null\x00 del\x7f", "bell backspace null del"),
        ("turned \u202egnp.exe\u202c", "turned gnp.exe"),
        ("half a character \udcff", "half a character ?"),
        ("größer → 日本", "größer → 日本"),
    ],
)
def test_one_line_steers_no_terminal(text: str, expected: str) -> None:
    assert one_line(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("block1_conv2", "block1_conv2"),
        ("Größe 猫 😀 \u00a0-\\", "Größe 猫 😀 \u00a0-\\"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("a\x00b\x07c\x7fd", r"a\x00b\x07c\x7fd"),
        ("\x9b31m", r"\x9b31m"),  # the same as ESC [
        ("a\nb\r\tc", r"a\nb\r\tc"),
        ("a\u2028b\u202ec\u2066d", r"a\u2028b\u202ec\u2066d"),
        ("\udcff", r"\udcff"),  # of a file's name that is not UTF-8
    ],
)
def test_what_could_steer_a_terminal_is_escaped(text: str, expected: str) -> None:
    assert printable(text) == expected


def test_an_error_shows_names_escaped() -> None:
    error = GalleryError("net/\x1b]0;owned\x07:\n no filter 7", "Did you mean \x1b[31mred?")
    assert str(error) == r"net/\x1b]0;owned\x07: no filter 7. Did you mean \x1b[31mred?"


def raised(error: BaseException, *around: BaseException, hide: bool = False) -> BaseException:
    """Return the last of the errors, each raised while the one before it was handled."""
    inner = error
    for outer in around:
        outer.__context__, outer.__suppress_context__ = inner, hide
        inner = outer
    return inner


def calling(message: str) -> str:
    """Return what Keras writes around a layer's message."""
    return (
        f"Exception encountered when calling L.call().\n\n\x1b[1m{message}\x1b[0m\n\n"
        "Arguments received by L.call():\n  • inputs=tf.Tensor(shape=(1, 4), dtype=float32)"
    )


INFER = "Could not automatically infer the output shape / dtype of 'l' (of type L). Do this. Error encountered:\n\n"
DESERIALIZE = "Error when deserializing class 'Dense' using config={'units': 3}.\n\nException encountered: "
OUTER_CLASS = "<class 'k.Dense'> could not be deserialized properly. Do that.\n\nconfig={}.\n\nException encountered: "


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ValueError("too large."), "too large"),
        (ValueError("one\n two"), "one two"),
        (ValueError("\x1b[31mred\x1b[0m"), "red"),
        (ValueError(), "ValueError"),
        (ValueError(" \n\x1b[0m"), "ValueError"),
        (ModelError("x.keras: no model", "Save it."), "x.keras: no model. Save it"),
        (raised(KeyError("k"), ValueError("other words")), "other words"),
        (raised(ValueError("mine"), ValueError(calling("mine")), hide=True), "mine"),
        (raised(ValueError("a. b"), TypeError(DESERIALIZE + "a. b"), TypeError(OUTER_CLASS + "c")), "a. b"),
        (ValueError(calling("only its text. Kept")), "only its text. Kept"),
        (ValueError(calling(INFER + "mine")), "mine"),
        (TypeError(OUTER_CLASS + DESERIALIZE + calling("mine")), "mine"),
        (ValueError("Error encountered: 404"), "Error encountered: 404"),
        (raised(ValueError(), ValueError(calling(""))), "ValueError"),
    ],
)
def test_the_reason_is_what_the_innermost_error_says(error: BaseException, expected: str) -> None:
    assert reason(error) == expected


def test_an_error_without_words_has_those_of_its_cause() -> None:
    outer = RuntimeError()
    outer.__cause__ = OSError("disk full")
    assert reason(outer) == "disk full"
    outer.__cause__ = ModelError(calling("kept as it is"))
    assert reason(outer).startswith("Exception encountered when calling")


def test_errors_that_wrap_each_other_end() -> None:
    one, other = ValueError(calling("one")), ValueError(calling("other"))
    one.__context__, other.__context__ = other, one
    assert reason(one) in ("one", "other")


@pytest.mark.parametrize("text", ["word " * 200, "x" * 1000, "begin " + "m" * 500 + " end", "b" * 290 + " " + "c" * 20])
def test_a_long_reason_keeps_its_ends(text: str) -> None:
    shortened = reason(ValueError(f"first {text} last"))
    assert len(shortened) <= MAX_REASON_LENGTH
    assert " ... " in shortened
    assert shortened.startswith("first")
    assert shortened.endswith("last")


def test_a_reason_of_just_the_longest_length_is_whole() -> None:
    text = "y" * MAX_REASON_LENGTH
    assert reason(ValueError(text)) == text
