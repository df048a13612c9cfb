"""Opens capture files for a test and closes them after it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from chatlab.analysis.frame_log import FrameLog

OpenLog = Callable[..., FrameLog]


@pytest.fixture
def open_log() -> Iterator[OpenLog]:
    with ExitStack() as stack:

        def opened(path: Path, *, is_growing: bool = False) -> FrameLog:
            return stack.enter_context(FrameLog(path, is_growing=is_growing))

        yield opened
