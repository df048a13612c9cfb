"""From a typed line to what is done about it."""

import pytest

from chatlab.core.account import AccountId
from chatlab.core.chats import Chat, ChatBook, ChatKey, Note, NoteKind
from chatlab.core.commands import Command, Verb
from chatlab.core.message import MessageKind
from chatlab.ui.speaking import Speaker
from tests.helpers.chats import account, book_with
from tests.helpers.stage import LAB, NotingBackstage, NotingConnection


class Desk:
    def __init__(self, name: str = "#lab") -> None:
        self.book: ChatBook
        self.chat: Chat
        self.book, self.chat = book_with(name)
        self.connection = NotingConnection(account())
        backstage = NotingBackstage({LAB: self.connection})
        self.speaker = Speaker(self.book, backstage)

    def say(self, line: str) -> None:
        self.speaker.say(self.chat.key, line)

    @property
    def complaint(self) -> Note:
        note = self.chat.entries[-1]
        assert isinstance(note, Note)
        assert note.kind is NoteKind.ERROR
        return note


def test_words_go_to_the_chat() -> None:
    desk = Desk()
    desk.say("hello, world")
    assert desk.connection.said == [("#lab", "hello, world", MessageKind.MESSAGE)]


def test_a_command_goes_to_the_connection_with_its_chat() -> None:
    desk = Desk()
    desk.say("/topic Today: TCP")
    assert desk.connection.executed == [(Command(Verb.TOPIC, ("Today: TCP",)), "#lab")]


def test_several_lines_are_never_commands() -> None:
    desk = Desk()
    desk.say("/quit\n/quit")
    assert desk.connection.executed == []
    assert [text for _, text, _ in desk.connection.said] == ["/quit\n/quit"]


def test_what_the_window_does_itself_never_reaches_the_network() -> None:
    desk = Desk()
    done: list[tuple[Verb, ChatKey]] = []
    desk.speaker.on_local = lambda command, chat: done.append((command.verb, chat))
    for line in ("/clear", "/packets", "/help", "/capture stop"):
        desk.say(line)
    assert [verb for verb, _ in done] == [Verb.CLEAR, Verb.PACKETS, Verb.HELP, Verb.CAPTURE]
    assert desk.connection.executed == []


def test_each_channel_of_a_join_is_expected() -> None:
    desk = Desk()
    expected: list[str] = []
    desk.speaker.on_join = lambda chat: expected.append(chat.name)
    desk.say("/join #One,#two")
    assert expected == ["#one", "#two"]


def test_a_query_opens_its_chat_and_shows_it() -> None:
    desk = Desk()
    shown: list[ChatKey] = []
    desk.speaker.on_query = shown.append
    desk.say("/query Bob")
    assert shown == [ChatKey(LAB, "bob")]
    assert desk.book.chats[shown[0]].title == "Bob"


def test_a_command_that_does_not_exist_is_told_in_the_chat() -> None:
    desk = Desk()
    desk.say("/jion #lab")
    assert "jion" in desk.complaint.text
    assert desk.complaint.hint


def test_nothing_is_said_to_the_servers_own_page() -> None:
    desk = Desk()
    server = desk.book.open(LAB, "")
    desk.speaker.say(server.key, "hello?")
    note = server.entries[-1]
    assert isinstance(note, Note)
    assert "/join" in note.hint
    assert desk.connection.said == []


def test_a_chat_from_a_file_is_read_only() -> None:
    desk = Desk()
    desk.speaker = Speaker(desk.book, NotingBackstage())
    desk.say("hello")
    assert "file" in desk.complaint.text


@pytest.mark.parametrize(
    ("line", "bytes_"),
    [
        ("hi", (18,)),
        ("/me waves", (21,)),
        ("/msg bob hi", (17,)),
        ("/topic x", ()),
        ("/nonsense", ()),
    ],
)
def test_the_forecast_counts_what_would_leave(line: str, bytes_: tuple[int, ...]) -> None:
    desk = Desk()
    assert desk.speaker.predict(desk.chat.key, line) == bytes_


def test_there_is_no_forecast_where_nothing_can_be_sent() -> None:
    desk = Desk()
    server = desk.book.open(LAB, "")
    assert desk.speaker.predict(server.key, "hi") == ()
    assert desk.speaker.predict(ChatKey(AccountId("other"), "#lab"), "hi") == ()
