"""Tells at a start what an earlier run has left, and offers to open it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from chatlab.app.journal import read_beside
from chatlab.app.leftovers import MAX_KEPT, Leftover, SessionFolder
from chatlab.app.scratch import clear_abandoned
from chatlab.core.errors import Severity
from chatlab.ui.widgets.message_bar import BarChoice, BarMessage

TOPIC = "leftover"


@dataclass(frozen=True, slots=True)
class _Contents:
    frames: int
    messages: int

    @property
    def words(self) -> str:
        frames = "1 frame" if self.frames == 1 else f"{self.frames:,} frames"
        messages = "1 message" if self.messages == 1 else f"{self.messages:,} messages"
        found = [
            words for words, count in ((frames, self.frames), (messages, self.messages)) if count
        ]
        return " and ".join(found)

    @property
    def verb(self) -> str:
        return "is" if self.frames + self.messages == 1 else "are"


async def offer_leftovers(
    folder: SessionFolder,
    sessions: Path,
    post: Callable[[BarMessage], None],
    open_file: Callable[[Path], None],
) -> None:
    """Tell of the newest that was not told of before. Raises FileError."""
    await asyncio.to_thread(clear_abandoned)
    for one in await asyncio.to_thread(folder.leftovers):
        if one.was_offered:
            continue
        message = await _message_of(one, sessions, open_file)
        if message is not None:
            post(message)
            one.note_offer()
            return


async def _message_of(
    one: Leftover, sessions: Path, open_file: Callable[[Path], None]
) -> BarMessage | None:
    if not one.is_of_crash:
        return BarMessage(
            Severity.INFO,
            f"The capture of {one.words} was not saved.",
            f"ChatLab keeps the last {MAX_KEPT} of them in {sessions}.",
            action="Open",
            on_action=lambda: open_file(one.file),
            topic=TOPIC,
        )
    found = await asyncio.to_thread(_look_into, one)
    if not (found.frames or found.messages):
        one.delete()
        return None
    return BarMessage(
        Severity.WARNING,
        f"ChatLab was ended on {one.words} before it could close: {found.words} {found.verb} kept.",
        "Open them as they were; saved under a name of yours, they stay for good.",
        action="Open",
        on_action=lambda: open_file(one.file),
        choices=(BarChoice("Delete", one.delete),),
        topic=TOPIC,
    )


def _look_into(one: Leftover) -> _Contents:
    journal = read_beside(one.file)
    return _Contents(one.count_frames(), len(journal.messages) if journal is not None else 0)
