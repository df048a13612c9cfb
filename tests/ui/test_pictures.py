"""Pictures of people, and where accounts are, in words."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QBuffer, QByteArray, QIODevice
from PySide6.QtGui import QColor, QImage, QImageWriter
from pytestqt.qtbot import QtBot

from chatlab.core.account import Account, AccountId, Application, Security
from chatlab.ui.pictures import avatar
from chatlab.ui.place_words import place_words, port_words, server_words

RED = QColor("#ff0000")
XMPP = Account(
    id=AccountId("x"), name="Home", application=Application.XMPP, host="", port=0,
    security=Security.STARTTLS, nick="me", jid="me@x.example",
)  # fmt: skip


def picture(width: int, height: int) -> bytes:
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(RED)
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    assert QImageWriter(buffer, QByteArray(b"png")).write(image)
    return bytes(buffer.data().data())


def test_a_picture_becomes_a_circle(qtbot: QtBot) -> None:
    image = avatar(picture(40, 20), "Anna", QColor("blue"), 28, 1.0).toImage()
    assert image.pixelColor(14, 14) == RED
    assert image.pixelColor(0, 0).alpha() == 0


@pytest.mark.parametrize("data", [b"", b"no picture"])
def test_without_a_picture_the_first_letter_stands_for_it(qtbot: QtBot, data: bytes) -> None:
    image = avatar(data, "anna", RED, 28, 1.0).toImage()
    colours = {image.pixelColor(x, 14).alpha() for x in range(28)}
    assert len(colours) > 1  # A ground, and something on it.


def test_a_picture_is_drawn_once(qtbot: QtBot) -> None:
    data = picture(10, 10)
    first = avatar(data, "Anna", RED, 28, 2.0)
    assert avatar(data, "Anna", RED, 28, 2.0).cacheKey() == first.cacheKey()
    assert first.width() == 56


@pytest.mark.parametrize(
    ("account", "words"),
    [
        (XMPP, "me@x.example at x.example, found by DNS"),
        (replace(XMPP, resource="desk"), "me@x.example/desk at x.example, found by DNS"),
        (replace(XMPP, host="127.0.0.1"), "me@x.example at 127.0.0.1:5222"),
        (replace(XMPP, host="::1", port=15222), "me@x.example at [::1]:15222"),
        (replace(XMPP, port=443), "me@x.example at x.example:443"),
        (
            replace(XMPP, application=Application.IRC, host="irc.example.org", port=6697),
            "irc.example.org:6697",
        ),
    ],
)
def test_an_account_says_where_it_is_at_home(account: Account, words: str) -> None:
    assert place_words(account) == words
    assert words.endswith(server_words(account))


def test_a_port_that_dns_names_is_no_number() -> None:
    assert port_words(XMPP) == "the port that DNS names"
    assert port_words(replace(XMPP, port=5222)) == "port 5222"
