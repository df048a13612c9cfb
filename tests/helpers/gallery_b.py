"""Renders the chat side of the window to PNG files, to be looked at: gallery_b.py DIRECTORY."""

import sys
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QHBoxLayout, QVBoxLayout, QWidget

from chatlab.core import events as ev
from chatlab.core.account import Security
from chatlab.core.capture import CaptureLive, CaptureRefused
from chatlab.core.chat import Member
from chatlab.core.chats import ChatBook
from chatlab.core.connection import LinkState
from chatlab.core.errors import Severity
from chatlab.core.frame import Exposure
from chatlab.core.message import Delivery, Message, MessageId, MessageKind
from chatlab.ui.models.account_tree import AccountTreeModel
from chatlab.ui.theme import Theme
from chatlab.ui.widgets.account_pane import AccountPane
from chatlab.ui.widgets.chat_pane import ChatPane, ChatServices
from chatlab.ui.widgets.message_bar import BarMessage, MessageBar
from chatlab.ui.widgets.status_strip import StatusStrip
from tests.helpers.chats import MINUTE, NOON, account, connection, message

_LONG = (
    "Here is a longer line, of the sort that people write when they explain something: it wraps "
    "over several lines, and it has a link, https://datatracker.ietf.org/doc/html/rfc9293#section-3.4, "
    "in the middle."
)


def make_book() -> ChatBook:
    book = ChatBook()
    plain, tls = account("Lab plain"), account("Lab TLS", Security.DIRECT_TLS)
    libera = account("Libera.Chat", Security.DIRECT_TLS)
    for owner, version in ((plain, ""), (tls, "TLSv1.3")):
        book.add_account(owner)
        book.apply(ev.ConnectionOpened(owner.id, connection(owner, version)))
        book.apply(ev.LinkChanged(owner.id, LinkState.ONLINE, NOON))
        book.apply(ev.LagMeasured(owner.id, 0.034))
        members = tuple(
            Member(nick=nick, prefixes=sign, is_away=nick == "dave")
            for nick, sign in (
                ("alice", "@"),
                ("me", ""),
                ("bob", "+"),
                ("carol", ""),
                ("dave", ""),
            )
        )
        book.apply(ev.MemberJoined(owner.id, "#lab", members[1], NOON - MINUTE, is_self=True))
        book.apply(ev.MembersListed(owner.id, "#lab", members))
        book.apply(
            ev.TopicChanged(
                owner.id, "#lab", "Lab 3: find your own words on the wire", NOON, "alice"
            )
        )
        fill(book, owner.name)
    book.add_account(libera)
    book.apply(
        ev.LinkChanged(
            libera.id, LinkState.WAITING, NOON, "The server closed the connection.", 12, True
        )
    )
    book.apply(ev.MessageAdded(message("psst", chat="alice", of="Lab plain")))
    book.open(plain.id, "#networks").is_joined = True
    for _ in range(7):
        book.apply(ev.MessageAdded(message("hi", chat="#networks", of="Lab plain")))
    book.open(libera.id, "#python-offtopic-and-a-long-name")
    return book


def fill(book: ChatBook, of: str) -> None:
    def add(text: str, sender: str = "alice", minute: int = 0, **more: object) -> None:
        entry = message(text, sender, of=of, at=NOON + minute * MINUTE, **more)  # type: ignore[arg-type]
        book.apply(ev.MessageAdded(entry))

    add("hello everyone")
    add("who has found the frame of the word “hello”?")
    add("hi alice", "me", 1, delivery=Delivery.ECHOED)
    add("I have: it is two segments", "me", 1, delivery=Delivery.ECHOED)
    add(_LONG, "bob", 2)
    add("waves at everybody", "carol", 2, kind=MessageKind.ACTION)
    add("me: is it \x02in clear\x02 for \x0304,01you\x03 too? \x0303green\x03 \x11mono\x11", "carol", 3,
        is_highlight=True)  # fmt: skip
    book.apply(
        ev.MemberJoined(message(of=of).account, "#lab", Member(nick="erin"), NOON + 4 * MINUTE)
    )
    add("Server maintenance tonight at ten", "services", 5, kind=MessageKind.NOTICE)
    add("מה שלומך? (right to left) abc", "עמית", 5)
    add("acknowledged by TCP only", "me", 6, delivery=Delivery.ACKNOWLEDGED)
    add("written to the socket", "me", 6, delivery=Delivery.WRITTEN)
    add("this one was refused", "me", 7, delivery=Delivery.FAILED,
        failure="Cannot send to #lab: the channel is moderated (+m).")  # fmt: skip
    add("waits in the queue 🎉", "me", 7, delivery=Delivery.QUEUED)
    book.apply(
        ev.Informed(
            message(of=of).account, "No such nick: bobb.", NOON + 8 * MINUTE, "#lab",
            Severity.ERROR, "Look at the member list (F7) for who is here.",
        )
    )  # fmt: skip


