from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from generator.config.schema import RenderPart
from generator.config.values import ObjectiveSpec, every_settings
from generator.names import slug
from tests.pages.gallery import Gallery, fill
from tests.pages.hostile import HOSTILE
from tests.summaries import conv, entry, summary


def test_the_manifest_is_as_its_schema_says(strange: Gallery) -> None:
    schema = json.loads((strange.site / "manifest.schema.json").read_bytes())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(strange.manifest)


def test_the_manifest_says_what_the_pages_show(gallery: Gallery) -> None:
    gallery.write()
    (model,) = gallery.manifest["models"]
    assert (model["name"], model["page"], model["input_shape"]) == ("net", "net/index.html", [None, None, 3])
    assert [(x["index"], x["name"], x["page"]) for x in model["layers"]] == [
        (1, "stem", "net/001-stem/index.html"),
        (2, "top", "net/002-top/index.html"),
    ]
    shown = model["layers"][1]["filters"][3]
    assert (shown["index"], shown["page"], shown["verdict"]) == (3, "net/002-top/0003.html", "converged")
    assert shown["picture"] == shown["pictures"][0]["path"] == "net/002-top/0003-picture.webp"
    assert (len(shown["pictures"][0]["trace"]), shown["pictures"][0]["score"]) == (32, 2.0)
    assert shown["feature_maps"] == [{"path": "net/002-top/0003-feature-map-0.webp", "photo": "cat", "response": 1.0}]
    assert shown["kernels"] == ["net/002-top/0003-kernel.webp"]


FOURIER: dict[str, object] = {
    "method": "fourier",
    "size": 64,
    "margin": 8,
    "steps": 99,
    "learning_rate": 0.25,
    "transforms": (("shift", 0.0625), ("rotate", 10.0)),
    "precision": "bfloat16",
}


@pytest.mark.parametrize(
    ("objective", "written"),
    [
        (ObjectiveSpec(), "channel"),
        (ObjectiveSpec("neuron"), "neuron"),
        (ObjectiveSpec("direction", ((0, 1.0), (3, -0.5))), {"direction": {"0": 1.0, "3": -0.5}}),
    ],
)
def test_settings_are_written_as_a_configuration_does(
    tmp_path: Path, objective: ObjectiveSpec, written: object
) -> None:
    of = entry(render=tuple({**FOURIER, "objective": (objective,), "sign": "negative", "seed": 7}.items()))
    gallery = Gallery(tmp_path, [(of, summary(conv(1, "stem")))])
    fill(gallery.store, gallery.tasks())
    gallery.write()
    (picture,) = gallery.manifest["models"][0]["layers"][0]["filters"][0]["pictures"]
    own = {"objective": written, "sign": "negative", "transforms": [{"shift": 0.0625}, {"rotate": 10.0}]}
    assert picture["settings"] == {**FOURIER, **own, "diversity": 1, "crops": 0}
    assert picture["seed"] == 7


def test_the_manifest_lists_all_pictures_with_settings_that_a_configuration_takes(strange: Gallery) -> None:
    shown = strange.manifest["models"][1]["layers"][0]["filters"][0]
    assert shown["picture"] == shown["pictures"][0]["path"]
    assert len(shown["pictures"]) == len({picture["path"] for picture in shown["pictures"]}) == 2 * 2 * (2 + 2 + 1)
    listed = [(p["settings"], p["seed"]) for p in shown["pictures"]]
    assert [seed for _, seed in listed] == [0, 0, 1, 1] * 4 + [0, 1] * 2
    assert [settings["sign"] for settings, _ in listed] == 2 * [*["positive"] * 4, *["negative"] * 4] + [
        *["positive"] * 2,
        *["negative"] * 2,
    ]
    for settings, seed in listed:
        chosen = {key: value for key, value in settings.items() if value not in (0, [])}
        again = every_settings(RenderPart.model_validate({**chosen, "seed": seed}).chosen())
        assert (len(again), again[0].objective.written, again[0].sign) == (1, settings["objective"], settings["sign"])


def test_where_a_model_lies_on_the_machine_is_not_published(strange: Gallery) -> None:
    assert not [path for path, content in strange.held().items() if b"/home/me" in content or b"secret" in content]
    assert {model["source"] for model in strange.manifest["models"]} == {f"{slug(name)}.keras" for name in HOSTILE}


def test_the_largest_seed_of_a_configuration_is_listed(tmp_path: Path) -> None:
    of = entry(render=tuple({"seed": 2**63 - 1, "repeats": 2}.items()))
    gallery = Gallery(tmp_path, [(of, summary(conv(1, "stem", 1)))])
    fill(gallery.store, gallery.tasks())
    gallery.write()
    (shown,) = gallery.manifest["models"][0]["layers"][0]["filters"]
    assert [picture["seed"] for picture in shown["pictures"]] == [2**63 - 1, 2**63]
