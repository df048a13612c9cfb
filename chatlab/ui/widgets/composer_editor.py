"""The text field of the composer: keys, history, completion, pasting, height."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QMimeData, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QPaintEvent, QTextCursor
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from chatlab.protocol.irc_format import PLAIN, strip_formatting
from chatlab.ui import completion, formatting
from chatlab.ui.formatting import Code
from chatlab.ui.rich_text import utf16_index, utf16_length
from chatlab.ui.theme import on_theme_changed
from chatlab.ui.widgets.file_drop import files_in
from chatlab.ui.widgets.format_marks import CodeHighlighter, has_codes, paint_marks

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
        files_given: paths of files that were pasted or dropped here.
        image_given: a QImage that was pasted.
        pasted: how many lines were pasted, and whether the text had to be cut.
    """

    submit_pressed = Signal()
    files_given = Signal(list)
    image_given = Signal(object)
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
        self.chat = ""
        """Whom the texts are for."""
        self.allows_formatting = False
        """The protocol of this chat has codes for bold, colours and so on."""
        self._highlighter = CodeHighlighter(self.document())
        self.setObjectName("composer")
        self.setAccessibleName(self.tr("Message"))
        self.setTabChangesFocus(False)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.document().setDocumentMargin(0)
        self.document().documentLayout().documentSizeChanged.connect(self._fit)
        self.textChanged.connect(self._on_text_changed)
        on_theme_changed(self._fit)
        on_theme_changed(self._highlighter.rehighlight)
        self._fit()

    def replace_text(self, text: str) -> None:
        """Put another text in place, the cursor at its end."""
        self.setPlainText(text)
        self.moveCursor(QTextCursor.MoveOperation.End)

    def remember(self, text: str) -> None:
        """Add a sent text to the history; no password can be called back from there."""
        from chatlab.protocol.irc_perform import holds_password

        is_new = not self._history or self._history[-1] != text
        if is_new and not holds_password(self.chat, text):
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
        elif key == Qt.Key.Key_O and modifiers == Qt.KeyboardModifier.ControlModifier:
            self.toggle_format(Code.RESET)
        elif key == Qt.Key.Key_Backspace and is_plain and self._take_code_back():
            pass
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

    # Formatting -----------------------------------------------------------------------------

    def toggle_format(self, code: Code) -> None:
        """Put the chosen words between two codes, or a code where the cursor is."""
        cursor = self.textCursor()
        if cursor.hasSelection():
            self._replace_selection(formatting.toggled(self._selected(), code))
        elif code is Code.RESET and formatting.style_at_end(self._around()[0]) == PLAIN:
            return
        elif code is not Code.RESET and formatting.code_before(self._around()[0]) == code.value:
            cursor.deletePreviousChar()  # Nothing was written since: it is taken back.
        else:
            cursor.insertText(code.value)

    def put_colour(self, foreground: int, background: int | None) -> None:
        """Colour the chosen words, or what is written from here on."""
        after = self._around()[1]
        if self.textCursor().hasSelection():
            words = formatting.coloured(self._selected(), foreground, background, after)
            self._replace_selection(words)
        else:
            self.textCursor().insertText(formatting.colour_code(foreground, background, after))

    def _selected(self) -> str:
        return self.textCursor().selectedText().replace("\u2029", "\n")

    def _around(self) -> tuple[str, str]:
        """What stands before the chosen words (or the cursor), and what behind them."""
        text, cursor = self.toPlainText(), self.textCursor()
        start = utf16_index(text, cursor.selectionStart())
        return text[:start], text[utf16_index(text, cursor.selectionEnd()) :]

    def _replace_selection(self, words: str) -> None:
        cursor = self.textCursor()
        start = cursor.selectionStart()
        cursor.insertText(words)
        cursor.setPosition(start)
        stop = start + utf16_length(words)
        cursor.setPosition(stop, QTextCursor.MoveMode.KeepAnchor)
        self.setTextCursor(cursor)

    def _take_code_back(self) -> bool:
        """Delete a code before the cursor whole: half a colour would be another colour."""
        cursor = self.textCursor()
        code = formatting.code_before(self._around()[0])
        if cursor.hasSelection() or len(code) < 2:
            return False
        way, keep = QTextCursor.MoveOperation.Left, QTextCursor.MoveMode.KeepAnchor
        cursor.movePosition(way, keep, len(code))
        cursor.removeSelectedText()
        return True

    def _can_reset(self) -> bool:
        """There is formatting that Ctrl+O would end; else the key is the window's."""
        if not self.allows_formatting:
            return False
        if self.textCursor().hasSelection():
            return has_codes(self._selected())
        return formatting.style_at_end(self._around()[0]) != PLAIN

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            is_control = event.modifiers() == Qt.KeyboardModifier.ControlModifier
            if is_control and event.key() == Qt.Key.Key_O and self._can_reset():
                event.accept()
                return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        offset = self.contentOffset()
        block = self.firstVisibleBlock()
        while block.isValid() and block.isVisible():
            place = self.blockBoundingGeometry(block).translated(offset)
            if place.top() > self.viewport().height():
                break
            paint_marks(self, block, place.top(), place.left())
            block = block.next()

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
        if has_codes(self.toPlainText()):
            # Their marks make lines longer, which the document does not report.
            QTimer.singleShot(0, self, self._fit)
        if not self._is_completing:
            self._completion = None

    # Pasting --------------------------------------------------------------------------------

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        return bool(files_in(source)) or source.hasImage() or source.hasText()

    def insertFromMimeData(self, source: QMimeData) -> None:
        if files := files_in(source):
            self.files_given.emit(files)
            return
        if source.hasImage() and not source.hasText():
            self.image_given.emit(source.imageData())
            return
        if not source.hasText():
            return
        text = formatting.without_other_controls(source.text()).replace("\t", "    ")
        if not self.allows_formatting:
            text = "\n".join(strip_formatting(line) for line in text.split("\n"))
        is_cut = len(text) > MAX_PASTED
        text = text[:MAX_PASTED].strip("\r\n")
        self.insertPlainText(text)
        self.pasted.emit(len(completion.lines_to_send(text)), is_cut)
