"""Configurations by enemies or machines: what is refused, in how many lines, and after how much work."""

from __future__ import annotations

import difflib
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from generator.config import branding, load, load_config
from generator.config.nodes import MAX_BYTES
from generator.config.schema import ConfigFile
from generator.errors import MAX_CANDIDATES, MAX_PROBLEMS, ConfigError, UsageError
from tests.config.files import problems, read

NINE_LEVELS = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9)
)
TOO_MANY = "more than 30,000 values, counting what aliases repeat"
EXPECT_NUMBER = "expected a number or a fraction such as 1/255"
EXPECT_CHANNELS = "expected a number, or a list of one number for each channel"
GOOGOLS = "1" + "0" * 400
NINES = f"{'9' * 128} ... {'9' * 65}"


def preprocess(settings: str) -> str:
    return f"models: [{{source: demo, preprocess: {{{settings}}}}}]"


REFUSED: dict[str, tuple[str, list[str]]] = {
    "yaml-aliases": (f"{NINE_LEVELS}models: [demo]", [f"5: {TOO_MANY}"]),
    "yaml-aliases-merge": (
        "models: [demo]\nrender: &r {<<: *r}",
        ["2: the alias 'r' stands inside of what it repeats"],
    ),
    "yaml-aliases-model": ("models: &m [demo, *m]", ["1: the alias 'm' stands inside of what it repeats"]),
    "yaml-number": (
        preprocess('scale: "1e-99999999"'),
        [f"1: models[0].preprocess.scale: {EXPECT_NUMBER}, got '1e-99999999'"],
    ),
    "yaml-number-large": (
        preprocess('scale: "1e99999999"'),
        [f"1: models[0].preprocess.scale: {EXPECT_NUMBER}, got '1e99999999'"],
    ),
    "yaml-number-exponent-of-many-digits": (
        preprocess(f'scale: "1e{"9" * 5000}"'),
        [f"1: models[0].preprocess.scale: {EXPECT_NUMBER}, got '1e{'9' * 126} ... {'9' * 65}'"],
    ),
    "yaml-number-of-many-digits": (
        preprocess(f'scale: "{"9" * 5000}"'),
        [f"1: models[0].preprocess.scale: {EXPECT_NUMBER}, got '{NINES}'"],
    ),
    "yaml-number-denominator": (
        preprocess(f'scale: "1/{"9" * 5000}"'),
        [f"1: models[0].preprocess.scale: {EXPECT_NUMBER}, got '1/{'9' * 126} ... {'9' * 65}'"],
    ),
    "yaml-number-denominator-below-zero": (
        preprocess('scale: "1/1e-400"'),
        [f"1: models[0].preprocess.scale: {EXPECT_NUMBER}, got '1/1e-400'"],
    ),
    "yaml-number-too-small": (
        preprocess('scale: "1e-400"'),
        [f"1: models[0].preprocess.scale: {EXPECT_NUMBER}, got '1e-400'"],
    ),
    "yaml-number-channels": (
        preprocess(f"mean: 1e999, std: {GOOGOLS}"),
        [
            f"1: models[0].preprocess.mean: {EXPECT_CHANNELS}, got inf",
            f"1: models[0].preprocess.std: {EXPECT_CHANNELS}, got 1{'0' * 128} ... {'0' * 66}",
        ],
    ),
    "yaml-number-render": (
        "models: [demo]\nrender:\n  steps: 1e999\n  learning_rate: 1e999\n"
        f'  transforms: [{{shift: "1e-99999999"}}]\n  seed: {GOOGOLS}\n',
        [
            "3: render.steps: expected an integer, got inf",
            "4: render.learning_rate: expected a finite number, got inf",
            f"5: render.transforms[0]: {EXPECT_NUMBER}, got '1e-99999999'",
            f"6: render.seed: expected a number less than 9223372036854775808, got 1{'0' * 128} ... {'0' * 66}",
        ],
    ),
    "yaml-number-longest": ("models: [demo]\nfilters: " + "9" * 1001, ["2: a number of more than 1,000 characters"]),
    "yaml-number-hexadecimal": (
        "models: [demo]\nfilters: 0x" + "f" * 5000,
        ["2: a number of more than 1,000 characters"],
    ),
    "long-values": (
        f"models: [{'q' * 5000}]",
        [f"1: models[0].source: unknown model '{'q' * 128} ... {'q' * 65}'. See: filter-gallery models"],
    ),
    "long-values-file": (
        f"models: [{'q/' * 2500}]",
        [f"1: models[0].source: no file '{'q/' * 64} ... {'/q' * 32}/' in {{folder}}"],
    ),
    "long-values-key": (
        f"models: [demo]\n? {'q' * 5000}\n: 1",
        [f"2: {'q' * 129} ... {'q' * 66}: unknown setting. Known: {{known}}"],
    ),
    "long-values-list": (
        f"models: [demo]\nrender: [{'q' * 5000}]",
        [f"2: render: expected a mapping of settings, got ['{'q' * 127} ... {'q' * 64}']"],
    ),
    "long-values-of-a-key-that-is-there-twice": (
        f"models: [demo]\n{'q' * 500}: 1\n{'q' * 500}: 2",
        [f'3: not valid YAML: found duplicate key "{"q" * 129} ... {"q" * 66}" with value "2" (original value: "1")'],
    ),
    "long-texts": (
        f"models: [demo]\nintroduction: {'word ' * 30_000}",
        [f"2: introduction: expected at most 100,000 characters, got 'word {'word ' * 24}wor ... {' word' * 13}'"],
    ),
    "tags": (
        "models: !!python/object/apply:os.system [echo]",
        ["1: not valid YAML: the tag 'python/object/apply:os.system' is not known here"],
    ),
    "tags-binary": ("models: [demo]\ntitle: !!binary aGk=", ["2: not valid YAML: the tag 'binary' is not known here"]),
    "tags-own": ("!gallery\nmodels: [demo]", ["1: not valid YAML: the tag '!gallery' is not known here"]),
    "tags-of-another-type": (
        "models: [demo]\nfilters: !!int many",
        ["2: not valid YAML: 'many' is not of the type 'int'"],
    ),
    "tags-of-another-kind": (
        "models: !!map [demo]",
        ["1: not valid YAML: expected a mapping node, but found sequence"],
    ),
}


