"""Connections and messages of a capture that was made elsewhere, from the packets alone.

A stream is IRC or XMPP when what it says is: never by its port, which many others use as well.
Which end is the client is told by the SYN, else by who speaks like a server. The search is a
generator that rests often, so that a window can go on meanwhile.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import chain, islice
from typing import NamedTuple

from chatlab.analysis.contents import Contents
from chatlab.analysis.correlate import Correlator
from chatlab.analysis.irc_words import read_line
from chatlab.analysis.streams import Conversation, Streams, address_text
from chatlab.analysis.talk_irc import Heard, IrcTalk
from chatlab.analysis.talk_units import TalkUnit, talk_units
from chatlab.analysis.talk_xmpp import HeardStanza, XmppTalk
from chatlab.analysis.units import looks_like_irc
from chatlab.core.account import AccountId, Application
from chatlab.core.connection import Connection, TlsFacts
from chatlab.core.flow import (
    ByteRange,
    ConnectionId,
    Direction,
    Endpoint,
    FlowKey,
    WireRange,
)
from chatlab.core.message import Message
from chatlab.protocol.packet import ACK, SYN
from chatlab.protocol.xmpp import StreamFault, StreamUnit, UnitKind
from chatlab.protocol.xmpp_element import STREAMS_NAMESPACE, Element
from chatlab.protocol.xmpp_words import is_stanza, read_unit

MAX_FOUND = 1_000_000
"""Messages of one capture."""
JUDGED = 40
"""Units of a stream by which it is told what it speaks."""
REST = 32
"""Units between two rests."""
_COMMANDS = frozenset(
    {"ADMIN", "AUTHENTICATE", "AWAY", "BATCH", "CAP", "CHGHOST", "ERROR", "FAIL", "INFO", "INVITE"}
    | {"ACCOUNT", "ISON", "JOIN", "KICK", "KILL", "LIST", "LUSERS", "MODE", "MONITOR", "MOTD"}
    | {"NAMES", "NICK", "NOTE", "NOTICE", "OPER", "PART", "PASS", "PING", "PONG", "PRIVMSG"}
    | {"QUIT", "REDACT", "REGISTER", "RENAME", "SETNAME", "STARTTLS", "TAGMSG", "TIME", "TOPIC"}
    | {"USER", "USERHOST", "VERSION", "WALLOPS", "WARN", "WATCH", "WHO", "WHOIS", "WHOWAS"}
    | {"CHATHISTORY", "MARKREAD", "ACK", "PROTOCTL", "SILENCE", "STATS", "LINKS", "NICKSERV"}
)
_SERVER_ELEMENTS = frozenset({"features", "success", "proceed", "challenge", "failure"})
_CLIENT_ELEMENTS = frozenset({"auth", "authenticate", "starttls", "response"})


class Found(NamedTuple):
    """What was found since the last rest."""

    connection: Connection | None = None
    messages: tuple[Message, ...] = ()
    """New ones, and again those of which more is known: their ids tell."""
    rooms: frozenset[str] = frozenset()
    """XMPP: chats of these names, in lower case, are rooms."""


def find_messages(
    contents: Contents,
    streams: Streams,
    correlator: Correlator,
    is_done: Callable[[Connection], bool] = lambda connection: True,
) -> Iterator[Found]:
    """Search all streams that belong to nobody; ``correlator`` is told of connections.

    ``is_done``: whether a connection that is known need not be searched again.
    """
    left = MAX_FOUND
    for number in range(len(streams.tcp)):
        conversation = streams.tcp[number]
        known = correlator.connection_of(conversation.first_frame)
        if known is not None and is_done(known):
            continue
        if known is None and streams.log.is_of_others(conversation.first_frame):
            continue  # ChatLab's own capture of a whole interface: not ours to read.
        for found in _Stream(contents, streams, correlator, conversation).search():
            left -= len(found.messages)
            yield found
            if left <= 0:
                return
        yield Found()


class _Stream:
    """One stream that is searched."""

    def __init__(
        self,
        contents: Contents,
        streams: Streams,
        correlator: Correlator,
        conversation: Conversation,
    ) -> None:
        self._contents, self._streams = contents, streams
        self._correlator, self._conversation = correlator, conversation
        self._client = 0
        self._host = ""

    def search(self) -> Iterator[Found]:
        """What the stream holds, bit by bit; nothing where it is no chat."""
        units = talk_units(self._contents, self._streams, self._conversation.number)
        first: list[TalkUnit] = []
        while len(first) < JUDGED:
            unit = next(units, False)
            if unit is False:
                break
            if unit is None:
                yield Found()
            elif isinstance(unit, TalkUnit):
                first.append(unit)
        spoken = self._application(first)
        if spoken is None:
            return
        self._client = self._client_side(first)
        yield from self._read(spoken, first, units)

    def _read(
        self, spoken: Application, first: list[TalkUnit], rest: Iterator[TalkUnit | None]
    ) -> Iterator[Found]:
        connection = self._connection(spoken)
        self._correlator.found(connection)
        reader: _IrcReader | _XmppReader = _XmppReader(connection)
        if spoken is Application.IRC:
            reader = _IrcReader(connection)
            placed = ((each, self._wire(connection, each)) for each in first)
            reader.overhear(
                (each, self._direction(each.side), wire) for each, wire in placed if wire
            )
        units = chain(first, rest)
        is_told = False
        while batch := list(islice(units, REST)):
            said: list[Message] = []
            for unit in batch:
                if unit is None:
                    continue
                direction = self._direction(unit.side)
                wire = self._wire(connection, unit)
                time_ns = self._streams.log.time_ns(unit.frame)
                if wire is None:
                    continue
                made = list(reader.take(unit, direction, wire, time_ns, self._is_acked(unit)))
                if made and not is_told:
                    is_told = True
                    connection = self._named(connection, reader)
                    yield Found(connection)
                    reader.talk.account = connection.account
                    made = [replace(each, account=connection.account) for each in made]
                said += made
            yield Found(None, tuple(said), reader.rooms)
        if not is_told:
            yield Found(self._named(connection, reader))

    # --- what it is --------------------------------------------------------------------------

    def _application(self, units: list[TalkUnit]) -> Application | None:
        """What the first units of both sides are, by what they say."""
        elements = [each for unit in units if (each := _element(unit)) is not None]
        if any(is_stanza(each) or each.namespace == STREAMS_NAMESPACE for each in elements):
            return Application.XMPP
        lines = [unit.data for unit in units if unit.kind is None]
        known = sum(_is_command(line) for line in lines)
        is_irc = any(looks_like_irc(line) for line in lines)
        return Application.IRC if is_irc and known * 10 >= len(lines) * 9 else None

    def _client_side(self, units: list[TalkUnit]) -> int:
        place = self._streams.place(self._conversation.first_frame)
        if place is not None and place.flags & SYN:
            return 1 if place.flags & ACK else 0
        for unit in units:
            if (is_server := _speaks_as_server(unit)) is not None:
                return 1 - unit.side if is_server else unit.side
        (_, one), (_, two) = self._conversation.endpoints
        return 0 if one >= two else 1  # Nothing but the ports is left: servers have the lower one.

    def _connection(self, spoken: Application) -> Connection:
        ends = [Endpoint(address_text(end[0]), end[1]) for end in self._conversation.endpoints]
        flow = FlowKey(ends[self._client], ends[1 - self._client])
        number = self._conversation.number
        agreed = self._contents.tls(number)
        tls = None
        if agreed is not None:
            server_name = agreed.hello.server_name if agreed.hello is not None else ""
            tls = TlsFacts(
                version=agreed.version,
                cipher=agreed.cipher,
                server_name=server_name,
                chain=(),
                trust="unverified",
            )
        host = (tls.server_name if tls is not None else "") or flow.remote.address
        return Connection(
            id=ConnectionId(f"tcp.stream {number}"),
            account=AccountId(f"{flow.local} on {host}"),
            application=spoken,
            flow=flow,
            purpose=f"{spoken.name} to {host}",
            host=host,
            opened_ns=self._streams.log.time_ns(self._conversation.first_frame),
            is_captured=True,
            tls=tls,
        )

    def _named(self, connection: Connection, reader: "_IrcReader | _XmppReader") -> Connection:
        """The connection with what has become known of whose it is."""
        host = connection.host
        if connection.tls is None or not connection.tls.server_name:
            host = reader.server or host
        name = reader.name(host) or f"{connection.flow.local} on {host}"
        known = replace(
            connection,
            account=AccountId(name),
            host=host,
            purpose=f"{connection.application.name} to {host}",
        )
        self._correlator.changed(known)
        return known

    # --- one unit ----------------------------------------------------------------------------

    def _direction(self, side: int) -> Direction:
        return Direction.SENT if side == self._client else Direction.RECEIVED

    def _wire(self, connection: Connection, unit: TalkUnit) -> WireRange | None:
        stream = self._streams.direction(self._conversation.number, unit.side)
        start = stream.offset(unit.wire.start)
        if start is None:
            return None
        span = ByteRange(start, start + len(unit.wire))
        return WireRange(connection.id, self._direction(unit.side), span)

    def _is_acked(self, unit: TalkUnit) -> bool:
        """The other end's TCP has acknowledged a unit."""
        reached = self._streams.direction(self._conversation.number, unit.side).acknowledged
        return reached is not None and reached >= unit.wire.stop


