"""The list of transfers: rows, words, and the buttons that fit the chosen one."""

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QIcon, QImage, QPainter
from PySide6.QtWidgets import QPushButton, QStyleOptionViewItem
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from chatlab.core.flow import Direction
from chatlab.core.transfer import Transfer, TransferId, TransferKind, TransferState
from chatlab.ui.dialogs.transfers import TransfersDialog, can_retry
from chatlab.ui.models.transfers import PERCENT_ROLE, TransferColumn, TransferModel
from chatlab.ui.transfer_words import (
    look,
    percent,
    progress_text,
    rate_text,
    size_text,
    state_text,
    time_text,
    way_text,
)
from tests.helpers.noting_transfers import later
from tests.helpers.transfer_scenes import SUM, done, failed, moving, offered, several, transfer

NBSP = "\u00a0"
pytestmark = pytest.mark.usefixtures("qapp")


@pytest.fixture
def dialog(qtbot: QtBot) -> TransfersDialog:
    made = TransfersDialog(kept={TransferId("kept.bin"): 400_000})
    qtbot.addWidget(made)
    made.show()
    return made


def shown(dialog: TransfersDialog) -> list[str]:
    """The buttons that can be pressed, besides those that are always there."""
    buttons = (
        dialog.frames_button, dialog.offer_button, dialog.folder_button, dialog.hold_button,
        dialog.retry_button, dialog.end_button, dialog.accept_button, dialog.remove_button,
    )  # fmt: skip
    return [one.text() for one in buttons if one.isVisible() and one.isEnabled()]


# --- words


@pytest.mark.parametrize(
    ("size", "words"),
    [(0, "0 bytes"), (1, "1 byte"), (999, "999 bytes"), (1_000, "1.0 kB"), (99_949, "99.9 kB"),
     (99_950, "100 kB"), (999_499, "999 kB"), (999_500, "1.0 MB"), (5_000_000_000, "5.0 GB"),
     (2**62, "4611686 TB")],
)  # fmt: skip
def test_sizes_are_decimal_as_file_managers_count(size: int, words: str) -> None:
    assert size_text(size) == words.replace(" ", NBSP)


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.2, "1 s"), (59.4, "59 s"), (60, "1 min"), (3_660, "1 h 1 min")]
)
def test_times_are_rough(seconds: float, words: str) -> None:
    assert time_text(seconds).replace(NBSP, " ") == words


def test_what_does_not_move_has_no_rate() -> None:
    assert rate_text(0.4) == ""
    assert progress_text(moving(is_paused=True, rate=0.0)).replace(NBSP, " ") == "1.9 MB of 4.2 MB"


@pytest.mark.parametrize("state", TransferState)
@pytest.mark.parametrize("kind", TransferKind)
@pytest.mark.parametrize("direction", Direction)
def test_every_state_has_words_a_look_and_a_way(
    state: TransferState, kind: TransferKind, direction: Direction
) -> None:
    one = transfer("x", state, kind=kind, direction=direction)
    assert state_text(one)
    assert all(look(one))
    assert way_text(one)
    assert (percent(one) is None) is (kind is TransferKind.CHAT)


# --- rows


def test_the_newest_is_on_top_and_moves_in_its_place(qtmodeltester: ModelTester) -> None:
    model = TransferModel()
    model.show_all(several())
    assert model.transfer(0) == several()[-1]
    new = offered("new.bin")
    model.put(new)
    assert (model.row_of(new.id), model.rowCount()) == (0, len(several()) + 1)
    row = model.row_of(several()[0].id)
    model.put(later(several()[0], TransferState.FAILED))
    assert model.row_of(several()[0].id) == row
    model.remove(new.id)
    model.remove(TransferId("unknown"))
    assert model.rowCount() == len(several())
    qtmodeltester.check(model)


def test_a_row_says_all_of_it() -> None:
    model = TransferModel()
    model.show_all([moving(peer="bob\u202egnp", name="a\u202efdp.exe")])
    cells = [str(model.index(0, column).data()) for column in TransferColumn]
    assert cells[TransferColumn.STATE] == "Receiving"
    assert cells[TransferColumn.PROGRESS] == f"44{NBSP}%"
    assert cells[TransferColumn.WAY] == "Active"
    assert not any("\u202e" in cell for cell in cells[: TransferColumn.STATE])
    index = model.index(0, TransferColumn.FILE)
    assert isinstance(index.data(Qt.ItemDataRole.DecorationRole), QIcon)
    assert index.data(PERCENT_ROLE) == 44
    assert "Receiving" in str(index.data(Qt.ItemDataRole.AccessibleTextRole))
    assert model.index(5, 0).data() is None
    assert model.data(QModelIndex()) is None


def test_progress_is_painted_for_files_only(dialog: TransfersDialog) -> None:
    def ink(one: Transfer) -> int:
        dialog.show_all([one])
        picture = QImage(160, 30, QImage.Format.Format_RGB32)
        picture.fill(Qt.GlobalColor.white)
        painter = QPainter(picture)
        option = QStyleOptionViewItem()
        option.rect = picture.rect()
        index = dialog.model.index(0, TransferColumn.PROGRESS)
        dialog.table.itemDelegateForColumn(TransferColumn.PROGRESS).paint(painter, option, index)
        painter.end()
        white = picture.pixel(0, 0)
        return sum(picture.pixel(x, 15) != white for x in range(160))

    assert ink(moving()) > 60
    assert ink(transfer("talk", TransferState.MOVING, kind=TransferKind.CHAT)) == 0


