"""Files and direct chats with other people's programs: irssi and WeeChat through ngIRCd.

tshark says independently how many bytes crossed the connection that ChatLab calls the file's.
"""

import asyncio
import os
import re
import socket
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from chatlab.core.flow import ByteRange, Direction, WireRange
from chatlab.core.message import Delivery, Message
from chatlab.core.transfer import Transfer, TransferState, TransferWay
from tests.helpers.clients import irssi, weechat
from tests.helpers.connecting import ConnectClient
from tests.helpers.dcc_visit import Visitor, visitor
from tests.helpers.proof import run_tool
from tests.helpers.servers import RunningServer, ngircd
from tests.helpers.terminal import Terminal

pytestmark = pytest.mark.servers
SENT, RECEIVED = Direction.SENT, Direction.RECEIVED
CONTENT = os.urandom(400_000)
Scene = Callable[[Visitor], Awaitable[None]]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with ngircd(tmp_path_factory.mktemp("ngircd")) as running:
        yield running


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where irssi keeps what it sends and receives."""
    return tmp_path_factory.mktemp("irssi")


@pytest.fixture(scope="module")
def iris(server: RunningServer, home: Path) -> Iterator[Terminal]:
    """Somebody with irssi."""
    with irssi(home, server.host, server.port, "iris") as terminal:
        terminal.wait_for("Hello from ngIRCd")
        terminal.enter(f"/set dcc_download_path {home}")
        terminal.enter("/set dcc_own_ip 127.0.0.1")
        yield terminal


def visit(server: RunningServer, folder: Path, scene: Scene, *, captures: bool = False) -> None:
    async def run() -> None:
        async with visitor(
            folder / "ann", server.host, server.port, "ann", captures=captures
        ) as ann:
            await scene(ann)

    asyncio.run(run())


async def sees(terminal: Terminal, pattern: str) -> re.Match[str]:
    return await asyncio.to_thread(terminal.wait_for, pattern)


def file_of(folder: Path, name: str, content: bytes = CONTENT) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


async def assert_captured(ann: Visitor, transfer: Transfer) -> None:
    """All of the file lies in captured frames, from the SYN on; tshark counts the same bytes."""
    assert transfer.connection is not None
    assert transfer.flow is not None
    await ann.session.catch_up()
    size = transfer.size - transfer.start
    wire = WireRange(transfer.connection, transfer.direction, ByteRange(0, size))
    frames = ann.feed.frames_of(wire)
    assert frames
    local, remote = transfer.flow.local.port, transfer.flow.remote.port
    source = local if transfer.direction is SENT else remote
    fields = run_tool(
        "tshark",
        *("-r", str(ann.feed.file), "-Y", f"tcp.port == {local} && tcp.port == {remote}"),
        *("-T", "fields", "-e", "frame.number", "-e", "tcp.srcport", "-e", "tcp.len"),
        *("-e", "tcp.flags.syn", "-e", "tcp.seq"),
    )
    rows = [line.split("\t") for line in fields.splitlines()]
    carrying = [row for row in rows if int(row[1]) == source and int(row[2])]
    spans = sorted((int(row[4]) - 1, int(row[4]) - 1 + int(row[2])) for row in carrying)
    reached = 0
    for start, stop in spans:
        assert start <= reached, "bytes are missing"
        reached = max(reached, stop)
    assert reached == size
    assert sorted(frames) == sorted(int(row[0]) for row in carrying)
    row = ann.feed.row(frames[0])
    assert row.protocol == "DCC"
    assert transfer.name in row.info
    assert "Anyone on the path can read it." in ann.feed.explain_frame(frames[0])
    assert sum(each[3] in ("1", "True") for each in rows) == 2, "SYN and SYN-ACK were captured"


@pytest.mark.capture
@pytest.mark.parametrize("passive", [False, True])
def test_irssi_takes_our_file_and_every_byte_was_captured(
    server: RunningServer, iris: Terminal, home: Path, tmp_path: Path, passive: bool
) -> None:
    name = f"our file {passive}.bin"
    path = file_of(tmp_path, name)

    async def scene(ann: Visitor) -> None:
        ann.type(f"/dcc send {'-passive ' if passive else ''}iris {path}")
        await sees(iris, f"DCC SEND from ann .*{name}")
        iris.enter("/dcc get ann")
        given = await ann.ended(SENT)
        assert given.state is TransferState.DONE, given
        assert given.way is (TransferWay.PASSIVE if passive else TransferWay.ACTIVE)
        await sees(iris, "SHA-256 of .*" + given.sha256)
        assert (home / name).read_bytes() == CONTENT
        assert given.offer is not None
        offer_frames = ann.feed.frames_of(given.offer)
        await assert_captured(ann, given)
        assert offer_frames or ann.feed.frames_of(given.offer)

    visit(server, tmp_path, scene, captures=True)


@pytest.mark.capture
@pytest.mark.parametrize("passive", [False, True])
def test_we_take_a_file_of_irssi_and_every_byte_was_captured(
    server: RunningServer, iris: Terminal, home: Path, tmp_path: Path, passive: bool
) -> None:
    path = file_of(home, f"their file {passive}.bin")

    async def scene(ann: Visitor) -> None:
        iris.enter(f'/dcc send {"-passive " if passive else ""}ann "{path}"')
        offer = await ann.transfer(RECEIVED, TransferState.OFFERED)
        assert (offer.name, offer.size) == (path.name, len(CONTENT))
        assert not (tmp_path / "ann" / "downloads").exists()
        ann.type("/dcc get iris")
        taken = await ann.ended(RECEIVED)
        assert taken.state is TransferState.DONE, taken
        assert taken.way is (TransferWay.PASSIVE if passive else TransferWay.ACTIVE)
        assert taken.path == ann.downloads / path.name
        assert taken.path.read_bytes() == CONTENT
        await assert_captured(ann, taken)

    visit(server, tmp_path, scene, captures=True)


@pytest.mark.parametrize("passive", [False, True])
def test_irssi_goes_on_where_it_had_ended(
    server: RunningServer, iris: Terminal, home: Path, tmp_path: Path, passive: bool
) -> None:
    name = f"resumed{passive}.bin"
    path = file_of(tmp_path, name)
    file_of(home, name, CONTENT[:150_000])

    async def scene(ann: Visitor) -> None:
        ann.type(f"/dcc send {'-passive ' if passive else ''}iris {path}")
        await sees(iris, f"DCC SEND from ann .*{name}")
        iris.enter("/dcc resume ann")
        given = await ann.ended(SENT)
        assert (given.state, given.start) == (TransferState.DONE, 150_000), given
        assert (home / name).read_bytes() == CONTENT

    visit(server, tmp_path, scene)


def test_we_go_on_where_we_had_ended(
    server: RunningServer, iris: Terminal, home: Path, tmp_path: Path
) -> None:
    path = file_of(home, "continued.bin")

    async def scene(ann: Visitor) -> None:
        ann.downloads.mkdir()
        file_of(ann.downloads, "continued.bin.part", CONTENT[:250_000])
        iris.enter(f"/dcc send ann {path}")
        await ann.transfer(RECEIVED, TransferState.OFFERED)
        ann.type("/dcc resume iris")
        taken = await ann.ended(RECEIVED)
        assert (taken.state, taken.start) == (TransferState.DONE, 250_000), taken
        assert taken.path == ann.downloads / "continued.bin"
        assert taken.path.read_bytes() == CONTENT

    visit(server, tmp_path, scene)


def test_an_empty_file_is_a_file(
    server: RunningServer, iris: Terminal, home: Path, tmp_path: Path
) -> None:
    path = file_of(tmp_path, "empty.bin", b"")

    async def scene(ann: Visitor) -> None:
        ann.type(f"/send iris {path}")
        await sees(iris, "DCC SEND from ann .*empty")
        iris.enter("/dcc get ann")
        assert (await ann.ended(SENT)).state is TransferState.DONE
        await sees(iris, "received file empty.bin")
        assert (home / "empty.bin").read_bytes() == b""

    visit(server, tmp_path, scene)


def test_refusing_and_withdrawing_reach_the_other_program(
    server: RunningServer, iris: Terminal, home: Path, tmp_path: Path
) -> None:
    ours, theirs = file_of(tmp_path, "no.bin"), file_of(home, "take back.bin")

    async def scene(ann: Visitor) -> None:
        ann.type(f"/send iris {ours}")
        await sees(iris, "DCC SEND from ann .*no.bin")
        iris.enter("/dcc close get ann")
        refused = await ann.ended(SENT)
        assert (refused.state, refused.detail) == (TransferState.REFUSED, "iris refused it.")
        iris.enter(f'/dcc send ann "{theirs}"')
        await ann.transfer(RECEIVED, TransferState.OFFERED)
        iris.enter("/dcc close send ann")
        withdrawn = await ann.ended(RECEIVED)
        assert withdrawn.state is TransferState.CANCELLED, withdrawn
        iris.enter(f'/dcc send ann "{theirs}"')
        await ann.transfer(RECEIVED, TransferState.OFFERED)
        ann.type("/dcc refuse iris")
        await sees(iris, "DCC aborted sending file take back.bin")

    visit(server, tmp_path, scene)


def test_a_port_where_nobody_listens_is_said_at_once(
    server: RunningServer, iris: Terminal, tmp_path: Path
) -> None:
    async def scene(ann: Visitor) -> None:
        with socket.socket() as dead:
            dead.bind(("127.0.0.1", 0))
            port = dead.getsockname()[1]
            iris.enter(f"/ctcp ann DCC SEND ../../{port}.bin 2130706433 {port} 10")
            offer = await ann.transfer(RECEIVED, TransferState.OFFERED)
            assert offer.name == f"{port}.bin"
            ann.type("/dcc get iris")
            ended = await ann.ended(RECEIVED)
            assert ended.state is TransferState.FAILED
            assert f"127.0.0.1:{port}: nothing listens there" in ended.detail
            assert ended.hint

    visit(server, tmp_path, scene)


@pytest.mark.capture
@pytest.mark.parametrize("is_ours", [True, False])
def test_a_direct_chat_with_irssi_is_attributed_line_by_line(
    server: RunningServer, iris: Terminal, tmp_path: Path, is_ours: bool
) -> None:
    async def scene(ann: Visitor) -> None:
        if is_ours:
            ann.type("/dcc chat iris")
            await sees(iris, "DCC CHAT from ann")
            iris.enter("/dcc chat ann")
        else:
            iris.enter("/dcc chat ann")
            await ann.transfer(RECEIVED, TransferState.OFFERED)
            ann.type("/dcc chat iris")
        chat = await ann.transfer(SENT if is_ours else RECEIVED, TransferState.MOVING)
        assert chat.name == "=iris"
        ann.type("Grüße an dich", "=iris")
        said = await ann.until(
            lambda: next(
                (
                    entry
                    for entry in ann.book.open(ann.id, "=iris").entries
                    if isinstance(entry, Message) and entry.delivery is Delivery.ACKNOWLEDGED
                ),
                None,
            )
        )
        # It may have come to a window of its own, or to the one that is in front.
        iris.enter("/window goto active")
        await sees(iris, "Grüße an dich")
        iris.enter("/msg =ann und zurück")
        heard = await ann.hears("und zurück")
        await ann.session.catch_up()
        for message in (said, heard):
            frames = ann.feed.attribution(message.id).frames
            assert frames
            assert message.text.encode() in b"".join(ann.feed.raw(number) for number in frames)
            assert ann.feed.row(frames[0]).info == f"Chat: {message.text}"
            assert "Anyone on the path can read it." in ann.feed.explain_message(message.id)
        iris.enter("/dcc close chat ann")
        assert (await ann.ended(chat.direction)).state is TransferState.DONE
        iris.enter("/window goto 1")

    visit(server, tmp_path, scene, captures=True)


def test_files_cross_both_ways_with_weechat(server: RunningServer, tmp_path: Path) -> None:
    folder = tmp_path / "weechat"
    ours, theirs = file_of(tmp_path, "for wendy.bin"), file_of(tmp_path, "from wendy.bin")

    async def scene(ann: Visitor) -> None:
        with weechat(folder, server.host, server.port, "wendy") as wendy:
            await sees(wendy, "End of MOTD")
            wendy.enter(f"/set xfer.file.download_path {folder}")
            wendy.enter("/set xfer.network.own_ip 127.0.0.1")
            wendy.enter("/set xfer.file.auto_accept_files on")
            wendy.enter("/print -core all is set")
            wendy.enter("/buffer core.weechat")
            await sees(wendy, "all is set")
            ann.type(f"/send wendy {ours}")
            given = await ann.ended(SENT)
            assert given.state is TransferState.DONE, given
            await sees(wendy, "received from ann.*OK")
            got = [path for path in folder.iterdir() if path.name.endswith(".bin")]
            assert [path.read_bytes() for path in got] == [CONTENT]
            wendy.enter("/buffer irc.server.lab")
            wendy.enter(f"/dcc send ann {theirs}")
            await ann.transfer(RECEIVED, TransferState.OFFERED)
            ann.type("/dcc get wendy")
            taken = await ann.ended(RECEIVED)
            assert taken.state is TransferState.DONE, taken
            assert taken.path is not None
            assert taken.path.read_bytes() == CONTENT

    visit(server, tmp_path, scene)


def test_two_programs_without_a_window_exchange_a_file(
    server: RunningServer, tmp_path: Path
) -> None:
    path = file_of(tmp_path, "lecture notes.pdf")
    downloads = tmp_path / "bob"
    downloads.mkdir()
    url = f"irc://{{}}@{server.host}:{server.port}/%23dcc"
    with (
        ConnectClient(url.format("ada"), "--state-dir", str(tmp_path / "1")) as ada,
        ConnectClient(url.format("bob"), "--state-dir", str(tmp_path / "2"), cwd=downloads) as bob,
    ):
        ada.event("members-listed", chat="#dcc")
        bob.event("members-listed", chat="#dcc")
        ada.type(f"/send bob {path}")
        assert _transfer(bob.event("transfer-offered"))["name"] == "lecture notes.pdf"
        bob.type("/dcc get ada")
        while (given := _transfer(ada.event("transfer-changed")))["state"] != "done":
            assert given["state"] not in ("failed", "refused", "cancelled")
        while (taken := _transfer(bob.event("transfer-changed")))["state"] != "done" or (
            not taken["peer_sha256"]
        ):
            assert taken["state"] not in ("failed", "refused", "cancelled")
        assert given["sha256"] == taken["sha256"] == taken["peer_sha256"]
    assert (downloads / "lecture notes.pdf").read_bytes() == CONTENT


def _transfer(event: dict[str, object]) -> dict[str, object]:
    transfer = event["transfer"]
    assert isinstance(transfer, dict)
    return transfer
