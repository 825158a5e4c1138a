"""What the pages' scripts read, against what the manifest says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from generator.config.values import ObjectiveSpec
from generator.plan import PhotoIdentity
from generator.site.data import CALLBACK
from tests.pages.gallery import Gallery, Page, fill
from tests.summaries import conv, entry, summary

X, Y = PhotoIdentity("x", "a" * 64, (32, 32)), PhotoIdentity("</script>", "b" * 64, (32, 32))


def data_of(gallery: Gallery, layer: str) -> dict[str, Any]:
    """Return what a layer's page holds for its script."""
    html = (gallery.site / "net" / layer / "index.html").read_text()
    assert html.count("</script>") == 2  # the page's own, and the data's: not the photo's name
    text = html.split('id="layer">')[1].split("</script>")[0]
    value: dict[str, Any] = json.loads(text)
    return value


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Gallery:
    of = entry(
        render=(("sign", "both"), ("objective", (ObjectiveSpec(), ObjectiveSpec("direction", ((0, 1.0), (2, -1.0))))))
    )
    layers = conv(1, "stem", 3, slug="001-stem"), conv(2, "</script>", 70, slug="002-script")
    built = Gallery(tmp_path_factory.mktemp("data"), [(of, summary(*layers))], photos=[X, Y])
    fill(built.store, built.tasks(), lambda task, index: float(index), lambda task, index: 0.5 * (index % 3))
    built.write()
    return built


@pytest.mark.parametrize(("place", "layer"), [(0, "001-stem"), (1, "002-script")])
def test_a_layers_data_says_what_the_manifest_says(gallery: Gallery, place: int, layer: str) -> None:
    expected, data = gallery.manifest["models"][0]["layers"][place], data_of(gallery, layer)
    filters = expected["filters"]
    assert data["title"] == expected["name"]
    assert data["filters"] == [record["index"] for record in filters]
    assert data["verdicts"] == "".join(record["verdict"][0] for record in filters)
    assert data["photos"] == ["x", "</script>"]
    for number in range(2):
        assert data["responses"][number] == [record["feature_maps"][number]["response"] for record in filters]
    mains = [next(p for p in record["pictures"] if p["path"] == record["picture"]) for record in filters]
    assert data["scores"] == [main["score"] for main in mains]


def test_the_names_of_files_follow_from_a_layers_data(gallery: Gallery) -> None:
    listed = {file["path"] for file in gallery.manifest["files"]}
    for layer in ("001-stem", "002-script"):
        data = data_of(gallery, layer)
        reached = set()
        for technique in data["techniques"]:
            for place, index in enumerate(data["filters"]):
                if place not in technique["none"]:
                    ends = technique["file"]
                    end = ends if isinstance(ends, str) else ends[place]
                    reached.add(f"net/{layer}/{index:04d}{end}")
        folder = f"net/{layer}/0"
        whole = {path for path in listed if path.startswith(folder) and path.endswith(".webp") and "growth" not in path}
        assert reached <= listed
        # an optimisation that reached nothing is on the filter's own page alone
        assert {path for path in whole - reached if not path.startswith(f"net/{layer}/0000-picture")} == set()


def test_a_models_data_is_a_script_that_calls_one_function(gallery: Gallery) -> None:
    script = (gallery.site / "data/net.js").read_text()
    assert script.startswith(f"{CALLBACK}(")
    model_data = json.loads(script.removeprefix(f"{CALLBACK}(").removesuffix(");\n"))
    assert (model_data["slug"], model_data["name"], model_data["page"]) == ("net", "net", "net/index.html")
    assert [layer["title"] for layer in model_data["layers"]] == ["stem", "</script>"]
    assert [layer["filters"] for layer in model_data["layers"]] == [3, 70]
    for layer, expected in zip(model_data["layers"], gallery.manifest["models"][0]["layers"], strict=True):
        assert layer["verdicts"] == "".join(record["verdict"][0] for record in expected["filters"])
        assert (gallery.site / layer["folder"] / "index.html").is_file()


def test_filters_that_are_not_all_shown_are_named(tmp_path: Path) -> None:
    built = Gallery(tmp_path, [(entry(filters=(1, 3)), summary(conv(1, "stem", 5, slug="001-stem")))])
    fill(built.store, built.tasks())
    built.write()
    model_data = json.loads((built.site / "data/net.js").read_text().removeprefix(f"{CALLBACK}(").removesuffix(");\n"))
    assert model_data["layers"][0]["filters"] == [1, 3]


def test_every_page_tells_where_the_models_data_is(gallery: Gallery) -> None:
    for path, page in gallery.pages().items():
        if path != "404.html":
            (html,) = page.all("html")
            assert isinstance(page, Page)
            assert html["data-models"] == "net"
            assert html["data-root"] == "../" * path.count("/")
