"""``embed``: a snippet or a picture that shows a part of a gallery in another page."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from generator.cli.options import config_option, debug_option, read_config
from generator.cli.terminal import print_line, print_lines
from generator.errors import UsageError, way_out

FORMATS = ("rst", "md", "html", "myst", "quarto", "iframe")


class OrderedFilters(click.ParamType):  # type: ignore[type-arg]  # generic since Click 8.4 only
    """A selection of filters in the syntax of ``generator.site.selection``."""

    name = "N|all|LIST|strongest:N"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the selection, or fail as Click does."""
        from generator.site.selection import parse_selection

        try:
            return parse_selection(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


@click.command()
@click.argument("target")
@click.option("--format", "style", type=click.Choice(FORMATS), help="What to print; html unless --png is given.")
@click.option(
    "--filters",
    type=OrderedFilters(),
    help="Which filters: a number spread over the layer, all, such as 5,0,7, or strongest:6.",
)
@click.option("--technique", metavar="NAME", help="What to show of them: picture, kernel, negative, ...")
@click.option("--columns", type=click.IntRange(1, 64), help="Filters of a row.")
@click.option("--caption", default="", help="A sentence below.")
@click.option("--site", metavar="URL_OR_PATH", help="Where the page finds the site; by default the way from here.")
@click.option("--png", type=click.Path(path_type=Path, dir_okay=False), help="Write a contact sheet to this file.")
@click.option("--size", type=click.IntRange(32, 1024), help="Pixels of its tiles; 96 by default.")
@config_option
@debug_option
def embed(
    target: str,
    style: str | None,
    filters: Any,
    technique: str | None,
    columns: int | None,
    caption: str,
    site: str | None,
    png: Path | None,
    size: int | None,
    config_path: Path | None,
) -> None:
    """Print what shows TARGET in another page, or write it as a picture.

    TARGET is a model, model/layer, or model/layer/filter of a site that is built.
    """
    from generator.embed.sheet import contact_png
    from generator.embed.snippets import SNIPPETS, Placement
    from generator.embed.target import find_target
    from generator.files import write_atomically
    from generator.imaging.contact_sheet import SIDE
    from generator.site.built import open_site
    from generator.site.selection import selection_text

    _check(png, size, caption, style, site)
    folder = read_config(config_path).output
    if site is not None and (Path(site) / "manifest.json").is_file():
        folder = Path(site)
    built = open_site(folder)
    shown = find_target(built.manifest.models, target, filters, technique)
    if style == "md" and columns and shown.layer and not (shown.filters or technique) and png is None:
        raise UsageError("--columns: these pictures are in rows already", "Name --filters, or make a sheet with --png")
    if png is not None:
        if not png.parent.is_dir():
            raise UsageError(f"cannot write {png}: no such folder")
        try:
            write_atomically(png, contact_png(built, shown, columns, size or SIDE))
        except OSError as error:
            raise UsageError(f"cannot write {png}: {error.strerror}", way_out(error)) from None
        print_line(f"Wrote {png}", err=style is not None)
        if style is None:
            return
    selection = "" if filters is None else selection_text(filters)
    way = site if site is not None else Path(os.path.relpath(folder)).as_posix()
    placement = Placement(way.rstrip("/") + "/", selection, columns, caption, png.as_posix() if png else "")
    print_lines(SNIPPETS[style or "html"](shown, placement))
    if style == "quarto":
        print_line("Say in the document's header, so that Quarto copies the site:", err=True)
        print_line(f"resources: [{way}/**]", err=True)


def _check(png: Path | None, size: int | None, caption: str, style: str | None, site: str | None) -> None:
    """Raise UsageError for options that mean nothing together, and for a site that is none."""
    if png is None and size:
        raise UsageError("--size: is the size of a contact sheet's tiles", "Say --png too")
    if png is not None and png.suffix.lower() != ".png":
        raise UsageError(f"--png {png}: is written as PNG", "Let its name end in .png")
    if png is not None and caption and style is None:
        raise UsageError("--caption: is not drawn on a contact sheet", "Say --format too, for a snippet that has it")
    if site is None:
        return
    if any("\ud800" <= sign <= "\udfff" for sign in site):  # bytes of a path that are no text in UTF-8
        raise UsageError(f"--site {site!r}: cannot be written in a page", "Name a folder, or an address, in UTF-8")
    address = urlsplit(site)
    if not site.strip() or address.query or address.fragment or address.scheme not in ("", "http", "https", "file"):
        raise UsageError(
            f"--site {site!r}: expected an address or a path of a folder", "Such as https://me.org/gallery/"
        )
    if address.path.endswith(".html"):
        raise UsageError(f"--site {site!r}: is a page", "Name the folder that index.html is in")
