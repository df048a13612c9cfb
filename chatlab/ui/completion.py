"""What Tab completes in the composer, and the one-line help while a command is typed."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from chatlab.core import commands
from chatlab.core.chats import CHANNEL_SIGNS
from chatlab.ui import emoji

_MOST_NAMES = 8
_HELP = re.compile(r"/help +", re.IGNORECASE)
_LEADING_CODES = re.compile(r"\A(?:[\x02\x0f\x11\x16\x1d-\x1f]|\x03(?:\d{1,2}(?:,\d{1,2})?)?)+")
_SIGN_NAME = re.compile(r":([a-z0-9_]{2,}:?)", re.IGNORECASE)
"""The name of an emoji; a smiley such as ``:P`` is none."""
_LINE_ENDS = re.compile(r"\r\n|[\r\n\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Completion:
    """A place in a text and what can stand there, best first, each with what follows it."""

    start: int
    stop: int
    candidates: tuple[str, ...]


def find(
    text: str, cursor: int, nicks: Sequence[str], channels: Sequence[str]
) -> Completion | None:
    """The completions of the word before ``cursor``; None when there is nothing to complete.

    ``nicks`` come in the order wanted: the last to speak first.
    """
    start = max(text.rfind(" ", 0, cursor), text.rfind("\n", 0, cursor)) + 1
    # A nick may stand behind the code that makes it bold.
    if codes := _LEADING_CODES.match(text[start:cursor]):
        start += codes.end()
    word = text[start:cursor]
    if not word:
        return None
    if _HELP.fullmatch(text[:start]):
        found = [spec.verb.value for spec in commands.complete(word.removeprefix("/"))]
    elif start == 0 and word.startswith("/") and not word.startswith("//"):
        found = [f"/{spec.verb.value} " for spec in commands.complete(word[1:])]
    elif name := _SIGN_NAME.fullmatch(word):
        found = [f"{sign} " for sign in emoji.signs_for(name[1])]
    elif word[0] in CHANNEL_SIGNS:
        found = [f"{name} " for name in channels if name.lower().startswith(word.lower())]
    else:
        tail = ": " if start == 0 else " "
        sign, prefix = ("@", word[1:]) if word[0] == "@" else ("", word)
        wanted = prefix.lower()
        found = [f"{sign}{nick}{tail}" for nick in nicks if nick.lower().startswith(wanted)]
    return Completion(start, cursor, tuple(dict.fromkeys(found))) if found else None


@dataclass(frozen=True, slots=True)
class Hint:
    """One line about the command being typed."""

    text: str
    is_fault: bool = False


def command_hint(text: str) -> Hint | None:
    """What the command at the beginning of ``text`` does; None when it is not a command."""
    if not is_command(text):
        return None
    name, blank, _ = text[1:].partition(" ")
    if blank or commands.spec_of(name):
        spec = commands.spec_of(name)
        if spec is None:
            return Hint(f"There is no command /{name[:40]}.", is_fault=True)
        return Hint(f"{_usage_at(spec, text)} — {spec.explanation}")
    found = commands.complete(name)
    if not found:
        return Hint(f"There is no command /{name[:40]}.", is_fault=True)
    if len(found) == 1:
        return Hint(f"{found[0].usage} — {found[0].explanation}")
    names = "  ".join(f"/{spec.verb.value}" for spec in found[:_MOST_NAMES])
    return Hint(f"Tab: {names}{'  …' if len(found) > _MOST_NAMES else ''}")


def _usage_at(spec: commands.CommandSpec, text: str) -> str:
    """The usage, with a mark before the argument that is being written."""
    _, blank, rest = text.partition(" ")
    if not blank:
        return spec.usage
    at = len(re.split(" +", rest.lstrip(" "))) - 1
    shown = list(spec.arguments)
    if shown and shown[-1].rstrip(">]").endswith("…"):
        at = min(at, len(shown) - 1)
    if at < len(shown):
        shown[at] = f"▸{shown[at]}"
    return " ".join((f"/{spec.verb.value}", *shown))


def is_command(line: str) -> bool:
    """Whether it is meant to do something; two slashes say one as text."""
    return line.startswith("/") and not line.startswith("//")


def is_utterance(line: str) -> bool:
    """Whether a line says something in the chat where it is typed."""
    if not is_command(line):
        return True
    spec = commands.spec_of(line[1:].partition(" ")[0])
    return spec is not None and spec.verb in (commands.Verb.ME, commands.Verb.SAY)


def is_hidden_command(text: str) -> bool:
    """Whether a blank before the slash would publish what was meant as a command."""
    stripped = text.lstrip(" \t\u00a0")
    if stripped == text or not stripped.startswith("/"):
        return False
    return commands.spec_of(stripped[1:].partition(" ")[0]) is not None


def lines_to_send(text: str, *, is_whole: bool = False) -> list[str]:
    """What was typed, as lines for ``commands.parse``: empty lines are not messages.

    Only the first line may be a command; in what follows, a slash is text (a path in pasted code).
    ``is_whole``: a text of several lines that is no command stays one, blank lines inside included.
    """
    # Not splitlines(): to Python, the codes for italic and struck-out words end a line.
    all_lines = _LINE_ENDS.split(text)
    lines = [line for line in all_lines if line.strip()]
    if is_whole and len(lines) > 1 and not is_command(lines[0]):
        first = all_lines.index(lines[0])
        last = len(all_lines) - 1 - all_lines[::-1].index(lines[-1])
        whole = "\n".join(all_lines[first : last + 1])
        return [whole[1:] if whole.startswith("//") else whole]
    return lines[:1] + [f"/{line}" if line.startswith("/") else line for line in lines[1:]]
