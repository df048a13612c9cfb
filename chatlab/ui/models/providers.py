"""Servers that make accounts, as rows to choose from."""

from collections.abc import Sequence
from datetime import date
from enum import IntEnum
from typing import Protocol

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
)

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
SORT_ROLE = Qt.ItemDataRole.UserRole
_UNKNOWN = "–"


class ProviderRow(Protocol):
    """A server as data."""

    @property
    def domain(self) -> str: ...
    @property
    def is_in_app(self) -> bool: ...
    @property
    def has_captcha(self) -> bool: ...
    @property
    def file_mb(self) -> int | None: ...
    @property
    def archive_days(self) -> int | None: ...
    @property
    def country(self) -> str: ...
    @property
    def software(self) -> str: ...
    @property
    def verified(self) -> date: ...


class Column(IntEnum):
    DOMAIN = 0
    HOW = 1
    FILE = 2
    DAYS = 3
    COUNTRY = 4


_TITLES = {
    Column.DOMAIN: "Server",
    Column.HOW: "Account",
    Column.FILE: "Largest file",
    Column.DAYS: "Keeps messages",
    Column.COUNTRY: "Country",
}


class ProviderModel(QAbstractTableModel):
    """Shows a list that does not change."""

    def __init__(self, providers: Sequence[ProviderRow], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._providers = tuple(providers)

    def provider(self, row: int) -> ProviderRow:
        return self._providers[row]

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._providers)

    def columnCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(Column)

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> object:
        if role != Qt.ItemDataRole.DisplayRole or orientation is not Qt.Orientation.Horizontal:
            return None
        return _TITLES[Column(section)]

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        provider, column = self._providers[index.row()], Column(index.column())
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return _words(provider, column)
            case Qt.ItemDataRole.ToolTipRole:
                return f"Runs {provider.software}." if provider.software else None
            case _ if role == SORT_ROLE:
                return _rank(provider, column)
        return None


def _words(provider: ProviderRow, column: Column) -> str:
    match column:
        case Column.DOMAIN:
            return provider.domain
        case Column.HOW:
            if not provider.is_in_app:
                return "on its web page"
            return "here, after a CAPTCHA" if provider.has_captcha else "here"
        case Column.FILE:
            return _UNKNOWN if provider.file_mb is None else f"{provider.file_mb:,} MB"
        case Column.DAYS:
            if provider.archive_days is None:
                return _UNKNOWN
            return f"{provider.archive_days} days" if provider.archive_days else "no promise"
        case _:
            return provider.country or _UNKNOWN


def _rank(provider: ProviderRow, column: Column) -> int | str:
    """What a column is sorted by: the easy and the generous first."""
    match column:
        case Column.HOW:
            return 2 if not provider.is_in_app else int(provider.has_captcha)
        case Column.FILE:
            return -1 if provider.file_mb is None else provider.file_mb
        case Column.DAYS:
            return -1 if provider.archive_days is None else provider.archive_days
        case _:
            return _words(provider, column)


class ProviderFilter(QSortFilterProxyModel):
    """Rows that have all of some words, in whatever column."""

    def __init__(self, model: ProviderModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._wanted: tuple[str, ...] = ()
        self.setSourceModel(model)
        self.setSortRole(SORT_ROLE)

    def set_wanted(self, text: str) -> None:
        self._wanted = tuple(text.lower().split())
        self.invalidate()

    def provider(self, row: int) -> ProviderRow | None:
        if not 0 <= row < self.rowCount():
            return None
        return self._model.provider(self.mapToSource(self.index(row, 0)).row())

    def filterAcceptsRow(self, row: int, parent: Index) -> bool:
        provider = self._model.provider(row)
        words = " ".join(_words(provider, column) for column in Column).lower()
        return all(wanted in words for wanted in self._wanted)
