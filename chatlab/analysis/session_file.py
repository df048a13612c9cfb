"""What a saved capture holds, and how it is read back.

A saved capture is an ordinary pcapng file: Wireshark opens it, decrypts it by itself (the secrets
come before the packets) and counts the same frames. What only ChatLab knows goes into comments,
which every tool keeps: one of the section per connection (``chatlab-session {JSON}``), and one of the
first frame that carries a message: a line for people, then ``chatlab-message {JSON}``. Frame numbers
are not stored; they follow from the offsets, so a file that was cut or merged still gives right ones.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypedDict

from chatlab.analysis import session_json
from chatlab.analysis.binding import Anchor
from chatlab.analysis.correlate import Correlator
from chatlab.analysis.frame_log import FrameLog
from chatlab.core.connection import Connection
from chatlab.core.errors import FileError
from chatlab.core.flow import ConnectionId, Direction
from chatlab.core.message import Message, MessageId
from chatlab.protocol import pcapng
from chatlab.protocol.packet import LINK_ETHERNET

SESSION_PREFIX = "chatlab-session "
MESSAGE_PREFIX = "chatlab-message "
MAX_UNCAPTURED = 2_000
"""Messages without a frame that are kept; they all lie in the one section header."""
MAX_SECTION = 8 * 1024 * 1024
"""Bytes of their comments."""
MAX_MESSAGES = 1_000_000
MAX_TEXT = 5_000
"""Characters of a message: one comment holds 65,535 bytes, and this text twice."""
_CHECKSUM_NOT_READY = 1 << 9
_Order = tuple[int, int, int, str]
_Comment = tuple[_Order, str]
"""What is said about a message, and its place among others."""


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


# --- writing ------------------------------------------------------------------------------------


def session_blocks(
    log: FrameLog,
    correlator: Correlator,
    messages: Sequence[Message],
    key_log: str,
    *,
    application: str,
    with_secrets: bool,
) -> Iterator[bytes]:
    """The blocks of a saved capture, in order, to be written one after the other.

    ``with_secrets``: keep the keys of TLS and the texts that were sent under it; without,
    the file shows no more than anybody on the path could see. One piece for each message (an
    empty one: who writes may rest there) and then for each frame; what comes while these are
    taken is not in the file.
    """
    count = len(log)
    sealed = {each.id for each in correlator.connections if each.tls is not None}
    comments: dict[int, list[_Comment]] = {}
    loose: list[_Comment] = []
    for message in messages:
        wire = message.wire
        is_withheld = not with_secrets and wire is not None and wire.connection in sealed
        comment = _order(message), _message_comment(message, is_withheld=is_withheld)
        frames = correlator.attribution(message.id).frames
        is_here = bool(frames) and frames[0] <= count
        (comments.setdefault(frames[0], []) if is_here else loose).append(comment)
        yield b""
    yield pcapng.section_header(
        application=application,
        comments=[
            *(text for text in log.section_comments if not _is_ours(text)),
            *_session_comments(correlator),
            *_newest([text for _, text in sorted(loose)]),
        ],
    )
    yield from _interfaces(log)
    if with_secrets and (keys := _keys(log, key_log)):
        # In this order: editcap 4.0 cannot write a file anew whose secrets come first.
        yield pcapng.decryption_secrets(keys)
    yield from _packets(log, count, comments)


def _interfaces(log: FrameLog) -> Iterator[bytes]:
    for described in log.interfaces:
        yield pcapng.interface(
            described.name,
            described.link_type,
            described.snaplen,
            description=described.description,
            filter=described.filter,
        )
    if not log.interfaces:
        yield pcapng.interface("", LINK_ETHERNET)


def _packets(log: FrameLog, count: int, comments: dict[int, list[_Comment]]) -> Iterator[bytes]:
    """The first ``count`` frames with their comments, then what was lost."""
    for number in range(1, count + 1):
        frame, options = log.frame(number), log.options(number)
        own = [text for text in options.comments if not _is_ours(text)]
        yield pcapng.enhanced_packet(
            log.interface_index(number),
            max(0, frame.time_ns),
            log.raw(number),
            frame.wire_length,
            direction=frame.direction,
            checksum_not_ready=bool(options.flags & _CHECKSUM_NOT_READY),
            comments=[*own, *(text for _, text in sorted(comments.get(number, ())))],
        )
    for interface, block in sorted(log.statistics.items()):
        yield pcapng.interface_statistics(interface, block.received, block.dropped, block.time_ns)


def _keys(log: FrameLog, key_log: str) -> bytes:
    """The key log of this session, and what the capture file held before; no line twice."""
    held = [block.data for block in log.secrets if block.kind == pcapng.TLS_KEY_LOG]
    lines = b"\n".join([*held, key_log.encode("ascii", "replace")]).splitlines()
    return b"".join(line + b"\n" for line in dict.fromkeys(lines) if line)


def _newest(comments: Sequence[str]) -> list[str]:
    """As many of the last comments as the section header has room for, in their order."""
    kept: list[str] = []
    room = MAX_SECTION
    for comment in reversed(comments[-MAX_UNCAPTURED:]):
        room -= len(comment.encode("utf-8", "replace"))
        if room < 0:
            break
        kept.append(comment)
    return kept[::-1]


def _is_ours(comment: str) -> bool:
    return comment.startswith(SESSION_PREFIX) or _message_json(comment) is not None


def _message_json(comment: str) -> str | None:
    """The JSON of a message's comment. Its first line may say anything, even the prefix."""
    last = comment.rpartition("\n")[2]
    return last.removeprefix(MESSAGE_PREFIX) if last.startswith(MESSAGE_PREFIX) else None


