"""How the pages describe a filter among the others of its layer, and the layer as a whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from generator import assets
from generator.analysis.layer_insight import SimilarFilter
from generator.pages.gather import model_view
from generator.pages.templating import environment
from generator.pages.views import LayerView
from tests.pages.gallery import Gallery, Page, Score, fill
from tests.pages.hostile import IMAGE, hostile
from tests.summaries import conv, entry, summary

ENVIRONMENT = environment(assets.templates_path())
CALLS = {
    "similar_filters": "similar_filters('../../', layer, filter)",
    "layer_insight": "layer_insight('../../', layer)",
    "overlay": "overlay('../../', layer, filter.maps[0], layer.layer.title ~ ', filter ' ~ filter.index)",
    "overlay_note": "overlay_note({'photos': [], 'dataset': none}, layer)",
}


def page(name: str, layer: LayerView, index: int = 0) -> Page:
    """Return what a macro of the template says of a layer, or of one of its filters."""
    source = f"{{% from 'understand.html' import {name} %}}{{{{ {CALLS[name]} }}}}"
    return Page.read(ENVIRONMENT.from_string(source).render(layer=layer, filter=layer.by_index[index]))


def view(folder: Path, filters: int, score: Score = 2.0, response: Score = 1.0, **fields: object) -> LayerView:
    """Return a layer whose filters reach such scores and respond so to the photo."""
    gallery = Gallery(folder, [(entry(), summary(conv(1, "stem", filters, slug="001-stem", **fields)))])
    fill(gallery.store, gallery.tasks(), score, response)
    return model_view(*gallery.models[0], gallery.photos, gallery.tasks(), gallery.store).layers[0]


def known(layer: LayerView, **fields: Callable[[int], Any]) -> LayerView:
    """Return a layer with other knowledge of its filters: each of ``fields`` gives one's value by its index."""
    changed = [
        replace(insight, **{name: of(insight.index) for name, of in fields.items()})
        for insight in layer.insight.filters
    ]
    copy = replace(layer, filters=layer.filters)
    copy.__dict__["insight"] = replace(layer.insight, filters=tuple(changed))
    return copy


def words(text: str) -> str:
    return " ".join(text.split())


def test_similar_filters_are_links_with_their_numbers(tmp_path: Path) -> None:
    layer = view(tmp_path, 4)
    near = {0: (SimilarFilter(3, 0.876), SimilarFilter(99, 0.5, shown=False), SimilarFilter(1, 0.4, other_inputs=True))}
    layer = known(
        layer, by_weights=lambda i: near.get(i, ()), by_activations=lambda i: (SimilarFilter((i + 1) % 4, 0.1234),)
    )
    shown_page = page("similar_filters", layer)
    assert [link["href"] for link in shown_page.all("a")] == [f"../../net/001-stem/{i:04d}.html" for i in (3, 1, 1)]
    text = words(shown_page.text)
    assert "0.876" in text
    assert "0.4 other inputs" in text
    assert "Where it says “other inputs”" in text
    assert "Also similar, but not shown in this gallery: filter 99 (0.5)." in text
    assert "8 × 8 cells of the photo:" in text
    assert "0.123" in text
    other = words(page("similar_filters", layer, 2).text)
    assert "No other filter’s kernel is more similar to its own than random kernels" in other
    assert "other inputs" not in other


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (0.0, "It has no activation on the photo: there is nothing to compare."),
        (1.0, "No other filter’s feature maps correlate"),
    ],
)
def test_a_filter_without_similar_ones_says_why(tmp_path: Path, response: float, expected: str) -> None:
    assert expected in words(page("similar_filters", view(tmp_path, 1, 2.0, response)).text)


def test_without_photos_and_kernels_there_is_only_the_picture(tmp_path: Path) -> None:
    layer = view(tmp_path, 2)
    bare = tuple(replace(shown, maps=(), kernel=None) for shown in layer.filters)
    layer = replace(layer, filters=bare)
    assert page("similar_filters", layer).all("h3") == []
    text = words(page("layer_insight", layer).text)
    assert "Counted over" not in text
    assert "99 of 100" not in text


