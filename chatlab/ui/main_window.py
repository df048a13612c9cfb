"""The window: sidebar, chats, wire pane; bars above and below. It lays out and decides nothing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QEvent, QMargins, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QShowEvent
from PySide6.QtWidgets import QMainWindow, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from chatlab.core.chats import ChatBook
from chatlab.ui.actions import Actions
from chatlab.ui.models.account_tree import AccountTreeModel
from chatlab.ui.ports import WireFeed
from chatlab.ui.theme import app_icon
from chatlab.ui.widgets.account_pane import AccountPane
from chatlab.ui.widgets.chat_area import ChatArea
from chatlab.ui.widgets.chat_pane import ChatServices
from chatlab.ui.widgets.frame_detail import Run
from chatlab.ui.widgets.message_bar import MessageBar
from chatlab.ui.widgets.status_strip import StatusStrip
from chatlab.ui.widgets.tab_order import go_on
from chatlab.ui.widgets.wire_pane import WirePane

if TYPE_CHECKING:
    from chatlab.ui.widgets.first_start import FirstStart

DEFAULT_SIZE = (1280, 800)
_MINIMUM_SIZE = (800, 520)
_CHATS_SHARE, _WIRE_SHARE = 11, 10
_LEAST_SPLIT = 200
_FRAME = 32
"""Height that the desktop’s frame may take, in pixels."""
_ABOVE_SHARE, _BELOW_SHARE = 520, 380


@dataclass(frozen=True, slots=True)
class WindowLayout:
    """Sizes and what is shown, to be kept over a restart."""

    geometry: str = ""
    """``QWidget.saveGeometry`` in Base64; empty for the default size."""
    splits: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    is_sidebar_shown: bool = True
    is_wire_shown: bool = True


class MainWindow(QMainWindow):
    """Signals:
    close_requested: the reader wants to leave; the window stays until it is told to go.
    focus_changed: the window came to the front, or went away.
    painted: the window was painted for the first time.
    kept: its layout is about to be read, to be kept over a restart.
    """

    close_requested = Signal()
    focus_changed = Signal()
    painted = Signal()
    kept = Signal()

    def __init__(self, book: ChatBook, feed: WireFeed, services: ChatServices, run: Run) -> None:
        super().__init__()
        self._may_close = False
        self.hides_on_close: Callable[[], bool] = lambda: False
        """Asked when the reader closes the window: whether it only hides."""
        self._was_painted = False
        self._splits: Mapping[str, tuple[int, ...]] = {}
        self._subject, self._count_words = "ChatLab", ""
        self._show_title()
        self.setWindowIcon(app_icon())
        self.setMinimumSize(*_MINIMUM_SIZE)
        self.resize(*DEFAULT_SIZE)
        self.actions_table = Actions(self)
        self.sidebar = AccountPane(AccountTreeModel(book, self), self)
        self.chats = ChatArea(book, services, self)
        self.wire = WirePane(feed, run, self)
        self._first_start: FirstStart | None = None
        self.bar = MessageBar(self)
        self.strip = StatusStrip(self)
        self._lay_out()

    def _lay_out(self) -> None:
        self.middle = QSplitter(Qt.Orientation.Vertical, self)
        self.middle.setHandleWidth(1)
        self.middle.setChildrenCollapsible(False)
        self.middle.addWidget(self.chats)
        self.splitter = QSplitter(Qt.Orientation.Horizontal, self)
        self.splitter.setHandleWidth(1)
        self.splitter.setChildrenCollapsible(False)
        for index, (part, stretch) in enumerate(
            ((self.sidebar, 0), (self.middle, _CHATS_SHARE), (self.wire, _WIRE_SHARE))
        ):
            self.splitter.addWidget(part)
            self.splitter.setStretchFactor(index, stretch)
        sidebar = self.sidebar.sizeHint().width()
        rest = DEFAULT_SIZE[0] - sidebar
        chats = rest * _CHATS_SHARE // (_CHATS_SHARE + _WIRE_SHARE)
        self.splitter.setSizes([sidebar, chats, rest - chats])
        self._pages = QStackedWidget(self)
        self._pages.addWidget(self.splitter)
        middle = QWidget(self)
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._pages, 1)
        column.addWidget(self.bar)
        column.addWidget(self.strip)
        self.setCentralWidget(middle)

    def set_subject(self, subject: str) -> None:
        """What the window is about: its title, but for the count of unread messages."""
        self._subject = subject
        self._show_title()

    def set_unread(self, count: int) -> None:
        """Put a number in front of the title; 0 for none."""
        self._count_words = f"({count}) " if count else ""
        self._show_title()

    def _show_title(self) -> None:
        title = f"{self._count_words}{self._subject}"
        if title != self.windowTitle():
            self.setWindowTitle(title)

    def focusNextPrevChild(self, is_next: bool) -> bool:
        """Tab goes through the window from left to right, each part from top to bottom."""
        middle = self.centralWidget()
        is_done = middle is not None and go_on(middle, is_forward=is_next)
        return is_done or super().focusNextPrevChild(is_next)

    def put_below_chats(self, part: QWidget) -> None:
        """Give something a place under the chats, beside the wire pane."""
        self.middle.addWidget(part)
        self.middle.setStretchFactor(0, 1)
        self.middle.setSizes([_ABOVE_SHARE, _BELOW_SHARE])

    @property
    def first_start(self) -> "FirstStart":
        """The page for who has no account yet; made when it is asked for."""
        if self._first_start is None:
            from chatlab.ui.widgets.first_start import FirstStart

            self._first_start = FirstStart(self)
            self._pages.addWidget(self._first_start)
        return self._first_start

    def show_first_start(self, is_shown: bool) -> None:
        """The page with three choices, in place of an empty window."""
        if is_shown or self._pages.currentWidget() is self._first_start:
            self._pages.setCurrentWidget(self.first_start if is_shown else self.splitter)
        self.strip.setVisible(not is_shown)
        if is_shown:
            self.first_start.setFocus()

    def show_page(self, page: QWidget | None) -> None:
        """Something that takes the whole window, in place of chats and wire; None: those again."""
        if page is not None and self._pages.indexOf(page) < 0:
            self._pages.addWidget(page)
        if page is not None or self._pages.currentWidget() is not self._first_start:
            self._pages.setCurrentWidget(page or self.splitter)

    def read_layout(self) -> WindowLayout:
        self.kept.emit()
        return WindowLayout(
            geometry=bytes(self.saveGeometry().toBase64().data()).decode("ascii"),
            splits={
                name: _known(splitter.sizes()) or self._splits.get(name, ())
                for name, splitter in self._splitters().items()
            }
            | {"sidebar": self.sidebar.parts.division},
            is_sidebar_shown=not self.sidebar.isHidden(),
            is_wire_shown=not self.wire.isHidden(),
        )

    def restore_layout(self, layout: WindowLayout) -> None:
        """Sizes of the last time, as far as they still fit this screen."""
        if layout.geometry:
            self.restoreGeometry(QByteArray.fromBase64(layout.geometry.encode("ascii")))
        else:
            self._fit_screen()
        self._splits = layout.splits
        for name, splitter in self._splitters().items():
            sizes = _known(layout.splits.get(name, ()))
            if len(sizes) == splitter.count():
                splitter.setSizes(list(sizes))
        self.sidebar.parts.divide(layout.splits.get("sidebar", ()))
        self.sidebar.setVisible(layout.is_sidebar_shown)
        self.wire.setVisible(layout.is_wire_shown)

    def _fit_screen(self) -> None:
        """A first window that is bigger than the screen is not mended by every desktop."""
        room, size = self.screen().availableGeometry().size(), self.size()
        if size.width() > room.width() or size.height() > room.height():
            self.resize(size.boundedTo(room.shrunkBy(QMargins(0, 0, 0, _FRAME))))

    def _splitters(self) -> dict[str, QSplitter]:
        return {"window": self.splitter, "chats": self.chats, "wire": self.wire.splitter}

    def let_go(self) -> None:
        """Everything is saved and closed: the window may go."""
        self._may_close = True
        self.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        if self._may_close:
            event.accept()
            return
        event.ignore()
        if self.hides_on_close():
            self.hide()
        else:
            self.close_requested.emit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange:
            self.focus_changed.emit()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self._was_painted:
            self.windowHandle().installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """All is painted while the window takes in that it is exposed. It need not be told to paint
        itself: where a page covers it, only that is."""
        if event.type() == QEvent.Type.Expose and self.windowHandle().isExposed():
            self._was_painted = True
            watched.removeEventFilter(self)
            QTimer.singleShot(0, self.painted.emit)
        return False


def _known(sizes: Sequence[int]) -> tuple[int, ...]:
    """The sizes of a splitter, unless it was never laid out: it then reports a few pixels."""
    return tuple(sizes) if sum(sizes) > _LEAST_SPLIT else ()