@pytest.mark.case("long-values", "yaml-aliases", "yaml-large", "yaml-number")
@pytest.mark.parametrize(("text", "expected"), REFUSED.values(), ids=REFUSED)
def test_what_enemies_write_is_refused_in_a_line(tmp_path: Path, text: str, expected: list[str]) -> None:
    known = ", ".join(ConfigFile.model_fields)
    filled = [line.replace("{folder}", str(tmp_path.resolve())).replace("{known}", known) for line in expected]
    assert problems(tmp_path, text) == filled


MANY: dict[str, tuple[str, int]] = {
    "yaml-large-photos": ("models: [demo]\nphotos:\n" + "".join(f"- {n}.png\n" for n in range(3000)), 3000),
    "yaml-large-photos-mistyped": ("models: [demo]\nphotos:\n" + "".join(f"- chelse{n}\n" for n in range(3000)), 3000),
    "yaml-large-photos-that-are-none": ("models: [demo]\nphotos:\n" + "- \n" * 3000, 3000),
    "yaml-large-models-of-one-name": ("models:\n" + "- demo\n" * 20_000, 19_999),
    "yaml-large-models-mistyped": ("models:\n" + "".join(f"- VGG16_{n}\n" for n in range(3000)), 3000),
    "yaml-large-keys": ("models: [demo]\n" + "".join(f"titel{n}: 1\n" for n in range(3000)), 3000),
    "yaml-large-pairs": ("models: [demo]\ncompare:\n" + "".join(f"- [demo, demo{n}]\n" for n in range(3000)), 3000),
    "yaml-large-weights": (
        "models:\n" + "".join(f"- {{source: VGG16, name: n{n}, weights: imagnet{n}}}\n" for n in range(3000)),
        3000,
    ),
    "yaml-large-pictures": ("models: [demo]\nfooter: |\n" + "".join(f"  ![](a{n}.png)\n" for n in range(3000)), 3000),
}


