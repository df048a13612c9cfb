"""Pictures of a window that has much to hold: ``python -m tests.helpers.gallery_many FOLDER``.

Eight accounts, forty chats, long names and topics, and people who write from right to left.
"""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import cast

from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from chatlab.core import events as ev
from chatlab.core.account import Account, AccountId, Security
from chatlab.core.chat import Member
from chatlab.core.chats import ChatKey
from chatlab.core.connection import LinkState
from chatlab.core.message import Delivery
from chatlab.ui.theme import Theme
from tests.helpers.chats import MINUTE, NOON, account, message
from tests.helpers.stage import Stage

SIZES = ((1024, 700), (1280, 800))
_NETWORKS = (
    ("Libera.Chat", Security.DIRECT_TLS, LinkState.ONLINE),
    ("Lab · plain text", Security.PLAIN, LinkState.ONLINE),
    ("OFTC", Security.DIRECT_TLS, LinkState.CONNECTING),
    ("The network of our school, second floor", Security.PLAIN, LinkState.WAITING),
    ("רשת בעברית", Security.DIRECT_TLS, LinkState.ONLINE),
    ("hackint", Security.DIRECT_TLS, LinkState.OFFLINE),
    ("Rizon", Security.PLAIN, LinkState.ONLINE),
    ("GIMPNet", Security.DIRECT_TLS, LinkState.ONLINE),
)
_CHANNELS = ("#lab", "#python", "#a-channel-with-a-really-long-name", "#שלום", "carol")
_TOPIC = (
    "Lab 6: instant messaging, presence and public servers | Read the notes before you ask: "
    "https://lab.example/notes/6 | Hand in on Friday at noon, as PDF | ברוכים הבאים"
)
_TALK = (
    ("alice", "Shall we meet at the capture lab at ten?"),
    ("עמית", "כן, אני אביא את המחשב (laptop) השני."),
    (
        "a_nick_as_long_as_it_may_be_here",
        "https://lab.example/a/link/that/does/not/break/" + "x" * 60,
    ),
    ("me", "Fine. " + "And one more thing that takes a few lines to say. " * 3),
    ("bob", "❤️ 👍🏽 ok"),
)


class _Keeper:
    """Stands in for pytest-qt where there is no test."""

    def addWidget(self, widget: QWidget, **_: object) -> None:
        self.widget = widget


def crowded() -> Stage:
    """The window with everything that these pictures are about; #lab of the first is in view."""
    stage = Stage(cast(QtBot, _Keeper()))
    for number, (name, security, state) in enumerate(_NETWORKS):
        owner = replace(account(f"n{number}", security), name=name)
        _fill(stage, owner, number)
        stage.book.apply(ev.LinkChanged(owner.id, state, NOON))
    first = ChatKey(AccountId("n1"), "#lab")
    stage.book.apply(ev.TopicChanged(first.account, first.name, _TOPIC, NOON))
    for nick in ("alice", "bob", "עמית", "a_nick_as_long_as_it_may_be_here"):
        member = Member(nick=nick)
        stage.take(ev.MemberJoined(first.account, first.name, member, NOON))
    for number, (who, text) in enumerate(_TALK):
        delivery = Delivery.ECHOED if who == "me" else None
        at = NOON + number * MINUTE
        said = message(text, who, chat=first.name, of=first.account, at=at, delivery=delivery)
        stage.book.apply(ev.MessageAdded(said))
    stage.presenter.show_chat(first)
    return stage


def _fill(stage: Stage, owner: Account, number: int) -> None:
    for place, name in enumerate(_CHANNELS):
        stage.join(name, of=owner, shows=False)
        for unread in range((number * place * 7) % 130):
            text = "me: look" if unread % 50 == 49 else "hello"
            said = message(text, "alice", chat=name, of=owner.id, is_highlight=text != "hello")
            stage.book.apply(ev.MessageAdded(said))


def two_with_members() -> Stage:
    """A second chat beside it, members shown."""
    stage = crowded()
    stage.window.chats.show_beside(stage.book.chats[ChatKey(AccountId("n0"), "#python")])
    stage.window.chats.show_members(True)
    return stage


SCENES: dict[str, Callable[[], Stage]] = {"many": crowded, "many-beside": two_with_members}


def main(folder: Path) -> int:
    application = QApplication(sys.argv[:1])
    for theme in ("light", "dark"):
        Theme.load(theme).apply(application)
        for name, scene in SCENES.items():
            stage = scene()
            for width, height in SIZES:
                stage.window.resize(width, height)
                for _ in range(5):
                    application.processEvents()
                stage.window.grab().save(str(folder / f"{name}-{width}-{theme}.png"))
            stage.window.let_go()
            stage.window.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
