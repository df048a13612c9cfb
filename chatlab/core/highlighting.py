"""Which messages are for the reader: the own nick always, then words and patterns of their choice.

Rules are looked at in time proportional to the text (see ``patterns``), and only its beginning
counts, so that nobody can make the window slow by talking.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from chatlab.core.account import AccountId
from chatlab.core.errors import UsageError
from chatlab.core.flow import Direction
from chatlab.core.ignoring import EVERYWHERE
from chatlab.core.message import Message, MessageKind
from chatlab.core.patterns import Pattern

MAX_RULES = 100
_LOOKED_AT = 2_000
"""Characters of a message that are searched."""
_FORMATTING = re.compile(r"\x03(?:\d{1,2}(?:,\d{1,2})?)?|\x04(?:[0-9A-Fa-f]{6})?|[\x00-\x1f\x7f]")
_SIGNS = re.compile(r"[\\^$.|?+()\[\]{}]")


@dataclass(frozen=True, slots=True, kw_only=True)
class HighlightRule:
    """Words that make a message one for the reader, or with ``is_exception`` not one."""

    text: str
    """A word or words, ``*`` standing for more letters; or a regular expression."""
    is_pattern: bool = False
    is_exception: bool = False
    is_case_sensitive: bool = False
    account: AccountId = EVERYWHERE
    """Only on this account; empty: on all."""
    chat: str = ""
    """Only in this chat, in lower case; empty: in all."""

    def compiled(self) -> Pattern:
        """Raises UsageError when the text is no pattern."""
        text = self.text if self.is_pattern else _as_pattern(self.text)
        return Pattern(text, is_case_sensitive=self.is_case_sensitive)


def _as_pattern(words: str) -> str:
    """Whole words: ``lab*`` finds “labs”, ``lab`` does not."""
    words = words.strip()
    bare = _SIGNS.sub(lambda sign: f"\\{sign[0]}", words).replace("*", r"\w*")
    before = r"\b" if words[:1].isalnum() else ""
    after = r"\b" if words[-1:].isalnum() else ""
    return f"{before}{bare}{after}"


def check_rule(rule: HighlightRule) -> str:
    """What is wrong with a rule, in words; empty when it can be used."""
    try:
        rule.compiled()
    except UsageError as error:
        return str(error)
    return ""


class Highlighter:
    """A set of rules, ready to be asked."""

    def __init__(self, rules: Sequence[HighlightRule]) -> None:
        self._rules: list[tuple[HighlightRule, Pattern]] = []
        for rule in rules[:MAX_RULES]:
            try:
                self._rules.append((rule, rule.compiled()))
            except UsageError:
                continue  # The dialog says what is wrong with it; the others hold.

    def wants(self, message: Message) -> bool:
        """Whether the reader is to be told; the engine has marked those with the own nick."""
        if message.is_highlight:
            return True
        is_said = message.direction is Direction.RECEIVED
        if not self._rules or not is_said or message.kind is MessageKind.NOTICE:
            return False
        text = _FORMATTING.sub("", message.text[:_LOOKED_AT])
        found = False
        for rule, pattern in self._rules:
            if _applies(rule, message) and (rule.is_exception or not found):
                if not pattern.search(text):
                    continue
                if rule.is_exception:
                    return False
                found = True
        return found


def _applies(rule: HighlightRule, message: Message) -> bool:
    return rule.account in ("", message.account) and rule.chat in ("", message.target.lower())
