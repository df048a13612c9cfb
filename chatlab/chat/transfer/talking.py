"""A direct chat (DCC CHAT): lines over a connection of its own, past the server.

Each line is a message like any other: it knows its bytes on the wire, and how far it got.
"""

import asyncio
from collections import deque
from dataclasses import dataclass

from chatlab.chat.transfer.carrying import begin, prepare_offer
from chatlab.chat.transfer.entry import Entry
from chatlab.chat.transfer.meeting import meet_offered, reach_offerer
from chatlab.chat.transfer.moving import LineReader
from chatlab.chat.transfer.opening import PeerSocket
from chatlab.core.account import Application
from chatlab.core.errors import LocalProtocolError
from chatlab.core.events import ChatOpened, MessageAdded, MessageChanged
from chatlab.core.flow import ByteRange, Direction, WireRange
from chatlab.core.message import Delivery, Message, MessageId, MessageKind
from chatlab.core.transfer import TransferState
from chatlab.protocol.ctcp import decode_ctcp, encode_ctcp
from chatlab.protocol.irc import decode

SIGN = "="
"""Before the nick: the name of a direct chat. No nick has it, so no private chat is called so."""
MAX_WAITING = 1_000
"""Lines of ours that TCP has not taken yet."""
_READ = 16 * 1024
_ACK_POLL_S = (0.01, 0.02, 0.05, 0.1, 0.2)


async def propose_chat(entry: Entry) -> None:
    """Propose, wait, and talk until one of the two closes."""
    is_passive = await prepare_offer(entry)
    await _talk(entry, await meet_offered(entry, is_passive=is_passive))


async def accept_chat(entry: Entry) -> None:
    """Come to the proposed connection, and talk."""
    assert entry.offer is not None  # a received proposal
    await _talk(entry, await reach_offerer(entry, entry.offer))


async def _talk(entry: Entry, peer: PeerSocket) -> None:
    entry.peer = peer
    talk = entry.talk = Talk(entry, peer)
    begin(entry, peer)
    account, nick = entry.desk.account.id, entry.transfer.peer
    entry.desk.emit(ChatOpened(account, entry.transfer.name, False, f"{nick} (direct)"))
    entry.inform(
        f"This chat goes straight to {nick}’s program ({peer.connection.flow.remote}), "
        "unencrypted; the server does not see it."
    )
    try:
        await talk.run()
    finally:
        entry.talk = None
        talk.give_up()
    entry.end(TransferState.DONE, f"{nick} closed the direct chat.")


def line_of(text: str, kind: MessageKind) -> bytes:
    """The bytes that say one line."""
    payload = encode_ctcp("ACTION", text) if kind is MessageKind.ACTION else text
    return payload.encode("utf-8", "replace") + b"\n"


@dataclass(frozen=True, slots=True)
class _Line:
    id: MessageId
    data: bytes


