"""The layer tree's model: fields, their bytes, and back from a byte to its field."""

import pytest
from PySide6.QtCore import QModelIndex, Qt
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from chatlab.core.flow import ByteRange
from chatlab.ui.models.frame_tree import SPAN_ROLE, VALUE_ROLE, FrameTreeModel
from tests.helpers.wire_feed import HEADER_BYTES, layers_of, said


@pytest.fixture
def tree(qtbot: QtBot) -> FrameTreeModel:
    model = FrameTreeModel()
    model.show_layers(layers_of(said("hello", "hi")))
    return model


def test_model_keeps_the_rules_of_qt(qtmodeltester: ModelTester, tree: FrameTreeModel) -> None:
    qtmodeltester.check(tree)


def test_layers_stand_at_the_top_link_first(tree: FrameTreeModel) -> None:
    assert [tree.index(row, 0).data() for row in range(tree.rowCount())] == [
        "Ethernet II",
        "Internet Protocol Version 4",
        "Transmission Control Protocol",
        "Internet Relay Chat",
    ]


@pytest.mark.parametrize(
    ("offset", "path"),
    [
        (13, ("Ethernet II", "Type")),
        (35, ("Transmission Control Protocol", "Source Port")),
        # Both flags share a byte: the later lies as deep as the first.
        (47, ("Transmission Control Protocol", "Flags", "Push")),
        (HEADER_BYTES + 1, ("Internet Relay Chat", "Line", "Command")),
    ],
)
def test_a_byte_leads_to_the_innermost_field(
    tree: FrameTreeModel, offset: int, path: tuple[str, ...]
) -> None:
    assert tree.path(tree.index_at(offset)) == path


def test_a_byte_outside_leads_nowhere(tree: FrameTreeModel) -> None:
    assert not tree.index_at(5000).isValid()
    assert tree.path(QModelIndex()) == ()


def test_a_node_knows_its_bytes_and_its_value(tree: FrameTreeModel) -> None:
    port = tree.index_at(36)
    assert port.data(SPAN_ROLE) == ByteRange(36, 38)
    assert port.data(VALUE_ROLE) == "6667"
    assert "bytes 36–37" in str(port.data(Qt.ItemDataRole.ToolTipRole))
