"""What the reader decided about others: whom to ignore, what to be told of, whom to wait for."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from chatlab.core import events as ev
from chatlab.core.account import AccountId
from chatlab.core.chat import ChatKey
from chatlab.core.highlighting import Highlighter, HighlightRule
from chatlab.core.ignoring import EVERYWHERE, IgnoreRule, hides
from chatlab.core.masks import full_mask


@dataclass(frozen=True, slots=True, order=True)
class Buddy:
    """Somebody to be told of when they come and go."""

    account: AccountId
    nick: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """All decisions; as one value, so that it is stored and changed whole."""

    ignores: tuple[IgnoreRule, ...] = ()
    highlights: tuple[HighlightRule, ...] = ()
    muted: frozenset[ChatKey] = frozenset()
    told: frozenset[ChatKey] = frozenset()
    """Chats of which the desktop tells every message, not only those for the reader."""
    buddies: tuple[Buddy, ...] = ()


class RuleBook:
    """The rules in force, and who wants to know of a change."""

    def __init__(self, rules: Rules | None = None) -> None:
        self._rules = rules or Rules()
        self._highlighter = Highlighter(self._rules.highlights)
        self._observers: list[Callable[[Rules], None]] = []

    @property
    def rules(self) -> Rules:
        return self._rules

    def observe(self, observer: Callable[[Rules], None]) -> Callable[[], None]:
        """Tell ``observer`` of every change; the function returned ends that."""
        self._observers.append(observer)
        return lambda: self._observers.remove(observer)

    def put(self, rules: Rules) -> None:
        """These rules hold from now on."""
        if rules == self._rules:
            return
        if rules.highlights != self._rules.highlights:
            self._highlighter = Highlighter(rules.highlights)
        self._rules = rules
        for observer in tuple(self._observers):
            observer(rules)

    # -- what they say

    def hides(self, event: ev.ChatEvent, now_ns: int) -> bool:
        """Whether an event is not to be shown."""
        return hides(self._rules.ignores, event, now_ns)

    def marked(self, event: ev.ChatEvent) -> ev.ChatEvent:
        """The event, its message marked when the reader wants to be told of it."""
        if isinstance(event, ev.MessageAdded) and self._rules.highlights:
            is_highlight = self._highlighter.wants(event.message)
            if is_highlight != event.message.is_highlight:
                return ev.MessageAdded(replace(event.message, is_highlight=is_highlight))
        return event

    def buddies_of(self, account: AccountId) -> tuple[str, ...]:
        return tuple(buddy.nick for buddy in self._rules.buddies if buddy.account == account)

    # -- changing them

    def ignore(self, rule: IgnoreRule, now_ns: int) -> None:
        """Add a rule; one for the same mask and account is replaced, those that ended go."""
        kept = [
            old
            for old in self._rules.ignores
            if not old.is_over(now_ns)
            and (old.mask.lower(), old.account) != (rule.mask.lower(), rule.account)
        ]
        self.put(replace(self._rules, ignores=(*kept, rule)))

    def unignore(self, mask: str, account: AccountId) -> bool:
        """Take back what holds for a mask or nick on an account; False when nothing does."""
        wanted = {mask.strip().lower(), full_mask(mask).lower()}
        kept = tuple(
            rule
            for rule in self._rules.ignores
            if rule.mask.lower() not in wanted or rule.account not in (EVERYWHERE, account)
        )
        is_found = len(kept) < len(self._rules.ignores)
        self.put(replace(self._rules, ignores=kept))
        return is_found

    def mute(self, chat: ChatKey, is_muted: bool) -> None:
        muted = self._rules.muted | {chat} if is_muted else self._rules.muted - {chat}
        self.put(replace(self._rules, muted=muted))

    def tell_all(self, chat: ChatKey, is_told: bool) -> None:
        """Have the desktop tell every message of a chat, or again only those for the reader."""
        told = self._rules.told | {chat} if is_told else self._rules.told - {chat}
        self.put(replace(self._rules, told=told))

    def add_buddies(self, account: AccountId, nicks: tuple[str, ...]) -> None:
        known = {(buddy.account, buddy.nick.lower()) for buddy in self._rules.buddies}
        new = [Buddy(account, nick) for nick in nicks if (account, nick.lower()) not in known]
        self.put(replace(self._rules, buddies=tuple(sorted([*self._rules.buddies, *new]))))

    def remove_buddies(self, account: AccountId, nicks: tuple[str, ...]) -> None:
        gone = {nick.lower() for nick in nicks}
        kept = tuple(
            buddy
            for buddy in self._rules.buddies
            if buddy.account != account or buddy.nick.lower() not in gone
        )
        self.put(replace(self._rules, buddies=kept))

    def forget_account(self, account: AccountId) -> None:
        """An account is gone: so is what held on it alone."""
        old = self._rules
        self.put(
            Rules(
                ignores=tuple(rule for rule in old.ignores if rule.account != account),
                highlights=tuple(rule for rule in old.highlights if rule.account != account),
                muted=frozenset(chat for chat in old.muted if chat.account != account),
                told=frozenset(chat for chat in old.told if chat.account != account),
                buddies=tuple(buddy for buddy in old.buddies if buddy.account != account),
            )
        )
