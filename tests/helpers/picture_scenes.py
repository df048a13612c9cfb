"""The states of the window that are worth a picture: ``python -m tests.helpers.picture_scenes``.

Each scene is a real window with real traffic on loopback; see ``tests.screenshots``.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

from tests.helpers import compare_scenes
from tests.helpers.window_play import Facts, Play, Scene, play

if TYPE_CHECKING:
    from chatlab.core.chats import Chat
    from chatlab.ui.widgets.chat_pane import ChatPane

SIZES = ((1280, 800), (1920, 1080))
THEMES = ("light", "dark")
CROWD = 5_000
_PIECE = 500
_PEOPLE = 2
"""Who talk in the lab: each account of it sees both."""


def _sizes() -> tuple[tuple[int, int], ...]:
    """``CHATLAB_PICTURE_SIZE=1024x700`` takes that one instead of the usual ones."""
    wanted = os.environ.get("CHATLAB_PICTURE_SIZE", "")
    if not wanted:
        return SIZES
    width, height = wanted.split("x")
    return ((int(width), int(height)),)


async def everywhere(stage: Play, name: str) -> None:
    """A picture at each size, in each theme."""
    for width, height in _sizes():
        stage.window.setGeometry(0, 0, width, height)
        for theme in THEMES:
            stage.backstage.set_theme(theme)
            await stage.picture(f"{name}-{width}x{height}-{theme}")


async def first_start(stage: Play) -> Facts:
    await everywhere(stage, "first-start")
    return {}


async def _talk(stage: Play) -> None:
    plain, sealed = await stage.lab()
    for pane, line in (
        (plain, "Hello everyone, can you see this?"),
        (sealed, "Yes! And nobody on the way can."),
        (plain, "My password is hunter2. Oh."),
        (sealed, "/me is glad to sit behind TLS"),
    ):
        stage.type_in(pane, line)
        await stage.until("the echo", partial(_is_echoed, pane))


def _is_echoed(pane: "ChatPane") -> bool:
    from chatlab.core.message import Delivery, Message

    last = pane.chat.entries[-1] if pane.chat else None
    return isinstance(last, Message) and last.delivery is Delivery.ECHOED


async def _layers(stage: Play) -> None:
    layers = stage.window.wire.detail.tree.layers
    await stage.until("the layers", lambda: layers.rowCount() > 3)


async def lab(stage: Play) -> Facts:
    """Both panes; then a message in clear and one under TLS, chosen."""
    plain, sealed = await stage.lab()
    await everywhere(stage, "lab")
    await _talk(stage)
    for pane, text, name in (
        (plain, "My password is hunter2. Oh.", "message-plain"),
        (sealed, "Yes! And nobody on the way can.", "message-tls"),
    ):
        message = await stage.framed(pane, text)
        stage.window.chats.activate(pane)
        pane.focus_composer()
        pane.transcript.select_message(message.id)
        pane.badge_clicked.emit(message.id)
        await _layers(stage)
        await everywhere(stage, name)
    return {}


async def dialogs(stage: Play) -> Facts:
    """Account form with a bad nick, certificate warning, help."""
    from PySide6.QtCore import Qt

    from chatlab.core.account import Security
    from chatlab.ui.dialogs.account import AccountDialog
    from chatlab.ui.dialogs.certificate import CertificateDialog
    from chatlab.ui.dialogs.help import HelpDialog
    from chatlab.ui.dialogs.new_account import NewAccountDialog

    await stage.lab()
    await stage.press(
        Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
    )
    choice = await stage.until("the choice", lambda: stage.dialog(NewAccountDialog))
    assert isinstance(choice, NewAccountDialog)
    await everywhere(stage, "new-account")
    choice.irc.click()
    form = await stage.until("the form", lambda: stage.dialog(AccountDialog))
    assert isinstance(form, AccountDialog)
    form.identity.nick.set_text("first.last")
    await everywhere(stage, "account-bad-nick")
    sealed = next(
        s for s in stage.book.accounts.values() if s.account.security is not Security.PLAIN
    )
    form.identity.nick.set_text("first_last")
    form.network.host.setText(sealed.account.host)
    form.network.port.setText(str(sealed.account.port))
    form.connect_button.click()
    doubt = await stage.until("the warning", lambda: stage.dialog(CertificateDialog))
    await everywhere(stage, "certificate")
    assert doubt
    doubt.reject()
    await stage.press(Qt.Key.Key_F1)
    await stage.until("the help", lambda: stage.dialog(HelpDialog))
    await everywhere(stage, "help")
    return {}


async def refused(stage: Play) -> Facts:
    """No permission to capture: chat goes on, the pane says what would help."""
    plain, _sealed = await stage.lab()
    stage.type_in(plain, "Can you still read me?")
    await stage.until("the echo", partial(_is_echoed, plain))
    await everywhere(stage, "no-permission")
    return {}


async def xmpp(stage: Play) -> Facts:
    """The room in clear and with STARTTLS; a message of each, chosen; the stanzas themselves."""
    from chatlab.core.account import Application
    from chatlab.ui.action_ids import ActionId

    await stage.lab()

    def rooms() -> "list[Chat] | None":
        found = [
            chat
            for chat in stage.book.chats.values()
            if stage.book.accounts[chat.key.account].account.application is Application.XMPP
            and len(chat.members) >= _PEOPLE
        ]
        return found if len(found) == _PEOPLE else None

    found = await stage.until("both XMPP rooms", rooms) or []
    found.sort(key=lambda chat: stage.book.accounts[chat.key.account].account.security.value)
    left, right = found
    stage.window.chats.compare(left, right)
    plain, sealed = stage.window.chats.panes
    for pane, text, name in (
        (plain, "A stanza is XML that anyone can read.", "xmpp-plain"),
        (sealed, "Not after STARTTLS.", "xmpp-tls"),
    ):
        stage.type_in(pane, text)
        message = await stage.framed(pane, text)
        stage.window.chats.activate(pane)
        pane.transcript.select_message(message.id)
        pane.badge_clicked.emit(message.id)
        await _layers(stage)
        await everywhere(stage, name)
    stage.window.chats.activate(plain)
    stage.window.actions_table.trigger(ActionId.RAW_CONSOLE)
    await everywhere(stage, "xmpp-console")
    return {}


@asynccontextmanager
async def _guest(host: str, port: int) -> AsyncIterator[asyncio.StreamWriter]:
    """A third person in #lab, who types fast."""
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(b"NICK carol\r\nUSER carol 0 * :Carol\r\nJOIN #lab\r\n")
    drain = asyncio.get_running_loop().create_task(reader.read())
    yield writer
    writer.write(b"QUIT :That was a lot of typing\r\n")
    await drain  # Until the server closes.
    writer.close()


