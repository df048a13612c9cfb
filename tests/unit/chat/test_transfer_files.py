"""Files from one program to another over loopback: every way, every end, nothing lost."""

import asyncio
import contextlib
import hashlib
import os
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import cast

import pytest

from chatlab.chat.transfer import carrying, meeting, moving
from chatlab.chat.transfer.opening import PeerSocket
from chatlab.core.errors import FileError, UsageError
from chatlab.core.flow import Direction, Endpoint
from chatlab.core.transfer import Transfer, TransferState, TransferWay
from chatlab.protocol.dcc import format_ack
from tests.helpers.dcc_pair import TIMEOUT_S, Person, file_of, pair

State = TransferState
CONTENT = os.urandom(300_000)


def play(tmp_path: Path, scene: Callable[[Person, Person], Awaitable[None]]) -> None:
    async def run() -> None:
        ann, bob = pair(tmp_path)
        try:
            async with asyncio.timeout(TIMEOUT_S):
                await scene(ann, bob)
        finally:
            await ann.transfers.close()
            await bob.transfers.close()

    asyncio.run(run())


async def give(
    ann: Person, bob: Person, path: Path, *, passive: bool | None = None, resume: bool = False
) -> tuple[Transfer, Transfer]:
    """Ann offers, Bob takes; how it ended for both."""
    (given,) = ann.transfers.offer_file(["bob"], path, passive=passive)
    taken = await bob.offered()
    bob.transfers.accept(taken.id, resume=resume)
    return await ann.ended(given), await bob.ended(taken)


@pytest.mark.parametrize("passive", [False, True])
@pytest.mark.parametrize("content", [CONTENT, b"", b"x"])
def test_a_file_arrives_whole_whoever_listens(
    tmp_path: Path, passive: bool, content: bytes
) -> None:
    path = file_of(tmp_path, "my report.pdf", content)

    async def scene(ann: Person, bob: Person) -> None:
        given, taken = await give(ann, bob, path, passive=passive)
        assert (given.state, taken.state) == (State.DONE, State.DONE), (given, taken)
        assert taken.path == tmp_path / "bob" / "my report.pdf"
        assert taken.path.read_bytes() == content
        assert given.position == taken.position == len(content)
        assert given.sha256 == taken.sha256 == hashlib.sha256(content).hexdigest()
        verified = await bob.until(lambda: [t for t in bob.transfers.transfers if t.is_verified])
        assert verified[0].id == taken.id
        way = TransferWay.PASSIVE if passive else TransferWay.ACTIVE
        assert (given.way, taken.way) == (way, way)
        assert given.flow is not None
        assert taken.flow is not None
        assert (given.flow.local, given.flow.remote) == (taken.flow.remote, taken.flow.local)
        assert bytes(ann.tap.sent) == bytes(bob.tap.received) == content
        assert not list((tmp_path / "bob").glob("*.part"))

    play(tmp_path, scene)


def test_the_capture_is_asked_before_a_listening_socket_can_hear(tmp_path: Path) -> None:
    path = file_of(tmp_path, "a.bin", CONTENT)

    async def scene(ann: Person, bob: Person) -> None:
        given, _ = await give(ann, bob, path, passive=False)
        assert given.flow is not None
        # The peer's port was not known yet: any port of its address.
        assert ann.tap.admitted == [type(given.flow)(given.flow.local, Endpoint("127.0.0.1", 0))]
        assert ann.tap.connections[0].flow == given.flow
        assert ann.tap.connections[0].is_captured
        assert bob.tap.admitted == [bob.tap.connections[0].flow]
        assert ann.tap.dismissed == ann.tap.admitted
        assert bob.tap.dismissed == bob.tap.admitted

    play(tmp_path, scene)


def test_a_peer_whose_address_is_hidden_is_captured_from_its_connection_on(tmp_path: Path) -> None:
    path = file_of(tmp_path, "a.bin", CONTENT)

    async def scene(ann: Person, bob: Person) -> None:
        ann.host = "cloak/hidden"
        ann.tap.captures = False
        given, _ = await give(ann, bob, path, passive=False)
        assert given.state is State.DONE
        assert ann.tap.admitted[-1] == given.flow
        assert not ann.tap.connections[0].is_captured

    play(tmp_path, scene)


def test_an_offer_to_many_is_one_transfer_each(tmp_path: Path) -> None:
    path = file_of(tmp_path, "a.bin", CONTENT)

    async def scene(ann: Person, bob: Person) -> None:
        given = ann.transfers.offer_file(["bob", "cid", "bob"], path, "#lab")
        assert [one.peer for one in given] == ["bob", "cid"]
        assert given[0].group == given[1].group != ""
        assert {one.chat for one in given} == {"#lab"}
        bob.transfers.accept((await bob.offered()).id)
        assert (await ann.ended(given[0])).state is State.DONE
        ann.transfers.cancel(given[1].id)
        assert (await ann.ended(given[1])).state is State.CANCELLED

    play(tmp_path, scene)


