"""The capture as windows and scripts read it: live while it grows, or from a saved file.

Joins what two worlds know: the file (frames) and our own connections (which bytes are whose).
Implements ``ui.ports.WireFeed`` and ``core.ports.ConnectionRegistry``. What reads frames is loaded
when it is first needed (or by ``prepare``): a window is painted before there is any frame.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from chatlab.core.account import AccountId
from chatlab.core.attribution import Attribution
from chatlab.core.capture import CaptureIdle, CaptureLive, CaptureLost, CaptureStatus
from chatlab.core.chats import ChatBook, ChatKey
from chatlab.core.connection import Connection
from chatlab.core.flow import ByteRange, ConnectionId, Direction, FlowKey, WireRange
from chatlab.core.frame import ByteView, Exposure, Layer
from chatlab.core.message import Message, MessageId
from chatlab.core.ports import Dissector
from chatlab.protocol.tls_secrets import KeyLog

if TYPE_CHECKING:
    from chatlab.analysis.chosen import ChosenConnection
    from chatlab.analysis.contents import Contents
    from chatlab.analysis.correlate import Correlator
    from chatlab.analysis.explain import Explainer
    from chatlab.analysis.frame_log import FrameLog
    from chatlab.analysis.layers import LayerBuilder
    from chatlab.analysis.rows import FrameRow, RowBuilder
    from chatlab.analysis.streams import Streams
    from chatlab.app.journal import SessionJournal

log = logging.getLogger(__name__)

Observer = Callable[[], None]
_CONNECTION_NOT_CAPTURED = "No frame of it was captured: the capture was off, or not allowed."
_NOT_OURS = "not ours"
_LINE_NOT_CAPTURED = "No frame of this line was captured: it crossed the wire at another time."


class CaptureFeed:
    """One capture file, what is in it, and whose it is."""

    def __init__(self, file: Path, book: ChatBook, dissector: Dissector, *, is_live: bool) -> None:
        """``file`` need not exist yet when the capture is live; else FileError may be raised."""
        self.file = file
        self._is_live = is_live
        self.messages: dict[MessageId, Message] = {}
        """Every message that has bytes on the wire, as it is now."""
        self.key_log: list[str] = []
        """The secrets of our own connections, to be saved with the capture."""
        self._keys = KeyLog()
        self.on_keys: Callable[[], object] = lambda: None
        """Called when the reader gave more secrets."""
        self._taken = (0, 0)
        """How many lines of the key log, and how many blocks of the file, ``_keys`` has."""
        self.on_secret: Callable[[str], None] = lambda line: None
        """Where a running capture takes the lines of the key log."""
        self.journal: SessionJournal | None = None
        """Where a session that may be killed writes down what it knows."""
        self._sealed: set[ConnectionId] = set()
        self._line: tuple[MessageId, WireRange] | None = None
        """A protocol line that is no message, chosen by the reader as if it were one."""
        self._chosen_connection: ChosenConnection | None = None
        """A whole connection, chosen in the same way."""
        self._book = book
        self._dissector = dissector
        self._status: CaptureStatus = CaptureIdle()
        self._observers: list[Observer] = []
        if not is_live:
            self.prepare()

    # -- what reads frames

    def prepare(self) -> None:
        """Load all of it now. Takes a moment; a thread may do it before anybody asks."""
        _ = self._explainer, self._layers

    @cached_property
    def log(self) -> "FrameLog":
        from chatlab.analysis.frame_log import FrameLog

        return FrameLog(self.file, is_growing=self._is_live)

    @cached_property
    def streams(self) -> "Streams":
        from chatlab.analysis.streams import Streams

        return Streams(self.log)

    @cached_property
    def correlator(self) -> "Correlator":
        from chatlab.analysis.correlate import Correlator

        return Correlator(self.streams)

    @cached_property
    def contents(self) -> "Contents":
        from chatlab.analysis.contents import Contents

        return Contents(self.streams, self.correlator, self._keys)

    @cached_property
    def _rows(self) -> "RowBuilder":
        from chatlab.analysis.rows import RowBuilder

        return RowBuilder(self.log, self.streams, self.correlator, self.contents)

    @cached_property
    def _explainer(self) -> "Explainer":
        from chatlab.analysis.explain import Explainer

        return Explainer(self.log, self.streams, self.correlator, self.contents)

    @cached_property
    def _layers(self) -> "LayerBuilder":
        from chatlab.analysis.layers import LayerBuilder

        return LayerBuilder(self.log, self.streams, self.correlator, self.contents)

    # -- the live side

    def take_status(self, status: CaptureStatus) -> None:
        """The capture moved on: its state is to be shown, its new frames to be indexed."""
        self._status = status
        if isinstance(status, CaptureLive | CaptureLost):
            self.pull()
        self.tell()

    def pull(self) -> int:
        """Index what the file has gained; returns the number of frames now."""
        if self.file.exists():
            self.correlator.update()
            self._gather_secrets()
        return self.count

    def _gather_secrets(self) -> None:
        """Take over secrets that became known, from our own connections or from the file."""
        lines, blocks = self._taken
        self.use_keys(self.key_log[lines:])
        for block in self.log.secrets[blocks:]:
            self.use_keys(block.data.decode("ascii", "replace").splitlines())
        self._taken = (len(self.key_log), len(self.log.secrets))

    @property
    def keys(self) -> KeyLog:
        """Every secret of this capture that is known, whether it is used or not."""
        return self._keys

    def use_key_log(self, found: KeyLog) -> None:
        """Look into TLS with these secrets, too. They are not saved: of a key log that belongs to
        other programs, most have nothing to do with this capture."""
        self._keys.update(found)
        self.on_keys()
        self.tell()

    def use_keys(self, lines: Iterable[str]) -> None:
        """The same with lines of a key log, before anybody looks."""
        for line in lines:
            self._keys.add(line)

    def opened(self, connection: Connection) -> None:
        self.correlator.opened(connection)
        if self.journal is not None:
            self.journal.note_connection(connection)

    def changed(self, connection: Connection) -> None:
        self.note(connection)
        self.correlator.changed(connection)
        if self.journal is not None:
            self.journal.note_connection(connection)

    def note(self, connection: Connection) -> None:
        """Remember how a connection is protected."""
        if connection.tls is not None:
            self._sealed.add(connection.id)

    def carried(self, connection: Connection, direction: Direction, data: bytes) -> None:
        self.correlator.carried(connection, direction, data)

    def secret(self, key_log_line: str) -> None:
        self.key_log.append(key_log_line)
        if self.journal is not None:
            self.journal.note_secret(key_log_line)
        self.on_secret(key_log_line)

    def assign(self, message: Message) -> None:
        """``message`` has bytes on the wire; its other fields may have changed since."""
        self.messages[message.id] = message
        if message.wire is not None:
            self.correlator.assign(message.id, message.wire, message.echo)
        if self.journal is not None:
            self.journal.note_message(message)

    def acknowledged(self, connection: ConnectionId) -> int | None:
        """Offset of what captured ACKs cover; None when the capture cannot tell."""
        return self.correlator.acknowledged(connection)

    def on_frames(self, observer: Observer) -> None:
        self._observers.append(observer)

    def tell(self) -> None:
        """Let everybody who shows the capture look again."""
        if self.journal is not None:
            self.journal.look_after()
            if isinstance(self._status, CaptureLive):
                self.journal.note_anchors(self.correlator.anchors)
        for observer in self._observers:
            observer()

    # -- ui.ports.WireFeed

    @property
    def count(self) -> int:
        return len(self.log) if "log" in vars(self) else 0

    @property
    def status(self) -> CaptureStatus:
        return self._status

    def row(self, number: int) -> "FrameRow":
        row = self._rows.row(number)
        if self.is_foreign(number):
            return replace(row, exposure=Exposure.PLUMBING, why=_NOT_OURS)
        return row

    def is_foreign(self, number: int) -> bool:
        """A frame of others', from the capture of a whole interface."""
        is_of_others = self.log.is_of_others(number)
        return is_of_others and self.correlator.connection_of(number) is None

    def raw(self, number: int) -> bytes:
        return self.log.raw(number)

    async def layers(self, number: int) -> tuple[Layer, ...]:
        raw = self.raw(number)
        lower = await self._dissector.dissect(raw, self.log.link_type(number))
        return (*lower, *self._layers.layers(number, self.messages))

    def byte_views(self, number: int) -> tuple[ByteView, ...]:
        return self._layers.views(number)

    @property
    def has_secrets(self) -> bool:
        return len(self._keys) > 0

    @property
    def uses_secrets(self) -> bool:
        return self.contents.uses_keys

    def set_uses_secrets(self, uses_secrets: bool) -> None:
        self.contents.uses_keys = uses_secrets
        self.tell()

    def account_of(self, number: int) -> AccountId | None:
        connection = self.correlator.connection_of(number)
        return connection.account if connection else None

    def chat_frames(self, chat: ChatKey) -> frozenset[int]:
        found: set[int] = set()
        if view := self._book.chats.get(chat):
            for entry in view.entries:
                if isinstance(entry, Message) and entry.wire is not None:
                    known = self.attribution(entry.id)
                    found.update(known.frames, known.acks, known.echo_frames)
        return frozenset(found)

    def attribution(self, message: MessageId) -> Attribution:
        if (line := self._chosen(message)) is not None:
            return Attribution(message=message, stream=None, frames=self.frames_of(line))
        if (chosen := self._chosen_connection) is not None and chosen.id == message:
            return chosen.attribution()
        return self.correlator.attribution(message)

    def frames_of(self, wire: WireRange) -> tuple[int, ...]:
        return self.correlator.frames_of(wire)

    def choose_line(self, wire: WireRange) -> MessageId:
        name = f"line {wire.connection} {wire.direction.value} {wire.span.start}-{wire.span.stop}"
        self._line = MessageId(name), wire
        return self._line[0]

    def choose_connection(self, flow: FlowKey, connection: ConnectionId, words: str) -> MessageId:
        from chatlab.analysis.chosen import ChosenConnection

        chosen = ChosenConnection(self.streams, self.correlator, flow, connection, words)
        self._chosen_connection = chosen
        return chosen.id

    def _chosen(self, message: MessageId) -> WireRange | None:
        return self._line[1] if self._line is not None and self._line[0] == message else None

    def messages_of(self, number: int) -> tuple[MessageId, ...]:
        return self.correlator.messages_of(number)

    def message_spans(self, number: int) -> tuple[tuple[MessageId, ByteRange], ...]:
        spans = tuple(
            (message, self.correlator.frame_span(number, message))
            for message in self.messages_of(number)
        )
        if self._line is not None and (span := self.correlator.span_in(number, self._line[1])):
            spans += ((self._line[0], span),)
        return spans

    def explain_message(self, message: MessageId) -> str:
        if (line := self._chosen(message)) is not None:
            frames = self.frames_of(line)
            return self.explain_frame(frames[0]) if frames else _LINE_NOT_CAPTURED
        if (chosen := self._chosen_connection) is not None and chosen.id == message:
            return chosen.explain(self.log) or _CONNECTION_NOT_CAPTURED
        known = self.messages.get(message)
        if known is None:
            return "It is waiting: nothing of it has been written to the network yet."
        return self._explainer.message(known)

    def explain_frame(self, number: int) -> str:
        words = self._explainer.frame(number)
        return f"Not one of ChatLab’s own frames. {words}" if self.is_foreign(number) else words

    def exposure_of(self, message: MessageId) -> Exposure | None:
        wire = self._chosen(message) or self.correlator.wire(message)
        connection = wire.connection if wire is not None else None
        if (chosen := self._chosen_connection) is not None and chosen.id == message:
            connection = chosen.connection
        if connection is None:
            return None
        is_sealed = connection in self._sealed
        return Exposure.SEALED if is_sealed else Exposure.READABLE

    def tap_bytes(self, message: MessageId) -> bytes:
        wire = self._chosen(message) or self.correlator.wire(message)
        return self.correlator.carried_bytes(wire) if wire else b""

    def close(self) -> None:
        """Let go of the file; nothing more can be read."""
        self.log.close()
