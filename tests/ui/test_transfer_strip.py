"""Above a transcript: what is offered or on its way here, and its buttons."""

import pytest
from pytestqt.qtbot import QtBot

from chatlab.core.flow import Direction
from chatlab.core.transfer import Transfer, TransferId, TransferKind, TransferState
from chatlab.ui.widgets.transfer_strip import MAX_ROWS, TransferRow, TransferStrip
from tests.helpers.noting_transfers import later
from tests.helpers.transfer_scenes import moving, offered, transfer

CHAT = transfer("=bob", TransferState.OFFERED, kind=TransferKind.CHAT, size=0)


@pytest.fixture
def strip(qtbot: QtBot) -> TransferStrip:
    made = TransferStrip()
    qtbot.addWidget(made)
    made.resize(600, 200)
    return made


def row_of(strip: TransferStrip, one: Transfer, kept: int = 0) -> TransferRow:
    strip.show_transfers([one], {one.id: kept})
    return strip.rows[0]


def buttons(row: TransferRow) -> list[str]:
    all_of_them = (row.accept_button, row.refuse_button, row.over_button, row.place_button)
    return [one.text() for one in all_of_them if not one.isHidden()]


def test_nothing_to_show_takes_no_room(strip: TransferStrip) -> None:
    strip.show_transfers([], {})
    assert strip.isHidden()
    strip.show_transfers([moving()], {})
    assert not strip.isHidden()
    strip.show_transfers([], {})
    assert strip.isHidden()
    assert strip.rows == ()


def test_offers_come_first_and_more_than_fit_are_counted(strip: TransferStrip) -> None:
    sent = [moving(f"{number}.bin", direction=Direction.SENT) for number in range(MAX_ROWS + 1)]
    strip.show_transfers([*sent, offered()], {})
    shown = [row.transfer.name for row in strip.rows if row.transfer is not None]
    assert len(shown) == MAX_ROWS
    assert "lab-notes.pdf" in shown
    assert not strip._more.isHidden()
    assert strip._more.text() == "2 more: show all transfers"


def test_an_offer_says_who_what_and_how_and_asks(strip: TransferStrip) -> None:
    row = row_of(strip, offered())
    assert row.title.text().replace("\u2068", "").replace("\u2069", "") == (
        "bob offers lab-notes.pdf, 1.2\u00a0MB"
    )
    assert "listens on 192.0.2.7" in row.words.text()
    assert "shows bob your address" in row.warning.text()
    assert buttons(row) == ["Accept", "Refuse", "Save as…"]
    assert row.cancel_button.isHidden()


def test_a_row_stays_the_same_widget_while_its_transfer_moves(strip: TransferStrip) -> None:
    row = row_of(strip, offered())
    again = row_of(strip, later(offered(), TransferState.MOVING, position=617_283))
    assert again is row
    assert buttons(row) == []
    assert row._bar.accessibleDescription() == "49 %"
    assert not row.cancel_button.isHidden()


def test_what_an_earlier_attempt_left_can_be_gone_on_with_or_not(
    strip: TransferStrip, qtbot: QtBot
) -> None:
    row = row_of(strip, offered(), kept=400_000)
    assert buttons(row) == ["Go on at 400\u00a0kB", "Refuse", "From the start", "Save as…"]
    heard: list[tuple[str, bool]] = []
    strip.accepted.connect(lambda who, resumes: heard.append((who, resumes)))
    row.accept_button.click()
    row.over_button.click()
    assert heard == [("lab-notes.pdf", True), ("lab-notes.pdf", False)]


def test_a_program_is_asked_about_twice_and_refusing_has_the_keyboard(
    strip: TransferStrip, qtbot: QtBot
) -> None:
    strip.show()
    row = row_of(strip, offered("setup.exe"))
    heard: list[str] = []
    strip.accepted.connect(lambda who, _resumes: heard.append(who))
    with qtbot.waitActive(strip):
        strip.activateWindow()
    row.accept_button.click()
    assert heard == []
    assert "may run a program" in row.warning.text()
    assert buttons(row) == ["Take it all the same", "Refuse"]
    assert row.refuse_button.hasFocus()
    row.accept_button.click()
    assert heard == ["setup.exe"]


def test_where_a_program_goes_is_asked_after_the_warning(strip: TransferStrip) -> None:
    row = row_of(strip, offered("setup.exe"))
    heard: list[str] = []
    strip.place_wanted.connect(heard.append)
    row.place_button.click()
    assert heard == []
    row.accept_button.click()
    assert heard == ["setup.exe"]


def test_a_direct_chat_is_opened_rather_than_accepted(strip: TransferStrip) -> None:
    row = row_of(strip, CHAT)
    assert "proposes a direct chat" in row.title.text()
    assert buttons(row) == ["Open the chat", "Refuse"]


def test_each_button_tells_whose_it_is(strip: TransferStrip) -> None:
    heard: list[object] = []
    strip.refused.connect(lambda who: heard.append(("refused", who)))
    strip.cancelled.connect(lambda who: heard.append(("cancelled", who)))
    strip.frames_wanted.connect(lambda who: heard.append(("frames", who)))
    strip.place_wanted.connect(lambda who: heard.append(("place", who)))
    strip.all_wanted.connect(lambda: heard.append("all"))
    row = row_of(strip, offered())
    row.refuse_button.click()
    row.place_button.click()
    row = row_of(strip, moving())
    row.cancel_button.click()
    row.frames_button.click()
    row.list_button.click()
    offer, file = TransferId("lab-notes.pdf"), TransferId("measurement.pcapng")
    assert heard == [
        ("refused", offer), ("place", offer), ("cancelled", file), ("frames", file), "all",
    ]  # fmt: skip


def test_in_a_narrow_pane_the_other_buttons_stand_below(strip: TransferStrip) -> None:
    strip.show()
    row = row_of(strip, offered(), kept=400_000)
    row.resize(900, 120)
    assert row._answers.indexOf(row.place_button) >= 0
    row.resize(260, 120)
    assert row._answers.indexOf(row.place_button) < 0
    assert row._others.indexOf(row.place_button) >= 0
