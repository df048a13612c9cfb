"""The text field of the composer: keys, history, completion, pasting, height."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QMimeData, Qt, Signal
from PySide6.QtGui import QKeyEvent, QTextCursor
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from chatlab.ui import completion
from chatlab.ui.rich_text import utf16_index, utf16_length
from chatlab.ui.theme import on_theme_changed

MAX_LINES = 6
MAX_PASTED = 16_000
"""Characters; Qt's text field stands still for seconds over much longer foreign text."""
_MAX_HISTORY = 200
_FRAME = 14
"""Border and padding above and below the text, as the style sheet has them."""


class ComposerEditor(QPlainTextEdit):
    """Plain text, one to six lines high.

    Signals:
        submit_pressed: Return without Shift.
        pasted: how many lines were pasted, and whether the text had to be cut.
    """

    submit_pressed = Signal()
    pasted = Signal(int, bool)

    def __init__(
        self,
        nicks: Callable[[], Sequence[str]],
        channels: Callable[[], Sequence[str]],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._nicks = nicks
        self._channels = channels
        self._history: list[str] = []
        self._place = 0
        self._unsent = ""
        self._completion: completion.Completion | None = None
        self._choice = 0
        self._is_completing = False
        self.setObjectName("composer")
        self.setAccessibleName(self.tr("Message"))
        self.setTabChangesFocus(False)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.document().setDocumentMargin(0)
        self.document().documentLayout().documentSizeChanged.connect(self._fit)
        self.textChanged.connect(self._on_text_changed)
        on_theme_changed(self._fit)
        self._fit()

    def replace_text(self, text: str) -> None:
        """Put another text in place, the cursor at its end."""
        self.setPlainText(text)
        self.moveCursor(QTextCursor.MoveOperation.End)

    def remember(self, text: str) -> None:
        """Add a sent text to the history."""
        if not self._history or self._history[-1] != text:
            self._history.append(text)
            del self._history[:-_MAX_HISTORY]
        self._place = len(self._history)

    def history(self) -> list[str]:
        return list(self._history)

    def set_history(self, texts: Sequence[str]) -> None:
        self._history = list(texts)
        self._place = len(self._history)

    # Height ---------------------------------------------------------------------------------

    def _fit(self) -> None:
        # The layout of plain text counts its height in lines.
        lines = round(self.document().documentLayout().documentSize().height())
        lines = max(1, min(MAX_LINES, lines))
        height = round(lines * self.fontMetrics().lineSpacing()) + _FRAME
        if height != self.height() or height != self.minimumHeight():
            self.setFixedHeight(height)

    # Keys -----------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, modifiers = event.key(), event.modifiers()
        is_plain = not modifiers & ~Qt.KeyboardModifier.KeypadModifier
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if is_plain:
                self.submit_pressed.emit()
            elif modifiers & Qt.KeyboardModifier.ShiftModifier:
                self.insertPlainText("\n")
            else:
                event.ignore()  # Ctrl+Return belongs to the window.
        elif key in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab):
            if not self._complete(-1 if key == Qt.Key.Key_Backtab else 1):
                self._leave(key == Qt.Key.Key_Tab)
        elif key == Qt.Key.Key_Up and is_plain and self._is_in_line(QTextCursor.MoveOperation.Up):
            self._recall(-1)
        elif (
            key == Qt.Key.Key_Down and is_plain and self._is_in_line(QTextCursor.MoveOperation.Down)
        ):
            self._recall(1)
        else:
            super().keyPressEvent(event)

    def _leave(self, is_forward: bool) -> None:
        """Move the focus on; an editor that takes tabs as text would refuse."""
        self.setTabChangesFocus(True)
        self.focusNextPrevChild(is_forward)
        self.setTabChangesFocus(False)

    def _is_in_line(self, way: QTextCursor.MoveOperation) -> bool:
        """Whether the cursor is in the first (last) line, so that Up (Down) leaves the text."""
        cursor = self.textCursor()
        return not cursor.hasSelection() and not cursor.movePosition(way)

    def _recall(self, step: int) -> None:
        place = self._place + step
        if not 0 <= place <= len(self._history):
            return
        if self._place == len(self._history):
            self._unsent = self.toPlainText()
        self._place = place
        is_unsent = place == len(self._history)
        self.replace_text(self._unsent if is_unsent else self._history[place])

    # Completion -----------------------------------------------------------------------------

    def _complete(self, step: int) -> bool:
        """Put the next candidate in; False when there is none, so Tab may move the focus."""
        if self._completion is None:
            text = self.toPlainText()
            at = utf16_index(text, self.textCursor().position())
            self._completion = completion.find(text, at, self._nicks(), self._channels())
            if self._completion is None:
                # A word that nothing completes keeps the focus; an empty field lets it go.
                return bool(self.toPlainText())
            self._choice = -1 if step > 0 else 0
        found = self._completion
        self._choice = (self._choice + step) % len(found.candidates)
        candidate = found.candidates[self._choice]
        before = self.toPlainText()
        cursor = self.textCursor()
        cursor.setPosition(utf16_length(before[: found.start]))
        cursor.setPosition(utf16_length(before[: found.stop]), QTextCursor.MoveMode.KeepAnchor)
        self._is_completing = True
        cursor.insertText(candidate)
        self._is_completing = False
        stop = found.start + len(candidate)
        self._completion = completion.Completion(found.start, stop, found.candidates)
        return True

    def _on_text_changed(self) -> None:
        if not self._is_completing:
            self._completion = None

    # Pasting --------------------------------------------------------------------------------

    def insertFromMimeData(self, source: QMimeData) -> None:
        if not source.hasText():
            return
        text = source.text().replace("\x00", "").replace("\t", "    ")
        is_cut = len(text) > MAX_PASTED
        text = text[:MAX_PASTED].strip("\r\n")
        self.insertPlainText(text)
        self.pasted.emit(len([line for line in text.splitlines() if line.strip()]), is_cut)
