"""Whether a site shows all that its configuration selects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from generator.config import Config, ModelEntry
from generator.errors import UsageError
from generator.models.summary import ModelSummary
from generator.plan import chosen_layers
from generator.store import Store

_BUILD_HINT = "To have the rest, run: filter-gallery build"


@dataclass(frozen=True)
class ShownModel:
    """A model of a site: its name, its digest, and how many filters are shown of each layer, by the layer's index."""

    name: str
    digest: str
    filters: Mapping[int, int]


def unfinished(config: Config, shown_models: Sequence[ShownModel]) -> list[str]:
    """Return, a line each, what of a configuration is not in a site, and which models of a site it does not name.

    What a layer should show is planned from the models' summaries in the store; no model is loaded.
    """
    shown = {model.name: model for model in shown_models}
    store, lines = Store(config.cache), []
    for entry in config.models:
        if entry.name not in shown:
            lines.append(f"the model {entry.name} is not in the site. {_BUILD_HINT}")
        else:
            lines += _missing_layers(entry, shown[entry.name], store)
    configured = {entry.name for entry in config.models}
    for name in (name for name in shown if name not in configured):
        lines.append(f"the site shows {name}, which is not in the configuration. Run: filter-gallery build")
    return lines


def _missing_layers(entry: ModelEntry, shown: ShownModel, store: Store) -> Iterator[str]:
    """Yield the line about a model of which layers, or filters, are missing."""
    record = store.summary(shown.digest)
    summary = ModelSummary.from_json(record) if record else None
    if summary is None:
        return
    try:
        selected = {chosen.layer.index: len(chosen.filters) for chosen in chosen_layers(entry, summary)}
    except UsageError:  # the configuration does not fit the model any more: the next build says how
        yield f"the site shows {entry.name} as it was before its configuration changed. {_BUILD_HINT}"
        return
    layers = len(selected.keys() & shown.filters.keys())
    filters = sum(min(count, shown.filters.get(index, 0)) for index, count in selected.items())
    total = sum(selected.values())
    if layers < len(selected):
        yield f"{layers} of {len(selected)} layers of {entry.name} are rendered. {_BUILD_HINT}"
    elif filters < total:
        yield f"{filters:,} of {total:,} filters of {entry.name} are rendered. {_BUILD_HINT}"
