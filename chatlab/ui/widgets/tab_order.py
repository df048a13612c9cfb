"""Tab goes where the eye goes: the order of the layouts, not that in which parts were made."""

from collections.abc import Iterator

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


def go_on(root: QWidget, *, is_forward: bool) -> bool:
    """Give the keyboard to the next stop within ``root``, or to the one before, in a circle.

    For ``focusNextPrevChild`` of a window. Qt’s own chain knows only the order in which parts were
    made, and every part that comes later would have to be put into its place there.
    """
    stops = tab_stops(root)
    if not stops:
        return False
    at = _place_of(root.window().focusWidget(), stops)
    if at is None:
        at = -1 if is_forward else 0
    target = stops[(at + (1 if is_forward else -1)) % len(stops)]
    reason = Qt.FocusReason.TabFocusReason if is_forward else Qt.FocusReason.BacktabFocusReason
    target.setFocus(reason)
    return True


def tab_stops(root: QWidget) -> list[QWidget]:
    """What takes the keyboard by Tab now, in the order of the layouts."""
    return [stop for stop in _stops(root) if stop.isVisible() and stop.isEnabled()]


def _place_of(focus: QWidget | None, stops: list[QWidget]) -> int | None:
    """Where the keyboard is: at a stop, or at something inside of one."""
    while focus is not None and focus not in stops:
        focus = focus.parentWidget()
    return stops.index(focus) if focus is not None else None


def _stops(widget: QWidget) -> Iterator[QWidget]:
    """All that may be stops; a part that only hands the keyboard on is none."""
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
