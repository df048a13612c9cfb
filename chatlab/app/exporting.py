"""A chat as a file for people (text, HTML) or programs (JSON), each message with its frames."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from html import escape
from pathlib import Path

from chatlab.app.saving import appearing_whole
from chatlab.core.attribution import Attribution
from chatlab.core.chats import Chat, Entry, Note
from chatlab.core.errors import FileError
from chatlab.core.message import Message, MessageKind
from chatlab.protocol.irc_format import Style, parse_runs, strip_formatting

_LINE_ENDS = str.maketrans({"\r": " ", "\n": " ", "\u2028": " ", "\u2029": " "})
_TAGS = (
    ("is_bold", "b"),
    ("is_italic", "i"),
    ("is_underlined", "u"),
    ("is_struck", "s"),
    ("is_monospaced", "code"),
)
FramesOf = Callable[[Message], Attribution | None]
"""The frames of a message; None when nothing is known of them."""


def export_chat(chat: Chat, file: Path, frames_of: FramesOf = lambda message: None) -> int:
    """Write what of the chat is in memory; returns the number of entries. Raises FileError."""
    match file.suffix.lower():
        case ".html" | ".htm":
            text = _page(chat, frames_of)
        case ".json":
            text = json.dumps(_object(chat, frames_of), ensure_ascii=False, indent=1) + "\n"
        case _:
            text = "".join(f"{line}\n" for line in export_lines(chat.entries, frames_of))
    try:
        with appearing_whole(file) as stream:
            stream.write(text.encode("utf-8", "replace"))
    except OSError as error:
        raise FileError(
            f"The chat cannot be saved as {file}: {error.strerror or error}.",
            "Choose another folder.",
        ) from error
    return len(chat.entries)


# --- text ---------------------------------------------------------------------------------------


def export_lines(entries: Sequence[Entry], frames_of: FramesOf = lambda message: None) -> list[str]:
    """``2026-03-14 12:03:05 <alice> hello [frames 41, 43]``, in local time, unformatted."""
    return [_line(entry, frames_of) for entry in entries]


def _line(entry: Entry, frames_of: FramesOf) -> str:
    text = strip_formatting(entry.text.translate(_LINE_ENDS))
    if isinstance(entry, Note):
        return f"{_moment(entry)} -- {text}"
    match entry.kind:
        case MessageKind.ACTION:
            said = f"* {entry.sender} {text}"
        case MessageKind.NOTICE:
            said = f"-{entry.sender}- {text}"
        case _:
            said = f"<{entry.sender}> {text}"
    failed = f" [not delivered: {entry.failure}]" if entry.failure else ""
    frames = frame_words(frames_of(entry))
    return f"{_moment(entry)} {said}{failed}" + (f" [{frames}]" if frames else "")


def _moment(entry: Entry) -> str:
    return f"{datetime.fromtimestamp(entry.time_ns / 1e9):%Y-%m-%d %H:%M:%S}"


def frame_words(found: Attribution | None) -> str:
    """``frames 41, 43; echo 44``; empty where no frame is known."""
    if found is None:
        return ""
    parts = []
    for words, numbers in (("frame", found.frames), ("echo", found.echo_frames)):
        if numbers:
            name = f"{words}s" if words == "frame" and len(numbers) > 1 else words
            parts.append(f"{name} {', '.join(map(str, numbers))}")
    return "; ".join(parts)


# --- HTML ---------------------------------------------------------------------------------------

_HEAD = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }}
table {{ border-collapse: collapse; width: 100%; }}
td {{ vertical-align: top; padding: .15rem .6rem .15rem 0; overflow-wrap: anywhere; }}
.time, .frames, .note td {{ color: GrayText; font-variant-numeric: tabular-nums; }}
.time, .frames {{ white-space: nowrap; font-size: .85em; }}
.sender {{ font-weight: 600; }}
.failure {{ font-style: italic; }}
</style>
</head>
<body>
<h1>{title}</h1>
<p>{summary}</p>
<table>
"""


def _page(chat: Chat, frames_of: FramesOf) -> str:
    title = escape(chat.title or "Server")
    summary = escape(
        f"{len(chat.entries)} entries, saved by ChatLab. "
        "Frames are numbered as in the capture of the same session."
    )
    rows = [_row(entry, frames_of) for entry in chat.entries]
    return (
        _HEAD.format(title=title, summary=summary) + "".join(rows) + "</table>\n</body>\n</html>\n"
    )


def _row(entry: Entry, frames_of: FramesOf) -> str:
    time = f'<td class="time">{_moment(entry)}</td>'
    if isinstance(entry, Note):
        words = escape(strip_formatting(entry.text))
        return f'<tr class="note">{time}<td></td><td><bdi>{words}</bdi></td><td></td></tr>\n'
    sender = f'<td class="sender"><bdi>{escape(strip_formatting(entry.sender))}</bdi></td>'
    text = "<br>".join(_formatted(part) for part in entry.text.split("\n"))
    if entry.kind is MessageKind.ACTION:
        text = f"<i>{text}</i>"
    if entry.failure:
        text += f' <span class="failure">(not delivered: {escape(entry.failure)})</span>'
    frames = f'<td class="frames">{frame_words(frames_of(entry))}</td>'
    return f"<tr>{time}{sender}<td><bdi>{text}</bdi></td>{frames}</tr>\n"


def _formatted(text: str) -> str:
    return "".join(_run(run.text, run.style) for run in parse_runs(text))


def _run(text: str, style: Style) -> str:
    made = escape(text)
    for name, tag in _TAGS:
        if getattr(style, name):
            made = f"<{tag}>{made}</{tag}>"
    return made


# --- JSON ---------------------------------------------------------------------------------------


def _object(chat: Chat, frames_of: FramesOf) -> dict[str, object]:
    """Names in a file outlive names in the program, so they are written out here."""
    return {
        "version": 1,
        "chat": chat.title,
        "account": chat.key.account,
        "topic": chat.topic,
        "entries": [_entry(entry, frames_of) for entry in chat.entries],
    }


def _entry(entry: Entry, frames_of: FramesOf) -> dict[str, object]:
    if isinstance(entry, Note):
        kind = entry.kind.value
        return {"type": "note", "time_ns": entry.time_ns, "kind": kind, "text": entry.text}
    found = frames_of(entry)
    return {
        "type": "message",
        "time_ns": entry.time_ns,
        "kind": entry.kind.value,
        "direction": entry.direction.value,
        "sender": entry.sender,
        "text": entry.text,
        "delivery": entry.delivery.value if entry.delivery else None,
        "failure": entry.failure or None,
        "msgid": entry.msgid or None,
        "reply_to": entry.reply_to or None,
        "stream": found.stream if found else None,
        "frames": list(found.frames) if found else [],
        "retransmissions": list(found.retransmissions) if found else [],
        "acks": list(found.acks) if found else [],
        "echo_frames": list(found.echo_frames) if found else [],
    }
