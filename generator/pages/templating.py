"""The templates: ours, and those of a site's owner that replace them."""

from __future__ import annotations

import hashlib
import os
import re
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import CodeType
from typing import Any

from jinja2 import (
    BytecodeCache,
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    PrefixLoader,
    StrictUndefined,
    TemplateNotFound,
    TemplateSyntaxError,
    nodes,
)
from jinja2.bccache import Bucket

from generator import assets
from generator.errors import ConfigError, GalleryError, UsageError, nearest, reason, way_out
from generator.files import real_path
from generator.numbers import MEGABYTE
from generator.pages import template_filters as text

OURS, STATIC = "ours/", "static/"
SITE_ASSETS = ("site.css", "site.js", "tree.css")
MAX_TEMPLATE_BYTES, MAX_STATIC_BYTES = MEGABYTE, 250 * MEGABYTE
"""Of a template, and of a file that is copied: each is held in memory."""
"""The style sheet and the script of the pages; their paths in a site contain a hash."""

_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f]")
"""Control characters that no page may hold; a layer's name can."""

DOCUMENTATION_FILES = ("README", "README.md", "README.txt", "LICENSE")
"""Files that a folder of templates may hold besides them."""


@dataclass(frozen=True)
class Templates:
    """The templates that pages are rendered with; ``own`` is the owner's folder, if there is one."""

    environment: Environment
    own: Path | None = None

    def render(self, template: str, values: Mapping[str, Any]) -> str:
        """Return a page.

        Raises UsageError with file and line for any error if the owner has templates.
        """
        try:
            return _without_controls(self.environment.get_template(template).render(values))
        except GalleryError:
            raise
        except Exception as error:  # a template can raise anything
            if self.own is None:
                raise
            raise UsageError(_error_text(error, self.own, template, values)) from error

    def static(self, name: str) -> Path:
        """Return a static file: the owner's, or else ours."""
        own = self.own / STATIC / name if self.own else None
        return own if own and own.is_file() else assets.templates_path() / STATIC / name

    @property
    def digest(self) -> str:
        """Return a digest of all files in the folders of templates."""
        all_files = hashlib.sha256()
        for folder in filter(None, (assets.templates_path(), self.own)):
            for name in files_below(folder):
                with (folder / name).open("rb") as opened:
                    all_files.update(f"{name}\n".encode() + hashlib.file_digest(opened, "sha256").digest())
        return all_files.hexdigest()

    def extra_static_files(self) -> dict[str, Path]:
        """Return the owner's static files that are copied as they are, by their paths below ``static/``."""
        folder = self.own / STATIC if self.own else None
        return {name: folder / name for name in files_below(folder) if name not in SITE_ASSETS} if folder else {}


def _without_controls(page: str) -> str:
    """Return a page with its control characters shown: ESC as ``\\x1b``."""
    return _CONTROLS.sub(lambda match: match[0].encode("unicode_escape").decode("ascii"), page)


def open_templates(own: Path | None) -> Templates:
    """Return the templates to render pages with.

    Raises ConfigError with a line for each of the owner's that cannot be read, is not Jinja, uses a template that does
    not exist, or is never used, since its name is mistyped.
    """
    templates = Templates(environment(assets.templates_path(), own), own)
    if own is not None:
        problems = (*_problems(templates.environment, own), *_static_problems(own / STATIC))
        if problems:
            raise ConfigError(f"{own / name}{what}" for name, what in sorted(problems))
    return templates


