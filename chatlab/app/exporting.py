"""A chat as a text file, one line for each entry."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from chatlab.app.saving import appearing_whole
from chatlab.core.chats import Chat, Entry, Note
from chatlab.core.errors import FileError
from chatlab.core.message import MessageKind
from chatlab.protocol.irc_format import strip_formatting

_LINE_ENDS = str.maketrans({"\r": " ", "\n": " ", "\u2028": " ", "\u2029": " "})


def export_chat(chat: Chat, file: Path) -> int:
    """Write what of the chat is in memory; returns the number of lines. Raises FileError."""
    lines = export_lines(chat.entries)
    try:
        with appearing_whole(file) as stream:
            stream.write("".join(f"{line}\n" for line in lines).encode("utf-8", "replace"))
    except OSError as error:
        raise FileError(
            f"The chat cannot be saved as {file}: {error.strerror or error}.",
            "Choose another folder.",
        ) from error
    return len(lines)


def export_lines(entries: Sequence[Entry]) -> list[str]:
    """``2026-03-14 12:03:05 <alice> hello``, in local time, formatting left out."""
    return [_line(entry) for entry in entries]


def _line(entry: Entry) -> str:
    time = f"{datetime.fromtimestamp(entry.time_ns / 1e9):%Y-%m-%d %H:%M:%S}"
    text = strip_formatting(entry.text.translate(_LINE_ENDS))
    if isinstance(entry, Note):
        return f"{time} -- {text}"
    match entry.kind:
        case MessageKind.ACTION:
            said = f"* {entry.sender} {text}"
        case MessageKind.NOTICE:
            said = f"-{entry.sender}- {text}"
        case _:
            said = f"<{entry.sender}> {text}"
    failed = f" [not delivered: {entry.failure}]" if entry.failure else ""
    return f"{time} {said}{failed}"
