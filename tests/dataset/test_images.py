"""Images as they are handed to a network: in order, whichever thread decodes them, with errors in their place."""

from __future__ import annotations

import threading
import time

import numpy as np

from generator.dataset.images import Feed, ImageError, ImageSet, chosen, fed, in_groups

FEED = Feed((2, 2), 1, (0,))


def image_set(count: int) -> ImageSet:
    def read(place: int, feed: Feed) -> np.ndarray:
        time.sleep(0.002 * (place % 3))
        if place == 4:
            raise ImageError("broken")
        return np.full((*feed.size, feed.channels), np.nan if place == 6 else place, np.float32)

    names = tuple(map(str, range(count)))
    return ImageSet(names, (-1,) * count, (), tuple(f"{n:064x}" for n in range(count)), ((2, 2),) * count, read)


def test_they_come_in_order_with_what_is_wrong_in_its_place() -> None:
    seen = list(fed(image_set(12), [3, 1, 4, 6, 11], FEED, ahead=2))
    assert [place for place, _ in seen] == [3, 1, 4, 6, 11]
    assert [str(pixels) for _, pixels in seen if isinstance(pixels, ImageError)] == [
        "broken",
        "holds numbers that are not finite (NaN or infinity)",
    ]
    assert [float(p[0, 0, 0]) for _, p in seen if not isinstance(p, ImageError)] == [3, 1, 11]


def test_few_are_decoded_ahead_and_none_after_the_end() -> None:
    images, count, lock = image_set(200), 0, threading.Lock()
    own = images.read

    def read(place: int, feed: Feed) -> np.ndarray:
        nonlocal count
        with lock:
            count += 1
        return own(place, feed)

    object.__setattr__(images, "read", read)
    running = fed(images, range(7, 200), FEED, ahead=8)
    next(running)
    running.close()  # type: ignore[attr-defined]
    assert count <= 9


def test_a_part_of_a_set_keeps_what_belongs_together() -> None:
    images = image_set(8).only([5, 2])
    assert images.names == ("5", "2")
    assert images.read(1, FEED)[0, 0, 0] == 2
    assert len(images) == 2


def test_which_are_chosen_depends_on_each_name_alone() -> None:
    names = [f"{number}.png" for number in range(100)]
    ten = chosen(names, 10, 0)
    assert ten == sorted(ten)
    assert len(ten) == 10
    without = [name for place, name in enumerate(names) if place not in (ten[0], 99)]
    kept = {without[place] for place in chosen(without, 10, 0)}
    assert len(kept & {names[place] for place in ten}) >= 8
    assert chosen(names, 100, 0) == list(range(100))


def test_groups() -> None:
    assert list(in_groups([1, 2, 3, 4, 5], 2)) == [(1, 2), (3, 4), (5,)]