@pytest.mark.parametrize("passive", [False, True])
def test_a_file_goes_on_where_an_earlier_attempt_ended(tmp_path: Path, passive: bool) -> None:
    path = file_of(tmp_path, "a.bin", CONTENT)
    file_of(tmp_path / "bob", "a.bin.part", CONTENT[:123_456])

    async def scene(ann: Person, bob: Person) -> None:
        (given,) = ann.transfers.offer_file(["bob"], path, passive=passive)
        offer = await bob.offered()
        assert bob.transfers.kept_bytes(offer.id) == 123_456
        bob.transfers.accept(offer.id, resume=True)
        taken, done = await bob.ended(offer), await ann.ended(given)
        assert (taken.state, done.state) == (State.DONE, State.DONE), (taken, done)
        assert taken.start == done.start == 123_456
        assert taken.path is not None
        assert taken.path.read_bytes() == CONTENT
        assert len(ann.tap.sent) == len(CONTENT) - 123_456
        assert taken.sha256 == done.sha256 == hashlib.sha256(CONTENT).hexdigest()
        assert State.ANSWERED in ann.states(given)

    play(tmp_path, scene)


def test_a_program_that_cannot_resume_sends_all_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carrying, "RESUME_S", 0.05)
    path = file_of(tmp_path, "a.bin", CONTENT)
    file_of(tmp_path / "bob", "a.bin.part", b"something else")

    async def scene(ann: Person, bob: Person) -> None:
        bob.edit = lambda line: None if line.startswith("RESUME") else line
        _, taken = await give(ann, bob, path, resume=True)
        assert taken.path is not None
        assert taken.path.read_bytes() == CONTENT
        assert "does not resume" in bob.words

    play(tmp_path, scene)


def test_nothing_that_is_there_is_overwritten(tmp_path: Path) -> None:
    path = file_of(tmp_path, "a.tar.gz", CONTENT)
    old = file_of(tmp_path / "bob", "a.tar.gz", b"old")

    async def scene(ann: Person, bob: Person) -> None:
        for number in (1, 2):
            _, taken = await give(ann, bob, path)
            assert taken.path == tmp_path / "bob" / f"a ({number}).tar.gz"
        assert old.read_bytes() == b"old"

    play(tmp_path, scene)


def test_who_refuses_is_named(tmp_path: Path) -> None:
    path = file_of(tmp_path, "a b.bin", CONTENT)

    async def scene(ann: Person, bob: Person) -> None:
        (given,) = ann.transfers.offer_file(["bob"], path)
        taken = await bob.offered()
        bob.transfers.refuse(taken.id)
        ended = await ann.ended(given)
        assert (ended.state, ended.detail) == (State.REFUSED, "bob refused it.")
        assert bob.lines[-1] == ("ann", "REJECT SEND a b.bin")
        with pytest.raises(UsageError):
            bob.transfers.accept(taken.id)

    play(tmp_path, scene)


def test_a_withdrawn_offer_is_gone_for_both(tmp_path: Path) -> None:
    path = file_of(tmp_path, "a.bin", CONTENT)

    async def scene(ann: Person, bob: Person) -> None:
        (given,) = ann.transfers.offer_file(["bob"], path)
        taken = await bob.offered()
        ann.transfers.cancel(given.id)
        ended = await bob.ended(taken)
        assert (ended.state, ended.detail) == (State.CANCELLED, "ann withdrew the offer.")

    play(tmp_path, scene)


def test_breaking_off_keeps_what_is_there_and_tells_both(tmp_path: Path) -> None:
    path = file_of(tmp_path, "big.bin", bytes(30_000_000))

    async def scene(ann: Person, bob: Person) -> None:
        (given,) = ann.transfers.offer_file(["bob"], path)
        taken = await bob.offered()
        bob.transfers.accept(taken.id)
        await bob.in_state(taken, State.MOVING)
        bob.transfers.set_paused(taken.id, True)
        bob.transfers.cancel(taken.id)
        assert (await bob.ended(taken)).state is State.CANCELLED
        broken = await ann.ended(given)
        assert broken.state is State.FAILED
        assert "of 30,000,000 bytes" in broken.detail
        assert broken.hint

    play(tmp_path, scene)


def test_a_held_file_waits_and_goes_on(tmp_path: Path) -> None:
    path = file_of(tmp_path, "big.bin", bytes(20_000_000))

    async def scene(ann: Person, bob: Person) -> None:
        (given,) = ann.transfers.offer_file(["bob"], path)
        taken = await bob.offered()
        bob.transfers.accept(taken.id)
        await bob.in_state(taken, State.MOVING)
        bob.transfers.set_paused(taken.id, True)
        assert (await bob.in_state(taken, State.MOVING)).is_paused
        bob.transfers.set_paused(taken.id, False)
        assert (await bob.ended(taken)).state is State.DONE
        assert (await ann.ended(given)).state is State.DONE
        with pytest.raises(UsageError):
            bob.transfers.set_paused(taken.id, True)

    play(tmp_path, scene)


