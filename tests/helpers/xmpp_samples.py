"""Contacts, a room, its form and pictures, for the gallery of XMPP."""

from dataclasses import replace

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, Qt
from PySide6.QtGui import QColor, QFont, QImage, QImageWriter, QPainter

from chatlab.core import events as ev
from chatlab.core.account import AccountId
from chatlab.core.chat import Member
from chatlab.core.chats import ChatBook
from chatlab.core.connection import LinkState
from chatlab.core.forms import DataForm, FieldKind, FormField
from chatlab.core.roster import (
    Availability,
    Contact,
    ContactsListed,
    Subscription,
)
from chatlab.ui.dialogs.xmpp_account import blank_xmpp_account

ID = AccountId("x")
ROOM = "lab@conference.example.org"
_BOTH = Subscription.BOTH
ME = Member(nick="first", role="moderator", affiliation="owner")
PEOPLE = (
    ME,
    Member(nick="Anna L.", role="moderator", affiliation="admin", account_name="anna@example.org"),
    Member(nick="Bob", role="participant", affiliation="member", is_away=True),
    Member(nick="guest 12", role="participant", affiliation="none"),
    Member(nick="quiet one", role="visitor", affiliation="none"),
)
ROOM_FORM = DataForm(
    title="Configuration for lab@conference.example.org",
    instructions="Complete and submit this form to configure the room.",
    fields=(
        FormField(name="FORM_TYPE", kind=FieldKind.HIDDEN, values=("x",)),
        FormField(name="", kind=FieldKind.FIXED, values=("Room information",)),
        FormField(name="name", label="Title", values=("The lab",)),
        FormField(
            name="desc",
            label="Description",
            description="A brief description of the room",
            kind=FieldKind.TEXT_MULTI,
            values=("Where packets are read aloud.",),
        ),
        FormField(
            name="public",
            kind=FieldKind.BOOLEAN,
            label="Include room information in public lists",
            description="Enable this to allow people to find the room",
            values=("1",),
        ),
        FormField(name="", kind=FieldKind.FIXED, values=("Access to the room",)),
        FormField(name="secret", kind=FieldKind.TEXT_PRIVATE, label="Password"),
        FormField(
            name="whois",
            kind=FieldKind.LIST_SINGLE,
            label="Addresses (JIDs) of room occupants may be viewed by",
            values=("moderators",),
            options=(("Moderators only", "moderators"), ("Anyone", "anyone")),
        ),
    ),
)


def captcha() -> bytes:
    """Letters on a noisy ground, as servers draw them."""
    image = QImage(240, 70, QImage.Format.Format_RGB32)
    image.fill(QColor("#f4f1e8"))
    painter = QPainter(image)
    painter.setFont(QFont("DejaVu Serif", 30))
    for number, letter in enumerate("x7Qm4"):
        painter.save()
        painter.translate(25 + 42 * number, 48)
        painter.rotate((-14, 9, -5, 17, -9)[number])
        painter.drawText(0, 0, letter)
        painter.restore()
    painter.drawLine(10, 50, 230, 22)
    painter.end()
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, QByteArray(b"png")).write(image)
    return bytes(buffer.data().data())


def portrait() -> bytes:
    """Somebody's picture, small."""
    image = QImage(96, 96, QImage.Format.Format_RGB32)
    image.fill(QColor("#7fb2d9"))
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor("#f0d6b8"))
    painter.drawEllipse(30, 20, 36, 40)
    painter.setBrush(QColor("#394b6b"))
    painter.drawEllipse(14, 60, 68, 60)
    painter.end()
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, QByteArray(b"png")).write(image)
    return bytes(buffer.data().data())


CONTACTS = (
    Contact(
        jid="anna@example.org",
        name="Anna Maria Lindqvist of the long name",
        groups=("Work",),
        subscription=_BOTH,
        availability=Availability.AVAILABLE,
        avatar=portrait(),
    ),
    Contact(
        jid="bob@example.org",
        name="Bob",
        groups=("Work",),
        subscription=_BOTH,
        availability=Availability.DO_NOT_DISTURB,
        status="in a meeting until three",
    ),
    Contact(
        jid="carl@example.net",
        groups=("Friends",),
        subscription=_BOTH,
        availability=Availability.AWAY,
        status="coffee ☕",
    ),
    Contact(
        jid="dora@example.net",
        name="Dora",
        groups=("Friends",),
        subscription=_BOTH,
        availability=Availability.EXTENDED_AWAY,
    ),
    Contact(
        jid="עמית@example.com",
        name="עמית",
        groups=("Friends",),
        subscription=_BOTH,
        availability=Availability.CHAT,
    ),
    Contact(jid="erik@example.com", name="Erik", subscription=_BOTH),
    Contact(jid="new@example.com", is_asked=True),
    Contact(jid="spam@example.biz", is_blocked=True),
)


def xmpp_book() -> ChatBook:
    book = ChatBook()
    account = replace(
        blank_xmpp_account(ID),
        name="first.last@example.org",
        jid="first.last@example.org",
        nick="me",
    )
    book.add_account(account)
    book.apply(ev.LinkChanged(ID, LinkState.ONLINE, 0))
    book.apply(ContactsListed(ID, CONTACTS))
    return book
