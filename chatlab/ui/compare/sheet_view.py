"""Shows a sheet: scrolls it, lets its items be chosen by mouse and keyboard, says them aloud."""

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QToolTip, QWidget

from chatlab.ui.compare.sheet import Item, Sheet
from chatlab.ui.theme import current, on_theme_changed, plain_tool_tip


class SheetView(QAbstractScrollArea):
    """Signals:
    chosen: the key of the item that the reader picked.
    activated: the same, by Return or a double click: more of it is wanted.
    """

    chosen = Signal(str)
    activated = Signal(str)

    def __init__(self, sheet: Sheet, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.sheet = sheet
        self._height = 0.0
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFrameShape(QAbstractScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalScrollBar().setSingleStep(24)
        self.viewport().setMouseTracking(True)
        self._more = QTimer(self)
        self._more.setSingleShot(True)
        self._more.timeout.connect(self._go_on)
        on_theme_changed(self._on_theme_changed)

    def refresh(self) -> None:
        """What the sheet shows has changed: lay it out anew, stay where the reader is."""
        self._height = self.sheet.lay_out(self.viewport().width())
        bar = self.verticalScrollBar()
        page = self.viewport().height()
        bar.setPageStep(page)
        bar.setRange(0, max(0, round(self._height) - page))
        self.viewport().update()
        if not self.sheet.is_whole:
            self._more.start(0)  # After what the reader does meanwhile.

    def _go_on(self) -> None:
        """Place some more; what is in sight stays where it is."""
        bar = self.verticalScrollBar()
        was_at_end = bar.value() == bar.maximum()
        first = next((i for i in self.sheet.items if i.rect.bottom() > bar.value()), None)
        self.refresh()
        now = self._item(first.key) if first is not None else None
        if was_at_end:
            self.go_to_end()
        elif first is not None and now is not None:
            bar.setValue(bar.value() + round(now.rect.top() - first.rect.top()))

    def choose(self, key: str) -> None:
        """Choose an item from outside; tells nobody."""
        self.sheet.choose(key)
        item = self._item(key)
        if item is not None:
            self.bring_into_sight(item.rect)
        self.viewport().update()

    def bring_into_sight(self, rect: QRectF) -> None:
        bar, page = self.verticalScrollBar(), self.viewport().height()
        if rect.bottom() > bar.value() + page:
            bar.setValue(round(rect.bottom()) - page)
        if rect.top() < bar.value():
            bar.setValue(round(rect.top()))

    def go_to_end(self) -> None:
        self.verticalScrollBar().setValue(self.verticalScrollBar().maximum())

    @property
    def content_height(self) -> float:
        """What the sheet takes in the width of now."""
        return self._height

    def _on_theme_changed(self) -> None:
        self._keep_place()

    def _keep_place(self) -> None:
        """Laid out anew in another size: what is chosen stays in sight, if it was."""
        item, bar = self._item(self.sheet.chosen), self.verticalScrollBar()
        page = QRectF(0, bar.value(), self.viewport().width(), self.viewport().height())
        was_seen = item is not None and item.rect.intersects(page)
        self.refresh()
        if was_seen and (item := self._item(self.sheet.chosen)) is not None:
            self.bring_into_sight(item.rect)

    def sizeHint(self) -> QSize:
        return QSize(640, 320)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._keep_place()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.fillRect(self.viewport().rect(), current().color("surface"))
        top = self.verticalScrollBar().value()
        painter.translate(0, -top)
        area = QRectF(0, top, self.viewport().width(), self.viewport().height())
        self.sheet.paint(painter, area)

    # Choosing -------------------------------------------------------------------------------

    def _item(self, key: str) -> Item | None:
        return next((item for item in self.sheet.items if item.key == key), None)

    def item_at(self, point: QPointF) -> Item | None:
        """The innermost item under a point of the viewport: a later one lies on an earlier one."""
        at = QPointF(point.x(), point.y() + self.verticalScrollBar().value())
        return next((i for i in reversed(self.sheet.items) if i.rect.contains(at)), None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton and (item := self.item_at(event.position())):
            self._pick(item)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton and (item := self.item_at(event.position())):
            self.activated.emit(item.key)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        is_on = self.item_at(event.position()) is not None
        shape = Qt.CursorShape.PointingHandCursor if is_on else Qt.CursorShape.ArrowCursor
        self.viewport().setCursor(shape)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}
        items = list(self.sheet.items)
        keys = [item.key for item in items]
        at = keys.index(self.sheet.chosen) if self.sheet.chosen in keys else -1
        if (step := steps.get(Qt.Key(event.key()))) is not None and items:
            to = 0 if at < 0 else min(max(0, at + step), len(items) - 1)
            self._pick(items[to])
        elif event.key() in (Qt.Key.Key_Home, Qt.Key.Key_End) and items:
            self._pick(items[0 if event.key() == Qt.Key.Key_Home else -1])
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and at >= 0:
            self.activated.emit(items[at].key)
        else:
            super().keyPressEvent(event)

    def _pick(self, item: Item) -> None:
        self.sheet.choose(item.key)
        self.bring_into_sight(item.rect)
        self.viewport().update()
        self.setAccessibleDescription(item.words)
        change = QAccessibleEvent(self, QAccessible.Event.DescriptionChanged)
        QAccessible.updateAccessibility(change)
        self.chosen.emit(item.key)

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip:
            item = self.item_at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), plain_tool_tip(item.words if item else ""), self)
            return True
        return super().viewportEvent(event)
