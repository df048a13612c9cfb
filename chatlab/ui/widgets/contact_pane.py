"""The lower part of the sidebar: contacts, how they are, and what one can do about them."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QKeySequence, QMouseEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLineEdit,
    QListView,
    QMenu,
    QPushButton,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from chatlab.core.account import AccountId
from chatlab.core.connection import LinkState
from chatlab.ui.models.contacts import ContactModel, ContactRow, GroupRow, Role
from chatlab.ui.theme import HALF, SPACE, plain_label, set_icon, small_font
from chatlab.ui.widgets.contact_delegate import ContactDelegate
from chatlab.ui.widgets.contact_menu import ContactActs, fill_contact_menu
from chatlab.ui.widgets.controls import scaled

Index = QModelIndex | QPersistentModelIndex
_NO_LIMIT = 16_777_215
"""QWIDGETSIZE_MAX of Qt."""
_HEAD_HEIGHT = 5 * SPACE
_MEASURED_ROWS = 80
"""More are higher than a screen anyway."""
_EMPTY_HEIGHT = 24 * SPACE
"""Where there are no contacts, the chats have the room."""
FILTER_FROM = 20
"""A shorter list is read faster than it is filtered."""


class ContactPane(QWidget):
    """Shows contacts; says what is wanted of them.

    Signals:
        talk_requested, show_requested, remove_requested, invite_requested: AccountId and address.
        command_requested: AccountId and the Command.
        add_requested: a new contact is wanted.
        filled: there are more contacts or fewer, which need more room or less.
    """

    talk_requested = Signal(str, str)
    show_requested = Signal(str, str)
    remove_requested = Signal(str, str)
    invite_requested = Signal(str, str)
    command_requested = Signal(str, object)
    add_requested = Signal()
    filled = Signal()

    def __init__(self, model: ContactModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._rows = 0
        self._chosen: tuple[AccountId, str] | None = None
        """Whose row is current: rows come and go around it."""
        self.list = _List(self)
        self.list.setItemDelegate(ContactDelegate(self.list))
        self.list.setModel(model)
        self.filter = QLineEdit(self)
        self.filter.setPlaceholderText(self.tr("Filter contacts"))
        self.filter.setAccessibleName(self.tr("Filter contacts"))
        self.filter.setClearButtonEnabled(True)
        self._empty_words = plain_label("", "muted", self)
        self._pages = QStackedWidget(self)
        self._pages.addWidget(self.list)
        self._pages.addWidget(self._make_empty_page())
        self._filter_row = QWidget(self)
        filter_row = QHBoxLayout(self._filter_row)
        filter_row.setContentsMargins(SPACE, 0, SPACE, HALF)
        filter_row.addWidget(self.filter)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(self._make_head())
        column.addWidget(self._filter_row)
        column.addWidget(self._pages, 1)
        self.setProperty("role", "window")
        self.setMinimumHeight(12 * SPACE)
        self._connect()
        self._on_rows_changed()

    def sizeHint(self) -> QSize:
        """As high as everything that there is to see."""
        count = min(self._model.rowCount(), _MEASURED_ROWS)
        if not count:
            return QSize(160, scaled(_EMPTY_HEIGHT))
        rows = sum(self.list.sizeHintForRow(row) for row in range(count))
        above = self.height() - self.list.height() if self.list.isVisible() else _HEAD_HEIGHT
        return QSize(160, above + rows + SPACE)

    def _make_head(self) -> QHBoxLayout:
        self.online_button = QToolButton(self)
        self.online_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.online_button.setFont(small_font())
        self.online_button.setText(self.tr("Only online"))
        self.online_button.setAccessibleName(self.tr("Only who is online"))
        self.online_button.setCheckable(True)
        self.add_button = QToolButton(self)
        self.add_button.setToolTip(self.tr("Add a contact"))
        self.add_button.setAccessibleName(self.tr("Add a contact"))
        set_icon(self.add_button, "user-add")
        self._on_online_toggled(False)
        head = QHBoxLayout()
        head.setContentsMargins(SPACE + HALF, HALF, HALF, HALF)
        head.setSpacing(0)
        head.addWidget(plain_label(self.tr("Contacts"), "small", self), 1)
        head.addWidget(self.online_button)
        head.addWidget(self.add_button)
        return head

    def _make_empty_page(self) -> QWidget:
        page = QWidget(self)
        self._empty_words.setWordWrap(True)
        self._empty_words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty_button = QPushButton(self.tr("Add a contact…"), page)
        column = QVBoxLayout(page)
        column.setContentsMargins(2 * SPACE, SPACE, 2 * SPACE, 2 * SPACE)
        column.setSpacing(SPACE)
        column.addStretch(1)
        column.addWidget(self._empty_words)
        column.addWidget(self.empty_button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)
        return page

    def _connect(self) -> None:
        self.add_button.clicked.connect(self.add_requested)
        self.empty_button.clicked.connect(self.add_requested)
        self.online_button.toggled.connect(self._on_online_toggled)
        self.filter.textChanged.connect(self._model.set_filter)
        self.list.row_chosen.connect(self._on_chosen)
        self.list.fold_wanted.connect(self._on_fold_wanted)
        self.list.menu_wanted.connect(self._show_menu)
        self.list.remove_wanted.connect(self._on_remove_wanted)
        self.list.current_changed.connect(self._on_current_changed)
        for changed in (
            self._model.rowsInserted,
            self._model.rowsRemoved,
            self._model.dataChanged,
        ):
            changed.connect(self._on_rows_changed)

    # What changes ---------------------------------------------------------------------------

    def _on_rows_changed(self, *_: object) -> None:
        is_empty = not self._model.rowCount()
        is_filled = self._model.total > 0
        self.setMaximumHeight(_NO_LIMIT if is_filled else scaled(_EMPTY_HEIGHT))
        if self._model.rowCount() != self._rows:
            self._rows = self._model.rowCount()
            self.filled.emit()
        words = self.tr("Nobody yet. Who you add is asked whether you may see when they are there.")
        if self._model.total:
            words = self.tr("Nobody is online. The button above shows those who are not.")
        if self.filter.text():
            words = self.tr("No contact has these letters in name or address.")
        self._empty_words.setText(words)
        self.empty_button.setVisible(not self._model.total)
        self._pages.setCurrentIndex(1 if is_empty else 0)
        is_long = self._model.total > FILTER_FROM or bool(self.filter.text())
        self._filter_row.setVisible(is_long)
        if self._chosen is not None:
            index = self._model.row_of(*self._chosen)
            if index.isValid() and index != self.list.currentIndex():
                self.list.setCurrentIndex(index)

    def _on_current_changed(self, index: QModelIndex) -> None:
        row = index.data(Role.ROW)
        if self.list.hasFocus():  # Otherwise the row moved, not the reader.
            is_contact = isinstance(row, ContactRow)
            self._chosen = (row.account, row.contact.jid) if is_contact else None

    def _on_online_toggled(self, is_only: bool) -> None:
        """A filter: pressed, it leaves those who are there."""
        self._model.set_offline_shown(not is_only)
        words = self.tr("Only who is there is shown; click to see all.")
        if not is_only:
            words = self.tr("Everybody is shown; click to see only who is there.")
        self.online_button.setToolTip(words)
        set_icon(self.online_button, "presence-available", "accent" if is_only else "muted")

    # What the reader does -------------------------------------------------------------------

    def _on_chosen(self, index: QModelIndex) -> None:
        match index.data(Role.ROW):
            case ContactRow(account, contact):
                self.talk_requested.emit(account, contact.jid)
            case GroupRow() as group:
                self._model.fold(group, not group.is_folded)

    def _on_fold_wanted(self, index: QModelIndex, is_folded: bool) -> None:
        group = index.data(Role.ROW)
        if isinstance(group, GroupRow) and group.is_folded != is_folded:
            self._model.fold(group, is_folded)

    def _on_remove_wanted(self, index: QModelIndex) -> None:
        row = index.data(Role.ROW)
        if isinstance(row, ContactRow) and self._is_online(row.account):
            self.remove_requested.emit(row.account, row.contact.jid)

    def _is_online(self, account: AccountId) -> bool:
        states = [state for state in self._model.accounts if state.account.id == account]
        return bool(states) and states[0].state is LinkState.ONLINE

    def _show_menu(self, index: QModelIndex, at: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        row = index.data(Role.ROW)
        if isinstance(row, ContactRow):
            self.fill_menu(menu, row)
        else:
            add = menu.addAction(self.tr("Add a contact…"), self.add_requested.emit)
            set_icon(add, "user-add")
        menu.popup(at)

    def fill_menu(self, menu: QMenu, row: ContactRow) -> None:
        """What can be done about the contact of a row."""
        account, jid = row.account, row.contact.jid
        acts = ContactActs(
            talk=lambda: self.talk_requested.emit(account, jid),
            show=lambda: self.show_requested.emit(account, jid),
            remove=lambda: self.remove_requested.emit(account, jid),
            invite=lambda: self.invite_requested.emit(account, jid),
            run=lambda command: self.command_requested.emit(account, command),
        )
        fill_contact_menu(menu, row.contact, is_online=self._is_online(account), acts=acts)


class _List(QListView):
    """Keys, and menus from mouse and keyboard.

    Signals:
        row_chosen, remove_wanted, current_changed: QModelIndex.
        fold_wanted: QModelIndex of a group, and whether it is to be folded.
        menu_wanted: QModelIndex (may be invalid) and the global position.
    """

    row_chosen = Signal(QModelIndex)
    remove_wanted = Signal(QModelIndex)
    current_changed = Signal(QModelIndex)
    fold_wanted = Signal(QModelIndex, bool)
    menu_wanted = Signal(QModelIndex, QPoint)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("contacts")
        self.setAccessibleName(self.tr("Contacts"))
        self.setMouseTracking(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setProperty("role", "window")

    def currentChanged(self, current: Index, previous: Index) -> None:
        super().currentChanged(current, previous)
        self.current_changed.emit(self.currentIndex())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """One click opens a chat, as in the list above, or folds a group."""
        super().mouseReleaseEvent(event)
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and event.button() is Qt.MouseButton.LeftButton:
            self.row_chosen.emit(index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        index = self.currentIndex()
        if not index.isValid():
            super().keyPressEvent(event)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.row_chosen.emit(index)
        elif event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self.fold_wanted.emit(index, event.key() == Qt.Key.Key_Left)
        elif event.matches(QKeySequence.StandardKey.Delete):
            self.remove_wanted.emit(index)
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        is_key = event.reason() is QContextMenuEvent.Reason.Keyboard
        index = self.currentIndex() if is_key else self.indexAt(event.pos())
        at = event.globalPos()
        if is_key and index.isValid():
            at = self.viewport().mapToGlobal(self.visualRect(index).center())
        self.menu_wanted.emit(index, at)
