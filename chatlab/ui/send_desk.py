"""Offering files: by menu, by key, dropped on a chat or pasted; nothing leaves before a dialog."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QStandardPaths, QTemporaryDir
from PySide6.QtGui import QImage

from chatlab.core.chats import Chat, ChatBook, ChatKind
from chatlab.core.errors import ChatlabError, Severity
from chatlab.core.ports import FileTransfers
from chatlab.core.transfer import TransferId
from chatlab.ui.dialog_desk import DialogDesk
from chatlab.ui.ports import Backstage
from chatlab.ui.presenter import Presenter
from chatlab.ui.rich_text import isolated
from chatlab.ui.widgets.chat_pane import ChatPane
from chatlab.ui.widgets.file_drop import FileDrop
from chatlab.ui.widgets.message_bar import BarMessage

if TYPE_CHECKING:
    from chatlab.ui.dialogs.send_file import SendChoice, SendFileDialog

DIRECT_SIGN = "="
"""Begins the name of a direct chat."""


class SendDesk:
    """Asks which file goes to whom, and has it offered."""

    def __init__(
        self,
        presenter: Presenter,
        desk: DialogDesk,
        backstage: Backstage,
        book: ChatBook,
        show_list: Callable[[TransferId | None], None],
    ) -> None:
        self._window = presenter.window
        self._desk = desk
        self._backstage = backstage
        self._book = book
        self._show_list = show_list
        self._drops: dict[ChatPane, FileDrop] = {}
        self._pasted: QTemporaryDir | None = None

    def connect_pane(self, pane: ChatPane) -> None:
        drop = self._drops[pane] = FileDrop(pane)
        editor = pane.composer.editor
        for given in (drop.files_given, editor.files_given):
            given.connect(lambda files: self._take_files(pane, files))
        editor.image_given.connect(lambda image: self._take_image(pane, image))
        pane.destroyed.connect(lambda: self._drops.pop(pane, None))

    def follow(self, pane: ChatPane) -> None:
        """The pane shows another chat, or its account came or went."""
        if (drop := self._drops.get(pane)) is None:
            return
        chat = pane.chat
        if chat is None or self._backstage.transfers(chat.key.account) is None:
            drop.words = ""
        elif chat.kind is ChatKind.SERVER:
            drop.words = "Let go to send the file; you will be asked to whom."
        else:
            whom = isolated(_peer_of(chat))
            where = f"people of {whom}" if chat.kind is ChatKind.CHANNEL else whom
            drop.words = f"Let go to send the file to {where}; you will be asked first."

    def ask(
        self, nicks: Sequence[str] = (), *, path: Path | None = None, pane: ChatPane | None = None
    ) -> None:
        """Ask which file is to be offered to whom."""
        from chatlab.ui.dialogs.send_file import SendFileDialog

        chat = (pane or self._window.chats.active).chat
        transfers = self._backstage.transfers(chat.key.account) if chat is not None else None
        if chat is None or transfers is None:
            words = "From here no file can be sent: that needs a chat of an IRC account."
            self._say(words, "Go to such a chat, then try again.")
            return
        chosen = tuple(nicks)
        if not chosen and chat.kind is ChatKind.PRIVATE:
            chosen = (_peer_of(chat),)
        dialog = SendFileDialog(
            () if nicks else self._people(chat),
            transfers.advice,
            self._window,
            chosen=chosen,
            channel=chat.title,
            path=path,
            folder=_documents(),
        )
        dialog.submitted.connect(lambda choice: self._offer(chat, transfers, choice, dialog))
        self._desk.show("send", dialog)

    def _people(self, chat: Chat) -> tuple[str, ...]:
        """Who can be chosen from: everyone in a channel but ourselves."""
        if chat.kind is not ChatKind.CHANNEL:
            return ()
        state = self._book.accounts.get(chat.key.account)
        own = (chat.own_nick or (state.nick if state else "")).lower()
        return tuple(member.nick for key, member in chat.members.items() if key != own)

    def _offer(
        self, chat: Chat, transfers: FileTransfers, choice: "SendChoice", dialog: "SendFileDialog"
    ) -> None:
        where = "" if chat.kind is ChatKind.SERVER else chat.title
        try:
            offered = transfers.offer_file(
                choice.nicks, choice.path, where, passive=choice.is_passive
            )
        except ChatlabError as error:
            dialog.say_refused(str(error))
            return
        dialog.accept()
        if len(offered) > 1 or not where:
            self._show_list(offered[-1].id)

    def _take_files(self, pane: ChatPane, files: Sequence[str]) -> None:
        """Files were dropped or pasted: one dialog, for the first of them."""
        if len(files) > 1:
            words = f"{len(files)} files were given; one can be sent at a time."
            self._say(words, "Pack them into one file, or send them one after the other.")
        self.ask(path=Path(files[0]), pane=pane)

    def _take_image(self, pane: ChatPane, image: object) -> None:
        """A picture without a file gets one, for as long as ChatLab runs."""
        if not isinstance(image, QImage) or image.isNull():
            return
        self._pasted = self._pasted or QTemporaryDir()
        file = Path(self._pasted.filePath(f"picture-{datetime.now():%Y%m%d-%H%M%S}.png"))
        if image.save(str(file)):
            self.ask(path=file, pane=pane)
        else:
            self._say(f"The picture cannot be written to {file}.", "Is the disk full?")

    def _say(self, words: str, hint: str) -> None:
        self._window.bar.post(BarMessage(Severity.INFO, words, hint, topic="send"))


def _peer_of(chat: Chat) -> str:
    """Whom a private or direct chat is with; a channel’s own name."""
    return chat.title.removeprefix(DIRECT_SIGN)


def _documents() -> Path:
    place = QStandardPaths.StandardLocation.DocumentsLocation
    found = Path(QStandardPaths.writableLocation(place) or Path.home())
    return found if found.is_dir() else Path.home()