def services(exposure: Exposure) -> ChatServices:
    counts: dict[MessageId, int | None] = {}

    def frames(wanted: MessageId) -> int | None:
        return counts.setdefault(wanted, (2, 1, 2, 14)[len(counts) % 4])

    return ChatServices(
        predict=lambda _chat, line, _answered: (len(line.encode()) + 24,) * (1 + len(line) // 400),
        frame_count=frames,
        describe=lambda _: "Acknowledged by TCP after 12 ms; carried by frames 41, 43.",
        exposure=lambda _: exposure,
    )


def render(name: str, out: Path) -> list[QWidget]:
    book = make_book()
    window = QWidget()
    window.setWindowTitle("gallery")
    bar = MessageBar()
    sidebar = AccountPane(AccountTreeModel(book))
    chats = list(book.chats.values())
    labs = [chat for chat in chats if chat.title == "#lab"]
    panes = [
        ChatPane(labs[0], book, services(Exposure.READABLE)),
        ChatPane(labs[1], book, services(Exposure.SEALED)),
    ]
    strip = StatusStrip()
    strip.show_capture(
        CaptureLive(backend="packet socket", frames=412, dropped=3, position=9, flows=2)
    )
    strip.show_account(book.accounts[labs[1].key.account])
    row = QHBoxLayout()
    row.setSpacing(1)
    sidebar.setFixedWidth(210)
    row.addWidget(sidebar)
    for pane in panes:
        row.addWidget(pane, 1)
    column = QVBoxLayout(window)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    column.addWidget(bar)
    column.addLayout(row, 1)
    column.addWidget(strip)
    bar.post(
        BarMessage(
            Severity.WARNING, "Capture needs a permission.", "Chatting works without it.",
            "Enable capture…", lambda: None,
        )
    )  # fmt: skip
    bar.post(BarMessage(Severity.INFO, "The capture was saved."))
    panes[0].composer.set_text("how many bytes is this?")
    panes[1].composer.set_text("/jo")
    window.resize(1000, 760)
    window.show()
    QApplication.processEvents()
    panes[1].show_members(True)
    panes[0].select_message(
        next(e.id for e in labs[0].entries if isinstance(e, Message) and e.text == "hi alice")
    )
    panes[0].transcript.setFocus()
    sidebar.show_current(labs[0].key)
    QApplication.processEvents()
    window.grab().save(str(out / f"chat-{name}.png"))
    panes[0].show_chat(book.chats[next(k for k in book.chats if k.name.startswith("#python"))])
    panes[1].show_chat(None)
    sidebar.show_current(panes[0].chat.key if panes[0].chat else None)
    panes[0].composer.set_text("one\ntwo\nthree\nfour\nfive")
    panes[0].composer.submit()
    strip.show_capture(CaptureRefused(reason="no permission", remedy="setcap"))
    bar.dismiss()
    QApplication.processEvents()
    window.grab().save(str(out / f"empty-{name}.png"))
    empty = AccountPane(AccountTreeModel(ChatBook()))
    empty.resize(210, 500)
    empty.show()
    wide = ChatPane(labs[0], book, services(Exposure.READABLE))
    wide.resize(800, 700)
    wide.show()
    wide.show_members(True)
    wide.composer.set_text("line one\nline two\nline three")
    QApplication.processEvents()
    wide.transcript.verticalScrollBar().setValue(0)
    QApplication.processEvents()
    empty.grab().save(str(out / f"no-accounts-{name}.png"))
    wide.grab().save(str(out / f"wide-{name}.png"))
    return [window, empty, wide]


def main() -> None:
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    app = QApplication([])
    for name in ("light", "dark"):
        Theme.load(name).apply(app)
        for widget in render(name, out):
            widget.close()
    QTimer.singleShot(0, app.quit)
    app.exec()


if __name__ == "__main__":
    main()
