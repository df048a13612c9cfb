"""The server's lines: every byte survives, every limit holds, nothing hostile gets through."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatlab.core.errors import RemoteProtocolError
from chatlab.server.irc.client import host_word
from chatlab.server.irc.commands.dispatch import ROUTES
from chatlab.server.irc.limits import TokenBucket
from chatlab.server.irc.lines import (
    Line,
    LineBuffer,
    LineTooLong,
    cut,
    encode_body,
    encode_tags,
    matches,
    parse,
)
from tests.unit.server.harness import ALL_CAPABILITIES, Lab, codes


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        (b"ping", Line("PING")),
        (b"PRIVMSG #lab :a b", Line("PRIVMSG", ("#lab", "a b"))),
        (b"PRIVMSG  #lab   b  ", Line("PRIVMSG", ("#lab", "b"))),
        (b":ann!a@h  NICK :bob", Line("NICK", ("bob",))),
        (b"USER a b c :", Line("USER", ("a", "b", "c", ""))),
        (b"@a;b=c\\sd\\:;+x/y=\\\\z JOIN #a", Line("JOIN", ("#a",), {"a": "", "b": "c d;"})),
        (b"@=x;b@d=1;ok=\\ JOIN #a", Line("JOIN", ("#a",), {"ok": ""})),
        (b"X " + b"p " * 20, Line("X", ("p",) * 14 + ("p p p p p p ",))),
    ],
)
def test_lines_are_taken_apart_as_the_rfc_says(raw: bytes, line: Line) -> None:
    parsed = parse(raw)

    assert (parsed.command, parsed.parameters) == (line.command, line.parameters)
    assert line.tags.items() <= parsed.tags.items()


def test_a_backslash_in_a_tag_is_unescaped_once() -> None:
    assert parse(b"@+x/y=\\\\z\\n JOIN #a").tags == {"+x/y": "\\z\n"}
    assert encode_tags({"a": "x y;\\\r\n", "b": ""}) == b"@a=x\\sy\\:\\\\\\r\\n;b "


@pytest.mark.parametrize(
    "raw", [b"@a", b":x", b"\xff\xfe x", b"PRIVMSG\0 x", b"A\rB", b"1234", b"@"]
)
def test_what_is_no_line_is_refused(raw: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        parse(raw)


@pytest.mark.parametrize("raw", [b"X " + b"y" * 509, b"@a=" + b"y" * 4093 + b" PING x"])
def test_what_is_too_long_is_refused(raw: bytes) -> None:
    with pytest.raises(LineTooLong):
        parse(raw)


def test_the_longest_legal_line_is_taken() -> None:
    raw = b"@a=" + b"y" * 4092 + b" X " + b"z" * 508

    assert len(parse(raw).parameters[0]) == 508


@settings(deadline=None)
@given(st.binary(max_size=300).filter(lambda data: not set(data) & set(b"\0\r\n")))
def test_a_text_comes_out_as_the_bytes_that_went_in(text: bytes) -> None:
    line = parse(b"PRIVMSG #lab :" + text)

    body = encode_body("s", "PRIVMSG", line.parameters[:1], line.parameters[1])
    assert body == b":s PRIVMSG #lab :" + text + b"\r\n"


@settings(deadline=None)
@given(st.text(max_size=40), st.integers(0, 60))
def test_cutting_never_splits_a_character(text: str, length: int) -> None:
    short = cut(text.encode(), length)

    assert len(short) <= length
    assert text.startswith(short.decode())
    assert len(short) > length - 4 or short == text.encode()


@settings(deadline=None)
@given(st.lists(st.binary(max_size=20).filter(lambda b: b"\n" not in b)), st.integers(1, 7))
def test_lines_are_found_however_tcp_cuts_them(lines: list[bytes], size: int) -> None:
    stream = b"".join(line + b"\n" for line in lines)
    buffer = LineBuffer()

    found = [
        line
        for start in range(0, len(stream), size)
        for line in buffer.feed(stream[start : start + size])
    ]

    assert found == [line.removesuffix(b"\r") for line in lines]


def test_an_endless_line_is_forgotten_and_the_next_one_read() -> None:
    buffer = LineBuffer()

    for _ in range(200):
        assert list(buffer.feed(b"x" * 65536)) == []
    assert len(buffer._pending) <= LineBuffer._CAPACITY
    assert list(buffer.feed(b"tail\r\nPING x\r\n")) == [None, b"PING x"]
    assert list(buffer.feed(b"y" * 5000 + b"\nPING y\n")) == [None, b"PING y"]


@pytest.mark.parametrize(
    ("mask", "text", "is_match"),
    [
        ("*", "", True),
        ("", "a", False),
        ("a?c", "ABC", True),
        ("*!*@192.0.2.*", "ann!~a@192.0.2.7", True),
        ("[x]*", "{X}y", True),
        ("a*b*c", "aXbYb", False),
        ("?", "", False),
        ("*a", "aaab", False),
        ("**a**", "xa", True),
    ],
)
def test_masks_match_like_everywhere(mask: str, text: str, is_match: bool) -> None:
    assert matches(mask, text) is is_match


def test_a_hostile_mask_takes_no_time() -> None:
    assert not matches("*a" * 60 + "b", "a" * 100)


def test_addresses_never_break_a_line() -> None:
    assert host_word("::1") == "0::1"
    assert host_word("fe80::1%eth0") == "fe80::1"
    assert host_word("127.0.0.1") == "127.0.0.1"


def test_a_burst_passes_and_then_the_rate_holds() -> None:
    bucket = TokenBucket(3, 2.0, now=0.0)

    assert [bucket.take(0.0) for _ in range(4)] == [True, True, True, False]
    assert bucket.wait == pytest.approx(0.5)
    assert [bucket.take(0.5), bucket.take(0.5)] == [True, False]
    assert sum(bucket.take(100.0) for _ in range(9)) == 3


# --- hostile clients

_NASTY = st.one_of(
    st.sampled_from([*ROUTES, "001", "FOO"]),
    st.sampled_from(
        ["#lab", "ann", "eve", "", ":", "+o", "-b", "+bkl", "0", "*", "%tcuihsnfdlaor"]
    ),
    st.sampled_from(
        ["LS", "REQ", "END", "302", ",", "@#lab", "#a,#b,,", "+", "=", "\x01", "é" * 99]
    ),
    st.text(st.characters(codec="utf-8", exclude_characters="\n"), max_size=20),
)


@settings(deadline=None)
@given(st.lists(st.lists(_NASTY, min_size=1, max_size=6), max_size=12), st.booleans())
def test_no_sequence_of_commands_breaks_the_network(
    commands: list[list[str]], has_capabilities: bool
) -> None:
    lab = Lab({"ann": "x"})
    lab.join("ann", "#lab")
    eve = lab.join("eve", "#lab", capabilities=ALL_CAPABILITIES if has_capabilities else "")
    new = lab.connect()
    for words in commands:
        for peer in (eve, new):
            peer.say(" ".join(words).encode())
            peer.say(b"@label=x " + " ".join([words[0], ":".join(words[1:])]).encode())

    witness = lab.join("witness", "#witness")
    assert codes(witness.say("PING still-here")) == ["PONG"]
    for channel in lab.network.channels.values():
        assert channel.members
        assert all(channel.name in member.channels.values() for member in channel.members)


@settings(deadline=None)
@given(st.binary(max_size=600))
def test_no_bytes_break_the_network(data: bytes) -> None:
    lab = Lab()
    eve = lab.join("eve", "#lab", capabilities=ALL_CAPABILITIES)
    for line in LineBuffer().feed(data.replace(b"\r", b"\r\n") + b"\n"):
        if line is not None:
            eve.say(line)
            eve.say(b"PRIVMSG #lab :" + line)

    assert codes(lab.join("witness").say("PING x")) == ["PONG"]


def test_forbidden_bytes_are_refused_in_words() -> None:
    ann = Lab().join("ann")

    assert ann.say(b"PRIVMSG ann :a\0b") == [
        ":irc.chatlab.test NOTICE ann :The line holds NUL or CR, which IRC forbids."
    ]
    assert codes(ann.say(b"PRIVMSG ann :" + b"x" * 600)) == ["417"]
