from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import pytest

from generator import assets
from generator.config import Config, ModelEntry
from generator.models.summary import ModelSummary
from generator.names import slug, unique_slugs
from generator.pages.comparison import Comparison
from generator.pages.gather import model_view
from generator.pages.gather_comparisons import comparisons
from generator.pages.site import write_site
from generator.pages.templating import environment
from generator.plan import PhotoIdentity, Task, plan_model
from generator.plan.pairs import comparison_key
from tests.pages.gallery import Gallery, Page, fill, resolved
from tests.pages.hostile import CLIMB, HOSTILE, IMAGE, SCRIPT
from tests.summaries import conv, entry, summary

Compare = tuple[tuple[str, str], ...] | None
LAYERS = (conv(1, "stem", slug="001-stem"), conv(2, "top", slug="002-top"))


def network(name: str, number: int, *layers: object, **settings: object) -> tuple[ModelEntry, ModelSummary]:
    network_summary = summary(*(layers or LAYERS), digest=f"{number:064d}")  # type: ignore[arg-type]
    return entry(name, name, **settings), network_summary


def two(folder: Path, **settings: object) -> Gallery:
    """Return a gallery of two checkpoints with two layers of four filters."""
    return Gallery(folder, [network("before", 1, **settings), network("after", 2, **settings)])


def config(gallery: Gallery, compare: Compare = None) -> Config:
    entries = tuple(of for of, _ in gallery.models)
    return Config("G", gallery.site, gallery.store.folder, (), entries, compare=compare)


def compared(gallery: Gallery, compare: Compare = None) -> tuple[Comparison, ...]:
    views = [
        model_view(of, network_summary, gallery.photos, plan_model(of, network_summary, gallery.photos), gallery.store)
        for of, network_summary in gallery.models
    ]
    return comparisons(config(gallery, compare), views, gallery.store)


def write(gallery: Gallery, compare: Compare = None) -> None:
    planned = [
        (of, network_summary, gallery.photos, plan_model(of, network_summary, gallery.photos))
        for of, network_summary in gallery.models
    ]
    write_site(config(gallery, compare), planned, gallery.store)


def weigh(gallery: Gallery, *changes: list[float | None]) -> None:
    """Keep how much the filters of each layer changed, and the layer as a whole: as much as its first."""
    a, b = (network_summary for _, network_summary in gallery.models[:2])
    layers = [
        {
            "change": of_layer[0],
            "folded": False,
            "filters": {
                "change": of_layer,
                "cosine": [0.5] * len(of_layer),
                "biases": [[1.0] * len(of_layer), [2.0] * len(of_layer)],
            },
        }
        for of_layer in changes
    ]
    gallery.store.put_comparison(comparison_key(a, b), {"layers": layers})


def order(comparison: Comparison, layer: int = 0) -> list[int]:
    return [pair.a.index for pair in comparison.layers[layer].pairs]


def test_the_most_changed_weights_come_first(tmp_path: Path) -> None:
    gallery = two(tmp_path)
    fill(gallery.store, gallery.tasks())
    weigh(gallery, [0.1, 0.5, 0.3, 0.0], [0.2, 0.2, None, 0.9])
    (comparison,) = compared(gallery)
    assert (comparison.same_architecture, comparison.weights_compared, comparison.page) == (
        True,
        True,
        "compare/before~after/index.html",
    )
    assert [layer.page for layer in comparison.layers] == [
        "compare/before~after/001-stem.html",
        "compare/before~after/002-top.html",
    ]
    assert [order(comparison, layer) for layer in (0, 1)] == [[1, 2, 0, 3], [2, 3, 0, 1]]
    assert [(layer.a.layer.index, pair.a.index, pair.change) for layer, pair in comparison.most_changed[:4]] == [
        (2, 2, math.inf),
        (2, 3, 0.9),
        (1, 1, 0.5),
        (1, 2, 0.3),
    ]
    assert [layer.change for layer in comparison.layers] == [0.1, 0.2]
    assert comparison.largest_change == 0.2
    write(gallery)
    page = (gallery.site / comparison.layers[1].page).read_text()
    assert re.findall(r">weights (.*?), cosine", page) == ["no ratio", "90&#8239;%", "20&#8239;%", "20&#8239;%"]
    assert page.count("bias 1 → 2") == 4


def dead_at_first(task: Task, index: int) -> float:
    """Let filter 2 of the first model be dead, and filter 3 of both."""
    return 0.0 if index == 3 or (index == 2 and task.model == "before") else 1.0 + index


