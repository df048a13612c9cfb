"""Chat addresses: what they mean, and why the others are refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from parser_tests import data as shared_tests

from chatlab.core.account import Security
from chatlab.core.address import (
    IrcAddress,
    IrcLink,
    is_irc_link,
    parse_irc_link,
    parse_irc_url,
)
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
        ("irc://ho\nst/%23lab", "no control character"),
        ("irc://host/%23lab name", "no blank"),
        ("irc://alice:secret@host/", "must not carry a password"),
        ("irc://ho_$st/", "cannot be the name of a server"),
        ("irc://höst/", "cannot be the name of a server"),
        ("irc://host/" + "a" * 2000, "too long"),
        ("irc://host/%23a%0d%0aQUIT", "has a control character"),
    ],
)
def test_a_bad_address_is_refused_with_the_part_at_fault(url: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        parse_irc_url(url)


@pytest.mark.parametrize(
    ("url", "target", "needs_key"),
    [
        ("irc://host/python", "#python", False),
        ("irc://host/%23python", "#python", False),
        ("irc://host/#python", "#python", False),
        ("irc://host/##python", "##python", False),
        ("irc://host/&local", "&local", False),
        ("irc://host/python,needkey", "#python", True),
        ("irc://host/alice,isnick", "alice", False),
        ("IRC://HOST/python,unknown", "#python", False),
        ("irc://host", "", False),
    ],
)
def test_a_link_follows_the_customs_of_the_web(url: str, target: str, needs_key: bool) -> None:
    found = parse_irc_link(url)
    assert found == IrcLink(IrcAddress("host", 6667, PLAIN, "", target), needs_key)


def test_a_link_names_one_channel() -> None:
    with pytest.raises(UsageError, match="several channels"):
        parse_irc_link("irc://host/%23a,%23b")


@pytest.mark.parametrize(
    ("text", "is_link"),
    [
        ("irc://x", True),
        ("IRCS:x", True),
        ("doctor", False),
        ("ircs", False),
        ("https://irc", False),
    ],
)
def test_only_the_scheme_makes_a_link(text: str, is_link: bool) -> None:
    assert is_irc_link(text) is is_link


@given(st.text(max_size=60))
def test_any_text_is_a_link_or_refused_and_never_two_lines(text: str) -> None:
    try:
        address = parse_irc_link(f"irc://{text}").address
    except UsageError:
        return
    assert not any(char in address.host + address.target for char in "\r\n\x00 ")
    assert 0 < address.port < 65_536


ACCEPTED_ALL_THE_SAME = {
    "irc": "the shared tests want the name of a public server; in a lab, names have no dot",
    "com": "the same",
    "_irc._sctp.lol.net.uk": "underscores occur in local networks; whether it exists, DNS says",
}


@pytest.mark.parametrize(
    "case", shared_tests.validate_hostname["tests"], ids=lambda case: case["host"] or "empty"
)
def test_hosts_are_judged_as_the_shared_parser_tests_demand(case: dict) -> None:  # type: ignore[type-arg]
    url = f"irc://ann@{case['host']}:6667"
    if case["valid"] or case["host"] in ACCEPTED_ALL_THE_SAME:
        assert parse_irc_url(url).host == case["host"].lower()
    else:
        with pytest.raises(UsageError):
            parse_irc_url(url)
