"""What is remembered of messages: bounded, and nobody’s any more once its author has gone."""

from chatlab.chat.xmpp.known import MAX_KNOWN, Known, Said
from chatlab.core.message import MessageId


def said(number: int, author: str = "room/bob") -> Said:
    return Said(
        id=MessageId(f"m{number}"),
        chat="Room",
        msgid=f"n{number}",
        stanza_id=f"s{number}",
        author=author,
        address="room/bob",
        text="hello",
        time_ns=number,
        is_room=True,
        is_ours=False,
        wants_marker=True,
    )


def test_the_oldest_are_forgotten_and_the_newest_stay() -> None:
    known = Known()
    for number in range(MAX_KNOWN + 1):
        known.add(said(number))
    assert known.named("room", "n0") is None
    assert known.said_by("room", "room/bob", "s0") is None
    assert known.named("ROOM", f"n{MAX_KNOWN}") is not None
    for number in range(MAX_KNOWN * 3):
        known.note_archived("archive", str(number))
    assert known.note_archived("archive", "0")
    assert not known.note_archived("archive", str(MAX_KNOWN * 3 - 1))


def test_messages_of_a_nickname_that_was_given_up_are_nobodys() -> None:
    known = Known()
    known.add(said(1))
    known.add(said(2, "room/cid"))
    known.disown("room/bob")
    known.disown("room/nobody")
    assert known.said_by("room", "room/bob", "s1") is None
    assert known.said_by("room", "room/cid", "s2") is not None
    found = known.named("room", "n1")
    assert found is not None
    assert not found.author


def test_a_marker_is_for_the_newest_message_only() -> None:
    known = Known()
    known.add(said(1))
    known.add(said(2))
    found = known.last_to_mark("room", 1)
    assert found is not None
    assert found.msgid == "n1"
    assert known.last_to_mark("other", 9) is None
