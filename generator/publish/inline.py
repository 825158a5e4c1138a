"""Files of a site as parts of a page: data: URLs, and scripts for its end."""

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
"""What Python does not know everywhere."""

_URL = re.compile(r"""url\(\s*(['"]?)([^)'"]+)\1\s*\)""")


@dataclass
class Inliner:
    """Gives what a page needs of a site; ``scripts`` gathers those that it loads, which run when all else is there."""

    site: BuiltSite
    scripts: list[str] = field(default_factory=list)

    def url(self, path: str) -> str:
        """Return a file as an address that is the file."""
        ending = path[path.rfind(".") :].lower() if "." in path else ""
        kind = _TYPES.get(ending) or mimetypes.guess_type(path)[0] or "application/octet-stream"
        return f"data:{kind};base64,{base64.b64encode(self.site.read(path)).decode()}"

    def script(self, path: str | None, attributes: Attributes) -> str:
        """Take a script of the page to its end; what is on another host, or of no site, is left out."""
        if path in self.site.by_path:
            kept = {key: value for key, value in attributes.items() if key not in ("src", "defer", "async")}
            code = self.site.text(str(path)).replace("</script", r"<\/script").replace("<!--", r"<\!--")
            self.scripts.append(f"{tag('script', kept)}\n{code}</script>")
        return ""


def inlined_style(inside: Inliner, css: str, where: str) -> str:
    """Return style rules of a file of the site with the files that they name in them."""

    def put(match: re.Match[str]) -> str:
        path = normpath(join(where, "..", unquote(match[2])))
        return f"url({inside.url(path)})" if path in inside.site.by_path else match[0]

    return _URL.sub(put, css)
