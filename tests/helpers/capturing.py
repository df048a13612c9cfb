"""Connections on loopback, a capture around them, and what the captured file says."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from chatlab.capture.permission import Backend, BackendState, Permission
from chatlab.capture.source import CaptureSource
from chatlab.core.capture import (
    CaptureStatus,
)
from chatlab.core.flow import Direction, Endpoint, FlowKey
from chatlab.protocol.blocks import Block, Packet
from chatlab.protocol.packet import parse
from chatlab.protocol.pcapng_reader import BlockReader

TIMEOUT_S = 30.0
SYN, ACK = 0x02, 0x10
_FAMILIES = {"127.0.0.1": socket.AF_INET, "::1": socket.AF_INET6}


@dataclass(frozen=True, slots=True)
class Pair:
    """A connection on loopback: our end, bound but not yet connected, and a listening peer."""

    ours: socket.socket
    listener: socket.socket

    @property
    def flow(self) -> FlowKey:
        local, remote = self.ours.getsockname(), self.listener.getsockname()
        return FlowKey(Endpoint(*local[:2]), Endpoint(*remote[:2]))

    @contextmanager
    def connected(self) -> Iterator[socket.socket]:
        """Connect; gives the peer's end."""
        self.ours.connect(self.listener.getsockname())
        theirs, _ = self.listener.accept()
        with theirs:
            theirs.settimeout(TIMEOUT_S)
            yield theirs


@contextmanager
def pair(address: str = "127.0.0.1") -> Iterator[Pair]:
    family = _FAMILIES[address]
    with (
        socket.socket(family) as ours,
        socket.create_server((address, 0), family=family) as listener,
    ):
        ours.settimeout(TIMEOUT_S)
        ours.bind((address, 0))
        yield Pair(ours, listener)


@asynccontextmanager
async def capturing(
    file: Path, notices: list[CaptureStatus] | None = None, **options: object
) -> AsyncIterator[CaptureSource]:
    notice = (notices if notices is not None else []).append
    source = CaptureSource(file, notice, **options)  # type: ignore[arg-type]
    await source.start()
    try:
        yield source
    finally:
        await source.stop()


def only(backend: Backend, *command: str) -> Callable[[], Permission]:
    state = BackendState(backend=backend, is_possible=True, detail="for the test", command=command)
    return lambda: Permission((state,))


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what another process will bring about."""
    deadline = time.monotonic() + TIMEOUT_S
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"
        await asyncio.sleep(0.005)


def blocks(file: Path) -> list[Block]:
    reader = BlockReader()
    found = list(reader.feed(file.read_bytes()))
    assert not reader.pending, "the file ends within a block"
    return found


def packets(file: Path) -> list[Packet]:
    return [block for block in blocks(file) if isinstance(block, Packet)]


def direction(packet: Packet) -> Direction | None:
    return {1: Direction.RECEIVED, 2: Direction.SENT}.get(packet.flags & 3)


def payload(found: Sequence[Packet], sender: Endpoint, link_type: int = 1) -> bytes:
    """The bytes that one end has sent, laid out by sequence number; a hole is an error.

    The order of the frames is not looked at: on loopback two busy processors may deliver a few
    of them in another one.
    """
    pieces: list[tuple[int, bytes]] = []
    first = None
    for packet in found:
        headers = parse(packet.data, link_type)
        assert headers is not None
        if headers.source_port != sender.port:
            continue
        if headers.flags & SYN:
            first = headers.sequence + 1
            continue
        assert first is not None, "data before the SYN"
        data = packet.data[headers.payload : headers.payload + headers.payload_length]
        if data:
            pieces.append(((headers.sequence - first) % (1 << 32), data))
    stream = bytearray()
    for offset, data in sorted(pieces, key=lambda piece: piece[0]):
        assert offset <= len(stream), f"bytes {len(stream)} to {offset} are missing"
        stream[offset : offset + len(data)] = data
    return bytes(stream)
