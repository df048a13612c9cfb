"""Which file a session belongs to, what of it is not in there yet, and copies to be handed on."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path

from chatlab.app.feed import CaptureFeed
from chatlab.app.saving import SaveWork, capture_work, save_beside, session_work
from chatlab.core.chats import ChatBook
from chatlab.core.errors import ChatlabError, Severity
from chatlab.core.export import ExportFacts, SecretsChoice

_SLICE_S = 0.005
_TOPIC = "saved"
Post = Callable[[Severity, str, str, str], None]
"""Severity, words, what to do next, topic."""


class SessionSaver:
    """Implements ``ui.ports.SessionFiles``."""

    def __init__(
        self,
        feed: CaptureFeed,
        book: ChatBook,
        *,
        post: Post,
        start: Callable[[Coroutine[object, object, None]], None],
        on_progress: Callable[[str], None],
        catch_up: Callable[[], Awaitable[None]],
    ) -> None:
        """``start`` has work done to its end, even when the window closes meanwhile."""
        self._feed = feed
        self._book = book
        self._post = post
        self._start = start
        self._on_progress = on_progress
        self._catch_up = catch_up
        self.file: Path | None = None
        """Where the session is saved; None for one that never was."""
        self.notes = ""
        self.notes_file: Path | None = None
        """Where notes are written as they are typed, so that a crash loses none."""
        self._saved_count = self._saved_messages = 0
        self._saved_notes = ""
        self._observers: list[Callable[[], None]] = []
        self._one_at_a_time = asyncio.Lock()
        self._minutes = 0
        self._is_of_file = False
        """The window shows what was captured before: no leftover is kept of it."""
        self._was_warned = False
        self._timer: asyncio.TimerHandle | None = None

    # -- what there is to save

    @property
    def is_modified(self) -> bool:
        """Frames or notes have come since it was saved; where none are captured, messages."""
        has_more = self._feed.count > self._saved_count or self.notes != self._saved_notes
        # What was said and never saved is in the transcripts on disk: no leftover is made of it.
        is_behind = self.file is not None and len(self._feed.messages) > self._saved_messages
        return has_more or is_behind

    def set_notes(self, notes: str) -> None:
        if notes == self.notes:
            return
        self.notes = notes
        self._tell()
        if self.notes_file is not None:
            try:
                _write_down(notes, self.notes_file)
            except OSError as error:
                words = f"{self.notes_file} cannot be written: {error.strerror or error}."
                hint = "Until the session is saved, a crash would lose your notes."
                self._post(Severity.WARNING, words, hint, "notes")

    def adopt(self, file: Path | None, notes: str) -> None:
        """The window shows what ``file`` holds; None: a capture that is no session of ours."""
        self._is_of_file = True
        self.file, self.notes, self._saved_notes = file, notes, notes
        self._saved_count, self._saved_messages = self._feed.count, len(self._feed.messages)
        self._tell()

    def observe(self, observer: Callable[[], None]) -> None:
        """``observer`` is called when the file, or what is not in it yet, changed."""
        self._observers.append(observer)
        self._feed.on_frames(observer)

    def _tell(self) -> None:
        for observer in self._observers:
            observer()

    # -- saving

    def save(self, file: Path | None = None) -> None:
        """Write the session to ``file``, or to where it was saved before."""
        if (target := file or self.file) is not None:
            self._start(self._save(target))

    async def _save(self, target: Path, *, is_quiet: bool = False) -> None:
        async with self._one_at_a_time:
            await self._catch_up()
            count, said, notes = self._feed.count, len(self._feed.messages), self.notes
            await self._write(session_work(self._feed, self._book, notes), target, "session")
            self.file = target
            self._saved_count, self._saved_messages, self._saved_notes = count, said, notes
        self._tell()
        if not is_quiet:
            self._post(
                Severity.INFO,
                f"Saved the session as {target.name}: {_frames(count)}, and what was said.",
                "It holds the TLS keys; to hand something in, use “Export for hand-in”.",
                _TOPIC,
            )

    async def _write(self, work: SaveWork, target: Path, what: str) -> None:
        try:
            await save_beside(
                work,
                target,
                lambda percent: self._on_progress(f"Saving the {what}: {percent}\u00a0%"),
            )
        finally:
            self._on_progress("")

    # -- by itself

    def set_autosave(self, minutes: int) -> None:
        """Save every so many minutes, and at the end, what has a file; 0: never."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._minutes = minutes
        if minutes:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(60 * minutes, self._on_time)

    def _on_time(self) -> None:
        if self.file is not None and self.is_modified and not self._one_at_a_time.locked():
            self._start(self._save(self.file, is_quiet=True))
        self.set_autosave(self._minutes)

    def may_end(self) -> bool:
        """Whether the program may end without a loss; says what would be lost, once."""
        would_lose = self._is_of_file and self.file is None and self.is_modified
        if not would_lose or self._was_warned:
            return True
        self._was_warned = True
        self._post(
            Severity.WARNING,
            "Your notes on this capture are saved nowhere.",
            "Save the session (Ctrl+S), or close once more to drop them.",
            _TOPIC,
        )
        return False

    async def finish(self) -> None:
        """The program ends: save once more what is saved by itself.

        Notes on a file that was opened are saved in any case: no leftover keeps them.
        """
        autosaves = self._minutes > 0 or self._is_of_file
        self.set_autosave(0)
        if autosaves and self.file is not None and self.is_modified:
            try:
                await self._save(self.file, is_quiet=True)
            except ChatlabError as error:
                # What was captured now is kept for the next start all the same. The window is gone.
                print(error, file=sys.stderr)

    # -- copies

    def export(self, file: Path, secrets: SecretsChoice) -> None:
        """Write a copy of the capture that may be handed on."""
        self._start(self._export(file, secrets))

    async def _export(self, file: Path, secrets: SecretsChoice) -> None:
        async with self._one_at_a_time:
            await self._catch_up()
            count = self._feed.count
            await self._write(capture_work(self._feed, secrets), file, "copy")
        hint = ""
        if secrets is SecretsChoice.KEEP:
            hint = "The TLS keys are inside: whoever has it can read everything."
        self._post(Severity.INFO, f"Exported {_frames(count)} as {file.name}.", hint, _TOPIC)

    def survey(self, show: Callable[[ExportFacts], None]) -> None:
        """Count what a copy would tell; ``show`` gets the facts when they are complete."""
        self._start(self._survey(show))

    async def _survey(self, show: Callable[[ExportFacts], None]) -> None:
        from chatlab.app.exporting_capture import export_facts

        loop = asyncio.get_running_loop()
        facts, deadline = ExportFacts(), loop.time() + _SLICE_S
        for facts in export_facts(self._feed):  # noqa: B007 - the last ones count.
            if loop.time() >= deadline:
                await asyncio.sleep(0)
                deadline = loop.time() + _SLICE_S
        show(facts)


def _write_down(notes: str, file: Path) -> None:
    """At every key: whole, but without waiting for the disk. Raises OSError."""
    draft = file.with_name(f".{file.name}.new")
    draft.write_text(notes, encoding="utf-8", errors="replace")
    draft.replace(file)


def _frames(count: int) -> str:
    return "1 frame" if count == 1 else f"{count:,} frames"
