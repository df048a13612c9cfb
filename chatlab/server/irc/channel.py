"""One channel: its members and their ranks, its modes, and who may do what. No IO."""

from dataclasses import dataclass

from chatlab.server.irc.client import Client
from chatlab.server.irc.lines import fold, matches
from chatlab.server.irc.numerics import (
    ERR_BADCHANNELKEY,
    ERR_BANNEDFROMCHAN,
    ERR_CHANNELISFULL,
    ERR_INVITEONLYCHAN,
    Numeric,
)

DEFAULT_FLAGS = "nt"
"""What other servers give a new channel, too: no messages from outside, topic by operators."""


@dataclass(slots=True)
class Member:
    """A client's rank in one channel."""

    is_operator: bool = False
    is_voiced: bool = False

    def prefixes(self, *, every: bool) -> str:
        """``@``, ``+`` or nothing; both when ``every`` is asked for (multi-prefix)."""
        all_prefixes = "@" * self.is_operator + "+" * self.is_voiced
        return all_prefixes if every else all_prefixes[:1]


@dataclass(frozen=True, slots=True)
class Topic:
    """What the channel is about, by whom, and since when (seconds since the epoch)."""

    text: str
    setter: str
    time: int


@dataclass(frozen=True, slots=True)
class Ban:
    """A nick!user@host mask that is kept out (mode +b)."""

    mask: str
    setter: str
    time: int


class Channel:
    """A channel exists while somebody is in it; whoever made it is its first operator."""

    def __init__(self, name: str, created: int) -> None:
        self.name = name
        self.created = created
        self.topic: Topic | None = None
        self.members: dict[Client, Member] = {}
        self.flags = set(DEFAULT_FLAGS)
        self.key = ""
        self.limit = 0
        """Most members (mode +l); 0 for any number."""
        self.bans: list[Ban] = []
        self.invited: set[Client] = set()

    @property
    def is_secret(self) -> bool:
        return "s" in self.flags

    def is_operator(self, client: Client) -> bool:
        member = self.members.get(client)
        return member is not None and member.is_operator

    def is_visible_to(self, client: Client) -> bool:
        return not self.is_secret or client in self.members

    def is_banned(self, client: Client) -> bool:
        return any(matches(ban.mask, client.source) for ban in self.bans)

    def refusal(self, client: Client, key: str) -> Numeric | None:
        """Why ``client`` may not join, or None. An invitation overrides everything but +k."""
        if self.key and key != self.key:
            return ERR_BADCHANNELKEY
        if client in self.invited:
            return None
        if "i" in self.flags:
            return ERR_INVITEONLYCHAN
        if self.limit and len(self.members) >= self.limit:
            return ERR_CHANNELISFULL
        return ERR_BANNEDFROMCHAN if self.is_banned(client) else None

    def may_speak(self, client: Client) -> bool:
        """Modes n (no messages from outside), m (moderated) and b (bans)."""
        member = self.members.get(client)
        if member is None:
            return not self.flags & {"n", "m"} and not self.is_banned(client)
        if member.is_operator or member.is_voiced:
            return True
        return "m" not in self.flags and not self.is_banned(client)

    def may_set_topic(self, client: Client) -> bool:
        return "t" not in self.flags or self.is_operator(client)

    def may_invite(self, client: Client) -> bool:
        return "i" not in self.flags or self.is_operator(client)

    def modes(self, *, with_key: bool) -> tuple[str, ...]:
        """Letters and their parameters as in numeric 324; the key is for members only."""
        letters, parameters = "+" + "".join(sorted(self.flags)), []
        if self.key:
            letters += "k"
            parameters.append(self.key if with_key else "*")
        if self.limit:
            letters += "l"
            parameters.append(str(self.limit))
        return (letters, *parameters)

    def ban(self, mask: str, setter: str, time: int) -> bool:
        """Add a ban; False when it is there already."""
        if any(fold(ban.mask) == fold(mask) for ban in self.bans):
            return False
        self.bans.append(Ban(mask, setter, time))
        return True

    def unban(self, mask: str) -> bool:
        """Remove a ban; False when there is none."""
        kept = [ban for ban in self.bans if fold(ban.mask) != fold(mask)]
        is_removed = len(kept) < len(self.bans)
        self.bans = kept
        return is_removed


def full_mask(mask: str) -> str:
    """``nick`` becomes ``nick!*@*``, ``user@host`` becomes ``*!user@host``, as everywhere."""
    if "!" not in mask:
        mask = f"*!{mask}" if "@" in mask else f"{mask}!*"
    if "@" not in mask:
        mask += "@*"
    nick, _, rest = mask.partition("!")
    user, _, host = rest.partition("@")
    return f"{nick or '*'}!{user or '*'}@{host or '*'}"
