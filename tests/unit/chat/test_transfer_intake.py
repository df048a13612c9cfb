"""What strangers send by DCC: noted, judged or dropped, and never obeyed."""

import asyncio
import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from chatlab.chat.transfer import files, intake
from chatlab.chat.transfer.files import IncomingFile, OutgoingFile, kept_part
from chatlab.core.errors import FileError, UsageError
from chatlab.core.transfer import TransferId, TransferState
from tests.helpers.dcc_pair import Person, file_of, pair

State = TransferState


def alone(tmp_path: Path, look: Callable[[Person], None]) -> None:
    async def run() -> None:
        _, bob = pair(tmp_path)
        bob.other = None
        try:
            look(bob)
        finally:
            await bob.transfers.close()

    asyncio.run(run())


def test_an_offer_is_only_noted(tmp_path: Path) -> None:
    def look(bob: Person) -> None:
        bob.hear("ann", "SEND ../../.bashrc 2130706433 5000 12")
        (offer,) = bob.transfers.transfers
        assert offer.state is State.OFFERED
        assert (offer.name, offer.offered_name) == ("_bashrc", "../../.bashrc")
        assert any("changed to one that is safe" in words for words in offer.warnings)
        assert not bob.lines
        assert not bob.tap.admitted
        assert not (tmp_path / "bob").exists()

    alone(tmp_path, look)


@pytest.mark.parametrize(
    "line",
    [
        "SEND a 2130706433 22 12",
        "SEND a 0 5000 12",
        "SEND a 3758096385 5000 12",
        "CHAT chat 2130706433 80",
    ],
)
def test_offers_that_lead_to_no_person_are_refused(tmp_path: Path, line: str) -> None:
    def look(bob: Person) -> None:
        bob.hear("ann", line)
        assert not bob.transfers.transfers
        assert "is not followed" in bob.words

    alone(tmp_path, look)


def test_an_executable_is_warned_of(tmp_path: Path) -> None:
    def look(bob: Person) -> None:
        bob.hear("ann", "SEND photo\u202egpj.exe 2130706433 5000 12")
        (offer,) = bob.transfers.transfers
        assert offer.name == "photogpj.exe"
        assert any("may run a program" in words for words in offer.warnings)

    alone(tmp_path, look)


def test_nobody_can_fill_the_list(tmp_path: Path) -> None:
    def look(bob: Person) -> None:
        for number in range(1000):
            bob.hear("ann", f"SEND file{number} 2130706433 5000 12")
        assert len(bob.transfers.transfers) == intake.MAX_PENDING
        for number in range(1000):
            bob.hear(f"nick{number}", "SEND a 2130706433 5000 12")
        assert len(bob.transfers.transfers) == intake.MAX_PENDING_IN_ALL

    alone(tmp_path, look)


def test_the_same_offer_again_is_one_offer(tmp_path: Path) -> None:
    def look(bob: Person) -> None:
        for port in (5000, 5001, 5002):
            bob.hear("ann", f"SEND a 2130706433 {port} 12")
        bob.hear("ann", "SEND a 16843009 0 12 9")
        (offer,) = bob.transfers.transfers
        assert "token 9" in offer.offer_words

    alone(tmp_path, look)


@pytest.mark.parametrize(
    "line",
    [
        "RESUME a 5000 3",
        "ACCEPT a 5000 3",
        "RESUME a 0 3 77",
        "REJECT SEND a",
        "REJECT CHAT chat",
        "SEND a 2130706433 5000 12 77",
        "CHAT chat 2130706433 5000 77",
    ],
)
def test_answers_to_what_nobody_asked_change_nothing(tmp_path: Path, line: str) -> None:
    def look(bob: Person) -> None:
        bob.hear("ann", line)
        assert not bob.transfers.transfers
        assert not bob.lines

    alone(tmp_path, look)


