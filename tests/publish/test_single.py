"""One layer or one model as a file that needs no other."""

from __future__ import annotations

import base64
import re
from dataclasses import replace

import pytest

from generator.errors import UsageError
from generator.publish import BuiltSite, find_part, single_file
from generator.publish.rewriting import rewrite
from generator.site.addresses import find_address
from tests.pages.gallery import Page
from tests.publish.conftest import relisted
from tests.site.records import layer, model


@pytest.mark.parametrize(
    ("model", "layer", "page"),
    [
        ("net", None, "net/index.html"),
        ("net", "stem", "net/001-stem/index.html"),
        ("net", "t*", "net/002-top/index.html"),
    ],
)
def test_what_is_chosen(model: str, layer: str | None, page: str, kept: BuiltSite) -> None:
    assert find_part(kept, model, layer).page == page


def test_a_name_goes_before_a_glob_and_calls_are_told_apart(kept: BuiltSite) -> None:
    layers = [layer("a", "1", (0,)), layer("a", "2", (0,), call=2), layer("ab", "3", (0,))]
    manifest = kept.manifest.model_copy(update={"models": (model("net", *layers),)})
    site = replace(kept, manifest=manifest)
    pages = [f"net/{slug}/index.html" for slug in ("1", "2", "3", "3")]
    assert [find_part(site, "net", name).page for name in ("a", "a (call 2)", "ab", "a[b]")] == pages


def test_a_layer_without_a_name_goes_by_its_title(kept: BuiltSite) -> None:
    """``build --single-file f.html --layer "(unnamed)"``: as the table of layers, the pages and `embed` call it."""
    unnamed = layer("", "001-x", (0,), title="(unnamed)")
    site = replace(kept, manifest=kept.manifest.model_copy(update={"models": (model("net", unnamed),)}))
    assert (
        find_part(site, "net", "(unnamed)").layer
        == find_address(site.manifest.models, "net/(unnamed)").layer
        == unnamed
    )


@pytest.mark.parametrize(
    ("model", "layer", "message"),
    [
        ("nt", None, r"no model 'nt'\. Did you mean net\?"),
        ("net", "step", r"no layer 'step' of net\. Did you mean stem\?"),
        ("net", "*", r"'\*' matches 2 layers of net, such as stem\. Name one"),
    ],
)
def test_what_cannot_be_chosen(model: str, layer: str | None, message: str, kept: BuiltSite) -> None:
    with pytest.raises(UsageError, match=message):
        find_part(kept, model, layer)


@pytest.mark.parametrize("layer", [None, "stem"])
def test_nothing_in_the_file_leads_to_another(layer: str | None, kept: BuiltSite) -> None:
    html = single_file(kept, find_part(kept, "net", layer)).decode()
    page = Page.read(html)
    addresses = {address for _, address in page.links()} | set(re.findall(r"url\(([^)]*)\)", html))
    assert {address for address in addresses if not address.startswith(("data:", "#", "https://"))} == set()
    places = {attributes["id"] for _, attributes in page.elements if "id" in attributes}
    assert {a[1:] for a in addresses if a.startswith("#") and "=" not in a} <= places
    assert not re.search(r'<(?:img|script|link)[^>]*"https?:', html)
    assert html.count("To use elsewhere") == html.count("<p hidden>To use elsewhere") == 1  # what only a whole site has


def test_a_layer_holds_each_of_its_pictures_once_but_for_the_sheets_without_scripts(kept: BuiltSite) -> None:
    html = single_file(kept, find_part(kept, "net", "stem")).decode()
    names = [
        f"{i:04d}-{what}.webp"
        for i in range(4)
        for what in ("picture", "feature-map-0", "kernel")
        if (i, what) != (0, "picture")
    ]
    for name, count in {**dict.fromkeys(names, 1), "picture-000.webp": 1, "kernel-000.webp": 2}.items():
        content = base64.b64encode(kept.read(f"net/001-stem/{name}")).decode()
        assert html.count(content) == count, name
    assert '"picture-000.webp":""' in html
    assert base64.b64encode(kept.read("net/002-top/0001-picture.webp")).decode() not in html


