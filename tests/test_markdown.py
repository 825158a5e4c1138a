from __future__ import annotations

import pytest

from generator.markdown import Image, SitePicture, images, to_html

SHOWN = {"my cat.png": SitePicture("assets/picture-1.png", 40, 30), "a.svg": SitePicture("assets/picture-2.svg", 0, 0)}


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("one\n\ntwo *b* `c`", "<p>one</p>\n<p>two <em>b</em> <code>c</code></p>"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
        ("~~a~~ ... (c) \"q\" 'r'", "<p><s>a</s> ... (c) &quot;q&quot; 'r'</p>"),
        # an outline below the page's own title
        ("# A\n## B\n# C", "<h2>A</h2>\n<h3>B</h3>\n<h2>C</h2>"),
        ("### A\n###### B\n## C\n# D", "<h2>A</h2>\n<h3>B</h3>\n<h2>C</h2>\n<h2>D</h2>"),
        (
            "# 1\n## 2\n### 3\n#### 4\n##### 5\n###### 6",
            "".join(f"<h{min(i + 1, 6)}>{i}</h{min(i + 1, 6)}>\n" for i in range(1, 7)).strip(),
        ),
        ("a\n===", "<h2>a</h2>"),
        # markup is text
        ("<b>a</b>", "<p>&lt;b&gt;a&lt;/b&gt;</p>"),
        ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"),
        ("&lt; & &amp;", "<p>&lt; &amp; &amp;</p>"),
        # links: into the site, to the web, on the page; none that runs anything
        ("[a](net/index.html)", '<p><a href="../net/index.html">a</a></p>'),
        ("[a](#b) [c](/d)", '<p><a href="#b">a</a> <a href="/d">c</a></p>'),
        ("[a](https://b.c/d)", '<p><a href="https://b.c/d">a</a></p>'),
        ("<mailto:a@b.c>", '<p><a href="mailto:a@b.c">mailto:a@b.c</a></p>'),
        ("[a](//b.c)", '<p><a href="//b.c">a</a></p>'),
        ("[a](javascript:alert(1))", "<p>[a](javascript:alert(1))</p>"),
        ("[a](data:text/html,x)", "<p>[a](data:text/html,x)</p>"),
        ('[a](b "c\\"onclick=x")', '<p><a href="../b" title="c&quot;onclick=x">a</a></p>'),
        # pictures
        (
            "![my *cat*](my%20cat.png)",
            '<p><img src="../assets/picture-1.png" alt="my cat" width="40" height="30"></p>',
        ),
        ("![](<my cat.png>)", '<p><img src="../assets/picture-1.png" alt="" width="40" height="30"></p>'),
        ("![a](a.svg)", '<p><img src="../assets/picture-2.svg" alt="a"></p>'),
        ("![a](data:image/png;base64,AA)", '<p><img src="data:image/png;base64,AA" alt="a"></p>'),
        # a table's alignment is a class: pages have no styles of their own
        (
            "| a | b |\n|:-:|--:|\n| 1 | 2 |",
            '<table>\n<thead>\n<tr>\n<th>a</th>\n<th class="n">b</th>\n</tr>\n</thead>\n'
            '<tbody>\n<tr>\n<td>1</td>\n<td class="n">2</td>\n</tr>\n</tbody>\n</table>',
        ),
        ("", ""),
    ],
)
def test_text_becomes_html(text: str, html: str) -> None:
    assert to_html(text, "../", SHOWN).strip() == html


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\nb ![x](c%20d.png)\n![y](e.svg)", [Image(1, "c d.png"), Image(2, "e.svg")]),
        ("\n\n> - ![x](c.png)", [Image(2, "c.png")]),
        ("a\n\n![x][1]\n\n[1]: c.png", [Image(2, "c.png")]),
        ("![x](https://a.b/c%20d.png)", [Image(0, "https://a.b/c%20d.png")]),
        ("`![x](c.png)` ![y](data:image/png;base64,AA) ![z](javascript:x)", []),
    ],
)
def test_pictures_are_found_with_their_lines(text: str, expected: list[Image]) -> None:
    assert list(images(text)) == expected


@pytest.mark.parametrize(
    ("address", "foreign"),
    [
        ("a.png", False),
        ("../a b.png", False),
        ("/srv/a.png", False),
        ("http://a/b", True),
        ("//a/b", True),
        ("ftp:a", True),
        ("http://[", True),
    ],
)
def test_what_another_host_would_send_is_foreign(address: str, foreign: bool) -> None:
    assert Image(0, address).foreign is foreign
