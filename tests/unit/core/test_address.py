"""Chat addresses: what they mean, and why the others are refused."""

import pytest

from chatlab.core.account import Security
from chatlab.core.address import IrcAddress, parse_irc_url
from chatlab.core.errors import UsageError

PLAIN, TLS = Security.PLAIN, Security.DIRECT_TLS


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("irc://127.0.0.1", IrcAddress("127.0.0.1", 6667, PLAIN)),
        ("ircs://irc.lab.test", IrcAddress("irc.lab.test", 6697, TLS)),
        (
            "irc://alice@127.0.0.1:7000/%23lab",
            IrcAddress("127.0.0.1", 7000, PLAIN, "alice", "#lab"),
        ),
        ("ircs://bob@[::1]:7000/carol", IrcAddress("::1", 7000, TLS, "bob", "carol")),
        ("irc://host/#lab", IrcAddress("host", 6667, PLAIN, "", "#lab")),
        ("irc://a%7Cb@host/%26local", IrcAddress("host", 6667, PLAIN, "a|b", "&local")),
    ],
)
def test_an_address_says_where_as_whom_and_to_whom(url: str, address: IrcAddress) -> None:
    assert parse_irc_url(url) == address


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://host", "does not begin with irc://"),
        ("irc:///%23lab", "names no server"),
        ("irc://host:70000/", "is not an address"),
        ("irc://host:0/", "port 0"),
        ("irc://first.last@host/", "dot marks a server name"),
        ("irc://host/%23a%20b", "cannot be talked to"),
        ("irc://host/1bob", "cannot begin with"),
    ],
)
def test_a_bad_address_is_refused_with_the_part_at_fault(url: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        parse_irc_url(url)
