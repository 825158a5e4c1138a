"""What a directive's words choose from a site."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from generator.errors import UsageError
from generator.pages.gather import model_view
from generator.site.built import BuiltSite
from generator.sphinx.selection import Request, select
from generator.sphinx.site import read_site
from tests.pages.gallery import Gallery, fill
from tests.pages.hostile import EVERY_KIND
from tests.summaries import conv, entry, summary


@pytest.fixture(scope="module")
def site(base: Path) -> BuiltSite:
    return read_site(base / "gallery" / "site")


@pytest.mark.parametrize(
    ("request_", "labels", "caption"),
    [
        (Request("net"), ["stem 3", "top 3", "<b>&_c/d 1"], "net, the strongest filter of each layer"),
        (
            Request("net", "strongest:2"),
            ["stem 3", "stem 2", "top 3", "top 2", "<b>&_c/d 1"],
            "net, the strongest 2 filters of each layer",
        ),
        (
            Request("net", "2"),
            ["stem 0", "stem 2", "top 0", "top 2", "<b>&_c/d 0", "<b>&_c/d 1"],
            "net, 2 filters of each",
        ),
        (Request("net/stem"), ["0", "1", "2", "3"], "stem of net, all 4 filters: what excites each most."),
        (Request("net/001-stem"), ["0", "1", "2", "3"], "stem of net, all 4 filters"),
        (Request("net/stem", "2"), ["0", "2"], "stem of net, 2 of 4 filters"),
        (Request("net/stem", "strongest:2"), ["3", "2"], "stem of net, the strongest 2 of 4 filters"),
        (Request("net/stem", "strongest:1"), ["3"], "stem of net, the strongest filter"),
        (Request("net/stem", "strongest:12"), ["3", "2", "1"], "stem of net, the strongest 3 of 4 filters"),
        (Request("net/stem", "99"), ["0", "1", "2", "3"], "all 4 filters"),
        (Request("net/stem", "all"), ["0", "1", "2", "3"], "all 4 filters"),
        (Request("net/stem", "2, 0,2"), ["2", "0"], "stem of net, 2 of 4 filters"),
        (Request("net/stem", "2,"), ["2"], "stem of net, 1 of 4 filters"),
        (Request("net/<b>&_c/d"), ["0", "1"], "<b>&_c/d of net, all 2 filters"),
        (Request("net/<b>&_c/d/1"), ["1"], "<b>&_c/d of net, filter 1: what excites it most."),
        (Request("net/top/2", technique="kernel"), ["2"], "top of net, filter 2: the kernel of it."),
        (
            Request("net/top", "strongest:2", "negative"),
            ["3", "2"],
            "top of net, the strongest 2 of 4 filters: negative.",
        ),
        (Request("net/top", "3,2", "feature-map-0"), ["3", "2"], "where each responds to cat."),
    ],
    ids=str,
)
def test_filters_are_chosen(site: BuiltSite, request_: Request, labels: list[str], caption: str) -> None:
    selected = select(site, request_)
    assert [cell.label for cell in selected.cells] == labels
    assert caption in selected.caption


@pytest.mark.parametrize(
    ("request_", "alt_text", "picture"),
    [
        (Request("net/top/2"), "What excites filter 2 most", "net/002-top/0002-picture.webp"),
        (Request("net/top/0"), "Nothing excites filter 0", ""),
        (Request("net/top/2", technique="negative"), "Filter 2, negative", "net/002-top/0002-picture-2.webp"),
        (Request("net/top/2", technique="kernel"), "The kernel of filter 2", "net/002-top/0002-kernel.webp"),
        (
            Request("net/top/2", technique="feature-map-0"),
            "Where filter 2 responds to cat",
            "net/002-top/0002-feature-map-0.webp",
        ),
    ],
    ids=str,
)
def test_a_filter_has_its_picture(site: BuiltSite, request_: Request, alt_text: str, picture: str) -> None:
    (cell,) = select(site, request_).cells
    assert (cell.alt, cell.picture) == (alt_text, picture)
    assert cell.digest == (site.by_path[picture].digest if picture else "")
    assert (site.folder / cell.page).is_file()


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (Request("nett"), "'nett': no such model in the gallery. Did you mean net?"),
        (Request("vgg16/block1"), "'vgg16/block1': no such model in the gallery. There are net"),
        (Request("net/stm"), "'net/stm': no such layer in the gallery. Did you mean net/stem?"),
        (Request("net/stem/x"), "'net/stem/x': no such layer in the gallery. Did you mean net/stem?"),
        (Request("net/no-such-one"), "There are stem, top, <b>&_c/d"),
        (Request("net/stem/4"), "'net/stem/4': no filter 4 of stem in the gallery. It shows 0 to 3"),
        (Request("net/stem", "1,9"), "'net/stem': no filter 9 of stem in the gallery. It shows 0 to 3"),
        (
            Request("net/stem", "0"),
            "filters '0': expected all, a number above zero, indices such as 5,0,7, or strongest:N",
        ),
        (Request("net/stem", "most"), "filters 'most': expected all"),
        (Request("net/stem", ","), "filters ',': expected all"),
        (Request("net/stem/1", "2"), "filters '2': net/stem/1 is one filter already"),
        (Request("net", "1,2"), "filters '1,2': expected how many of each layer, such as 2 or strongest:2"),
        (Request("net/stem", technique="negativ"), "'net/stem': no technique 'negativ' in the gallery. Did you mean"),
        (Request("net", technique="x"), "'net': no technique 'x' in the gallery. There are picture, negative"),
    ],
    ids=str,
)
def test_what_is_not_there_is_told_with_the_nearest_name(site: BuiltSite, request_: Request, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        select(site, request_)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "there is no manifest.json. Build it first"),
        ("{", "manifest.json: is no JSON. Delete the folder if it is a site of yours. Run: filter-gallery build"),
        ("[]", "is not of filter-gallery"),
        ('{"schema": 2}', "is not of filter-gallery"),
        (
            '{"schema": 2, "made_by": "another", "generator": "0", "models": [], "files": []}',
            "is not of filter-gallery",
        ),
        (
            '{"schema": 3, "made_by": "filter-gallery", "generator": "9.1", "models": [], "files": []}',
            "has schema 3, made by version 9.1; 2 is expected",
        ),
        (
            '{"schema": 2, "made_by": "filter-gallery", "generator": "0", "title": 7, "models": [], "files": []}',
            "is damaged at title: Input should be a valid string",
        ),
    ],
)
def test_a_folder_that_is_no_site_is_told(tmp_path: Path, content: str | None, message: str) -> None:
    if content is not None:
        (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(UsageError) as caught:
        read_site(tmp_path)
    assert message in str(caught.value)


@pytest.fixture(scope="module")
def every_kind(tmp_path_factory: pytest.TempPathFactory) -> Gallery:
    layers = (conv(1, "stem", 2, slug="001-stem"), conv(2, "top", 2, slug="002-top"))
    folder = tmp_path_factory.mktemp("kinds")
    gallery = Gallery(folder, [(entry(render=EVERY_KIND), summary(*layers))])
    # The first filter's main search reached nothing, so that another of its pictures goes first.
    fill(gallery.store, gallery.tasks(), lambda task, index: 1.0 if index or "neuron" in str(task.settings) else 0.0)
    gallery.write()
    return gallery


def test_techniques_are_those_of_the_site(every_kind: Gallery) -> None:
    """Each is a sheet of the site, and its files are those of its tiles."""
    ((of, summarised),) = every_kind.models
    views = model_view(of, summarised, every_kind.photos, every_kind.tasks(), every_kind.store).layers
    layers = read_site(every_kind.site).manifest.models[0].layers
    for layer, view in zip(layers, views, strict=True):
        expected = {
            technique.slug: tuple(cell and cell.file.path for cell in technique.cells) for technique in view.techniques
        }
        assert {technique.slug: technique.files for technique in layer.techniques} == expected
        sheets = {match[1] for path in every_kind.held() if (match := re.search(r"([^/]+)-000\.webp$", path))}
        assert {*expected} == sheets - {"best"}


def test_a_picture_is_empty_here_if_it_is_on_the_site(tmp_path: Path) -> None:
    """Of 128 steps only the second reached something, which the manifest's 32 points of the trace leave out."""
    gallery = Gallery(tmp_path, [(entry(), summary(conv(1, "stem", 2, slug="001-stem")))])
    fill(gallery.store, gallery.tasks())
    (task,) = (task for task in gallery.tasks() if task.technique == "picture")
    record = gallery.store.record(task.record_group, task.key)
    assert record
    for filter_entry in record["filters"]:
        reached = 1.0 if filter_entry["filter"] else 0.0
        trace = [0.0, reached, *[0.0] * 126]
        filter_entry["pictures"][0] |= {"score": 0.0, "reached": reached, "trace": trace}
    gallery.store.put_record(task.record_group, task.key, record)
    gallery.write()
    (layer,) = read_site(gallery.site).manifest.models[0].layers
    assert [record.pictures[0].empty for record in layer.filters] == [True, False]
    assert max(layer.filters[1].pictures[0].trace) == 0.0
    cells = select(read_site(gallery.site), Request("net/stem", "all")).cells
    assert [bool(cell.picture) for cell in cells] == [False, True]
    page = (gallery.site / "net/001-stem/index.html").read_text()
    assert (page.count('class="tile weak none"'), page.count('class="tile weak"')) == (1, 1)
