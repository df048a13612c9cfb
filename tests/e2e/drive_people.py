"""Channels and people in the real window, with the real lab: ``python -m tests.e2e.drive_people``."""

import sys

from chatlab.core.chats import ChatKey
from chatlab.core.message import Message
from tests.helpers.window_play import Facts, Play, Scene, play


async def lists(stage: Play) -> Facts:
    """List the channels, change the topic and a mode, ban somebody; all through dialogs."""
    from PySide6.QtCore import Qt

    from chatlab.ui.actions import ActionId
    from chatlab.ui.dialogs.channel import ChannelDialog
    from chatlab.ui.dialogs.channel_list import ChannelListDialog

    plain, _ = await stage.lab()
    await stage.press(Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    channels = await stage.until("the list", lambda: stage.dialog(ChannelListDialog))
    assert isinstance(channels, ChannelListDialog)
    await stage.until("a channel", channels.model.rowCount)
    await stage.picture("channel-list", channels)
    first = channels.model.channel(0)
    channels.close_button.click()

    stage.window.actions_table.trigger(ActionId.CHANNEL)
    dialog = await stage.until("the channel", lambda: stage.dialog(ChannelDialog))
    assert isinstance(dialog, ChannelDialog)
    dialog.topic.edit.setPlainText("Lab 6: who can read this?")
    await stage.picture("channel-topic", dialog)
    dialog.topic.button.click()
    dialog.tabs.setCurrentIndex(1)
    dialog.modes.ticks["m"].setChecked(True)
    dialog.modes_button.click()
    dialog.go_to("b", "mallory")
    page = dialog.masks["b"]
    page.add_button.click()
    await stage.until("the ban", lambda: page.table.model().rowCount() == 1)
    await stage.picture("channel-bans", dialog)
    chat = plain.chat
    assert chat is not None
    await stage.until("the mode", lambda: "m" in chat.modes)
    dialog.close_button.click()
    return {
        "channel": first.name if first else "",
        "topic": chat.topic,
        "ban": page.table.model().index(0, 0).data(),
    }


async def ignoring(stage: Play) -> Facts:
    """What an ignored person says has its frames, and is not shown."""
    plain, sealed = await stage.lab()
    stage.type_in(plain, "/ignore bob")
    stage.type_in(sealed, "you cannot hear me")
    sent = await stage.echoed(sealed, "you cannot hear me")
    await stage.framed(sealed, "you cannot hear me")
    assert plain.chat is not None
    entries = plain.chat.entries
    # What the server answers now comes behind the message that is not to be shown.
    stage.type_in(plain, "/lag")
    await stage.until("the lag", lambda: any("server and back" in entry.text for entry in entries))
    before = stage.feed.count
    stage.type_in(plain, "/unignore bob")
    stage.type_in(sealed, "and now you can")
    heard = await stage.framed(plain, "and now you can")
    texts = [entry.text for entry in plain.chat.entries if isinstance(entry, Message)]
    return {
        "shown": texts,
        "frames": len(stage.feed.attribution(sent.id).frames),
        "frames_after": stage.feed.count - before,
        "heard": heard.sender,
    }


async def away(stage: Play) -> Facts:
    """Away and back by key; a muted chat counts nothing."""
    from PySide6.QtCore import Qt

    plain, sealed = await stage.lab()
    assert plain.chat is not None
    key: ChatKey = plain.chat.key
    state = stage.book.accounts[key.account]
    modifiers = (Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ShiftModifier)
    stage.window.chats.activate(plain)
    await stage.press(Qt.Key.Key_A, *modifiers)
    await stage.until("being away", lambda: state.is_away)
    await stage.picture("away")
    await stage.press(Qt.Key.Key_A, *modifiers)
    await stage.until("being back", lambda: not state.is_away)
    stage.type_in(plain, "/mute")
    stage.window.chats.remove_pane(plain)
    stage.type_in(sealed, "alice: are you there?")
    await stage.until(
        "the message", lambda: stage.said(stage.book.chats[key], "alice: are you there?")
    )
    chat = stage.book.chats[key]
    return {"unread": chat.unread, "is_muted": chat.is_muted}


SCENES: dict[str, Scene] = {"lists": lists, "ignoring": ignoring, "away": away}

if __name__ == "__main__":
    sys.exit(play(SCENES[sys.argv[1]], lab=True))
