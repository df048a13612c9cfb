"""Opening and saving sessions, without a second event loop."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QWidget

_SESSIONS = "Sessions (*.chatlab)"
_OPEN_FILTER = "Sessions and captures (*.chatlab *.pcapng *.pcap *.cap)"
_SUFFIX = "chatlab"


def open_dialog(folder: str, parent: QWidget | None = None) -> QFileDialog:
    """A dialog to be shown with ``open()``; ``fileSelected`` tells the file."""
    dialog = QFileDialog(parent, "Open a session or a capture", folder)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    dialog.setNameFilters([_OPEN_FILTER, "All files (*)"])
    return dialog


def save_dialog(suggested: Path, parent: QWidget | None = None) -> QFileDialog:
    """The same for saving; it has asked about replacing when it tells the file."""
    dialog = QFileDialog(parent, "Save the session", str(suggested.parent))
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix(_SUFFIX)
    dialog.setNameFilters([_SESSIONS])
    dialog.selectFile(suggested.name)
    return dialog
