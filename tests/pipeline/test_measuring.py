"""How this machine renders a model best is measured once, recorded, and part of the plan from then on."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from generator.config import load_config
from generator.config.values import ObjectiveSpec
from generator.errors import UsageError
from generator.pipeline import Event, Measuring, TaskDone, autotune, prepare
from generator.plan import PICTURE, Choice, Tuning
from tests.pipeline.conftest import Measured, Place

REAL = autotune.measure
HALVES = Tuning("bfloat16", ((30.0, 2),))
OTHER = Tuning("float32", ((30.0, 1),))


def tunings(place: Place) -> list[Tuning | None]:
    """Return what the store remembers of models."""
    folder = place.store.folder / "tunings"
    return [Tuning.from_json(place.store.tuning(path.stem)) for path in sorted(folder.glob("*"))]


class Heard(list[Event]):
    """The events of a build."""

    def __call__(self, event: Event) -> None:
        self.append(event)

    @property
    def measured(self) -> list[str]:
        """Return the models that were measured."""
        return [event.name for event in self if isinstance(event, Measuring)]

    @property
    def batches(self) -> list[tuple[str, tuple[int, ...], str]]:
        """Return layer, filters and precision of the batches of pictures."""
        tasks = [event.task for event in self if isinstance(event, TaskDone)]
        return [(t.layer.name, t.filters, t.settings.precision) for t in tasks if t.settings]


def test_the_first_build_measures_and_those_after_it_keep_to_that(place: Place, measured: Measured) -> None:
    measured.says = HALVES
    heard = Heard()
    place.build(on_event=heard)
    assert heard.measured == ["tiny"]
    assert heard.batches == [
        ("first", (0, 1), "bfloat16"),
        ("second", (0,), "bfloat16"),
        ("first", (2, 3), "bfloat16"),
        ("second", (1, 2), "bfloat16"),
    ]
    assert tunings(place) == [HALVES]
    measured.says = OTHER
    for changes, rendered in ({}, 0), ({"render": "seed: 1"}, 4), ({"force": True, "render": "seed: 1"}, 4):
        heard = Heard()
        _, done = place.build(on_event=heard, **changes)
        assert [technique for technique, _, _ in done].count(PICTURE) == rendered
        assert {precision for _, _, precision in heard.batches} <= {"bfloat16"}
        assert heard.measured == []
    assert len(measured.asked) == 1
    assert tunings(place) == [HALVES]


def test_all_that_the_configuration_shows_is_measured_whatever_is_rendered_now(
    place: Place, measured: Measured
) -> None:
    models = "[{source: tiny.keras, layers: {first: {render: {sign: both, seed: 5}}, second: }}]"
    place.build(models=models, choice=Choice(layers=("second",), filters=1))
    ((first, second),) = measured.asked
    assert (first[0], first[1].sign, first[1].seed) == ("first", "positive", 5)  # the main picture
    assert (second[0], second[1].seed) == ("second", 0)


def test_a_plan_measures_nothing(place: Place, measured: Measured) -> None:
    config = load_config(place.configure())
    for precision in ("float32", "bfloat16"):
        (prepared,), failures = prepare(config)
        assert failures == []
        assert {t.settings.precision for t in prepared.now if t.settings} == {precision}
        assert len(measured.asked) == (precision == "bfloat16")
        measured.says = HALVES
        place.build()
    assert all(place.store.record(task.record_group, task.key) for task in prepared.now)


def test_a_model_is_measured_once_under_whatever_names(place: Place, measured: Measured) -> None:
    heard = Heard()
    place.build(models="[tiny.keras, {source: tiny.keras, name: again, render: {size: 20}}]", on_event=heard)
    assert heard.measured == ["tiny"]
    assert len(measured.asked) == 1


def test_a_model_that_is_not_rendered_now_is_not_measured(place: Place, measured: Measured) -> None:
    shutil.copy(place.folder / "tiny.keras", place.folder / "x.keras")
    models = "[tiny.keras, {source: demo, filters: 1, layers: [block1_conv1]}]"
    heard = Heard()
    place.build(models=models, only=("tiny",), on_event=heard)
    assert heard.measured == ["tiny"]
    place.build(models=models, only=("demo",), on_event=heard)
    assert heard.measured == ["tiny", "demo"]


@pytest.mark.parametrize(
    "left", [b"", b"{", b'{"version": 99, "precision": "bfloat16", "batches": []}', b'{"precision": "bfloat16"}']
)
def test_what_another_version_left_is_measured_anew(left: bytes, place: Place, measured: Measured) -> None:
    place.build()
    (path,) = (place.store.folder / "tunings").iterdir()
    path.write_bytes(left)
    measured.says = HALVES
    place.build()
    assert (len(measured.asked), tunings(place)) == (2, [HALVES])


def test_a_measurement_that_fails_costs_nothing_else(place: Place, measured: Measured) -> None:
    measured.says = RuntimeError("no such kernel")
    heard = Heard()
    summary, _ = place.build(on_event=heard)
    assert (summary.failures, summary.rendered) == ((), 6)
    assert heard.batches == [("first", (0, 1, 2, 3), "float32"), ("second", (0, 1, 2), "float32")]


def test_a_measurement_that_fails_is_not_made_again(place: Place, measured: Measured) -> None:
    measured.says = RuntimeError("no such kernel")
    place.build()
    measured.says = HALVES  # it would render everything again
    _, done = place.build()
    assert (len(measured.asked), done) == (1, [])


def test_an_interrupted_measurement_stops_the_build(place: Place, measured: Measured) -> None:
    measured.says = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        place.build()
    assert tunings(place) == []


@pytest.mark.parametrize(
    ("models", "choice", "message"),
    [
        ("[tiny.keras]", Choice(layers=("frist",)), "Did you mean first?"),
        ("[{source: tiny.keras, layers: frist}]", Choice(), "Did you mean first?"),
        (
            "[{source: tiny.keras, layers: {second: {render: {objective: {direction: {3: 1}}}}}}]",
            Choice(),
            "tiny/second: no filter 3. The layer has 3, from 0 to 2",
        ),
        ("[{source: tiny.keras, filters: [3]}]", Choice(), "tiny/second: no filter 3. The layer has 3, from 0 to 2"),
        pytest.param(
            "[tiny.keras]",
            Choice(filters=(0, 3)),
            "tiny/second: no filter 3. The layer has 3, from 0 to 2",
        ),
    ],
)
def test_what_is_mistyped_is_told_before_anything_is_measured(
    models: str, choice: Choice, message: str, place: Place, measured: Measured
) -> None:
    with pytest.raises(UsageError) as caught:
        place.build(models=models, choice=choice)
    assert str(caught.value).endswith(message)
    assert measured.asked == []


EVERY_KIND = """
  - source: tiny.keras
    layers:
      first: {render: {sign: both, diversity: 3}}
      second: {render: {objective: [channel, neuron, {direction: {0: 1, 2: -0.5}}], repeats: 2}}
  - {source: tiny.keras, name: second way, render: {method: maco, crops: 3}}
  - {source: tiny.keras, name: third way, render: {method: pixel, sign: negative}}
