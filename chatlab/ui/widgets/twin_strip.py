"""Above the editor: what is typed here leaves on other chats as well, and how big it is there."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QAction, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSizePolicy, QToolButton, QWidget

from chatlab.core.chats import ChatKey
from chatlab.ui.rich_text import bare, isolated
from chatlab.ui.theme import HALF, SPACE, current, on_theme_changed, set_icon, small_font
from chatlab.ui.widgets.elided_label import ElidedLabel
from chatlab.ui.widgets.icon_label import IconLabel

_EDGE = 3


@dataclass(frozen=True, slots=True)
class TwinChat:
    """A chat that gets the same text, or may get it."""

    key: ChatKey
    words: str
    """Which chat on which account."""
    size: int = 0
    """Bytes that the text becomes there, before TLS; 0 while nothing is written."""
    is_chosen: bool = True


class TwinStrip(QWidget):
    """One line on the accent's ground, so that nobody says by mistake in two places what was meant
    for one.

    Signals:
        chosen: the ChatKey that was picked in the menu, and whether it is to get the text.
        closed: what is typed leaves here alone again.
    """

    chosen = Signal(object, bool)
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._candidates: Sequence[TwinChat] = ()
        self._words = ElidedLabel("", "", self)
        self._choose = QToolButton(self)
        self._choose.setAccessibleName(self.tr("Choose which chats get it"))
        self._choose.setToolTip(self.tr("Choose which chats get what is typed here"))
        self._choose.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        set_icon(self._choose, "chevron-down")
        self._choose.clicked.connect(self._open_menu)
        self._close = QToolButton(self)
        self._close.setAccessibleName(self.tr("Send to this chat alone again"))
        self._close.setToolTip(self.tr("Send to this chat alone again"))
        self._close.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        set_icon(self._close, "close")
        self._close.clicked.connect(self.closed)
        line = QHBoxLayout(self)
        line.setContentsMargins(SPACE + _EDGE, 0, 0, 0)
        line.setSpacing(HALF)
        line.addWidget(IconLabel("twin", "accent", parent=self))
        line.addSpacing(HALF)
        line.addWidget(self._words, 1)
        line.addWidget(self._choose)
        line.addWidget(self._close)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.hide()

    def show_twins(self, others: Sequence[TwinChat], candidates: Sequence[TwinChat]) -> None:
        """The other chats that get what is typed here; none hides the strip."""
        self._candidates = candidates
        self.setVisible(bool(others))
        if not others:
            return
        names = [_with_size(chat) for chat in others]
        words = self.tr("Also on {chats}").format(chats=_listed(names))
        self._words.set_text(words)
        self.setAccessibleName(words)

    def _open_menu(self) -> None:
        menu = self.make_menu()
        place = self._choose.mapToGlobal(self._choose.rect().topLeft())
        menu.popup(place - QPoint(0, menu.sizeHint().height()))

    def make_menu(self) -> QMenu:
        """Every chat that may get the text, those that do ticked."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for chat in self._candidates:
            action = QAction(bare(chat.words).replace("&", "&&"), menu)
            action.setCheckable(True)
            action.setChecked(chat.is_chosen)
            action.toggled.connect(lambda is_on, key=chat.key: self.chosen.emit(key, is_on))
            menu.addAction(action)
        return menu

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        theme = current()
        painter.fillRect(self.rect(), theme.color("selection"))
        painter.fillRect(0, 0, _EDGE, self.height(), theme.color("accent"))


class TwinSwitch(QToolButton):
    """In the composer's last line: whether what is typed leaves on the other pane, too."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setText(self.tr("Send to both"))
        self.setCheckable(True)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        set_icon(self, "twin")
        on_theme_changed(self._on_theme_changed)
        self._on_theme_changed()
        self.hide()

    def _on_theme_changed(self) -> None:
        self.setFont(small_font())

    def set_compact(self, is_compact: bool) -> None:
        """Its icon alone, where the words would take the place of others."""
        both = Qt.ToolButtonStyle.ToolButtonTextBesideIcon
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly if is_compact else both)

    def show_state(self, is_on: bool, count: int) -> None:
        """``count``: how many chats get the text, or would."""
        self.setChecked(is_on)
        words = self.tr("Send to both") if count <= 2 else self.tr("Send to {n}").format(n=count)
        self.setText(words)
        self.setToolTip(
            self.tr("{words}: what you type leaves on each of them").format(words=words)
        )
        set_icon(self, "twin", "accent" if is_on else "muted")
        state = self.tr("on") if is_on else self.tr("off")
        self.setAccessibleName(f"{words}, {state}")


def _with_size(chat: TwinChat) -> str:
    name = isolated(bare(chat.words))
    return f"{name} ({chat.size:,} B)" if chat.size else name


def _listed(names: Sequence[str]) -> str:
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"
