"""Frames of messages when the capture begins late, dies in the middle, or is not allowed at all."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from chatlab.analysis.session_file import MessageRecord, message_records
from chatlab.app.feed import CaptureFeed
from chatlab.app.saving import save_capture
from chatlab.app.session import Session
from chatlab.capture.dissector import ScapyDissector
from chatlab.chat.irc.outbox import SendPace
from chatlab.core import events as ev
from chatlab.core.account import Account, AccountId, Autojoin, Security
from chatlab.core.capture import CaptureLive, CaptureLost
from chatlab.core.chats import ChatBook
from chatlab.core.message import Delivery
from chatlab.store.secrets import SessionSecrets
from tests.helpers import tshark
from tests.helpers.proof import (
    Feeder,
    Lab,
    assert_proven,
    chatlab,
    lab_server,
    onlooker,
    said_in_part,
    texts,
)

pytestmark = [pytest.mark.capture, pytest.mark.only_on("linux"), pytest.mark.servers("tshark")]

TIMEOUT_S = 30.0
_WITHOUT_RIGHTS = ("setpriv", "--bounding-set", "-all", "--inh-caps", "-all")
"""Root without capabilities may do no more than anyone: the kernel asks for CAP_NET_RAW."""


class Talk:
    """A session with one account in #lab, as the window has it."""

    def __init__(self, lab: Lab, folder: Path, *, tls: bool) -> None:
        self.book = ChatBook()
        self.feed = CaptureFeed(folder / "live.pcapng", self.book, ScapyDissector(), is_live=True)
        self.session = Session(self.book, self.feed, SessionSecrets(), pace=SendPace.unlimited())
        self._happened = asyncio.Event()
        self.session.observe(self._on_event)
        self.feed.on_frames(self._happened.set)
        self._account = Account(
            id=AccountId("ann"),
            name="ann",
            host=lab.host,
            port=lab.tls_port if tls else lab.port,
            security=Security.DIRECT_TLS if tls else Security.PLAIN,
            nick="ann",
            channels=(Autojoin("#lab"),),
            ca_file=str(lab.ca_file) if tls else "",
        )
        self._connection = self.session.add_account(self._account)

    def _on_event(self, event: ev.ChatEvent) -> None:
        self._happened.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(TIMEOUT_S):
            while not condition():
                self._happened.clear()
                await self._happened.wait()

    async def join(self) -> None:
        self._connection.start()
        await self.until(lambda: self.book.open(self._account.id, "#lab").is_joined)

    def say(self, *spoken: str) -> None:
        for text in spoken:
            self._connection.send("#lab", text)

    async def until_all_is_there(self, sent: int, received: int) -> None:
        """Wait for so many echoes of ours and messages of others."""

        def is_there() -> bool:
            known = list(self.feed.messages.values())
            echoed = sum(message.delivery is Delivery.ECHOED for message in known)
            return echoed == sent and len(known) == sent + received

        await self.until(is_there)

    @property
    def capture_pid(self) -> int:
        assert self.session._source is not None
        assert self.session._source.helper_pid is not None
        return self.session._source.helper_pid

    def records(self) -> list[MessageRecord]:
        return list(message_records(self.feed.messages.values(), self.feed.correlator))


@asynccontextmanager
async def talking(lab: Lab, folder: Path, *, tls: bool) -> AsyncIterator[Talk]:
    talk = Talk(lab, folder, tls=tls)
    try:
        yield talk
    finally:
        await talk.session.close()
        talk.feed.close()


_SECURITY = pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLSv1.3"])


# --- late -------------------------------------------------------------------------------------

EARLY = ("ok", "this was said before anything was captured", "ok")
LATE = ("ok", "x", "ok", "this one was said under the eyes of the capture", "ok", "y" * 400)


@_SECURITY
def test_a_capture_that_begins_late_finds_its_place_by_content(tls: bool, tmp_path: Path) -> None:
    saved = tmp_path / "late.pcapng"
    whole = tmp_path / "whole.pcapng"

    async def scene(lab: Lab, feeder: Feeder) -> tuple[list[MessageRecord], list[str]]:
        async with talking(lab, tmp_path, tls=tls) as talk:
            await talk.join()
            talk.say(*EARLY)
            feeder.speak(*EARLY)
            await talk.until_all_is_there(len(EARLY), len(EARLY))
            assert isinstance(await talk.session.start_capture(), CaptureLive)
            talk.say(*LATE)
            feeder.speak(*LATE)
            await talk.until_all_is_there(len(EARLY + LATE), len(EARLY + LATE))
            await talk.session.catch_up()
            # A readable line might be an older one's twin until later bytes have been read.
            await asyncio.to_thread(feeder.until_heard_by, "ann")
            await talk.session.catch_up()
            save_capture(talk.feed, saved)
            return talk.records(), talk.feed.key_log

    with lab_server(tmp_path / "server") as lab:
        # The other user comes through the other port, which is not looked at.
        port, other = (lab.tls_port, lab.port) if tls else (lab.port, lab.tls_port)
        trust = None if tls else lab.ca_file
        with (
            Feeder(lab.host, other, "rain", ca_file=trust) as feeder,
            onlooker(whole, port) as look,
        ):
            records, keys = asyncio.run(scene(lab, feeder))
            look.until_the_end()
    if tls:
        look.decrypt(keys)

    for direction, nick in (("sent", ""), ("received", "rain")):
        ours = [record for record in records if record["direction"] == direction]
        ours.sort(key=lambda record: record["bytes"] or [])
        theirs = [part for part in said_in_part(whole, saved) if part.said.nick == nick]
        assert texts(ours, direction) == [*EARLY, *LATE]
        assert [(r["text"], tuple(r["frames"])) for r in ours] == [
            (part.said.text, part.frames) for part in theirs
        ]
        assert [r["evidence"] for r in ours] == [None] * len(EARLY) + ["content"] * len(LATE)
    assert chatlab("messages", str(saved), "--json").records == records


