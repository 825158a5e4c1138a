"""Whether a site shows all that its configuration asks for."""

from __future__ import annotations

from collections.abc import Iterator

from generator.config import Config, ModelEntry
from generator.errors import UsageError
from generator.models.summary import ModelSummary
from generator.plan.choose import chosen_layers
from generator.publish.check import Finding
from generator.site.built import BuiltSite
from generator.site.records import Model
from generator.store import Store

_BUILD = "To have the rest, run: filter-gallery build"


def unfinished(site: BuiltSite, config: Config) -> list[Finding]:
    """Return what of the configuration's models is not in the site, and what is in it that is of no model any more.

    What a layer should have is planned from the models' cards in the store; no model is loaded.
    """
    shown = {model.name: model for model in site.manifest.models}
    store, found = Store(config.cache), []
    for entry in config.models:
        if entry.name not in shown:
            found.append(Finding(f"the model {entry.name} is not in the site", _BUILD))
        else:
            found += _lacking(entry, shown[entry.name], store)
    for name in shown.keys() - {entry.name for entry in config.models}:
        found.append(Finding(f"the site shows {name}, which is not in the configuration", "Run: filter-gallery build"))
    return found


def _lacking(entry: ModelEntry, shown: Model, store: Store) -> Iterator[Finding]:
    kept = store.summary(shown.digest)
    summary = ModelSummary.from_json(kept) if kept else None
    if summary is None:
        return
    try:
        wanted = {one.layer.index: len(one.filters) for one in chosen_layers(entry, summary)}
    except UsageError:  # the configuration does not fit the model any more: the next build says how
        yield Finding(f"the site shows {entry.name} as it was before its configuration changed", _BUILD)
        return
    held = {layer.index: len(layer.filters) for layer in shown.layers}
    layers_there = len(wanted.keys() & held.keys())
    filters_there = sum(min(count, held.get(index, 0)) for index, count in wanted.items())
    if layers_there < len(wanted):
        yield Finding(f"{layers_there} of {len(wanted)} layers of {entry.name} are rendered", _BUILD)
    elif filters_there < sum(wanted.values()):
        yield Finding(f"{filters_there:,} of {sum(wanted.values()):,} filters of {entry.name} are rendered", _BUILD)
