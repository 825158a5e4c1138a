"""The contact sheets of a site's layers."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from generator.pages.gather import model_view
from generator.pages.sheets.contact import spread_filters
from generator.plan import choose, spread
from generator.store import Store
from tests.pages.gallery import Gallery, fill
from tests.summaries import conv, entry, summary


@pytest.mark.parametrize(("count", "most"), [(1, 64), (64, 64), (65, 64), (512, 64), (10, 4), (7, 7)])
def test_a_spread_is_that_of_the_configuration(count: int, most: int) -> None:
    assert spread(count, most) == choose.choose_filters(most, conv(1, "stem", count), "net")


@pytest.fixture
def gallery(tmp_path: Path) -> Gallery:
    layers = conv(1, "stem", 3, slug="001-stem"), conv(2, "wide", 200, slug="002-wide")
    gallery = Gallery(tmp_path, [(entry(), summary(*layers))])
    fill(gallery.store, gallery.tasks(), lambda task, index: float(index))  # filter 0 reaches nothing
    return gallery


def test_every_layer_has_its_sheet_and_it_is_made_once(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    (of, model), *_ = gallery.models
    view = model_view(of, model, gallery.photos, gallery.tasks(), gallery.store)
    stem, wide = view.layers
    assert [shown.index for shown in spread_filters(stem)] == [0, 1, 2]
    assert [shown.index for shown in spread_filters(wide)] == [i * 200 // 64 for i in range(64)]
    gallery.write()
    for layer in (stem, wide):
        assert layer.contact
        content = (gallery.site / layer.contact.path).read_bytes()
        assert content == gallery.store.blob(layer.contact.blob)
        with Image.open(io.BytesIO(content)) as image:
            assert (image.format, image.size) == ("PNG", (layer.contact.width, layer.contact.height))
    read: list[str] = []
    blob = Store.blob

    def heard(store: Store, digest: str) -> bytes:
        read.append(digest)
        return blob(store, digest)

    monkeypatch.setattr(Store, "blob", heard)
    again = model_view(of, model, gallery.photos, gallery.tasks(), gallery.store)
    assert [layer.contact for layer in again.layers] == [stem.contact, wide.contact]
    assert read == []
    renamed = model_view(replace(of, name="other"), model, gallery.photos, gallery.tasks(), gallery.store)
    assert renamed.layers[0].contact != stem.contact
    assert len(read) == 2 + 63  # the pictures alone, and not that of the filter that has none
