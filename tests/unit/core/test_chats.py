"""The chat book: every event has its effect, and every effect is told once."""

from dataclasses import replace

import pytest

from chatlab.core import events as ev
from chatlab.core.account import Account, AccountId, Application
from chatlab.core.chat import Member
from chatlab.core.chats import (
    MAX_ENTRIES,
    AccountState,
    Change,
    Chat,
    ChatBook,
    ChatKey,
    ChatKind,
    Note,
    NoteKind,
)
from chatlab.core.connection import LinkState
from chatlab.core.errors import Severity
from chatlab.core.flow import ByteRange, ConnectionId, Direction, WireRange
from chatlab.core.message import Delivery, Message, MessageId, MessageKind
from chatlab.core.roster import Contact, ContactChanged, ContactsListed

LAB = AccountId("lab")
ACCOUNT = Account(id=LAB, name="Lab", host="irc.example.org", port=6697, nick="me")
CHANNEL = ChatKey(LAB, "#lab")
ALICE = Member(nick="Alice", prefixes="@")


class Watch:
    """Writes down what a book tells."""

    def __init__(self, book: ChatBook) -> None:
        self.seen: list[tuple[Change, str, int, int]] = []
        self.stop = book.observe(self._note)

    def _note(self, change: Change, what: Chat | AccountState, first: int, count: int) -> None:
        name = what.key.name if isinstance(what, Chat) else what.account.id
        self.seen.append((change, name, first, count))

    def changes(self) -> list[Change]:
        return [change for change, *_ in self.seen]


@pytest.fixture
def book() -> ChatBook:
    book = ChatBook()
    book.add_account(ACCOUNT)
    book.apply(ev.MemberJoined(LAB, "#Lab", Member(nick="me"), 1, is_self=True))
    return book


def message(
    number: int = 1,
    *,
    target: str = "#lab",
    delivery: Delivery | None = None,
    time_ns: int = 10,
    is_history: bool = False,
    is_highlight: bool = False,
    kind: MessageKind = MessageKind.MESSAGE,
) -> Message:
    return Message(
        id=MessageId(f"m{number}"),
        account=LAB,
        application=Application.IRC,
        direction=Direction.RECEIVED if delivery is None else Direction.SENT,
        sender="Alice" if delivery is None else "me",
        target=target,
        text="hello",
        time_ns=time_ns,
        delivery=delivery,
        is_history=is_history,
        is_highlight=is_highlight,
        kind=kind,
    )


def texts(book: ChatBook, key: ChatKey = CHANNEL) -> list[str]:
    return [entry.text for entry in book.chats[key].entries]


def test_an_account_brings_its_server_chat(book: ChatBook) -> None:
    assert book.chats[ChatKey(LAB, "")].kind is ChatKind.SERVER
    assert book.accounts[LAB].nick == "me"


def test_new_settings_of_an_account_keep_its_chats(book: ChatBook) -> None:
    book.add_account(replace(ACCOUNT, name="Class"))
    assert book.accounts[LAB].account.name == "Class"
    assert CHANNEL in book.chats


def test_removing_an_account_closes_its_chats(book: ChatBook) -> None:
    watch = Watch(book)
    book.remove_account(LAB)
    assert book.chats == {}
    assert watch.changes() == [Change.CHAT_REMOVED, Change.CHAT_REMOVED, Change.ACCOUNT_CHANGED]


def test_a_chat_is_the_same_in_any_case_and_keeps_its_first_spelling(book: ChatBook) -> None:
    assert book.open(LAB, "#LAB") is book.chats[CHANNEL]
    assert book.chats[CHANNEL].title == "#Lab"
    assert book.open(LAB, "Bob").kind is ChatKind.PRIVATE
    assert book.chats[CHANNEL].kind is ChatKind.CHANNEL


def test_a_received_message_is_shown_and_counted(book: ChatBook) -> None:
    watch = Watch(book)
    book.apply(ev.MessageAdded(message()))
    assert watch.seen == [(Change.ENTRIES_ADDED, "#lab", 1, 1), (Change.CHAT_CHANGED, "#lab", 0, 0)]
    assert (book.chats[CHANNEL].unread, book.chats[CHANNEL].highlights) == (1, 0)


@pytest.mark.parametrize("kind", list(MessageKind))
def test_private_messages_and_my_name_count_as_highlights(
    book: ChatBook, kind: MessageKind
) -> None:
    book.apply(ev.MessageAdded(message(1, target="Alice", kind=kind)))
    book.apply(ev.MessageAdded(message(2, is_highlight=True, kind=kind)))
    assert book.chats[ChatKey(LAB, "alice")].highlights == 1
    assert book.chats[CHANNEL].highlights == 1


