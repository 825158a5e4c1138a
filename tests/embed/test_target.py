"""What TARGET means, in a site whose names are made to mislead."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.embed.target import filters_shown, find_target
from generator.errors import UsageError
from generator.site.records import Model
from generator.site.selection import SiteSelection, Strongest
from tests.pages.gallery import Gallery, fill
from tests.summaries import conv, entry, summary


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a site: of two models one's name begins like the other's, and layers' names hold slashes."""
    layers = [
        conv(1, "stem", 5, slug="001-stem"),
        conv(2, "a/b", 70, slug="002-a-b"),
        conv(3, "a/7", 3, slug="003-a-7"),
        conv(4, "a", 9, slug="004-a"),
    ]
    gallery = Gallery(
        tmp_path_factory.mktemp("embed"),
        [
            (entry(render=(("sign", "both"),)), summary(*layers)),
            (entry("net/a", "net-a", filters=(1, 3)), summary(conv(1, "Stem", slug="001-stem"), digest="d" * 64)),
        ],
    )
    fill(gallery.store, gallery.tasks(), lambda task, index: float(index))
    gallery.write()
    return gallery.site


def test_the_data_is_that_of_the_manifest(site: Path, models: tuple[Model, ...]) -> None:
    assert [(record.name, record.slug, record.page) for record in models] == [
        ("net", "net", "net/index.html"),
        ("net/a", "net-a", "net-a/index.html"),
    ]
    assert [(record.title, record.filter_count, len(record.filters)) for record in models[0].layers] == [
        ("stem", 5, 5),
        ("a/b", 70, 70),
        ("a/7", 3, 3),
        ("a", 9, 9),
    ]
    assert models[1].layers[0].indices == (1, 3)
    for model in models:
        for layer in model.layers:
            target = find_target(models, f"{model.slug}/{layer.folder.rpartition('/')[2]}")
            assert (site / target.page).is_file()
            for index in layer.indices:
                picture = target.picture(index)
                assert (site / target.filter_page(index)).is_file()
                assert (picture is None) == (index == 0)  # its optimisation reached nothing
                assert picture is None or (site / picture).is_file()


FOUND: list[tuple[str, SiteSelection | None, tuple[str, str | None, tuple[int, ...]]]] = [
    ("net", None, ("net", None, ())),
    ("net/a", None, ("net/a", None, ())),  # the longest name of a model goes first
    ("net/a/stem", None, ("net/a", "Stem", ())),
    ("NET-a/STEM/3", None, ("net/a", "Stem", (3,))),
    ("net/stem", None, ("net", "stem", ())),
    ("net/001-stem", None, ("net", "stem", ())),
    ("net/a/b", None, ("net", "a/b", ())),
    ("net/004-a/7", None, ("net", "a", (7,))),
    ("net/003-a-7/2", None, ("net", "a/7", (2,))),
    ("net/stem/3", None, ("net", "stem", (3,))),
    ("net/stem", "all", ("net", "stem", (0, 1, 2, 3, 4))),
    ("net/stem", 2, ("net", "stem", (0, 2))),
    ("net/stem", (4, 0, 3), ("net", "stem", (4, 0, 3))),
    ("net-a/Stem", 9, ("net/a", "Stem", (1, 3))),
    ("net/stem", Strongest(2), ("net", "stem", (4, 3))),
    ("net/stem", Strongest(9), ("net", "stem", (4, 3, 2, 1))),  # all but the one that has no picture
]


@pytest.mark.parametrize(("target", "filters", "expected"), FOUND)
def test_found(
    models: tuple[Model, ...],
    target: str,
    filters: SiteSelection | None,
    expected: tuple[str, str | None, tuple[int, ...]],
) -> None:
    embed_target = find_target(models, target, filters)
    assert (embed_target.model.name, embed_target.layer and embed_target.layer.title, embed_target.filters) == expected


WRONG: list[tuple[str, SiteSelection | None, str | None, str]] = [
    ("nett", None, None, "'nett': no such model in the gallery. Did you mean net?"),
    ("net/sten", None, None, "'net/sten': no such layer in the gallery. Did you mean net/stem?"),
    ("net/stem/9", None, None, "'net/stem/9': no filter 9 of stem in the gallery. It shows 0 to 4"),
    ("net-a/stem/0", None, None, "'net-a/stem/0': no filter 0 of Stem in the gallery. It shows 1, 3"),
    ("net", None, "kernel", "net: a technique is a layer's. Name one, such as net/LAYER"),
    ("net", "all", None, "net: such filters are a layer's. Name one, such as net/LAYER"),
    ("net/stem", (1, 7), None, "'net/stem': no filter 7 of stem in the gallery. It shows 0 to 4"),
    ("net/stem/2", (1,), None, "net/stem/2: names a filter, and --filters names others. Leave one of them out"),
    ("net", (1,), None, "net: such filters are a layer's. Name one, such as net/LAYER"),
    ("net/stem", None, "negatif", "'net/stem': no technique 'negatif' in the gallery. Did you mean negative?"),
    ("net/stem", None, "zzz", "'net/stem': no technique 'zzz' in the gallery. There are picture, negative"),
]


@pytest.mark.parametrize(("target", "filters", "technique", "message"), WRONG)
def test_what_is_not_there(
    models: tuple[Model, ...], target: str, filters: SiteSelection | None, technique: str | None, message: str
) -> None:
    with pytest.raises(UsageError) as caught:
        find_target(models, target, filters, technique)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("each", [2, Strongest(2)])
def test_of_a_model_a_number_of_each_layer(models: tuple[Model, ...], each: SiteSelection) -> None:
    assert find_target(models, "net", each).each == each


def test_a_picture_shows_a_spread_unless_filters_are_named(models: tuple[Model, ...]) -> None:
    assert filters_shown(find_target(models, "net/a/b")) == tuple(i * 70 // 64 for i in range(64))
    assert filters_shown(find_target(models, "net/a/b", (5, 2))) == (5, 2)


def test_techniques_go_by_slug_and_title(models: tuple[Model, ...]) -> None:
    for name in ("negative", "Negative", "NEGATIVE"):
        embed_target = find_target(models, "net/stem", None, name)
        assert embed_target.technique
        assert (embed_target.technique.slug, embed_target.picture(2)) == (
            "negative",
            "net/001-stem/0002-picture-2.webp",
        )
