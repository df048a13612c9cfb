"""One of the captures that are compared, and what is known of the connections in it."""

from bisect import bisect_right
from collections.abc import Callable, Generator, Iterable, Iterator

from chatlab.analysis.compare_steps import ENTRIES_AT_ONCE, finish
from chatlab.analysis.compare_talk import Talk
from chatlab.analysis.contents import Contents
from chatlab.analysis.correlate import Correlator
from chatlab.analysis.frame_log import FrameLog
from chatlab.analysis.streams import Conversation, Streams, packed
from chatlab.core.account import Application
from chatlab.core.comparison import Side
from chatlab.core.connection import Connection
from chatlab.core.flow import ConnectionId, Direction, Transport
from chatlab.core.message import Message
from chatlab.protocol.tls_secrets import KeyLog

DNS_WINDOW_NS = 60_000_000_000
"""A look-up belongs to the connection of the same account that follows it within this time."""
CHATS = frozenset({Application.IRC, Application.XMPP})


class Specimen:
    """A capture, growing or finished; its own reader of TLS is never switched off."""

    def __init__(
        self,
        number: int,
        name: str,
        log: FrameLog,
        streams: Streams,
        correlator: Correlator,
        messages: Callable[[], Iterable[Message]],
        keys: KeyLog,
    ) -> None:
        """``name`` is that of its file, empty for the session that is running."""
        self.number = number
        self.name = name
        self.log = log
        self.streams = streams
        self.correlator = correlator
        self.messages = messages
        self.keys = keys
        self.contents = Contents(streams, correlator, keys)
        self._talks: dict[tuple[ConnectionId, bool], Talk] = {}
        self._frames: dict[int, tuple[list[int], int]] = {}
        """Frames by ``tcp.stream``, and the last frame that was looked at for them."""
        self._spoken: dict[ConnectionId, tuple[list[tuple[int, int]], int]] = {}

    @property
    def connections(self) -> tuple[Connection, ...]:
        """The connections for chats."""
        return tuple(c for c in self.correlator.connections if c.application in CHATS)

    def connection(self, side: Side) -> Connection | None:
        found = (each for each in self.connections if each.id == side.connection)
        return next(found, None)

    def conversation(self, connection: Connection) -> Conversation | None:
        """The captured stream of a connection; None where no frame of it was captured."""
        for conversation in reversed(self.streams.of_flow(connection.flow)):
            ours = self.correlator.connection_of(conversation.first_frame)
            if ours is not None and ours.id == connection.id:
                return conversation
        return None

    def client(self, connection: Connection) -> int:
        """The side of its stream that is ours; 0 where no frame of it was captured."""
        conversation = self.conversation(connection)
        if conversation is None or conversation.endpoints[0] == packed(connection.flow.local):
            return 0
        return 1

    def talk(self, connection: Connection, *, is_read: bool = True) -> Talk | None:
        """What both ends said, up to date; ``is_read``: inside of TLS, too, where keys are."""
        return finish(self.talk_steps(connection, is_read=is_read))

    def talk_steps(
        self, connection: Connection, *, is_read: bool = True
    ) -> Generator[None, None, Talk | None]:
        """The same, step by step."""
        conversation = self.conversation(connection)
        if conversation is None or conversation.tcp is None:
            return None
        number = conversation.number
        if not any(self.contents.decryption(number, each) is not None for each in (0, 1)):
            is_read = False  # There is nothing to look into, or no key to do so.
        key = connection.id, is_read
        known = self._talks.get(key)
        if known is None or known.stream != conversation.number:
            client = self.client(connection)
            made = Talk(self.streams, self.contents, conversation.number, client, is_read=is_read)
            known = self._talks[key] = made
        yield from known.steps()
        return known

    def frames(self, connection: Connection, last: int | None = None) -> list[int]:
        """The frames of a connection, in order; those up to number ``last``."""
        conversation = self.conversation(connection)
        if conversation is None:
            return []
        found = self._find_frames(conversation, len(self.streams))
        return found if last is None else found[: bisect_right(found, last)]

    def spoken(self, connection: Connection) -> list[tuple[int, int]]:
        """The frames of a connection that have payload, and how much."""
        return self._find_spoken(connection, self.frames(connection))

    def look(self, connection: Connection) -> Iterator[None]:
        """Find its frames step by step: ``frames`` and ``spoken`` are quick then."""
        conversation = self.conversation(connection)
        if conversation is None:
            return
        begin = self._frames.get(conversation.number, ([], conversation.first_frame - 1))[1]
        for stop in range(begin, len(self.streams), ENTRIES_AT_ONCE):
            self._find_spoken(connection, self._find_frames(conversation, stop))
            yield

    def _find_frames(self, conversation: Conversation, stop: int) -> list[int]:
        """Its frames, looked for up to number ``stop`` at least."""
        found, seen = self._frames.get(conversation.number, ([], conversation.first_frame - 1))
        found.extend(
            number
            for number in range(seen + 1, stop + 1)
            if self.streams.tcp_stream(number) == conversation.number
        )
        self._frames[conversation.number] = found, max(seen, stop)
        return found

    def _find_spoken(self, connection: Connection, frames: list[int]) -> list[tuple[int, int]]:
        found, seen = self._spoken.get(connection.id, ([], 0))
        for number in frames[seen:]:
            place = self.streams.place(number)
            if place is not None and len(place.payload):
                found.append((number, len(place.payload)))
        self._spoken[connection.id] = found, len(frames)
        return found

    def lookups(self, connection: Connection) -> list[tuple[Connection, list[int]]]:
        """The look-ups of DNS that led to a connection, each with its frames."""
        found: list[tuple[Connection, list[int]]] = []
        for each in self.correlator.connections:
            before = connection.opened_ns - each.opened_ns
            if (
                each.application is Application.DNS
                and each.account == connection.account
                and 0 <= before <= DNS_WINDOW_NS
                and self._next_chat(each) == connection.id
            ):
                found.append((each, self._lookup_frames(each)))
        return [(each, frames) for each, frames in found if frames]

    def _next_chat(self, lookup: Connection) -> ConnectionId | None:
        """The first connection for chats that its account opened after a look-up."""
        after = [
            each
            for each in self.connections
            if each.account == lookup.account and each.opened_ns >= lookup.opened_ns
        ]
        return min(after, key=lambda each: each.opened_ns).id if after else None

    def _lookup_frames(self, lookup: Connection) -> list[int]:
        frames: list[int] = []
        for conversation in self.streams.of_flow(lookup.flow):
            for number in range(conversation.first_frame, len(self.streams) + 1):
                if self.log.time_ns(number) > lookup.opened_ns + DNS_WINDOW_NS:
                    break
                place = self.streams.place(number)
                if place is None or place.stream != conversation.number:
                    continue
                is_same = place.transport is lookup.flow.transport
                ours = self.correlator.connection_of(number) if is_same else None
                if ours is not None and ours.id == lookup.id:
                    frames.append(number)
        return frames

    def direction(self, connection: Connection, number: int) -> Direction:
        """Who sent a frame of a connection."""
        place = self.streams.place(number)
        if place is None:
            return Direction.SENT
        is_tcp = place.transport is Transport.TCP
        table = self.streams.tcp if is_tcp else self.streams.udp
        sender = table[place.stream].endpoints[place.side]
        is_ours = sender == packed(connection.flow.local)
        return Direction.SENT if is_ours else Direction.RECEIVED
