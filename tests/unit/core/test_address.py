"""Chat addresses: what they mean, and which part is at fault."""

import pytest

from chatlab.core.account import Security
from chatlab.core.address import IrcAddress, parse_irc_url
from chatlab.core.errors import UsageError

PLAIN, TLS = Security.PLAIN, Security.DIRECT_TLS


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("irc://ana@127.0.0.1:6668/%23lab", IrcAddress("127.0.0.1", 6668, PLAIN, "ana", "#lab")),
        ("ircs://irc.example.org", IrcAddress("irc.example.org", 6697, TLS)),
        ("irc://irc.example.org/bob", IrcAddress("irc.example.org", 6667, PLAIN, "", "bob")),
        ("irc://irc.example.org/#lab", IrcAddress("irc.example.org", 6667, PLAIN, "", "#lab")),
        ("ircs://ana@[::1]:7000/%23%23c", IrcAddress("::1", 7000, TLS, "ana", "##c")),
        ("IRC://Irc.Example.Org/", IrcAddress("irc.example.org", 6667, PLAIN)),
    ],
)
def test_an_address_means_what_it_says(url: str, address: IrcAddress) -> None:
    assert parse_irc_url(url) == address


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("http://example.org", "does not begin with irc"),
        ("irc.example.org", "does not begin with irc"),
        ("irc://", "names no server"),
        ("irc://h:0/", "port 0"),
        ("irc://h:99999/", "not an address"),
        ("irc://h:abc/", "not an address"),
        ("irc://[::1/", "not an address"),
        ("irc://first.last@h/", "cannot be a nick"),
        ("irc://h/a%20b", "cannot be talked to"),
        ("irc://h/%23a%20b", "cannot be talked to"),
    ],
)
def test_a_faulty_address_names_the_part_and_the_next_step(url: str, fault: str) -> None:
    with pytest.raises(UsageError, match=fault) as caught:
        parse_irc_url(url)
    assert caught.value.hint


def test_a_channel_is_told_from_a_person() -> None:
    assert parse_irc_url("irc://h/%23lab").is_channel
    assert not parse_irc_url("irc://h/bob").is_channel
    assert not parse_irc_url("irc://h").is_channel