async def crowd(stage: Play) -> Facts:
    """5,000 messages in one channel."""
    plain, _sealed = await stage.lab()
    assert plain.chat
    account = stage.book.accounts[plain.chat.key.account].account
    chat = plain.chat
    async with _guest(account.host, account.port) as guest:
        for first in range(0, CROWD, _PIECE):
            for number in range(first + 1, first + _PIECE + 1):
                guest.write(f"PRIVMSG #lab :Line {number} of {CROWD}\r\n".encode())
            last = f"Line {first + _PIECE} of {CROWD}"
            await stage.until(last, partial(stage.said, chat, last), 60)
    stage.type_in(plain, "That was a lot.")
    await stage.framed(plain, "That was a lot.")
    await _layers(stage)
    await everywhere(stage, "5000-messages")
    return {}


SCENES: dict[str, tuple[Scene, bool]] = {
    "first-start": (first_start, False),
    "lab": (lab, True),
    "dialogs": (dialogs, True),
    "refused": (refused, True),
    "crowd": (crowd, True),
    "xmpp": (xmpp, True),
    **compare_scenes.SCENES,
}
"""Each with whether it opens on the lab."""


def main(arguments: list[str]) -> int:
    scene, opens_lab = SCENES[arguments[0]]
    return play(scene, lab=opens_lab)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