def _session_comments(correlator: Correlator) -> list[str]:
    found: list[str] = []
    for connection in correlator.connections:
        anchors = correlator.anchors(connection.id)
        value = session_json.from_connection(connection, anchors)
        comment = SESSION_PREFIX + session_json.dumps(value)
        if len(comment.encode()) > pcapng.MAX_OPTION - 1:
            comment = SESSION_PREFIX + session_json.dumps(session_json.without_chain(value))
        found.append(comment)
    return found


def _message_comment(message: Message, *, is_withheld: bool) -> str:
    value = session_json.from_message(message, is_withheld=is_withheld)
    text = "(text not saved)" if is_withheld else " ".join(message.text.split())
    human = f"{message.sender} → {message.target}: {text[:MAX_TEXT]}"
    if len(message.text) > MAX_TEXT and not is_withheld:
        value["text"] = message.text[:MAX_TEXT]
    return f"{human}\n{MESSAGE_PREFIX}{session_json.dumps(value)}"


# --- reading ------------------------------------------------------------------------------------


def read_session(log: FrameLog) -> SavedSession:
    """What a capture file says about connections and messages; empty for a foreign file.

    Raises FileError when it was ChatLab's, but cannot be understood any more.
    """
    log.pull()
    connections: dict[ConnectionId, Connection] = {}
    anchors: dict[ConnectionId, dict[Direction, Anchor]] = {}
    messages: dict[MessageId, Message] = {}
    try:
        for text in _comments(log):
            if text.startswith(SESSION_PREFIX):
                value = session_json.loads(text.removeprefix(SESSION_PREFIX))
                connection = session_json.to_connection(value)
                connections[connection.id] = connection
                anchors[connection.id] = session_json.to_anchors(value)
            elif (found := _message_json(text)) and len(messages) < MAX_MESSAGES:
                message = session_json.to_message(session_json.loads(found))
                messages[message.id] = message
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise FileError(
            f"{log.path.name} was saved by ChatLab, but its comments are damaged: {error!r}.",
            "Its frames can still be read, e.g. in Wireshark.",
        ) from error
    ordered = sorted(messages.values(), key=_order)
    return SavedSession(tuple(connections.values()), tuple(ordered), anchors)


def _comments(log: FrameLog) -> Iterator[str]:
    yield from log.section_comments
    for number in log.commented:
        yield from log.comments(number)


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
    for message in sorted(messages, key=_order):
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


def _order(message: Message) -> _Order:
    """By time; within a server's clock tick by bytes; within a TLS record by the id's number."""
    start = message.wire.span.start if message.wire else 0
    return message.time_ns, start, len(message.id), message.id


def iso_time(time_ns: int) -> str:
    """ISO 8601 in UTC with nanoseconds."""
    seconds, rest = divmod(time_ns, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"
