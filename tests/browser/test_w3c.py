"""Pages and style sheets as the W3C's checker judges them: no error, no warning."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.browser.tools import npm_file, program
from tests.pages.gallery import Gallery, fill
from tests.summaries import conv, entry, summary


def judged(*paths: Path) -> list[str]:
    """Return what the checker says of pages and style sheets, and of all of them in folders: file, line and message."""
    java, jar = program("java", "default-jre-headless"), npm_file("vnu-jar/build/dist/vnu.jar")
    options = ["-Xss4m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]  # deep pages; a short run
    arguments: list[str | Path] = ["--format", "json", "--also-check-css", "--skip-non-html", *paths]
    completed = subprocess.run([java, *options, "-jar", jar, *arguments], check=False, capture_output=True, text=True)
    messages = json.loads(completed.stderr)["messages"]  # anything else is no answer
    return [f"{message['url'].rpartition('/')[2]}:{message['lastLine']}: {message['message']}" for message in messages]


def test_every_page_and_style_sheet_is_valid(site: Path, tmp_path: Path) -> None:
    plain = Gallery(tmp_path, [(entry(), summary(conv(1, "stem", slug="001-stem")))])  # without a look of its owner's
    fill(plain.store, plain.tasks())
    plain.write()
    assert judged(site, plain.site) == []


BROKEN = {
    "unclosed.html": ("<p><b>bold</p>", "Unclosed element “b”"),
    "twice.html": ("<p id=a>a</p><p id=a>b</p>", "Duplicate ID"),
    "alt.html": ("<img src=a.png>", "An “img” element must have an “alt” attribute"),
    "nested.html": ("<ul><p>a</p></ul>", "Element “p” not allowed as child of element “ul”"),
    "warning.html": ("<section><p>no heading</p></section>", "Section lacks heading"),
    "fine.html": ("<p>fine</p>", None),
}
"""A page's body, and what is said of it."""


def test_the_checker_finds_what_is_broken(tmp_path: Path) -> None:
    for name, (body, _) in BROKEN.items():
        (tmp_path / name).write_text(
            f"<!doctype html><html lang=en><meta charset=utf-8><title>Page</title>\n{body}\n</html>"
        )
    (tmp_path / "sheet.css").write_text("p { colour: red }")
    found = judged(tmp_path)
    for name, (_, problem) in BROKEN.items():
        messages_of_page = [line for line in found if line.startswith(f"{name}:")]
        assert any(problem in line for line in messages_of_page) if problem else messages_of_page == [], found
    assert any(line.startswith("sheet.css:1: CSS: “colour”") for line in found), found
