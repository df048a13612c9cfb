"""From a typed text to the lines that will carry it; nothing is sent here."""

import re
from dataclasses import dataclass

from chatlab.chat.irc.multiline import BatchLine, Limits, blocks, frame, limits_of, text_of
from chatlab.chat.irc.state import ServerState
from chatlab.core.errors import LocalProtocolError
from chatlab.core.message import MessageKind
from chatlab.protocol.ctcp import encode_ctcp
from chatlab.protocol.irc import format_line
from chatlab.protocol.irc_split import split_formatted
from chatlab.protocol.irc_text import ACTION_OVERHEAD, text_budget

_LINE_ENDS = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Draft:
    """One line to be: what the transcript shows, and what goes onto the wire."""

    text: str
    command: str
    payload: str
    size: int
    """Bytes of the line, CR LF included, without tags of the whole message."""
    lines: tuple[BatchLine, ...] = ()
    """Where one message takes several lines (draft/multiline)."""


def compose(state: ServerState, target: str, text: str, kind: MessageKind) -> tuple[Draft, ...]:
    """Cut a text into messages that reach every reader whole.

    Each line of the text is a message of its own, and so is each piece of a line that is too long,
    unless the server takes several lines as one. Raises LocalProtocolError when text or target
    cannot be sent.
    """
    _check_target(target)
    command = "NOTICE" if kind is MessageKind.NOTICE else "PRIVMSG"
    is_action = kind is MessageKind.ACTION
    if not is_action and text.startswith("\x01"):
        raise LocalProtocolError("A text that begins with \\x01 would be CTCP.", "Use /ctcp.")
    budget = text_budget(
        command,
        target,
        state.own_prefix(),
        overhead=ACTION_OVERHEAD if is_action else 0,
        limit=state.isupport.line_limit,
    )
    lines = _LINE_ENDS.split(text)
    limits = None if is_action else limits_of(state)
    if limits is not None:
        return tuple(
            _whole(state, limits, command, target, block) for block in blocks(lines, budget, limits)
        )
    drafts: list[Draft] = []
    for line in lines:
        if not line:
            continue
        for piece in split_formatted(line, budget):
            payload = encode_ctcp("ACTION", piece) if is_action else piece
            raw = format_line(command, target, payload, limit=state.isupport.line_limit)
            drafts.append(Draft(piece, command, payload, len(raw) + 2))
    return tuple(drafts)


def _whole(
    state: ServerState, limits: Limits, command: str, target: str, block: tuple[BatchLine, ...]
) -> Draft:
    """A message of one line is a line as ever; one of several is a batch."""
    limit, text = state.isupport.line_limit, text_of(block)
    if len(block) == 1:
        return Draft(text, command, text, len(format_line(command, target, text, limit=limit)) + 2)
    reference = batch_reference(0)
    edges = (
        format_line("BATCH", f"+{reference}", limits.name, target),
        format_line("BATCH", f"-{reference}"),
    )
    formatted = frame(limits.name, reference, command, target, block, limit)
    size = sum(len(line) + 2 for line in (*edges, *formatted))
    return Draft(text, command, text, size, block)


def batch_reference(number: int) -> str:
    """A name for a batch of ours; always of the same length."""
    return f"m{number % 10_000:04}"


def _check_target(target: str) -> None:
    if not target or "," in target or (target[0] in ":@+%&~!" and len(target) == 1):
        raise LocalProtocolError(
            f"“{target}” is neither a channel nor a nick.", "Write to one at a time."
        )