def test_what_the_reader_sees_is_read_at_once(book: ChatBook) -> None:
    book.apply(ev.MessageAdded(message(1)))
    book.set_in_view({CHANNEL})
    assert book.chats[CHANNEL].unread == 0
    book.apply(ev.MessageAdded(message(2, is_highlight=True)))
    assert (book.chats[CHANNEL].unread, book.chats[CHANNEL].highlights) == (0, 0)
    book.set_in_view(set())
    book.apply(ev.MessageAdded(message(3)))
    assert book.chats[CHANNEL].unread == 1


def test_history_own_words_and_server_notices_are_not_unread(book: ChatBook) -> None:
    book.apply(ev.MessageAdded(message(1, is_history=True)))
    book.apply(ev.MessageAdded(message(2, delivery=Delivery.QUEUED)))
    book.apply(ev.MessageAdded(message(3, target="", kind=MessageKind.NOTICE)))
    assert [chat.unread for chat in book.chats.values()] == [0, 0]


def test_replayed_history_goes_where_its_time_says(book: ChatBook) -> None:
    for number, time_ns in enumerate((100, 300)):
        book.apply(ev.MessageAdded(message(number, time_ns=time_ns)))
    book.apply(ev.MessageAdded(message(5, time_ns=200, is_history=True)))
    times = [entry.time_ns for entry in book.chats[CHANNEL].entries]
    assert times == [1, 100, 200, 300]


def test_a_late_live_message_stays_in_order_of_arrival(book: ChatBook) -> None:
    book.apply(ev.MessageAdded(message(1, time_ns=300)))
    book.apply(ev.MessageAdded(message(2, time_ns=200)))
    assert [entry.time_ns for entry in book.chats[CHANNEL].entries] == [1, 300, 200]


def test_older_entries_from_disk_come_first_and_can_be_found(book: ChatBook) -> None:
    book.apply(ev.MessageAdded(message(1)))
    watch = Watch(book)
    book.prepend(CHANNEL, [message(8, is_history=True), message(9, is_history=True)])
    assert watch.seen == [(Change.ENTRIES_ADDED, "#lab", 0, 2)]
    assert book.find(MessageId("m9")) == (book.chats[CHANNEL], 1)
    assert book.find(MessageId("m1")) == (book.chats[CHANNEL], 3)


# --- delivery -------------------------------------------------------------------------------


def sent(book: ChatBook, *steps: ev.MessageChanged) -> Message:
    book.apply(ev.MessageAdded(message(1, delivery=Delivery.QUEUED)))
    for step in steps:
        book.apply(step)
    entry = book.chats[CHANNEL].entries[1]
    assert isinstance(entry, Message)
    return entry


def step(delivery: Delivery, failure: str = "") -> ev.MessageChanged:
    return ev.MessageChanged(LAB, MessageId("m1"), delivery, failure)


def test_a_message_goes_from_queued_to_echoed_and_keeps_its_bytes(book: ChatBook) -> None:
    wire = WireRange(ConnectionId("c"), Direction.SENT, ByteRange(0, 9))
    echo = WireRange(ConnectionId("c"), Direction.RECEIVED, ByteRange(5, 40))
    entry = sent(
        book,
        replace(step(Delivery.WRITTEN), wire=wire),
        step(Delivery.ACKNOWLEDGED),
        replace(step(Delivery.ECHOED), echo=echo, time_ns=77),
    )
    assert entry.delivery is Delivery.ECHOED
    assert (entry.wire, entry.echo, entry.time_ns) == (wire, echo, 77)


def test_an_ack_seen_after_the_echo_changes_nothing(book: ChatBook) -> None:
    entry = sent(book, step(Delivery.WRITTEN), step(Delivery.ECHOED), step(Delivery.ACKNOWLEDGED))
    assert entry.delivery is Delivery.ECHOED


def test_a_failure_says_why_until_it_is_sent_again(book: ChatBook) -> None:
    entry = sent(book, step(Delivery.FAILED, "No such channel"))
    assert entry.failure == "No such channel"
    book.apply(step(Delivery.QUEUED))
    again = book.chats[CHANNEL].entries[1]
    assert isinstance(again, Message)
    assert (again.delivery, again.failure) == (Delivery.QUEUED, "")


