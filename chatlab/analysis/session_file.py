"""What a saved capture says about our own connections and their messages, read back.

``session_blocks`` writes it, ``session_comments`` has the form. Frame numbers are not stored; they
follow from the offsets, so a file that was cut or merged still gives right ones.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypedDict

from chatlab.analysis import session_comments, session_json
from chatlab.analysis.binding import Anchor
from chatlab.analysis.correlate import Correlator
from chatlab.analysis.frame_log import FrameLog
from chatlab.analysis.session_blocks import order_of
from chatlab.core.connection import Connection
from chatlab.core.errors import FileError
from chatlab.core.flow import ConnectionId, Direction
from chatlab.core.message import Message, MessageId

MAX_MESSAGES = 1_000_000


class MessageRecord(TypedDict):
    """One message as scripts and teachers read it."""

    id: str
    time: str
    """ISO 8601, UTC."""
    account: str
    protocol: str
    direction: str
    sender: str
    target: str
    text: str
    tls: str | None
    stream: int | None
    bytes: list[int] | None
    """``[start, stop)`` in its direction of the TCP stream."""
    frames: list[int]
    acks: list[int]
    evidence: str | None
    delivery: str | None
    retransmissions: list[int]
    echo_frames: list[int]


@dataclass(frozen=True, slots=True)
class SavedSession:
    """What a saved capture says about our own connections and their messages."""

    connections: tuple[Connection, ...]
    messages: tuple[Message, ...]
    anchors: dict[ConnectionId, dict[Direction, Anchor]]


def read_session(log: FrameLog) -> SavedSession:
    """What a capture file says about connections and messages; empty for a foreign file.

    Raises FileError when it was ChatLab's, but cannot be understood any more.
    """
    log.pull()
    connections: dict[ConnectionId, Connection] = {}
    anchors: dict[ConnectionId, dict[Direction, Anchor]] = {}
    messages: dict[MessageId, Message] = {}
    where = ""
    try:
        for where, text in _comments(log):  # noqa: B007 - a complaint names it.
            if (found := session_comments.session_json_of(text)) is not None:
                value = session_json.loads(found)
                connection = session_json.to_connection(value)
                connections[connection.id] = connection
                anchors[connection.id] = session_json.to_anchors(value)
            elif (found := session_comments.message_json(text)) and len(messages) < MAX_MESSAGES:
                message = session_json.to_message(session_json.loads(found))
                messages[message.id] = message
    except session_json.DAMAGES as error:
        raise FileError(
            f"{log.path.name} was saved by ChatLab, but its comments are damaged: {where} "
            f"{session_json.complaint(error)}.",
            "Its frames can still be read; for the messages, ask for another copy.",
        ) from error
    ordered = sorted(messages.values(), key=order_of)
    return SavedSession(tuple(connections.values()), tuple(ordered), anchors)


def _comments(log: FrameLog) -> Iterator[tuple[str, str]]:
    """Where each comment is, in words, and what it says."""
    for text in log.section_comments:
        yield "the comment of a section", text
    for number in log.commented:
        for text in log.comments(number):
            yield f"the comment of frame {number:,}", text


def restore(saved: SavedSession, correlator: Correlator) -> None:
    """Tell a correlator what a saved capture knows, as the live connections would have."""
    for connection in saved.connections:
        correlator.opened(connection)
        for direction, anchor in saved.anchors.get(connection.id, {}).items():
            correlator.anchor(connection.id, direction, anchor)
    for message in saved.messages:
        if message.wire is not None:
            correlator.assign(message.id, message.wire, message.echo)


def message_records(messages: Iterable[Message], correlator: Correlator) -> Iterator[MessageRecord]:
    """Messages with their frames, in the order of their time."""
    connections = {each.id: each for each in correlator.connections}
    for message in sorted(messages, key=order_of):
        wire = message.wire
        connection = connections.get(wire.connection) if wire is not None else None
        known = correlator.attribution(message.id)
        yield MessageRecord(
            id=message.id,
            time=iso_time(message.time_ns),
            account=message.account,
            protocol=message.application.value,
            direction=message.direction.value,
            sender=message.sender,
            target=message.target,
            text=message.text,
            tls=connection.tls.version if connection is not None and connection.tls else None,
            stream=known.stream,
            bytes=[wire.span.start, wire.span.stop] if wire is not None else None,
            frames=list(known.frames),
            acks=list(known.acks),
            evidence=known.evidence.value if known.evidence is not None else None,
            delivery=message.delivery.value if message.delivery is not None else None,
            retransmissions=list(known.retransmissions),
            echo_frames=list(known.echo_frames),
        )


def iso_time(time_ns: int) -> str:
    """ISO 8601 in UTC with nanoseconds."""
    seconds, rest = divmod(time_ns, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"
