"""The window with files, without an engine behind them."""

from PySide6.QtWidgets import QDialog
from pytestqt.qtbot import QtBot

from chatlab.core import events as ev
from chatlab.core.chat import Member
from chatlab.core.chats import ChatKey, ChatKind
from chatlab.core.transfer import Transfer
from chatlab.ui.widgets.chat_pane import ChatPane
from tests.helpers.noting_transfers import NotingTransfers
from tests.helpers.stage import LAB, Stage

BOB = ChatKey(LAB, "bob")


def file_stage(qtbot: QtBot, files: NotingTransfers) -> Stage:
    """The window with a channel of three others, whose account can send files."""
    made = Stage(qtbot)
    made.join()
    for nick in ("alice", "bob", "carol"):
        made.take(ev.MemberJoined(LAB, "#lab", Member(nick=nick), 1))
    made.backstage.files[LAB] = files
    made.wiring.files._refresh()
    return made


def hear(stage: Stage, one: Transfer) -> None:
    """What a session does with a transfer that began or moved on."""
    is_new = one.id not in stage.wiring.files._known
    event = ev.TransferOffered(LAB, one) if is_new else ev.TransferChanged(LAB, one)
    stage.take(event)
    stage.wiring.files.take_event(event)


def shown(stage: Stage, kind: type[QDialog]) -> QDialog:
    (found,) = [one for one in stage.window.findChildren(kind) if one.isVisible()]
    return found


def bar_words(stage: Stage) -> str:
    return " ".join(f"{one.text} {one.hint}" for one in stage.window.bar.messages())


def show_bob(stage: Stage) -> ChatPane:
    stage.book.open(LAB, "bob", ChatKind.PRIVATE)
    stage.presenter.show_chat(BOB)
    return stage.window.chats.active
