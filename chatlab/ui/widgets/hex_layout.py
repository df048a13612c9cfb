"""Where each byte of a hex dump stands: pure geometry, in device-independent pixels."""

from dataclasses import dataclass, replace
from enum import Enum

from PySide6.QtCore import Qt

WIDE = 16
NARROW = 8
_OFFSET_DIGITS = 4
_GAP = 2
"""Characters between the three columns."""


def printable(data: bytes) -> str:
    """Bytes as the column of characters shows them."""
    return "".join(chr(byte) if 0x20 <= byte <= 0x7E else "·" for byte in data)


class HexColumn(Enum):
    HEX = "hex"
    ASCII = "ascii"


@dataclass(frozen=True, slots=True, kw_only=True)
class HexLayout:
    """The dump of ``size`` bytes in a font whose cells are ``cell`` wide and ``line`` high."""

    size: int
    cell: float
    line: int
    per_row: int
    pad: int

    @classmethod
    def fit(cls, size: int, cell: float, line: int, pad: int, width: int) -> "HexLayout":
        """Sixteen bytes a row where they fit in ``width``, else eight."""
        wide = cls(size=size, cell=cell, line=line, per_row=WIDE, pad=pad)
        if wide.width <= width:
            return wide
        return cls(size=size, cell=cell, line=line, per_row=NARROW, pad=pad)

    @property
    def rows(self) -> int:
        return -(-self.size // self.per_row)

    @property
    def offset_digits(self) -> int:
        return max(_OFFSET_DIGITS, len(f"{max(0, self.size - 1):x}"))

    @property
    def width(self) -> int:
        return round(self.ascii_x(self.per_row)) + self.pad

    def width_of(self, per_row: int) -> int:
        """What the dump would take with so many bytes a row."""
        return replace(self, per_row=per_row).width

    def hex_x(self, column: int) -> float:
        """Left edge of a byte's two digits; a wider gap halves a row of sixteen."""
        halves = 1 if self.per_row == WIDE and column >= NARROW else 0
        return self.pad + (self.offset_digits + _GAP + 3 * column + halves) * self.cell

    def ascii_x(self, column: int) -> float:
        halves = 1 if self.per_row == WIDE else 0
        start = self.offset_digits + _GAP + 3 * self.per_row - 1 + halves + _GAP
        return self.pad + (start + column) * self.cell

    def byte_at(self, x: float, y: float) -> tuple[int, HexColumn] | None:
        """The byte under a point of the whole dump, and in which column it was met."""
        row = int(y // self.line)
        if y < 0 or not 0 <= row < self.rows:
            return None
        half = self.cell / 2
        for column in range(self.per_row):
            offset = row * self.per_row + column
            if offset >= self.size:
                return None
            if self.hex_x(column) - half <= x < self.hex_x(column) + 2.5 * self.cell:
                return offset, HexColumn.HEX
            if self.ascii_x(column) <= x < self.ascii_x(column + 1):
                return offset, HexColumn.ASCII
        return None

    def nearest(self, x: float, y: float) -> int:
        """The byte nearest to a point: where a drag has got to."""
        if not self.size:
            return 0
        row = min(max(0, int(y // self.line)), self.rows - 1)
        if x >= self.ascii_x(0) - self.cell:
            column = int((x - self.ascii_x(0)) // self.cell)
        else:
            column = sum(1 for i in range(1, self.per_row) if x >= self.hex_x(i) - self.cell / 2)
        column = min(max(0, column), self.per_row - 1)
        return min(row * self.per_row + column, self.size - 1)

    def step(self, key: int, cursor: int, page: int) -> int | None:
        """The byte that a cursor key leads to; None for other keys, or without bytes."""
        row_start = cursor - cursor % self.per_row
        leap = self.per_row * max(1, page - 1)
        steps: dict[int, int] = {
            Qt.Key.Key_Left: cursor - 1,
            Qt.Key.Key_Right: cursor + 1,
            Qt.Key.Key_Up: cursor - self.per_row,
            Qt.Key.Key_Down: cursor + self.per_row,
            Qt.Key.Key_PageUp: cursor - leap,
            Qt.Key.Key_PageDown: cursor + leap,
            Qt.Key.Key_Home: row_start,
            Qt.Key.Key_End: row_start + self.per_row - 1,
        }
        if not self.size or (target := steps.get(key)) is None:
            return None
        return min(max(0, target), self.size - 1)
