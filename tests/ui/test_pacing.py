"""Large refreshes are kept apart, and none waits for ever."""

import time

import pytest

from chatlab.ui.pacing import GAP_MS, Pacer


def test_who_comes_right_after_another_lets_it_be_painted(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    pacer = Pacer()
    assert pacer.wait_ms() == 0
    pacer.begin()
    assert pacer.wait_ms() == GAP_MS
    now += 0.0055
    assert pacer.wait_ms() == GAP_MS - 5
    now += GAP_MS / 1000
    assert pacer.wait_ms() == 0
