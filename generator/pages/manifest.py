"""The records of manifest.json, made from the views of the pages. Nothing in them depends on the time of the build."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from generator.analysis.filter_views import PictureView
from generator.analysis.trace import thinned
from generator.config.values import ModelEntry, RenderSettings
from generator.models.summary import PICTURE_LAYER
from generator.pages.circuits import CircuitView
from generator.pages.evidence import DatasetView, EvidenceView, ExampleView
from generator.pages.technique import TechniqueView
from generator.pages.views import FilterView, LayerView, ModelView
from generator.site import records
from generator.site.sheets import BEST


def model_record(model: ModelView) -> records.Model:
    """Return a model's record in the manifest."""
    summary = model.summary
    return records.Model(
        name=model.name,
        slug=model.slug,
        source=_source(model.entry),
        digest=summary.digest,
        input_shape=summary.input_shape,
        preprocess=summary.preprocess.label,
        parameters=summary.parameters,
        page=model.page,
        layers=tuple(_layer(layer, model) for layer in model.layers),
        dataset=_dataset(model.dataset) if model.dataset else None,
    )


def _dataset(view: DatasetView) -> records.ModelDataset:
    return records.ModelDataset(
        name=view.name, count=view.count, total=view.total, size=view.size, classes=view.classes
    )


def _source(entry: ModelEntry) -> str:
    """Return a model's source; of a file its name alone, as the folders are the owner's business."""
    return entry.source.replace("\\", "/").split("/")[-1] if entry.kind in ("file", "architecture") else entry.source


def _layer(view: LayerView, model: ModelView) -> records.Layer:
    layer = view.layer
    return records.Layer(
        index=layer.index,
        call=layer.call,
        name=layer.name,
        title=layer.title,
        slug=layer.slug,
        type=layer.type,
        kernel_shapes=layer.kernel_shapes,
        output_shape=layer.output_shape,
        parameters=layer.parameters,
        receptive_field=layer.receptive_field,
        read_at=layer.read_at,
        ceiling=layer.ceiling,
        provenance=layer.provenance,
        page=view.page,
        filter_count=layer.filters,
        strongest=tuple(filter_view.index for filter_view in view.best[:BEST]),
        techniques=tuple(map(_technique, view.techniques)),
        filters=tuple(_filter(view, filter_view, model) for filter_view in view.filters),
    )


def _technique(technique: TechniqueView) -> records.Technique:
    return records.Technique(
        slug=technique.slug,
        title=technique.title,
        kind=technique.kind,
        photo=technique.photo,
        files=tuple(cell.file.path if cell else None for cell in technique.cells),
        sheets=tuple(sheet.path for sheet in technique.sheets),
    )


def _filter(layer: LayerView, view: FilterView, model: ModelView) -> records.Filter:
    return records.Filter(
        index=view.index,
        name=view.name or None,
        page=view.page,
        verdict=view.verdict,
        picture=view.picture.path,
        pictures=tuple(map(_picture, view.pictures)),
        feature_maps=tuple(records.FeatureMap(path=m.file.path, photo=m.photo, response=m.response) for m in view.maps),
        kernels=(view.kernel.file.path,) if view.kernel else (),
        flags=tuple(flag for flag in records.FLAGS if flag in _flags(layer, view)),
        dataset=_numbers(view.evidence) if view.evidence else None,
        examples=tuple(_example(view.evidence, example) for example in view.evidence.best) if view.evidence else (),
        inputs=tuple(_inputs(view.circuit)) if view.circuit else (),
        outputs=tuple(_outputs(view.circuit)) if view.circuit else (),
        tree=view.tree if (layer.layer.index, view.index) in model.trees else None,
        effects=tuple(_effects(view.circuit)) if view.circuit else (),
    )


def _inputs(circuit: CircuitView) -> Iterator[records.Connection]:
    for part in circuit.inputs:
        for layer, index in part.sources:
            if layer != PICTURE_LAYER:
                yield records.Connection(layer=layer, filter=index, share=part.share, sign=_sign(part.positive))


def _outputs(circuit: CircuitView) -> Iterator[records.Connection]:
    for part in circuit.outputs:
        yield records.Connection(layer=part.layer, filter=part.filter, share=part.share, sign=_sign(part.positive))


def _effects(circuit: CircuitView) -> Iterator[records.Effect]:
    for part in circuit.says:
        yield records.Effect(layer=part.layer, filter=part.filter, effect=part.effect)


def _sign(positive: bool) -> Literal["positive", "negative"]:
    return "positive" if positive else "negative"


def _flags(layer: LayerView, view: FilterView) -> tuple[str, ...]:
    rare = view.evidence is not None and view.evidence.is_rare
    return (*layer.insight.flags(view.index), *(("rare",) if rare else ()))


def _numbers(evidence: EvidenceView) -> records.DatasetNumbers:
    return records.DatasetNumbers(
        count=evidence.count,
        fires_in=evidence.fires_in,
        mean=evidence.mean,
        deviation=evidence.deviation,
        quantiles=tuple(
            records.Quantile(share=share, response=response, peak=peak) for share, response, peak in evidence.quantiles
        ),
        selectivity=evidence.selective[1] if evidence.selective else None,
        classes=tuple(records.ClassResponse(name=name, response=response) for name, response in evidence.classes),
    )


def _example(evidence: EvidenceView, example: ExampleView) -> records.Example:
    file = evidence.best_file
    return records.Example(
        image=example.image if file else None,
        label=example.label or None,
        peak=example.peak,
        response=example.response,
        box=example.box,
        sheet=file.path if file else None,
        place=example.number if file else None,
    )


def _picture(picture: PictureView) -> records.Picture:
    return records.Picture(
        path=picture.file.path,
        settings=_settings(picture.settings),
        seed=picture.settings.seed,
        score=picture.score,
        trace=tuple(thinned(picture.trace)),
        verdict=picture.verdict,
        empty=picture.empty,
        start="example" if picture.settings.start == "example" else "noise",
    )


def _settings(settings: RenderSettings) -> records.PictureSettings:
    """Return settings as config.yaml writes them; the seed is a key of its own."""
    given = {name: getattr(settings, name) for name in records.PictureSettings.model_fields}
    transforms = tuple({kind: limit} for kind, limit in settings.transforms)
    return records.PictureSettings.model_validate(
        {**given, "objective": settings.objective.written, "transforms": transforms}
    )
