"""Look at a model's filters on the images of its dataset: what the store lacks is measured, and put into it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from generator.config.values import Dataset, ModelEntry
from generator.dataset.arrays import open_arrays, open_batches
from generator.dataset.chunk import images_of_chunk
from generator.dataset.folder import open_folder
from generator.dataset.images import DatasetError, Feed, ImageSet, Problem, in_groups
from generator.dataset.pictures import make_pictures
from generator.dataset.stored import Key, Looked, covering, layer_evidence, record_group_of
from generator.errors import GalleryError, ModelError, reason
from generator.models.summary import ModelSummary
from generator.pipeline.context import BuildContext
from generator.pipeline.events import DatasetOpened, DatasetWarning, Failure, ImagesSeen
from generator.plan import FEATURE_MAP, Task
from generator.store import Store

LARGEST_SIDE = 512
"""Of images that are fed as they are: larger ones are made smaller, as they are for photos."""

USUAL_EXAMPLES = 9

MOST_PROBLEMS = 20
"""Images that could not be used and are named, each on a line; the rest are counted."""


@dataclass(eq=False)
class Datasets:
    """The datasets of a build, each opened once."""

    opened: dict[Dataset, ImageSet | DatasetError] = field(default_factory=dict)

    def images(self, dataset: Dataset) -> ImageSet:
        """Return the images of a dataset.

        Raises DatasetError if it cannot be read, or has no image.
        """
        if dataset not in self.opened:
            try:
                self.opened[dataset] = open_dataset(dataset)
            except DatasetError as error:
                self.opened[dataset] = error
        images = self.opened[dataset]
        if isinstance(images, DatasetError):
            raise images
        return images


def look(
    entry: ModelEntry,
    summary: ModelSummary,
    shown: Sequence[Task],
    context: BuildContext,
    datasets: Datasets,
    force: bool,
) -> list[Failure]:
    """Bring what the store knows of a model's filters on its dataset up to date; return what failed.

    ``shown`` are the tasks of the filters that pages show. With ``force`` everything is measured again.
    """
    filters = shown_filters(shown)
    if entry.dataset is None or not filters:
        return []
    what = f"dataset {entry.dataset.name}"
    try:
        images = datasets.images(entry.dataset)
        _look(entry, summary, filters, images, context, force)
    except GalleryError as error:
        return [context.fail(f"{what} of {entry.name}", error)]
    return []


@dataclass(frozen=True)
class Unseen:
    """A model's dataset before a build: how many images it has, and how many the model was not shown yet.

    ``cost`` is that of showing it these, in multiplications; ``filters`` is how many filters get examples.
    """

    name: str
    images: int
    new: int
    cost: float
    filters: int


def unseen(
    entry: ModelEntry, summary: ModelSummary, shown: Sequence[Task], store: Store, datasets: Datasets
) -> Unseen | None:
    """Return what a build would look at, None if nothing.

    Raises DatasetError if the dataset cannot be read.
    """
    filters = shown_filters(shown)
    if entry.dataset is None or not filters:
        return None
    images = datasets.images(entry.dataset)
    feed = feed_of(images, entry.dataset, summary)
    record_group = record_group_of(summary.digest, feed.size, _kept(entry.dataset), images.scale)
    wanted = [images.key(place) for place in range(len(images))]
    _, covered, _ = covering(store.record_group(record_group), wanted, filters)
    new = len(wanted) - len(covered)
    cost = max(summary.layers[layer - 1].macs for layer in filters) * feed.size[0] * feed.size[1] * new
    return Unseen(entry.dataset.name, len(wanted), new, cost, sum(map(len, filters.values())))


def shown_filters(shown: Sequence[Task]) -> dict[int, tuple[int, ...]]:
    """Return the filters that are shown of each layer, by its index."""
    filters: dict[int, set[int]] = {}
    for task in shown:
        if task.technique != FEATURE_MAP:
            filters.setdefault(task.layer.index, set()).update(task.filters)
    return {layer: tuple(sorted(indices)) for layer, indices in sorted(filters.items())}


def fed_size(images: ImageSet, dataset: Dataset, summary: ModelSummary) -> tuple[int, int]:
    """Return the (height, width) at which a network is fed a dataset's images.

    Their own, where it is the same for all and the network takes it; else that of the configuration, or of photos.
    """
    summary = summary.for_images()
    height, width = summary.input_shape[:2]
    if not summary.any_size and height and width:
        return height, width
    own = images.sizes[0] if len(set(images.sizes)) == 1 else None
    if dataset.size is not None:
        return summary.picture_size(dataset.size)
    takes = own is not None and not own[0] % summary.multiple and not own[1] % summary.multiple
    return own if own is not None and takes and max(own) <= LARGEST_SIDE else summary.photo_size()


def feed_of(images: ImageSet, dataset: Dataset, summary: ModelSummary) -> Feed:
    """Return how a network is fed a dataset's images."""
    return Feed(fed_size(images, dataset, summary), summary.channels, summary.bands)


def open_dataset(dataset: Dataset) -> ImageSet:
    """Return the images of a dataset.

    Raises DatasetError if it cannot be read, or has no image.
    """
    if dataset.kind in ("bundled", "folder"):
        images = open_folder(dataset)
    elif dataset.kind == "arrays":
        images = open_arrays(dataset)
    else:
        images = open_batches(dataset, _returned(dataset))
    if not len(images):
        others = f"; {len(images.problems):,} could not be read" if images.problems else ""
        first = f": {images.problems[0].name} ({images.problems[0].why})" if images.problems else ""
        raise DatasetError(f"dataset {dataset.name}: no image in it{others}{first}", "Name the folder that holds them")
    return images