def test_an_offer_that_nobody_takes_is_made_the_other_way_round_and_then_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meeting, "OFFER_S", 0.2)
    path = file_of(tmp_path, "a.bin", CONTENT)

    async def scene(ann: Person, bob: Person) -> None:
        ann.choose(turns_round_s=0.05)
        (given,) = ann.transfers.offer_file(["bob"], path)
        ended = await ann.ended(given)
        assert ended.state is State.FAILED
        assert "did not take it" in ended.detail
        offers = [line for _, line in ann.lines]
        assert len(offers) == 2
        assert " 0 300000 " in offers[1]
        # Bob sees one offer, not two.
        assert len(bob.transfers.transfers) == 1
        assert bob.transfers.transfers[0].offer_words.startswith("DCC, passive")

    play(tmp_path, scene)


def test_the_second_way_leads_through_where_the_first_does_not(tmp_path: Path) -> None:
    path = file_of(tmp_path, "a.bin", CONTENT)

    async def scene(ann: Person, bob: Person) -> None:
        ann.choose(turns_round_s=0.1)
        with socket.socket() as dead:
            # An active offer leads to a port where nobody accepts: a firewall, as it were.
            dead.bind(("127.0.0.1", 0))
            ann.edit = lambda line: (
                line
                if " 0 300000 " in line
                else f"SEND a.bin 2130706433 {dead.getsockname()[1]} 300000"
            )
            (given,) = ann.transfers.offer_file(["bob"], path)
            await ann.until(lambda: len(ann.lines) == 2)
            taken = await bob.until(
                lambda: [t for t in bob.transfers.transfers if "passive" in t.offer_words]
            )
            bob.transfers.accept(taken[0].id)
            assert (await bob.ended(taken[0])).state is State.DONE
            done = await ann.ended(given)
            assert (done.state, done.way) == (State.DONE, TransferWay.PASSIVE)

    play(tmp_path, scene)


def test_a_port_where_nobody_listens_is_said_at_once(tmp_path: Path) -> None:
    async def scene(ann: Person, bob: Person) -> None:
        with socket.socket() as dead:
            dead.bind(("127.0.0.1", 0))
            bob.hear("ann", f"SEND a.bin 2130706433 {dead.getsockname()[1]} 10")
            taken = await bob.offered()
            bob.transfers.accept(taken.id)
            ended = await bob.ended(taken)
            assert ended.state is State.FAILED
            assert "nothing listens there" in ended.detail
            assert ended.hint

    play(tmp_path, scene)


def test_nobody_of_that_name_is_said_at_once(tmp_path: Path) -> None:
    path = file_of(tmp_path, "a.bin", CONTENT)

    async def scene(ann: Person, bob: Person) -> None:
        ann.hosts["bob"] = None
        (given,) = ann.transfers.offer_file(["bob"], path)
        ended = await ann.ended(given)
        assert ended.detail == "Nobody on this network is called bob now."
        assert not ann.lines

    play(tmp_path, scene)


def test_who_leaves_the_network_takes_no_file(tmp_path: Path) -> None:
    path = file_of(tmp_path, "a.bin", CONTENT)

    async def scene(ann: Person, bob: Person) -> None:
        (given,) = ann.transfers.offer_file(["bob"], path)
        await ann.in_state(given, State.OFFERED)
        ann.transfers.renamed("bob", "rob")
        ann.transfers.gone("bob", "bob left")
        assert (await ann.in_state(given, State.OFFERED)).peer == "rob"
        ann.transfers.gone("rob", "rob left")
        assert (await ann.ended(given)).detail == "rob left"

    play(tmp_path, scene)


def test_what_cannot_be_offered_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    async def scene(ann: Person, bob: Person) -> None:
        with pytest.raises(FileError, match="is no file"):
            ann.transfers.offer_file(["bob"], tmp_path)
        with pytest.raises(FileError, match="cannot be read"):
            ann.transfers.offer_file(["bob"], tmp_path / "none")
        path = file_of(tmp_path, "a.bin", b"x")
        with pytest.raises(UsageError):
            ann.transfers.offer_file(["not a nick"], path)
        with pytest.raises(UsageError):
            ann.transfers.offer_file([], path)
        ann.around = type(ann.around)("", "", "ann", False)
        with pytest.raises(UsageError, match="not connected"):
            ann.transfers.offer_file(["bob"], path)
        assert not ann.transfers.transfers

    play(tmp_path, scene)


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
        ann.around = type(ann.around)("192.168.7.9", "203.0.113.5", "ann", True)
        ann.host = "198.51.100.3"
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
