"""Read config.yaml: every error at once, each with its line."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from generator import assets
from generator.config.check import check, check_parts
from generator.config.document import parse_yaml, plain
from generator.config.entries import complete
from generator.config.lines import describe, line_of
from generator.config.schema import ConfigFile
from generator.config.values import Config
from generator.errors import ConfigError, UsageError


def default_config(folder: Path) -> Config:
    """Return the configuration that the package ships, with its paths below ``folder``."""
    return parse_config(assets.default_config_text(), "the default config.yaml", folder)


def load_config(path: Path) -> Config:
    """Read a configuration file; its relative paths start at its own folder.

    Raises ConfigError with a line for everything that is wrong in it, UsageError if there is no such file.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise UsageError(f"{path}: no such file", "Write one with: filter-gallery init") from None
    except UnicodeDecodeError as error:
        raise ConfigError([f"{path}: not a text file in UTF-8 (byte {error.start})"]) from None
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    return parse_config(text, str(path), path.parent)


def parse_config(text: str, where: str, folder: Path) -> Config:
    """Parse the text of a configuration; ``where`` names it in errors."""
    document = parse_yaml(text, where)
    try:
        file = ConfigFile.model_validate(plain(document))
    except ValidationError as error:
        problems = [(problem["loc"], describe(problem)) for problem in error.errors()]
        # These are not all: names and paths that do fit the schema are checked as well.
        problems += check_parts(document, folder)
    else:
        problems = list(check(file, folder))
    if problems:
        lines = {(line_of(document, place), message) for place, message in problems}
        raise ConfigError(f"{where}:{line}: {message}" for line, message in sorted(lines))
    return complete(file, folder)
