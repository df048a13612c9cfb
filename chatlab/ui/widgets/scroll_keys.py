"""Keys that scroll the messages while one writes: the keyboard need not leave the composer."""

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractSlider

from chatlab.ui.widgets.composer import Composer
from chatlab.ui.widgets.transcript_view import TranscriptView

_Key, _Action = Qt.Key, QAbstractSlider.SliderAction
_PAGES = {
    _Key.Key_PageUp: _Action.SliderPageStepSub,
    _Key.Key_PageDown: _Action.SliderPageStepAdd,
}
_ENDS = {_Key.Key_Home: _Action.SliderToMinimum, _Key.Key_End: _Action.SliderToMaximum}


class ScrollKeys(QObject):
    """PgUp and PgDown scroll; so do Ctrl+Home and Ctrl+End while nothing is written, for else they
    belong to the text. Escape, where it ends nothing else, goes back to the newest message."""

    def __init__(self, composer: Composer, transcript: TranscriptView) -> None:
        super().__init__(composer)
        self._composer = composer
        self._transcript = transcript
        composer.editor.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is not QEvent.Type.KeyPress or not isinstance(event, QKeyEvent):
            return False
        key, held = Qt.Key(event.key()), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        bar = self._transcript.verticalScrollBar()
        if key in _PAGES and held == Qt.KeyboardModifier.NoModifier:
            bar.triggerAction(_PAGES[key])
            return True
        is_empty = not self._composer.text()
        if key in _ENDS and held == Qt.KeyboardModifier.ControlModifier and is_empty:
            bar.triggerAction(_ENDS[key])
            return True
        ends_something = self._composer.answered is not None or self._transcript.is_at_end
        if key is _Key.Key_Escape and not ends_something:
            self._transcript.go_to_end()
            return True
        return False