def test_a_model_holds_the_sheet_and_the_facts_of_every_layer(kept: BuiltSite) -> None:
    html = single_file(kept, find_part(kept, "net")).decode()
    for number, name in ((1, "stem"), (2, "top")):
        for sheet in ("picture", "best"):
            content = base64.b64encode(kept.read(f"net/{number:03d}-{name}/{sheet}-000.webp")).decode()
            assert html.count(content) == 1
        section = html.partition(f'<div id="layer-{number:03d}">')[2]
        assert f"<h2>{name}</h2>" in section
        assert section.count('<a class="tile') >= 4
    assert len(re.findall("<h1[ >]", html)) == 1


def test_the_limit_is_said_and_can_be_raised(kept: BuiltSite) -> None:
    part = find_part(kept, "net")
    size = len(single_file(kept, part))
    with pytest.raises(
        UsageError, match=r"would have 1 MB, more than 0 MB\. Use --single-file-limit 1, or choose a layer"
    ):
        single_file(kept, part, size - 1)
    assert len(single_file(kept, part, size)) == size


def test_what_an_owner_added_comes_along(site: BuiltSite) -> None:
    def own(files: dict[str, bytes]) -> None:
        page = files["net/index.html"].decode()
        added = '<link rel="preload" href="../assets/a.txt"><script src="../assets/own.js"></script></head>'
        files["net/index.html"] = page.replace("</head>", added).encode()
        files["assets/own.js"] = b"var own = '</script><b>';"
        css = next(path for path in files if path.startswith("assets/site-") and path.endswith(".css"))
        files[css] += b"p{background:url(wall.png)}"
        files["assets/wall.png"] = b"a wall"

    html = single_file(relisted(site, own), find_part(site, "net")).decode()
    assert r"var own = '<\/script><b>';" in html
    assert f"url(data:image/png;base64,{base64.b64encode(b'a wall').decode()})" in html
    assert "preload" not in html


@pytest.mark.parametrize(
    "html",
    [
        "<!doctype html>\n<html lang=en><body><p>a &lt; b &amp; c&#39;s &nbsp;<br>\n<li>one<li>two</body></html>",
        '<svg viewBox="0 0 1 1"><path d="M0 0"/><linearGradient id="a"></linearGradient></svg>'.replace(
            "linearGradient", "g"
        ),
        '<script>if (a < b && c) "</p>"</script><style>a > b {}</style><!-- <p> -->',
        "<noscript><img src=a.png alt=''></noscript>",
    ],
)
def test_what_is_not_changed_stays_as_it_was(html: str) -> None:
    assert rewrite(html, lambda name, attributes: None) == html


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ('<p><a href="x">b</a></p>', '<p><b title="&quot;&lt;">b</b></p>'),
        ('<p><a href="x"><i>b</i></a>c</p>', '<p><b title="&quot;&lt;"><i>b</i></b>c</p>'),
        ("<script>x</script>y", "zy"),
        ("<svg><a/></svg>", '<svg><b title="&quot;&lt;"></b></svg>'),
    ],
)
def test_elements_are_changed(html: str, expected: str) -> None:
    changed = {"a": ("b", {"title": '"<'}), "script": "z"}
    assert rewrite(html, lambda name, attributes: changed.get(name)) == expected  # type: ignore[arg-type,return-value]


def test_parts_of_a_page(kept: BuiltSite) -> None:
    html = '<p>a</p><div class="x"><div>b</div><img alt="">c</div><p>d</p><p class="x">e</p>'
    only = rewrite(html, lambda name, attributes: None, lambda name, attributes: attributes.get("class") == "x")
    assert only == '<div class="x"><div>b</div><img alt="">c</div><p class="x">e</p>'
