"""Which sheets make the picture of a page: new ones, so that those on the screen stay as they are."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from chatlab.core.comparison import Comparison
from chatlab.core.observing import Observer
from chatlab.ui.compare.byte_columns import ByteColumns, Dump
from chatlab.ui.compare.ladder_sheet import LadderColumn, LadderSheet
from chatlab.ui.compare.message_sheet import MessageSheet
from chatlab.ui.compare.observer_sheet import ObserverSheet
from chatlab.ui.compare.page import ComparePage, Part
from chatlab.ui.compare.picture import WIDTH, Page
from chatlab.ui.compare.ports import Comparer
from chatlab.ui.compare.ruler import Ruler, RulerLine
from chatlab.ui.compare.words import column_words
from chatlab.ui.theme import SPACE

_LEAST_HEIGHT, _MOST_HEIGHT = 300, 900
"""Of the bytes below the bars: a long message is cut."""


def page_of(page: ComparePage, comparison: Comparison, comparer: Comparer) -> Page:
    """The page that is in view, to be painted."""
    match page.part:
        case Part.MESSAGES:
            return _messages(page, comparison, comparer)
        case Part.OBSERVERS:
            return _observers(page, comparison, comparer)
        case _:
            return _handshakes(page, comparison, comparer)


def _messages(page: ComparePage, comparison: Comparison, comparer: Comparer) -> Page:
    sheet = MessageSheet()
    sheet.show(comparison, page.sides())
    sheet.choose(page.messages.sheet.chosen)
    sheet.is_picture = True
    row = sheet.row
    if row is None:
        return Page("The same words on different connections", [sheet])
    dumps, lines = [], []
    for at, column in sheet.columns():
        if (cost := row.cells[at]) is not None:
            title = column_words(comparison, column)
            frames = cost.carried.numbers if cost.carried is not None else ()
            dumps.append(Dump(title, column, frames, cost))
            lines.append(RulerLine(title, column, cost))
    below = _Below(comparer, tuple(lines), dumps)
    return Page("The same words on different connections", [sheet], below, below.height())


class _Below(QWidget):
    """The ruler, and every byte of the frames: laid out as if it were shown."""

    def __init__(self, comparer: Comparer, lines: tuple[RulerLine, ...], dumps: list[Dump]) -> None:
        super().__init__()
        self.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
        self.setProperty("role", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        ruler, columns = Ruler(self), ByteColumns(comparer, self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(ruler)
        column.addWidget(columns, 1)
        self.resize(WIDTH, _LEAST_HEIGHT)
        self.show()
        ruler.show_lines(lines)
        columns.show_dumps(dumps, Observer.NETWORK)
        layouts = [each.view.dump_layout for each in columns.columns]
        rows = max((each.rows * each.line for each in layouts), default=0)
        room = columns.columns[0].view.viewport().height() if columns.columns else 0
        self.resize(WIDTH, min(self.height() + rows - room + SPACE, _MOST_HEIGHT))
        self.hide()


def _observers(page: ComparePage, comparison: Comparison, comparer: Comparer) -> Page:
    observer = page.observers.observer
    sheets = []
    for side in page.sides():
        if (column := comparison.column(side)) is not None:
            sheet = ObserverSheet()
            sheet.is_picture = True
            sheet.show(comparison, column, comparer.view(side, observer))
            sheets.append(sheet)
    return Page(f"What is learnt by: {observer.words}", sheets)


def _handshakes(page: ComparePage, comparison: Comparison, comparer: Comparer) -> Page:
    columns = [
        LadderColumn(column, comparer.ladder(side))
        for side in page.sides()
        if (column := comparison.column(side)) is not None
    ]
    sheet = LadderSheet()
    sheet.is_picture = True
    sheet.show(comparison, columns)
    return Page("Before the first message", [sheet])
