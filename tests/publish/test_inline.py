from __future__ import annotations

import base64

from generator.publish.inline import Inliner, inlined_style
from generator.site.built import BuiltSite
from tests.publish.conftest import relisted


def test_a_file_is_its_own_address(kept: BuiltSite) -> None:
    path = next(path for path in kept.by_path if path.endswith(".webp"))
    kind, _, content = Inliner(kept).url(path).partition(";base64,")
    assert (kind, base64.b64decode(content)) == ("data:image/webp", kept.read(path))
    assert Inliner(kept).url("manifest.json").startswith("data:application/json;base64,")


def test_scripts_are_gathered_and_cannot_end_the_page(site: BuiltSite) -> None:
    code = b"const a = '</script>' + '<!--';"
    inside = Inliner(relisted(site, lambda files: files.update({"assets/a.js": code})))
    assert inside.script("assets/a.js", {"src": "assets/a.js", "defer": None, "type": "module"}) == ""
    assert inside.script("https://example.org/b.js", {"src": "b.js"}) == inside.script(None, {}) == ""
    assert inside.scripts == ["<script type=\"module\">\nconst a = '<\\/script>' + '<\\!--';</script>"]


def test_files_that_styles_name_are_put_into_them(kept: BuiltSite) -> None:
    inside, path = Inliner(kept), next(path for path in kept.by_path if path.endswith(".webp"))
    css = f"a{{background:url('../{path}')}} b{{background:url(none.png)}} c{{background:url(https://x.org/a.png)}}"
    expected = css.replace(f"'../{path}'", inside.url(path))
    assert inlined_style(inside, css, "assets/site.css") == expected
