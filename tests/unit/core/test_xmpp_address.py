"""``xmpp:`` addresses."""

import pytest

from chatlab.core.errors import UsageError
from chatlab.core.xmpp_address import XmppAddress, is_xmpp_link, parse_xmpp_url


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("xmpp:bob@127.0.0.1", XmppAddress(jid="bob@127.0.0.1")),
        ("XMPP:Bob@Example.org", XmppAddress(jid="bob@example.org")),
        ("xmpp:bob@example.org/phone", XmppAddress(jid="bob@example.org")),
        ("xmpp:lab@rooms.example.org?join", XmppAddress(jid="lab@rooms.example.org", is_room=True)),
        (
            "xmpp:lab@rooms.example.org?join;password=a%20b",
            XmppAddress(jid="lab@rooms.example.org", is_room=True, password="a b"),
        ),
        (
            "xmpp://alice@example.org/bob@example.org?message;body=Hi%20there",
            XmppAddress(jid="bob@example.org", account="alice@example.org", body="Hi there"),
        ),
        ("xmpp:b%C3%B6b@example.org", XmppAddress(jid="böb@example.org")),
    ],
)
def test_an_address_says_whom_it_leads_to(url: str, address: XmppAddress) -> None:
    assert is_xmpp_link(url)
    assert parse_xmpp_url(url) == address


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("xmpp:", "nobody"),
        ("irc://x/y", "xmpp:"),
        ("xmpp:example.org?join", "missing"),
        ("xmpp:a b@example.org", "no blank"),
        ("xmpp:a%00b@example.org", "control"),
        ("xmpp:bob@-x.org", "dash"),
        ("xmpp:" + "x" * 3000, "too long"),
    ],
)
def test_a_wrong_address_is_refused_with_the_part_at_fault(url: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        parse_xmpp_url(url)
