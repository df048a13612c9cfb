"""What a server lists on demand: channels or rooms, and a channel's masks."""

from dataclasses import dataclass

from chatlab.core.account import AccountId


@dataclass(frozen=True, slots=True)
class ListedChannel:
    """One row of a channel list (RPL_LIST)."""

    name: str
    users: int
    topic: str = ""


@dataclass(frozen=True, slots=True)
class ChannelsListed:
    """A block of the channel list that was asked for; the last one has ``is_complete``."""

    account: AccountId
    channels: tuple[ListedChannel, ...]
    time_ns: int
    is_complete: bool = False
    problem: str = ""
    """Why the list ends early; empty when it is whole."""


@dataclass(frozen=True, slots=True)
class ListedMask:
    """One entry of a channel's list of bans or exceptions."""

    mask: str
    by: str = ""
    set_ns: int = 0
    """When, in nanoseconds since the epoch; 0 when the server does not say."""


@dataclass(frozen=True, slots=True)
class MasksListed:
    """A whole list of a channel, by the letter of its mode: ``b`` bans, ``e`` exceptions, …"""

    account: AccountId
    chat: str
    mode: str
    masks: tuple[ListedMask, ...]
    time_ns: int
