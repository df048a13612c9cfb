"""A window with one chat whose server can do all that is said about messages."""

from dataclasses import replace

from pytestqt.qtbot import QtBot

from chatlab.core import events as ev
from chatlab.core.chats import Chat, ChatKey, Note
from chatlab.core.features import ServerFeatures
from chatlab.core.message import Delivery, Message
from chatlab.ui.actions import ActionId
from chatlab.ui.widgets.chat_pane import ChatPane
from tests.helpers.chats import account, message
from tests.helpers.stage import LAB, Stage

ALL = ServerFeatures(can_reply=True, can_react=True, can_retract=True, has_multiline=True)
KEY = ChatKey(LAB, "#lab")


def tag_stage(qtbot: QtBot) -> Stage:
    made = Stage(qtbot)
    made.join()
    made.connection.known_features = ALL
    made.book.add_account(account())  # The pane asks again what the server can do.
    return made


def pane(stage: Stage) -> ChatPane:
    return stage.window.chats.active


def say(stage: Stage, text: str, name: str, delivery: Delivery | None = None) -> Message:
    said = replace(message(text, "me" if delivery else "alice", delivery=delivery), msgid=name)
    stage.take(ev.MessageAdded(said))
    return said


def chat(stage: Stage) -> Chat:
    return stage.book.chats[KEY]


def last_words(stage: Stage) -> str:
    entry = chat(stage).entries[-1]
    assert isinstance(entry, Note)
    return entry.text


def act(stage: Stage, action: ActionId) -> None:
    assert stage.window.actions_table.trigger(action)
