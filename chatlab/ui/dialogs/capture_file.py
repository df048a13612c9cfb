"""Opening and saving captures, without a second event loop."""

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QPushButton, QWidget

from chatlab.ui.dialogs.parts import Form, Hint, Notice, Sheet, header
from chatlab.ui.theme import SPACE
from chatlab.ui.widgets.controls import Tick
from chatlab.ui.widgets.nick_field import mark_invalid

WIDTH = 66 * SPACE
MAX_HEIGHT = 640
SUFFIX = ".pcapng"
_SAVE_FILTER = "Captures (*.pcapng)"
_OPEN_FILTER = "Captures (*.pcapng *.pcap *.cap *.pcapng.gz *.pcap.gz)"


@dataclass(frozen=True, slots=True)
class SaveChoice:
    """Where to save, and what goes into the file beside the frames."""

    path: Path
    with_secrets: bool
    """TLS secrets: whoever has the file can read what TLS sealed."""
    with_messages: bool
    """The messages and which frames carried them."""


def open_dialog(folder: str, parent: QWidget | None = None) -> QFileDialog:
    """A dialog to be shown with ``open()``; ``fileSelected`` tells the file."""
    dialog = QFileDialog(parent, "Open a capture", folder)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    dialog.setNameFilters([_OPEN_FILTER, "All files (*)"])
    return dialog


class SaveCaptureDialog(Sheet):
    """Asks where and with what; use it with ``open()``. It writes nothing itself.

    Signals:
        submitted: a SaveChoice; a file of that name may be replaced.
    """

    submitted = Signal(object)

    def __init__(
        self, suggested: Path, frames: int, *, has_tls: bool, parent: QWidget | None = None
    ) -> None:
        super().__init__("Save the capture", parent)
        self._replaces = ""
        count = "1 frame" if frames == 1 else f"{frames:,} frames".replace(",", "\u202f")
        subtitle = f"{count}, as a pcapng file that Wireshark opens, too."
        self.head.addWidget(header(self.windowTitle(), subtitle, self))
        self.name = QLineEdit(str(suggested), self)
        self.name.setAccessibleName(self.tr("File"))
        self._hint = Hint(parent=self)
        self.messages = Tick(self.tr("The messages, and which frames carried them"), self)
        self.messages.setChecked(True)
        self.secrets = Tick(self.tr("The TLS secrets of these connections"), self)
        self.secrets.setChecked(has_tls)
        self.secrets.setEnabled(has_tls)
        self._notice = Notice(self)
        self._lay_out()
        self._connect()
        self._explain()
        self.fit(WIDTH, MAX_HEIGHT)

    def _lay_out(self) -> None:
        field = QWidget(self)
        row = QHBoxLayout(field)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE)
        row.addWidget(self.name, 1)
        self._browse_button = QPushButton(self.tr("Choose…"), self)
        row.addWidget(self._browse_button)
        field.setFocusProxy(self.name)
        form = Form(parent=self)
        form.add("File", field, self._hint)
        form.add("Put in", self.messages)
        form.add_wide(self.secrets)
        form.add_wide(self._notice)
        self.body.addWidget(form)
        self.body.addStretch(1)
        cancel = self.add_button(self.tr("Cancel"))
        self.save_button = self.add_button(self.tr("Save"), is_primary=True)
        self.foot.insertStretch(0, 1)
        cancel.clicked.connect(self.reject)
        self.settle(self.save_button)

    def _connect(self) -> None:
        self.save_button.clicked.connect(self._submit)
        self._browse_button.clicked.connect(self._browse)
        self.name.textChanged.connect(self._on_name_changed)
        self.secrets.toggled.connect(self._explain)
        self.messages.toggled.connect(self._explain)

    def path(self) -> Path | None:
        """The file, with its suffix; None while there is no name."""
        text = self.name.text().strip()
        if not text:
            return None
        path = Path(text).expanduser()
        is_complete = path.suffix.lower() == SUFFIX or path.is_dir()
        return path if is_complete else path.with_name(path.name + SUFFIX)

    def _explain(self) -> None:
        """Say who could read what in the file."""
        if self.secrets.isChecked():
            self._notice.tell(
                "lock-open", "attention", "Whoever has this file can read everything",
                "Wireshark decrypts it by itself. Right for your own study and for the teacher; "
                "without the secrets the file shows what an observer saw.",
            )  # fmt: skip
        elif self.messages.isChecked():
            self._notice.tell(
                "eye", "attention", "Whoever has this file can read the messages",
                "Their text is in it, also of those that TLS sealed on the wire.",
            )  # fmt: skip
        else:
            self._notice.tell(
                "frame", "plumbing", "The file shows what an observer saw",
                "Only frames. What TLS sealed stays sealed, for you as well.",
            )  # fmt: skip

    def _on_name_changed(self) -> None:
        self._replaces = ""
        self.save_button.setText(self.tr("Save"))
        self._hint.tell("")
        mark_invalid(self.name, False)

    def _fault(self, path: Path | None) -> str:
        if path is None:
            return self.tr("A file name is needed.")
        if path.is_dir():
            return self.tr("This is a folder; add a file name.")
        if not path.parent.is_dir():
            return self.tr("There is no folder {}.").format(path.parent)
        return ""

    def _submit(self) -> None:
        path = self.path()
        if (error := self._fault(path)) or path is None:
            self._hint.tell(error)
            mark_invalid(self.name, True)
            self.name.setFocus()
            return
        if path.exists() and self._replaces != str(path):
            self._replaces = str(path)
            self._hint.tell(self.tr("{} is there already.").format(path.name))
            self.save_button.setText(self.tr("Replace it"))
            return
        self.accept()
        self.submitted.emit(SaveChoice(path, self.secrets.isChecked(), self.messages.isChecked()))

    def _browse(self) -> None:
        path = self.path() or Path()
        dialog = QFileDialog(self, self.windowTitle(), str(path))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(SUFFIX)
        dialog.setNameFilters([_SAVE_FILTER])
        dialog.fileSelected.connect(self._on_file_selected)
        dialog.open()

    def _on_file_selected(self, name: str) -> None:
        """The file dialog has already asked about replacing."""
        self.name.setText(name)
        self._replaces = str(self.path())