"""


def test_what_was_measured_can_be_copied_to_another_store_which_then_gets_the_same_bytes(
    place: Place, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The measurement is the real one here."""
    found: list[Tuning] = []

    def measure(*words: object) -> Tuning:
        found.append(REAL(*words))  # type: ignore[arg-type]
        return found[-1]

    monkeypatch.setattr(autotune, "measure", measure)
    summary, _ = place.build(models=EVERY_KIND)
    assert summary.failures == ()
    assert tunings(place) == found
    assert found[0].precision in ("float32", "bfloat16")
    assert all(batch in autotune.BATCH_SIZES for _, batch in found[0].batches)

    other = Place(tmp_path_factory.mktemp("other"))
    shutil.copy(place.folder / "tiny.keras", other.folder)
    shutil.copytree(place.store.folder / "tunings", other.store.folder / "tunings")
    summary, _ = other.build(models=EVERY_KIND)
    assert (summary.failures, len(found)) == ((), 1)
    assert other.kept() == place.kept()
    assert files(other.folder / "site") == files(place.folder / "site")


def files(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_measurement_looks_at_the_cheapest_and_the_dearest_layer(place: Place) -> None:
    """The real one again: both batches fit into the layers, the sizes are those that it tries."""
    config = load_config(place.configure(render="objective: neuron, sign: negative, diversity: 3"))
    from generator.models.load import load
    from generator.plan import chosen_layers

    (entry,) = config.models
    model = load(entry, False)
    found = REAL(model, [(c.layer, c.settings[0]) for c in chosen_layers(entry, model.summary)])
    assert [floats for floats, _ in found.batches] == [model.summary.layers[1].floats, model.summary.layers[0].floats]
    assert chosen_layers(entry, model.summary)[0].settings[0].objective == ObjectiveSpec("neuron")
