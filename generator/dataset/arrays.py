"""Images in arrays: an .npz, or what a function of the owner's returns, for images that are no picture files."""

from __future__ import annotations

import hashlib
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from generator.config.values import Dataset
from generator.dataset.images import UNLABELLED, DatasetError, Feed, ImageError, ImageSet, chosen
from generator.errors import printable, reason, way_out

Array = NDArray[Any]

IMAGES, LABELS = "x", "y"
"""The arrays of an .npz."""

_READING = Lock()
"""A temporary file has one position, whichever thread reads."""

LUMINANCE = (0.299, 0.587, 0.114)


def open_arrays(dataset: Dataset) -> ImageSet:
    """Return the images of an .npz.

    Raises DatasetError if it cannot be read, or what it holds are no images.
    """
    try:
        if not zipfile.is_zipfile(dataset.source):
            raise zipfile.BadZipFile
        with np.load(dataset.source, allow_pickle=False) as file:
            if IMAGES not in file.files:
                held = ", ".join(map(repr, file.files[:5])) or "nothing"
                raise DatasetError(
                    f"dataset {dataset.name}: has no array {IMAGES!r}, only {held}",
                    "Save it with np.savez(file, x=images, y=labels)",
                )
            images = file[IMAGES]
            labels = file[LABELS] if LABELS in file.files else None
    except DatasetError:
        raise
    except OSError as error:
        raise DatasetError(f"dataset {dataset.name}: {error.strerror or reason(error)}", way_out(error)) from None
    except (ValueError, zipfile.BadZipFile, KeyError, EOFError, MemoryError) as error:
        why = "holds Python objects, which are not loaded" if "allow_pickle" in str(error) else "is damaged"
        raise DatasetError(f"dataset {dataset.name}: {why}", "Save arrays of numbers with np.savez") from None
    _check_images(images, dataset.name)
    if labels is not None and len(labels) != len(images):
        raise DatasetError(f"dataset {dataset.name}: {len(labels):,} labels for {len(images):,} images")
    names = [f"image {place}" for place in range(len(images))]
    kept = chosen(names, dataset.limit, dataset.seed)
    pixels = list(images if len(kept) == len(images) else images[kept])
    of_kept = None if labels is None else [labels[place] for place in kept]
    return image_set(dataset, [names[place] for place in kept], pixels, of_kept, total=len(images))


def open_batches(dataset: Dataset, made: object) -> ImageSet:
    """Return the images that a function returned: arrays, or batches of them (a ``tf.data.Dataset``, a ``PyDataset``).

    Batches are read once, as many as the limit asks for, and kept in a temporary file.

    Raises DatasetError if that fails, or what it returned are no images.
    """
    if isinstance(made, (tuple, list)) and len(made) == 2 and _is_array(made[0]):
        images, labels = np.asarray(made[0]), np.asarray(made[1])
        _check_images(images, dataset.name)
        if len(labels) != len(images):
            raise DatasetError(f"dataset {dataset.name}: {len(labels):,} labels for {len(images):,} images")
        return _of_whole(dataset, images, list(labels))
    if _is_array(made):
        images = np.asarray(made)
        _check_images(images, dataset.name)
        return _of_whole(dataset, images, None)
    spool, labels_read = _Spool(), []
    try:
        for batch, labels_of_batch in _batches(made, dataset.name):
            _check_images(batch, dataset.name)
            room = dataset.limit - len(spool)
            for image in batch[:room]:
                spool.append(image)
            labels_read += [None] * len(batch[:room]) if labels_of_batch is None else list(labels_of_batch[:room])
            if len(spool) >= dataset.limit:
                break
    except DatasetError:
        raise
    except OSError as error:
        raise DatasetError(f"dataset {dataset.name}: {error.strerror or reason(error)}", way_out(error)) from None
    except Exception as error:  # it is the owner's code: it may raise whatever it likes
        raise DatasetError(f"dataset {dataset.name}: raised {type(error).__name__}: {reason(error)}") from error
    if not len(spool):
        raise DatasetError(f"dataset {dataset.name}: has no images")
    labels_known = None if all(label is None for label in labels_read) else labels_read
    names = [f"image {place}" for place in range(len(spool))]
    return image_set(dataset, names, spool, labels_known, total=len(spool))


def _of_whole(dataset: Dataset, images: Array, labels: list[Any] | None) -> ImageSet:
    names = [f"image {place}" for place in range(len(images))]
    kept = chosen(names, dataset.limit, dataset.seed)
    of_kept = None if labels is None else [labels[place] for place in kept]
    return image_set(dataset, [names[place] for place in kept], list(images[kept]), of_kept, total=len(images))


def image_set(
    dataset: Dataset, names: Sequence[str], images: Sequence[Array], labels: Sequence[Any] | None, total: int
) -> ImageSet:
    """Return the set of some arrays (height, width) or (height, width, channels)."""
    digests, sizes = [], []
    low, high, whole = np.inf, -np.inf, True
    for image in images:
        digests.append(hashlib.sha256(f"{image.dtype} {image.shape}".encode() + image.tobytes()).hexdigest())
        sizes.append((int(image.shape[0]), int(image.shape[1])))
        finite = image[np.isfinite(image)] if image.dtype.kind == "f" else image
        if finite.size:
            low, high = min(low, float(finite.min())), max(high, float(finite.max()))
        whole = whole and image.dtype.kind != "f"
    of_one = not whole and low >= 0 and high <= 1
    notes = []
    if of_one:
        notes.append("its values go from 0 to 1, so they are read as parts of 255")
    elif low < 0 or high > 255:
        span = f"from {low:.4g} to {high:.4g}, not from 0 to 255"
        notes.append(f"its values go {span}; they are fed through `preprocess:` as they are")
    classes, numbers = _classes(dataset, labels)

    scale = 255.0 if of_one else 1.0

    def read(place: int, feed: Feed) -> Array:
        pixels = np.asarray(images[place]).astype(np.float32) * np.float32(scale)
        return _fitted(pixels, feed)

    return ImageSet(
        names=tuple(names),
        labels=numbers or (UNLABELLED,) * len(names),
        classes=classes,
        digests=tuple(digests),
        sizes=tuple(sizes),
        read=read,
        total=total,
        notes=tuple(notes),
        scale=scale,
    ).without_repeated()


