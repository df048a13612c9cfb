"""A talk with answers, reactions, several lines and what was taken back, for pictures and tests."""

from dataclasses import replace

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QMenu, QWidget

from chatlab.core import events as ev
from chatlab.core.account import Account, Security
from chatlab.core.chats import ChatBook
from chatlab.core.connection import LinkState
from chatlab.core.features import ServerFeatures
from chatlab.core.frame import Exposure
from chatlab.core.message import Delivery, Message
from chatlab.ui.dialogs.account import AccountDialog
from chatlab.ui.widgets.chat_pane import ChatPane
from chatlab.ui.widgets.reaction_chooser import ReactionChooser
from chatlab.ui.widgets.transcript_menu import fill_menu
from tests.helpers.accounts import PRESETS
from tests.helpers.chats import MINUTE, NOON, account, book_with, message
from tests.helpers.gallery_b import services

ALL = ServerFeatures(can_reply=True, can_react=True, can_retract=True, has_multiline=True)
_CODE = "def odd(n):\n    return n % 2 == 1\n\nprint(odd(3))  # see https://docs.python.org/3/"


def talk(of: Account | None = None) -> ChatBook:
    book, chat = book_with(of=of or account("lab", Security.DIRECT_TLS))

    def say(text: str, sender: str, minute: int, name: str, **more: object) -> None:
        delivery = Delivery.ECHOED if sender == "me" else None
        said = message(text, sender, at=NOON + minute * MINUTE, delivery=delivery)
        book.apply(ev.MessageAdded(replace(said, msgid=name, **more)))  # type: ignore[arg-type]

    def react(name: str, sign: str, *nicks: str) -> None:
        for nick in nicks:
            book.apply(ev.ReactionSeen(chat.key.account, "#lab", nick, name, sign, NOON))

    say("Shall we meet at the capture lab at ten?", "alice", 0, "1")
    say("I could bring the second machine.", "alice", 0, "2")
    say("Ten is fine for me.", "bob", 1, "3", reply_to="1")
    say(_CODE, "carol", 2, "4")
    say("That is the whole exercise, is it not? " * 4, "me", 3, "5", reply_to="4")
    say("It was about something long ago.", "dave", 4, "6", reply_to="gone")
    say("my passwrod is hunter2", "dave", 4, "7")
    say("We begin at room 12, not 11.", "alice", 5, "8", is_corrected=True)
    react("1", "👍", "bob", "carol", "me")
    react("1", "🎉", "dave")
    react("4", "👀", "alice")
    react("4", "neat!", "bob", "alice")
    react("8", "✅", "bob", "carol", "dave")
    found = book.named(chat.key, "7")
    assert found is not None
    book.apply(ev.MessageRewritten(chat.key.account, "#lab", found.id, "", NOON, is_retracted=True))
    return book


def pane(book: ChatBook, wide: int = 560, tall: int = 640) -> ChatPane:
    chat = next(chat for chat in book.chats.values() if chat.key.name == "#lab")
    made = ChatPane(chat, book, replace(services(Exposure.SEALED), features=lambda _account: ALL))
    book.apply(ev.LinkChanged(chat.key.account, LinkState.ONLINE, NOON))
    made.resize(wide, tall)
    return made


def answered(book: ChatBook) -> Message:
    chat = next(chat for chat in book.chats.values() if chat.key.name == "#lab")
    found = book.named(chat.key, "3")
    assert found is not None
    return found


def tags() -> QWidget:
    made = pane(talk())
    made.show_writers(("alice", "bob"))
    return made


def answer() -> QWidget:
    book = talk()
    made = pane(book, 420, 520)
    made.show_writers(("carol",))
    made.composer.begin_answer(answered(book))
    made.composer.set_text("Then let us say:\n- ten o’clock\n- room 12")
    return made


def experiment() -> QWidget:
    owner = replace(account("lab"), ignores_sts=True)
    return pane(talk(owner), 520, 480)


def reactions() -> QWidget:
    made = ReactionChooser()
    made.setWindowFlags(Qt.WindowType.Widget)
    return made


def message_menu() -> QWidget:
    book = talk()
    view = pane(book)
    made = QWidget()
    made.resize(260, 260)
    view.setParent(made)
    view.hide()
    menu = QMenu(made)
    fill_menu(menu, view.transcript, None, answered(book))
    menu.setParent(made, Qt.WindowType.Widget)
    menu.move(8, 8)
    menu.show()
    return made


def what_makes_packets() -> QWidget:
    mine = replace(account("lab", Security.DIRECT_TLS), sends_typing=True)
    made = AccountDialog(mine.id, PRESETS, mine)
    QTimer.singleShot(150, made, lambda: made.area.ensureWidgetVisible(made.more.connect_on_start))
    return made


SCENES = {
    "what-makes-packets": what_makes_packets,
    "tags": tags,
    "answer": answer,
    "experiment": experiment,
    "reactions": reactions,
    "message-menu": message_menu,
}