class Talk:
    """An open direct chat."""

    def __init__(self, entry: Entry, peer: PeerSocket) -> None:
        self._entry = entry
        self._desk = entry.desk
        self._peer = peer
        self._waiting: deque[_Line] = deque()
        self._has_line = asyncio.Event()
        self._written: deque[tuple[MessageId, int]] = deque()
        """What TCP has taken and not yet seen acknowledged, with its last offset."""
        self._has_written = asyncio.Event()

    def say(self, text: str, kind: MessageKind) -> tuple[Message, ...]:
        """Accept a text: one message per line. Raises LocalProtocolError."""
        lines = [line for line in text.splitlines() if line] or [""]
        if not any(lines) or "\0" in text:
            raise LocalProtocolError("There is nothing to send.", "Type a text without NUL.")
        if len(self._waiting) + len(lines) > MAX_WAITING:
            raise LocalProtocolError(
                "Too many lines wait already: the other side does not read.", "Wait a little."
            )
        return tuple(self._queue(line, kind) for line in lines)

    def _queue(self, text: str, kind: MessageKind) -> Message:
        data = line_of(text, kind)
        if len(data) > LineReader.LIMIT:
            raise LocalProtocolError(
                f"The line has {len(data):,} bytes; {LineReader.LIMIT:,} is the most.",
                "Shorten it.",
            )
        message = self._message(text, kind, Direction.SENT, None)
        self._desk.emit(MessageAdded(message))
        self._waiting.append(_Line(message.id, data))
        self._has_line.set()
        return message

    async def run(self) -> None:
        """Until the other side closes. Raises OSError or RemoteProtocolError."""
        helpers = [asyncio.create_task(work) for work in (self._write(), self._poll_acks())]
        reading = asyncio.create_task(self._read())
        try:
            await asyncio.wait({reading, *helpers}, return_when=asyncio.FIRST_COMPLETED)
            for task in (reading, *helpers):
                if task.done():
                    task.result()
        finally:
            for task in (reading, *helpers):
                task.cancel()
            await asyncio.gather(reading, *helpers, return_exceptions=True)

    async def _read(self) -> None:
        reader = LineReader()
        while True:
            data, _ = await self._peer.receive(_READ)
            if not data:
                return
            for line, start, stop in reader.feed(data):
                self._received(line, ByteRange(start, stop))

    def _received(self, line: bytes, span: ByteRange) -> None:
        text, _ = decode(line)
        ctcp = decode_ctcp(text)
        if (ctcp is not None and ctcp.command != "ACTION") or not text:
            return  # Questions to the program are not answered here, and nobody said an empty line.
        kind = MessageKind.ACTION if ctcp is not None else MessageKind.MESSAGE
        shown = ctcp.parameter if ctcp is not None else text
        wire = WireRange(self._peer.connection.id, Direction.RECEIVED, span)
        self._desk.emit(MessageAdded(self._message(shown, kind, Direction.RECEIVED, wire)))

    def _message(
        self, text: str, kind: MessageKind, direction: Direction, wire: WireRange | None
    ) -> Message:
        is_sent = direction is Direction.SENT
        return Message(
            id=self._desk.next_message_id(),
            account=self._desk.account.id,
            application=Application.DCC,
            direction=direction,
            sender=self._desk.signals.surroundings().nick if is_sent else self._entry.transfer.peer,
            target=self._entry.transfer.name,
            text=text,
            kind=kind,
            time_ns=self._desk.clock_ns(),
            delivery=Delivery.QUEUED if is_sent else None,
            wire=wire,
        )

    async def _write(self) -> None:
        while True:
            self._has_line.clear()
            while self._waiting:
                line = self._waiting[0]
                wire = await self._peer.send(line.data)
                self._waiting.popleft()
                self._written.append((line.id, wire.span.stop))
                self._tell(line.id, Delivery.WRITTEN, wire)
                self._has_written.set()
            await self._has_line.wait()

    async def _poll_acks(self) -> None:
        """Ask our TCP what theirs has acknowledged, sooner at first."""
        while True:
            await self._has_written.wait()
            looks = 0
            while self._written:
                await asyncio.sleep(_ACK_POLL_S[min(looks, len(_ACK_POLL_S) - 1)])
                looks += 1
                reached = self._peer.acknowledged()
                if reached is None:
                    self._written.clear()  # This system cannot tell; captured frames will.
                    break
                while self._written and self._written[0][1] <= reached:
                    self._tell(self._written.popleft()[0], Delivery.ACKNOWLEDGED)
            self._has_written.clear()

    def give_up(self) -> None:
        """The connection is gone: what has not arrived will not."""
        for line in self._waiting:
            self._tell(line.id, Delivery.FAILED, why="The direct chat was closed before it left.")
        for message, _ in self._written:
            self._tell(
                message,
                Delivery.FAILED,
                why="The direct chat was closed before it was acknowledged; it may have arrived.",
            )
        self._waiting.clear()
        self._written.clear()

    def _tell(
        self, message: MessageId, delivery: Delivery, wire: WireRange | None = None, why: str = ""
    ) -> None:
        self._desk.emit(
            MessageChanged(self._desk.account.id, message, delivery, failure=why, wire=wire)
        )