def _classes(dataset: Dataset, labels: Sequence[Any] | None) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Return the names of the classes, and each image's place among them; one-hot labels count as their largest."""
    if labels is None:
        return (), ()
    flat: list[Any] = [_label(np.asarray(label)) for label in labels]
    if all(np.asarray(label).dtype.kind in "iufb" for label in flat):
        numbers = [int(label) for label in flat]
        if min(numbers) < 0:
            raise DatasetError(f"dataset {dataset.name}: a label is {min(numbers)}", "Number classes from 0")
        if dataset.labels:
            if max(numbers) >= len(dataset.labels):
                raise DatasetError(
                    f"dataset {dataset.name}: {len(dataset.labels)} labels, and an image of class {max(numbers)}",
                    "Name every class with `labels:`",
                )
            return dataset.labels, tuple(numbers)
        known = sorted(set(numbers))
        return tuple(f"class {number}" for number in known), tuple(known.index(number) for number in numbers)
    texts = [label.decode("utf-8", "replace") if isinstance(label, bytes) else str(label) for label in flat]
    known_texts = sorted(set(texts))
    return tuple(map(printable, known_texts)), tuple(known_texts.index(text) for text in texts)


def _label(label: Array) -> Any:
    one_hot = label.size > 1 and label.dtype.kind in "fiub"
    return label.argmax() if one_hot else label.reshape(-1)[0]


def _fitted(pixels: Array, feed: Feed) -> Array:
    """Return an image at the size and with the channels that a network is fed."""
    pixels = pixels[..., None] if pixels.ndim == 2 else pixels
    channels = pixels.shape[-1]
    if channels != feed.channels:
        if channels == 1:
            pixels = np.repeat(pixels, feed.channels, axis=-1)
        elif channels == 3 and feed.channels == 1:
            pixels = (pixels @ np.array(LUMINANCE, np.float32))[..., None]
        else:
            raise ImageError(f"has {channels} channels, and the network takes {feed.channels}")
    if pixels.shape[:2] == feed.size:
        return pixels
    finite = np.nan_to_num(pixels)
    planes = [Image.fromarray(np.ascontiguousarray(finite[..., channel]), "F") for channel in range(feed.channels)]
    size = (feed.size[1], feed.size[0])
    fitted = np.stack([np.asarray(ImageOps.fit(plane, size, Image.Resampling.BICUBIC)) for plane in planes], axis=-1)
    return fitted if np.isfinite(pixels).all() else np.full_like(fitted, np.nan)


def _check_images(images: Array, name: str) -> None:
    if images.dtype.kind not in "uifb" or images.ndim not in (3, 4) or not images.size:
        what = f"{images.dtype} of shape {images.shape}"
        hint = "Images are (images, height, width) or (images, height, width, channels)"
        raise DatasetError(f"dataset {name}: {what} are no images", hint)


def _is_array(value: object) -> bool:
    return isinstance(value, np.ndarray) or (hasattr(value, "__array__") and hasattr(value, "shape"))


def _batches(made: Any, name: str) -> Iterator[tuple[Array, Array | None]]:
    """Yield the images of each batch, and their labels if there are any."""
    is_indexed = hasattr(made, "num_batches") or (hasattr(made, "__getitem__") and hasattr(made, "__len__"))
    if is_indexed and not isinstance(made, (str, bytes, dict)):
        count = made.num_batches if isinstance(getattr(made, "num_batches", None), int) else len(made)
        items: Iterable[Any] = (made[number] for number in range(count))
    elif isinstance(made, Iterable) and not isinstance(made, (str, bytes, dict)):
        items = made
    else:
        raise DatasetError(
            f"dataset {name}: returned {type(made).__name__}",
            "Return arrays, a tf.data.Dataset, a keras.utils.PyDataset or batches",
        )
    for item in items:
        parts = item if isinstance(item, (tuple, list)) else (item,)
        images = np.asarray(parts[0])
        labels = np.asarray(parts[1]) if len(parts) > 1 and parts[1] is not None else None
        if labels is not None and (labels.ndim == 0 or len(labels) != len(images)):
            raise DatasetError(f"dataset {name}: a batch has {labels.size:,} labels for {len(images):,} images")
        yield images, labels


@dataclass(eq=False)
class _Spool(Sequence[Array]):
    """Arrays in a temporary file: they are read in any order, and take no memory."""

    file: IO[bytes] = field(default_factory=tempfile.TemporaryFile)
    places: list[tuple[int, str, tuple[int, ...]]] = field(default_factory=list)

    def append(self, array: Array) -> None:
        """Keep an array."""
        self.places.append((self.file.seek(0, 2), str(array.dtype), array.shape))
        self.file.write(np.ascontiguousarray(array).tobytes())

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, place: Any) -> Any:
        start, dtype, shape = self.places[place]
        count = int(np.prod(shape)) * np.dtype(dtype).itemsize
        with _READING:
            self.file.seek(start)
            content = self.file.read(count)
        return np.frombuffer(content, dtype).reshape(shape)
