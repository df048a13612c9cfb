"""What of an account outlives its connections, whichever protocol it speaks."""

from collections.abc import Callable

from chatlab.core.account import Autojoin


class BaseLasting:
    """An engine adds what its protocol has besides."""

    def __init__(self, channels: tuple[Autojoin, ...]) -> None:
        self._wanted = {channel.channel.lower(): channel for channel in channels}
        self.may_answer: Callable[[str], bool] = lambda source: True
        """Asked before a question of this address (``nick!user@host``, JID) is answered."""
        self.away = ""
        """Our away message; empty while we are here."""

    def join(self, channel: str, key: str = "") -> None:
        """Have a channel joined again, with the key known so far unless there is a new one."""
        self._wanted[channel.lower()] = Autojoin(channel, key or self.key_of(channel))

    def leave(self, channel: str) -> None:
        self._wanted.pop(channel.lower(), None)

    def come_back(self) -> None:
        """The account was left by hand: next time it is there again."""
        self.away = ""

    def key_of(self, channel: str) -> str:
        known = self._wanted.get(channel.lower())
        return known.key if known else ""

    @property
    def channels(self) -> tuple[Autojoin, ...]:
        """To be joined again after every login; rooms, on XMPP."""
        return tuple(self._wanted.values())
