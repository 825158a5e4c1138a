"""What a site lacks of its configuration, found without a model and without the site's folder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from generator.config import Config
from generator.config.values import LayerRule, ModelEntry
from generator.pipeline.completeness import ShownModel, unfinished
from generator.store import Store
from tests.summaries import conv, entry, summary

NETWORK = summary(conv(1, "stem"), conv(2, "top"))
REST = "To have the rest, run: filter-gallery build"


def config(folder: Path, *models: ModelEntry) -> Config:
    store = Store(folder)
    store.put_summary(NETWORK.digest, NETWORK.to_json())
    return Config("Gallery", folder / "site", folder, (), models)


WHOLE = ShownModel("net", NETWORK.digest, {1: 4, 2: 4})


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        ([WHOLE], []),
        ([replace(WHOLE, filters={1: 4})], [f"1 of 2 layers of net are rendered. {REST}"]),
        ([replace(WHOLE, filters={1: 3, 2: 4})], [f"7 of 8 filters of net are rendered. {REST}"]),
        ([replace(WHOLE, filters={1: 3, 2: 9})], [f"7 of 8 filters of net are rendered. {REST}"]),
        ([], [f"the model net is not in the site. {REST}"]),
        (
            [WHOLE, replace(WHOLE, name="old")],
            ["the site shows old, which is not in the configuration. Run: filter-gallery build"],
        ),
        ([replace(WHOLE, digest="0" * 64, filters={})], []),  # nothing is known of that model: the next build says
    ],
)
def test_what_the_configuration_selects_is_compared_with_the_site(
    shown: list[ShownModel], expected: list[str], tmp_path: Path
) -> None:
    assert unfinished(config(tmp_path, entry()), shown) == expected


def test_a_configuration_that_does_not_fit_the_model_any_more(tmp_path: Path) -> None:
    changed = entry(layers=(LayerRule("gone"),))
    expected = [f"the site shows net as it was before its configuration changed. {REST}"]
    assert unfinished(config(tmp_path, changed), [WHOLE]) == expected
