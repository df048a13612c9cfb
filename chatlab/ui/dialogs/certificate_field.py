"""A certificate of one’s own in the account form: chosen or made here, and how NickServ learns it."""

from PySide6.QtCore import QDateTime, QLocale, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from chatlab.core.client_certificate import ClientCertificate, Digest, cert_add, digest_of
from chatlab.core.errors import FileError
from chatlab.ui.dialogs.inputs import FileField
from chatlab.ui.dialogs.parts import Hint
from chatlab.ui.ports import CertificateAnswer
from chatlab.ui.rich_text import bare
from chatlab.ui.theme import HALF, SPACE, isolated, mono_font, plain_label, set_icon
from chatlab.ui.widgets.controls import Select

_DIGEST_WORDS = {
    Digest.SHA_512: "SHA-512 (Libera.Chat)",
    Digest.SHA_256: "SHA-256 (most networks)",
    Digest.SHA_1: "SHA-1 (OFTC)",
}
_EMPTY_WORDS = (
    "It proves who you are without a password. Make one here, or choose a PEM file with its key."
)
_PRIVATE_WORDS = (
    "Whoever has this file can log in as you. Tell NickServ once, while you are logged in by "
    "password, that it is yours:"
)


class CertificateField(QWidget):
    """A file, a button that makes one, and the fingerprint of what is there.

    Signals:
        changed: another file is meant.
        make_requested: a new certificate is wanted.
        read_requested: the path of a file whose fingerprints are wanted.
    """

    changed = Signal()
    make_requested = Signal()
    read_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Your certificate"))
        self._known: ClientCertificate | None = None
        self.file = FileField("Your certificate", "Certificates (*.pem)", self)
        self.make_button = QPushButton(self.tr("Make one"), self)
        self.make_button.setToolTip(
            self.tr("A new key on this computer, with a certificate that is valid for ten years")
        )
        self.hint = Hint(self.tr(_EMPTY_WORDS), self)
        self._panel = self._make_panel()
        self.setFocusProxy(self.file)
        row = QHBoxLayout()
        row.setSpacing(SPACE)
        row.addWidget(self.file, 1)
        row.addWidget(self.make_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(HALF)
        column.addLayout(row)
        column.addWidget(self.hint)
        column.addWidget(self._panel)
        self.make_button.clicked.connect(self._on_make)
        self.file.changed.connect(self._on_file_changed)
        self._show_known()

    def _make_panel(self) -> QWidget:
        panel = QWidget(self)
        self._words = plain_label("", "small", panel)
        self._words.setWordWrap(True)
        self._digest = Select(panel)
        self._digest.setAccessibleName(self.tr("Kind of fingerprint"))
        for digest, words in _DIGEST_WORDS.items():
            self._digest.addItem(self.tr(words), digest)
        self._digest.currentIndexChanged.connect(self._show_fingerprint)
        self._fingerprint = self._read_only(self.tr("Fingerprint"), panel)
        self._command = self._read_only(self.tr("Command for NickServ"), panel)
        column = QVBoxLayout(panel)
        column.setContentsMargins(0, HALF, 0, 0)
        column.setSpacing(HALF)
        column.addWidget(self._words)
        column.addLayout(self._line(self._command, "Copy the command"))
        column.addSpacing(HALF)
        column.addWidget(self._digest)
        column.addLayout(self._line(self._fingerprint, "Copy the fingerprint"))
        return panel

    def _read_only(self, name: str, parent: QWidget) -> QLineEdit:
        field = QLineEdit(parent)
        field.setReadOnly(True)
        field.setAccessibleName(name)
        field.setFont(mono_font(0.9))
        return field

    def _line(self, field: QLineEdit, words: str) -> QHBoxLayout:
        copy = QPushButton(self.tr("Copy"), self)
        copy.setAccessibleName(self.tr(words))
        set_icon(copy, "copy")
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(field.text()))
        row = QHBoxLayout()
        row.setSpacing(SPACE)
        row.addWidget(field, 1)
        row.addWidget(copy)
        return row

    # For the form -------------------------------------------------------------------------------

    def text(self) -> str:
        return self.file.text()

    def set_text(self, path: str) -> None:
        self.file.edit.setText(path)

    def set_host(self, host: str) -> None:
        """Propose the fingerprint that the network of ``host`` wants."""
        self._digest.setCurrentIndex(list(_DIGEST_WORDS).index(digest_of(host)))

    def fault(self, *, is_needed: bool) -> str:
        """What is wrong with it, told where it is."""
        error = self.file.error()
        if is_needed and not self.text():
            error = self.tr("This login needs your certificate: make one, or choose its file.")
        self.hint.tell(error)
        self.hint.setVisible(bool(error) or self._known is None)
        return error

    def show_answer(self, answer: CertificateAnswer) -> None:
        """A certificate was made or read, or could not be."""
        self.make_button.setEnabled(True)
        if isinstance(answer, FileError):
            self._known = None
            self._show_known()
            self.hint.tell(str(answer))
            return
        self._known = answer
        if self.text() != answer.file:
            self.file.edit.blockSignals(True)
            self.set_text(answer.file)
            self.file.edit.blockSignals(False)
            self.changed.emit()
        self._show_known()

    # What is shown ------------------------------------------------------------------------------

    def _on_make(self) -> None:
        self.make_button.setEnabled(False)
        self.make_requested.emit()

    def _on_file_changed(self) -> None:
        self._known = None
        self._show_known()
        self.changed.emit()
        if self.text() and not self.file.error():
            self.read_requested.emit(self.text())

    def _show_known(self) -> None:
        known = self._known
        self._panel.setVisible(known is not None)
        self.hint.tell("")
        self.hint.setVisible(known is None)
        if known is None:
            return
        until = QDateTime.fromString(known.not_after, Qt.DateFormat.ISODate).date()
        date = QLocale().toString(until, QLocale.FormatType.LongFormat)
        name = isolated(bare(known.subject))
        self._words.setText(
            f"{self.tr('For {}, valid until {}.').format(name, date)} {self.tr(_PRIVATE_WORDS)}"
        )
        self._show_fingerprint()

    def _show_fingerprint(self) -> None:
        digest = self._digest.currentData()
        if self._known is None or not isinstance(digest, Digest):
            return
        fingerprint = self._known.fingerprints[digest]
        self._fingerprint.setText(fingerprint)
        self._command.setText(cert_add(fingerprint))
        for field in (self._fingerprint, self._command):
            field.setCursorPosition(0)
