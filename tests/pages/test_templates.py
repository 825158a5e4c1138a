"""What the pages say and show of a filter and its pictures."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image

from generator.config.values import ObjectiveSpec
from tests.pages.gallery import Gallery, Score, fill, resolved
from tests.summaries import conv, entry, summary

MIXED = ObjectiveSpec("direction", ((0, 1.0), (1, 0.5)))


@pytest.mark.parametrize(
    ("score", "response", "verdict", "text"),
    [
        (
            2.0,
            1.0,
            "converged",
            "score of 2, 2 times the response to the best photo, cat (1).",
        ),
        (2.0, 0.0, "converged", "The picture excites the filter with a score of 2; no photo here excites it at all."),
        (1.0, 4.0, "weak", "The photo cat excites this filter more (4) than its own picture does (1)."),
        (
            0.0,
            0.0,
            "dead",
            "not the start image, not any of the 128 steps, and not the photo.",
        ),
        (-1.0, -2.0, "dead", "Nothing excited this filter"),
    ],
)
def test_a_filters_page_says_what_became_of_it(
    tmp_path: Path, score: float, response: float, verdict: str, text: str
) -> None:
    of = entry(render=(("steps", 128),))
    gallery = Gallery(tmp_path, [(of, summary(conv(1, "stem", 1, slug="001-stem")))])
    fill(gallery.store, gallery.tasks(), score, response)
    assert gallery.write().verdicts == {verdict: 1}
    assert text in gallery.pages()["net/001-stem/0000.html"].text


@pytest.mark.parametrize(
    ("score", "second", "texts"),
    [
        (2.0, None, ["The picture excites the filter with a score of 2; no photo here excites it at all."]),
        (2.0, 2.0, ["from faint noise, had found no response, or hardly any", "found in plain pixels"]),
        (0.0, None, ["not the start image, not any of the 128 steps, and not the photo."]),
        (0.0, 0.0, ["not any of the 128 steps, not a second search in plain pixels, and not the photo."]),
    ],
)
def test_a_filters_page_tells_of_a_second_search(
    tmp_path: Path, score: float, second: float | None, texts: list[str]
) -> None:
    dead = score == 0
    for repeats in (1, 2):
        of = entry(render=(("repeats", repeats), ("steps", 128)))
        gallery = Gallery(tmp_path / str(repeats), [(of, summary(conv(1, "stem", 1, slug="001-stem")))])
        fill(gallery.store, gallery.tasks(), score, 0.0, second)
        gallery.write()
        words = " ".join(gallery.pages()[PAGE].text.split())
        assert repeats == 2 or all(text in words for text in texts)
        assert words.count("had found no response, or hardly any") == (repeats if second and not dead else 0)
        assert words.count("then noise in plain pixels") == (repeats if dead and second is not None else 0)


@pytest.mark.case("relu6-ceiling")
def test_pages_say_where_responses_are_capped(tmp_path: Path) -> None:
    """A photo is compared with a picture without the ceiling; the number at its map is with it."""
    layers = conv(1, "stem", 1, slug="001-stem", ceiling=6.0, activation="relu6"), conv(2, "top", 1, slug="002-top")
    gallery = Gallery(tmp_path, [(entry(), summary(*layers))])
    fill(gallery.store, gallery.tasks(), 8.0, 1.0)
    gallery.write()
    pages = {page: gallery.pages()[page].text for page in (PAGE, LAYER, "net/002-top/index.html")}
    assert "score of 8, 2 times the response to the best photo, cat (4)." in pages[PAGE]
    assert "response 1, peak 3" in pages[PAGE]
    says = "In the network, activations of this layer end at 6."
    assert [says in text for text in pages.values()] == [True, True, False]
    assert [layer["ceiling"] for layer in gallery.manifest["models"][0]["layers"]] == [6.0, None]


def page_of_a_linear_layer(folder: Path, score: Score, response: Score, activation: str = "linear") -> tuple[str, str]:
    """Return the verdict on the one filter of a layer whose activations can be negative, and its page's text."""
    layer = conv(1, "stem", 1, slug="001-stem", activation=activation)
    gallery = Gallery(folder, [(entry(render=(("steps", 128),)), summary(layer))])
    fill(gallery.store, gallery.tasks(), score, response)
    gallery.write()
    (shown,) = gallery.manifest["models"][0]["layers"][0]["filters"]
    assert shown["pictures"][0]["empty"] is (shown["verdict"] == "dead")
    return shown["verdict"], " ".join(gallery.pages()[PAGE].text.split())


FALSE_OF_A_LINEAR_LAYER = ("Nothing excited", "excites it at all", "nothing that excites", "nothing tried here excites")


