"""Files in the real window, with the real lab: ``python -m tests.e2e.drive_files``."""

import hashlib
import os
import sys
from pathlib import Path

from chatlab.core.transfer import TransferId, TransferKind, TransferState
from tests.helpers.window_play import Facts, Play, Scene, play

SIZE = 300_000


def _file(name: str) -> Path:
    """Something to send, beside the settings of this run."""
    folder = Path(os.environ["CHATLAB_HOME"])
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(os.urandom(SIZE))
    return path


async def _offer(stage: Play, path: Path) -> None:
    """alice offers a file to everyone in her channel, by the dialog."""
    from chatlab.ui.actions import ActionId
    from chatlab.ui.dialogs.send_file import SendFileDialog

    stage.window.actions_table.trigger(ActionId.SEND_FILE)
    dialog = await stage.until("the dialog", lambda: stage.dialog(SendFileDialog))
    assert isinstance(dialog, SendFileDialog)
    dialog.file.setText(str(path))
    dialog.everyone.click()
    await stage.picture("send-file", dialog)
    dialog.send_button.click()


async def sending(stage: Play) -> Facts:
    """A file crosses between the lab's two accounts; its frames are shown."""
    from dataclasses import replace

    from chatlab.ui.actions import ActionId
    from chatlab.ui.dialogs.transfers import TransfersDialog
    from chatlab.ui.models.frame_table import Scope

    plain, sealed = await stage.lab()
    assert plain.chat is not None
    assert sealed.chat is not None
    path = _file("lab notes.bin")
    received = path.parent / "received"
    received.mkdir()
    stage.backstage.set_transfer_policy(replace(stage.backstage._transfer_policy, folder=received))
    stage.window.chats.activate(plain)
    await _offer(stage, path)
    transfers = stage.backstage.transfers(sealed.chat.key.account)
    assert transfers is not None
    await stage.until("the offer", lambda: transfers.transfers)
    offered = transfers.transfers[0]
    await stage.until("words in the bar", stage.window.bar.messages)
    await stage.picture("file-offered")
    stage.window.bar._action.click()
    pane = stage.window.chats.active
    await stage.until("the strip", lambda: pane.transfers.rows)
    await stage.picture("file-offer-strip")
    pane.transfers.rows[0].accept_button.click()
    await stage.until("the file", lambda: transfers.transfers[0].state is TransferState.DONE)
    await stage.until("its SHA-256", lambda: transfers.transfers[0].is_verified)
    stage.window.actions_table.trigger(ActionId.TRANSFERS)
    dialog = await stage.until("the list", lambda: stage.dialog(TransfersDialog))
    assert isinstance(dialog, TransfersDialog)
    dialog.choose(TransferId(offered.id))
    await stage.picture("file-list", dialog)
    dialog.frames_button.click()
    wire = stage.window.wire
    await stage.until("its frames", lambda: wire.frames.current_frame)
    await stage.picture("file-frames")
    dialog.close()
    await stage.picture("file-frames-alone")
    done = transfers.transfers[0]
    number = wire.frames.current_frame
    assert number is not None
    assert done.path is not None
    # A segment that TCP repeats is another packet: its IP header has a number of its own.
    frames = range(1, 1 + stage.feed.count)
    carried = [stage.feed.raw(n) for n in frames if stage.feed.row(n).protocol == "DCC"]
    return {
        "sent": hashlib.sha256(path.read_bytes()).hexdigest(),
        "received": hashlib.sha256(done.path.read_bytes()).hexdigest(),
        "shown": done.sha256,
        "name": done.path.name,
        "scope": wire.scope is Scope.MESSAGE,
        "info": stage.feed.row(number).info,
        "rows": wire._model.rowCount(),
        "twice": len(carried) - len(set(carried)),
        "words": wire.words.words,
    }


async def talking(stage: Play) -> Facts:
    """A direct chat is proposed from one account, opened from the other; words cross it."""
    plain, sealed = await stage.lab()
    assert plain.chat is not None
    assert sealed.chat is not None
    files = stage.backstage.transfers(sealed.chat.key.account)
    assert files is not None
    stage.type_in(plain, "/dcc chat bob")
    await stage.until("the proposal", lambda: files.transfers)
    files.accept(files.transfers[0].id)
    ours = stage.backstage.transfers(plain.chat.key.account)
    assert ours is not None
    both = (files, ours)
    await stage.until(
        "the chat", lambda: {side.transfers[0].state for side in both} == {TransferState.MOVING}
    )
    key = next(key for key in stage.book.chats if key.name == "=bob")
    stage.window.chats.show_chat(stage.book.chats[key])
    pane = stage.window.chats.active
    stage.type_in(pane, "past the server")
    other = await stage.until(
        "the other end", lambda: next((k for k in stage.book.chats if k.name == "=alice"), None)
    )
    assert other is not None
    heard = await stage.until(
        "the words", lambda: stage.said(stage.book.chats[other], "past the server")
    )
    assert heard is not None
    await stage.until("its frames", lambda: stage.feed.attribution(heard.id).frames)
    await stage.picture("direct-chat")
    return {
        "is_chat": files.transfers[0].kind is TransferKind.CHAT,
        "frames": len(stage.feed.attribution(heard.id).frames),
    }


SCENES: dict[str, Scene] = {"sending": sending, "talking": talking}

if __name__ == "__main__":
    sys.exit(play(SCENES[sys.argv[1]], lab=True))
