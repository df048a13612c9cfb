"""The captures behind the comparison view: twins named, a second file beside, the table written."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path

import pytest

from chatlab.app.comparing import SessionComparer
from chatlab.app.saving import capture_work, save
from chatlab.app.session import Session
from chatlab.core.comparison import Comparison, Side
from chatlab.core.errors import ChatlabError, UsageError
from chatlab.core.export import SecretsChoice
from chatlab.core.flow import ConnectionId, Direction
from chatlab.core.message import Message
from chatlab.core.observing import Observer
from tests.helpers.irc_play import MemorySecrets
from tests.unit.app.feeding import full_feed
from tests.unit.app.test_finding import sealed


class Desk:
    """A comparer over the built capture; what it has running is awaited by ``run``."""

    def __init__(self, tmp_path: Path) -> None:
        self.feed, self.book = full_feed(tmp_path / "capture.pcapng")
        self.session: Session | None = None
        self.work: list[Coroutine[object, object, None]] = []
        self.errors: list[ChatlabError | None] = []
        self.comparer = SessionComparer(self.feed, lambda: self.session, self.work.append)

    def open_second(self, file: Path) -> ChatlabError | None:
        self.comparer.open_second(file, self.errors.append)
        self.run()
        return self.errors[-1]

    async def _run(self) -> None:
        while self.work:
            await self.work.pop()

    def run(self) -> None:
        asyncio.run(self._run())

    def table(self) -> Comparison:
        """The table, worked out."""
        self.comparer.refresh()
        self.run()
        return self.comparer.comparison()

    def messages(self) -> list[Message]:
        return [m for m in self.feed.messages.values() if m.direction is Direction.SENT]

    def close(self) -> None:
        self.comparer.close_second()
        self.feed.close()


@pytest.fixture
def desk(tmp_path: Path) -> "Desk":
    return Desk(tmp_path)


def saved(desk: Desk, file: Path) -> Path:
    save(capture_work(desk.feed, SecretsChoice.KEEP), file)
    return file


def test_before_there_are_twins_every_message_stands_by_itself(desk: Desk) -> None:
    table = desk.table()
    assert table.rows
    assert table.columns
    desk.close()


def test_what_left_in_one_gesture_is_one_row_from_then_on(desk: Desk) -> None:
    desk.session = Session(desk.book, desk.feed, MemorySecrets())
    first = desk.messages()[0]
    desk.comparer.pair([first], "t1")
    assert desk.feed.messages[first.id].twin == "t1"
    found = desk.book.find(first.id)
    assert found is not None
    entry = found[0].entries[found[1]]
    assert isinstance(entry, Message)
    assert entry.twin == "t1"
    desk.close()


def test_every_frame_of_the_table_can_be_looked_at(desk: Desk) -> None:
    table = desk.table()
    for row in table.rows:
        for cost in row.cells:
            if cost is None or cost.carried is None:
                continue
            for number in cost.carried.numbers:
                raw = desk.comparer.raw(cost.side, number)
                spans = desk.comparer.spans(cost.side, cost.messages, number)
                assert spans
                assert all(span.stop <= len(raw) for span in spans)
                for observer in Observer:
                    desk.comparer.frame_view(cost.side, observer, number)
                    desk.run()  # Asking has it worked out.
                    view = desk.comparer.frame_view(cost.side, observer, number)
                    assert view.words
                    assert not desk.work
    desk.close()


def test_every_connection_has_its_ladder_and_its_observers(desk: Desk) -> None:
    for column in desk.table().columns:
        assert desk.comparer.ladder(column.side).side == column.side
        for observer in Observer:
            assert not desk.comparer.view(column.side, observer).claims
            desk.run()
            assert desk.comparer.view(column.side, observer).claims
    desk.close()


def test_a_second_capture_is_opened_with_the_key_log_beside_it(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    tls = sealed(tmp_path / "x")
    file = tmp_path / "x" / "a.pcapng"
    assert isinstance(desk.open_second(file), ChatlabError)
    (tmp_path / "x" / "a.keys").write_text("my notes\n", encoding="utf-8")
    assert isinstance(desk.open_second(file), ChatlabError)
    (tmp_path / "x" / "a.keys").write_text(tls.key_log, encoding="utf-8")
    assert desk.open_second(file) is None
    assert desk.comparer.second_file == "a.pcapng"
    desk.comparer.close_second()


def test_a_second_capture_stands_beside_the_first_and_goes_again(
    desk: Desk, tmp_path: Path
) -> None:
    assert desk.open_second(saved(desk, tmp_path / "other.pcapng")) is None
    assert desk.comparer.second_file == "other.pcapng"
    table = desk.table()
    assert {column.side.capture for column in table.columns} == {0, 1}
    assert {column.capture for column in table.columns} == {"", "other.pcapng"}
    desk.comparer.close_second()
    assert not desk.comparer.second_file
    assert {column.side.capture for column in desk.table().columns} == {0}
    desk.close()


def test_a_file_without_chats_is_refused_and_the_former_one_stays(
    desk: Desk, tmp_path: Path
) -> None:
    assert desk.open_second(saved(desk, tmp_path / "other.pcapng")) is None
    broken = tmp_path / "broken.pcapng"
    broken.write_bytes(b"not a capture")
    error = desk.open_second(broken)
    assert error is not None
    assert error.hint
    assert desk.comparer.second_file == "other.pcapng"
    desk.close()


def test_what_has_not_changed_is_the_very_same_table(desk: Desk) -> None:
    before = desk.table()
    assert desk.table() is before
    desk.close()


def test_a_table_that_is_worked_out_anew_leaves_the_one_of_before_in_place(desk: Desk) -> None:
    before = desk.table()
    states: list[bool] = []
    desk.comparer.watch(
        lambda percent: None, lambda: states.append(desk.comparer.comparison() == before)
    )
    desk.comparer.refresh()
    assert desk.comparer.comparison() is before
    assert not states
    desk.run()
    assert states == [True]
    desk.close()


def test_captures_that_change_meanwhile_begin_the_work_again(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatlab.app.comparing.SLICE_S", 0.0)  # A turn of the loop per step.
    assert desk.open_second(saved(desk, tmp_path / "other.pcapng")) is None
    done: list[Comparison] = []
    desk.comparer.watch(lambda percent: None, lambda: done.append(desk.comparer.comparison()))
    desk.comparer.refresh()

    async def close_halfway() -> None:
        work = asyncio.ensure_future(desk.work.pop())
        await asyncio.sleep(0)
        desk.comparer.close_second()
        await work

    asyncio.run(close_halfway())
    assert [{column.side.capture for column in each.columns} for each in done] == [{0}]
    desk.close()


def test_a_connection_that_is_gone_is_named_as_that(desk: Desk) -> None:
    with pytest.raises(UsageError):
        desk.comparer.ladder(Side(1, ConnectionId("gone")))
    desk.close()


@pytest.mark.parametrize(("name", "begin"), [("t.csv", "row,"), ("t.html", "<!doctype html>")])
def test_the_table_is_written_by_the_files_suffix(
    desk: Desk, tmp_path: Path, name: str, begin: str
) -> None:
    desk.table()
    desk.comparer.save_table(tmp_path / name, desk.errors.append)
    desk.run()
    assert desk.errors == [None]
    assert (tmp_path / name).read_text(encoding="utf-8").startswith(begin)
    desk.comparer.save_table(tmp_path / "nowhere" / name, desk.errors.append)
    desk.run()
    assert desk.errors[-1] is not None
    assert desk.errors[-1].hint
    desk.close()
