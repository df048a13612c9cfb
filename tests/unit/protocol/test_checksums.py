"""Checksums follow the bytes: right ones stay right, wrong ones wrong, pending ones untouched."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatlab.core.flow import ByteRange
from chatlab.protocol.checksums import ones_sum, overwrite, pseudo_sum
from chatlab.protocol.packet import PacketHeaders, parse

RAW = 101


def packet(version: int, protocol: int, payload: bytes, *, error: int = 0) -> bytes:
    """A packet with its transport checksum, which is off by ``error``."""
    if protocol == 6:
        segment = bytearray(struct.pack(">HHIIBBHHH", 1, 2, 3, 4, 0x50, 16, 5, 0, 0) + payload)
    else:
        segment = bytearray(struct.pack(">HHHH", 1, 2, 8 + len(payload), 0) + payload)
    if version == 4:
        head = struct.pack(
            ">BBHHHBBH4s4s", 0x45, 0, 20 + len(segment), 1, 0, 64, protocol, 0, b"abcd", b"efgh"
        )
    else:
        head = struct.pack(">IHBB", 6 << 28, len(segment), protocol, 64) + b"a" * 16 + b"b" * 16
    place = 16 if protocol == 6 else 6
    total = (~checked(parsed(head + bytes(segment)), bytes(segment)) + error) & 0xFFFF
    segment[place : place + 2] = (total or 0xFFFF).to_bytes(2, "big")
    return head + bytes(segment)


def parsed(raw: bytes) -> PacketHeaders:
    headers = parse(raw, RAW)
    assert headers is not None
    return headers


def checked(headers: PacketHeaders, segment: bytes) -> int:
    """The sum over pseudo-header and segment; 0xFFFF when the checksum in it is right."""
    total = pseudo_sum(headers, len(segment)) + ones_sum(segment)
    return (total & 0xFFFF) + (total >> 16)


def is_right(raw: bytes) -> bool:
    headers = parsed(raw)
    return checked(headers, raw[headers.transport :]) == 0xFFFF


@given(
    st.sampled_from([4, 6]),
    st.sampled_from([6, 17]),
    st.binary(min_size=1, max_size=60),
    st.data(),
)
def test_a_checksum_that_was_right_stays_right(
    version: int, protocol: int, payload: bytes, data: st.DataObject
) -> None:
    raw = packet(version, protocol, payload)
    assert is_right(raw)
    headers = parsed(raw)
    start = data.draw(st.integers(headers.payload, len(raw) - 1))
    stop = data.draw(st.integers(start, len(raw)))
    frame = bytearray(raw)
    overwrite(frame, [ByteRange(start, stop)], ord("*"), headers)
    assert is_right(bytes(frame))
    assert frame[start:stop] == b"*" * (stop - start)
    assert frame[: headers.transport] == raw[: headers.transport]


@given(st.binary(min_size=4, max_size=40), st.integers(1, 0xFFFE))
def test_a_checksum_that_was_wrong_stays_wrong(payload: bytes, error: int) -> None:
    raw = packet(4, 6, payload, error=error)
    headers = parsed(raw)
    before, frame = is_right(raw), bytearray(raw)
    overwrite(frame, [ByteRange(headers.payload, len(raw))], ord("*"), headers)
    assert is_right(bytes(frame)) is before


def test_what_a_short_capture_left_out_is_not_needed() -> None:
    raw = packet(4, 6, b"PASS secret and a long tail")
    headers = parsed(raw)
    spans = [ByteRange(headers.payload, headers.payload + 11)]
    whole, cut = bytearray(raw), bytearray(raw[: headers.payload + 11])
    overwrite(whole, spans, ord("*"), headers)
    overwrite(cut, spans, ord("*"), headers)
    assert whole[: len(cut)] == cut


@pytest.mark.parametrize("is_flagged", [True, False])
def test_a_checksum_that_is_yet_to_be_made_is_left(is_flagged: bool) -> None:
    raw = bytearray(packet(4, 6, b"PASS secret"))
    headers = parsed(bytes(raw))
    partial = 0 if is_flagged else pseudo_sum(headers, len(raw) - headers.transport)
    at = headers.transport + 16
    raw[at : at + 2] = partial.to_bytes(2, "big")
    spans = [ByteRange(headers.payload, len(raw))]
    overwrite(raw, spans, ord("*"), headers, is_pending=is_flagged)
    assert raw[at : at + 2] == partial.to_bytes(2, "big")


def test_udp_without_a_checksum_gets_none() -> None:
    raw = bytearray(packet(4, 17, b"secret"))
    headers = parsed(bytes(raw))
    raw[headers.transport + 6 : headers.transport + 8] = b"\0\0"
    overwrite(raw, [ByteRange(headers.payload, len(raw))], ord("*"), headers)
    assert raw[headers.transport + 6 : headers.transport + 8] == b"\0\0"


def test_a_frame_that_nobody_can_read_is_blanked_all_the_same() -> None:
    frame = bytearray(b"secret stays not")
    overwrite(frame, [ByteRange(0, 6), ByteRange(13, 99)], ord("*"), None)
    assert frame == b"****** stays ***"
