"""Frames taken apart by the real dissection process, hostile ones and its own death included."""

import asyncio
import os
import signal
import struct
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatlab.capture.dissect import answer
from chatlab.capture.dissector import ScapyDissector
from chatlab.core.errors import ChatlabError
from chatlab.core.flow import ByteRange
from chatlab.core.frame import Field, Layer
from chatlab.core.ports import Dissector

ETHERNET, RAW_IP = 1, 101
LINK = bytes.fromhex("020000000001 020000000002 0800")
IPV4 = bytes.fromhex("4500003a1c464000 4006b1e6 c0000201 c6336407")
TCP = bytes.fromhex("9c401a0b 00000001 00000002 8018 0040 1a2b 0000 0101080a0000000100000002")
FRAME = LINK + IPV4 + TCP + b"secret"

NAME = b"\3irc\7example\0"
DNS = (
    bytes.fromhex("beef 8180 0001 0002 0000 0000")
    + NAME
    + bytes.fromhex("0001 0001")
    + bytes.fromhex("c00c 0005 0001 00000e10 0004") + b"\1a\xc0\x10"
    + bytes.fromhex("c029 0001 0001 00000e10 0004 c0000235")
)  # fmt: skip


def udp(payload: bytes, port: int = 53) -> bytes:
    head = struct.pack(">HHHH", port, 40000, 8 + len(payload), 0)
    return struct.pack(">IHBB", 6 << 28, 8 + len(payload), 17, 64) + bytes(32) + head + payload


def dissect(*frames: tuple[bytes, int]) -> list[tuple[Layer, ...]]:
    async def run() -> list[tuple[Layer, ...]]:
        dissector = ScapyDissector()
        port: Dissector = dissector
        try:
            return [await port.dissect(raw, link_type) for raw, link_type in frames]
        finally:
            await dissector.close()

    return asyncio.run(run())


def walk(fields: tuple[Field, ...]) -> Iterator[Field]:
    for field in fields:
        yield field
        yield from walk(field.fields)


def named(layer: Layer, name: str) -> Field:
    return next(field for field in walk(layer.fields) if field.name == name)


def test_layers_and_fields_have_wiresharks_names_and_their_bytes() -> None:
    ((ethernet, ip, tcp),) = dissect((FRAME, ETHERNET))
    assert [each.name for each in (ethernet, ip, tcp)] == [
        "Ethernet II",
        "Internet Protocol Version 4",
        "Transmission Control Protocol",
    ]
    assert [each.span for each in (ethernet, ip, tcp)] == [
        ByteRange(0, 14),
        ByteRange(14, 34),
        ByteRange(34, 66),
    ]
    assert named(ethernet, "Type") == Field("Type", "IPv4 (0x0800)", ByteRange(12, 14))
    assert named(ip, "Version").span == named(ip, "Header Length").span == ByteRange(14, 15)
    assert named(ip, "Fragment Offset").span == ByteRange(20, 22)
    assert named(ip, "Don’t fragment").value == "Set"
    assert named(ip, "Protocol").value == "TCP (6)"
    assert named(tcp, "Flags").value == "0x018 (PSH, ACK)"
    assert named(tcp, "Timestamps") == Field("Timestamps", "TSval 1, TSecr 2", ByteRange(56, 66))
    assert tcp.summary == "Src Port: 40000, Dst Port: 6667, Seq: 1, Ack: 2, Len: 6"


@pytest.mark.parametrize("port", [53, 5300])
def test_dns_is_taken_apart_record_by_record_on_any_port(port: int) -> None:
    ((_, _, dns),) = dissect((udp(DNS, port), RAW_IP))
    assert dns.name == "Domain Name System (response)"
    assert named(dns, "Reply code").value == "No error (0)"
    (question,) = named(dns, "Queries").fields
    assert (question.name, question.value) == ("irc.example", "type A, class IN")
    assert question.span == ByteRange(60, 77)
    alias, address = named(dns, "Answers").fields
    assert alias.value == "type CNAME, TTL 3600 s, a.example"
    assert address.value == "type A, TTL 3600 s, 192.0.2.53"
    assert address.span == ByteRange(93, 109)


def test_other_payloads_are_left_alone() -> None:
    ((ip, transport),) = dissect((udp(b"\x80\x60 not DNS at all, but a voice", 5004), RAW_IP))
    assert (ip.name, transport.name) == ("Internet Protocol Version 6", "User Datagram Protocol")


@given(st.binary(max_size=120), st.sampled_from([0, 1, 101, 113, 276, 9999]))
@settings(max_examples=60, deadline=None)
def test_no_bytes_whatever_end_the_process(junk: bytes, link_type: int) -> None:
    assert {"layers", "error"} & answer(1, link_type, junk).keys()


@given(st.integers(0, len(FRAME)))
@settings(max_examples=80, deadline=None)
def test_a_cut_frame_gives_what_is_whole(length: int) -> None:
    found = answer(1, ETHERNET, FRAME[:length])
    layers = found.get("layers", [])
    assert isinstance(layers, list)
    assert all(layer[3] <= length for layer in layers)
    assert ("error" in found) == (length < 14)


@pytest.mark.only_on("linux")
def test_a_hung_process_is_replaced_within_its_time() -> None:
    async def run() -> None:
        dissector = ScapyDissector(frame_s=0.2)
        try:
            await dissector.dissect(FRAME, ETHERNET)
            first = dissector.pid
            assert first is not None
            os.kill(first, signal.SIGSTOP)
            with pytest.raises(ChatlabError, match=r"within 0\.2 seconds"):
                await dissector.dissect(FRAME + b"1", ETHERNET)
            assert await dissector.dissect(FRAME, ETHERNET)
            os.kill(await _pid(dissector), signal.SIGKILL)
            with pytest.raises(ChatlabError, match="died"):
                await dissector.dissect(FRAME + b"2", ETHERNET)
            assert len(await dissector.dissect(FRAME + b"3", ETHERNET)) == 3
            assert dissector.pid != first
        finally:
            await dissector.close()

    asyncio.run(run())


async def _pid(dissector: ScapyDissector) -> int:
    await dissector.dissect(FRAME + b"to wake it up", ETHERNET)
    assert dissector.pid is not None
    return dissector.pid


def test_a_caller_who_gives_up_leaves_no_confusion_behind() -> None:
    async def run() -> None:
        dissector = ScapyDissector()
        try:
            await dissector.dissect(FRAME, ETHERNET)
            impatient = asyncio.create_task(dissector.dissect(FRAME + b"1", ETHERNET))
            await asyncio.sleep(0)
            impatient.cancel()
            layers = await dissector.dissect(udp(DNS), RAW_IP)
            assert layers[-1].name == "Domain Name System (response)"
        finally:
            await dissector.close()

    asyncio.run(run())


def test_an_unknown_link_type_is_said_in_words() -> None:
    with pytest.raises(ChatlabError, match="link type 147 is not known"):
        dissect((FRAME, 147))