def test_without_weights_the_answers_say_what_changed(tmp_path: Path) -> None:
    gallery = two(tmp_path)
    fill(gallery.store, gallery.tasks(), dead_at_first, dead_at_first)
    (comparison,) = compared(gallery)
    assert not comparison.weights_compared
    first, *rest = comparison.layers[0].pairs
    # a filter that revived does not correlate with zeros; two that are inactive cannot be compared
    assert (first.a.index, first.distance, first.verdict_changed, first.died_or_revived) == (2, 1.0, True, True)
    assert [(pair.a.index, pair.verdict_changed) for pair in rest] == [(0, False), (1, False), (3, False)]
    assert [pair.distance for pair in rest] == [pytest.approx(0, abs=1e-5), pytest.approx(0, abs=1e-5), None]
    assert comparison.layers[0].distance == pytest.approx(1 / 3, abs=1e-5)
    assert [(layer.a.layer.name, pair.a.index) for layer, pair in comparison.verdict_changed] == [
        ("stem", 2),
        ("top", 2),
    ]
    write(gallery)
    index = (gallery.site / comparison.page).read_text()
    assert "How much the weights changed is not known" in index
    assert "dead → <a" in index
    assert "<b>dead → converged</b>" in (gallery.site / comparison.layers[0].page).read_text()


def test_activations_are_compared_by_pearsons_correlation_over_all_photos(tmp_path: Path) -> None:
    """Against an independent calculation, on pooled maps of two layers whose filters all differ."""
    layer = conv(1, "other", slug="001-other", kernel_shapes=((5, 5, 3, 4),))
    photos = [PhotoIdentity(name, name * 64, (32, 32)) for name in "xyz"]
    gallery = Gallery(tmp_path, [network("a", 1, LAYERS[1]), network("b", 2, layer)], photos=photos)
    fill(gallery.store, gallery.tasks(), response=lambda task, index: 1.0 + index)
    (comparison,) = compared(gallery, (("a", "b"),))
    assert (comparison.same_architecture, comparison.weights_compared) == (False, False)
    rows = []
    for side in (comparison.layers[0].a, comparison.layers[0].b):
        pooled_maps = [[m.pooled_map for m in shown.maps] for shown in side.filters]
        rows.append([[c * s.high / 255 for s in own if s for c in s.cells] for own in pooled_maps])
    others = np.roll(np.array(rows[1]), -64, axis=1)  # y, z, x
    by_chance = np.corrcoef(np.array(rows[0]), others)[:4, 4:].max(axis=1).mean()
    assert comparison.layers[0].chance_correlation == pytest.approx(by_chance, abs=1e-5)
    table = np.corrcoef(np.array(rows[0]), np.array(rows[1]))[:4, 4:]
    best = sorted((float(row.max()), index, int(row.argmax())) for index, row in enumerate(table))
    pairs = comparison.layers[0].pairs
    assert [(pair.a.index, pair.b and pair.b.index) for pair in pairs] == [
        (index, other if level > 0 else None) for level, index, other in best
    ]
    assert [pair.distance for pair in pairs] == [pytest.approx(1 - level, abs=1e-5) for level, _, _ in best]
    assert min(level for level, _, _ in best) > 0


def test_an_inactive_filter_is_paired_with_none_and_comes_last(tmp_path: Path) -> None:
    other = network("b", 2, conv(1, "x", 5, slug="001-x"))
    gallery = Gallery(tmp_path, [network("a", 1), other])
    fill(gallery.store, gallery.tasks(), dead_at_first, lambda task, index: float(index and task.layer.index))
    (comparison,) = compared(gallery, (("a", "b"),))
    last = comparison.layers[0].pairs[-1]
    assert (last.a.index, last.b, last.distance) == (0, None, None)
    assert (0, "stem") not in [(pair.a.index, layer.a.layer.name) for layer, pair in comparison.most_changed]
    write(gallery, (("a", "b"),))
    assert "correlates with no filter of the other layer" in (gallery.site / comparison.layers[0].page).read_text()


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (1, 1, [1]),
        (1, 4, [1]),
        (4, 1, [1, 1, 1, 1]),
        (2, 5, [1, 5]),
        (3, 5, [1, 3, 5]),
        (5, 3, [1, 1, 2, 2, 3]),
        (4, 7, [1, 3, 5, 7]),
    ],
)
def test_layers_are_paired_with_those_of_the_same_depth(tmp_path: Path, a: int, b: int, expected: list[int]) -> None:
    layers = [[conv(i, "l", 1 + which, slug=f"{i:03d}-l") for i in range(1, n + 1)] for which, n in enumerate((a, b))]
    gallery = Gallery(tmp_path, [network("a", 1, *layers[0]), network("b", 2, *layers[1])])
    fill(gallery.store, gallery.tasks())
    (comparison,) = compared(gallery, (("a", "b"),))
    assert [pair.b.layer.index for pair in comparison.layers] == expected


def test_only_what_is_shown_of_both_is_compared(tmp_path: Path) -> None:
    gallery = Gallery(tmp_path, [network("before", 1, filters=(0, 1, 2)), network("after", 2, filters=(1, 2, 3))])
    fill(gallery.store, gallery.tasks())
    weigh(gallery, [0.1, 0.2, 0.3, 0.4], [0.1, 0.2, 0.3, 0.4])
    (comparison,) = compared(gallery)
    assert [order(comparison, layer) for layer in (0, 1)] == [[2, 1], [2, 1]]