class _IrcReader:
    """Gives lines to an ``IrcTalk``."""

    def __init__(self, connection: Connection) -> None:
        self.talk = IrcTalk(connection.id, str(connection.flow.local))
        self.server = ""
        self.rooms: frozenset[str] = frozenset()

    def overhear(self, units: Iterable[tuple[TalkUnit, Direction, WireRange]]) -> None:
        """Learn from the first lines who we are, where no login is among them."""
        lines = [(read_line(unit.data), direction, wire) for unit, direction, wire in units]
        if any(line is not None and line.command in ("NICK", "001") for line, *_ in lines):
            return
        for line, direction, wire in lines:
            if line is not None:
                self.talk.overhear(Heard(line, direction, wire, 0))

    def name(self, host: str) -> str:
        return f"{self.talk.nick} on {host}" if self.talk.nick else ""

    def take(
        self, unit: TalkUnit, direction: Direction, wire: WireRange, time_ns: int, is_acked: bool
    ) -> Iterator[Message]:
        line = read_line(unit.data) if unit.kind is None else None
        if line is None:
            return
        if not self.server and direction is Direction.RECEIVED and line.command == "001":
            self.server = line.source
        yield from self.talk.take(Heard(line, direction, wire, time_ns, is_acked))


class _XmppReader:
    """Gives stanzas to an ``XmppTalk``."""

    def __init__(self, connection: Connection) -> None:
        self.talk = XmppTalk(connection.id, str(connection.flow.local))

    @property
    def server(self) -> str:
        return self.talk.domain

    @property
    def rooms(self) -> frozenset[str]:
        return self.talk.rooms

    def name(self, _host: str) -> str:
        return self.talk.jid

    def take(
        self, unit: TalkUnit, direction: Direction, wire: WireRange, time_ns: int, is_acked: bool
    ) -> Iterator[Message]:
        element = _element(unit)
        if element is not None:
            yield from self.talk.take(HeardStanza(element, direction, wire, time_ns, is_acked))


def _element(unit: TalkUnit) -> Element | None:
    if unit.kind not in (UnitKind.ELEMENT, UnitKind.OPENED):
        return None
    try:
        return read_unit(StreamUnit(unit.kind, unit.data, unit.wire))
    except StreamFault:
        return None


def _is_command(data: bytes) -> bool:
    """Whether a line is one that IRC knows; an empty line may stand between two."""
    line = read_line(data)
    if line is None:
        return not data.strip()
    command = line.command.upper()
    return command in _COMMANDS or (len(command) == 3 and command.isdigit() and bool(line.source))


def _speaks_as_server(unit: TalkUnit) -> bool | None:
    """Whether only servers, or only clients, say such a thing; None where both may."""
    if unit.kind is None:
        line = read_line(unit.data)
        if line is None:
            return None
        if line.source:
            return True
        return False if line.command.upper() in ("NICK", "USER", "CAP", "PRIVMSG") else None
    element = _element(unit)
    if element is None:
        return None
    if element.name in _SERVER_ELEMENTS:
        return True
    if element.name in _CLIENT_ELEMENTS:
        return False
    return True if element.get("from") else None
