"""Collections stay short: what survived one is set aside, and looked at again only when asked."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from chatlab.app import garbage
from chatlab.app.garbage import GentleCollector


class Ring:
    """Garbage that only a collection frees: it refers to itself."""

    def __init__(self) -> None:
        self.me = self


@pytest.fixture
def collector() -> Iterator[GentleCollector]:
    made = GentleCollector()
    made.start()
    yield made
    made.stop()


def test_what_survives_a_full_collection_is_set_aside(collector: GentleCollector) -> None:
    before = gc.get_freeze_count()
    kept = [[number] for number in range(1_000)]
    gc.collect()
    assert gc.get_freeze_count() >= before + len(kept)


def test_no_collection_looks_at_everything_unasked(collector: GentleCollector) -> None:
    before = gc.get_stats()[2]["collections"]
    frozen = gc.get_freeze_count()
    kept = [[number] for number in range(100 * garbage.YOUNG)]
    assert gc.get_freeze_count() > frozen + len(kept) // 2
    assert gc.get_stats()[2]["collections"] == before


def test_young_garbage_is_still_collected(collector: GentleCollector) -> None:
    ring = weakref.ref(Ring())
    gc.collect()
    assert ring() is None


def test_a_sweep_finds_garbage_that_was_set_aside_but_only_now_and_then(
    collector: GentleCollector, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = Ring()
    gc.collect()
    ring = weakref.ref(old)
    del old
    collector.sweep()
    assert ring() is not None
    monkeypatch.setattr(garbage, "SWEEP_S", 0.0)
    collector.sweep()
    assert ring() is None


def test_python_is_left_as_it_was() -> None:
    before = gc.get_threshold(), gc.get_freeze_count(), len(gc.callbacks)
    collector = GentleCollector()
    collector.start()
    collector.stop()
    assert (gc.get_threshold(), gc.get_freeze_count(), len(gc.callbacks)) == before
