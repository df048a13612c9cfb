"""Carries the reader's rules where they act: to the book, to the connections, to the disk."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from chatlab.core.chats import ChatBook
from chatlab.core.errors import FileError
from chatlab.core.rules import RuleBook, Rules
from chatlab.store.rules import RulesStore

if TYPE_CHECKING:
    from chatlab.app.session import Session


class RuleKeeper:
    """Between the rule book and what has to follow it."""

    def __init__(
        self,
        rules: RuleBook,
        book: ChatBook,
        store: RulesStore,
        report: Callable[[FileError], None],
    ) -> None:
        self._rules = rules
        self._book = book
        self._store = store
        self._report = report
        self._session: Session | None = None
        self._written = rules.rules
        book.set_muted(rules.rules.muted)
        rules.observe(self._on_changed)

    def attach(self, session: "Session") -> None:
        """The connections are there: from now on they follow as well."""
        self._session = session

    def _on_changed(self, rules: Rules) -> None:
        self._book.set_muted(rules.muted)
        if self._session is not None:
            self._session.follow_rules()
        self._save(rules)

    def _save(self, rules: Rules) -> None:
        """What is about accounts that last; a lab's end with it."""
        temporary = {
            state.account.id for state in self._book.accounts.values() if state.account.is_temporary
        }
        lasting = Rules(
            ignores=tuple(rule for rule in rules.ignores if rule.account not in temporary),
            highlights=tuple(rule for rule in rules.highlights if rule.account not in temporary),
            muted=frozenset(chat for chat in rules.muted if chat.account not in temporary),
            told=frozenset(chat for chat in rules.told if chat.account not in temporary),
            buddies=tuple(buddy for buddy in rules.buddies if buddy.account not in temporary),
        )
        if lasting == self._written:
            return
        try:
            self._store.save(lasting)
        except FileError as error:
            self._report(error)
        else:
            self._written = lasting
