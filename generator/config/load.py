"""Read config.yaml: every error at once, each with its line."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from pydantic import ValidationError

from generator import assets
from generator.config.check import check, check_parts
from generator.config.document import parse_yaml
from generator.config.entries import complete
from generator.config.lines import error_of, problem_of
from generator.config.nodes import MAX_BYTES
from generator.config.schema import ConfigFile
from generator.config.values import Config
from generator.errors import ConfigError, UsageError, way_out
from generator.numbers import MEGABYTE


def default_config(folder: Path) -> Config:
    """Return the configuration that the package ships, with its paths below ``folder``."""
    return parse_config(assets.default_config_text(), "the default config.yaml", folder)


def load_config(path: Path) -> Config:
    """Read a configuration file; its relative paths start at its own folder.

    Raises ConfigError with a line for everything that is wrong in it, UsageError if there is no such file.
    """
    try:
        text = _content(path).decode("utf-8-sig")
    except FileNotFoundError:
        if path.is_symlink():
            raise UsageError(f"{path}: is a link that leads nowhere", "Correct it, or remove it") from None
        raise UsageError(f"{path}: no such file", "Write one with: filter-gallery init") from None
    except UnicodeDecodeError as error:
        raise ConfigError([f"{path}: not a text file in UTF-8 (byte {error.start})"]) from None
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}", way_out(error)) from None
    return parse_config(text, str(path), path.parent)


_TOO_LARGE = f"is too large: more than {MAX_BYTES / MEGABYTE:g} MB"


def _content(path: Path) -> bytes:
    """Return a file's bytes, one more than there may be if there are more; a pipe is not waited for."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "is not a file")
        with open(descriptor, "rb", closefd=False) as opened:
            return opened.read(MAX_BYTES + 1)
    finally:
        os.close(descriptor)


def parse_config(text: str, where: str, folder: Path) -> Config:
    """Parse the text of a configuration; ``where`` names it in errors."""
    if len(text.encode(errors="surrogatepass")) > MAX_BYTES:
        raise ConfigError([f"{where}: {_TOO_LARGE}"])
    document = parse_yaml(text, where)
    try:
        file = ConfigFile.model_validate(document.value)
    except ValidationError as error:
        problems = [problem_of(each) for each in error.errors(include_url=False)]
        # These are not all: names and paths that do fit the schema are checked as well.
        problems += check_parts(document.value, folder)
    else:
        problems = list(check(file, folder))
    if problems:
        raise error_of(problems, document, where)
    return complete(file, folder)
