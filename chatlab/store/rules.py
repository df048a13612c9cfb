"""Rules about others on disk: ignored people, words to be told of, muted chats, buddies."""

from pathlib import Path

from chatlab.core.account import AccountId
from chatlab.core.chats import ChatKey
from chatlab.core.highlighting import HighlightRule, check_rule
from chatlab.core.ignoring import EVERYTHING, IgnoreKind, IgnoreRule
from chatlab.core.rules import Buddy, Rules
from chatlab.store.migrations import RULES, SCHEMA_KEY
from chatlab.store.reading import Loaded, Table, TableReader
from chatlab.store.toml_file import TomlFile

MAX_ROWS = 1_000
"""Of each kind."""
_LONGEST_NS = 2**63 - 1


class RulesStore:
    """The file ``rules.toml``."""

    def __init__(self, path: Path) -> None:
        self._file = TomlFile(path, RULES)

    def load(self) -> Loaded[Rules]:
        """The rules that can be used. Never raises."""
        notes: list[str] = []
        reader = TableReader(self._file.read(notes), self._file.path.name, notes)
        reader.number(SCHEMA_KEY, RULES.current, 1, 1_000_000)
        ignores = [_read_ignore(row) for row in reader.tables("ignores")]
        highlights = [_read_highlight(row) for row in reader.tables("highlights")]
        muted = [_read_chat(row) for row in reader.tables("muted")]
        told = [_read_chat(row) for row in reader.tables("told")]
        buddies = [_read_buddy(row) for row in reader.tables("buddies")]
        reader.finish()
        rules = Rules(
            ignores=tuple(rule for rule in ignores if rule is not None)[:MAX_ROWS],
            highlights=tuple(rule for rule in highlights if rule is not None)[:MAX_ROWS],
            muted=frozenset(chat for chat in muted if chat is not None),
            told=frozenset(chat for chat in told if chat is not None),
            buddies=tuple(buddy for buddy in buddies if buddy is not None)[:MAX_ROWS],
        )
        return Loaded(rules, tuple(notes))

    def save(self, rules: Rules) -> None:
        """Raises FileError; the old file then stays."""
        self._file.write(
            {
                "ignores": [_ignore_to_table(rule) for rule in rules.ignores],
                "highlights": [_highlight_to_table(rule) for rule in rules.highlights],
                "muted": _chats_to_tables(rules.muted),
                "told": _chats_to_tables(rules.told),
                "buddies": [
                    {"account": buddy.account, "nick": buddy.nick} for buddy in rules.buddies
                ],
            }
        )


def _ignore_to_table(rule: IgnoreRule) -> Table:
    table: Table = {"mask": rule.mask}
    if rule.kinds != EVERYTHING:
        table["kinds"] = [kind.value for kind in IgnoreKind if kind in rule.kinds]
    if rule.account:
        table["account"] = rule.account
    if rule.until_ns:
        table["until_ns"] = rule.until_ns
    return table


def _read_ignore(row: TableReader) -> IgnoreRule | None:
    known = {kind.value: kind for kind in IgnoreKind}
    names = row.texts("kinds")
    rule = IgnoreRule(
        mask=row.text("mask").strip(),
        kinds=frozenset(known[name] for name in names if name in known) or EVERYTHING,
        account=AccountId(row.text("account")),
        until_ns=row.number("until_ns", 0, 0, _LONGEST_NS),
    )
    row.finish()
    if not rule.mask or any(name not in known for name in names):
        # Ignoring more than was meant would hide messages: rather show too much.
        row.note("needs “mask”, and “kinds” that are known; it is left out.")
        return None
    return rule


def _highlight_to_table(rule: HighlightRule) -> Table:
    table: Table = {"text": rule.text}
    for name in ("is_pattern", "is_exception", "is_case_sensitive", "account", "chat"):
        if value := getattr(rule, name):
            table[name] = value
    return table


def _read_highlight(row: TableReader) -> HighlightRule | None:
    rule = HighlightRule(
        text=row.text("text"),
        is_pattern=row.flag("is_pattern", False),
        is_exception=row.flag("is_exception", False),
        is_case_sensitive=row.flag("is_case_sensitive", False),
        account=AccountId(row.text("account")),
        chat=row.text("chat").lower(),
    )
    row.finish()
    if fault := check_rule(rule):
        row.note(f"“text” cannot be used: {fault} It is left out.")
        return None
    return rule


def _chats_to_tables(chats: frozenset[ChatKey]) -> list[Table]:
    return [{"account": chat.account, "chat": chat.name} for chat in sorted(chats)]


def _read_chat(row: TableReader) -> ChatKey | None:
    key = ChatKey(AccountId(row.text("account")), row.text("chat").lower())
    row.finish()
    return key if key.account else None


def _read_buddy(row: TableReader) -> Buddy | None:
    buddy = Buddy(AccountId(row.text("account")), row.text("nick").strip())
    row.finish()
    if not (buddy.account and buddy.nick):
        row.note("needs “account” and “nick”; it is left out.")
        return None
    return buddy
