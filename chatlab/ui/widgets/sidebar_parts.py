"""How the sidebar's height is divided between the chats and what is below them."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSplitter, QWidget

_BELOW_SHARE = 0.5
"""So much at most of a sidebar that is too short for everything is for what is below the chats."""
_PARTS = 2
_LEAST_HEIGHT = 50
"""A splitter that was never laid out reports a few pixels."""


class SidebarParts(QSplitter):
    """Shares by need, until the reader moves the border; then it stays, over restarts as well."""

    def __init__(
        self, chats: QWidget, content_height: Callable[[int], int], parent: QWidget
    ) -> None:
        """``content_height`` says how much the chats need, not counted further than its argument."""
        super().__init__(Qt.Orientation.Vertical, parent)
        self._content_height = content_height
        self._is_border_moved = False
        self._kept: tuple[int, ...] = ()
        """Of the last time; what is below the chats may come only later."""
        self.setHandleWidth(1)
        self.setChildrenCollapsible(False)
        self.addWidget(chats)
        self.splitterMoved.connect(self._on_moved)

    def put_below(self, part: QWidget) -> None:
        self.addWidget(part)
        self.divide(self._kept)
        self.share()

    @property
    def division(self) -> tuple[int, ...]:
        """Heights of both, where the reader moved the border; else those of the last time."""
        sizes = tuple(self.sizes())
        is_laid_out = len(sizes) == _PARTS and sum(sizes) > _LEAST_HEIGHT
        return sizes if self._is_border_moved and is_laid_out else self._kept

    def divide(self, sizes: Sequence[int]) -> None:
        """Put the border where it was left; nothing happens where it was never moved."""
        if len(sizes) != _PARTS:
            return
        self._kept, self._is_border_moved = tuple(sizes), True
        if self.count() == _PARTS:
            self.setSizes(list(sizes))

    def share(self) -> None:
        """Give what is below the chats the room that it needs, but only that of the chats in need.

        Where the reader moved the border, it stays.
        """
        room, below_them = self.height(), self.widget(1)
        if below_them is not None and room and not self._is_border_moved:
            wanted = below_them.sizeHint().height()
            spare = room - self._content_height(room)
            below = min(wanted, max(spare, round(room * _BELOW_SHARE)))
            self.setSizes([room - below, below])

    def _on_moved(self) -> None:
        self._is_border_moved = True
