"""Files and programs that are not ours: liars, the silent, the stubborn, and those behind routers."""

import asyncio
import contextlib
import os
import socket
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from chatlab.chat.transfer import meeting, moving
from chatlab.chat.transfer.opening import PeerSocket
from chatlab.core.flow import Direction
from chatlab.core.transfer import Transfer, TransferState, TransferWay
from chatlab.protocol.dcc import format_ack
from tests.helpers.dcc_pair import Person, file_of, give, play

State = TransferState
CONTENT = os.urandom(300_000)


async def raw_sender(bob: Person, size: int, data: bytes) -> tuple[Transfer, bytes]:
    """A sender that is not ours, who sends ``data``; Bob's side, and the acknowledgements."""
    acks = bytearray()
    done = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()
        if len(data) < size:
            writer.close()
        with contextlib.suppress(ConnectionResetError):  # What we did not take is thrown away.
            while more := await reader.read(4096):
                acks.extend(more)
        writer.close()
        done.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        bob.hear("ann", f"SEND a.bin 2130706433 {port} {size}")
        taken = await bob.offered()
        bob.transfers.accept(taken.id)
        ended = await bob.ended(taken)
        await done.wait()
    return ended, bytes(acks)


def test_no_byte_beyond_the_promised_size_is_taken(
    tmp_path: Path,
) -> None:
    async def scene(ann: Person, bob: Person) -> None:
        ended, acks = await raw_sender(bob, 10, b"0123456789and more")
        assert ended.state is State.DONE
        assert ended.path is not None
        assert ended.path.read_bytes() == b"0123456789"
        assert "more bytes than they had promised" in ended.detail
        assert acks.endswith(format_ack(10))

    play(tmp_path, scene)


def test_too_few_bytes_are_no_file(tmp_path: Path) -> None:
    async def scene(ann: Person, bob: Person) -> None:
        ended, _ = await raw_sender(bob, 10, b"0123")
        assert ended.state is State.FAILED
        assert "after 4 of 10 bytes" in ended.detail
        assert (tmp_path / "bob" / "a.bin.part").read_bytes() == b"0123"
        assert not (tmp_path / "bob" / "a.bin").exists()

    play(tmp_path, scene)


async def raw_receiver(ann: Person, path: Path, *, acknowledges: bool) -> Transfer:
    """A receiver that reads all, and acknowledges or not."""
    ann.other = None
    (given,) = ann.transfers.offer_file(["bob"], path)
    await ann.in_state(given, State.OFFERED)
    await ann.until(lambda: ann.lines)
    line = ann.lines[0][1]
    port = int(line.split()[3])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    data = await reader.readexactly(given.size)
    assert data == CONTENT
    if acknowledges:
        writer.write(format_ack(len(data)))
        assert await reader.read() == b""
    writer.close()
    await writer.wait_closed()
    return await ann.ended(given)


@pytest.mark.parametrize("acknowledges", [True, False])
def test_a_receiver_without_acknowledgements_gets_its_file_too(
    tmp_path: Path, acknowledges: bool
) -> None:
    path = file_of(tmp_path, "a.bin", CONTENT)

    async def scene(ann: Person, bob: Person) -> None:
        ended = await raw_receiver(ann, path, acknowledges=acknowledges)
        assert ended.state is State.DONE
        assert ("TCP did" in ended.detail) is not acknowledges

    play(tmp_path, scene)


class StubbornPeer:
    """A sender that reads nothing; TCP takes what fits."""

    def __init__(self, *room: int) -> None:
        self.room = list(room)
        self.taken = b""

    def send_now(self, data: bytes) -> int:
        count = min(len(data), self.room.pop(0) if self.room else 0)
        self.taken += data[:count]
        return count