@pytest.mark.parametrize(("count", "shown", "more"), [(1, 1, None), (12, 12, None), (15, 12, "and 3 more")])
def test_long_lists_are_cut_and_lead_to_the_layers_page(
    tmp_path: Path, count: int, shown: int, more: str | None
) -> None:
    layer = view(tmp_path, 16, lambda task, index: 0.0 if index < count else 2.0, lambda task, index: index // count)
    shown_page = page("layer_insight", layer)
    assert f"Dead: {count}" in shown_page.text
    links = [str(link["href"]) for link in shown_page.all("a")]
    filters = [f"../../net/001-stem/{i:04d}.html" for i in range(shown)]
    assert links == filters + (["../../net/001-stem/index.html#show=dead"] if more else [])
    assert (
        (more in shown_page.text) if more else ("more" not in shown_page.text.split("Over-active")[0].split("Dead")[1])
    )


def test_over_active_and_redundant_filters_are_listed(tmp_path: Path) -> None:
    layer = view(tmp_path, 20)
    pairs = known(
        layer,
        overactive=lambda i: i > 4,
        group=lambda i: (i // 2 * 2, i // 2 * 2 + 1) if i < 18 else (),
    )
    shown_page = page("layer_insight", pairs)
    text = words(shown_page.text)
    assert "Over-active: 15" in text
    assert "and 3 more" in text
    assert "Redundant: 18" in text
    assert "and 6 more in 3 groups" in text
    links = [str(link["href"]).removeprefix("../../net/001-stem/") for link in shown_page.all("a")]
    assert links == [
        *[f"{i:04d}.html" for i in range(5, 17)],
        "index.html#show=overactive",
        *[f"{i:04d}.html" for i in range(12)],
        "index.html#show=redundant",
    ]
    none = words(page("layer_insight", layer).text)
    assert "None fires in at least 99 of 100 positions" in none
    assert "No two filters are so similar" in none


@pytest.mark.parametrize(
    ("activation", "expected", "charts"),
    [
        ("relu", "Over-active: 0", 2),
        ("linear", "No activation function follows this layer, so its output is hardly ever exactly zero", 1),
        ("swish", "The output of swish is hardly ever exactly zero", 1),
    ],
)
def test_where_zeros_are_rare_no_filter_is_called_over_active(
    tmp_path: Path, activation: str, expected: str, charts: int
) -> None:
    shown_page = page("layer_insight", view(tmp_path, 3, activation=activation))
    assert expected in words(shown_page.text)
    assert len(shown_page.all("svg")) == charts


def test_histograms_are_described_in_words(tmp_path: Path) -> None:
    shown_page = page(
        "layer_insight", view(tmp_path, 5, response=lambda task, index: [-1.0, 0.5, 1.0, 2.0, 3.0][index])
    )
    first, second = shown_page.all("svg", role="img")
    expected = "Half of the filters are below 1; they range from −1 to 3. The tallest bar is 1 filter from 2.2 to 3."
    assert first["aria-label"] == f"Mean response to the photo, as a histogram. {expected}"
    assert expected in shown_page.text
    assert "The dashed line is zero." in shown_page.text
    assert len(shown_page.all("line", **{"class": "reference"})) == 1
    assert "Half of the filters are below 50\N{NARROW NO-BREAK SPACE}%" in str(second["aria-label"])
    assert len(shown_page.all("rect")) == 5 + 2


@pytest.mark.parametrize(("activation", "signed"), [("relu", False), ("linear", True)])
def test_a_map_is_laid_over_its_photo_and_described_once(tmp_path: Path, activation: str, signed: bool) -> None:
    layer = view(tmp_path, 2, activation=activation)
    shown_page, note = page("overlay", layer, 1), words(page("overlay_note", layer).text)
    photo, feature_map, *beside = shown_page.all("img")
    own = layer.by_index[1].maps[0]
    assert (photo["src"], feature_map["src"]) == (f"../../{own.seen.path}", f"../../{own.file.path}")
    assert [image["src"] for image in beside] == [photo["src"], feature_map["src"]]
    assert [bool(image["alt"]) for image in shown_page.all("img")] == [True, False, False, False]
    (overlay,) = [div for div in shown_page.all("div") if str(div["class"]).startswith("overlay")]
    assert overlay["class"] == ("overlay signed" if signed else "overlay")
    tinted = "tinted red where the activation of stem, filter 1 is above zero"
    alt = tinted if signed else "bright only where stem, filter 1 fires"
    assert alt in str(photo["alt"])
    assert ("fires in 50" in shown_page.text) is not signed
    assert ("red where the filter’s activation is above zero" in note) is signed
    assert "a patch of 3 × 3 pixels" in note


def test_names_are_shown_as_text(tmp_path: Path) -> None:
    gallery = hostile(tmp_path)
    model = gallery.models[0]
    tasks = [task for task in gallery.tasks() if (task.model, task.layer.index) == (model[0].name, 1)]
    fill(gallery.store, tasks)
    layer = model_view(*model, gallery.photos, tasks, gallery.store).layers[0]
    assert layer.layer.title == IMAGE
    for name in CALLS:
        shown_page = page(name, layer)
        assert not [image for image in shown_page.all("img") if image["src"] == "x"]
    assert IMAGE in page("layer_insight", layer).text
