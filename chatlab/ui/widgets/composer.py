"""Where messages are written: grows with the text, says what it will become on the wire."""

from collections.abc import Callable, Sequence
from enum import Enum

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from chatlab.core.message import Message
from chatlab.ui.completion import (
    command_hint,
    is_command,
    is_hidden_command,
    is_utterance,
    lines_to_send,
)
from chatlab.ui.formatting import Code
from chatlab.ui.theme import HALF, SPACE, plain_label, set_icon, set_role
from chatlab.ui.widgets.composer_bar import Choice, ComposerBar
from chatlab.ui.widgets.composer_editor import ComposerEditor
from chatlab.ui.widgets.controls import scaled
from chatlab.ui.widgets.elided_label import ElidedLabel
from chatlab.ui.widgets.reply_strip import ReplyStrip
from chatlab.ui.widgets.twin_strip import TwinStrip, TwinSwitch

ASK_FROM = 4
"""That many messages at once are sent only after a question."""
_LIGHT_COLOURS = frozenset({0, 7, 8, 9, 11, 13, 15})
"""Of the sixteen, those on which black words are read better than white ones."""
_PREDICT_MS = 60
_COMPACT_BELOW = 44 * SPACE
"""Narrower, the switch for twins shows its icon alone."""
_MOST_PREDICTED = 200
"""Lines of a long paste whose size is asked for; beyond, only the lines are counted."""


class _Question(Enum):
    """What the bar asks about."""

    NOTHING = "nothing"
    MANY = "many messages"
    BLANK = "a blank before a command"
    CUT = "a text that was too long"


