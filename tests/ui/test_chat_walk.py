"""Ways from chat to chat: unread ones, the last ones, closed ones."""

from pytestqt.qtbot import QtBot

from chatlab.core import events as ev
from chatlab.core.chats import ChatKey
from chatlab.ui import chat_walk
from chatlab.ui.actions import ActionId
from tests.helpers.chats import message
from tests.helpers.stage import Stage


def press(stage: Stage, action: ActionId) -> str:
    """Trigger an action; the name of the chat that is shown then."""
    assert stage.window.actions_table.trigger(action)
    chat = stage.window.chats.active.chat
    assert chat is not None
    return chat.key.name


def show(stage: Stage, key: ChatKey) -> None:
    stage.presenter.show_chat(key)


def test_the_last_chat_comes_back_and_the_key_again_goes_further(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    keys = [stage.join(name).key for name in ("#one", "#two", "#three")]
    for key in keys:
        show(stage, key)
    assert press(stage, ActionId.RECENT_CHAT) == "#two"
    assert press(stage, ActionId.RECENT_CHAT) == "#one"
    assert press(stage, ActionId.RECENT_CHAT_BACK) == "#two"


def test_after_a_pause_the_key_goes_to_and_fro(qtbot: QtBot, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(chat_walk, "WALK_MS", 0)
    stage = Stage(qtbot)
    for key in [stage.join("#one").key, stage.join("#two").key]:
        show(stage, key)
    assert press(stage, ActionId.RECENT_CHAT) == "#one"
    assert press(stage, ActionId.RECENT_CHAT) == "#two"


def test_unread_chats_are_found_in_both_directions_and_all_are_read_at_once(
    qtbot: QtBot,
) -> None:
    stage = Stage(qtbot)
    one, two, three = (stage.join(name).key for name in ("#one", "#two", "#three"))
    show(stage, two)
    for key in (one, three):
        heard = message("hi", chat=key.name, of=key.account)
        stage.book.apply(ev.MessageAdded(heard))
    assert press(stage, ActionId.PREVIOUS_UNREAD) == "#one"
    show(stage, two)
    assert press(stage, ActionId.NEXT_UNREAD) == "#three"
    press(stage, ActionId.ALL_READ)
    assert not any(chat.unread for chat in stage.book.chats.values())


def test_a_closed_channel_is_joined_again(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    key = stage.join("#one").key
    show(stage, key)
    assert stage.window.actions_table.trigger(ActionId.CLOSE_CHAT)
    assert key not in stage.book.chats
    assert press(stage, ActionId.REOPEN_CHAT) == "#one"
    assert key in stage.book.chats


def test_a_private_chat_begins_in_the_composer(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    show(stage, stage.join("#one").key)
    press(stage, ActionId.NEW_TALK)
    assert stage.window.chats.active.composer.text() == "/query "