@_SECURITY
def test_in_a_quiet_chat_a_late_capture_finds_its_place_too(tls: bool, tmp_path: Path) -> None:
    """Nothing is said after the one line, which resembles one from before the capture."""
    saved, whole = tmp_path / "quiet.pcapng", tmp_path / "whole.pcapng"
    line = "the same words before and under the eyes of the capture"

    async def scene(lab: Lab, feeder: Feeder) -> list[str]:
        async with talking(lab, tmp_path, tls=tls) as talk:
            await talk.join()
            feeder.speak(line)
            await talk.until_all_is_there(0, 1)
            await talk.session.start_capture()
            feeder.speak(f"{line}!")
            await talk.until_all_is_there(0, 2)
            (heard,) = (m.id for m in talk.feed.messages.values() if m.text == f"{line}!")
            await talk.until(lambda: bool(talk.feed.attribution(heard).frames))
            save_capture(talk.feed, saved)
            return talk.feed.key_log

    with lab_server(tmp_path / "server") as lab:
        port, other = (lab.tls_port, lab.port) if tls else (lab.port, lab.tls_port)
        trust = None if tls else lab.ca_file
        with (
            Feeder(lab.host, other, "rain", ca_file=trust) as feeder,
            onlooker(whole, port) as look,
        ):
            keys = asyncio.run(scene(lab, feeder))
            look.until_the_end()
    if tls:
        look.decrypt(keys)
    records = chatlab("messages", str(saved), "--json").records
    theirs = [part for part in said_in_part(whole, saved) if part.said.nick == "rain"]
    assert [part.said.text for part in theirs] == [line, f"{line}!"]
    assert [tuple(r["frames"]) for r in records] == [part.frames for part in theirs]
    assert [r["evidence"] for r in records] == [None, "content"]


# --- killed -----------------------------------------------------------------------------------


@_SECURITY
def test_a_killed_capture_process_costs_no_frame(tls: bool, tmp_path: Path) -> None:
    saved = tmp_path / "killed.pcapng"
    waves = [[f"wave {wave} line {number}" for number in range(25)] for wave in range(4)]

    async def scene(lab: Lab, feeder: Feeder) -> list[MessageRecord]:
        async with talking(lab, tmp_path, tls=tls) as talk:
            await talk.session.start_capture()
            await talk.join()
            for number, wave in enumerate(waves):
                talk.say(*wave)
                feeder.speak(*wave)
                if number == 0:
                    os.kill(talk.capture_pid, signal.SIGKILL)  # Its successor comes by itself.
                if number == 2:
                    os.kill(talk.capture_pid, signal.SIGKILL)  # So soon, only when asked for.
                    await talk.until(lambda: isinstance(talk.feed.status, CaptureLost))
                talk.say(*wave)
                so_far = len(wave) * (number + 1)
                await talk.until_all_is_there(2 * so_far, so_far)
                await asyncio.to_thread(feeder.until_heard_by, "ann")
                if number == 1:
                    await talk.session.catch_up()
            await talk.session.restart_capture()
            await talk.session.catch_up()
            save_capture(talk.feed, saved)
            return talk.records()

    with lab_server(tmp_path / "server") as lab, Feeder(lab.host, lab.port, "rain") as feeder:
        records = asyncio.run(scene(lab, feeder))

    assert texts(records, "received") == [text for wave in waves for text in wave]
    assert len(texts(records, "sent")) == 2 * 4 * 25
    assert_proven(saved, records, "ann")
    assert tshark.complaints(saved) == ""


# --- not allowed ------------------------------------------------------------------------------


@_SECURITY
def test_without_permission_messages_go_out_and_no_frame_is_invented(
    tls: bool, tmp_path: Path
) -> None:
    saved = tmp_path / "nothing.pcapng"
    with lab_server(tmp_path / "server") as lab:
        arguments = ["say", lab.url("ann", tls=tls), "one", "two", "--ca", str(lab.ca_file)]
        arguments += ["--interval", "0", "--json", "--save", str(saved)]
        outcome = chatlab(*arguments, prefix=_WITHOUT_RIGHTS)
    doctor = chatlab("doctor", "--json", prefix=_WITHOUT_RIGHTS)

    assert outcome.exit_code == 0
    assert texts(outcome.records, "sent") == ["one", "two"]
    for record in outcome.records:
        assert record["delivery"] == "echoed"
        assert (record["stream"], record["evidence"]) == (None, None)
        assert not any(record[key] for key in ("frames", "acks", "retransmissions", "echo_frames"))
    advice = json.loads(doctor.out)
    assert advice["can_capture"] is False
    remedies = [check["remedy"] for check in advice["checks"] if check["remedy"]]
    assert outcome.error.startswith("No frames: ")
    assert "may not open packet sockets" in outcome.error
    assert any(remedy in outcome.error for remedy in remedies)
    assert tshark.complaints(saved) == ""
    assert tshark.fields(saved, ["frame.number"]) == []
    assert chatlab("messages", str(saved), "--json").out == outcome.out
