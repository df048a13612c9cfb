"""Where Tab goes: the stops of a window in their order, and those that jump back."""

from PySide6.QtCore import QPoint, QRect
from PySide6.QtWidgets import QWidget

_MOST = 500


def tab_stops(window: QWidget) -> list[QWidget]:
    """What Tab gives the keyboard to, pressed again and again until it comes round."""
    stops: list[QWidget] = []
    while window.focusNextPrevChild(True) and len(stops) < _MOST:
        stop = window.focusWidget()
        if stop is None or stop in stops:
            break
        stops.append(stop)
    return stops


def place_in(window: QWidget, widget: QWidget) -> QRect:
    return QRect(widget.mapTo(window, QPoint()), widget.size())


def jumps_back(window: QWidget) -> list[tuple[str, str]]:
    """Stops that are followed by one higher up which does not stand to the right of them.

    Tab goes in a circle, so it has to jump once. What is scrolled out of sight does not count.
    """
    found = []
    stops = [stop for stop in tab_stops(window) if not stop.visibleRegion().isEmpty()]
    for before, after in zip(stops, (*stops[1:], *stops[:1]), strict=True):
        one, next_one = place_in(window, before), place_in(window, after)
        is_above = next_one.bottom() < one.top()
        is_left = next_one.right() < one.left() and next_one.top() <= one.bottom()
        if (is_above and next_one.left() < one.right()) or (is_left and not _below(one, next_one)):
            found.append((name_of(before), name_of(after)))
    return found if len(found) > 1 else []


def _below(one: QRect, other: QRect) -> bool:
    return other.top() > one.center().y()


def name_of(widget: QWidget) -> str:
    text = getattr(widget, "text", None)
    words = widget.accessibleName() or (text() if callable(text) else "")
    return f"{type(widget).__name__} {words}"
