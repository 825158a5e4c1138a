"""What ``build`` makes of the finished site on request: an archive, or a single file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from generator.cli.options import F
from generator.cli.terminal import print_line
from generator.config import Config
from generator.errors import UsageError
from generator.files import real_path


def export_options(function: F) -> F:
    """Add ``--archive``, ``--single-file`` and ``--single-file-limit``."""
    for option in (
        click.option(
            "--single-file-limit", type=click.IntRange(1), default=50, show_default=True, help="Megabytes it may have."
        ),
        click.option(
            "--single-file",
            type=click.Path(path_type=Path),
            help="Write one model, or one --layer of it, as this file.",
        ),
        click.option("--archive", type=click.Path(path_type=Path), help="Pack the site into this .zip or .tar.gz."),
    ):
        function = option(function)
    return function


@dataclass(frozen=True)
class Exports:
    """The archive and the single file that are made of a site; ``limit`` is the single file's, in megabytes."""

    archive: Path | None
    single_file: Path | None
    limit: int
    model: str = ""
    layer: str | None = None

    @classmethod
    def selected(
        cls,
        config: Config,
        archive: Path | None,
        single_file: Path | None,
        limit: int,
        models: Sequence[str],
        layers: Sequence[str],
    ) -> Exports:
        """Return what the options of ``build`` select.

        Raises UsageError, before anything is built, for what cannot be made.
        """
        from generator.publish import archive_kind, check_place

        if archive and not archive_kind(archive):
            raise UsageError(
                f"--archive {archive}: not a kind of archive that is made here", "End it in .zip or .tar.gz"
            )
        places = {"site": config.output, "store": config.cache, "templates": config.branding.templates}
        for path in filter(None, (archive, single_file)):
            if path is single_file and path.suffix.lower() not in (".html", ".htm"):
                raise UsageError(f"--single-file {path}: is written as HTML", "Let its name end in .html")
            check_place(path)
            for what, folder in places.items():
                if folder and real_path(path).is_relative_to(real_path(folder)):
                    raise UsageError(f"{path}: lies in the {what}", "Name a place elsewhere")
        if not single_file:
            return cls(archive, None, limit)
        names = list(models) or [entry.name for entry in config.models]
        if len(names) != 1:
            raise UsageError("--single-file holds one model", f"Say which with --model: {', '.join(names)}")
        if len(layers) > 1:
            raise UsageError("--single-file holds one layer, or all of a model", "Say --layer once, or not at all")
        return cls(archive, single_file, limit, names[0], layers[0] if layers else None)

    def write(self, folder: Path) -> list[str]:
        """Write the files, of the site in a folder; returns a line about each."""
        lines = []
        if self.archive:
            lines.append(copy_or_pack(folder, self.archive))
        if self.single_file:
            from generator.files import write_atomically
            from generator.publish import MEGABYTE, find_part, open_site, single_file

            site = open_site(folder)
            content = single_file(site, find_part(site, self.model, self.layer), self.limit * MEGABYTE)
            try:
                write_atomically(self.single_file, content)
            except OSError as error:
                raise UsageError(f"cannot write {self.single_file}: {error.strerror}", "Name another place") from None
            lines.append(f"Wrote {self.single_file}, {len(content) / MEGABYTE:.1f} MB.")
        return lines


def copy_or_pack(folder: Path, target: Path) -> str:
    """Copy the site in a folder to another folder, or pack it into an archive; returns a line about it."""
    from generator.publish import archive_kind, copy_site, open_site, pack_site

    site = open_site(folder)
    if archive_kind(target):
        return f"Packed {len(site.files):,} files into {target}, {pack_site(site, target) / 1e6:.1f} MB."
    changes = copy_site(site, target, lambda line: print_line(line, err=True))
    return f"Copied to {target}: {changes.written} written, {changes.unchanged} unchanged, {changes.deleted} deleted."
