"""What the pages say of a filter among the others of its layer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from generator import assets
from generator.analysis.layer_insight import Near
from generator.pages.gather import model_view
from generator.pages.templating import environment
from generator.pages.views import LayerView
from tests.pages.gallery import Gallery, Page, Score, fill
from tests.pages.hostile import IMAGE, hostile
from tests.summaries import conv, entry, summary

ENVIRONMENT = environment(assets.templates_path())
CALLS = {
    "alike": "alike('../../', layer, filter)",
    "layer_insight": "layer_insight('../../', layer)",
    "overlay": "overlay('../../', layer, filter.maps[0], layer.layer.title ~ ', filter ' ~ filter.index)",
    "overlay_note": "overlay_note(layer)",
}


def page(name: str, layer: LayerView, index: int = 0) -> Page:
    """Return what a macro of the template says of a layer, or of one of its filters."""
    source = f"{{% from 'understand.html' import {name} %}}{{{{ {CALLS[name]} }}}}"
    return Page.read(ENVIRONMENT.from_string(source).render(layer=layer, filter=layer.by_index[index]))


def view(folder: Path, filters: int, score: Score = 2.0, response: Score = 1.0, **fields: object) -> LayerView:
    """Return a layer whose filters reach such scores and respond so to the photo."""
    made = Gallery(folder, [(entry(), summary(conv(1, "stem", filters, slug="001-stem", **fields)))])
    fill(made.store, made.tasks(), score, response)
    return model_view(*made.models[0], made.photos, made.tasks(), made.store).layers[0]


def known(layer: LayerView, **fields: object) -> LayerView:
    """Return a layer with other knowledge of its filters: each of ``fields`` gives one's value by its index."""
    made = [replace(one, **{name: of(one.index) for name, of in fields.items()}) for one in layer.insight.filters]  # type: ignore[operator]
    found = replace(layer, filters=layer.filters)
    found.__dict__["insight"] = replace(layer.insight, filters=tuple(made))
    return found


def words(text: str) -> str:
    return " ".join(text.split())


def test_a_filters_likes_are_links_with_their_numbers(tmp_path: Path) -> None:
    layer = view(tmp_path, 4)
    near = {0: (Near(3, 0.876), Near(99, 0.5, shown=False), Near(1, 0.4, elsewhere=True))}
    layer = known(layer, by_weights=lambda i: near.get(i, ()), by_answers=lambda i: (Near((i + 1) % 4, 0.1234),))
    found = page("alike", layer)
    assert [one["href"] for one in found.all("a")] == [f"../../net/001-stem/{i:04d}.html" for i in (3, 1, 1)]
    text = words(found.text)
    assert "0.876" in text
    assert "0.4 other inputs" in text
    assert "Where it says “other inputs”" in text
    assert "Also similar, but not shown in this gallery: filter 99 (0.5)." in text
    assert "8 × 8 cells of the photo:" in text
    assert "0.123" in text
    other = words(page("alike", layer, 2).text)
    assert "No other filter’s kernel is more similar to its own than random kernels" in other
    assert "other inputs" not in other


@pytest.mark.parametrize(
    ("response", "said"),
    [
        (0.0, "It has no activation on the photo: there is nothing to compare."),
        (1.0, "No other filter’s feature maps correlate"),
    ],
)
def test_what_has_nothing_alike_says_why(tmp_path: Path, response: float, said: str) -> None:
    assert said in words(page("alike", view(tmp_path, 1, 2.0, response)).text)


def test_without_photos_and_kernels_there_is_only_the_picture(tmp_path: Path) -> None:
    layer = view(tmp_path, 2)
    bare = tuple(replace(one, maps=(), kernel=None) for one in layer.filters)
    layer = replace(layer, filters=bare)
    assert page("alike", layer).all("h3") == []
    text = words(page("layer_insight", layer).text)
    assert "Counted over" not in text
    assert "99 of 100" not in text


