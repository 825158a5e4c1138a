"""What is printed of a target: every address leads to a file of the site, every name is escaped."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import struct
import time
import zlib
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
from click.testing import CliRunner
from markdown_it import MarkdownIt
from PIL import Image

from generator.cli import main
from generator.cli.embed import FORMATS as NAMES
from generator.embed import sheet
from generator.embed.sheet import contact_png, target_sheet
from generator.embed.snippets import SNIPPETS, Placement
from generator.embed.target import find_target
from generator.errors import GalleryError, UsageError
from generator.site.built import BuiltSite, open_site
from generator.site.records import Model
from generator.site.selection import Strongest
from tests.pages.gallery import Gallery, Page, fill
from tests.summaries import conv, entry, summary

NAME = '<b>"net" & [co]</b>'
LAYERS = ("stem", "a](b)`*_")
LOOK = Placement("../my site/", "2,0", 2, 'A "caption"\n<i>&</i>')


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    layers = [conv(i, name, 4, slug=f"{i:03d}-layer") for i, name in enumerate(LAYERS, 1)]
    gallery = Gallery(tmp_path_factory.mktemp("a b") / "x", [(entry(NAME, "net"), summary(*layers))])
    fill(gallery.store, gallery.tasks(), lambda task, index: float(index))
    gallery.write()
    return gallery.site


def test_the_command_names_every_format() -> None:
    assert set(NAMES) == SNIPPETS.keys()


PRINTED = {
    "rst": """\
.. filter-gallery:: net/stem
   :filters: 2,0
   :technique: kernel
   :columns: 2
   :caption: A caption""",
    "myst": """\
```{filter-gallery} net/stem
:filters: 2,0
:technique: kernel
:columns: 2
:caption: A caption
```""",
    "html": """\
<script src="../site/assets/filter-gallery.js" defer></script>
<filter-gallery src="../site/" model="net" layer="stem" filters="2,0" technique="kernel" columns="2" \
caption="A caption"><a href="../site/net/001-layer/index.html">net/stem</a></filter-gallery>""",
    "md": """\
[![net/stem, filter 2](../site/net/001-layer/0002-kernel.webp)](../site/net/001-layer/0002.html) \
[![net/stem, filter 0](../site/net/001-layer/0000-kernel.webp)](../site/net/001-layer/0000.html)

