"""Tab goes where the eye goes: the order of the layouts, not that in which parts were made."""

from collections.abc import Iterator
from itertools import pairwise

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractScrollArea,
    QGridLayout,
    QLayout,
    QScrollArea,
    QSplitter,
    QTabWidget,
    QWidget,
)

Place = tuple[tuple[int, int], ...]
_LAST = (1_000_000, 0)


def follow_layout(root: QWidget) -> None:
    """Have Tab walk through ``root`` as it is laid out; call it again when parts have come."""
    for before, after in pairwise(_stops(root)):
        QWidget.setTabOrder(before, after)


def _stops(widget: QWidget) -> Iterator[QWidget]:
    """What takes the keyboard by Tab within a part, in the order of its layouts."""
    takes_tab = bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)
    if takes_tab and widget.focusProxy() is None:
        yield widget
        if not isinstance(widget, QScrollArea):
            return  # What is inside a field is the field’s own matter.
    for part in _parts(widget):
        yield from _stops(part)


def _parts(widget: QWidget) -> Iterator[QWidget]:
    """The parts of a widget in reading order, those outside of its layout last."""
    if isinstance(widget, QScrollArea):
        if (content := widget.widget()) is not None:
            yield content
        return
    if isinstance(widget, QAbstractScrollArea):
        return
    if isinstance(widget, QTabWidget):
        yield widget.tabBar()
    if isinstance(widget, QTabWidget | QSplitter):
        numbered = (widget.widget(number) for number in range(widget.count()))
        yield from (part for part in numbered if part is not None)
        return
    parts = [
        part for part in widget.children() if isinstance(part, QWidget) and not part.isWindow()
    ]
    places = _Places(widget.layout())
    yield from sorted(parts, key=places.of)  # Those of one place stay as they were made.


class _Places:
    """Where the widgets of a layout, and of those within it, come in reading order."""

    def __init__(self, layout: QLayout | None) -> None:
        self._layouts: list[tuple[QLayout, Place]] = []
        if layout is not None:
            self._add(layout, ())

    def _add(self, layout: QLayout, place: Place) -> None:
        self._layouts.append((layout, place))
        for inner in layout.children():
            if isinstance(inner, QLayout):
                self._add(inner, (*place, _cell(layout, layout.indexOf(inner))))

    def of(self, widget: QWidget) -> Place:
        """What is in no layout comes last."""
        for layout, place in self._layouts:
            if (number := layout.indexOf(widget)) >= 0:
                return (*place, _cell(layout, number))
        return (_LAST,)


def _cell(layout: QLayout, number: int) -> tuple[int, int]:
    """Row and column of an item; elsewhere than in a grid, its number alone."""
    if not isinstance(layout, QGridLayout):
        return number, 0
    place = layout.getItemPosition(number)
    assert isinstance(place, tuple)  # PySide’s stubs do not say so.
    return int(place[0]), int(place[1])
