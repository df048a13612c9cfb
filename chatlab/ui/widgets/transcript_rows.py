"""What a row of the transcript is beside the others: what it shows because of the row before it
(groups, times, days), and which one a key leads to."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from PySide6.QtWidgets import QAbstractItemView

from chatlab.core.chats import Entry, Note
from chatlab.core.message import Message, MessageKind
from chatlab.ui.models.transcript import local_time
from chatlab.ui.widgets.row_heights import RowHeights
from chatlab.ui.widgets.transcript_layout import Neighbourhood, RowLayout

GROUP_NS = 5 * 60 * 1_000_000_000
"""A pause this long begins a new group even when the same person goes on."""
_Move = QAbstractItemView.CursorAction


def neighbourhood(entry: Entry, previous: Entry | None, *, is_first_new: bool) -> Neighbourhood:
    """Whether ``entry`` begins a group, a minute or a day after ``previous``."""
    now = local_time(entry)
    before = local_time(previous) if previous is not None else None
    is_new_day = before is None or before.date() != now.date()
    is_new_minute = is_new_day or _minute(before) != _minute(now)
    continues = not is_new_day and not is_first_new and _continues(entry, previous)
    return Neighbourhood(
        starts_group=not continues,
        shows_time=is_new_minute or (isinstance(entry, Message) and not continues),
        day=day_words(now.date(), date.today()) if is_new_day else "",
        is_first_new=is_first_new,
    )


def rows_quoting(changed: Iterable[Entry], layouts: Mapping[int, RowLayout]) -> list[int]:
    """The rows that quote a message which is told otherwise now, or was taken back."""
    names = {entry.id for entry in changed if isinstance(entry, Message)}
    about = ((row, layout.about.quoted) for row, layout in layouts.items())
    return [row for row, quoted in about if quoted is not None and quoted.id in names]


def _minute(time: datetime | None) -> tuple[int, int] | None:
    return (time.hour, time.minute) if time else None


def _continues(entry: Entry, previous: Entry | None) -> bool:
    if isinstance(entry, Note) or isinstance(previous, Note):
        return isinstance(entry, Note) and isinstance(previous, Note)
    if entry.reply_to:
        return False  # What it answers stands between the nick and the words.
    if previous is None or MessageKind.ACTION in (entry.kind, previous.kind):
        return False
    return (
        entry.sender == previous.sender
        and entry.kind is previous.kind
        and entry.is_history == previous.is_history
        and entry.time_ns - previous.time_ns < GROUP_NS
    )


def day_words(day: date, today: date) -> str:
    """A day as one says it: Today, Yesterday, or its date."""
    match (today - day).days:
        case 0:
            return "Today"
        case 1:
            return "Yesterday"
    year = "" if day.year == today.year else f" {day.year}"
    return f"{day:%A}, {day.day} {day:%B}{year}"


def row_reached(action: _Move, row: int, page: int, heights: RowHeights) -> int:
    """Where a key leads from ``row``; ``page`` is how much is seen at once, in pixels."""
    match action:
        case _Move.MoveUp | _Move.MovePrevious | _Move.MoveLeft:
            row -= 1
        case _Move.MoveDown | _Move.MoveNext | _Move.MoveRight:
            row += 1
        case _Move.MoveHome:
            row = 0
        case _Move.MoveEnd:
            row = len(heights) - 1
        case _Move.MovePageUp:
            row = min(row - 1, heights.row_at(heights.top(row) - page))
        case _Move.MovePageDown:
            row = max(row + 1, heights.row_at(heights.top(row) + page))
    return max(0, min(len(heights) - 1, row))
