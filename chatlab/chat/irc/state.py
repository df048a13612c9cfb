"""What we know of the server's side during one connection: ourselves, channels, members."""

from dataclasses import dataclass, field

from chatlab.chat.irc.isupport import ISupport
from chatlab.core.chat import Member

MAX_MEMBERS = 50_000
"""Per channel; the rest of an endless NAMES is not kept."""
_USUAL_USER_LENGTH = 10
_USUAL_HOST_LENGTH = 63
"""Until the server has shown us our own prefix: the longest that is usual."""


@dataclass(slots=True)
class Channel:
    """A channel that we are in."""

    name: str
    """Spelled as the server does."""
    members: dict[str, Member] = field(default_factory=dict)
    """By folded nick."""
    topic: str = ""
    modes: dict[str, str] = field(default_factory=dict)
    """Letter to parameter (empty without one); no lists, no member status."""
    names: dict[str, Member] | None = None
    """Members of a NAMES reply that is still coming in."""
    has_names: bool = False
    """The first NAMES reply is complete."""

    @property
    def mode_text(self) -> str:
        """E.g. ``+ntl 20``; keys are not shown."""
        if not self.modes:
            return ""
        parameters = [text for letter, text in self.modes.items() if text and letter != "k"]
        return " ".join(["+" + "".join(self.modes), *parameters])


class ServerState:
    """Everything that ends with the connection."""

    def __init__(self, nick: str) -> None:
        self.nick = nick
        self.user = ""
        self.host = ""
        self.server_name = ""
        self.caps: set[str] = set()
        self.offered: dict[str, str] = {}
        """Capabilities that the server has, in use or not: name to value."""
        self.isupport = ISupport()
        self.channels: dict[str, Channel] = {}
        """By folded name."""
        self.channel_count: int | None = None
        """Channels on the network, as the server counted them (RPL_LUSERCHANNELS)."""
        self.is_online = False
        """Registered, and the greeting is over."""

    def fold(self, name: str) -> str:
        return self.isupport.case_mapping.fold(name)

    def is_me(self, nick: str) -> bool:
        return bool(nick) and self.fold(nick) == self.fold(self.nick)

    def is_channel(self, name: str) -> bool:
        return bool(name) and name[0] in self.isupport.channel_types

    def channel(self, name: str) -> Channel | None:
        return self.channels.get(self.fold(name))

    def bare_target(self, target: str) -> str:
        """The channel of a STATUSMSG target: ``@#lab`` is a message in ``#lab``."""
        signs = self.isupport.status_targets
        bare = target.lstrip(signs) if signs else target
        return bare if self.is_channel(bare) else target

    def own_prefix(self) -> str:
        """``nick!user@host`` as the server puts it before our messages, or its worst case."""
        # A user name without an ident reply gets a tilde (RFC 1413).
        user = self.user or "~" + "u" * self.isupport.number("USERLEN", _USUAL_USER_LENGTH)
        host = self.host or "h" * self.isupport.number("HOSTLEN", _USUAL_HOST_LENGTH)
        return f"{self.nick}!{user[:100]}@{host[:100]}"

    def channels_of(self, nick: str) -> list[Channel]:
        folded = self.fold(nick)
        return [channel for channel in self.channels.values() if folded in channel.members]

    def refold(self) -> None:
        """Put names into the order of a new CASEMAPPING, should a server change it late."""
        for channel in self.channels.values():
            channel.members = {self.fold(m.nick): m for m in channel.members.values()}
        self.channels = {self.fold(c.name): c for c in self.channels.values()}
