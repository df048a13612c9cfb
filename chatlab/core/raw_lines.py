"""The last protocol lines of each account, for the raw console. Passwords arrive masked."""

from collections import deque
from dataclasses import dataclass, field
from itertools import islice

from chatlab.core.account import AccountId
from chatlab.core.events import ChatEvent, LineSeen

MAX_LINES = 10_000
"""Kept of each account; older ones are in the capture, if there is one."""


@dataclass(slots=True)
class _Kept:
    lines: deque[LineSeen] = field(default_factory=lambda: deque(maxlen=MAX_LINES))
    count: int = 0
    """How many there ever were; the last line has this number."""


class RawLineLog:
    """Takes every event and keeps the lines among them, numbered from 1 for each account."""

    def __init__(self) -> None:
        self._accounts: dict[AccountId, _Kept] = {}

    def take(self, event: ChatEvent) -> None:
        if isinstance(event, LineSeen):
            kept = self._accounts.setdefault(event.account, _Kept())
            kept.lines.append(event)
            kept.count += 1

    def count(self, account: AccountId) -> int:
        """How many lines the account has seen, those that are no longer kept included."""
        kept = self._accounts.get(account)
        return kept.count if kept else 0

    def first(self, account: AccountId) -> int:
        """The number of the oldest line that is kept; one more than ``count`` when none is."""
        kept = self._accounts.get(account)
        return kept.count - len(kept.lines) + 1 if kept else 1

    def since(self, account: AccountId, number: int) -> list[LineSeen]:
        """The kept lines whose numbers are greater than ``number``, oldest first."""
        kept = self._accounts.get(account)
        if kept is None or number >= kept.count:
            return []
        skipped = max(0, number - (kept.count - len(kept.lines)))
        return list(islice(kept.lines, skipped, None))

    def clear(self, account: AccountId) -> None:
        """Forget what was seen so far; the numbers go on."""
        if kept := self._accounts.get(account):
            kept.lines.clear()
