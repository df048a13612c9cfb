"""The comparison against tshark: the same words on six real connections to the lab's server."""

import asyncio
import json
from collections.abc import Coroutine, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from chatlab.app.comparing import SessionComparer
from chatlab.app.feed import CaptureFeed
from chatlab.app.lab import LAB_CHANNEL, lab_accounts, lab_xmpp_accounts
from chatlab.app.saving import save, save_capture, session_work
from chatlab.app.session import Session
from chatlab.capture.dissector import ScapyDissector
from chatlab.cli.arguments import run
from chatlab.core.account import Account, AccountId, LoginMethod, SecretKind, Security
from chatlab.core.chats import ChatBook
from chatlab.core.comparison import Comparison
from chatlab.core.message import Delivery, Message
from chatlab.server.lab import LabAddress, LabServer
from chatlab.store.secrets import SessionSecrets
from tests.helpers import tshark

pytestmark = [
    pytest.mark.capture,
    pytest.mark.servers("tshark"),
    pytest.mark.only_on("linux"),
]
ROOM = "lab@rooms.localhost"
TEXTS = ("Meet me at noon", "Zażółć gęślą jaźń & <co>", "ok")
PASSWORD = "secret"
LIMIT_S = 30
LAYERS = ("text", "framing", "tls", "sealed", "repeated", "other", "tcp", "ip", "link")
"""What adds up to a frame."""


def six_accounts(address: LabAddress) -> dict[str, tuple[Account, str]]:
    """By what they show: the accounts, and where each of them talks."""
    plain, sealed = lab_accounts(address)
    in_clear, starttls = lab_xmpp_accounts(address)
    old = replace(sealed, id=AccountId("irc-12"), nick="carol", tls_max="1.2")
    direct = replace(
        starttls,
        id=AccountId("xmpp-direct"),
        port=address.xmpp_tls_port,
        security=Security.DIRECT_TLS,
        nick="dora",
        login=LoginMethod.PLAIN,
    )
    return {
        "IRC in clear": (plain, LAB_CHANNEL),
        "IRC TLS 1.2": (old, LAB_CHANNEL),
        "IRC TLS 1.3": (sealed, LAB_CHANNEL),
        "XMPP in clear": (in_clear, ROOM),
        "XMPP STARTTLS": (starttls, ROOM),
        "XMPP direct TLS": (direct, ROOM),
    }


class Stage:
    """A session with six accounts that say the same."""

    def __init__(self, folder: Path) -> None:
        self.book = ChatBook()
        self.feed = CaptureFeed(folder / "live.pcapng", self.book, ScapyDissector(), is_live=True)
        self.secrets = SessionSecrets()
        self.session = Session(self.book, self.feed, self.secrets)
        self._work: list[Coroutine[object, object, None]] = []
        self.comparer = SessionComparer(self.feed, lambda: self.session, self._work.append)
        self._happened = asyncio.Event()
        self.session.observe(lambda event: self._happened.set())

    async def join(self, account: Account, chat: str) -> None:
        self.secrets.set_for_now(account.id, SecretKind.LOGIN, PASSWORD)
        self.session.add_account(account).start()
        while not self.book.open(account.id, chat).is_joined:
            await self._next()

    def say(self, chats: list[tuple[Account, str]], text: str, twin: str) -> list[Message]:
        found = [
            message
            for account, chat in chats
            for message in self.session.connections[account.id].send(chat, text)
        ]
        self.comparer.pair(found, twin)
        return found

    async def echoed(self, messages: list[Message]) -> None:
        while any(self._delivery(each) is not Delivery.ECHOED for each in messages):
            await self._next()

    def _delivery(self, message: Message) -> Delivery | None:
        chat, index = self.book.find(message.id) or (None, 0)
        entry = chat.entries[index] if chat is not None else None
        return entry.delivery if isinstance(entry, Message) else None

    async def compared(self) -> Comparison:
        self.comparer.refresh()
        while self._work:
            await self._work.pop()
        return self.comparer.comparison()

    async def _next(self) -> None:
        self._happened.clear()
        await self._happened.wait()


async def talk(folder: Path) -> Path:
    """Say the same on six connections, and save what crossed the wire."""
    server = LabServer(accounts={"alice": PASSWORD, "bob": PASSWORD})
    address = await server.start(folder)
    stage = Stage(folder)
    try:
        async with asyncio.timeout(LIMIT_S):
            await stage.session.start_capture()
            chats = list(six_accounts(address).values())
            for account, chat in chats:
                await stage.join(account, chat)
            for number, text in enumerate(TEXTS):
                await stage.echoed(stage.say(chats, text, f"twin {number}"))
            await stage.session.catch_up()
            live = await stage.compared()
        assert [len(row.cells) for row in live.rows] == [6] * len(TEXTS)
        await stage.session.stop_capture()
        save_capture(stage.feed, folder / "six.pcapng")
        save(session_work(stage.feed, stage.book, ""), folder / "six.chatlab")
    finally:
        await stage.session.close()
        await server.stop()
        stage.feed.close()
    return folder / "six.pcapng"


