"""The keys that make a site its owner's: the values they become, and the messages for those that do not fit."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from generator.config import Branding
from tests.config.files import LONG, SHORTENED, problems, read

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 10"/>'
EXPECT_COLOUR = 'expected a colour such as "#1a6" or "#11aa66", in quotes, or a CSS name'
EXPECT_PICTURE = "expected an SVG, PNG, WebP, JPEG, GIF or AVIF"
FOREIGN = "is on another host, which pages do not ask for anything. Save it, and name the file"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with files that are, and are not, what they are named."""
    Image.new("RGB", (40, 10), "red").save(tmp_path / "logo.png")
    Image.new("RGB", (4, 4)).save(tmp_path / "scan.tiff")
    (tmp_path / "my logo.svg").write_text(SVG)
    (tmp_path / "notes.svg").write_text("not a drawing")
    (tmp_path / "bare.svg").write_text("<svg/>")
    (tmp_path / "page.svg").write_text("<html/>")
    (tmp_path / "cut.png").write_bytes((tmp_path / "logo.png").read_bytes()[:60])
    (tmp_path / "large.svg").write_text(f"{SVG}<!--{'x' * 1_200_000}-->")
    (tmp_path / "theme").mkdir()
    return tmp_path


def test_a_look_is_what_the_keys_say(folder: Path) -> None:
    text = """
        introduction: |
          # Hello
          ![a drawing](my%20logo.svg)
        logo: logo.png
        accent: RebeccaPurple
        footer: "*Anna*"
        templates: theme
        models: [demo]
        """
    assert read(folder, text).branding == Branding(
        introduction="# Hello\n![a drawing](my%20logo.svg)\n",
        logo=folder / "logo.png",
        accent="#663399",
        footer="*Anna*",
        templates=folder / "theme",
        folder=folder,
    )
    assert read(folder, "models: [demo]").branding == Branding(folder=folder)


@pytest.mark.parametrize(
    ("accent", "expected"),
    [
        ('"#abc"', "#aabbcc"),
        ('"#B23A22"', "#b23a22"),
        ("yellow", "#ffff00"),
        ("Dark Slate".replace(" ", "") + "Gray", "#2f4f4f"),
    ],
)
def test_an_accent_is_a_colour_of_css(folder: Path, accent: str, expected: str) -> None:
    assert read(folder, f"models: [demo]\naccent: {accent}").branding.accent == expected


def test_a_name_stays_a_colour_when_pillow_has_drawn_with_it() -> None:
    code = "from PIL import ImageColor; ImageColor.getrgb('teal'); from generator.config.types import colours as c;"
    run = subprocess.run([sys.executable, "-c", code + "print(c.NAMES['teal'])"], capture_output=True, text=True)
    assert run.stdout == "#008080\n", run.stderr


