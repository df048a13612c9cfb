"""``/ignore`` and its kin, carried out on the rules; the answer is a sentence for who typed it."""

from datetime import datetime

from chatlab.core.account import AccountId
from chatlab.core.commands import Command
from chatlab.core.errors import UsageError
from chatlab.core.ignoring import EVERYWHERE, IgnoreRule, kind_words, parse_rule
from chatlab.core.rules import RuleBook


def ignore(rules: RuleBook, command: Command, account: AccountId, now_ns: int) -> str:
    """``/ignore mask [kinds and time…]``. Raises UsageError."""
    rule = parse_rule(command.argument(0), command.argument(1), account, now_ns)
    rules.ignore(rule, now_ns)
    return f"Ignored: {_words(rule)}."


def unignore(rules: RuleBook, command: Command, account: AccountId) -> str:
    """``/unignore mask``. Raises UsageError when nobody is ignored as that."""
    mask = command.argument(0)
    if not rules.unignore(mask, account):
        raise UsageError(f"Nobody is ignored as {mask}.", "/ignorelist shows who is.")
    return f"No longer ignored: {mask}."


def ignored(rules: RuleBook, account: AccountId, now_ns: int) -> tuple[str, ...]:
    """Who is ignored on an account, one line each."""
    return tuple(
        f"Ignored: {_words(rule)}."
        for rule in rules.rules.ignores
        if rule.account in (EVERYWHERE, account) and not rule.is_over(now_ns)
    )


def _words(rule: IgnoreRule) -> str:
    until = ""
    if rule.until_ns:
        until = f" until {datetime.fromtimestamp(rule.until_ns / 1e9):%Y-%m-%d %H:%M}"
    return f"{rule.mask} ({kind_words(rule.kinds)}){until}"
