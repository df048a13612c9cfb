"""A copy of the capture to be handed on: what it may tell, and where it goes."""

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QStyle,
    QStyleOptionButton,
    QVBoxLayout,
    QWidget,
)

from chatlab.core.export import ExportFacts, SecretsChoice, reader_can
from chatlab.ui.dialogs.parts import Form, Hint, Sheet, header
from chatlab.ui.theme import HALF, SPACE, current
from chatlab.ui.typed_path import is_folder, is_there, typed_path
from chatlab.ui.widgets.nick_field import mark_invalid

WIDTH = 70 * SPACE
MAX_HEIGHT = 640
SUFFIX = ".pcapng"
_FILTER = "Captures (*.pcapng)"
_COUNTING = "Counting what is in it…"
_NAMES = (
    (SecretsChoice.REDACT, "Redacted", "no TLS keys, passwords blanked"),
    (SecretsChoice.DROP, "Without secrets", "no TLS keys: what an observer saw"),
    (SecretsChoice.KEEP, "With secrets", "Wireshark decrypts it by itself"),
)


@dataclass(frozen=True, slots=True)
class ExportChoice:
    """Where the copy goes, and what it may tell."""

    path: Path
    secrets: SecretsChoice


class _Radio(QRadioButton):
    """One of several, its state plain to see in both themes."""

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = current()
        option = QStyleOptionButton()
        self.initStyleOption(option)
        part = QStyle.SubElement
        where = self.style().subElementRect(part.SE_RadioButtonIndicator, option, self)
        side = min(where.width(), where.height(), 16) - 2
        circle = QRectF(0, 0, side, side)
        circle.moveCenter(QRectF(where).center())
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        is_on, has_focus = self.isChecked(), self.hasFocus()
        painter.setPen(QPen(theme.color("accent" if is_on or has_focus else "faint"), 1.4))
        painter.setBrush(theme.color("surface"))
        painter.drawEllipse(circle)
        if is_on:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("accent"))
            inset = side * 0.27
            painter.drawEllipse(circle.adjusted(inset, inset, -inset, -inset))
        if has_focus:
            painter.setPen(QPen(theme.color("accent"), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(circle.adjusted(-2, -2, 2, 2))
        area = self.style().subElementRect(part.SE_RadioButtonContents, option, self)
        painter.setPen(theme.color("text"))
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(area, flags | Qt.TextFlag.TextShowMnemonic, self.text())
        painter.end()


class ExportDialog(Sheet):
    """Asks where and what; use it with ``open()``. It writes nothing itself.

    Signals:
        submitted: an ExportChoice; a file of that name may be replaced.
    """

    submitted = Signal(object)

    def __init__(self, suggested: Path, frames: int, parent: QWidget | None = None) -> None:
        super().__init__("Export for hand-in", parent)
        self._replaces = ""
        count = "1 frame" if frames == 1 else f"{frames:,} frames"
        subtitle = f"A copy of {count} as a pcapng file that Wireshark opens, too."
        self.head.addWidget(header(self.windowTitle(), subtitle, self))
        self.name = QLineEdit(str(suggested), self)
        self.name.setAccessibleName(self.tr("File"))
        self.hint = Hint(parent=self)
        self._browse_button = QPushButton(self.tr("Choose…"), self)
        self.choices: dict[SecretsChoice, QRadioButton] = {}
        self._sentences: dict[SecretsChoice, Hint] = {}
        self._lay_out()
        self.choices[SecretsChoice.REDACT].setChecked(True)
        self._connect()
        self.fit(WIDTH, MAX_HEIGHT)

    def _lay_out(self) -> None:
        field = QWidget(self)
        row = QHBoxLayout(field)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE)
        row.addWidget(self.name, 1)
        row.addWidget(self._browse_button)
        field.setFocusProxy(self.name)
        form = Form(parent=self)
        form.add("File", field, self.hint)
        form.add("What it tells", self._choices_part())
        self.body.addWidget(form)
        self.body.addStretch(1)
        cancel = self.add_button(self.tr("Cancel"))
        self.export_button = self.add_button(self.tr("Export"), is_primary=True)
        self.foot.insertStretch(0, 1)
        cancel.clicked.connect(self.reject)
        self.settle(self.export_button)

    def _choices_part(self) -> QWidget:
        part = QWidget(self)
        column = QVBoxLayout(part)
        column.setContentsMargins(0, HALF, 0, 0)
        column.setSpacing(SPACE + HALF)
        for choice, name, words in _NAMES:
            radio = _Radio(f"{name} – {words}", part)
            sentence = Hint(_COUNTING, part)
            sentence.setIndent(2 * SPACE + 3)  # Under the words of the radio button.
            cell = QVBoxLayout()
            cell.setSpacing(HALF // 2)
            cell.addWidget(radio)
            cell.addWidget(sentence)
            column.addLayout(cell)
            self.choices[choice], self._sentences[choice] = radio, sentence
        return part

    def _connect(self) -> None:
        self.export_button.clicked.connect(self._submit)
        self._browse_button.clicked.connect(self._browse)
        self.name.textChanged.connect(self._on_name_changed)

    def tell(self, facts: ExportFacts) -> None:
        """What a reader of each copy could see, now that it is counted."""
        for choice, sentence in self._sentences.items():
            words = reader_can(facts, choice)
            sentence.say(words)
            self.choices[choice].setAccessibleDescription(words)

    def sentence(self, choice: SecretsChoice) -> str:
        return self._sentences[choice].text()

    def chosen(self) -> SecretsChoice:
        return next(choice for choice, radio in self.choices.items() if radio.isChecked())

    def path(self) -> Path | None:
        """The file, with its suffix; None while there is no name."""
        text = self.name.text().strip()
        if not text:
            return None
        path = typed_path(text)
        is_complete = path.suffix.lower() == SUFFIX or is_folder(path) or not path.name
        return path if is_complete else path.with_name(path.name + SUFFIX)

    def _on_name_changed(self) -> None:
        self._replaces = ""
        self.export_button.setText(self.tr("Export"))
        self.hint.tell("")
        mark_invalid(self.name, False)

    def _fault(self, path: Path | None) -> str:
        if path is None:
            return self.tr("A file name is needed.")
        if is_folder(path):
            return self.tr("This is a folder; add a file name.")
        if not is_folder(path.parent):
            return self.tr("There is no folder {}.").format(path.parent)
        return ""

    def _submit(self) -> None:
        path = self.path()
        if (error := self._fault(path)) or path is None:
            self.hint.tell(error)
            mark_invalid(self.name, True)
            self.name.setFocus()
            return
        if is_there(path) and self._replaces != str(path):
            self._replaces = str(path)
            self.hint.tell(self.tr("{} is there already.").format(path.name))
            self.export_button.setText(self.tr("Replace it"))
            return
        self.accept()
        self.submitted.emit(ExportChoice(path, self.chosen()))

    def _browse(self) -> None:
        path = self.path() or Path()
        dialog = QFileDialog(self, self.windowTitle(), str(path))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(SUFFIX.removeprefix("."))
        dialog.setNameFilters([_FILTER])
        dialog.fileSelected.connect(self._on_file_selected)
        dialog.open()

    def _on_file_selected(self, name: str) -> None:
        """The file dialog has already asked about replacing."""
        self.name.setText(name)
        self._replaces = str(self.path())
