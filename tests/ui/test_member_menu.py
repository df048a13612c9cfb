"""The menu of a member: what one may do there, and nothing harmful without a second key."""

from collections.abc import Iterator

import pytest
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from chatlab.core import events as ev
from chatlab.core.chat import Member
from chatlab.core.commands import parse
from chatlab.ui.widgets.chat_pane import ChatPane, ChatServices
from tests.helpers.chats import book_with

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")


class Stage:
    """A pane with alice (operator), bob (voice) and oneself."""

    def __init__(self, qtbot: QtBot, own_prefixes: str = "@") -> None:
        self.book, self.chat = book_with()
        members = (
            Member(nick="alice", prefixes="@"),
            Member(nick="bob", prefixes="+"),
            Member(nick="Me", prefixes=own_prefixes),
        )
        self.book.apply(ev.MembersListed(self.chat.key.account, "#lab", members))
        services = ChatServices(lambda *_: (), lambda _: None, lambda _: "", lambda _: None)
        self.pane = ChatPane(self.chat, self.book, services)
        qtbot.addWidget(self.pane)
        self.pane.show()
        self.said: list[str] = []
        self.pane.submitted.connect(lambda _key, line: self.said.append(line))

    def menu(self, nick: str) -> QMenu:
        made = QMenu(self.pane)
        self.pane.members.fill_menu(made, self.chat.members[nick.lower()])
        return made

    def pick(self, nick: str, words: str) -> None:
        menu = self.menu(nick)
        next(a for a in actions(menu) if a.text().startswith(words)).trigger()


def actions(menu: QMenu) -> Iterator[QAction]:
    for action in menu.actions():
        inner = action.menu()
        if isinstance(inner, QMenu):
            yield from actions(inner)
        elif not action.isSeparator():
            yield action


def words(menu: QMenu) -> list[str]:
    return [action.text() for action in actions(menu)]


@pytest.mark.parametrize(
    ("picked", "said"),
    [
        ("Who is this?", "/whois bob"),
        ("How far away?", "/ping bob"),
        ("Which program?", "/version bob"),
        ("What time", "/ctcp bob TIME"),
        ("What does it answer?", "/ctcp bob CLIENTINFO"),
        ("Make operator", "/op bob"),
        ("Take voice", "/devoice bob"),
        ("Ignore", "/ignore bob"),
    ],
)
def test_what_does_no_harm_is_done_at_once(qtbot: QtBot, picked: str, said: str) -> None:
    stage = Stage(qtbot)
    stage.pick("bob", picked)
    assert stage.said == [said]
    parse(said)


@pytest.mark.parametrize(
    ("picked", "begun"),
    [
        ("Kick…", "/kick bob "),
        ("Ban…", "/ban bob"),
        ("Kick and ban…", "/kickban bob "),
        ("Invite", "/invite bob #"),
    ],
)
def test_what_does_harm_waits_in_the_composer(qtbot: QtBot, picked: str, begun: str) -> None:
    stage = Stage(qtbot)
    stage.pane.composer.set_text("a draft")
    stage.pick("bob", picked)
    assert stage.said == []
    assert stage.pane.composer.text() == begun
    assert stage.pane.composer.editor.history() == ["a draft"]
    parse(begun.strip())


def test_a_plain_member_is_told_that_moderating_is_for_operators(qtbot: QtBot) -> None:
    stage = Stage(qtbot, own_prefixes="+")
    found = words(stage.menu("bob"))
    assert "Moderate: for operators only" in found
    assert not {"Kick…", "Ban…", "Make operator"} & set(found)


def test_status_that_somebody_has_is_taken_not_given(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    found = words(stage.menu("alice"))
    assert {"Take operator status", "Give voice"} <= set(found)


def test_nobody_kicks_or_ignores_themselves(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    found = words(stage.menu("Me"))
    assert found == ["What others see of me (WHOIS)", "Change my nick…", "Away…", "Copy nick"]


def test_private_chat_mention_and_copy(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    with qtbot.waitSignal(stage.pane.query_requested) as caught:
        stage.pick("bob", "Private chat")
    assert caught.args[0].name == "bob"
    stage.pick("bob", "Mention")
    assert stage.pane.composer.text() == "bob: "
    stage.pick("bob", "Copy nick")
    assert QGuiApplication.clipboard().text() == "bob"