@pytest.fixture(scope="module")
def six(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return asyncio.run(talk(tmp_path_factory.mktemp("six")))


Record = dict[str, object]


def compared(file: Path, capsys: pytest.CaptureFixture[str], *more: str) -> list[Record]:
    assert run(["compare", str(file), *more, "--json"]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def of_kind(records: list[Record], kind: str) -> Iterator[Record]:
    return (record for record in records if record["kind"] == kind)


def numbers(value: object) -> list[int]:
    assert isinstance(value, list)
    return [int(each) for each in value]


def test_the_layers_of_every_message_are_tshark_s_frame_lengths(
    six: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = tshark.fields(six, ["frame.number", "frame.len", "tcp.len", "tcp.hdr_len", "ip.hdr_len"])
    frames = {int(row[0]): [int(value or 0) for value in row[1:]] for row in rows}
    messages = list(of_kind(compared(six, capsys), "message"))
    assert len(messages) == 6 * len(TEXTS)
    assert {each["evidence"] for each in messages} == {"gesture"}
    for each in messages:
        carriers = [frames[number] for number in numbers(each["frame_numbers"])]
        assert sum(int(str(each[f"{layer}_bytes"])) for layer in LAYERS) == each["bytes"]
        length, payload, tcp, ip = (sum(values) for values in zip(*carriers, strict=True))
        assert (each["bytes"], each["tcp_bytes"], each["ip_bytes"]) == (length, tcp, ip)
        assert each["link_bytes"] == length - payload - tcp - ip
        acks = [frames[number] for number in numbers(each["ack_frame_numbers"])]
        assert each["ack_bytes"] == sum(values[0] for values in acks)
        assert {values[1] for values in acks} <= {0}


def test_words_have_their_length_and_tls_adds_what_its_suite_says(
    six: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    records = compared(six, capsys)
    added: dict[str, set[object]] = {}
    for each in of_kind(records, "message"):
        text = str(each["text"])
        escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        is_xmpp = "XMPP" in str(each["connection"])
        assert each["text_bytes"] == len((escaped if is_xmpp else text).encode())
        added.setdefault(str(each["connection"]), set()).add(each["tls_bytes"])
        assert each["echo_ms"] is not None
        assert each["sealed_bytes"] == 0
    assert added == {
        "IRC · in clear": {0},
        "IRC · TLS 1.2": {29},
        "IRC · TLS 1.3": {22},
        "XMPP · in clear": {0},
        "XMPP · STARTTLS, TLS 1.3": {22},
        "XMPP · TLS 1.3": {22},
    }


def test_the_handshake_is_everything_before_the_first_message(
    six: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = tshark.fields(six, ["frame.number", "frame.len", "tcp.stream"])
    records = compared(six, capsys)
    first = {
        each["connection"]: numbers(each["frame_numbers"])[0]
        for each in of_kind(records, "message")
        if each["row"] == 1
    }
    streams = {int(row[0]): row[2] for row in rows}
    for each in of_kind(records, "connection"):
        handshake = each["handshake"]
        assert isinstance(handshake, dict)
        stop, stream = first[each["connection"]], streams[first[each["connection"]]]
        before = [int(row[1]) for row in rows if row[2] == stream and int(row[0]) < stop]
        # What comes between the last step and the message (a keep-alive, a pause) is no handshake.
        assert 0.6 * sum(before) <= handshake["bytes"] <= sum(before)
        assert sum(phase["bytes"] for phase in handshake["phases"]) == handshake["bytes"]
        assert handshake["ready_ms"] > 0


def test_steps_under_tls_are_those_that_tshark_decrypts(
    six: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = tshark.fields(
        six, ["frame.number", "tls.handshake.type"], display_filter="tls.handshake.type"
    )
    theirs = {(int(row[0]), kind) for row in rows for kind in row[1].split(",")}
    kinds = {
        "Client Hello": "1", "Server Hello": "2", "New Session Ticket": "4",
        "Encrypted Extensions": "8", "Certificate": "11", "Server Key Exchange": "12",
        "Server Hello Done": "14", "Certificate Verify": "15", "Client Key Exchange": "16",
        "Finished": "20",
    }  # fmt: skip
    ours = {
        (numbers(step["frame_numbers"])[0], kinds[str(step["name"])])
        for step in of_kind(compared(six, capsys, "--handshakes"), "step")
        if step["name"] in kinds
    }
    assert ours == theirs
    assert {kind for _, kind in theirs} == set(kinds.values())


def test_what_is_sealed_is_nowhere_in_the_frames_and_what_is_legible_is(
    six: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    claims = list(of_kind(compared(six, capsys, "--observers"), "claim"))
    network = [each for each in claims if each["observer"] == "network"]
    reads = {
        str(each["connection"])
        for each in network
        if each["topic"] == "Message" and each["is_learnt"]
    }
    assert reads == {"IRC · in clear", "XMPP · in clear"}
    hidden = {
        str(each["connection"])
        for each in network
        if each["topic"] == "Message" and not each["is_learnt"]
    }
    assert len(hidden) == 4
    passwords = {
        str(each["connection"])
        for each in claims
        if each["observer"] == "server" and each["topic"] == "Password" and each["is_learnt"]
    }
    assert passwords == {"XMPP · TLS 1.3"}  # SASL PLAIN there, SCRAM or none elsewhere.
    assert PASSWORD not in json.dumps(claims)


def test_a_session_file_is_compared_like_its_capture_and_both_with_each_other(
    six: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    session = six.with_suffix(".chatlab")
    both = [
        [{**record, "file": ""} for record in compared(file, capsys)] for file in (six, session)
    ]
    assert both[0] == both[1]
    side_by_side = compared(six, capsys, str(session))
    titles = [str(each["connection"]) for each in of_kind(side_by_side, "connection")]
    assert len(set(titles)) == len(titles) == 12
    assert len(list(of_kind(side_by_side, "message"))) == 12 * len(TEXTS)