def test_a_change_tells_which_entry(book: ChatBook) -> None:
    sent(book)
    watch = Watch(book)
    book.apply(step(Delivery.WRITTEN))
    assert watch.seen == [(Change.ENTRY_CHANGED, "#lab", 1, 1)]


def test_a_change_of_a_message_that_is_gone_is_passed_over(book: ChatBook) -> None:
    sent(book)
    book.clear(CHANNEL)
    watch = Watch(book)
    book.apply(step(Delivery.WRITTEN))
    assert watch.seen == []
    assert book.find(MessageId("m1")) is None


# --- bounds ---------------------------------------------------------------------------------


def test_a_chat_never_holds_more_than_its_bound_and_counts_what_left(book: ChatBook) -> None:
    chat = book.chats[CHANNEL]
    chat.entries.extend(Note(2, NoteKind.INFO, "x") for _ in range(MAX_ENTRIES - 1))
    watch = Watch(book)
    book.apply(ev.MessageAdded(message(1)))
    assert len(chat.entries) < MAX_ENTRIES
    assert len(chat.entries) + chat.dropped == MAX_ENTRIES + 1
    assert (Change.ENTRIES_DROPPED, "#lab", 0, chat.dropped) in watch.seen
    assert book.find(MessageId("m1")) == (chat, len(chat.entries) - 1)


# --- members, topic, link -------------------------------------------------------------------


def test_members_come_change_their_name_and_go(book: ChatBook) -> None:
    members = book.chats[CHANNEL].members
    book.apply(ev.MemberJoined(LAB, "#lab", ALICE, 2))
    book.apply(ev.MemberRenamed(LAB, ("#lab",), "alice", "Carol", 3))
    assert members["carol"] == replace(ALICE, nick="Carol")
    book.apply(ev.MemberChanged(LAB, "#lab", Member(nick="Carol", is_away=True)))
    assert members["carol"].is_away
    book.apply(ev.MemberLeft(LAB, ("#lab",), "Carol", ev.Departure.KICK, 4, "spam", "me"))
    assert list(members) == ["me"]
    assert texts(book) == [
        "You joined",
        "Carol joined",
        "Carol was kicked by me (spam)",
    ]


def test_a_list_of_names_replaces_the_members(book: ChatBook) -> None:
    book.apply(ev.MembersListed(LAB, "#lab", (ALICE, Member(nick="me"))))
    assert list(book.chats[CHANNEL].members) == ["alice", "me"]


def test_being_kicked_ends_the_membership_and_is_told_in_good_english(book: ChatBook) -> None:
    book.apply(ev.MemberJoined(LAB, "#lab", ALICE, 2))
    book.apply(ev.MemberLeft(LAB, ("#lab",), "me", ev.Departure.KICK, 3, by="Alice", is_self=True))
    chat = book.chats[CHANNEL]
    assert (chat.is_joined, chat.members) == (False, {})
    assert texts(book)[-1] == "You were kicked by Alice"


def test_a_lost_connection_ends_all_memberships_and_says_why(book: ChatBook) -> None:
    book.apply(ev.LinkChanged(LAB, LinkState.ONLINE, 2))
    assert book.chats[CHANNEL].is_joined
    lost = ev.LinkChanged(LAB, LinkState.WAITING, 3, "The server closed it.", 4.0, is_fault=True)
    book.apply(lost)
    state, chat = book.accounts[LAB], book.chats[CHANNEL]
    assert (state.state, state.retry_in_s) == (LinkState.WAITING, 4.0)
    assert (chat.is_joined, chat.members) == (False, {})
    note = book.chats[ChatKey(LAB, "")].entries[-1]
    assert note == Note(3, NoteKind.ERROR, "The server closed it.")


def test_topic_and_modes_are_kept_and_told_when_someone_changes_them(book: ChatBook) -> None:
    book.apply(ev.TopicChanged(LAB, "#lab", "Welcome", 2))
    assert texts(book) == ["You joined"]
    book.apply(ev.TopicChanged(LAB, "#lab", "Frames", 3, by="Alice"))
    book.apply(ev.ModesChanged(LAB, "#lab", "+m", "+mnt", 4, by="Alice"))
    book.apply(ev.TopicChanged(LAB, "#lab", "", 5, by="Alice"))
    chat = book.chats[CHANNEL]
    assert (chat.topic, chat.modes) == ("", "+mnt")
    assert texts(book)[1:] == [
        "Alice set the topic: Frames",
        "Alice set mode +m",
        "Alice cleared the topic",
    ]


