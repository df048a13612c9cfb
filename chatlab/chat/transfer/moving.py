"""The bytes of one file over one connection: DCC SEND and its four-byte acknowledgements.

Theory of operation. Who sends reads acknowledgements all the time, and never waits for one before
the next block. Who receives acknowledges its position after each block, but drops an
acknowledgement for a later one rather than wait until the sender has read it: some senders never
do. Nothing beyond the promised size is taken. Every wait has an end, except while our user pauses.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from chatlab.chat.transfer.files import IncomingFile, OutgoingFile
from chatlab.chat.transfer.opening import PeerSocket
from chatlab.core.errors import ConnectError, RemoteProtocolError
from chatlab.protocol.dcc import AckReader, format_ack

STALL_S = 180.0
"""No byte for so long means that the other side, or the way to it, is gone."""
LAST_ACK_S = 20.0
"""How long a receiver's last acknowledgement is waited for when TCP has all bytes through."""
_BLOCK = 64 * 1024
_ACK_READ = 4096
_ACK_SIZE = 4
_REPORT_S = 0.25
_WINDOW_S = 3.0
_POLL_S = 0.2


@dataclass(frozen=True, slots=True)
class Ending:
    """How a file's last byte was confirmed, when that is worth a word."""

    remark: str = ""


class Gauge:
    """Tells how far it is and how fast, now and then."""

    def __init__(
        self,
        report: Callable[[int, float], None],
        start: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._report = report
        self._clock = clock
        self._start = start
        self._began = clock()
        self._points: deque[tuple[float, int]] = deque([(self._began, start)])
        self._told_at = self._began

    def reached(self, position: int) -> None:
        now = self._clock()
        if now - self._told_at < _REPORT_S:
            return
        self._told_at = now
        self._points.append((now, position))
        while len(self._points) > 2 and now - self._points[0][0] > _WINDOW_S:
            self._points.popleft()
        then, before = self._points[0]
        self._report(position, (position - before) / max(now - then, 1e-6))

    def finish(self, position: int) -> None:
        """Tell once more, with the rate over all of it."""
        self._report(position, (position - self._start) / max(self._clock() - self._began, 1e-3))


class Hold:
    """Lets bytes pass, or makes them wait while our user pauses."""

    def __init__(self) -> None:
        self._is_free = asyncio.Event()
        self._is_free.set()

    @property
    def is_paused(self) -> bool:
        return not self._is_free.is_set()

    def set_paused(self, is_paused: bool) -> None:
        if is_paused:
            self._is_free.clear()
        else:
            self._is_free.set()

    async def passed(self) -> None:
        await self._is_free.wait()


async def receive_file(
    peer: PeerSocket, file: IncomingFile, size: int, gauge: Gauge, hold: Hold
) -> Ending:
    """Take the bytes from ``file.position`` up to ``size``. Raises ConnectError or FileError."""
    acks = AckWriter(peer)
    while file.position < size:
        await hold.passed()
        try:
            async with asyncio.timeout(STALL_S):
                data, _ = await peer.receive(min(_BLOCK, size - file.position))
        except OSError as error:
            raise _broken(error, file.position, size) from error
        if not data:
            raise ConnectError(
                f"They closed the connection after {file.position:,} of {size:,} bytes.",
                "Ask for it once more, and resume it: what is here need not cross again.",
            )
        await file.append(data)
        acks.put(file.position)
        gauge.reached(file.position)
    await acks.finish(file.position)
    return await _look_for_more(peer)


async def _look_for_more(peer: PeerSocket) -> Ending:
    """Let the sender close first, as it expects; see whether it goes on sending instead."""
    try:
        async with asyncio.timeout(1.0):
            data, _ = await peer.receive(1)
    except OSError:
        # Time is over, or the connection was reset: all bytes are here, that is what counts.
        return Ending()
    more = "They sent more bytes than they had promised; the rest was not taken."
    return Ending(more if data else "")


class AckWriter:
    """Acknowledges without ever waiting for the sender to read."""

    def __init__(self, peer: PeerSocket) -> None:
        self._peer = peer
        self._rest = b""
        """What is left of an acknowledgement that went out in part."""

    def put(self, position: int) -> None:
        try:
            if self._rest:
                self._rest = self._rest[self._peer.send_now(self._rest) :]
            if not self._rest:
                ack = format_ack(position)
                taken = self._peer.send_now(ack)
                self._rest = ack[taken:] if taken else b""
        except OSError:
            # A sender may close its reading half; whether bytes still come is seen by reading.
            self._rest = b""

    async def finish(self, position: int) -> None:
        """The last one matters: many senders wait for it before they close."""
        try:
            async with asyncio.timeout(LAST_ACK_S):
                await self._peer.send(self._rest + format_ack(position))
        except OSError:
            # It closed as soon as its last byte was through; the file is whole all the same.
            return


async def send_file(
    peer: PeerSocket,
    file: OutgoingFile,
    size: int,
    start: int,
    gauge: Gauge,
    hold: Hold,
    on_all_sent: Callable[[], None] = lambda: None,
) -> Ending:
    """Send the bytes from ``start`` up to ``size``. Raises ConnectError or FileError.

    ``on_all_sent`` is called when TCP has taken the last byte, but the peer has not.
    """
    return await _Sending(peer, file, size, start, gauge, hold).run(on_all_sent)


class _Sending:
    def __init__(
        self,
        peer: PeerSocket,
        file: OutgoingFile,
        size: int,
        start: int,
        gauge: Gauge,
        hold: Hold,
    ) -> None:
        self._peer = peer
        self._file = file
        self._size = size
        self._start = start
        self._gauge = gauge
        self._hold = hold
        self._sent = start
        self._acks = AckReader(start)
        self._moved = asyncio.Event()
        self._is_at_end = False
        """The receiver has closed."""
        self._fault: OSError | None = None

    async def run(self, on_all_sent: Callable[[], None]) -> Ending:
        reading = asyncio.create_task(self._read_acks(), name="DCC acknowledgements")
        writing = asyncio.create_task(self._write(), name="DCC SEND")
        try:
            await asyncio.wait({reading, writing}, return_when=asyncio.FIRST_COMPLETED)
            if not writing.done() and not self._is_complete:
                # The receiver has gone. What is still being handed to TCP reaches nobody.
                raise self._gone()
            await writing
            if not self._is_complete:
                on_all_sent()
            return await self._settle()
        finally:
            for task in (reading, writing):
                task.cancel()
            await asyncio.gather(reading, writing, return_exceptions=True)

    @property
    def _is_complete(self) -> bool:
        return self._acks.position >= self._size

    async def _write(self) -> None:
        while self._sent < self._size:
            await self._hold.passed()
            data = await self._file.read(min(_BLOCK, self._size - self._sent))
            if not data:
                raise ConnectError(
                    f"{self._file.path.name} became shorter while it was sent.",
                    "Offer it again when nobody writes to it.",
                )
            try:
                async with asyncio.timeout(STALL_S):
                    await self._peer.send(data)
            except OSError as error:
                raise _broken(error, self._position(), self._size) from error
            self._sent += len(data)
            self._gauge.reached(self._position())

    async def _read_acks(self) -> None:
        while True:
            try:
                data, _ = await self._peer.receive(_ACK_READ)
            except OSError as error:
                self._fault = error
                data = b""
            if not data:
                self._is_at_end = True
                self._moved.set()
                return
            self._acks.feed(data, self._sent)
            self._gauge.reached(self._position())
            self._moved.set()

    def _position(self) -> int:
        """What the receiver has: by its own word, or by its TCP's."""
        by_tcp = self._peer.acknowledged()
        return max(self._acks.position, self._start + by_tcp if by_tcp is not None else 0)

    async def _settle(self) -> Ending:
        """Everything was handed to TCP: wait until the receiver has it."""
        if self._size == self._start:
            self._peer.finish_sending()
        waited, before = 0.0, -1
        while not self._is_complete and not self._is_at_end:
            self._moved.clear()
            position = self._position()
            self._gauge.reached(position)
            waited = 0.0 if position != before else waited + _POLL_S
            before = position
            limit = LAST_ACK_S if position >= self._size else STALL_S
            if waited >= limit:
                break
            try:
                await asyncio.wait_for(self._moved.wait(), _POLL_S)
            except TimeoutError:
                continue
        if self._is_complete:
            return Ending()
        if self._peer.acknowledged() in (None, self._size - self._start) and not self._fault:
            return Ending(
                "Their program did not acknowledge the end, as DCC wants it; their TCP did."
            )
        raise self._gone()

    def _gone(self) -> ConnectError:
        position = self._position()
        if self._fault is not None:
            return _broken(self._fault, position, self._size)
        if not self._is_at_end:
            return _broken(TimeoutError(), position, self._size)
        return ConnectError(
            f"They closed the connection after {position:,} of {self._size:,} bytes.",
            "They may have cancelled it, or their disk is full. Offer it again: they can resume.",
        )


def _broken(error: OSError, position: int, size: int) -> ConnectError:
    so_far = f"after {position:,} of {size:,} bytes"
    if isinstance(error, TimeoutError):
        return ConnectError(
            f"Nothing moved for {STALL_S:.0f} s, {so_far}.",
            "Their program or the way to it is gone. Offer it again, and resume.",
        )
    return ConnectError(
        f"The connection broke {so_far}: {error.strerror or error}.",
        "Offer it again, and resume: what is there need not cross again.",
    )


class LineReader:
    """Lines of a direct chat, each with where it lies; a line beyond all measure is cut."""

    LIMIT = 8 * 1024

    def __init__(self) -> None:
        self._rest = b""
        self._start = 0

    def feed(self, data: bytes) -> list[tuple[bytes, int, int]]:
        """Line without its end, and first and last offset with it."""
        *lines, rest = (self._rest + data).split(b"\n")
        found = []
        for line in lines:
            stop = self._start + len(line) + 1
            found.append((line.rstrip(b"\r")[: self.LIMIT], self._start, stop))
            self._start = stop
        self._rest = rest
        if len(rest) > 4 * self.LIMIT:
            raise RemoteProtocolError("They sent a line that does not end.", "Close this chat.")
        return found
