"""One frame cut up by layers: the parts are its length, whatever the frame is."""

import struct

from hypothesis import given
from hypothesis import strategies as st

from chatlab.analysis.compare_layers import FrameParts, Piece, frame_parts, layers_of, segments_in
from chatlab.core.flow import ByteRange
from chatlab.core.measures import LayerBytes, WireLayer
from chatlab.protocol.packet import ACK, LINK_ETHERNET, LINK_NULL
from tests.helpers.tcp_talk import ETHERNET, LOCAL, REMOTE, tcp_packet, udp_packet

TIMESTAMPS = b"\x01\x01\x08\x0a" + bytes(8)
PAYLOAD = b"PRIVMSG #lab :hi\r\n"


def packet(payload: bytes = PAYLOAD, options: bytes = b"") -> bytes:
    return tcp_packet(LOCAL, REMOTE, 1, 1, ACK, payload, options)


def sizes(parts: FrameParts) -> tuple[int, int, int, int]:
    return parts.link, parts.ip, parts.tcp, len(parts.payload)


def test_a_plain_segment_is_14_and_20_and_20_bytes_and_its_payload() -> None:
    raw = ETHERNET + packet()
    assert sizes(frame_parts(raw, LINK_ETHERNET, len(raw))) == (14, 20, 20, len(PAYLOAD))


def test_options_belong_to_tcp_and_are_known_apart() -> None:
    raw = ETHERNET + packet(options=TIMESTAMPS)
    parts = frame_parts(raw, LINK_ETHERNET, len(raw))
    assert sizes(parts) == (14, 20, 32, len(PAYLOAD))
    assert parts.option_bytes == 12


def test_the_padding_of_a_short_frame_belongs_to_the_link() -> None:
    raw = (ETHERNET + packet(b"")).ljust(60, b"\0")
    assert sizes(frame_parts(raw, LINK_ETHERNET, 60)) == (20, 20, 20, 0)


def test_a_vlan_tag_belongs_to_the_link() -> None:
    raw = ETHERNET[:12] + b"\x81\x00\x00\x07" + ETHERNET[12:] + packet()
    assert sizes(frame_parts(raw, LINK_ETHERNET, len(raw))) == (18, 20, 20, len(PAYLOAD))


def test_ipv6_with_an_extension_header_is_all_ip() -> None:
    segment = packet()[20:]
    head = struct.pack(">IHBB", 6 << 28, 8 + len(segment), 60, 64) + bytes(32)
    raw = b"\x1e\0\0\0" + head + b"\x06\0" + bytes(6) + segment
    assert sizes(frame_parts(raw, LINK_NULL, len(raw))) == (4, 48, 20, len(PAYLOAD))


def test_a_datagram_s_udp_header_stands_where_tcp_s_does() -> None:
    raw = ETHERNET + udp_packet(LOCAL, REMOTE, b"query")
    assert sizes(frame_parts(raw, LINK_ETHERNET, len(raw))) == (14, 20, 8, 5)


def test_a_frame_that_was_cut_keeps_the_length_it_had_on_the_wire() -> None:
    raw = ETHERNET + packet(b"x" * 400)
    parts = frame_parts(raw[:60], LINK_ETHERNET, len(raw))
    assert sizes(parts) == (14, 20, 20, 400)


def test_what_holds_no_ip_is_all_link() -> None:
    assert sizes(frame_parts(b"\0" * 42, LINK_ETHERNET, 42)) == (42, 0, 0, 0)


@given(st.binary(max_size=120), st.integers(0, 40), st.sampled_from([0, 1, 101, 113, 276]))
def test_the_parts_of_any_bytes_are_their_length(raw: bytes, cut: int, link_type: int) -> None:
    wire = len(raw) + cut
    parts = frame_parts(raw, link_type, wire)
    assert min(sizes(parts)) >= 0
    assert layers_of(parts, (), wire).total == wire


@given(st.binary(max_size=60), st.integers(0, 59), st.integers(0, 59))
def test_the_parts_of_a_real_segment_with_a_piece_are_its_length(
    payload: bytes, first: int, second: int
) -> None:
    raw = ETHERNET + packet(payload)
    parts = frame_parts(raw, LINK_ETHERNET, len(raw))
    piece = Piece(ByteRange(min(first, second), max(first, second)).shifted(54), WireLayer.TEXT)
    found = layers_of(parts, [piece], len(raw))
    assert found.total == len(raw)
    assert found.text + found.other == len(payload)


def test_layers_add_up_layer_by_layer() -> None:
    one, other = LayerBytes(text=3, tcp=20), LayerBytes(text=4, ip=20)
    assert one + other == LayerBytes(text=7, tcp=20, ip=20)
    assert (one + other).parts() == (
        (WireLayer.TEXT, 7),
        (WireLayer.TCP, 20),
        (WireLayer.IP, 20),
    )
    assert (one + other).headers == 40


def test_a_frame_longer_than_a_segment_stands_for_several() -> None:
    raw = ETHERNET + packet(b"x" * 2896, TIMESTAMPS)
    parts = frame_parts(raw, LINK_ETHERNET, len(raw))
    whole = parts.payload
    assert segments_in(parts, whole, 1460) == 2
    assert segments_in(parts, ByteRange(whole.start, whole.start + 10), 1460) == 1
    assert segments_in(parts, ByteRange(whole.start + 1440, whole.start + 1460), 1460) == 2
    assert segments_in(parts, whole, None) == 1
    assert segments_in(parts, ByteRange(0, 10), 1460) == 0
