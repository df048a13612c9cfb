"""DCC between the account's connection and its transfers: lines, hosts, nicks and commands."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from chatlab.chat.irc.connection import IrcConnection
from chatlab.chat.transfer.opening import PeerDialler
from chatlab.chat.transfer.transfers import Transfers
from chatlab.core.commands import parse
from chatlab.core.errors import UsageError
from chatlab.core.events import Informed
from chatlab.core.message import MessageKind
from chatlab.core.transfer import Transfer, TransferKind, TransferPolicy, TransferState
from tests.helpers.dcc_pair import NotingTap, file_of
from tests.helpers.irc_play import Play, settle

State = TransferState
OFFER = ":bob!b@127.0.0.1 PRIVMSG ann :\x01DCC SEND notes.pdf 2130706433 5000 12\x01"


def play(scene: Callable[[Play, Transfers], Awaitable[None]]) -> None:
    async def run() -> None:
        tap = NotingTap()
        started = await Play(peers=PeerDialler(tap, tap)).start()
        transfers = transfers_of(started.irc)
        try:
            await scene(started, transfers)
        finally:
            await transfers.close()
            await started.stop()

    asyncio.run(run())


def transfers_of(irc: IrcConnection) -> Transfers:
    assert irc.transfers is not None
    return irc.transfers


def words(started: Play) -> str:
    return "\n".join(event.text for event in started.of(Informed))


async def offering(started: Play, transfers: Transfers, line: str) -> Transfer:
    """What a command offers, once its line has left: listening takes turns of the real loop."""
    has_left = asyncio.Event()
    started.server.on["PRIVMSG"] = lambda line: has_left.set()
    started.irc.execute(parse(line), "#lab")
    async with asyncio.timeout(5):
        await has_left.wait()
    return transfers.transfers[-1]


def test_an_offer_becomes_a_transfer_with_the_bytes_of_its_line() -> None:
    async def scene(started: Play, transfers: Transfers) -> None:
        started.server.say(OFFER)
        await settle()
        (offer,) = transfers.transfers
        assert (offer.peer, offer.name, offer.size) == ("bob", "notes.pdf", 12)
        assert offer.state is State.OFFERED
        assert offer.offer is not None
        assert started.server.transport is not None
        assert len(offer.offer.span) == len(OFFER) + 2
        assert not [line for line in started.server.lines if line.startswith("NOTICE")]

    play(scene)


@pytest.mark.parametrize(
    "line",
    [
        OFFER.replace("PRIVMSG ann", "PRIVMSG #lab"),
        "@time=2026-01-01T00:00:00.000Z;batch=1 " + OFFER,
        OFFER.replace(":bob!", ":ann!"),
        OFFER.replace("2130706433", "4294967296"),
        OFFER.replace("SEND", "XMIT"),
        OFFER.replace("5000", "22"),
    ],
)
def test_what_is_no_offer_to_us_is_none(line: str) -> None:
    async def scene(started: Play, transfers: Transfers) -> None:
        started.server.say("BATCH +1 chathistory #lab")
        started.server.say(line)
        started.server.say("BATCH -1")
        await settle()
        assert not transfers.transfers

    play(scene)


def test_who_is_ignored_offers_nothing() -> None:
    async def scene(started: Play, transfers: Transfers) -> None:
        started.irc.answer_only(lambda source: "bob" not in source)
        started.server.say(OFFER)
        await settle()
        assert not transfers.transfers

    play(scene)


def test_without_sockets_the_request_is_not_answered() -> None:
    async def run() -> None:
        started = await Play().start()
        started.server.say(OFFER)
        await settle()
        assert "DCC request; it was not answered" in words(started)
        with pytest.raises(UsageError, match="cannot be sent from here"):
            started.irc.execute(parse("/dcc list"), "#lab")
        await started.stop()

    asyncio.run(run())


def test_before_an_offer_the_server_says_where_people_are_and_nobody_is_told(
    tmp_path: Path,
) -> None:
    path = file_of(tmp_path, "my notes.pdf", b"12")

    async def scene(started: Play, transfers: Transfers) -> None:
        server = started.server
        server.on["USERHOST"] = lambda line: server.say(
            ":irc.test 302 ann :eve=+e@127.0.0.1 ann=+a@127.0.0.1"
        )
        given = await offering(started, transfers, f"/send eve {path}")
        assert given.name == "my notes.pdf"
        assert "USERHOST eve ann" in server.lines
        assert server.lines[-1].startswith('PRIVMSG eve :\x01DCC SEND "my notes.pdf" 2130706433 ')
        assert given.offer is not None
        assert "eve=+e@127.0.0.1" not in words(started)

    play(scene)


def test_nobody_of_that_name_is_known_from_the_answer(tmp_path: Path) -> None:
    path = file_of(tmp_path, "a.pdf", b"12")

    async def scene(started: Play, transfers: Transfers) -> None:
        server = started.server
        server.on["USERHOST"] = lambda line: server.say(":irc.test 302 ann :ann=+a@127.0.0.1")
        started.irc.execute(parse(f"/send eve {path}"), "#lab")
        await settle()
        (given,) = transfers.transfers
        assert given.state is State.FAILED
        assert "Nobody on this network is called eve" in given.detail

    play(scene)


def test_a_question_of_the_user_s_own_is_answered_in_words() -> None:
    async def scene(started: Play, transfers: Transfers) -> None:
        started.server.say(":irc.test 302 ann :bob=+b@127.0.0.1")
        await settle()
        assert "bob=+b@127.0.0.1" in words(started)

    play(scene)


@pytest.mark.parametrize(
    ("line", "state"),
    [
        (":irc.test 401 ann bob :No such nick", State.FAILED),
        (":bob!b@127.0.0.1 QUIT :bye", State.FAILED),
        (":bob!b@127.0.0.1 NICK rob", State.OFFERED),
        (":bob!b@127.0.0.1 NOTICE ann :\x01DCC REJECT SEND a.pdf\x01", State.REFUSED),
    ],
)
def test_what_becomes_of_the_other_one_reaches_the_offer(
    tmp_path: Path, line: str, state: State
) -> None:
    path = file_of(tmp_path, "a.pdf", b"12")

    async def scene(started: Play, transfers: Transfers) -> None:
        server = started.server
        server.on["USERHOST"] = lambda line: server.say(
            ":irc.test 302 ann :bob=+b@127.0.0.1 ann=+a@127.0.0.1"
        )
        given = await offering(started, transfers, f"/send bob {path}")
        server.say(line)
        await settle()
        now = transfers.transfers[-1]
        assert now.id == given.id
        assert now.state is state, now
        assert now.peer == ("rob" if "NICK" in line else "bob")

    play(scene)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("/dcc fly bob", "does not know"),
        ("/dcc send bob", "A nick and a file are needed"),
        ("/dcc get bob", "nothing like that with bob"),
        ("/dcc chat", "With whom"),
        ("/dcc close", "nothing like that"),
        ("/dcc refuse bob", "nothing like that"),
        ("/dcc resume bob", "nothing like that"),
    ],
)
def test_a_command_that_cannot_be_says_why(line: str, said: str) -> None:
    async def scene(started: Play, transfers: Transfers) -> None:
        with pytest.raises(UsageError, match=said):
            started.irc.execute(parse(line), "#lab")

    play(scene)


def test_refusing_and_listing_by_command(tmp_path: Path) -> None:
    async def scene(started: Play, transfers: Transfers) -> None:
        transfers.policy = TransferPolicy(folder=tmp_path)
        started.irc.execute(parse("/dcc list"), "#lab")
        assert "No file was offered so far." in words(started)
        started.server.say(OFFER)
        await settle()
        started.irc.execute(parse("/dcc list"), "#lab")
        assert "notes.pdf from bob: offered, 0 of 12 bytes." in words(started)
        started.irc.execute(parse("/dcc refuse bob notes.pdf"), "#lab")
        await settle()
        assert transfers.transfers[0].state is State.REFUSED
        assert "NOTICE bob :\x01DCC REJECT SEND notes.pdf\x01" in started.server.lines

    play(scene)


def test_a_direct_chat_is_none_of_the_server_s(tmp_path: Path) -> None:
    async def scene(started: Play, transfers: Transfers) -> None:
        before = list(started.server.lines)
        with pytest.raises(UsageError, match="not open"):
            started.irc.send("=bob", "hello")
        assert started.irc.predict("=bob", "grüße\nzwei") == (8, 5)
        assert started.irc.predict("=bob", "x", MessageKind.ACTION) == (11,)
        started.irc.note_typing("=bob", True)
        started.irc.mark_read("=bob", 5)
        started.irc.execute(parse("/part"), "=bob")
        started.server.say(":bob!b@127.0.0.1 PRIVMSG ann :\x01DCC CHAT chat 2130706433 5000\x01")
        await settle()
        (offer,) = transfers.transfers
        assert (offer.kind, offer.name) == (TransferKind.CHAT, "=bob")
        assert started.server.lines == before

    play(scene)
