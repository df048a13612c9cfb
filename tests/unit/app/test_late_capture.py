"""A capture that begins late takes along the connections that are open, and no other socket."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from chatlab.app import session as session_module
from chatlab.app.feed import CaptureFeed
from chatlab.app.session import Session
from chatlab.core.capture import CaptureStatus
from chatlab.core.chats import ChatBook
from chatlab.core.flow import Endpoint, FlowKey
from tests.helpers.irc_play import MemorySecrets
from tests.unit.app.feeding import NoDissector

HERE = Endpoint("127.0.0.1", 40_000)
FLOWS = [FlowKey(HERE, Endpoint("127.0.0.1", port)) for port in (6667, 6697)]


class Source:
    """A capture; while it takes in one connection, the other one ends."""

    admitted: list[tuple[int, FlowKey]]
    live: dict[FlowKey, int]

    def __init__(self, file: Path, on_notice: Callable[[CaptureStatus], None]) -> None:
        pass

    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        pass

    def secret(self, line: str) -> None:
        pass

    async def admit(self, fileno: int, flow: FlowKey) -> bool:
        self.admitted.append((fileno, flow))
        await asyncio.sleep(0)
        self.live.pop(FLOWS[1], None)
        return True


def test_a_connection_that_ends_meanwhile_is_not_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Source.admitted, Source.live = [], {FLOWS[0]: 7, FLOWS[1]: 8}
    monkeypatch.setattr(session_module, "CaptureSource", Source)

    async def run() -> None:
        book = ChatBook()
        feed = CaptureFeed(tmp_path / "capture.pcapng", book, NoDissector(), is_live=True)
        session = Session(book, feed, MemorySecrets())
        monkeypatch.setattr(
            session._dialler, "live", lambda: tuple((n, flow) for flow, n in Source.live.items())
        )
        await session.start_capture()
        await session.close()
        feed.close()

    asyncio.run(run())
    assert Source.admitted == [(7, FLOWS[0])]
