"""A lab network without sockets: clients are lists of lines, and time stands still."""

import re
from base64 import b64encode
from collections.abc import Mapping

from chatlab.server.irc.client import Client
from chatlab.server.irc.commands.dispatch import handle
from chatlab.server.irc.network import Network
from chatlab.server.irc.sasl import Accounts

ALL_CAPABILITIES = (
    "account-notify account-tag away-notify batch echo-message extended-join invite-notify "
    "labeled-response message-tags multi-prefix server-time setname userhost-in-names"
)


class Peer:
    """One client of the network, and everything that it was sent."""

    def __init__(self, network: Network, host: str = "192.0.2.7", *, is_secure: bool = False):
        self._network = network
        self._unread: list[bytes] = []
        self.is_closed = False
        client = network.connect(self, host, is_secure=is_secure)
        assert client is not None
        self.client: Client = client

    def write(self, data: bytes) -> None:
        assert data.endswith(b"\r\n")
        assert data.count(b"\n") == 1
        self._unread.append(data[:-2])

    def close(self) -> None:
        self.is_closed = True

    def say(self, *lines: str | bytes) -> list[str]:
        """Send lines; everything that has arrived since the last look."""
        for line in lines:
            handle(self._network, self.client, line if isinstance(line, bytes) else line.encode())
        return self.read()

    def read_bytes(self) -> list[bytes]:
        unread, self._unread = self._unread, []
        return unread

    def read(self) -> list[str]:
        return [line.decode(errors="surrogateescape") for line in self.read_bytes()]


class Lab:
    """A network with a clock that moves only when told to."""

    def __init__(self, accounts: Mapping[str, str] | None = None) -> None:
        self.seconds = 0.0
        self.network = Network(
            Accounts(accounts or {}),
            clock=lambda: 1_700_000_000.25 + self.seconds,
            monotonic=lambda: self.seconds,
        )

    def connect(self, host: str = "192.0.2.7") -> Peer:
        return Peer(self.network, host)

    def join(self, nick: str, *channels: str, capabilities: str = "") -> Peer:
        """A registered client in those channels, whose welcome has been read."""
        peer = self.connect()
        if capabilities:
            peer.say(f"CAP REQ :{capabilities}", "CAP END")
        peer.say(f"NICK {nick}", f"USER {nick} 0 * :Real {nick}")
        peer.say(*(f"JOIN {channel}" for channel in channels))
        return peer


def codes(lines: list[str]) -> list[str]:
    """The commands or numerics of lines."""
    return [bare(line).split(" ")[1 if bare(line).startswith(":") else 0] for line in lines]


def bare(line: str) -> str:
    """A line without its tags."""
    return re.sub(r"^@[^ ]* ", "", line)


def tags(line: str) -> dict[str, str]:
    found = re.match(r"@([^ ]*) ", line)
    pairs = found[1].split(";") if found else []
    return {key: value for key, _, value in (pair.partition("=") for pair in pairs)}


def base64(message: bytes) -> str:
    return b64encode(message).decode()
