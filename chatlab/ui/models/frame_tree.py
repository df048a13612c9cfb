"""The layers of one frame as a tree, each node with the bytes it was read from."""

from dataclasses import dataclass, field

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from chatlab.core.flow import ByteRange
from chatlab.core.frame import Exposure, Field, Layer
from chatlab.ui import theme

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
SPAN_ROLE = Qt.ItemDataRole.UserRole
EXPOSURE_ROLE = Qt.ItemDataRole.UserRole + 1
VALUE_ROLE = Qt.ItemDataRole.UserRole + 2
"""The second half of a node: what is said, beside its name."""
SOURCE_ROLE = Qt.ItemDataRole.UserRole + 3
"""Whose bytes its span counts, as in ``core.frame.Field``."""
MAX_VALUE = 400
"""Characters of a value that the tree shows; the bytes themselves are in the hex view."""


@dataclass(slots=True)
class _Node:
    name: str
    value: str
    span: ByteRange
    parent: int
    row: int
    path: tuple[str, ...]
    source: int = 0
    exposure: Exposure | None = None
    """Layers only."""
    children: list[int] = field(default_factory=list)


class FrameTreeModel(QAbstractItemModel):
    """Top level: layers, link first; below: fields. One column, as analysers show it."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._nodes: list[_Node] = []
        self._top: list[int] = []

    def show_layers(self, layers: tuple[Layer, ...]) -> None:
        """Replace the tree."""
        self.beginResetModel()
        self._nodes, self._top = [], []
        for layer in layers:
            at = self._add(layer.name, layer.summary, layer.span, -1, len(self._top))
            self._nodes[at].exposure, self._nodes[at].source = layer.exposure, layer.source
            self._top.append(at)
            self._add_fields(at, layer.fields)
        self.endResetModel()

    def _add(self, name: str, value: str, span: ByteRange, parent: int, row: int) -> int:
        above = self._nodes[parent].path if parent >= 0 else ()
        self._nodes.append(_Node(name, value[:MAX_VALUE], span, parent, row, (*above, name)))
        return len(self._nodes) - 1

    def _add_fields(self, parent: int, fields: tuple[Field, ...]) -> None:
        for row, item in enumerate(fields):
            at = self._add(item.name, item.value, item.span, parent, row)
            self._nodes[at].source = item.source
            self._nodes[parent].children.append(at)
            self._add_fields(at, item.fields)

    def index_at(self, offset: int, source: int = 0) -> QModelIndex:
        """The innermost node read from the byte at ``offset``; invalid when there is none."""
        best = -1
        for at, node in enumerate(self._nodes):
            if node.source != source or not node.span.start <= offset < node.span.stop:
                continue
            # Children follow their parents, so the later of two equal spans lies deeper.
            if best < 0 or len(node.span) <= len(self._nodes[best].span):
                best = at
        return self._index_of(best) if best >= 0 else QModelIndex()

    def path(self, index: Index) -> tuple[str, ...]:
        """Names from the layer down to ``index``: the same place in another frame."""
        return self._nodes[index.internalId()].path if index.isValid() else ()

    def indexes(self) -> list[QModelIndex]:
        """All nodes that have children, layers before their fields."""
        return [self._index_of(at) for at, node in enumerate(self._nodes) if node.children]

    def _index_of(self, at: int) -> QModelIndex:
        return self.createIndex(self._nodes[at].row, 0, at)

    # Qt's side -------------------------------------------------------------------------------

    def index(self, row: int, column: int, parent: Index = _ROOT) -> QModelIndex:
        rows = self._nodes[parent.internalId()].children if parent.isValid() else self._top
        if column != 0 or not 0 <= row < len(rows):
            return QModelIndex()
        return self.createIndex(row, 0, rows[row])

    def parent(self, index: Index) -> QModelIndex:  # type: ignore[override]
        if not index.isValid():
            return QModelIndex()
        above = self._nodes[index.internalId()].parent
        return self._index_of(above) if above >= 0 else QModelIndex()

    def rowCount(self, parent: Index = _ROOT) -> int:
        if not parent.isValid():
            return len(self._top)
        return len(self._nodes[parent.internalId()].children)

    def columnCount(self, parent: Index = _ROOT) -> int:
        return 1

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        node = self._nodes[index.internalId()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return node.name
            case _ if role == VALUE_ROLE:
                return node.value
            case _ if role == SPAN_ROLE:
                return node.span
            case _ if role == EXPOSURE_ROLE:
                return node.exposure
            case _ if role == SOURCE_ROLE:
                return node.source
            case Qt.ItemDataRole.AccessibleTextRole:
                return _line(node)
            case Qt.ItemDataRole.ToolTipRole:
                return theme.plain_tool_tip(_tip(node))
        return None


def _line(node: _Node) -> str:
    return f"{node.name}: {theme.isolated(node.value)}" if node.value else node.name


def _tip(node: _Node) -> str:
    size = len(node.span)
    if not size:
        return f"{_line(node)}\nDerived: no bytes of this frame say it."
    where = (
        f"byte {node.span.start}" if size == 1 else f"bytes {node.span.start}–{node.span.stop - 1}"
    )
    if node.source:
        where += " of what was put together or decrypted"
    who = f"\n{theme.EXPOSURE_WORDS[node.exposure]}" if node.exposure else ""
    return f"{_line(node)}\n{size} byte{'s' if size > 1 else ''}: {where}{who}"
