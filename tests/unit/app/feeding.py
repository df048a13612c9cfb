"""A feed over a small capture made by hand: one message of ours, one heard."""

from pathlib import Path

from chatlab.app.feed import CaptureFeed
from chatlab.core.account import Account, AccountId
from chatlab.core.chats import ChatBook
from chatlab.core.errors import ChatlabError
from chatlab.core.events import MessageAdded
from chatlab.core.frame import Layer
from chatlab.core.message import Message
from chatlab.core.ports import Dissector
from tests.helpers.tcp_talk import RECEIVED, SENT, Talk, connection, message, wire

SAID = b"PRIVMSG #lab :hi\r\n"
HEARD = b":bob!b@h PRIVMSG #lab :ho\r\n"
LAB = Account(id=AccountId("lab"), name="Lab", host="irc.example", port=6667, nick="alice")

made: list[CaptureFeed] = []
"""Every feed of the test that runs; closed at its end."""


class NoDissector:
    """Knows no layer, or fails."""

    def __init__(self, failure: ChatlabError | None = None) -> None:
        self.failure = failure
        self.asked: list[tuple[bytes, int]] = []

    async def dissect(self, raw: bytes, link_type: int) -> tuple[Layer, ...]:
        self.asked.append((raw, link_type))
        if self.failure:
            raise self.failure
        return ()


def talk() -> Talk:
    """Handshake, a message (frame 4), its ACK (5), an answer (6)."""
    made = Talk().handshake()
    made.send(SENT, SAID)
    made.ack(RECEIVED)
    made.send(RECEIVED, HEARD)
    return made


def messages() -> tuple[Message, Message]:
    said = message("m1", wire(SENT, 0, len(SAID)))
    heard = message("m2", wire(RECEIVED, 0, len(HEARD)), text="ho", direction=RECEIVED)
    return said, heard


def live_feed(file: Path, dissector: Dissector | None = None) -> tuple[CaptureFeed, ChatBook]:
    """A feed that knows the connection; ``file`` may come later."""
    book = ChatBook()
    book.add_account(LAB)
    feed = CaptureFeed(file, book, dissector or NoDissector(), is_live=True)
    made.append(feed)
    feed.opened(connection())
    return feed, book


def full_feed(file: Path, dissector: Dissector | None = None) -> tuple[CaptureFeed, ChatBook]:
    """The same with its frames and both messages."""
    feed, book = live_feed(talk().write(file), dissector)
    for each in messages():
        book.apply(MessageAdded(each))
        feed.assign(each)
    feed.pull()
    return feed, book