def test_pages_come_and_go_with_the_pairs(tmp_path: Path) -> None:
    gallery = Gallery(tmp_path, [network("a", 1), network("b", 2), network("c", 3)])
    fill(gallery.store, gallery.tasks())
    pages = ("001-stem", "002-top", "index")
    for compare, pairs in (
        (None, ["a~b", "b~c"]),
        ((("a", "c"),), ["a~c"]),
        ((), []),
        (None, ["a~b", "b~c"]),
    ):
        write(gallery, compare)
        expected = [f"compare/{pair}/{page}.html" for pair in pairs for page in pages]
        assert sorted(path for path in gallery.held() if path.startswith("compare/")) == expected
        assert sorted(f["path"] for f in gallery.manifest["files"] if f["path"].startswith("compare/")) == expected
        assert {"files", "models", "schema"} < gallery.manifest.keys()
        assert "compare" not in gallery.manifest
    gallery.models = gallery.models[:1]
    write(gallery)
    assert not (gallery.site / "compare").exists()


def test_pages_lead_to_each_other_and_to_the_filters(tmp_path: Path) -> None:
    gallery = two(tmp_path)
    fill(gallery.store, gallery.tasks())
    weigh(gallery, [0.1] * 4, [0.2] * 4)
    write(gallery)
    pages = {path: page for path, page in gallery.pages().items() if path.startswith("compare/")}
    held = gallery.held()
    for path, page in pages.items():
        for tag, address in page.links():
            if (target := resolved(path, address)) is not None:
                assert target in held, f"{path}: {tag} {address}"
        assert len(page.elements) < 100 + 3 * len(page.all("img"))
    first, second, index = (pages[f"compare/before~after/{name}.html"] for name in ("001-stem", "002-top", "index"))
    assert [link["href"] for link in first.all("link", rel="next")] == ["../../compare/before~after/002-top.html"]
    assert [link["href"] for link in second.all("link", rel="prev")] == ["../../compare/before~after/001-stem.html"]
    assert (first.all("link", rel="prev"), second.all("link", rel="next")) == ([], [])
    for page, layer in ((first, "001-stem"), (second, "002-top")):
        linked = {link["href"] for link in page.all("a")}
        assert {f"../../{m}/{layer}/{i:04d}.html" for m in ("before", "after") for i in range(4)} < linked
    assert {"../../before/index.html", "../../after/index.html"} < {link["href"] for link in index.all("a")}
    labels = [link["aria-label"] for link in first.all("a") if "aria-label" in link]
    assert len(labels) == len(set(labels)) == 8


def test_names_stay_names(tmp_path: Path) -> None:
    layers = [conv(i, name, 2, slug=f"{i:03d}-{slug(name)}") for i, name in enumerate(HOSTILE, 1)]
    first, second = unique_slugs([IMAGE, SCRIPT])
    models = [(entry(IMAGE, first), summary(*layers)), (entry(SCRIPT, second), summary(*layers, digest="1" * 64))]
    photos = [PhotoIdentity(CLIMB, "2" * 64, (32, 48)), PhotoIdentity(SCRIPT, "3" * 64, (32, 48))]
    gallery = Gallery(tmp_path, models, photos=photos)
    fill(gallery.store, gallery.tasks(), lambda task, index: float(task.model == SCRIPT))
    write(gallery)
    pages = {path: page for path, page in gallery.pages().items() if path.startswith("compare/")}
    assert len(pages) == 1 + len(HOSTILE)
    for path, page in pages.items():
        assert page.all("img", src="x") == [], path
        assert len(page.all("script")) == 1, path
        assert not [a for _, a in page.elements if any(name.startswith("on") for name in a)], path
        assert (gallery.site / path).resolve().is_relative_to(gallery.site.resolve() / "compare")
        assert IMAGE in page.text
        assert SCRIPT in page.text
        assert CLIMB in page.text
    assert [name for name in HOSTILE if name not in pages[f"compare/{first}~{second}/index.html"].text] == []


@pytest.mark.parametrize(
    ("model", "expected"),
    [(None, ["a~b", "b~c"]), (0, ["a~b"]), (1, ["a~b", "b~c"]), (2, ["b~c"])],
)
def test_a_page_links_to_the_comparisons_that_concern_it(
    tmp_path: Path, model: int | None, expected: list[str]
) -> None:
    gallery = Gallery(tmp_path, [network("a", 1), network("b", 2), network("c", 3)])
    fill(gallery.store, gallery.tasks())
    both = compared(gallery)
    view = None if model is None else [both[0].a, both[0].b, both[1].b][model]
    source = "{% from 'comparing.html' import comparisons %}{{ comparisons('', compared, model) }}"
    html = environment(assets.templates_path()).from_string(source).render(compared=both, model=view)
    links = sorted(link["href"] or "" for link in Page.read(html).all("a"))
    assert links == [f"compare/{pair}/index.html" for pair in expected]
    empty = environment(assets.templates_path()).from_string(source).render(compared=(), model=view)
    assert empty.strip() == ""
