"""What a session writes down as it goes brings it back after its program was killed."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatlab.analysis.journal import read_journal, set_line
from chatlab.analysis.session_file import message_records
from chatlab.app import journal as journals
from chatlab.app.feed import CaptureFeed
from chatlab.app.journal import SessionJournal, journal_of
from chatlab.app.replay import fill_from_file
from chatlab.core import events as ev
from chatlab.core.account import AccountId
from chatlab.core.attribution import Evidence
from chatlab.core.capture import CaptureLive, CaptureReplayed
from chatlab.core.chat import Member
from chatlab.core.chats import ChatBook, ChatKey, Entry
from chatlab.core.message import Delivery, Message, MessageId, MessageKind
from chatlab.core.reactions import Reaction
from tests.helpers.tcp_talk import RECEIVED, SENT, START_NS, connection, message, wire
from tests.unit.app.feeding import HEARD, LAB, NoDissector, made, messages, talk

LAB_ID = AccountId("lab")
ROOM = ChatKey(LAB_ID, "#lab")
LIVE = CaptureLive(backend="packet socket", frames=0, dropped=0, position=0, flows=1)


def unexpected(cause: str, remedy: str) -> None:
    raise AssertionError(f"{cause} {remedy}")


class Living:
    """A session that goes on, as far as its journal can tell."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "capture.pcapng"
        self.book = ChatBook()
        self.feed = CaptureFeed(self.file, self.book, NoDissector(), is_live=True)
        made.append(self.feed)
        self.faults: list[str] = []
        self.journal = SessionJournal(self.file, lambda *words: self.faults.append(" ".join(words)))
        self.journal.follow(self.book)
        self.feed.journal = self.journal
        self.book.add_account(LAB)

    def take(self, event: ev.ChatEvent) -> None:
        """As ``Session.handle`` does."""
        self.book.apply(event)
        match event:
            case ev.MessageAdded(each) if each.wire is not None:
                self.feed.assign(each)
            case ev.MessageChanged(_, name) if found := self.book.find(name):
                entry = found[0].entries[found[1]]
                if isinstance(entry, Message) and entry.wire is not None:
                    self.feed.assign(entry)
            case _:
                pass

    @property
    def transcripts(self) -> dict[ChatKey, list[Entry]]:
        return {key: chat.entries for key, chat in self.book.chats.items()}


@pytest.fixture
def living(tmp_path: Path) -> Iterator[Living]:
    session = Living(tmp_path)
    yield session
    session.journal.close()


def reopened(file: Path) -> tuple[CaptureFeed, ChatBook]:
    """Another program opens what is there now."""
    book = ChatBook()
    feed = CaptureFeed(file, book, NoDissector(), is_live=False)
    made.append(feed)
    fill_from_file(feed, book)
    return feed, book


def test_nobody_else_may_read_it(living: Living) -> None:
    assert journal_of(living.file).stat().st_mode & 0o777 == 0o600


def test_a_killed_session_comes_back_with_the_same_talk_and_frames(living: Living) -> None:
    said, heard = messages()
    living.feed.opened(connection())
    living.feed.secret("CLIENT_RANDOM 00 11")
    living.take(ev.MemberJoined(LAB_ID, "#lab", Member(nick="alice"), START_NS, is_self=True))
    living.take(ev.TopicChanged(LAB_ID, "#lab", "frames", START_NS, "bob"))
    living.take(ev.MessageAdded(replace(said, wire=None, delivery=Delivery.QUEUED)))
    living.take(ev.MessageChanged(LAB_ID, said.id, Delivery.WRITTEN, wire=said.wire))
    living.take(ev.MessageAdded(heard))
    living.feed.assign(message("hidden", wire(RECEIVED, 5, 9), text="nobody is shown this"))
    talk().write(living.file)
    living.feed.pull()

    feed, book = reopened(living.file)
    assert {key: chat.entries for key, chat in book.chats.items()} == living.transcripts
    assert book.chats[ROOM].topic == "frames"
    assert list(message_records(feed.messages.values(), feed.correlator)) == list(
        message_records(living.feed.messages.values(), living.feed.correlator)
    )
    assert feed.attribution(MessageId("m2")).frames == (6,)
    assert feed.key_log == living.feed.key_log
    assert book.accounts[LAB_ID].source == "capture.pcapng"
    assert book.accounts[LAB_ID].account.nick == LAB.nick
    assert feed.status == CaptureReplayed(file="capture.pcapng")


TEXTS = st.sampled_from(["hi", "", "\udcff\ud800", "Grüße 🙂", "a\u2028b", "x" * 5000])
WHAT = st.sampled_from(["say", "hear", "note", "come", "written", "rewrite", "react", "old"])
STEPS = st.lists(st.tuples(WHAT, st.integers(0, 9), TEXTS), max_size=25)