# --- buttons


@pytest.mark.parametrize(
    ("one", "buttons"),
    [
        (offered(), ["Show the offer", "Refuse", "Accept"]),
        (offered("kept.bin"), ["Show the offer", "Refuse", f"Go on at 400{NBSP}kB"]),
        (moving(), ["Show its frames", "Show the offer", "Open folder", "Hold", "Cancel"]),
        (moving(is_paused=True),
         ["Show its frames", "Show the offer", "Open folder", "Go on", "Cancel"]),
        (done(), ["Show its frames", "Show the offer", "Open folder", "Clear"]),
        (failed(), ["Show the offer", "Open folder", "Try again", "Clear"]),
        (transfer("x", TransferState.FAILED), ["Clear"]),
        (transfer("x", TransferState.OFFERED, direction=Direction.SENT), ["Withdraw"]),
        (transfer("=bob", TransferState.MOVING, kind=TransferKind.CHAT), ["Close the chat"]),
    ],
)  # fmt: skip
def test_the_buttons_are_what_can_be_done(
    dialog: TransfersDialog, one: Transfer, buttons: list[str]
) -> None:
    dialog.show_all([one])
    assert shown(dialog) == buttons


def test_only_what_we_offered_can_be_tried_again() -> None:
    sent = Direction.SENT
    states = [s for s in TransferState if can_retry(transfer("x", s, direction=sent))]
    assert states == [TransferState.REFUSED, TransferState.CANCELLED, TransferState.FAILED]
    assert not can_retry(transfer("x", TransferState.FAILED))


@pytest.mark.parametrize(
    ("one", "button", "signal", "told"),
    [
        (offered(), "accept_button", "accepted_one", ["lab-notes.pdf"]),
        (offered(), "end_button", "refused", ["lab-notes.pdf"]),
        (moving(), "end_button", "cancelled", ["measurement.pcapng"]),
        (moving(), "hold_button", "held", ["measurement.pcapng", True]),
        (moving(is_paused=True), "hold_button", "held", ["measurement.pcapng", False]),
        (moving(), "frames_button", "frames_wanted", ["measurement.pcapng"]),
        (moving(), "offer_button", "offer_wanted", ["measurement.pcapng"]),
        (moving(), "folder_button", "folder_wanted", ["measurement.pcapng"]),
        (failed(), "retry_button", "retried", ["slides.odp"]),
        (failed(), "remove_button", "removed", ["slides.odp"]),
        (failed(), "send_button", "send_wanted", []),
    ],
)
def test_each_button_tells_of_the_chosen_one(
    dialog: TransfersDialog,
    one: Transfer,
    button: str,
    signal: str,
    told: list[object],
    qtbot: QtBot,
) -> None:
    dialog.show_all([one])
    pressed = getattr(dialog, button)
    assert isinstance(pressed, QPushButton)
    with qtbot.waitSignal(getattr(dialog, signal)) as heard:
        pressed.click()
    assert heard.args == told


def test_a_program_is_asked_about_twice(dialog: TransfersDialog) -> None:
    heard: list[str] = []
    dialog.accepted_one.connect(heard.append)
    dialog.show_all([offered("setup.exe")])
    dialog.accept_button.click()
    assert (heard, dialog.accept_button.text()) == ([], "Take it all the same")
    dialog.accept_button.click()
    assert heard == ["setup.exe"]


def test_the_choice_stays_while_others_begin_and_end(dialog: TransfersDialog) -> None:
    dialog.show_all(several())
    dialog.choose(TransferId("slides.odp"))
    dialog.put(offered("new.bin"))
    assert dialog.chosen is not None
    assert dialog.chosen.id == "slides.odp"
    dialog.drop(TransferId("new.bin"))
    assert dialog.chosen.id == "slides.odp"
    dialog.drop(TransferId("slides.odp"))
    assert dialog.model.row_of(TransferId("slides.odp")) is None


def test_an_empty_list_says_how_to_begin_and_offers_nothing_else(dialog: TransfersDialog) -> None:
    assert shown(dialog) == []
    assert "Ctrl+Shift+O" in dialog.table._empty
    dialog.put(offered())
    assert dialog.chosen is not None


# --- details


def test_details_say_why_and_what_next(dialog: TransfersDialog) -> None:
    dialog.show_all([failed()])
    words = dialog.detail.notice.text()
    assert "Nobody connected" in words
    assert "forward a port" in words
    assert dialog.detail.text_of("Way") == "Passive: \u2068bob\u2069 listens"


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (done(), "The other program has the same SHA-256."),
        (done(peer_sha256="ab"), "The sender’s is another: ab."),
        (done(peer_sha256=""), "The sender’s program did not say its own."),
        (done(peer_sha256="", direction=Direction.SENT),
         "The receiver can compare it with their own."),
        (moving(peer_sha256=SUM), f"The sender says it must become {SUM}."),
        (moving(), ""),
    ],
)  # fmt: skip
def test_details_say_what_the_checksums_came_to(
    dialog: TransfersDialog, one: Transfer, words: str
) -> None:
    dialog.show_all([one])
    assert dialog.detail.text_of("Checked") == words


def test_warnings_are_said_while_an_answer_is_wanted(dialog: TransfersDialog) -> None:
    dialog.show_all([offered()])
    assert "shows bob your address" in dialog.detail.notice.text()
    dialog.put(later(offered(), TransferState.REFUSED))
    assert "shows bob your address" not in dialog.detail.notice.text()
