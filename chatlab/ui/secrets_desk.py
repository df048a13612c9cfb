"""TLS secrets in the window: looking into TLS or not, and key logs of other programs."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QWidget

from chatlab.core.errors import FileError, Severity
from chatlab.ui.ports import Backstage, WireFeed
from chatlab.ui.widgets.message_bar import BarMessage, MessageBar

_FILTER = "Key logs (*.keys *.keylog *.log *.txt)"


class SecretsDesk:
    """Does what the Wire menu says about secrets."""

    def __init__(
        self, feed: WireFeed, backstage: Backstage, bar: MessageBar, window: QWidget
    ) -> None:
        self._feed, self._backstage = feed, backstage
        self._bar, self._window = bar, window

    @property
    def is_used(self) -> bool:
        return self._feed.uses_secrets

    def set_used(self, is_used: bool) -> None:
        """Look into TLS, or show what an observer of the wire has."""
        self._feed.set_uses_secrets(is_used)
        if not is_used:
            words = "TLS secrets are not used now: you see what an observer of the wire sees."
        elif self._feed.has_secrets:
            words = "TLS secrets are used: sealed frames show in brackets what is inside."
        else:
            words = (
                "No TLS secret is known yet; those of ChatLab’s own connections come by themselves."
            )
        self._bar.post(BarMessage(Severity.INFO, words, topic="secrets"))

    def ask_for_keys(self) -> None:
        """Have the reader choose a key log."""
        dialog = QFileDialog(self._window, "Read a key log (SSLKEYLOGFILE)")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters([_FILTER, "All files (*)"])
        dialog.fileSelected.connect(self.read)
        dialog.open()

    def read(self, file: str) -> None:
        """Use the secrets of a key log."""
        self._backstage.use_key_file(Path(file), self._tell)

    def _tell(self, read: int | FileError) -> None:
        if isinstance(read, FileError):
            self._bar.post(BarMessage(Severity.ERROR, read.message, read.hint, topic="secrets"))
            return
        words = (
            "1 TLS secret was read; it is used here, and is not saved."
            if read == 1
            else f"{read:,} TLS secrets were read; they are used here, and are not saved."
        )
        self._bar.post(BarMessage(Severity.INFO, words, topic="secrets"))