@pytest.mark.parametrize(
    ("severity", "kind"),
    [
        (Severity.INFO, NoteKind.INFO),
        (Severity.WARNING, NoteKind.WARNING),
        (Severity.ERROR, NoteKind.ERROR),
    ],
)
def test_information_lands_in_its_chat_with_its_hint(
    book: ChatBook, severity: Severity, kind: NoteKind
) -> None:
    book.apply(ev.Informed(LAB, "No.", 9, "#lab", severity, "Do this."))
    assert book.chats[CHANNEL].entries[-1] == Note(9, kind, "No.", "Do this.")


def test_events_of_a_removed_account_do_no_harm(book: ChatBook) -> None:
    book.remove_account(LAB)
    book.apply(ev.NickInUse(LAB, "me2"))
    book.apply(ev.LagMeasured(LAB, 0.1))
    assert book.accounts == {}


def test_an_observer_that_ends_its_watch_hears_nothing_more(book: ChatBook) -> None:
    watch = Watch(book)
    watch.stop()
    book.apply(ev.NickInUse(LAB, "me2"))
    assert watch.seen == []
    assert book.accounts[LAB].nick == "me2"


def test_the_answer_to_leaving_does_not_open_a_closed_chat_again() -> None:
    book = ChatBook()
    book.add_account(ACCOUNT)
    key = ChatKey(ACCOUNT.id, "#lab")
    book.apply(ev.MemberJoined(ACCOUNT.id, "#lab", Member(nick="ana"), 1, is_self=True))
    book.close(key)
    book.apply(ev.MemberLeft(ACCOUNT.id, ("#lab",), "ana", ev.Departure.PART, 2, is_self=True))
    book.apply(ev.TopicChanged(ACCOUNT.id, "#lab", "late", 3, "bob"))
    assert key not in book.chats


def test_an_author_may_rewrite_and_take_back(book: ChatBook) -> None:
    book.apply(ev.MessageAdded(message(1)))
    rewritten = ev.MessageRewritten(LAB, "#lab", message(1).id, "better", 11)
    book.apply(rewritten)
    found = book.find(message(1).id)
    assert found
    entry = found[0].entries[found[1]]
    assert isinstance(entry, Message)
    assert (entry.text, entry.is_corrected, entry.is_retracted) == ("better", True, False)
    book.apply(replace(rewritten, is_retracted=True))
    entry = found[0].entries[found[1]]
    assert isinstance(entry, Message)
    assert (entry.text, entry.is_corrected, entry.is_retracted) == ("", True, True)


def test_a_rewritten_message_that_is_gone_changes_nothing(book: ChatBook) -> None:
    watch = Watch(book)
    book.apply(ev.MessageRewritten(LAB, "#lab", MessageId("gone"), "x", 11))
    assert watch.seen == []


def test_a_room_is_a_channel_whatever_its_name(book: ChatBook) -> None:
    room = "lab@rooms.localhost"
    book.apply(ev.ChatOpened(LAB, room, is_room=True, title="The lab"))
    chat = book.chats[ChatKey(LAB, room)]
    assert (chat.kind, chat.heading, chat.title) == (ChatKind.CHANNEL, "The lab", room)
    book.apply(ev.ChatOpened(LAB, room, is_room=True))
    assert chat.heading == "The lab"


def test_a_private_chat_is_called_as_the_roster_calls_the_other(book: ChatBook) -> None:
    chat = book.open(LAB, "Bob@example.org")
    assert chat.heading == "Bob@example.org"
    book.apply(ContactsListed(LAB, (Contact(jid="bob@example.org", name="Bob"),)))
    assert (chat.heading, chat.title) == ("Bob", "Bob@example.org")
    book.close(chat.key)
    assert book.open(LAB, "bob@example.org").heading == "Bob"
    book.apply(ContactChanged(LAB, Contact(jid="bob@example.org")))
    assert book.open(LAB, "bob@example.org").heading == "bob@example.org"


def test_a_room_knows_what_the_reader_is_called_there(book: ChatBook) -> None:
    me = Member(nick="Me here")
    book.apply(ev.MemberJoined(LAB, "lab@rooms.localhost", me, 1, is_self=True))
    chat = book.chats[ChatKey(LAB, "lab@rooms.localhost")]
    assert chat.own_nick == "Me here"
    book.apply(ev.MemberRenamed(LAB, (chat.title,), "Me here", "I", 2, is_self=True))
    assert chat.own_nick == "I"
