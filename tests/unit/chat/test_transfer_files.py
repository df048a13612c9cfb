"""Files from one program to another over loopback: every way, every end, nothing lost."""

import hashlib
import os
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from chatlab.chat.transfer import carrying, meeting
from chatlab.core.errors import FileError, UsageError
from chatlab.core.flow import Endpoint
from chatlab.core.transfer import TransferState, TransferWay
from tests.helpers.dcc_pair import Person, file_of, give, play

State = TransferState
CONTENT = os.urandom(300_000)


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
        ended = await bob.ended(taken)
        assert ended.state is State.CANCELLED
        assert ended.path is not None  # Nothing may have come yet: then no file is left.
        kept = ended.path.stat().st_size if ended.path.exists() else 0
        assert kept == ended.position
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
        ann.around = replace(ann.around, local_address="", is_online=False)
        with pytest.raises(UsageError, match="not connected"):
            ann.transfers.offer_file(["bob"], path)
        assert not ann.transfers.transfers

    play(tmp_path, scene)
