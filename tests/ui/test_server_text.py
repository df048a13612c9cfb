"""What people paste as a server, and what an observer would read."""

import pytest

from chatlab.core.account import LoginMethod, Security
from chatlab.ui.dialogs.server_text import ServerText, observer_text, read_server

TLS, PLAIN = Security.DIRECT_TLS, Security.PLAIN


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("irc.libera.chat", ServerText(host="irc.libera.chat")),
        ("  irc.libera.chat  ", ServerText(host="irc.libera.chat")),
        ("irc.libera.chat:7000", ServerText(host="irc.libera.chat", port=7000)),
        ("irc.libera.chat/+6697", ServerText(host="irc.libera.chat", port=6697, security=TLS)),
        ("irc.libera.chat:+6697", ServerText(host="irc.libera.chat", port=6697, security=TLS)),
        ("irc.libera.chat/6667", ServerText(host="irc.libera.chat", port=6667)),
        ("127.0.0.1:6667", ServerText(host="127.0.0.1", port=6667)),
        ("::1", ServerText(host="::1")),
        ("[::1]:6697", ServerText(host="::1", port=6697)),
        ("irc://h", ServerText(host="h", port=6667, security=PLAIN)),
        ("ircs://h", ServerText(host="h", port=6697, security=TLS)),
        (
            "ircs://me@h:7000/%23lab",
            ServerText(host="h", port=7000, security=TLS, nick="me", channel="#lab"),
        ),
        (
            "irc://h/#lab",
            ServerText(host="h", port=6667, security=PLAIN, channel="#lab"),
        ),
        ("irc://h/lab", ServerText(host="h", port=6667, security=PLAIN, channel="#lab")),
        ("irc://[::1]:7/", ServerText(host="::1", port=7, security=PLAIN)),
    ],
)
def test_a_server_is_understood_as_people_write_it(text: str, found: ServerText) -> None:
    assert read_server(text) == found


@pytest.mark.parametrize(
    "text",
    ["", "   ", "two words", "h:0", "h:70000", "irc://", "irc://h:99999", "http//x/y/z", "a@b", ".h",
     "irc://[::1", "h\r\nQUIT", "-oProxy"],
)  # fmt: skip
def test_what_is_no_server_is_not_taken_for_one(text: str) -> None:
    assert read_server(text) is None


def test_under_tls_an_observer_reads_the_name_and_no_word() -> None:
    text = observer_text("irc.lab", TLS, LoginMethod.PLAIN, sends_password=True)
    assert "irc.lab" in text
    assert "not your password" in text


@pytest.mark.parametrize(
    ("login", "sends", "words"),
    [
        (LoginMethod.NONE, False, "each word"),
        (LoginMethod.PLAIN, True, "and your password"),
        (LoginMethod.NONE, True, "and your password"),
        (LoginMethod.SCRAM_SHA_256, True, "proof"),
    ],
)
def test_over_plain_text_everything_is_named(login: LoginMethod, sends: bool, words: str) -> None:
    assert words in observer_text("h", PLAIN, login, sends_password=sends)
