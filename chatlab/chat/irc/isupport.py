"""RPL_ISUPPORT (005): what the server says about itself, read with suspicion.

Tokens are kept as text in a bounded table; each property reads its own and falls back to the usual
value when the server says nonsense. Nothing a server sends ever becomes an attribute's name.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from chatlab.core.nick import DEFAULT_NICK_LENGTH
from chatlab.protocol.irc import LINE_LIMIT, CaseMapping

MAX_TOKENS = 500
MAX_LINE_LIMIT = 65_536
MAX_MODES = 20
UNLIMITED = 1 << 30
"""Longer than anything that fits into a line."""
_MAX_VALUE_LENGTH = 510
_NAME = re.compile(r"[A-Z0-9./-]{1,64}\Z")
_ESCAPE = re.compile(r"\\x([0-9A-Fa-f]{2})")
_PREFIX = re.compile(r"\(([A-Za-z]+)\)([^A-Za-z0-9\s]+)\Z")
_DEFAULT_PREFIX = (("o", "@"), ("v", "+"))
_DEFAULT_CHANMODES = ("beI", "k", "l", "imnpst")


@dataclass(frozen=True, slots=True)
class ModeChange:
    """One letter of a MODE line."""

    is_set: bool
    letter: str
    parameter: str = ""

    def __str__(self) -> str:
        sign = "+" if self.is_set else "-"
        return f"{sign}{self.letter} {self.parameter}".rstrip()


class ISupport:
    """The tokens of one server connection."""

    def __init__(self) -> None:
        self._tokens: dict[str, str] = {}
        self._note_what_every_line_needs()

    def update(self, tokens: Sequence[str]) -> None:
        """Take the tokens of one 005 line (neither our nick nor the closing text)."""
        for token in tokens:
            name, _, value = token.partition("=")
            if name.startswith("-"):
                self._tokens.pop(name[1:].upper(), None)
            elif _NAME.match(name.upper()) and len(self._tokens) < MAX_TOKENS:
                plain = _ESCAPE.sub(lambda match: chr(int(match[1], 16)), value)
                self._tokens[name.upper()] = plain[:_MAX_VALUE_LENGTH]
        self._note_what_every_line_needs()

    def has(self, name: str) -> bool:
        """Whether the server announced a token, with or without a value."""
        return name in self._tokens

    def text(self, name: str, default: str = "") -> str:
        return self._tokens.get(name, default)

    def number(self, name: str, default: int) -> int:
        """A positive number; anything else is the default."""
        value = self._tokens.get(name, "")
        return int(value) if value.isascii() and value.isdigit() and int(value) else default

    @property
    def network(self) -> str:
        return self.text("NETWORK")

    def _note_what_every_line_needs(self) -> None:
        self.case_mapping = self._read_case_mapping()
        self.channel_types = self.text("CHANTYPES", "#&+!")
        self.status_targets = self.text("STATUSMSG")
        """Signs that may stand before a channel as a target: ``@#lab``."""

    def _read_case_mapping(self) -> CaseMapping:
        try:
            return CaseMapping(self.text("CASEMAPPING", CaseMapping.RFC1459.value).lower())
        except ValueError:  # rfc7613 and the like: ASCII letters are equal everywhere.
            return CaseMapping.ASCII

    @property
    def prefix(self) -> tuple[tuple[str, str], ...]:
        """Mode letter and sign of each member status, highest first."""
        if not self.has("PREFIX"):
            return _DEFAULT_PREFIX
        if match := _PREFIX.match(self.text("PREFIX")):
            return tuple(zip(match[1], match[2], strict=False))
        return () if not self.text("PREFIX") else _DEFAULT_PREFIX

    @property
    def status_signs(self) -> str:
        """The member status signs, highest first."""
        return "".join(sign for _, sign in self.prefix)

    @property
    def channel_modes(self) -> tuple[str, str, str, str]:
        """CHANMODES: lists; always with, only set with, never with a parameter."""
        kinds = self.text("CHANMODES").split(",")
        if len(kinds) < 4:
            return _DEFAULT_CHANMODES
        return kinds[0], kinds[1], kinds[2], kinds[3]

    @property
    def nick_length(self) -> int:
        return self.number("NICKLEN", self.number("MAXNICKLEN", DEFAULT_NICK_LENGTH))

    @property
    def line_limit(self) -> int:
        """Bytes of a line, CR LF included."""
        return max(LINE_LIMIT, min(self.number("LINELEN", LINE_LIMIT), MAX_LINE_LIMIT))

    def denies_tag(self, name: str) -> bool:
        """Whether a client tag (without ``+``) is not passed on (CLIENTTAGDENY)."""
        words = self.text("CLIENTTAGDENY").split(",")
        return name in words or ("*" in words and f"-{name}" not in words)

    def targets_per_line(self, command: str) -> int:
        """How many targets a command takes (TARGMAX); UNLIMITED where the server names no limit."""
        for pair in self.text("TARGMAX").split(","):
            name, _, limit = pair.partition(":")
            if name.upper() == command:
                return (
                    int(limit) if limit.isascii() and limit.isdigit() and int(limit) else UNLIMITED
                )
        return UNLIMITED

    def limit(self, name: str) -> int:
        """A length such as TOPICLEN; UNLIMITED where the server names none."""
        return self.number(name, UNLIMITED)

    @property
    def modes_per_line(self) -> int:
        """How many modes with a parameter one MODE may carry; 3 is the RFC's."""
        if self.has("MODES") and not self.text("MODES"):
            return MAX_MODES  # Without a value: no limit.
        return min(self.number("MODES", 3), MAX_MODES)

    def parse_modes(self, modes: str, parameters: Sequence[str]) -> tuple[ModeChange, ...]:
        """Give each letter its parameter, as CHANMODES and PREFIX say (RFC 2812, 3.2.3)."""
        lists, always, when_set, _ = self.channel_modes
        with_parameter = lists + always + "".join(letter for letter, _ in self.prefix)
        left = list(parameters)
        changes: list[ModeChange] = []
        is_set = True
        for letter in modes:
            if letter in "+-":
                is_set = letter == "+"
            elif letter in with_parameter or (is_set and letter in when_set):
                changes.append(ModeChange(is_set, letter, left.pop(0) if left else ""))
            else:
                changes.append(ModeChange(is_set, letter))
        return tuple(changes)