@pytest.mark.case("linear-dead")
@pytest.mark.parametrize("activation", ["linear", "leaky_relu", "prelu", "elu", "tanh", "silu", "custom"])
@pytest.mark.parametrize(
    ("score", "response", "verdict", "text"),
    [
        (-1.0, -2.0, "converged", "raises the filter to a score of −1; the response to the best photo, cat, is −2."),
        (1.0, -2.0, "converged", "raises the filter to a score of 1; the response to the best photo, cat, is −2."),
        (-2.0, -1.0, "weak", "The photo cat excites this filter more (−1) than its own picture does (−2)."),
        (2.0, 1.0, "converged", "2 times the response to the best photo, cat (1)."),
        (0.0, 0.0, "dead", "Nothing changed the value of this filter: not the start image"),
    ],
)
def test_zero_is_no_threshold_where_activations_can_be_negative(
    tmp_path: Path, activation: str, score: float, response: float, verdict: str, text: str
) -> None:
    found, words = page_of_a_linear_layer(tmp_path, score, response, activation)
    assert found == verdict
    assert text in words
    assert not [sentence for sentence in FALSE_OF_A_LINEAR_LAYER if sentence in words]


@pytest.mark.case("linear-dead")
@pytest.mark.parametrize(("activation", "verdict"), [("silu", "dead"), ("gelu", "dead"), ("linear", "weak")])
def test_what_swish_passes_on_far_below_zero_is_next_to_nothing(tmp_path: Path, activation: str, verdict: str) -> None:
    assert page_of_a_linear_layer(tmp_path, -8e-4, -2e-4, activation)[0] == verdict


@pytest.mark.case("linear-dead")
def test_a_direction_with_negative_weights_can_be_below_zero(tmp_path: Path) -> None:
    difference = ObjectiveSpec("direction", ((0, 1.0), (1, -1.0)))
    gallery = written(tmp_path, 2, -1.0, response=0.5, objective=(difference,))
    (shown, _) = gallery.manifest["models"][0]["layers"][0]["filters"]
    assert shown["verdict"] == "weak"
    assert "The photo cat excites the direction 0 − 1 more (0)" in " ".join(gallery.pages()[PAGE].text.split())


def written(folder: Path, filters: int, score: Score, response: float = 1.0, **render: object) -> Gallery:
    """Return a gallery of one layer whose filters get such pictures, written."""
    of = entry(render=tuple(sorted(render.items())))
    gallery = Gallery(folder, [(of, summary(conv(1, "stem", filters, slug="001-stem")))])
    fill(gallery.store, gallery.tasks(), score, response)
    gallery.write()
    return gallery


PAGE, LAYER = "net/001-stem/0000.html", "net/001-stem/index.html"


@pytest.mark.parametrize(
    ("render", "score", "response", "text"),
    [
        ({"sign": "negative"}, 2.0, 1.0, "drives the filter to 2 below zero, in the mean over all positions."),
        ({"sign": "negative"}, 0.0, 0.0, "Nothing drove this filter below zero: not the start image, and not any of"),
        ({"sign": "negative", "repeats": 2}, 2.0, 1.0, "Seeds. The same optimisation from other random starts."),
        (
            {"objective": (ObjectiveSpec("neuron"),)},
            6.0,
            1.0,
            "2 times the strongest activation on any photo, cat (3).",
        ),
        ({"objective": (ObjectiveSpec("neuron"),)}, 2.0, 1.0, "excites the filter’s centre unit more (3) than its own"),
        ({"objective": (ObjectiveSpec("neuron"),)}, 6.0, 1.0, "Centre unit. Only the unit in the middle"),
        (
            {"objective": (MIXED,)},
            6.0,
            1.0,
            "excites the direction 0 + 0.5 × 1 with a score of 6, 4 times the response to the best photo",
        ),
        ({"objective": (MIXED,)}, 6.0, 1.0, "Direction. A weighted sum of several filters of the layer"),
        ({"method": "maco"}, 2.0, 1.0, "Transparent where the picture means nothing"),
        ({"method": "maco"}, 2.0, 1.0, "MaCo. The magnitude of each frequency is that of natural images"),
        ({"method": "maco"}, 2.0, 4.0, "MaCo optimises crops of its picture"),
        ({"diversity": 3}, 2.0, 1.0, "Diverse pictures. They were optimised together, with a penalty on similar ones"),
        ({}, 0.0, 1.0, "This optimisation found nothing that excites the filter, though the photo cat does (1)."),
        ({"repeats": 2}, 0.0, 0.0, "none of 2 optimisations from 2 different start images, and not the photo."),
    ],
)
def test_a_filters_page_says_what_its_pictures_are(
    tmp_path: Path, render: dict[str, object], score: float, response: float, text: str
) -> None:
    gallery = written(tmp_path, 2, score, response, **render)
    assert text in " ".join(gallery.pages()[PAGE].text.split())


