"""The network's state: everybody on it, its channels, and what happens to them. No IO.

Plain and TLS listeners feed the same network, so their users meet. Time comes in through two
functions: seconds since the epoch for what people see, monotonic ones for what runs out.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from secrets import token_hex

from chatlab.server.irc.channel import Channel, Member
from chatlab.server.irc.client import Client, Event, Link
from chatlab.server.irc.limits import (
    MAX_CLIENTS,
    MAX_WHOWAS,
    PING_AFTER_SECONDS,
    PING_TIMEOUT_SECONDS,
    REGISTRATION_SECONDS,
    SERVER_NAME,
)
from chatlab.server.irc.lines import encode_body, fold
from chatlab.server.irc.sasl import Accounts

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds after which a silent client is pinged, and dropped."""

    registration: float = REGISTRATION_SECONDS
    ping_after: float = PING_AFTER_SECONDS
    ping_timeout: float = PING_TIMEOUT_SECONDS


@dataclass(frozen=True, slots=True)
class Departed:
    """Who used a nick before (WHOWAS)."""

    nick: str
    user: str
    host: str
    real_name: str
    time: int


class Network:
    """All clients and channels of one server."""

    def __init__(
        self,
        accounts: Accounts | None = None,
        *,
        clock: Clock = time.time,
        monotonic: Clock = time.monotonic,
        patience: Patience | None = None,
    ) -> None:
        self.accounts = accounts or Accounts({})
        self.clients: set[Client] = set()
        self.channels: dict[str, Channel] = {}
        self.whowas: deque[Departed] = deque(maxlen=MAX_WHOWAS)
        self.most_users = 0
        self._nicks: dict[str, Client] = {}
        self._clock = clock
        self._monotonic = monotonic
        self._patience = patience or Patience()
        self._message_ids = count(1)
        self._run = token_hex(4)
        self.started = self.now()

    # --- time and lines

    def now(self) -> int:
        """Whole seconds since the epoch."""
        return int(self._clock())

    def monotonic(self) -> float:
        return self._monotonic()

    def timestamp(self) -> str:
        """Now, as server-time wants it: ISO 8601, UTC, milliseconds."""
        moment = datetime.fromtimestamp(self._clock(), UTC)
        return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"

    def message_id(self) -> str:
        """Unique over this run and all others (IRCv3 message-ids)."""
        return f"{self._run}-{next(self._message_ids)}"

    def event(
        self,
        source: Client | None,
        command: str,
        *middle: str,
        text: str | None = None,
        needs: str = "",
    ) -> Event:
        """A line from ``source``, or from the server, stamped with this moment."""
        prefix = source.source if source else SERVER_NAME
        return Event(
            body=encode_body(prefix, command, middle, text),
            time=self.timestamp(),
            account=source.account if source else "",
            needs=needs,
        )

    def message(
        self, source: Client, command: str, target: str, text: str | None, tags: Mapping[str, str]
    ) -> Event:
        """A PRIVMSG, NOTICE or TAGMSG with its id and its client-only tags."""
        return Event(
            body=encode_body(source.source, command, (target,), text),
            time=self.timestamp(),
            account=source.account,
            message_id=self.message_id(),
            client_tags={key: value for key, value in tags.items() if key.startswith("+")},
            needs="message-tags" if command == "TAGMSG" else "",
        )

    # --- who is here

    @property
    def users(self) -> list[Client]:
        """Registered clients in the order of their nicks."""
        registered = (client for client in self.clients if client.is_registered)
        return sorted(registered, key=lambda client: fold(client.nick))

    def connect(self, link: Link, host: str, *, is_secure: bool) -> Client | None:
        """A new client, or None when the server is full (the link has been told and closed)."""
        client = Client(link, host, is_secure=is_secure, now=self._monotonic())
        if len(self.clients) >= MAX_CLIENTS:
            client.send(self.event(None, "ERROR", text="The server is full: try again later"))
            client.close()
            return None
        self.clients.add(client)
        return client

    def find(self, nick: str) -> Client | None:
        """The registered client of that nick."""
        client = self._nicks.get(fold(nick))
        return client if client and client.is_registered else None

    def holder(self, nick: str) -> Client | None:
        """Whoever has taken the nick, even while still registering."""
        return self._nicks.get(fold(nick))

    def channel(self, name: str) -> Channel | None:
        return self.channels.get(fold(name))

    def channels_of(self, client: Client) -> list[Channel]:
        return [self.channels[folded] for folded in client.channels]

    def neighbours(self, client: Client) -> set[Client]:
        """Everybody who shares a channel with ``client``, without itself."""
        found = {member for channel in self.channels_of(client) for member in channel.members}
        return found - {client}

    # --- what happens

    def rename(self, client: Client, nick: str) -> None:
        """Take a nick that is legal and free; telling others is the caller's business."""
        if client.nick:
            del self._nicks[fold(client.nick)]
        if client.is_registered:
            self._remember(client)
        client.nick = nick
        self._nicks[fold(nick)] = client

    def registered(self, client: Client) -> None:
        client.is_registered = True
        client.signed_on = self.now()
        self.most_users = max(self.most_users, len(self.users))

    def enter(self, client: Client, name: str) -> Channel:
        """Put a client into a channel, which is made if need be."""
        channel = self.channels.get(fold(name))
        if channel is None:
            channel = self.channels[fold(name)] = Channel(name, self.now())
        channel.members[client] = Member(is_operator=not channel.members)
        channel.invited.discard(client)
        client.channels[fold(name)] = channel.name
        return channel

    def leave(self, client: Client, channel: Channel) -> None:
        """Take a client out of a channel; an empty channel is gone, with its modes."""
        del channel.members[client]
        del client.channels[fold(channel.name)]
        if not channel.members:
            del self.channels[fold(channel.name)]

    def drop(self, client: Client, reason: str) -> None:
        """End a connection: tell its neighbours, forget it, close it. May be called twice."""
        if client.is_gone:
            return
        client.is_gone = True
        if client.is_registered:
            quit_event = self.event(client, "QUIT", text=reason)
            tell(self.neighbours(client), quit_event)
            self._remember(client)
        for channel in self.channels_of(client):
            self.leave(client, channel)
        for channel in self.channels.values():
            channel.invited.discard(client)
        self.clients.discard(client)
        if client.nick:
            del self._nicks[fold(client.nick)]
        client.send(self.event(None, "ERROR", text=f"Closing link: {client.host} ({reason})"))
        client.end_response(self.timestamp())
        client.close()

    def sweep(self) -> None:
        """Ping who is silent, drop who does not answer; to be called every few seconds."""
        now, patience = self._monotonic(), self._patience
        for client in list(self.clients):
            silent = now - client.heard_at
            if not client.is_registered:
                if now - client.connected_at > patience.registration:
                    self.drop(client, "Registration timed out")
            elif client.pinged_at is not None:
                if now - client.pinged_at > patience.ping_timeout:
                    self.drop(client, f"Ping timeout: {silent:.0f} seconds")
            elif silent > patience.ping_after:
                client.pinged_at = now
                # A PING carries no source, as a client's own server needs none.
                body = encode_body("", "PING", (), SERVER_NAME)
                client.send(Event(body=body, time=self.timestamp()))

    def heard(self, client: Client) -> None:
        """Bytes came from the client: it is alive."""
        client.heard_at = self._monotonic()
        client.pinged_at = None

    def _remember(self, client: Client) -> None:
        self.whowas.appendleft(
            Departed(client.nick, client.user, client.host, client.real_name, self.now())
        )


def tell(clients: Iterable[Client], event: Event) -> None:
    """Deliver one event to several clients, each once."""
    for client in list(clients):
        client.send(event)
