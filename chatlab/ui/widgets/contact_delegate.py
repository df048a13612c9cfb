"""Paints contacts: picture, sign of presence, name, and how they are in words."""

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QHelpEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolTip,
)

from chatlab.core.roster import Availability, Contact
from chatlab.ui.models.contacts import AccountRow, ContactRow, GroupRow, Role
from chatlab.ui.pictures import avatar
from chatlab.ui.presence_words import (
    PRESENCE_ICONS,
    PRESENCE_WORDS,
    SUBSCRIPTION_WORDS,
    contact_line,
)
from chatlab.ui.rich_text import bare, isolated, tooltip
from chatlab.ui.text_color import nick_color
from chatlab.ui.theme import HALF, SPACE, current, pixmap, scaled, small_font

Index = QModelIndex | QPersistentModelIndex
_PICTURE = 28
_SIGN = 12
_FADED = 0.55
"""Opacity of the picture of somebody who is not there."""


def _picture() -> int:
    return scaled(_PICTURE)


def _sign() -> int:
    return scaled(_SIGN)


class ContactDelegate(QStyledItemDelegate):
    """Contacts have two lines, groups and accounts one."""

    def __init__(self, view: QAbstractItemView) -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        height = QFontMetrics(QApplication.font()).height()
        small = QFontMetrics(small_font()).height()
        if isinstance(index.data(Role.ROW), ContactRow):
            return QSize(100, max(_picture(), height + small) + SPACE)
        return QSize(100, small + SPACE + HALF)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area: QRect = option.rect
        row = index.data(Role.ROW)
        if not isinstance(row, AccountRow):
            self._paint_ground(painter, option, area)
        match row:
            case ContactRow(_, contact):
                self._paint_contact(painter, area, contact)
            case GroupRow():
                self._paint_group(painter, area, row)
            case AccountRow(_, title):
                font = small_font()
                font.setWeight(QFont.Weight.DemiBold)
                painter.setFont(font)
                painter.setPen(current().color("text"))
                _draw(painter, area.adjusted(SPACE + HALF, 0, -SPACE, 0), title)
        painter.restore()

    def _paint_ground(self, painter: QPainter, option: QStyleOptionViewItem, area: QRect) -> None:
        flags: QStyle.StateFlag = option.state
        theme = current()
        box = QRectF(area).adjusted(HALF + 0.5, 1.5, -HALF - 0.5, -1.5)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if flags & QStyle.StateFlag.State_Selected:
            painter.setBrush(theme.color("selection"))
        elif flags & QStyle.StateFlag.State_MouseOver:
            painter.setBrush(theme.color("raised"))
        if flags & QStyle.StateFlag.State_HasFocus and self._view.hasFocus():
            painter.setPen(theme.color("accent"))
        painter.drawRoundedRect(box, 6, 6)

    def _paint_group(self, painter: QPainter, area: QRect, group: GroupRow) -> None:
        ratio = self._view.devicePixelRatioF()
        sign = "chevron-right" if group.is_folded else "chevron-down"
        y = area.top() + (area.height() - _sign()) // 2
        painter.drawPixmap(area.left() + SPACE, y, pixmap(sign, "faint", _sign(), ratio))
        painter.setFont(small_font())
        painter.setPen(current().color("muted"))
        count = f"{group.online}/{group.total}"
        room = area.adjusted(SPACE + _sign() + HALF, 0, -SPACE - HALF, 0)
        width = painter.fontMetrics().horizontalAdvance(count)
        _draw(painter, room.adjusted(0, 0, -width - SPACE, 0), group.title)
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, count)

    def _paint_contact(self, painter: QPainter, area: QRect, contact: Contact) -> None:
        theme, ratio = current(), self._view.devicePixelRatioF()
        is_there = contact.availability is not Availability.OFFLINE and not contact.is_blocked
        left = area.left() + SPACE + HALF
        top = area.top() + (area.height() - _picture()) // 2
        picture = avatar(
            contact.avatar, bare(contact.title), nick_color(contact.jid, theme), _picture(), ratio
        )
        painter.setOpacity(1.0 if is_there else _FADED)
        painter.drawPixmap(left, top, picture)
        painter.setOpacity(1.0)
        self._paint_sign(
            painter, contact, left + _picture() - _sign() + 2, top + _picture() - _sign() + 2
        )
        room = area.adjusted(SPACE + HALF + _picture() + SPACE, 0, -SPACE - HALF, 0)
        height = QFontMetrics(QApplication.font()).height()
        small = QFontMetrics(small_font()).height()
        first = QRect(
            room.left(), area.top() + (area.height() - height - small) // 2, room.width(), height
        )
        painter.setFont(QApplication.font())
        painter.setPen(theme.color("text" if is_there else "muted"))
        _draw(painter, first, contact.title)
        painter.setFont(small_font())
        painter.setPen(theme.color("muted" if is_there else "faint"))
        _draw(
            painter,
            QRect(room.left(), first.bottom() + 1, room.width(), small),
            contact_line(contact),
        )

    def _paint_sign(self, painter: QPainter, contact: Contact, left: int, top: int) -> None:
        """On a disc of the ground's colour, so that it can be told from any picture."""
        name, token = PRESENCE_ICONS[contact.availability]
        if contact.is_blocked:
            name, token = "block", "error"
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(current().color("window"))
        painter.drawEllipse(QRectF(left - 1.5, top - 1.5, _sign() + 3, _sign() + 3))
        painter.drawPixmap(left, top, pixmap(name, token, _sign(), self._view.devicePixelRatioF()))

    def helpEvent(
        self,
        event: QHelpEvent,
        view: QAbstractItemView,
        option: QStyleOptionViewItem,
        index: Index,
    ) -> bool:
        if event.type() is not QEvent.Type.ToolTip:
            return super().helpEvent(event, view, option, index)
        row = index.data(Role.ROW)
        words = contact_tip(row.contact) if isinstance(row, ContactRow) else ""
        QToolTip.showText(event.globalPos(), tooltip(words), view)
        return True


def contact_tip(contact: Contact) -> str:
    """All that is known of a contact."""
    groups = ", ".join(isolated(group) for group in contact.groups)
    lines = (
        isolated(contact.title),
        isolated(contact.jid) if contact.name else "",
        PRESENCE_WORDS[contact.availability],
        isolated(contact.status)[:500] if contact.status else "",
        "Blocked: nothing comes through" if contact.is_blocked else "",
        SUBSCRIPTION_WORDS[contact.subscription],
        "You have asked to see when they are there." if contact.is_asked else "",
        f"Groups: {groups}" if groups else "",
    )
    return "\n".join(filter(None, lines))


def _draw(painter: QPainter, rect: QRect, text: str) -> None:
    words = painter.fontMetrics().elidedText(
        bare(text), Qt.TextElideMode.ElideRight, max(0, rect.width())
    )
    painter.drawText(rect, Qt.AlignmentFlag.AlignVCenter, words)
