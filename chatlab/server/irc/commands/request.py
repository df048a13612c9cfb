"""A command together with who sent it and where: what every handler is given."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from chatlab.server.irc.channel import Channel
from chatlab.server.irc.client import Client
from chatlab.server.irc.limits import LINE_LENGTH
from chatlab.server.irc.lines import Line, to_bytes
from chatlab.server.irc.network import Network
from chatlab.server.irc.numerics import ERR_NOSUCHCHANNEL, ERR_NOTONCHANNEL, Numeric

_ROOM_FOR_WORDS = LINE_LENGTH - 150
"""What is left of a line after the longest numeric, nick and channel name."""


@dataclass(frozen=True, slots=True)
class Request:
    """One command of one client."""

    network: Network
    client: Client
    line: Line

    @property
    def count(self) -> int:
        return len(self.line.parameters)

    def argument(self, index: int) -> str:
        """The parameter at ``index``, or an empty text."""
        return self.line.parameters[index] if index < self.count else ""

    def reply(self, numeric: Numeric, *middle: str, text: str | None = None) -> None:
        self.client.reply(self.network.timestamp(), numeric, *middle, text=text)

    def channel(self, name: str) -> Channel | None:
        """The channel of that name if the client may know of it, else 403 and None."""
        channel = self.network.channel(name)
        if channel is None or not channel.is_visible_to(self.client):
            self.reply(ERR_NOSUCHCHANNEL, name)
            return None
        return channel

    def own_channel(self, name: str) -> Channel | None:
        """The channel of that name if the client is in it, else 403 or 442 and None."""
        channel = self.channel(name)
        if channel is not None and self.client not in channel.members:
            self.reply(ERR_NOTONCHANNEL, channel.name)
            return None
        return channel


Handler = Callable[[Request], None]


def is_visible(viewer: Client, other: Client) -> bool:
    """User mode +i hides from those who share no channel."""
    return (
        not other.is_invisible
        or viewer is other
        or not viewer.channels.keys().isdisjoint(other.channels.keys())
    )


def lines_of_words(words: Iterable[str], room: int = _ROOM_FOR_WORDS) -> Iterator[str]:
    """The words joined by spaces, in as many lines as needed; no line for no words."""
    line: list[str] = []
    length = 0
    for word in words:
        size = len(to_bytes(word)) + 1
        if line and length + size > room:
            yield " ".join(line)
            line, length = [], 0
        line.append(word)
        length += size
    if line:
        yield " ".join(line)