def test_a_sender_that_never_reads_does_not_stop_us() -> None:
    peer = StubbornPeer(4, 3, 0, 1, 4, 0, 0, 4)
    acks = moving.AckWriter(cast(PeerSocket, peer))
    for position in range(1, 9):
        acks.put(position)
    # Whole acknowledgements in order, of which some were left out.
    whole = [peer.taken[at : at + 4] for at in range(0, len(peer.taken), 4)]
    assert whole == [format_ack(position) for position in (1, 2, 4, 7)]


def test_a_changed_file_is_noticed(tmp_path: Path) -> None:
    path = file_of(tmp_path, "a.bin", CONTENT)

    async def scene(ann: Person, bob: Person) -> None:
        (given,) = ann.transfers.offer_file(["bob"], path)
        taken = await bob.offered()
        path.write_bytes(b"short")
        bob.transfers.accept(taken.id)
        assert "shorter" in (await ann.ended(given)).detail
        assert (await bob.ended(taken)).state is State.FAILED

    play(tmp_path, scene)


def test_a_wrong_checksum_makes_the_file_suspect(tmp_path: Path) -> None:
    path = file_of(tmp_path, "a.bin", CONTENT)

    async def scene(ann: Person, bob: Person) -> None:
        ann.choose(tells_sha256=False)
        _, taken = await give(ann, bob, path)
        words = f"SHA-256 of “a.bin” ({len(CONTENT)} bytes): {'0' * 64}"
        bob.transfers.take_checksum("cid", words)
        assert taken.state is State.DONE
        bob.transfers.take_checksum("ann", words)
        assert (await bob.in_state(taken, State.FAILED)).hint.startswith("Do not open it")

    play(tmp_path, scene)


def test_a_stranger_that_the_server_shows_elsewhere_is_turned_away() -> None:
    assert not meeting.is_expected("8.8.8.8", "9.9.9.9")
    assert meeting.is_expected("9.9.9.9", "9.9.9.9")
    assert meeting.is_expected("192.168.1.5", "9.9.9.9")
    assert meeting.is_expected("2001:db8::1", "9.9.9.9")
    assert meeting.is_expected("8.8.8.8", "cloak/hidden")


def test_behind_a_router_the_offer_is_passive_and_says_why(tmp_path: Path) -> None:
    path = file_of(tmp_path, "a.bin", CONTENT)

    async def scene(ann: Person, bob: Person) -> None:
        ann.around = replace(
            ann.around,
            local_address="192.168.7.9",
            visible_host="9.9.9.9",
            server_address="8.8.8.8",
        )
        ann.host = "8.8.4.4"
        advice = ann.transfers.advice(["bob"])
        assert any("NAT" in words for words in advice)
        (given,) = ann.transfers.offer_file(["bob"], path)
        offered = await ann.in_state(given, State.OFFERED)
        assert offered.way is TransferWay.PASSIVE
        assert any("NAT" in words for words in offered.warnings)
        assert ann.lines[0][1].startswith("SEND a.bin 16843009 0 300000 ")

    play(tmp_path, scene)


def test_ports_that_are_all_taken_are_named(tmp_path: Path) -> None:
    path = file_of(tmp_path, "a.bin", CONTENT)

    async def scene(ann: Person, bob: Person) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            ann.choose(first_port=port, last_port=port)
            (given,) = ann.transfers.offer_file(["bob"], path)
            ended = await ann.ended(given)
            assert f"port {port}" in ended.detail
            assert "preferences" in ended.hint

    play(tmp_path, scene)


def test_direction_and_kind_are_told_from_the_beginning(tmp_path: Path) -> None:
    path = file_of(tmp_path, "a.bin", CONTENT)

    async def scene(ann: Person, bob: Person) -> None:
        given, taken = await give(ann, bob, path)
        assert (given.direction, taken.direction) == (Direction.SENT, Direction.RECEIVED)
        assert ann.states(given)[0] is State.PREPARING
        assert ann.states(given)[-1] is State.DONE
        assert bob.states(taken)[:3] == [State.OFFERED, State.ANSWERED, State.CONNECTING]
        assert taken.offer is not None
        assert "2130706433" in taken.offer_words

    play(tmp_path, scene)
