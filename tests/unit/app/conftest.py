"""Feeds hold a file open; no test has to think of that."""

from collections.abc import Iterator

import pytest

from tests.unit.app import feeding


@pytest.fixture(autouse=True)
def _feeds_are_closed() -> Iterator[None]:
    yield
    while feeding.made:
        feeding.made.pop().close()
