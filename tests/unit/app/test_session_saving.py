"""Which file a session belongs to, what is not in it yet, and what is saved without being asked."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from chatlab.app import session_saving
from chatlab.app.feed import CaptureFeed
from chatlab.app.opening import OpenedFile
from chatlab.app.session_saving import SessionSaver
from chatlab.core.chats import ChatBook
from chatlab.core.errors import ChatlabError, Severity
from chatlab.core.export import ExportFacts, SecretsChoice
from chatlab.core.message import MessageId
from tests.helpers.tcp_talk import connection, tls_facts
from tests.unit.app.feeding import full_feed, messages


@dataclass
class Desk:
    """A saver, what it told, and what it has running."""

    saver: SessionSaver = field(init=False)
    feed: CaptureFeed = field(init=False)
    book: ChatBook = field(init=False)
    told: list[str] = field(default_factory=list)
    progress: list[str] = field(default_factory=list)
    tasks: list["asyncio.Task[None]"] = field(default_factory=list)
    changes: int = 0

    def __init__(self, tmp_path: Path) -> None:
        self.told, self.progress, self.tasks, self.changes = [], [], [], 0
        self.feed, self.book = full_feed(tmp_path / "capture.pcapng")
        self.saver = SessionSaver(
            self.feed,
            self.book,
            post=self._post,
            start=self._start,
            on_progress=self.progress.append,
            catch_up=self._catch_up,
        )
        self.saver.observe(self._on_change)

    def _on_change(self) -> None:
        self.changes += 1

    def _post(self, severity: Severity, words: str, hint: str, topic: str) -> None:
        self.told.append(f"{severity.name} {words} {hint}")

    def _start(self, work: Coroutine[object, object, None]) -> None:
        async def guarded() -> None:
            try:
                await work
            except ChatlabError as error:
                self._post(Severity.ERROR, error.message, error.hint, "")

        self.tasks.append(asyncio.get_running_loop().create_task(guarded()))

    async def _catch_up(self) -> None:
        self.feed.pull()

    async def done(self) -> None:
        while self.tasks:
            await self.tasks.pop(0)


def is_modified(saver: SessionSaver) -> bool:
    """Asked anew each time, whatever the type checker remembers."""
    return saver.is_modified


def test_what_was_saved_is_not_modified_until_something_comes(tmp_path: Path) -> None:
    async def scene() -> None:
        desk = Desk(tmp_path)
        saver, file = desk.saver, tmp_path / "lab6.chatlab"
        assert is_modified(saver)
        saver.save(file)
        await desk.done()
        assert (saver.file, saver.is_modified) == (file, False)
        assert "6 frames" in desk.told[0]
        assert desk.progress[-1] == ""
        saver.set_notes("I saw it")
        assert is_modified(saver)
        changes = desk.changes
        saver.save()
        await desk.done()
        assert not is_modified(saver)
        assert desk.changes > changes
        with OpenedFile(file) as opened:
            assert opened.notes == "I saw it"

    asyncio.run(scene())


def test_notes_are_on_the_disk_as_they_are_typed(tmp_path: Path) -> None:
    async def scene() -> None:
        desk = Desk(tmp_path)
        desk.saver.notes_file = tmp_path / "notes.md"
        desk.saver.set_notes("seen – ä")
        assert (tmp_path / "notes.md").read_text(encoding="utf-8") == "seen – ä"
        desk.saver.notes_file = tmp_path / "nowhere" / "notes.md"
        desk.saver.set_notes("more")
        assert "a crash would lose your notes" in desk.told[0]

    asyncio.run(scene())


def test_without_a_file_save_waits_for_a_name(tmp_path: Path) -> None:
    async def scene() -> None:
        desk = Desk(tmp_path)
        desk.saver.save()
        assert desk.tasks == []

    asyncio.run(scene())


def test_a_place_that_refuses_leaves_it_unsaved(tmp_path: Path) -> None:
    async def scene() -> None:
        desk = Desk(tmp_path)
        desk.saver.save(tmp_path / "nowhere" / "lab6.chatlab")
        await desk.done()
        assert desk.saver.file is None
        assert is_modified(desk.saver)
        assert "ERROR" in desk.told[0]
        assert "another folder" in desk.told[0]

    asyncio.run(scene())


def test_it_is_saved_by_itself_once_it_has_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene() -> None:
        desk = Desk(tmp_path)
        saver = desk.saver
        saver._on_time()
        assert desk.tasks == [], "where would it go?"
        saver.save(tmp_path / "lab6.chatlab")
        await desk.done()
        saver.set_notes("more")
        told = len(desk.told)
        saver._on_time()
        await desk.done()
        assert not is_modified(saver)
        assert len(desk.told) == told, "nobody asked, nobody is told"
        saver._on_time()
        assert desk.tasks == [], "nothing has come since"

    asyncio.run(scene())


def test_the_timer_is_set_and_taken_back(tmp_path: Path) -> None:
    async def scene() -> None:
        saver = Desk(tmp_path).saver
        saver.set_autosave(5)
        timer = saver._timer
        assert timer is not None
        assert timer.when() - asyncio.get_running_loop().time() == pytest.approx(300, abs=2)
        saver.set_autosave(0)
        assert timer.cancelled()
        assert saver._timer is None

    asyncio.run(scene())


@pytest.mark.parametrize("minutes", [0, 5])
def test_the_end_saves_once_more_where_that_is_wanted(minutes: int, tmp_path: Path) -> None:
    async def scene() -> None:
        desk = Desk(tmp_path)
        saver = desk.saver
        saver.save(tmp_path / "lab6.chatlab")
        await desk.done()
        saver.set_autosave(minutes)
        saver.set_notes("last words")
        await saver.finish()
        assert is_modified(saver) is (minutes == 0)
        assert saver._timer is None

    asyncio.run(scene())


def test_an_opened_file_is_not_modified_by_being_looked_at(tmp_path: Path) -> None:
    async def scene() -> None:
        saver = Desk(tmp_path).saver
        saver.adopt(tmp_path / "lab6.chatlab", "kept")
        assert (saver.is_modified, saver.notes) == (False, "kept")
        assert saver.may_end()

    asyncio.run(scene())


def test_notes_on_an_opened_session_are_saved_at_the_end(tmp_path: Path) -> None:
    async def scene() -> None:
        desk = Desk(tmp_path)
        file = tmp_path / "lab6.chatlab"
        desk.saver.adopt(file, "")
        desk.saver.set_notes("seen")
        assert desk.saver.may_end()
        await desk.saver.finish()
        with OpenedFile(file) as opened:
            assert opened.notes == "seen"

    asyncio.run(scene())


def test_notes_on_a_foreign_capture_are_not_dropped_without_a_word(tmp_path: Path) -> None:
    async def scene() -> None:
        desk = Desk(tmp_path)
        desk.saver.adopt(None, "")
        desk.saver.set_notes("seen")
        assert not desk.saver.may_end()
        assert "saved nowhere" in desk.told[0]
        assert desk.saver.may_end(), "asked once, obeyed then"

    asyncio.run(scene())


@pytest.mark.parametrize("choice", SecretsChoice)
def test_a_copy_is_written_and_does_not_count_as_saved(
    choice: SecretsChoice, tmp_path: Path
) -> None:
    async def scene() -> None:
        desk = Desk(tmp_path)
        desk.feed.secret("CLIENT_RANDOM aa bb")
        file = tmp_path / "copy.pcapng"
        desk.saver.export(file, choice)
        await desk.done()
        assert (b"CLIENT_RANDOM" in file.read_bytes()) is (choice is SecretsChoice.KEEP)
        assert desk.saver.file is None
        assert is_modified(desk.saver)
        assert "Exported 6 frames" in desk.told[0]
        assert ("TLS keys" in desk.told[0]) is (choice is SecretsChoice.KEEP)

    asyncio.run(scene())


def test_facts_are_counted_while_others_get_their_turn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_saving, "_SLICE_S", 0.0)

    async def scene() -> None:
        desk = Desk(tmp_path)
        heard: list[ExportFacts] = []
        desk.saver.survey(heard.append)
        await desk.done()
        desk.feed.changed(connection(tls=tls_facts()))
        desk.saver.survey(heard.append)
        await desk.done()
        assert heard == [
            ExportFacts(frames=6, clear_messages=2),
            ExportFacts(frames=6, sealed_connections=1, sealed_messages=2),
        ]

    asyncio.run(scene())


def test_what_is_said_where_nothing_is_captured_counts_once_there_is_a_file(
    tmp_path: Path,
) -> None:
    async def scene() -> None:
        desk = Desk(tmp_path)
        desk.saver.save(tmp_path / "lab6.chatlab")
        await desk.done()
        assert not is_modified(desk.saver)
        said, _ = messages()
        desk.feed.assign(replace(said, id=MessageId("m3")))
        assert is_modified(desk.saver)
        desk.saver.save()
        await desk.done()
        assert not is_modified(desk.saver)

    asyncio.run(scene())


def test_notes_that_the_end_could_not_save_are_said_where_it_can_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def scene() -> None:
        desk = Desk(tmp_path)
        desk.saver.adopt(tmp_path / "gone" / "lab6.chatlab", "")
        desk.saver.set_notes("seen")
        await desk.saver.finish()

    asyncio.run(scene())
    assert "lab6.chatlab cannot be written" in capsys.readouterr().err


def test_notes_are_whole_on_the_disk_however_the_program_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene() -> None:
        desk = Desk(tmp_path)
        desk.saver.notes_file = tmp_path / "notes.md"
        desk.saver.set_notes("first")
        monkeypatch.setattr(Path, "replace", refuse)
        desk.saver.set_notes("second")
        assert desk.saver.notes_file.read_text(encoding="utf-8") == "first"

    def refuse(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    asyncio.run(scene())
