"""Who is not to be shown: rules by mask and kind of speech, each with an end if wanted.

What is ignored is not shown and not counted. It has crossed the wire all the same, so its frames
stay in the capture.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from chatlab.core import events as ev
from chatlab.core.account import AccountId
from chatlab.core.errors import UsageError
from chatlab.core.flow import Direction
from chatlab.core.masks import full_mask, matches
from chatlab.core.message import MessageKind

EVERYWHERE = AccountId("")
"""The account of a rule that holds on all of them."""
_CHANNEL_SIGNS = "#&+!"
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_DURATION = re.compile(r"(\d{1,6})([smhdw])")
_NS = 1_000_000_000


class IgnoreKind(Enum):
    """What of a person is ignored."""

    CHANNEL = "channel"
    PRIVATE = "private"
    NOTICE = "notice"
    CTCP = "ctcp"
    INVITE = "invite"


EVERYTHING = frozenset(IgnoreKind)


@dataclass(frozen=True, slots=True, kw_only=True)
class IgnoreRule:
    """People whom a mask covers, and what of them is not shown."""

    mask: str
    kinds: frozenset[IgnoreKind] = EVERYTHING
    account: AccountId = EVERYWHERE
    until_ns: int = 0
    """Nanoseconds since the epoch; 0: until it is taken back."""

    def is_over(self, now_ns: int) -> bool:
        return 0 < self.until_ns <= now_ns


def hides(rules: Sequence[IgnoreRule], event: ev.ChatEvent, now_ns: int) -> bool:
    """Whether an event is not to be shown."""
    if not rules or (found := speech_of(event)) is None:
        return False
    account, source, kind = found
    return any(
        kind in rule.kinds
        and rule.account in (EVERYWHERE, account)
        and not rule.is_over(now_ns)
        and matches(rule.mask, source)
        for rule in rules
    )


def speech_of(event: ev.ChatEvent) -> tuple[AccountId, str, IgnoreKind] | None:
    """Whose speech an event is (``nick!user@host``) and of what kind; None for anything else."""
    match event:
        case ev.MessageAdded(message) if message.direction is Direction.RECEIVED:
            source = f"{message.sender}!{message.user_host or '@'}"
            if message.kind is MessageKind.NOTICE:
                return message.account, source, IgnoreKind.NOTICE
            return message.account, source, _kind_in(message.target)
        case ev.TypingSeen() | ev.ReactionSeen():
            source = f"{event.nick}!{event.user_host or '@'}"
            return event.account, source, _kind_in(event.chat)
        case ev.Informed(code="CTCP", source=source) if source:
            return event.account, source, IgnoreKind.CTCP
        case ev.Informed(code="INVITE", source=source) if source:
            return event.account, source, IgnoreKind.INVITE
        case _:
            return None


def _kind_in(chat: str) -> IgnoreKind:
    return IgnoreKind.CHANNEL if chat[:1] in set(_CHANNEL_SIGNS) else IgnoreKind.PRIVATE


def parse_rule(mask: str, words: str, account: AccountId, now_ns: int) -> IgnoreRule:
    """What ``/ignore bob private notice 2h`` means. Raises UsageError."""
    kinds: set[IgnoreKind] = set()
    until_ns = 0
    for word in words.lower().replace(",", " ").split():
        if word in {kind.value for kind in IgnoreKind}:
            kinds.add(IgnoreKind(word))
        elif duration := _DURATION.fullmatch(word):
            until_ns = now_ns + int(duration[1]) * _SECONDS[duration[2]] * _NS
        elif word != "all":
            known = ", ".join(kind.value for kind in IgnoreKind)
            raise UsageError(
                f"/ignore does not know “{word}”.",
                f"Say all or some of {known}, and how long: 30m, 2h, 7d.",
            )
    return IgnoreRule(
        mask=full_mask(mask),
        kinds=frozenset(kinds) or EVERYTHING,
        account=account,
        until_ns=until_ns,
    )


def kind_words(kinds: frozenset[IgnoreKind]) -> str:
    """What is ignored, for a person."""
    words = {
        IgnoreKind.CHANNEL: "messages in channels",
        IgnoreKind.PRIVATE: "private messages",
        IgnoreKind.NOTICE: "notices",
        IgnoreKind.CTCP: "CTCP requests",
        IgnoreKind.INVITE: "invitations",
    }
    if kinds == EVERYTHING:
        return "everything"
    return ", ".join(words[kind] for kind in IgnoreKind if kind in kinds)