BAD = {
    "accent-misspelt": ("accent: yelow", [f"2: accent: {EXPECT_COLOUR}, got 'yelow'. Did you mean yellow?"]),
    "accent-a-comment": ("accent: #b23a22", [f"2: accent: {EXPECT_COLOUR}, got None"]),
    "accent-a-number": ("accent: 000", [f"2: accent: {EXPECT_COLOUR}, got 0"]),
    "accent-of-four": ('accent: "#abcd"', [f"2: accent: {EXPECT_COLOUR}, got '#abcd'"]),
    "accent-code": ('accent: "red;}"', [f"2: accent: {EXPECT_COLOUR}, got 'red;}}'. Did you mean red?"]),
    "logo-missing": ("logo: logo.pgn", ["2: logo: no file 'logo.pgn' in {folder}. Did you mean logo.png?"]),
    "logo-a-folder": ("logo: theme", ["2: logo: 'theme' is a folder, not a picture"]),
    "logo-nothing": ("logo:", ["2: logo: expected a text, got None"]),
    "logo-text": ("logo: notes.svg", [f"2: logo: 'notes.svg' is no picture; {EXPECT_PICTURE}"]),
    "logo-other-xml": ("logo: page.svg", [f"2: logo: 'page.svg' is no picture; {EXPECT_PICTURE}"]),
    "logo-no-namespace": (
        "logo: bare.svg",
        ["2: logo: 'bare.svg' is an SVG that browsers do not show: it lacks xmlns=\"http://www.w3.org/2000/svg\""],
    ),
    "logo-tiff": (
        "logo: scan.tiff",
        [f"2: logo: 'scan.tiff' is of a kind that browsers do not show (TIFF); {EXPECT_PICTURE}"],
    ),
    "logo-large": ("logo: large.svg", ["2: logo: 'large.svg' is too large: 1.2 MB, at most 1 MB"]),
    "templates-missing": ("templates: theem", ["2: templates: no folder 'theem' in {folder}. Did you mean theme?"]),
    "templates-name-too-long": (f"templates: {LONG}", [f"2: templates: no folder {SHORTENED} in {{folder}}"]),
    "templates-a-file": ("templates: logo.png", ["2: templates: 'logo.png' is a file, not a folder"]),
    "introduction-null": ("introduction:", ["2: introduction: expected a text, got None"]),
    "introduction-list": ("introduction: [a]", ["2: introduction: expected a text, got ['a']"]),
    "footer-blank": ("footer: ' '", ["2: footer: expected a text, got ' '"]),
    # a block's picture is reported with its own line, whatever stands before it
    "picture-in-a-block": (
        "introduction: |\n\n  # A\n\n  one\n  two ![](logo.pnk)\n  | a |\n  |---|\n  | ![](xyz) |",
        [
            "7: introduction: no file 'logo.pnk' in {folder}. Did you mean logo.png?",
            "10: introduction: no file 'xyz' in {folder}",
        ],
    ),
    "picture-in-a-table": (
        "introduction: |\n  | a |\n  |---|\n  | ![](zzzz) |",
        ["5: introduction: no file 'zzzz' in {folder}"],
    ),
    "picture-in-a-folded-text": (
        "introduction: >\n  a\n\n  ![](zzzz)",
        ["2: introduction: no file 'zzzz' in {folder}"],
    ),
    "picture-foreign": (
        "footer: '![](https://example.org/a.png)'",
        [f"2: footer: picture 'https://example.org/a.png' {FOREIGN}"],
    ),
    "picture-foreign-by-scheme-of-the-page": (
        "footer: '![](//example.org/a.png)'",
        [f"2: footer: picture '//example.org/a.png' {FOREIGN}"],
    ),
    "picture-too-long": (f"footer: '![]({LONG})'", [f"2: footer: no file {SHORTENED} in {{folder}}"]),
    "all-at-once": (
        "accent: gren\nlogo: note.svg\nintroduction: |\n  a\n  ![](zzzz)\ntemplates: theem\ntitel: x",
        [
            f"2: accent: {EXPECT_COLOUR}, got 'gren'. Did you mean green?",
            "3: logo: no file 'note.svg' in {folder}. Did you mean notes.svg?",
            "6: introduction: no file 'zzzz' in {folder}",
            "7: templates: no folder 'theem' in {folder}. Did you mean theme?",
            "8: titel: unknown setting. Did you mean title?",
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), BAD.values(), ids=BAD)
def test_every_error_is_reported_with_its_line(folder: Path, text: str, expected: list[str]) -> None:
    reported = problems(folder, f"models: [demo]\n{text}")
    assert reported == [line.replace("{folder}", str(folder.resolve())) for line in expected]


def test_a_picture_that_is_cut_off_is_damaged(folder: Path) -> None:
    (problem,) = problems(folder, "models: [demo]\nlogo: cut.png")
    assert problem.startswith("2: logo: 'cut.png' is damaged: ")


@pytest.mark.parametrize("key", ["logo", "templates", "footer"])
def test_a_pipe_is_not_read(folder: Path, key: str) -> None:
    """Whoever reads a pipe waits for whoever writes to it."""
    os.mkfifo(folder / "pipe")
    value, kind = ("'![](pipe)'", "picture") if key == "footer" else ("pipe", "picture" if key == "logo" else "folder")
    reported = problems(folder, f"models: [demo]\n{key}: {value}")
    assert reported == [f"2: {key}: 'pipe' is a pipe or a device, not a {kind}"]
