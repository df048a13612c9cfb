"""A bubble that points at a part of the window, and takes nothing from it: no focus, no clicks
outside of itself."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QKeyEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from chatlab.ui.theme import HALF, SPACE, current, on_theme_changed, plain_label
from chatlab.ui.widgets.controls import scaled

_WIDTH = 42 * SPACE
_TIP = 10
"""How far the point of the bubble reaches."""
_RADIUS = 8
_MOVES = frozenset({QEvent.Type.Move, QEvent.Type.Resize, QEvent.Type.Show, QEvent.Type.Hide})


Anchor = Callable[[], QWidget | None]
"""What the bubble points at, as long as it is there."""
Part = Callable[[], QRect | None]
"""The part of the anchor that is meant, in its own coordinates; None: all of it."""


class Callout(QWidget):
    """Stays beside its anchor, whatever is resized. Buttons are reached by Tab and by Alt.

    Signals:
        next_wanted: the reader has read it.
        skipped: enough of all this.
    """

    next_wanted = Signal()
    skipped = Signal()

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        # Asked anew each time: panes come and go while the bubble stands.
        self._anchor: Anchor = lambda: None
        self._part: Part = lambda: None
        self._avoided: Callable[[], Sequence[QWidget]] = tuple
        self._watched: QWidget | None = None
        """Compared with, never asked: it may be gone."""
        self._tip: QPoint | None = None
        self._body = QRect()
        self._title = plain_label("", "heading", self)
        self._title.setWordWrap(True)
        self._words = plain_label("", "", self)
        self._words.setWordWrap(True)
        self._step = plain_label("", "small", self)
        self.next_button = QPushButton(self.tr("&Next"), self)
        self.next_button.setProperty("primary", True)
        self.next_button.clicked.connect(self.next_wanted)
        self.skip_button = QPushButton(self.tr("S&kip the tour"), self)
        self.skip_button.setProperty("flat", True)
        self.skip_button.clicked.connect(self.skipped)
        for button in (self.next_button, self.skip_button):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._lay_out()
        self.hide()
        window.installEventFilter(self)
        on_theme_changed(self.place)

    def _lay_out(self) -> None:
        foot = QHBoxLayout()
        foot.setSpacing(HALF)
        foot.addWidget(self._step, 1)
        foot.addWidget(self.skip_button)
        foot.addWidget(self.next_button)
        self._column = QVBoxLayout(self)
        self._column.setSpacing(HALF)
        self._column.addWidget(self._title)
        self._column.addWidget(self._words)
        self._column.addSpacing(HALF)
        self._column.addLayout(foot)

    # -- what it says

    def show_step(
        self,
        title: str,
        words: str,
        step: str,
        anchor: Anchor,
        avoided: Callable[[], Sequence[QWidget]] = tuple,
        *,
        part: Part = lambda: None,
        next_words: str = "",
        is_last: bool = False,
    ) -> None:
        """Point at ``anchor``; ``avoided`` are places that are rather not covered."""
        self._anchor, self._part, self._avoided = anchor, part, avoided
        is_new = title != self._title.text()
        self._title.setText(title)
        self._words.setText(words)
        self._step.setText(step)
        self.next_button.setText(next_words or self.tr("&Next"))
        self.skip_button.setVisible(not is_last)
        self.setAccessibleName(f"{title}. {words}")
        self.show()
        self.place()
        self.raise_()
        if is_new and QAccessible.isActive():
            QAccessible.updateAccessibility(
                QAccessibleAnnouncementEvent(self, f"{step}: {title}. {words}")
            )

    def leave(self) -> bool:
        """Be gone; True if one of its buttons had the keyboard, which now needs a place."""
        had_focus = self.isAncestorOf(self._window.focusWidget() or self._window)
        if had_focus:
            self._window.setFocus()
        self._anchor, self._part, self._avoided = (lambda: None), (lambda: None), tuple
        self.hide()
        return had_focus

    # -- where it stands

    def place(self) -> None:
        """Beside the anchor, where there is room and the least is covered."""
        if self.isHidden():
            return
        margin = _TIP + SPACE
        self._column.setContentsMargins(margin + HALF, margin, margin + HALF, margin)
        width = min(scaled(_WIDTH) + 2 * margin, self._window.width())
        height = self._column.heightForWidth(width)
        if height < 0:
            height = self._column.sizeHint().height()
        size = QSize(width, max(height, self._column.minimumSize().height()))
        area = self._anchor_rect()
        tip: QPoint | None
        if area is None:
            place = QRect(QPoint(0, 0), size)
            place.moveBottomRight(self._window.rect().bottomRight() - QPoint(SPACE, 6 * SPACE))
            tip = None
        else:
            place, tip = self._best(size, area)
        if (place, tip) == (self.geometry(), self._tip):
            return  # All that lies below would be painted again, too.
        self._tip = tip
        self.setGeometry(place)
        self._body = self.rect().adjusted(_TIP, _TIP, -_TIP, -_TIP)
        self.update()

    def _anchor_rect(self) -> QRect | None:
        anchor = self._anchor()
        if anchor is not None and anchor is not self._watched:
            anchor.installEventFilter(self)
            self._watched = anchor
        if anchor is None or not anchor.isVisible():
            return None
        part = self._part() or anchor.rect()
        return part.translated(anchor.mapTo(self._window, QPoint(0, 0)))

    def _best(self, size: QSize, area: QRect) -> tuple[QRect, QPoint]:
        """Above, below, left or right: where the least of what matters is covered."""
        middle = area.center()
        candidates: list[tuple[int, int, str, QRect]] = []
        for name, corner in (
            ("above", QPoint(middle.x() - size.width() // 2, area.top() - size.height())),
            ("below", QPoint(middle.x() - size.width() // 2, area.bottom() + 1)),
            ("left", QPoint(area.left() - size.width(), middle.y() - size.height() // 2)),
            ("right", QPoint(area.right() + 1, middle.y() - size.height() // 2)),
        ):
            rect = self._inside(QRect(corner, size))
            covered = sum(_overlap(rect, other) for other in self._matters(area))
            candidates.append((covered, len(candidates), name, rect))
        _, _, name, rect = min(candidates, key=lambda one: one[:2])
        tips = {
            "above": QPoint(_clamp(middle.x() - rect.left(), rect.width()), rect.height()),
            "below": QPoint(_clamp(middle.x() - rect.left(), rect.width()), 0),
            "left": QPoint(rect.width(), _clamp(middle.y() - rect.top(), rect.height())),
            "right": QPoint(0, _clamp(middle.y() - rect.top(), rect.height())),
        }
        return rect, tips[name]

    def _matters(self, area: QRect) -> list[QRect]:
        rects = [area, area]  # What it points at counts most.
        for widget in self._avoided():
            if widget.isVisible():
                rects.append(QRect(widget.mapTo(self._window, QPoint(0, 0)), widget.size()))
        return rects

    def _inside(self, rect: QRect) -> QRect:
        room = self._window.rect()
        left = max(room.left(), min(rect.left(), room.right() - rect.width()))
        top = max(room.top(), min(rect.top(), room.bottom() - rect.height()))
        return QRect(QPoint(left, top), rect.size())

    # -- Qt

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if self.isVisible() and event.type() in _MOVES:
            self.place()
        elif self.isVisible() and watched is self._window and _is_escape(event):
            self.skipped.emit()  # Only keys that nobody in the window wanted arrive here.
            return True
        return super().eventFilter(watched, event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, painter = current(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        path = QPainterPath()
        path.addRoundedRect(QRectF(self._body).adjusted(0.5, 0.5, -0.5, -0.5), _RADIUS, _RADIUS)
        if self._tip is not None:
            path = path.united(self._point(QPointF(self._tip)))
        painter.setPen(QPen(theme.color("accent"), 1.5))
        painter.setBrush(theme.color("surface"))
        painter.drawPath(path)

    def _point(self, tip: QPointF) -> QPainterPath:
        """The triangle from the bubble to what it is about."""
        body = QRectF(self._body)
        base = QPointF(
            min(max(tip.x(), body.left() + 1), body.right() - 1),
            min(max(tip.y(), body.top() + 1), body.bottom() - 1),
        )
        across = (
            QPointF(_TIP, 0)
            if abs(tip.y() - base.y()) > abs(tip.x() - base.x())
            else QPointF(0, _TIP)
        )
        path = QPainterPath(base - across)
        path.lineTo(tip)
        path.lineTo(base + across)
        path.closeSubpath()
        return path


def _is_escape(event: QEvent) -> bool:
    if event.type() is not QEvent.Type.KeyPress or not isinstance(event, QKeyEvent):
        return False
    return event.key() == Qt.Key.Key_Escape


def _overlap(one: QRect, other: QRect) -> int:
    common = one.intersected(other)
    return max(0, common.width()) * max(0, common.height())


def _clamp(value: int, size: int) -> int:
    """Not at the rounded corners."""
    edge = _TIP * 3
    return min(max(value, edge), max(edge, size - edge))