def play(session: Living, steps: list[tuple[str, int, str]]) -> None:
    for step, (what, number, text) in enumerate(steps):
        session.take(_event(session, what, number, text, START_NS + step))


def _event(session: Living, what: str, number: int, text: str, now_ns: int) -> ev.ChatEvent:
    name = MessageId(f"s{number}-{now_ns}")
    entries = session.transcripts.get(ROOM, [])
    known = [entry for entry in entries if isinstance(entry, Message)]
    old = known[number % len(known)] if known else None
    msgid = old.msgid if old else f"n{number}"
    match what:
        case "say":
            added = replace(message(name, None, text=text), delivery=Delivery.QUEUED)
            return ev.MessageAdded(replace(added, time_ns=now_ns, msgid=f"n{now_ns}"))
        case "hear":
            span = wire(RECEIVED, number * 10, number * 10 + 7)
            heard = message(name, span, text=text, direction=RECEIVED)
            return ev.MessageAdded(replace(heard, time_ns=now_ns, msgid=f"n{now_ns}"))
        case "note":
            return ev.Informed(LAB_ID, text, now_ns, "#lab", hint="a hint")
        case "come":
            return ev.MemberJoined(LAB_ID, "#lab", Member(nick=f"nick{number}"), now_ns)
        case "written" if old is not None and old.delivery is Delivery.QUEUED:
            return ev.MessageChanged(LAB_ID, old.id, Delivery.WRITTEN, wire=wire(SENT, 0, number))
        case "rewrite" if old is not None:
            return ev.MessageRewritten(LAB_ID, "#lab", old.id, text, now_ns)
        case "react":
            return ev.ReactionSeen(LAB_ID, "#lab", "bob", msgid, text or "+", now_ns)
        case _:
            past = message(name, None, text=text, direction=RECEIVED)
            earlier = START_NS - 1000 + 7 * number
            return ev.MessageAdded(replace(past, time_ns=earlier, is_history=True))


