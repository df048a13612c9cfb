"""DNS messages in one line, and bytes that are none."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatlab.protocol.dns import summarise

NAME = b"\x03irc\x06libera\x04chat\x00"


def head(flags: int, answers: int) -> bytes:
    return struct.pack(">HHHHHH", 0xABCD, flags, 1, answers, 0, 0)


def record(kind: int, data: bytes) -> bytes:
    return b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 60, len(data)) + data


QUERY = head(0x0100, 0) + NAME + struct.pack(">HH", 28, 1)
ANSWER = (
    head(0x8180, 3)
    + NAME
    + struct.pack(">HH", 28, 1)
    + record(5, b"\x02eu\xc0\x10")
    + record(28, bytes(15) + b"\x01")
    + record(33, struct.pack(">HHH", 1, 2, 6697) + b"\xc0\x0c")
)


def test_a_query_and_its_answer_read_as_in_wireshark() -> None:
    assert str(summarise(QUERY)) == "Standard query 0xabcd AAAA irc.libera.chat"
    assert str(summarise(ANSWER)) == (
        "Standard query response 0xabcd AAAA irc.libera.chat "
        "CNAME eu.libera.chat AAAA ::1 SRV 1 2 6697 irc.libera.chat"
    )


def test_a_refusal_is_named() -> None:
    data = head(0x8183, 0) + NAME + struct.pack(">HH", 1, 1)
    assert str(summarise(data)) == ("Standard query response 0xabcd No such name A irc.libera.chat")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PRIVMSG #lab :hello there, not a look-up",
        head(0x0100, 0) + b"\xc0\x0c" + struct.pack(">HH", 1, 1),
        head(0x0100, 0) + b"\x3fshort",
        head(0x8180, 9) + NAME + struct.pack(">HH", 1, 1),
        head(0x0100, 0) + b"\x3f" + b"x" * 63 * 5,
    ],
)
def test_anything_else_is_no_look_up(data: bytes) -> None:
    assert summarise(data) is None


@given(st.binary(max_size=80), st.integers(0, len(ANSWER)), st.integers(0, 255))
def test_no_bytes_whatever_raise(junk: bytes, place: int, value: int) -> None:
    summarise(junk)
    summarise(ANSWER[:place])
    summarise(ANSWER[:place] + bytes([value]) + ANSWER[place + 1 :])
    summarise(head(0x8180, 2) + junk)