class Composer(QWidget):
    """An editor of one to six lines, with history, completion and a forecast.

    Signals:
        submitted: one line as typed, for ``commands.parse``; several lines come one by one,
            except where they are one message.
        notice_action: the button of the notice was pressed.
        writing_changed: the reader changed the text of a message: there is one, or none any more.
    """

    submitted = Signal(str)
    notice_action = Signal()
    writing_changed = Signal(bool)

    def __init__(
        self,
        predict: Callable[[str, str], tuple[int, ...]],
        nicks: Callable[[], Sequence[str]],
        channels: Callable[[], Sequence[str]],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._predict = predict
        self._notice = self._notice_action = ""
        self._question = _Question.NOTHING
        self._is_whole = False
        self._is_quiet = False
        """The text changes without the reader writing."""
        self._answered: Message | None = None
        self._reply = ReplyStrip(self)
        self._reply.cancelled.connect(self._on_reply_cancelled)
        self.twins, self.twin_switch = TwinStrip(self), TwinSwitch(self)
        self._bar = ComposerBar(self)
        self._bar.hide()
        self._bar.chosen.connect(self._on_chosen)
        self.editor = ComposerEditor(nicks, channels, self)
        self.editor.submit_pressed.connect(self.submit)
        self.editor.textChanged.connect(self._on_text_changed)
        self.editor.pasted.connect(self._on_pasted)
        self._send = QToolButton(self)
        self._send.setAccessibleName(self.tr("Send"))
        self._send.setToolTip(self.tr("Send (Return). Shift+Return begins a new line."))
        set_icon(self._send, "send", "accent")
        self._send.clicked.connect(self.submit)
        self._hint = ElidedLabel("", "small", self)
        self._size = plain_label("", "small", self)
        self._size.setAccessibleName(self.tr("Size of the message"))
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_PREDICT_MS)
        self._timer.timeout.connect(self._forecast)
        self._lay_out()
        self.setFocusProxy(self.editor)
        self._forecast()

    def _lay_out(self) -> None:
        line = QHBoxLayout()
        line.setSpacing(HALF)
        line.addWidget(self.editor, 1)
        line.addWidget(self._send, 0, Qt.AlignmentFlag.AlignBottom)
        foot = QHBoxLayout()
        foot.setContentsMargins(SPACE + 2, 0, SPACE, 0)
        foot.setSpacing(SPACE)
        foot.addWidget(self._hint, 1)
        foot.addWidget(self._size)
        foot.addWidget(self.twin_switch)  # Last: it stays where it is while one writes.
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE, HALF, SPACE, HALF + 2)
        column.setSpacing(HALF)
        column.addWidget(self._bar)
        column.addWidget(self._reply)
        column.addWidget(self.twins)
        column.addLayout(line)
        column.addLayout(foot)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.twin_switch.set_compact(event.size().width() < scaled(_COMPACT_BELOW))
        super().resizeEvent(event)

    # What the pane says ---------------------------------------------------------------------

    def set_situation(
        self, placeholder: str, notice: str = "", action: str = "", is_enabled: bool = True
    ) -> None:
        """What can be written here, and what stands against it (with the way out)."""
        self.editor.setPlaceholderText(placeholder)
        self.editor.setEnabled(is_enabled)
        self._send.setEnabled(is_enabled)
        if (notice, action) != (self._notice, self._notice_action):
            self._notice, self._notice_action = notice, action
            if not self._bar.is_question:
                self._show_notice()

    def _show_notice(self) -> None:
        action = self._notice_action
        if self._notice:
            choices = (Choice("notice", action),) if action else ()
            self._bar.ask("info", self._notice, choices, is_notice=True)
        else:
            self._bar.hide()

    def text(self) -> str:
        return self.editor.toPlainText()

    def set_text(self, text: str) -> None:
        """Replace the text, as a kept draft does."""
        self._is_quiet = True
        self.editor.replace_text(text)
        self._is_quiet = False

    def set_multiline(self, is_whole: bool) -> None:
        """Whether several lines leave as one message here (IRCv3 draft/multiline, XMPP)."""
        if self._is_whole != is_whole:
            self._is_whole = is_whole
            self._forecast()

    # Answering a message --------------------------------------------------------------------

    @property
    def answered(self) -> Message | None:
        """The message that the next one answers."""
        return self._answered

    def set_answered(self, message: Message | None) -> None:
        """Choose which message is answered, or none."""
        self._answered = message
        self._reply.show_message(message)
        self._forecast()

    def begin_answer(self, message: Message) -> None:
        """Answer a message with what is written now or next."""
        self.set_answered(message)
        self.editor.setFocus(Qt.FocusReason.OtherFocusReason)

    def take_answered(self, line: str) -> str:
        """The name of the message that ``line`` answers; then none is answered any more.

        A command that says nothing leaves the answer to what is written next.
        """
        if not is_utterance(line):
            return ""
        answered, self._answered = self._answered, None
        self._reply.show_message(None)
        return answered.msgid if answered is not None else ""

    def _on_reply_cancelled(self) -> None:
        self.set_answered(None)
        self.editor.setFocus(Qt.FocusReason.OtherFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self._answered is not None:
            self._on_reply_cancelled()
        else:
            super().keyPressEvent(event)

    def insert(self, text: str) -> None:
        """Put ``text`` where the cursor is and go on writing."""
        self.editor.insertPlainText(text)
        self.editor.setFocus(Qt.FocusReason.OtherFocusReason)

    def begin(self, command: str) -> None:
        """Put the beginning of a command here; a draft is a press of Up away."""
        if self.text().strip():
            self.editor.remember(self.text())
        self.set_text(command)
        self.editor.setFocus(Qt.FocusReason.OtherFocusReason)

    def mention(self, nick: str) -> None:
        """Begin an answer to someone."""
        is_start = self.editor.textCursor().position() == 0
        self.insert(f"{nick}: " if is_start else f"{nick} ")

    # Formatting -----------------------------------------------------------------------------

    def set_formatting(self, is_allowed: bool) -> None:
        """Whether the protocol of the chat has codes for bold, colours and so on."""
        self.editor.allows_formatting = is_allowed

    def toggle_format(self, code: Code) -> None:
        """Make what is chosen, or what is written next, bold or whatever ``code`` says."""
        if self.editor.allows_formatting and self.editor.isEnabled():
            self.editor.setFocus(Qt.FocusReason.ShortcutFocusReason)
            self.editor.toggle_format(code)

    def choose_colour(self) -> None:
        """Show the colours above the cursor."""
        if not (self.editor.allows_formatting and self.editor.isEnabled()):
            return
        from chatlab.ui.widgets.colour_chooser import ColourChooser

        self.editor.setFocus(Qt.FocusReason.ShortcutFocusReason)
        chooser = ColourChooser(self)
        chooser.chosen.connect(self._on_colour_chosen)
        place = self.editor.viewport().mapToGlobal(self.editor.cursorRect().topLeft())
        chooser.show_above(place)

    def _on_colour_chosen(self, colour: int, is_ground: bool) -> None:
        if is_ground:
            self.editor.put_colour(1 if colour in _LIGHT_COLOURS else 0, colour)
        else:
            self.editor.put_colour(colour, None)

    # Sending --------------------------------------------------------------------------------

    def submit(self) -> None:
        """Send what is written, or ask first where it may not be what was meant."""
        text = self.text()
        if not text.strip() or not self.editor.isEnabled():
            return
        if self._bar.is_question:
            self._bar.focus_first()  # Asked already: a second Return presses its button.
            return
        if is_hidden_command(text):
            command = text.lstrip().partition(" ")[0]
            self._question = _Question.BLANK
            self._bar.ask(
                "warning",
                self.tr("A blank stands before {command}: everybody would read this line.").format(
                    command=command
                ),
                (
                    Choice("command", self.tr("Run the command")),
                    Choice("send", self.tr("Send as text")),
                ),
            )
            return
        if (count := self._message_count(text)) >= ASK_FROM:
            self._ask_many(count)
            return
        self._send_lines(text)

    def _send_lines(self, text: str) -> None:
        self._hide_question()
        self.editor.remember(text)
        self.set_text("")  # Quietly: the message itself says that the writing is over.
        for line in self._lines(text):
            self.submitted.emit(line)

    def _lines(self, text: str) -> list[str]:
        return lines_to_send(text, is_whole=self._is_whole)

    def _ask_many(self, count: int) -> None:
        self._question = _Question.MANY
        self._bar.ask(
            "info",
            self.tr("Send {count} messages?").format(count=count),
            (Choice("send", self.tr("Send")), Choice("edit", self.tr("Edit"))),
        )

    def _on_chosen(self, key: str) -> None:
        match key:
            case "send":
                self._send_lines(self.text())
            case "command":
                self._send_lines(self.text().lstrip())
            case "notice":
                self.notice_action.emit()
            case _:
                self._hide_question()
        self.editor.setFocus(Qt.FocusReason.OtherFocusReason)

    def _hide_question(self) -> None:
        self._question = _Question.NOTHING
        if self._bar.is_question:
            self._show_notice()

    def _on_pasted(self, lines: int, is_cut: bool) -> None:
        if is_cut:
            self._question = _Question.CUT
            self._bar.ask(
                "warning",
                self.tr("The pasted text was too long: only its beginning was taken."),
                (Choice("edit", self.tr("Edit")),),
            )
        elif lines >= ASK_FROM and (count := self._message_count(self.text())) >= ASK_FROM:
            self._ask_many(count)

    # Forecast -------------------------------------------------------------------------------

    def _on_text_changed(self) -> None:
        if not self.text() or (
            self._question is _Question.BLANK and not is_hidden_command(self.text())
        ):
            self._hide_question()
        if self.editor.blockCount() > 2:
            self._timer.start()
        else:
            self._forecast()
        if not self._is_quiet:
            self._tell_writing()

    def _tell_writing(self) -> None:
        """Commands are nobody's business, and an empty field is no message."""
        text = self.text()
        self.writing_changed.emit(bool(text.strip()) and not is_command(text.lstrip()))

    def _sizes(self, text: str) -> list[int]:
        names = [self._answered.msgid if self._answered else ""]  # The first line answers.
        names += [""] * _MOST_PREDICTED
        pairs = zip(self._lines(text)[:_MOST_PREDICTED], names, strict=False)
        return [size for line, name in pairs for size in self._predict(line, name)]

    def _message_count(self, text: str) -> int:
        return len(self._sizes(text)) + max(0, len(self._lines(text)) - _MOST_PREDICTED)

    def _forecast(self) -> None:
        text = self.text()
        hint = command_hint(text)
        idle, short = self.tr("Return sends · / for commands"), self.tr("Return sends")
        if text:
            idle = short = ""
        self._hint.set_text(hint.text if hint else idle, short=short)
        set_role(self._hint, "error" if hint and hint.is_fault else "small")
        sizes = self._sizes(text) if text.strip() else []
        count = len(sizes) + max(0, len(self._lines(text)) - _MOST_PREDICTED)
        if self._bar.is_question and self._question is _Question.MANY:
            self._ask_many(count) if count >= ASK_FROM else self._hide_question()
        self._size.setText(self._size_words(sizes, count))
        self._size.setToolTip(
            self.tr(
                "Bytes that leave for the server, line ends included, before TLS. "
                "One IRC message is one line of at most 512 bytes; a longer text is split."
            )
            if not self._is_whole
            else self.tr(
                "Bytes that leave for the server, line ends included, before TLS. "
                "Here a text of several lines is one message (IRCv3 multiline)."
            )
        )
        if hint is None and len(sizes) > 1 and "\n" not in text.strip():
            self._hint.set_text(
                self.tr("Too long for one line"), self.tr("It will be split between words.")
            )

    def _size_words(self, sizes: list[int], count: int) -> str:
        if not sizes:
            return ""
        messages = self.tr("1 message") if count == 1 else self.tr("{n} messages").format(n=count)
        return f"{sum(sizes):,} B · {messages}"