def environment(ours: Path, own: Path | None = None) -> Environment:
    """Return the template environment: everything is escaped, and a misspelt name is an error.

    The owner's files replace ours of the same name, which can be extended and included as ``ours/<name>``.
    """
    folders = [_Folder(own), _Folder(ours)] if own else [_Folder(ours)]
    jinja = Environment(
        loader=ChoiceLoader([PrefixLoader({OURS.rstrip("/"): _Folder(ours)}), *folders]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
        bytecode_cache=_COMPILED,
    )
    jinja.filters.update(text.FILTERS)
    jinja.tests["shown_in"] = text.is_shown
    return jinja


class _Compiled(BytecodeCache):
    """Templates compiled in this process: a preview, and a notebook, write sites again and again."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[str, CodeType]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill a bucket with what its text was compiled to; an older text's is of no use."""
        checksum, code = self._held.get(bucket.key, ("", None))
        bucket.code = code if checksum == bucket.checksum else None

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what a bucket's text was compiled to."""
        if bucket.code is not None:
            self._held[bucket.key] = bucket.checksum, bucket.code


_COMPILED = _Compiled()


class _Folder(FileSystemLoader):
    """A folder of templates; an error names the line at which a file is not UTF-8."""

    def get_source(self, environment: Environment, template: str) -> Any:
        try:
            return super().get_source(environment, template)
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            filename = str(Path(self.searchpath[0]) / template)
            raise TemplateSyntaxError("not a text in UTF-8", line, template, filename) from None


def files_below(folder: Path) -> Iterator[str]:
    """Yield the files of a folder and those below it, hidden ones and editors' backups aside, in a fixed order."""
    for place, below, names in os.walk(folder, onerror=_refuse):
        below[:] = sorted(name for name in below if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith(".") and not name.endswith("~"):
                yield (Path(place) / name).relative_to(folder).as_posix()


def _refuse(error: OSError) -> None:
    """Raise UsageError for a folder that cannot be listed, which would otherwise be as if it were empty."""
    if not isinstance(error, FileNotFoundError):
        raise UsageError(f"{error.filename}: cannot be read: {error.strerror}", way_out(error)) from None


def _problems(jinja: Environment, own: Path) -> Iterator[tuple[str, str]]:
    """Yield (file, what is wrong with it) of the owner's templates."""
    known = [name for name in files_below(assets.templates_path()) if not name.startswith(STATIC)]
    mine = [name for name in files_below(own) if not name.startswith(STATIC) and name not in DOCUMENTATION_FILES]
    reachable = [*mine, *known, *(OURS + name for name in known)]
    used: set[str] = set()
    for name in mine:
        if not (own / name).is_file():
            yield name, ": is not a file"
            continue
        if (own / name).stat().st_size > MAX_TEMPLATE_BYTES:
            yield name, f": is too large: more than {MAX_TEMPLATE_BYTES // MEGABYTE} MB"
            continue
        try:
            source, filename, _ = jinja.loader.get_source(jinja, name) if jinja.loader else ("", "", None)
            jinja.compile(source, name, filename)
            tree = jinja.parse(source, name, filename)
        except TemplateSyntaxError as error:
            yield name, f":{error.lineno}: {_sentence(error.message or 'not a template')}"
            used.update(mine)  # which templates it uses is not known
            continue
        for line, names in _references(tree):
            used.update(names or mine)  # a computed name can be any
            if names and not {*names} & {*reachable}:
                hint = nearest(names[0], reachable)
                yield name, f":{line}: there is no template {names[0]!r}. {hint}".removesuffix(". ")
    for name in mine:
        if name not in known and name not in used:
            hint = nearest(name, [*known, *(STATIC + name for name in SITE_ASSETS)])
            hint = hint or "Pictures and the like belong in static/"
            yield name, f": replaces none of our templates, and none of yours uses it. {hint}"


def _static_problems(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield (file, what is wrong with it) of what cannot be copied into a site."""
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if path.name.startswith("_"):
            yield STATIC + name, ": GitHub Pages leaves out names that begin with an underscore. Rename it"
        elif path.is_symlink() and (path.is_dir() or not real_path(path).is_relative_to(real_path(folder))):
            yield STATIC + name, ": is a link to a folder, or out of this one. Copy what it leads to"
        elif path.is_file() and path.stat().st_size > MAX_STATIC_BYTES:
            yield STATIC + name, f": is too large: more than {MAX_STATIC_BYTES // MEGABYTE} MB. Host it elsewhere"
        elif not path.is_dir() and not path.is_file():
            yield STATIC + name, ": is not a file"


def _references(tree: nodes.Template) -> Iterator[tuple[int, list[str]]]:
    """Yield the line of each reference to a template, and the names of which one must exist; none if computed."""
    for node in tree.find_all((nodes.Extends, nodes.Include, nodes.Import, nodes.FromImport)):
        assert isinstance(node, nodes.Extends | nodes.Include | nodes.Import | nodes.FromImport)
        terms = node.template.items if isinstance(node.template, nodes.Tuple | nodes.List) else [node.template]
        names = [term.value for term in terms if isinstance(term, nodes.Const)]
        if isinstance(node, nodes.Include) and node.ignore_missing:
            continue
        yield node.lineno, names if len(names) == len(terms) else []


def _error_text(error: Exception, own: Path, template: str, values: Mapping[str, Any]) -> str:
    """Return file and line of an error in a template, and what it is, in one line."""
    if isinstance(error, TemplateSyntaxError):
        return f"{error.filename or error.name}:{error.lineno}: {_sentence(error.message or 'not a template')}"
    places = [(Path(frame.filename), frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    folders = (own, assets.templates_path())
    places = [(path, line) for path, line in places if any(map(path.is_relative_to, folders))]
    path, line = places[-1] if places else (own / template, 1)
    where = f"{path}:{line}"
    if isinstance(error, TemplateNotFound):
        return f"{where}: there is no template {error.name!r}"
    if isinstance(error, RecursionError):
        return f"{where}: it extends or includes itself. The template that it replaces is {OURS}{path.name}"
    text = reason(error)
    misspelt = next((word for word in text.split("'")[1:2] if text.endswith("is undefined")), "")
    return f"{where}: {text}. {nearest(misspelt, values)}".removesuffix(". ")


def _sentence(message: str) -> str:
    return " ".join(message.split()).rstrip(".")