@pytest.mark.parametrize(("count", "shown", "more"), [(1, 1, None), (12, 12, None), (15, 12, "and 3 more")])
def test_long_lists_are_cut_and_lead_to_the_layers_page(
    tmp_path: Path, count: int, shown: int, more: str | None
) -> None:
    layer = view(tmp_path, 16, lambda task, index: 0.0 if index < count else 2.0, lambda task, index: index // count)
    found = page("layer_insight", layer)
    assert f"Dead: {count}" in found.text
    links = [str(one["href"]) for one in found.all("a")]
    filters = [f"../../net/001-stem/{i:04d}.html" for i in range(shown)]
    assert links == filters + (["../../net/001-stem/index.html#show=dead"] if more else [])
    assert (more in found.text) if more else ("more" not in found.text.split("Over-active")[0].split("Dead")[1])


def test_over_active_and_redundant_filters_are_listed(tmp_path: Path) -> None:
    layer = view(tmp_path, 20)
    pairs = known(
        layer,
        overactive=lambda i: i > 4,
        group=lambda i: (i // 2 * 2, i // 2 * 2 + 1) if i < 18 else (),
    )
    found = page("layer_insight", pairs)
    text = words(found.text)
    assert "Over-active: 15" in text
    assert "and 3 more" in text
    assert "Redundant: 18" in text
    assert "and 6 more in 3 groups" in text
    links = [str(one["href"]).removeprefix("../../net/001-stem/") for one in found.all("a")]
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
    ("activation", "said", "charts"),
    [
        ("relu", "Over-active: 0", 2),
        ("linear", "No activation function follows this layer, so its output is hardly ever exactly zero", 1),
        ("swish", "The output of swish is hardly ever exactly zero", 1),
    ],
)
def test_where_nothing_is_silent_no_filter_is_called_over_active(
    tmp_path: Path, activation: str, said: str, charts: int
) -> None:
    found = page("layer_insight", view(tmp_path, 3, activation=activation))
    assert said in words(found.text)
    assert len(found.all("svg")) == charts


def test_histograms_are_said_in_words(tmp_path: Path) -> None:
    found = page("layer_insight", view(tmp_path, 5, response=lambda task, index: [-1.0, 0.5, 1.0, 2.0, 3.0][index]))
    first, second = found.all("svg", role="img")
    said = "Half of the filters are below 1; they range from −1 to 3. The tallest bar is 1 filter from 2.2 to 3."
    assert first["aria-label"] == f"Mean response to the photo, as a histogram. {said}"
    assert said in found.text
    assert "The dashed line is zero." in found.text
    assert len(found.all("line", **{"class": "reference"})) == 1
    assert "Half of the filters are below 50\N{NARROW NO-BREAK SPACE}%" in str(second["aria-label"])
    assert len(found.all("rect")) == 5 + 2


@pytest.mark.parametrize(("activation", "signed"), [("relu", False), ("linear", True)])
def test_a_map_is_laid_over_its_photo_and_described_once(tmp_path: Path, activation: str, signed: bool) -> None:
    layer = view(tmp_path, 2, activation=activation)
    found, note = page("overlay", layer, 1), words(page("overlay_note", layer).text)
    photo, feature_map, *beside = found.all("img")
    own = layer.by_index[1].maps[0]
    assert (photo["src"], feature_map["src"]) == (f"../../{own.seen.path}", f"../../{own.file.path}")
    assert [one["src"] for one in beside] == [photo["src"], feature_map["src"]]
    assert [bool(one["alt"]) for one in found.all("img")] == [True, False, False, False]
    (laid,) = [one for one in found.all("div") if str(one["class"]).startswith("overlay")]
    assert laid["class"] == ("overlay signed" if signed else "overlay")
    tinted = "tinted red where the activation of stem, filter 1 is above zero"
    alt = tinted if signed else "bright only where stem, filter 1 fires"
    assert alt in str(photo["alt"])
    assert ("fires in 50" in found.text) is not signed
    assert ("red where the filter’s activation is above zero" in note) is signed
    assert "a patch of 3 × 3 pixels" in note


def test_names_are_shown_as_text(tmp_path: Path) -> None:
    made = hostile(tmp_path)
    model = made.models[0]
    tasks = [task for task in made.tasks() if (task.model, task.layer.index) == (model[0].name, 1)]
    fill(made.store, tasks)
    layer = model_view(*model, made.photos, tasks, made.store).layers[0]
    assert layer.layer.title == IMAGE
    for name in CALLS:
        found = page(name, layer)
        assert not [one for one in found.all("img") if one["src"] == "x"]
    assert IMAGE in page("layer_insight", layer).text
