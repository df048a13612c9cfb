"""The transcript as a reader uses it: painted, clickable, spoken, copied."""

import re
from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QItemSelectionModel, QPoint, QPointF, QRect, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QContextMenuEvent,
    QFocusEvent,
    QGuiApplication,
    QHelpEvent,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QMenu, QToolTip, QWidget

from chatlab.core.chats import Entry, Note
from chatlab.core.features import ServerFeatures
from chatlab.core.frame import Exposure
from chatlab.core.message import Message, MessageId
from chatlab.ui.models.transcript import TranscriptModel, announcement, as_text
from chatlab.ui.rich_text import tooltip
from chatlab.ui.theme import SPACE, current
from chatlab.ui.widgets.newest_button import NewestButton
from chatlab.ui.widgets.transcript_delegate import BadgeSource, RowState, TranscriptPainter
from chatlab.ui.widgets.transcript_hits import hit_in_row, tip_of
from chatlab.ui.widgets.transcript_layout import Hit, HitKind
from chatlab.ui.widgets.transcript_list import Index, TranscriptList

_ACTS = set(HitKind) - {HitKind.NICK}
"""What a click does something to; a nick takes two."""


class TranscriptView(TranscriptList):
    """Shows a chat's entries; decides nothing.

    Signals:
        message_selected: MessageId of the message that the reader chose.
        badge_clicked: MessageId whose badge was clicked (or Return pressed on its row).
        link_activated: address of a link, one of the allowed schemes.
        resend_requested, cancel_requested: MessageId of a failed, of a waiting message.
        compare_requested: MessageId of a message that left on several chats at once.
        nick_requested: nick that was double-clicked, to be answered.
        reply_requested, reaction_wanted, retract_requested, correction_requested: MessageId of a
            message to be answered, answered with a sign, taken back, said otherwise.
        reaction_toggled: MessageId, and the reaction that was clicked.
        earlier_wanted: ``msgid`` of an answered message that is not in memory.
        typed: letters that were typed while the transcript had the focus.
        at_end_changed, start_reached: see ``TranscriptList``.
    """

    message_selected = Signal(str)
    badge_clicked = Signal(str)
    link_activated = Signal(str)
    resend_requested = Signal(str)
    cancel_requested = Signal(str)
    compare_requested = Signal(str)
    nick_requested = Signal(str)
    reply_requested = Signal(str)
    reaction_wanted = Signal(str)
    reaction_toggled = Signal(str, str)
    retract_requested = Signal(str)
    correction_requested = Signal(str)
    earlier_wanted = Signal(str)
    typed = Signal(str)

    def __init__(self, badges: BadgeSource, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.features: Callable[[], ServerFeatures] = ServerFeatures
        """What the server of the chat can do, for the menu."""
        self._badges = badges
        self._known_badges: dict[MessageId, tuple[int | None, Exposure | None]] = {}
        self._painter = TranscriptPainter()
        self._hover: Hit | None = None
        self._hover_row = -1
        self._pressed: Hit | None = None
        self._is_quiet = False
        self._unseen = 0
        self._empty_words = ""
        self.setObjectName("transcript")
        self.setAccessibleName(self.tr("Messages"))
        self._newest = NewestButton(self)
        self._newest.clicked.connect(self.go_to_end)
        self._badge_timer = QTimer(self)
        self._badge_timer.setSingleShot(True)
        self._badge_timer.setInterval(30)
        self._badge_timer.timeout.connect(self._renew_badges)
        self.at_end_changed.connect(self._on_at_end_changed)

    # What the pane around it says -----------------------------------------------------------

    def show_model(self, model: TranscriptModel) -> None:
        super().show_model(model)
        model.arrived.connect(self._on_arrived)

    def set_empty_words(self, words: str) -> None:
        """What to show while there is no entry: what will be here, and how to get it."""
        self._empty_words = words
        self.viewport().update()

    def mark_found(self, wanted: re.Pattern[str] | None) -> None:
        """Mark what the reader looks for, wherever it stands."""
        self._painter.wanted = wanted
        self.viewport().update()

    def refresh_badges(self) -> None:
        """Ask for all numbers again, soon: frames were captured, or acknowledged."""
        if not self._badge_timer.isActive():
            self._badge_timer.start()

    def _renew_badges(self) -> None:
        before, self._known_badges = self._known_badges, {}
        for row, top in self._rows_in_view():
            entry = self._entry(row)
            if isinstance(entry, Message) and self._badge(entry) != before.get(entry.id):
                self._paint_row_again(top, self._heights.height(row))

    def select_message(self, message: MessageId | None) -> bool:
        """Light up a message, as chosen elsewhere; False when it is not in memory."""
        model = self._transcript
        row = model.row_of(message) if model and message else None
        self._is_quiet = True
        try:
            if row is None or model is None:
                self.selectionModel().clear()
                return False
            self.setCurrentIndex(model.index(row))
        finally:
            self._is_quiet = False
        return True

    def selected_message(self) -> MessageId | None:
        entry = self._entry_at(self.currentIndex().row())
        return entry.id if isinstance(entry, Message) else None

    def copy_selection(self) -> None:
        """Put the selected rows on the clipboard, as plain lines."""
        rows = sorted(index.row() for index in self.selectedIndexes())
        if rows:
            QGuiApplication.clipboard().setText("\n".join(as_text(self._entry(r)) for r in rows))

    def _entry_at(self, row: int) -> Entry | None:
        return self._entry(row) if 0 <= row < len(self._heights) else None

    # Painting -------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
        if not len(self._heights):
            self._paint_empty(painter)
            return
        offset, bottom = self.verticalScrollBar().value(), event.rect().bottom()
        row = max(0, self._heights.row_at(event.rect().top() + offset))
        top = self._heights.top(row) - offset
        selection, current_row = self.selectionModel(), self.currentIndex().row()
        while row < len(self._heights) and top <= bottom:
            layout, entry = self.layout_of(row), self._entry(row)
            frames, exposure = self._badge(entry)
            state = RowState(
                is_selected=selection.isSelected(self.model().index(row, 0)),
                is_hovered=row == self._hover_row,
                hovered=self._hover if row == self._hover_row else None,
                has_focus=row == current_row and self.hasFocus(),
                frames=frames,
                exposure=exposure,
            )
            self._painter.paint(painter, entry, layout, self._metrics, state, round(top))
            top += layout.height
            row += 1
        painter.end()

    def _paint_empty(self, painter: QPainter) -> None:
        painter.setPen(current().color("muted"))
        area = self.viewport().rect().adjusted(3 * SPACE, 0, -3 * SPACE, -4 * SPACE)
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        painter.drawText(area, flags, self._empty_words)

    def _badge(self, entry: Entry) -> tuple[int | None, Exposure | None]:
        if isinstance(entry, Note):
            return None, None
        if entry.id not in self._known_badges:
            frames = self._badges.frame_count(entry.id)
            exposure = self._badges.exposure(entry.id) if frames else None
            self._known_badges[entry.id] = frames, exposure
        return self._known_badges[entry.id]

    def dataChanged(self, first: Index, last: Index, roles: Sequence[int] = ()) -> None:
        for row in range(first.row(), last.row() + 1):
            if isinstance(entry := self._entry_at(row), Message):
                self._known_badges.pop(entry.id, None)
        super().dataChanged(first, last, roles)

    # New messages ---------------------------------------------------------------------------

    def _on_arrived(self, count: int) -> None:
        if not self.is_at_end:
            self._unseen += count
            self._show_newest()
        if self.isVisible() and QAccessible.isActive():
            self._announce(count)

    def _announce(self, count: int) -> None:
        total = len(self._heights)
        words = announcement([self._entry(row) for row in range(max(0, total - count), total)])
        if not words:
            return
        event = QAccessibleAnnouncementEvent(self, words)
        event.setPoliteness(QAccessible.AnnouncementPoliteness.Polite)
        QAccessible.updateAccessibility(event)

    def _on_at_end_changed(self, is_at_end: bool) -> None:
        if is_at_end:
            self._unseen = 0
        self._show_newest()

    def _show_newest(self) -> None:
        if self.is_at_end:
            self._newest.hide()
        else:
            self._newest.show_count(self._unseen, self.viewport().geometry())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_newest()

    # Pointer --------------------------------------------------------------------------------

    def hit_at(self, point: QPoint) -> Hit | None:
        """What can be clicked at a point of the viewport."""
        row = self.indexAt(point).row()
        entry = self._entry_at(row)
        if entry is None:
            return None
        layout = self.layout_of(row)
        offset = self.verticalScrollBar().value()
        at = QPointF(point.x(), point.y() - (self._heights.top(row) - offset))
        return hit_in_row(entry, row, layout, self._metrics, at)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        point = event.position().toPoint()
        self._set_hover(self.hit_at(point), self.indexAt(point).row())
        super().mouseMoveEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._set_hover(None, -1)
        super().leaveEvent(event)

    def _set_hover(self, hit: Hit | None, row: int) -> None:
        if (hit, row) == (self._hover, self._hover_row):
            return
        self._hover, self._hover_row = hit, row
        acts = hit is not None and hit.kind in _ACTS
        shape = Qt.CursorShape.PointingHandCursor if acts else Qt.CursorShape.ArrowCursor
        self.viewport().setCursor(shape)
        self.viewport().update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        hit = self.hit_at(event.position().toPoint())
        is_left = event.button() is Qt.MouseButton.LeftButton
        self._pressed = hit if is_left and hit and hit.kind in _ACTS else None
        if self._pressed is None or self._pressed.kind is HitKind.BADGE:
            before = self.currentIndex()
            super().mousePressEvent(event)
            if is_left and before == self.currentIndex():
                self._tell_selected()  # Chosen again: the frames may be out of view by now.

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        pressed, self._pressed = self._pressed, None
        super().mouseReleaseEvent(event)
        if pressed and self.hit_at(event.position().toPoint()) == pressed:
            self._act(pressed)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        hit = self.hit_at(event.position().toPoint())
        if hit and hit.kind is HitKind.NICK:
            self.nick_requested.emit(hit.value)
        elif hit and hit.kind in _ACTS:
            # The first click acted already; only unfolding may go on.
            self._pressed = hit if hit.kind is HitKind.MORE else None
        else:
            super().mouseDoubleClickEvent(event)

    def _act(self, hit: Hit) -> None:
        entry = self._entry_at(hit.row)
        match hit.kind:
            case HitKind.LINK:
                self.link_activated.emit(hit.value)
            case HitKind.MORE:
                self.unfold(hit.row)
            case HitKind.BADGE if isinstance(entry, Message):
                self.badge_clicked.emit(entry.id)
            case HitKind.RESEND if isinstance(entry, Message):
                self.resend_requested.emit(entry.id)
            case HitKind.CANCEL if isinstance(entry, Message):
                self.cancel_requested.emit(entry.id)
            case HitKind.TWIN if isinstance(entry, Message):
                self.compare_requested.emit(entry.id)
            case HitKind.REACTION if isinstance(entry, Message):
                self.reaction_toggled.emit(entry.id, hit.value)
            case HitKind.QUOTE if not self.show_named(hit.value):
                self.earlier_wanted.emit(hit.value)

    def show_named(self, msgid: str) -> bool:
        """Choose the message that the server calls ``msgid``; False when it is not in memory."""
        model = self._transcript
        quoted = model.named(msgid) if model else None
        row = model.row_of(quoted.id) if model and quoted else None
        if row is None:
            return False
        index = self.model().index(row, 0)
        self.setCurrentIndex(index)
        self.scrollTo(index, QAbstractItemView.ScrollHint.PositionAtCenter)
        return True

    def place_of(self, message: MessageId) -> QPoint:
        """Where on the screen a message’s words begin; the middle, where it is out of view."""
        row = self._transcript.row_of(message) if self._transcript else None
        rect = self.visualRect(self.model().index(row, 0)) if row is not None else QRect()
        place = rect.topLeft() + QPoint(round(self._metrics.text_x), 0)
        if rect.isNull() or not self.viewport().rect().contains(place):
            place = self.viewport().rect().center()
        return self.viewport().mapToGlobal(place)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            words = self._tip_at(event.pos())
            QToolTip.showText(event.globalPos(), tooltip(words), self.viewport(), QRect())
            return True
        return super().viewportEvent(event)

    def _tip_at(self, point: QPoint) -> str:
        hit = self.hit_at(point)
        entry = self._entry_at(self.indexAt(point).row())
        if entry is None or (hit is None and point.x() > self._metrics.text_x):
            return ""
        return tip_of(entry, hit, self.layout_of(self.indexAt(point).row()), self._badges)

    # Keys and menu --------------------------------------------------------------------------

    def focusInEvent(self, event: QFocusEvent) -> None:
        if not self.currentIndex().isValid() and len(self._heights):
            # The base class would make the newest row current and scroll there, away from the
            # reader; the row that is seen lowest will do, and nobody chose it yet.
            bottom = self.verticalScrollBar().value() + self.viewport().height()
            row = self._heights.row_at(bottom - 1)
            if self._heights.top(row) + self._heights.height(row) > bottom + 1:
                row = max(0, row - 1)
            self._is_quiet = True
            self.selectionModel().setCurrentIndex(
                self.model().index(row, 0), QItemSelectionModel.SelectionFlag.NoUpdate
            )
            self._is_quiet = False
        super().focusInEvent(event)
        self.viewport().update()

    def currentChanged(self, current_index: Index, previous: Index) -> None:
        super().currentChanged(current_index, previous)
        self._tell_selected()

    def _tell_selected(self) -> None:
        message = self.selected_message()
        if message and not self._is_quiet:
            self.message_selected.emit(message)

    def keyboardSearch(self, text: str) -> None:
        """Who types means the composer; searching 10,000 rows for it would take a while."""
        self.typed.emit(text)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        entry = self._entry_at(self.currentIndex().row())
        is_return = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_selection()
        elif is_return and isinstance(entry, Message):
            self.badge_clicked.emit(entry.id)
        elif event.key() == Qt.Key.Key_Escape and not self.is_at_end:
            self.go_to_end()
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        from chatlab.ui.widgets.transcript_menu import fill_menu

        index = self.indexAt(event.pos())
        if index.isValid() and not self.selectionModel().isSelected(index):
            self.setCurrentIndex(index)
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        fill_menu(menu, self, self.hit_at(event.pos()), self._entry_at(self.currentIndex().row()))
        menu.popup(event.globalPos())