def test_a_resume_beyond_the_end_is_not_answered(tmp_path: Path) -> None:
    path = file_of(tmp_path, "a.bin", bytes(100))

    async def run() -> None:
        ann, _ = pair(tmp_path)
        ann.other = None
        (given,) = ann.transfers.offer_file(["bob"], path)
        await ann.in_state(given, State.OFFERED)
        port = ann.lines[0][1].split()[3]
        ann.hear("bob", f"RESUME a.bin {port} 101")
        ann.hear("cid", f"RESUME a.bin {port} 50")
        assert len(ann.lines) == 1
        ann.hear("bob", f"RESUME a.bin {port} 50")
        assert ann.lines[1] == ("bob", f"ACCEPT a.bin {port} 50")
        await ann.transfers.close()

    asyncio.run(run())


def test_an_offer_that_our_user_forgets_lapses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "DECIDE_S", 0.01)

    async def run() -> None:
        _, bob = pair(tmp_path)
        bob.hear("ann", "SEND a 2130706433 5000 12")
        ended = await bob.ended(bob.transfers.transfers[0])
        assert "You did not answer" in ended.detail

    asyncio.run(run())


def test_what_cannot_be_done_is_said(tmp_path: Path) -> None:
    def look(bob: Person) -> None:
        bob.hear("ann", "SEND a 2130706433 5000 12")
        (offer,) = bob.transfers.transfers
        for deed in (bob.transfers.forget, lambda one: bob.transfers.set_paused(one, True)):
            with pytest.raises(UsageError):
                deed(offer.id)
        with pytest.raises(UsageError, match="not known"):
            bob.transfers.cancel(TransferId("none"))
        bob.choose(folder=None)
        with pytest.raises(FileError, match="No folder"):
            bob.transfers.accept(offer.id)
        bob.transfers.refuse(offer.id)
        bob.transfers.forget(offer.id)
        assert not bob.transfers.transfers

    alone(tmp_path, look)


# -- the files themselves


def test_more_than_four_gibibytes_are_counted_right(tmp_path: Path) -> None:
    """Sparse: its bytes are counted, not written."""
    path, size = tmp_path / "huge.bin", 5 * (1 << 30)
    with path.open("wb") as file:
        file.truncate(size)
    assert files.check_outgoing(path) == size
    outgoing = OutgoingFile(path)
    assert outgoing.size == size
    outgoing.close()
    assert kept_part(tmp_path / "huge.bin", size + 1) == (path, size)


def test_a_part_is_continued_and_the_whole_is_hashed(tmp_path: Path) -> None:
    part = file_of(tmp_path, "a.bin.part", b"0123456789rubbish")

    async def run() -> None:
        incoming = await IncomingFile.reopen(part, tmp_path / "a.bin", 10, 15)
        await incoming.append(b"abcde")
        assert incoming.sha256 == hashlib.sha256(b"0123456789abcde").hexdigest()
        assert await incoming.finish() == tmp_path / "a.bin"

    asyncio.run(run())
    assert (tmp_path / "a.bin").read_bytes() == b"0123456789abcde"


@pytest.mark.skipif(os.name != "posix", reason="symbolic links need a right on Windows")
def test_links_lead_nowhere(tmp_path: Path) -> None:
    secret = file_of(tmp_path, "secret", b"keep")
    folder = tmp_path / "down"
    folder.mkdir()
    (folder / "a.bin.part").symlink_to(secret)
    (folder / "a (1).bin").symlink_to(tmp_path / "nothing")

    async def run() -> None:
        incoming = IncomingFile.create(folder / "a.bin", 3)
        await incoming.append(b"new")
        assert await incoming.finish() == folder / "a (2).bin"

    asyncio.run(run())
    assert secret.read_bytes() == b"keep"
    assert kept_part(folder / "a.bin", 100) is None


def test_a_disk_without_room_is_said_before_a_byte_comes(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="has room for"):
        IncomingFile.create(tmp_path / "a.bin", 1 << 62)
    assert not list(tmp_path.iterdir())
