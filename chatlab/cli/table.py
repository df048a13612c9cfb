"""Message records as a table for a terminal."""

import shutil
from collections.abc import Sequence

from chatlab.analysis.session_file import MessageRecord
from chatlab.cli.terminal import show

_HEADINGS = ("Message", "State", "TLS", "Bytes", "Frames", "ACKs", "Echo")
_MIN_TEXT = 16


def print_records(records: Sequence[MessageRecord]) -> None:
    """One row a message: who said what, and the frames that carried it."""
    if not records:
        print("No messages.")
        return
    rows = [_row(record) for record in records]
    widths = [max(len(row[i]) for row in (_HEADINGS, *rows)) for i in range(len(_HEADINGS))]
    others = sum(widths[1:]) + 2 * len(widths)
    available = shutil.get_terminal_size((100, 24)).columns
    widths[0] = max(_MIN_TEXT, min(widths[0], available - others))
    for row in (_HEADINGS, *rows):
        cells = [_fitted(cell, width) for cell, width in zip(row, widths, strict=True)]
        show("  ".join(cells).rstrip())


def _row(record: MessageRecord) -> tuple[str, ...]:
    arrow = "→" if record["direction"] == "sent" else "←"
    start, stop = record["bytes"] or (0, 0)
    return (
        _printable(f"{arrow} {record['sender']} {record['target']}: {record['text']}"),
        record["delivery"] or "received",
        record["tls"] or "no",
        f"{start}-{stop}",
        _numbers(record["frames"]),
        _numbers(record["acks"]),
        _numbers(record["echo_frames"]),
    )


def _numbers(numbers: Sequence[int]) -> str:
    return ",".join(map(str, numbers)) or "–"


def _printable(text: str) -> str:
    """Control characters would move the terminal's cursor about."""
    return "".join(char if char.isprintable() else "�" for char in text)


def _fitted(text: str, width: int) -> str:
    return text.ljust(width) if len(text) <= width else text[: width - 1] + "…"
