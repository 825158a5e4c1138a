"""``init``: a commented config.yaml, and a workflow that publishes the gallery."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from generator.cli.options import debug_option
from generator.cli.terminal import print_line
from generator.errors import UsageError


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path(), required=False)
@click.option("--preset", type=click.Choice(["demo", "imagenet", "own"]), default="demo", show_default=True)
@click.option("--github/--no-github", default=False, show_default=True, help="Also a workflow for GitHub Pages.")
@debug_option
def init(folder: Path, preset: str, github: bool) -> None:
    """Write a commented config.yaml into FOLDER, and with --github a workflow that publishes the gallery."""
    from generator.config.presets import preset_text
    from generator.files import real_path, write_named
    from generator.publish.workflow import workflow

    config_file, workflow_file = folder / "config.yaml", folder / ".github" / "workflows" / "pages.yml"
    top = next((place for place in (real_path(folder), *real_path(folder).parents) if (place / ".git").exists()), None)
    if github and top and top != real_path(folder):
        raise UsageError(f"{folder}: GitHub reads workflows at the top of a repository only", f"Run it in {top}")
    workflow_text, source = workflow(folder)
    texts = {config_file: preset_text(preset).encode(), **({workflow_file: workflow_text} if github else {})}
    kept = [path for path in texts if path.exists() or path.is_symlink()]
    if kept and (not github or workflow_file in kept):  # a configuration that is there already can get a workflow
        raise UsageError(f"{kept[-1]}: exists already", "Remove it first, or name another folder")
    for path, content in texts.items():
        if path in kept:
            print_line(f"Kept {path}.")
            continue
        write_named(path, content)
        following = f" Next: filter-gallery build -c {shlex.quote(str(path))}" if path == config_file else ""
        print_line(f"Wrote {path}.{following}")
    if github:
        if source:
            warning = f"Warning: {workflow_file} installs filter-gallery from PyPI, and yours came from {source}"
            print_line(f"{warning}. If PyPI lacks it, name another address there.", err=True)
        print_line("Keep site/ and .filter-gallery/ out of git (.gitignore): GitHub makes its own.")
        print_line("Push it, then choose in the repository's settings, under Pages, the source GitHub Actions.")