@pytest.fixture
def comparisons(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count the searches for a nearest name, and the names that are compared."""
    counted: Counter[str] = Counter()
    search = difflib.get_close_matches

    def counting(word: str, possibilities: dict[str, str], n: int, cutoff: float) -> list[str]:
        counted.update(searches=1, names=len(possibilities))
        return search(word, possibilities, n, cutoff)

    monkeypatch.setattr(difflib, "get_close_matches", counting)
    return counted


@pytest.mark.case("yaml-large")
@pytest.mark.parametrize(("text", "number"), MANY.values(), ids=MANY)
def test_many_errors_are_counted_and_looked_into_no_further_than_shown(
    tmp_path: Path, comparisons: Counter[str], text: str, number: int
) -> None:
    found = problems(tmp_path, text)
    assert len(found) == MAX_PROBLEMS
    assert found[-1].endswith(f" (and {number - MAX_PROBLEMS:,} more)")
    assert not any(" more)" in line for line in found[:-1])
    lines = [int(line.partition(":")[0]) for line in found]
    assert lines == list(range(lines[0], lines[0] + MAX_PROBLEMS))
    assert comparisons["searches"] <= MAX_PROBLEMS


def test_a_pair_is_compared_with_so_many_names_only(tmp_path: Path, comparisons: Counter[str]) -> None:
    models = "".join(f"- {{source: demo, name: m{n}}}\n" for n in range(2 * MAX_CANDIDATES))
    (line,) = problems(tmp_path, f"compare: [[m1, other]]\nmodels:\n{models}")
    assert line.startswith("1: compare[0]: no model 'other' in the configuration. It has: m0, m1, m2, ")
    assert " ... " in line
    assert len(line) < 300
    assert comparisons["names"] == MAX_CANDIDATES


def test_a_picture_is_looked_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at: list[str] = []

    def inspect(path: Path, megabytes: int) -> None:
        looked_at.append(path.name)

    (tmp_path / "a.png").touch()
    monkeypatch.setattr(branding, "inspect", inspect)
    read(tmp_path, "models: [demo]\nfooter: |\n" + "  ![](a.png)\n" * 100)
    assert looked_at == ["a.png"]


def test_what_is_just_within_the_limits_loads(tmp_path: Path) -> None:
    text = "models:\n- &first {source: demo, name: first, render: {steps: 5}}\n" + "".join(
        f"- {{<<: *first, name: n{n}}}\n" for n in range(1000)
    )
    text += "# " + "x" * (MAX_BYTES - len(text) - 2)
    (tmp_path / "config.yaml").write_text(text)
    models = load_config(tmp_path / "config.yaml").models
    assert [(entry.name, entry.render) for entry in models[:2]] == [
        ("first", (("steps", 5),)),
        ("n0", (("steps", 5),)),
    ]
    assert len(models) == 1001
    (tmp_path / "config.yaml").write_text(f"{text}x")
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path / "config.yaml")
    assert caught.value.problems == (f"{tmp_path / 'config.yaml'}: is too large: more than 1 MB",)


@pytest.mark.case("yaml-large")
def test_yaml_large_is_read_no_further_than_its_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str] = []
    monkeypatch.setattr(load, "parse_yaml", lambda text, where: parsed.append(text))
    (tmp_path / "config.yaml").write_text("# a comment\n" * 1_000_000)
    with pytest.raises(ConfigError, match="is too large: more than 1 MB"):
        load_config(tmp_path / "config.yaml")
    assert parsed == []


@pytest.mark.case("fifo")
@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no pipes with names")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "config.yaml")
    with pytest.raises(UsageError, match=r"config\.yaml: is not a file"):
        load_config(tmp_path / "config.yaml")


ENCODED: dict[str, tuple[bytes, str]] = {
    "utf-16": ("models: [demo]".encode("utf-16"), ": not a text file in UTF-8 (byte 0)"),
    "utf-16-without-a-mark": (
        "models: [demo]".encode("utf-16-le"),
        ":1: not valid YAML: unacceptable character #x0000: special characters are not allowed",
    ),
    "nul": (
        b"models: [demo]\ntitle: a\0b",
        ":1: not valid YAML: unacceptable character #x0000: special characters are not allowed",
    ),
}


@pytest.mark.parametrize(("content", "told"), ENCODED.values(), ids=ENCODED)
def test_bytes_that_yaml_does_not_have(tmp_path: Path, content: bytes, told: str) -> None:
    (tmp_path / "config.yaml").write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path / "config.yaml")
    assert caught.value.problems == (f"{tmp_path / 'config.yaml'}{told}",)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("models", "&key models"),
        lambda text: text.replace("demo", "!!str demo"),
        lambda text: f"%YAML 1.1\n---\n{text}",
        lambda text: f"\N{BYTE ORDER MARK}{text}",
        lambda text: text.replace("\n", "\r\n"),
    ],
    ids=["an anchor on a key", "the tag of its own type", "an older version", "a mark", "other ends of lines"],
)
def test_odd_ways_to_write_it_are_fine(
    tmp_path: Path, recwarn: pytest.WarningsRecorder, change: Callable[[str], str]
) -> None:
    (tmp_path / "config.yaml").write_bytes(change("models: [demo]\ntitle: T\n").encode())
    config = load_config(tmp_path / "config.yaml")
    assert ([entry.name for entry in config.models], config.title) == (["demo"], "T")
    assert not recwarn


def test_a_folder_that_is_asked_for_again_and_again_leaves_nothing_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[int] = []
    really_open, really_close = os.open, os.close

    def opening(path: Path, flags: int) -> int:
        opened.append(really_open(path, flags))
        return opened[-1]

    def closing(descriptor: int) -> None:
        opened.remove(descriptor)
        really_close(descriptor)

    monkeypatch.setattr(os, "open", opening)
    monkeypatch.setattr(os, "close", closing)
    with pytest.raises(UsageError, match="Is a directory"):
        load_config(tmp_path)
    assert opened == []