@given(STEPS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
def test_any_talk_comes_back_as_it_was_shown(
    tmp_path: Path, steps: list[tuple[str, int, str]]
) -> None:
    for left in tmp_path.iterdir():
        left.unlink()
    session = Living(tmp_path)
    play(session, steps)
    session.journal.close()
    found = read_journal(journal_of(session.file).read_bytes().splitlines(keepends=True))
    assert found.damaged == 0
    assert {key: record.entries for key, record in found.chats.items()} == session.transcripts
    assert found.messages == session.feed.messages


def test_a_journal_may_be_torn_anywhere(living: Living) -> None:
    steps = [("say", 1, "one"), ("come", 1, ""), ("hear", 2, "two"), ("written", 0, "")]
    states: list[tuple[int, list[Entry]]] = []
    for step in steps:
        play(living, [step])
        states.append((journal_of(living.file).stat().st_size, list(living.transcripts[ROOM])))
    whole = journal_of(living.file).read_bytes()
    for size in range(len(whole)):
        found = read_journal(whole[:size].splitlines(keepends=True))
        assert found.damaged == 0
        known = [entries for until, entries in states if until <= size]
        if known:
            assert found.chats[ROOM].entries[: len(known[-1])] == known[-1]


def test_a_damaged_line_costs_what_it_says_and_is_told(living: Living) -> None:
    talk().write(living.file)
    play(living, [("hear", 1, "one"), ("hear", 2, "two"), ("hear", 3, "three")])
    path = journal_of(living.file)
    lines = path.read_bytes().splitlines(keepends=True)
    broken = next(number for number, line in enumerate(lines) if b"two" in line)
    lines[broken] = b'{"chat":["lab","#lab"],"put":1,"message":{}}\n'
    path.write_bytes(b"".join(lines))
    feed, book = reopened(living.file)
    assert [entry.text for entry in book.chats[ROOM].entries] == ["one", "three"]
    assert isinstance(feed.status, CaptureReplayed)
    assert feed.status.problem == "1 line of what was said cannot be read."


@given(st.binary(max_size=60))
def test_nothing_in_a_line_raises(line: bytes) -> None:
    read_journal([line, line + b"\n", b'{"chat":["a","b"],' + line + b"}\n"])


def test_somebody_elses_lines_beside_a_capture_are_none_of_ours(tmp_path: Path) -> None:
    file = talk().write(tmp_path / "capture.pcapng")
    journal_of(file).write_bytes(b'{"chat":["lab","#lab"],"put":0}\n')
    feed, book = reopened(file)
    assert feed.count == 6
    assert book.chats == {}


def test_a_late_capture_keeps_where_its_bytes_lie(living: Living) -> None:
    late = replace(connection(), is_captured=False)
    living.feed.opened(late)
    spoken = talk()
    line = b":bob!b@h PRIVMSG #lab :something long enough to be found again\r\n"
    spoken.send(RECEIVED, line)
    spoken.ack(SENT)
    stop = len(HEARD) + len(line)
    living.take(ev.MessageAdded(message("late", wire(RECEIVED, len(HEARD), stop))))
    spoken.write(living.file, first=7)
    living.feed.carried(late, RECEIVED, HEARD + line)
    living.feed.take_status(LIVE)
    living.feed.carried(late, RECEIVED, b"PING :later\r\n")
    living.feed.take_status(LIVE)
    before = living.feed.attribution(MessageId("late"))
    assert (before.frames, before.evidence) == ((1,), Evidence.CONTENT)
    feed, _ = reopened(living.file)
    assert feed.attribution(MessageId("late")) == before


# --- when the disk takes nothing -----------------------------------------------------------------


@contextmanager
def full_disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def write(descriptor: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", write)
        yield


def test_what_is_said_while_the_disk_is_full_is_written_when_there_is_room(
    living: Living, monkeypatch: pytest.MonkeyPatch
) -> None:
    play(living, [("hear", 1, "one")])
    with full_disk(monkeypatch):
        play(living, [("hear", 2, "two"), ("note", 0, "three")])
    assert len(living.faults) == 1
    assert "No space left" in living.faults[0]
    assert "Free some space" in living.faults[0]
    living.feed.tell()
    talk().write(living.file)
    _, book = reopened(living.file)
    assert [entry.text for entry in book.chats[ROOM].entries] == ["one", "two", "three"]


def test_what_is_too_much_to_keep_is_counted(
    living: Living, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journals, "MAX_PENDING", 1000)
    with full_disk(monkeypatch):
        play(living, [("hear", number, "word") for number in range(9)])
    living.feed.tell()
    talk().write(living.file)
    feed, book = reopened(living.file)
    kept = len(book.chats[ROOM].entries)
    assert 0 < kept < 9
    assert isinstance(feed.status, CaptureReplayed)
    assert feed.status.problem.startswith(f"{9 - kept} lines of what was said could not be kept")


def test_a_change_to_a_line_that_was_lost_puts_it_back(living: Living) -> None:
    play(living, [("say", 1, "one"), ("say", 2, "two")])
    path = journal_of(living.file)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(line for line in lines if b'"one"' not in line))
    with path.open("ab") as more:
        entry = living.book.chats[ROOM].entries[0]
        assert isinstance(entry, Message)
        changed = replace(entry, delivery=Delivery.FAILED, failure="no more")
        living.book.chats[ROOM].entries[0] = changed
        more.write(set_line(living.book.chats[ROOM], 0))
    found = read_journal(path.read_bytes().splitlines(keepends=True))
    texts = [entry.text for entry in found.chats[ROOM].entries]
    assert sorted(texts) == ["one", "two"]


def test_a_closed_chat_stays_closed_and_keeps_its_frames(living: Living) -> None:
    living.feed.opened(connection())
    living.take(ev.MessageAdded(messages()[1]))
    living.book.close(ROOM)
    talk().write(living.file)
    feed, book = reopened(living.file)
    assert ROOM not in book.chats
    assert feed.attribution(MessageId("m2")).frames == (6,)


def test_no_field_of_a_message_is_left_behind(living: Living) -> None:
    full = replace(
        message("full", wire(SENT, 3, 9), echo=wire(RECEIVED, 1, 2), text="words"),
        kind=MessageKind.NOTICE,
        delivery=Delivery.FAILED,
        failure="a reason",
        is_history=True,
        is_highlight=True,
        user_host="a@b",
        msgid="m",
        reply_to="r",
        is_corrected=True,
        is_retracted=True,
        reactions=(Reaction("+", ("bob",)),),
        twin="t",
        is_unstyled=True,
        is_sealed=True,
    )
    blank = message("blank", None, text="")
    unset = {"target", "account", "application", "direction", "sender", "id", "time_ns"}
    for each in fields(Message):
        if each.name not in unset:
            assert getattr(full, each.name) != getattr(blank, each.name), each.name
    living.take(ev.MessageAdded(full))
    found = read_journal(journal_of(living.file).read_bytes().splitlines(keepends=True))
    assert found.chats[ROOM].entries == [full]


@pytest.mark.parametrize("place", [-1, 10**30])
def test_a_line_at_a_place_that_cannot_be_spoils_no_other(place: int, living: Living) -> None:
    talk().write(living.file)
    play(living, [("hear", 1, "one"), ("hear", 2, "two")])
    path = journal_of(living.file)
    lines = path.read_bytes().splitlines(keepends=True)
    broken = next(number for number, line in enumerate(lines) if b"two" in line)
    lines[broken] = lines[broken].replace(b'"put":1', f'"put":{place}'.encode())
    path.write_bytes(b"".join(lines))
    _, book = reopened(living.file)
    assert sorted(entry.text for entry in book.chats[ROOM].entries) == ["one", "two"]
