"""The blocks of a saved capture: an ordinary pcapng file.

Wireshark opens it, decrypts it by itself (the secrets come before the packets) and counts the same
frames: there is no block between packets that it would count as one. In this order, since editcap
cannot write a file anew whose secrets or names come first: section, interfaces, names of servers,
secrets, packets, what was lost.

The capture inside a ``.chatlab`` file is *bare*: what is known about messages lies beside it. Only
copies that are exported have comments, for tshark counts a frame with a comment under a root of its
own in its protocol hierarchy.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from chatlab.analysis import session_comments
from chatlab.analysis.correlate import Correlator
from chatlab.analysis.frame_log import FrameLog
from chatlab.analysis.redaction import Redaction
from chatlab.core.account import AccountId, Application
from chatlab.core.attribution import Attribution
from chatlab.core.connection import Connection
from chatlab.core.export import SecretsChoice
from chatlab.core.flow import ConnectionId, Direction
from chatlab.core.message import Message
from chatlab.protocol import pcapng
from chatlab.protocol.packet import LINK_ETHERNET

MAX_UNCAPTURED = 2_000
"""Messages without a frame that are kept; they all lie in the one section header."""
MAX_SECTION = 8 * 1024 * 1024
"""Bytes of their comments."""
_CHATS = (Application.IRC, Application.XMPP)
_CHECKSUM_NOT_READY = 1 << 9
_DIRECTIONS = {1: Direction.RECEIVED, 2: Direction.SENT}
"""The lowest two bits of epb_flags."""


class _Comment(NamedTuple):
    """What is said about a message on one frame, and its place among others."""

    order: tuple[int, int, int, str]
    text: str


@dataclass(frozen=True, slots=True)
class Contents:
    """What a saved capture is made of."""

    log: FrameLog
    correlator: Correlator
    messages: Sequence[Message]
    key_log: str
    """Lines of an NSS key log, beside those that the log holds."""
    application: str
    """Name and version of this program."""
    count: int | None = None
    """How many frames of the log; None for all of them."""


def session_blocks(
    contents: Contents,
    secrets: SecretsChoice = SecretsChoice.KEEP,
    *,
    is_bare: bool = False,
    redaction: Redaction | None = None,
) -> Iterator[bytes]:
    """The blocks in order, to be written one after the other.

    ``redaction`` is needed for ``SecretsChoice.REDACT``: what it has found is blanked. One piece
    for each message (an empty one: who writes may rest there) and then for each frame; what comes
    while these are taken is not in the file.
    """
    assert (secrets is SecretsChoice.REDACT) is (redaction is not None)
    log = contents.log
    count = len(log) if contents.count is None else contents.count
    comments = _Comments(contents, secrets, redaction, count)
    if not is_bare:
        yield from comments.collect()
    yield pcapng.section_header(
        application=contents.application, comments=comments.of_section(is_bare=is_bare)
    )
    yield from _interfaces(log)
    if names := _names(contents.correlator):
        yield pcapng.name_resolution(names)
    if secrets is SecretsChoice.KEEP and (keys := _keys(log, contents.key_log)):
        yield pcapng.decryption_secrets(keys)
    yield from _packets(log, count, comments, redaction)


def messages_told(
    messages: Sequence[Message], connections: Sequence[Connection], secrets: SecretsChoice
) -> list[Message]:
    """The messages that a copy tells of: without keys, only those that crossed in clear."""
    if secrets is SecretsChoice.KEEP:
        return list(messages)
    clear = {each.id for each in connections if each.tls is None}
    return [each for each in messages if each.wire is not None and each.wire.connection in clear]


class _Comments:
    """Everything that is said about frames, by frame."""

    def __init__(
        self,
        contents: Contents,
        secrets: SecretsChoice,
        redaction: Redaction | None,
        count: int,
    ) -> None:
        self._contents = contents
        self._secrets = secrets
        self._redaction = redaction
        self._count = count
        self._frames: dict[int, list[_Comment]] = {}
        self._loose: list[_Comment] = []

    def collect(self) -> Iterator[bytes]:
        """Write the comments of all messages; an empty piece for each."""
        correlator = self._contents.correlator
        told = messages_told(self._contents.messages, correlator.connections, self._secrets)
        for message in told:
            if self._redaction is not None:
                message = replace(message, text=self._redaction.message_text(message))
            self._add(message, correlator.attribution(message.id))
            yield b""

    def _add(self, message: Message, known: Attribution) -> None:
        order = order_of(message)
        here = [number for number in known.frames if number <= self._count]
        first = _Comment(order, session_comments.of_message(message))
        if not here:
            self._loose.append(first)
            return
        self._frames.setdefault(here[0], []).append(first)
        for number in here[1:]:
            role = "again" if number in known.retransmissions else "goes on"
            self._note_part(message, number, role)
        for number in known.echo_frames:
            if number <= self._count and number not in here:
                self._note_part(message, number, "echo of the server")

    def _note_part(self, message: Message, number: int, role: str) -> None:
        comment = _Comment(order_of(message), session_comments.of_part(message, role))
        self._frames.setdefault(number, []).append(comment)

    def of_frame(self, number: int, others: Sequence[str]) -> list[str]:
        """Those that somebody else wrote, then ours."""
        kept = [self._clean(text) for text in others if not session_comments.is_ours(text)]
        return [*kept, *(each.text for each in sorted(self._frames.get(number, ())))]

    def of_section(self, *, is_bare: bool) -> list[str]:
        log, correlator = self._contents.log, self._contents.correlator
        others = [self._clean(t) for t in log.section_comments if not session_comments.is_ours(t)]
        if is_bare:
            return others
        hidden = self._hidden_accounts(correlator.connections)
        connections: list[str] = []
        for number, each in enumerate(correlator.connections, 1):
            shown = each
            if (account := hidden.get(each.account)) is not None:
                name = ConnectionId(f"{account}/{number}")
                # What it was for may name people and files that TLS has sealed.
                what = each.application.name
                shown = replace(each, id=name, account=account, purpose=what)
            connections.append(session_comments.of_connection(shown, correlator.anchors(each.id)))
        return [*others, *connections, *_newest([each.text for each in sorted(self._loose)])]

    def _hidden_accounts(self, connections: Sequence[Connection]) -> dict[AccountId, AccountId]:
        """Without keys, an account that only TLS has seen keeps its name, which may be a nick."""
        if self._secrets is SecretsChoice.KEEP:
            return {}
        chats = [each for each in connections if each.application in _CHATS]
        in_clear = {each.account for each in chats if each.tls is None}
        sealed = dict.fromkeys(each.account for each in connections if each.account not in in_clear)
        return {account: AccountId(f"account {n}") for n, account in enumerate(sealed, 1)}

    def _clean(self, text: str) -> str:
        return self._redaction.text(text) if self._redaction is not None else text


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


def _names(correlator: Correlator) -> list[tuple[str, str]]:
    """Addresses of servers and the names that they were asked for by."""
    found = {
        each.flow.remote.address: each.host
        for each in correlator.connections
        if each.application in _CHATS
    }
    return [(address, host) for address, host in found.items() if host and host != address]


def _packets(
    log: FrameLog, count: int, comments: _Comments, redaction: Redaction | None
) -> Iterator[bytes]:
    """The first ``count`` frames with their comments, then what was lost."""
    for number in range(1, count + 1):
        options, raw = log.options(number), log.raw(number)
        is_pending = bool(options.flags & _CHECKSUM_NOT_READY)
        if redaction is not None:
            raw = redaction.blanked(number, raw, is_pending=is_pending)
        yield pcapng.enhanced_packet(
            log.interface_index(number),
            max(0, log.time_ns(number)),
            raw,
            log.wire_length(number),
            direction=_DIRECTIONS.get(options.flags & 3),
            checksum_not_ready=is_pending,
            comments=comments.of_frame(number, options.comments),
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


def order_of(message: Message) -> tuple[int, int, int, str]:
    """By time; within a server's clock tick by bytes; within a TLS record by the id's number."""
    start = message.wire.span.start if message.wire else 0
    return message.time_ns, start, len(message.id), message.id
