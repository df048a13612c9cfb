"""A saved session comes back: accounts, chats, messages, frames, and nothing to send with."""

from dataclasses import replace
from pathlib import Path

import pytest

from chatlab.app.feed import CaptureFeed
from chatlab.app.replay import fill_from_file, show_frames_alone
from chatlab.app.saving import save_capture
from chatlab.core.account import AccountId, Application
from chatlab.core.capture import CaptureReplayed
from chatlab.core.chats import ChatBook, ChatKey, ChatKind
from chatlab.core.errors import FileError
from chatlab.core.frame import Exposure
from chatlab.core.message import Message, MessageId
from tests.helpers.tcp_talk import connection, tls_facts
from tests.unit.app.feeding import NoDissector, full_feed, made, messages, talk

LAB = ChatKey(AccountId("lab"), "#lab")


def opened(file: Path) -> tuple[CaptureFeed, ChatBook]:
    book = ChatBook()
    feed = CaptureFeed(file, book, NoDissector(), is_live=False)
    made.append(feed)
    fill_from_file(feed, book)
    return feed, book


def saved(tmp_path: Path, *, is_sealed: bool = False) -> Path:
    feed, _ = full_feed(tmp_path / "capture.pcapng")
    if is_sealed:
        feed.changed(connection(tls=tls_facts()))
    save_capture(feed, tmp_path / "lesson.pcapng")
    return tmp_path / "lesson.pcapng"


def test_messages_and_frames_are_those_that_were_saved(tmp_path: Path) -> None:
    feed, book = opened(saved(tmp_path))
    entries = book.chats[LAB].entries
    assert [entry.text for entry in entries if isinstance(entry, Message)] == ["hi", "ho"]
    assert feed.attribution(MessageId("m1")).frames == (4,)
    assert feed.attribution(MessageId("m2")).frames == (6,)


def test_it_says_that_it_is_a_file(tmp_path: Path) -> None:
    feed, book = opened(saved(tmp_path))
    assert feed.status == CaptureReplayed(file="lesson.pcapng")
    assert book.accounts[LAB.account].source == "lesson.pcapng"
    assert book.accounts[LAB.account].account.is_temporary


def test_what_tls_sealed_is_still_sealed(tmp_path: Path) -> None:
    feed, _ = opened(saved(tmp_path, is_sealed=True))
    assert feed.exposure_of(MessageId("m1")) is Exposure.SEALED


def test_anybody_elses_capture_shows_its_frames(tmp_path: Path) -> None:
    feed, book = opened(talk().write(tmp_path / "foreign.pcapng"))
    assert feed.count == 6
    assert book.chats == {}


def test_a_file_that_is_cut_off_says_so_and_shows_what_there_is(tmp_path: Path) -> None:
    file = talk().write(tmp_path / "cut.pcapng")
    file.write_bytes(file.read_bytes()[:-10])
    feed, _ = opened(file)
    assert feed.count == 5
    assert isinstance(feed.status, CaptureReplayed)
    assert feed.status.problem


def test_where_the_words_are_damaged_the_frames_are_shown_all_the_same(tmp_path: Path) -> None:
    file = saved(tmp_path)
    file.write_bytes(file.read_bytes().replace(b'"direction"', b'"dixection"'))
    feed = CaptureFeed(file, ChatBook(), NoDissector(), is_live=False)
    made.append(feed)
    with pytest.raises(FileError) as caught:
        fill_from_file(feed, ChatBook())
    show_frames_alone(feed, "lesson.pcapng", caught.value)
    assert feed.count == 6
    assert isinstance(feed.status, CaptureReplayed)
    assert "comments are damaged: the comment of frame 4 lacks" in feed.status.problem


def test_an_xmpp_room_is_a_room_again_and_a_chat_of_two_is_none(tmp_path: Path) -> None:
    feed, book = full_feed(tmp_path / "capture.pcapng")
    said, heard = (replace(each, application=Application.XMPP) for each in messages())
    feed.assign(replace(said, target="Lab@rooms.example", echo=heard.wire))
    feed.assign(replace(heard, target="bob@irc.example", sender="bob@irc.example"))
    save_capture(feed, tmp_path / "lesson.pcapng")
    _, book = opened(tmp_path / "lesson.pcapng")
    kinds = {key.name: chat.kind for key, chat in book.chats.items() if key.name}
    assert kinds == {
        "lab@rooms.example": ChatKind.CHANNEL,
        "bob@irc.example": ChatKind.PRIVATE,
    }


def test_who_speaks_by_a_nickname_speaks_in_a_room_unless_to_one_person(tmp_path: Path) -> None:
    feed, book = full_feed(tmp_path / "capture.pcapng")
    said, heard = (replace(each, application=Application.XMPP) for each in messages())
    feed.assign(replace(said, target="lab@rooms.example/bob"))
    feed.assign(replace(heard, target="lab@rooms.example", sender="bob"))
    save_capture(feed, tmp_path / "lesson.pcapng")
    _, book = opened(tmp_path / "lesson.pcapng")
    kinds = {key.name: chat.kind for key, chat in book.chats.items() if key.name}
    assert kinds == {
        "lab@rooms.example/bob": ChatKind.PRIVATE,
        "lab@rooms.example": ChatKind.CHANNEL,
    }
