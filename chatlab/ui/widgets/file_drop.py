"""Files dragged onto a chat: what is under them says what letting go would do."""

from PySide6.QtCore import QEvent, QMimeData, QObject, Qt, Signal
from PySide6.QtGui import QDragMoveEvent, QDropEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from chatlab.ui.rich_text import bare
from chatlab.ui.theme import SPACE, current, pixmap

_RADIUS = 8
_ICON = 20


def files_in(data: QMimeData) -> list[str]:
    """Paths of the local files that are dragged or pasted; addresses of the web are none."""
    return [url.toLocalFile() for url in data.urls() if url.isLocalFile()]


class FileDrop(QObject):
    """Lets a widget take files.

    Signals:
        files_given: their paths.
    """

    files_given = Signal(list)

    def __init__(self, target: QWidget) -> None:
        super().__init__(target)
        self._target = target
        self._cover = _Cover(target)
        self.words = ""
        """What letting go would do; empty where files cannot be sent from."""
        target.setAcceptDrops(True)
        target.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        match event.type():
            case QEvent.Type.DragEnter | QEvent.Type.DragMove if isinstance(event, QDragMoveEvent):
                return self._drag(event)
            case QEvent.Type.DragLeave:
                self._cover.hide()
            case QEvent.Type.Drop if isinstance(event, QDropEvent):
                return self._drop(event)
            case _:
                pass
        return False

    def _drag(self, event: QDragMoveEvent) -> bool:
        if not self.words or not files_in(event.mimeData()):
            return False
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        self._cover.say(self.words)
        return True

    def _drop(self, event: QDropEvent) -> bool:
        self._cover.hide()
        files = files_in(event.mimeData())
        if not self.words or not files:
            return False
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        self.files_given.emit(files)
        return True


class _Cover(QWidget):
    """Lies over the whole widget while files are dragged over it."""

    def __init__(self, target: QWidget) -> None:
        super().__init__(target)
        self._target = target
        self._words = ""
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def say(self, words: str) -> None:
        self._words = bare(words)
        self.setGeometry(self._target.rect())
        self.raise_()
        self.show()
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, painter = current(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = theme.color("surface")
        ground.setAlphaF(0.92)
        painter.fillRect(self.rect(), ground)
        painter.setPen(QPen(theme.color("accent"), 2, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(
            self.rect().adjusted(2 * SPACE, 2 * SPACE, -2 * SPACE, -2 * SPACE), _RADIUS, _RADIUS
        )
        middle = self.rect().center()
        sign = pixmap("send", "accent", _ICON)
        painter.drawPixmap(middle.x() - _ICON // 2, middle.y() - _ICON - SPACE, sign)
        painter.setPen(theme.color("text"))
        area = self.rect().adjusted(4 * SPACE, 0, -4 * SPACE, 0)
        area.setTop(middle.y())
        flags = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop
        painter.drawText(area, flags | Qt.TextFlag.TextWordWrap, self._words)
        painter.end()
