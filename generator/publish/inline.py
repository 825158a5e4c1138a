"""Files of a site put into a page: as data: URLs, and as scripts at its end."""

from __future__ import annotations

import base64
import mimetypes
import re
from dataclasses import dataclass, field
from posixpath import join, normpath
from urllib.parse import unquote

from generator.publish.rewriting import Attributes, tag
from generator.site.built import BuiltSite

_TYPES = {".webp": "image/webp", ".avif": "image/avif", ".svg": "image/svg+xml"}
"""Media types that ``mimetypes`` does not know on every system."""

_URL = re.compile(r"""url\(\s*+(?:"([^"\n]*+)"|'([^'\n]*+)'|([^()'"\s]++))\s*+\)""")


@dataclass
class Inliner:
    """Puts files of a site into a page; ``scripts`` collects the scripts that it loads, for the end of the page."""

    site: BuiltSite
    scripts: list[str] = field(default_factory=list)

    def url(self, path: str) -> str:
        """Return a file as a data: URL."""
        suffix = path[path.rfind(".") :].lower() if "." in path else ""
        kind = _TYPES.get(suffix) or mimetypes.guess_type(path)[0] or "application/octet-stream"
        return f"data:{kind};base64,{base64.b64encode(self.site.read(path)).decode()}"

    def script(self, path: str | None, attributes: Attributes) -> str:
        """Collect a script of the site and return what replaces its element: nothing. Other scripts are left out."""
        if path in self.site.by_path:
            remaining = {key: value for key, value in attributes.items() if key not in ("src", "defer", "async")}
            code = self.site.text(str(path)).replace("</script", r"<\/script").replace("<!--", r"<\!--")
            self.scripts.append(f"{tag('script', remaining)}\n{code}</script>")
        return ""


def inlined_style(inliner: Inliner, css: str, where: str) -> str:
    """Return a style sheet of the site, at the path ``where``, with its files as data: URLs."""

    def inlined(match: re.Match[str]) -> str:
        path = normpath(join(where, "..", unquote(match[1] or match[2] or match[3] or "")))
        return f"url({inliner.url(path)})" if path in inliner.site.by_path else match[0]

    return _URL.sub(inlined, css)