def test_every_picture_of_a_filter_hangs_on_its_page(tmp_path: Path) -> None:
    gallery = written(tmp_path, 2, 2.0, sign="both", diversity=2, objective=(ObjectiveSpec(), MIXED))
    page = gallery.pages()[PAGE]
    text = " ".join(page.text.split())
    order = ["Diverse 1 of 2.", "More pictures", "Diverse 2 of 2", "Negative, diverse 1 of 2", "Direction 0 + 0.5 × 1"]
    assert [text.index(title) for title in order] == sorted(text.index(title) for title in order)
    shown = gallery.manifest["models"][0]["layers"][0]["filters"][0]
    images = [resolved(PAGE, str(a["src"])) for a in page.all("img")]
    # large, and at the end of the snapshots
    assert [images.count(picture["path"]) for picture in shown["pictures"]] == [2] * 6
    assert len(page.all("polyline")) == len(page.all("dl", **{"class": "settings"})) == 6
    assert page.all("a", href="../../net/001-stem/0001.html")
    # a picture that is not the main one's is told by what it shows
    assert "The picture that drives stem, filter 0 furthest below zero" in [a["alt"] for a in page.all("img")]


def test_a_layer_offers_every_kind_of_picture(tmp_path: Path) -> None:
    gallery = written(tmp_path, 2, 2.0, sign="both", objective=(ObjectiveSpec(), ObjectiveSpec("neuron")))
    page = gallery.pages()[LAYER]
    assert [a["value"] for a in page.all("input", name="technique")] == [
        *("picture", "negative", "centre-unit", "centre-unit-negative", "feature-map-0", "kernel")
    ]
    assert [option["value"] for option in page.all("option") if option["value"]] == [
        *("score", "photo-0", "converged", "2", "3")
    ]


def test_a_dead_filter_is_not_drawn_as_if_it_meant_something(tmp_path: Path) -> None:
    gallery = written(tmp_path, 3, lambda task, index: 0.0 if index == 0 else 2.0, response=0.0)
    pages = gallery.pages()
    assert gallery.manifest["models"][0]["layers"][0]["filters"][0]["verdict"] == "dead"
    for path in (LAYER, "net/index.html", "index.html"):
        shown = [str(a["src"]) for a in pages[path].all("img")]
        assert not [source for source in shown if "0000-picture" in source], path
    tiles = [a for a in pages[LAYER].all("a") if str(a.get("class", "")).startswith("tile")]
    assert [(a["class"], a["href"]) for a in tiles] == [
        ("tile dead none", "0000.html"),
        ("tile converged", "0001.html"),
        ("tile converged", "0002.html"),
    ]
    sheet = Image.open(gallery.site / "net/001-stem/picture-000.webp")
    assert [sheet.getchannel("A").crop((96 * i, 0, 96 * i + 96, 96)).getextrema() for i in range(3)] == [
        *((0, 0), (255, 255), (255, 255))
    ]
    assert [a["href"] for a in pages["net/index.html"].all("a", **{"class": "tile dead"})] == []


def test_a_dead_filters_page_shows_the_evidence(tmp_path: Path) -> None:
    gallery = written(tmp_path, 1, -0.25, response=-0.5, repeats=2, steps=128)
    html = gallery.held()[PAGE].decode()
    before, details = html.split("<details", 1)
    assert "0000-picture" not in before
    assert "0000-picture.webp" in details.split("</details>")[0]
    assert not gallery.pages()[PAGE].all("details", open="")
    rows = re.findall(r'<tr><th scope="row">(.*?)</th><td class="n">(.*?)</td></tr>', html)
    assert rows == [
        ("the photo cat", "−0.5"),
        ("Seed 0: a random start image and 128 optimisation steps", "−0.25"),
        ("Seed 1: a random start image and 128 optimisation steps", "−0.25"),
    ]


def test_a_home_page_of_nothing_but_dead_filters_has_no_picture_of_them(tmp_path: Path) -> None:
    gallery = written(tmp_path, 2, 0.0, response=0.0)
    pages = gallery.pages()
    hatched = [pages[path].all("span", **{"class": "no-picture"}) for path in ("index.html", "net/index.html")]
    assert [len(fields) for fields in hatched] == [2, 2]
    assert len(pages[LAYER].all("a", **{"class": "tile dead none"})) == 2
    assert pages["index.html"].all("img") == []
