"""How the sidebar divides its height between chats and what is below them."""

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from chatlab.core.chats import ChatBook
from chatlab.ui.models.account_tree import AccountTreeModel
from chatlab.ui.widgets.account_pane import AccountPane
from tests.helpers.chats import account

HEIGHT = 600


class Below(QWidget):
    """Something that wants a certain height."""

    def __init__(self, wanted: int) -> None:
        super().__init__()
        self.wanted = wanted

    def sizeHint(self) -> QSize:
        return QSize(100, self.wanted)


def sidebar(
    qtbot: QtBot, chats: int, wanted: int, kept: tuple[int, ...] = ()
) -> tuple[AccountPane, Below]:
    book = ChatBook()
    owner = account()
    book.add_account(owner)
    for number in range(chats):
        book.open(owner.id, f"#room{number}")
    made = AccountPane(AccountTreeModel(book))
    qtbot.addWidget(made)
    made.parts.divide(kept)
    below = Below(wanted)
    made.put_below(below)
    made.resize(200, HEIGHT)
    made.show()
    QApplication.processEvents()
    return made, below


def test_a_short_list_below_leaves_its_room_to_the_chats(qtbot: QtBot) -> None:
    _, below = sidebar(qtbot, chats=40, wanted=120)
    assert below.height() == 120


def test_a_long_list_below_takes_what_few_chats_leave(qtbot: QtBot) -> None:
    _, below = sidebar(qtbot, chats=2, wanted=2_000)
    assert below.height() > HEIGHT // 2


def test_where_both_are_long_each_has_half(qtbot: QtBot) -> None:
    _, below = sidebar(qtbot, chats=40, wanted=2_000)
    assert abs(below.height() - HEIGHT // 2) < 40


def test_a_border_that_the_reader_moved_stays(qtbot: QtBot) -> None:
    made, below = sidebar(qtbot, chats=2, wanted=120)
    made.parts.setSizes([200, HEIGHT - 200])
    made.parts.splitterMoved.emit(200, 1)
    before = below.height()
    made.share()
    assert below.height() == before


def test_where_the_border_was_left_is_kept_over_a_restart(qtbot: QtBot) -> None:
    made, _ = sidebar(qtbot, chats=2, wanted=120)
    assert made.parts.division == ()
    made.parts.setSizes([200, HEIGHT - 200])
    made.parts.splitterMoved.emit(200, 1)
    kept: tuple[int, ...] = tuple(made.parts.division)
    assert len(kept) == 2
    again, below = sidebar(qtbot, chats=2, wanted=120, kept=kept)
    assert abs(below.height() - kept[-1]) <= 2
    assert again.parts.division[-1] == below.height()


def test_what_was_kept_waits_for_what_comes_below(qtbot: QtBot) -> None:
    pane = AccountPane(AccountTreeModel(ChatBook()))
    qtbot.addWidget(pane)
    pane.parts.divide((300, 100))
    pane.resize(200, HEIGHT)
    pane.show()
    assert pane.parts.division == (300, 100)
