"""Messages that came end-to-end encrypted in a way that this program cannot read."""

from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from chatlab.core.message import Delivery
from chatlab.ui.models.transcript import DELIVERY_WORDS, spoken
from chatlab.ui.widgets.transcript_delegate import STATE_ICONS
from chatlab.ui.widgets.transcript_layout import Metrics, Neighbourhood, build_row
from tests.helpers.chats import message

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")
SEALED = replace(message("It is encrypted with OMEMO."), is_sealed=True)


def test_a_sealed_message_says_so_to_the_ear() -> None:
    assert "Sealed end to end" in spoken(SEALED)
    assert "Sealed" not in spoken(message("hello"))


def test_a_sealed_message_leaves_room_for_its_sign(qtbot: QtBot) -> None:
    metrics = Metrics(500)
    about = Neighbourhood(starts_group=True, shows_time=True)
    plain = build_row(replace(SEALED, is_sealed=False), about, metrics)
    sealed = build_row(SEALED, about, metrics)
    assert sealed.texts[0].origin.x() - plain.texts[0].origin.x() == metrics.seal_room


@pytest.mark.parametrize("state", Delivery)
def test_every_state_has_words_and_a_sign_of_its_own(state: Delivery) -> None:
    assert DELIVERY_WORDS[state]
    signs = [sign for sign, _ in STATE_ICONS.values()]
    assert len(set(signs)) == len(signs)
