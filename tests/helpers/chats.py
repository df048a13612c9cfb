"""Chat books with something in them, for tests of the window and for its galleries."""

from datetime import datetime
from itertools import count

from chatlab.core import events as ev
from chatlab.core.account import Account, AccountId, Application, Security
from chatlab.core.chat import Member
from chatlab.core.chats import Chat, ChatBook
from chatlab.core.connection import Connection, TlsFacts
from chatlab.core.flow import ConnectionId, Direction, Endpoint, FlowKey
from chatlab.core.message import Delivery, Message, MessageId, MessageKind

NOON = int(datetime(2026, 3, 14, 12, 3).timestamp()) * 1_000_000_000
MINUTE = 60_000_000_000
_numbers = count(1)


def account(name: str = "lab", security: Security = Security.PLAIN) -> Account:
    port = 6697 if security is Security.DIRECT_TLS else 6667
    return Account(
        id=AccountId(name), name=name, host="irc.example.org", port=port, security=security,
        nick="me",
    )  # fmt: skip


def book_with(name: str = "#lab", of: Account | None = None) -> tuple[ChatBook, Chat]:
    """A book with one account and one open, joined chat."""
    book = ChatBook()
    owner = of or account()
    book.add_account(owner)
    chat = book.open(owner.id, name)
    if name.startswith("#"):
        me = Member(nick="me")
        book.apply(ev.MemberJoined(owner.id, name, me, NOON, is_self=True))
    return book, chat


def message(
    text: str = "hello",
    sender: str = "alice",
    *,
    chat: str = "#lab",
    of: str = "lab",
    at: int = NOON,
    delivery: Delivery | None = None,
    failure: str = "",
    kind: MessageKind = MessageKind.MESSAGE,
    is_highlight: bool = False,
    is_history: bool = False,
) -> Message:
    """A received message, or with ``delivery`` a sent one."""
    return Message(
        id=MessageId(f"m{next(_numbers)}"),
        account=AccountId(of),
        application=Application.IRC,
        direction=Direction.RECEIVED if delivery is None else Direction.SENT,
        sender=sender,
        target=chat,
        text=text,
        kind=kind,
        time_ns=at,
        delivery=delivery,
        failure=failure,
        is_highlight=is_highlight,
        is_history=is_history,
    )


def connection(of: Account, version: str = "", trust: str = "verified") -> Connection:
    """The connection of an account, with TLS when a version is given."""
    tls = None
    if version:
        tls = TlsFacts(
            version=version, cipher="TLS_AES_256_GCM_SHA384", server_name=of.host, chain=(),
            trust=trust,
        )  # fmt: skip
    return Connection(
        id=ConnectionId("c1"),
        account=of.id,
        application=Application.IRC,
        flow=FlowKey(Endpoint("127.0.0.1", 50_000), Endpoint("127.0.0.1", of.port)),
        purpose=f"IRC to {of.host}",
        host=of.host,
        opened_ns=NOON,
        is_captured=True,
        tls=tls,
    )