def _returned(dataset: Dataset) -> object:
    """Return what a function of the owner's returns."""
    from generator.models.importing import import_object

    try:
        made = import_object(dataset.source, dataset.folder)
    except ModelError as error:
        raise DatasetError(f"dataset {error.args[0]}", error.hint) from error
    if not callable(made):
        return made
    try:
        return made()
    except (Exception, SystemExit) as error:  # it is the owner's code: it may raise whatever it likes
        raise DatasetError(f"dataset {dataset.source}: raised {type(error).__name__}: {reason(error)}") from error


def _look(
    entry: ModelEntry,
    summary: ModelSummary,
    filters: Mapping[int, Sequence[int]],
    images: ImageSet,
    context: BuildContext,
    force: bool,
) -> None:
    dataset, store = entry.dataset, context.store
    assert dataset is not None
    for note in images.notes:
        context.on_event(DatasetWarning(dataset.name, note))
    feed = feed_of(images, dataset, summary)
    record_group = record_group_of(summary.digest, feed.size, _kept(dataset), images.scale)
    wanted = [images.key(place) for place in range(len(images))]
    stored = [] if force else list(store.record_group(record_group))
    keys, covered, unread = covering(stored, wanted, filters)
    missing = [place for place, image in enumerate(wanted) if image not in covered]
    context.on_event(DatasetOpened(entry.name, dataset.name, len(wanted), len(missing)))
    if missing:
        store.check_writable()
        for key, failed in _measured(entry, summary, tuple(filters), images, missing, feed, record_group, context):
            keys.append(key)
            unread.update(failed)
    problems = list(images.problems)
    problems += [Problem(images.names[place], unread[image]) for place, image in enumerate(wanted) if image in unread]
    _tell(dataset, images, problems, context)
    if len(unread) == len(wanted):
        name, why = problems[-1].name, problems[-1].why
        raise DatasetError(f"dataset {dataset.name}: none of its images can be used: {name} {why}")
    looked = Looked(
        dataset=dataset.name,
        model=summary.digest,
        record_group=record_group,
        keys=tuple(sorted(keys)),
        names=images.names if dataset.publish else tuple(str(place) for place in range(len(images))),
        labels=images.labels,
        classes=images.classes,
        digests=images.digests,
        size=feed.size,
        publish=dataset.publish,
        examples=dataset.examples,
        total=images.total,
        left_out=len(problems),
    )
    if store.dataset(entry.name) != _as_stored(looked):
        store.put_dataset(entry.name, looked.to_json())
    if dataset.publish:
        evidence = layer_evidence(store, looked, filters)

        def on_image(done: int, count: int) -> None:
            context.on_event(ImagesSeen(entry.name, dataset.name, "cutting out examples", done, count))

        make_pictures(images, feed, looked, evidence, filters, store, on_image)


def _as_stored(looked: Looked) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in looked.to_json().items()}


def _tell(dataset: Dataset, images: ImageSet, problems: Sequence[Problem], context: BuildContext) -> None:
    """Say what was left out: the first images by name, the rest in number."""
    for problem in problems[:MOST_PROBLEMS]:
        context.on_event(DatasetWarning(dataset.name, f"{problem.name}: left out: {problem.why}"))
    if len(problems) > MOST_PROBLEMS:
        context.on_event(DatasetWarning(dataset.name, f"{len(problems) - MOST_PROBLEMS:,} more images are left out"))


def _measured(
    entry: ModelEntry,
    summary: ModelSummary,
    layers: tuple[int, ...],
    images: ImageSet,
    missing: Sequence[int],
    feed: Feed,
    record_group: str,
    context: BuildContext,
) -> Iterator[tuple[str, Mapping[Key, str]]]:
    """Measure images, a chunk at a time, each stored when it is done.

    Yields the key of each, and what could not be used of it.
    """
    dataset = entry.dataset
    assert dataset is not None
    model = context.models.load(entry)
    from generator.pipeline.image_pass import ImagePass  # it imports TensorFlow

    done = 0

    def on_seen(seen: int) -> None:
        context.on_event(ImagesSeen(entry.name, dataset.name, "looking at images", done + seen, len(missing)))

    try:
        image_pass = ImagePass(model, layers, images, feed, _kept(dataset))
        count = images_of_chunk(sum(summary.layers[layer - 1].filters for layer in layers))
        for places in in_groups(missing, count):
            yield image_pass.store(places, record_group, context.store, on_seen)
            done += len(places)
    except GalleryError:
        raise
    except Exception as error:  # a model's own layers can raise anything
        size = f"{feed.size[0]}x{feed.size[1]}"
        raise DatasetError(
            f"dataset {dataset.name}: {entry.name} cannot be fed its images at {size}: {reason(error)}",
            "Name another `size:` for the dataset",
        ) from error


def _kept(dataset: Dataset) -> int:
    """Return how many examples are kept of each filter: as many as is usual, so that to ask for fewer costs nothing."""
    return max(USUAL_EXAMPLES, dataset.examples)
