"""Which sheets make the picture of a page: new ones, so that those on the screen stay as they are."""

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

_BYTES_HEIGHT = 300


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
    below = QWidget()
    column_box = QVBoxLayout(below)
    column_box.setContentsMargins(0, 0, 0, 0)
    column_box.setSpacing(0)
    ruler, columns = Ruler(below), ByteColumns(comparer, below)
    column_box.addWidget(ruler)
    column_box.addWidget(columns, 1)
    below.resize(WIDTH, _BYTES_HEIGHT)
    ruler.resize(WIDTH, 1)
    ruler.show_lines(tuple(lines))
    columns.show_dumps(dumps, Observer.NETWORK)
    height = ruler.height() + _BYTES_HEIGHT
    return Page("The same words on different connections", [sheet], below, height)


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