A caption""",
}


@pytest.mark.parametrize("style", PRINTED)
def test_printed(style: str, tmp_path: Path) -> None:
    gallery = Gallery(tmp_path, [(entry(), summary(conv(1, "stem")))])
    fill(gallery.store, gallery.tasks())
    gallery.write()
    target = find_target(open_site(gallery.site).manifest.models, "net/stem", (2, 0), "kernel")
    assert SNIPPETS[style](target, Placement("../site/", "2,0", 2, "A caption")) == PRINTED[style]
    if style == "html":
        quarto = SNIPPETS["quarto"](target, Placement("../site/", "2,0", 2, "A caption"))
        assert quarto == f"```{{=html}}\n{PRINTED[style]}\n```"


TARGETS = [("net", None), ("net/stem", None), ("net/002-layer", (2, 0)), ("net/002-layer/3", None)]


@pytest.mark.parametrize(("target", "filters"), TARGETS)
@pytest.mark.parametrize("style", SNIPPETS)
def test_addresses_lead_to_files_and_names_are_escaped(
    style: str, target: str, filters: tuple[int, ...] | None, models: tuple[Model, ...], site: Path
) -> None:
    embed_target = find_target(models, target, filters)
    text = SNIPPETS[style](embed_target, LOOK)
    if style in ("rst", "myst"):
        assert "\n<i>" not in text
        return
    page = Page.read(MarkdownIt().render(text) if style == "md" else text)
    addresses = [address for _, address in page.links() if address != LOOK.site]
    assert addresses
    for address in addresses:
        path = unquote(address).partition("#")[0].removeprefix(LOOK.site)
        assert (site / path).is_file(), address
    if style != "md":
        assert {tag for tag, _ in page.elements} <= {"script", "filter-gallery", "a", "iframe"}
        (shown,) = page.all("filter-gallery") or page.all("iframe")
        if "model" in shown:
            assert (shown["model"], shown.get("caption")) == (NAME, 'A "caption" <i>&</i>')
        else:
            assert str(shown["title"]).startswith(NAME)


def test_markdown_shows_names_as_they_are(models: tuple[Model, ...]) -> None:
    page = Page.read(MarkdownIt().render(SNIPPETS["md"](find_target(models, "net/002-layer"), LOOK)))
    assert page.text.strip() == 'A "caption" <i>&</i>'
    assert [tag for tag, _ in page.elements] == ["p", "a", "img", "p"]
    assert page.all("img")[0]["alt"] == f"What the filters of {NAME}/{LAYERS[1]} look for"


def test_markdown_of_a_model_shows_single_pictures(models: tuple[Model, ...], site: Path) -> None:
    """A sheet of thumbnails has empty places, and no numbers."""
    page = Page.read(MarkdownIt().render(SNIPPETS["md"](find_target(models, "net", Strongest(2)), LOOK)))
    assert [image["alt"] for image in page.all("img")] == [
        f"{NAME}/{layer}, filter {index}" for layer in LAYERS for index in (3, 2)
    ]
    assert all("-picture." in str(image["src"]) for image in page.all("img"))


def test_rows_of_markdown_are_broken_where_every_markdown_does(models: tuple[Model, ...]) -> None:
    embed_target = find_target(models, "net/stem", (3, 2, 1))
    text = SNIPPETS["md"](embed_target, Placement("s/", "3,2,1", 2))
    assert [line.count("![") for line in text.split("<br>\n")] == [2, 1]


def test_one_filter_is_named(models: tuple[Model, ...]) -> None:
    embed_target = find_target(models, "net/stem/3")
    for style in ("html", "iframe", "quarto"):
        assert "/stem/3" in SNIPPETS[style](embed_target, Placement("s/"))


def test_a_sheet_has_no_more_columns_than_tiles(models: tuple[Model, ...], built: BuiltSite) -> None:
    assert target_sheet(built, find_target(models, "net/stem", (1, 2, 3)), 64).columns == 3
    sheet = target_sheet(built, find_target(models, "net", 2), 24)
    assert (sheet.columns, sheet.about) == (2, "2 filters of each layer")
    assert [[tile.label for tile in section.tiles] for section in sheet.sections] == [["0", "2"]] * 2


def tile(built: BuiltSite, target: str, number: int, columns: int = 4, **more: object) -> tuple[np.ndarray, np.ndarray]:
    """Return a tile of a contact sheet, and the file that it shows, as large."""
    embed_target = find_target(built.manifest.models, target, **more)  # type: ignore[arg-type]
    image = np.asarray(Image.open(io.BytesIO(contact_png(built, embed_target, columns, 64))).convert("RGB")).astype(
        float
    )
    sheet = target_sheet(built, embed_target, columns, 64)
    top = image.shape[0] - 8 - 82 * -(-len(sheet.sections[0].tiles) // columns)
    left = 8 + 72 * (number % columns)
    y = top + 82 * (number // columns)
    picture = embed_target.picture(int(sheet.sections[0].tiles[number].label))
    with Image.open(built.folder / str(picture)) as opened:
        smooth = opened.convert("RGB").resize((64, 64), Image.Resampling.LANCZOS)
    return image[y : y + 64, left : left + 64], np.asarray(smooth).astype(float)


@pytest.mark.parametrize(("filters", "number", "columns"), [((3, 1, 2), 0, 4), ((3, 1, 2), 2, 4), ((3, 1, 2), 2, 2)])
def test_a_contact_sheet_shows_the_filters_in_the_order_asked_for(
    built: BuiltSite, filters: tuple[int, ...], number: int, columns: int
) -> None:
    shown, expected = tile(built, "net/stem", number, columns, filters=filters)
    assert np.abs(shown - expected).max() <= 1


def test_of_a_model_it_shows_each_layers_strongest(built: BuiltSite, models: tuple[Model, ...]) -> None:
    sheet = target_sheet(built, find_target(models, "net"), 2)
    assert [(section.heading, [tile.label for tile in section.tiles]) for section in sheet.sections] == [
        (name, ["3", "2"]) for name in LAYERS
    ]


def png(width: int, height: int) -> bytes:
    """Return a PNG file of that size with nothing in it."""
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    empty = b"IDAT" + zlib.compress(b"")
    chunks = (struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in (head, empty, b"IEND"))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


@pytest.mark.parametrize(
    ("content", "listed", "message"),
    [
        (None, False, "cannot be read: No such file"),
        (b"changed", False, "is not what the build wrote"),
        (b"RIFF", True, "is no picture, or a damaged one. Run: filter-gallery build"),
        (png(40_000, 40_000), True, "has too many pixels. Run: filter-gallery build"),
        (png(12_000, 12_000), True, "has too many pixels. Run: filter-gallery build"),
        (png(4_200, 4_200), True, "has too many pixels. Run: filter-gallery build"),
    ],
    ids=["gone", "changed", "no-picture", "bomb", "half-a-bomb", "large"],
)
@pytest.mark.case("embed-bomb")
@pytest.mark.filterwarnings("error")
def test_a_picture_that_cannot_be_shown_is_told(
    site: Path, content: bytes | None, listed: bool, message: str, tmp_path: Path
) -> None:
    copy, path = shutil.copytree(site, tmp_path / "site"), "net/001-layer/0003-picture.webp"
    (copy / path).unlink()
    if content is not None:
        (copy / path).write_bytes(content)
    if listed and content is not None:
        manifest = json.loads((copy / "manifest.json").read_bytes())
        (entry,) = (entry for entry in manifest["files"] if entry["path"] == path)
        entry.update(size=len(content), digest=hashlib.sha256(content).hexdigest())
        (copy / "manifest.json").write_text(json.dumps(manifest))
    built = open_site(copy)
    with pytest.raises(GalleryError, match=message):
        contact_png(built, find_target(built.manifest.models, "net/stem"))


@pytest.mark.case("embed-number")
@pytest.mark.parametrize("key", ["filter_count", "filters", "strongest", "techniques"])
def test_a_huge_number_in_a_site_is_only_a_number(site: Path, key: str, tmp_path: Path) -> None:
    copy = shutil.copytree(site, tmp_path / "site")
    manifest = json.loads((copy / "manifest.json").read_bytes())
    manifest["models"][0]["layers"][0][key] = 300_000_000
    (copy / "manifest.json").write_text(json.dumps(manifest))
    began = time.monotonic()
    done = CliRunner().invoke(main, ["embed", "net/stem", "--site", str(copy), "--filters", "all"])
    if key == "filter_count":
        assert done.exit_code == 0
    else:
        assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (2, "", 1)
        assert f"is damaged at models.0.layers.0.{key}" in done.stderr
    assert time.monotonic() - began < 5


ERRORS: list[tuple[list[str], str]] = [
    (["nte"], "'nte': no such model in the gallery. Did you mean net?"),
    (["net/stem", "--filters", "0"], "Invalid value for '--filters': expected all, a number above zero"),
    (["net/stem", "--site", "\udcff"], r"--site '\udcff': cannot be written in a page. Name a folder"),
    (["net/stem", "--filters", "a,b"], "Invalid value for '--filters'"),
    (["net/stem", "--png", "no/such.png"], "cannot write no/such.png: no such folder"),
    (["net/stem", "--png", "config.yaml/x.png"], "cannot write config.yaml/x.png: no such folder"),
    (["net/stem", "--png", "x.jpg"], "--png x.jpg: is written as PNG. Let its name end in .png"),
    (["net/stem", "--png", "x.png", "--caption", "x"], "--caption: is not drawn on a contact sheet. Say --format too"),
    (["net/stem", "--size", "128"], "--size: is the size of a contact sheet's tiles. Say --png too"),
    (["net/stem", "--format", "md", "--columns", "4"], "--columns: these pictures are in rows already. Name --filters"),
    (["net/stem", "--filters", "3 1"], "Invalid value for '--filters': expected all, a number above zero"),
    (["net/stem", "--site", ""], "--site '': expected an address or a path of a folder"),
    (["net/stem", "--site", "https://x.org/?a=1"], "--site 'https://x.org/?a=1': expected an address"),
    (["net/stem", "--site", "javascript:alert(1)"], "--site 'javascript:alert(1)': expected an address"),
    (
        ["net/stem", "--site", "https://x.org/index.html"],
        "--site 'https://x.org/index.html': is a page. Name",
    ),
    (["net/stem", "-c", "empty.yaml"], "holds no site of filter-gallery. Run: filter-gallery build"),
]


@pytest.fixture
def here(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work beside a site, with its configuration."""
    (tmp_path / "config.yaml").write_text(f"output: {site}\nmodels: [demo]\n")
    (tmp_path / "empty.yaml").write_text("output: nowhere\nmodels: [demo]\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("words", "message"), ERRORS)
def test_errors_are_one_line(words: list[str], message: str, here: Path) -> None:
    done = CliRunner().invoke(main, ["embed", *words])
    (line,) = done.stderr.splitlines()
    assert (done.exit_code, done.stdout) == (2, "")
    assert message in line


def test_a_sheet_that_would_be_too_large_is_told(
    built: BuiltSite, models: tuple[Model, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheet, "MAX_SHEET_PIXELS", 100_000)
    with pytest.raises(UsageError, match=r"a contact sheet of 4,736 x 2,249 pixels is too large\. Say a smaller"):
        contact_png(built, find_target(models, "net/stem"), None, 1024)


def test_the_command_prints_and_writes(here: Path, site: Path) -> None:
    done = CliRunner().invoke(main, ["embed", "net/stem", "--format", "md", "--site", "https://x.org/g"])
    assert done.exit_code == 0, done.stderr
    assert done.stdout.rstrip().endswith(
        "(https://x.org/g/net/001-layer/contact.png)](https://x.org/g/net/001-layer/index.html)"
    )
    words = ["embed", "net/stem", "--filters", "3, 1", "--png", "row.png", "--size", "128", "--columns", "2"]
    done = CliRunner().invoke(main, [*words, "--format", "md"])
    assert done.stdout.startswith("[![")
    assert "](row.png)](" in done.stdout
    done = CliRunner().invoke(main, words)
    assert done.stdout == "Wrote row.png\n"
    with Image.open(here / "row.png") as image:
        assert (image.format, image.width) == ("PNG", 3 * (128 + 16) + 16)
    done = CliRunner().invoke(main, ["embed", "net/stem", "--site", str(site)])
    assert f'src="{site.as_posix()}/"' in done.stdout
