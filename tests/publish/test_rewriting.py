from __future__ import annotations

import pytest

from generator.publish.rewriting import Attributes, rewrite, tag

PAGE = """<!doctype html><html><!-- a --><body class='x' hidden>
<p>1 &lt; 2 &#38; é<br>b<img src=a.png alt=""/></p><ul><li>a<li>b</ul>
<script>if (1 < 2) "</p>"</script></body></html>"""


def test_what_is_not_changed_stays_byte_for_byte() -> None:
    assert rewrite(PAGE, lambda name, attributes: None) == PAGE


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<a href='x'>t</a>", '<b class="y">t</b>'),
        ("<a/>t", '<b class="y"></b>t'),
        ("<i>k</i><img src=a>", "<i>k</i>IMG"),
        ("x<script src=a>1</script>y", "xy"),
        ("<p><s>inside</s></p>", "<p>inside</p>"),
        ("</p>stray", "</p>stray"),
    ],
)
def test_elements_are_replaced(html: str, expected: str) -> None:
    def change(name: str, attributes: Attributes) -> tuple[str, Attributes] | str | None:
        return {"a": ("b", {"class": "y"}), "img": "IMG", "script": "", "s": ""}.get(name)  # type: ignore[return-value]

    assert rewrite(html, change) == expected


def test_one_element_alone_with_all_that_is_in_it() -> None:
    html = "<p>a</p><div id=m><p>b<br><div>c</div></p></div><p>d</p><div id=m>e</div>"
    only = rewrite(html, lambda name, attributes: None, lambda name, attributes: attributes.get("id") == "m")
    assert only == "<div id=m><p>b<br><div>c</div></p></div><div id=m>e</div>"


def test_attributes_are_escaped() -> None:
    assert tag("a", {"title": "\"<&'", "hidden": None}) == '<a title="&quot;&lt;&amp;&#x27;" hidden>'
