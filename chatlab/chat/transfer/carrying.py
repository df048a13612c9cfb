"""One file from the offer to its last byte, as seen from either end."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from chatlab.chat.transfer.entry import Entry, Offer
from chatlab.chat.transfer.files import IncomingFile, OutgoingFile, final_name, kept_part
from chatlab.chat.transfer.meeting import first_of_renewal, meet_offered, reach_offerer
from chatlab.chat.transfer.moving import STALL_S, Gauge, receive_file, send_file
from chatlab.chat.transfer.opening import PeerSocket, Refused
from chatlab.core.errors import ConnectError, UsageError
from chatlab.core.transfer import TransferState
from chatlab.protocol.dcc import Checksum, ResumeRequest, SendOffer, format_checksum

RESUME_S = 15.0
"""How long DCC ACCEPT is waited for; programs that know it answer at once."""
TURN_GRACE_S = 25.0
"""How long the sender gets to offer it the other way round, when its first way led nowhere."""
_QUIET_S = 5.0
"""With no byte for so long, the user is told that nothing moves."""


class _Renewed(Exception):
    """There is a newer offer: begin again with that."""


# -- our file


async def give_file(entry: Entry, path: Path) -> None:
    """Offer, wait, send. Raises ChatlabError with the reason why it did not work."""
    is_passive = await prepare_offer(entry)
    entry.peer = peer = await meet_offered(entry, is_passive=is_passive)
    file = OutgoingFile(path)
    try:
        transfer = entry.transfer
        if file.size < transfer.size:
            raise ConnectError(
                f"{path.name} became shorter since it was offered.", "Offer it anew."
            )
        begin(entry, peer)
        await file.skip(transfer.start)
        async with _moving(entry):
            ending = await send_file(
                peer,
                file,
                transfer.size,
                transfer.start,
                _gauge(entry),
                entry.hold,
                lambda: entry.change(
                    state=TransferState.CHECKING,
                    detail=f"All bytes have left; waiting until {transfer.peer} has them.",
                ),
            )
        sha256 = file.sha256
    finally:
        file.close()
    peer.close()
    entry.change(position=transfer.size, sha256=sha256)
    _tell_checksum(entry, sha256)
    entry.end(TransferState.DONE, f"{transfer.peer} has all of it. {ending.remark}".strip())


async def prepare_offer(entry: Entry) -> bool:
    """Find out how we can be reached; whether to make a passive offer. Raises ConnectError."""
    desk, peer = entry.desk, entry.transfer.peer
    host = await desk.signals.find_host(peer)
    if host is None:
        raise ConnectError(
            f"Nobody on this network is called {peer} now.", "Check the nick, and offer it again."
        )
    reach = desk.reach(host)
    warnings = dict.fromkeys((*entry.transfer.warnings, *([reach.words] if reach.words else [])))
    entry.change(warnings=tuple(warnings))
    if entry.forced_passive is not None:
        return entry.forced_passive
    return desk.policy.prefers_passive or not reach.is_reachable


def _tell_checksum(entry: Entry, sha256: str) -> None:
    transfer, desk = entry.transfer, entry.desk
    if not (desk.policy.tells_sha256 and desk.signals.surroundings().is_online):
        return
    words = format_checksum(Checksum(transfer.name, transfer.size, sha256))
    with contextlib.suppress(UsageError):  # The server went away just now; the file is there.
        desk.signals.put_notice(transfer.peer, words)


# -- their file


async def take_file(entry: Entry, target: Path) -> None:
    """Come to a connection, receive, check, and give the file its name."""
    while True:
        entry.renewed.clear()
        try:
            start, part = await _agree_on_start(entry, target)
            reaching = asyncio.create_task(reach_offerer(entry, _offer_of(entry)))
            peer = await _unless_renewed(entry, reaching)
            break
        except _Renewed:
            continue
        except Refused:
            raise
        except ConnectError as error:
            await _wait_for_another_way(entry, error)
    entry.peer = peer
    begin(entry, peer)
    size = entry.transfer.size
    if part is not None:
        file = await IncomingFile.reopen(part, final_name(part), start, size)
    else:
        file = IncomingFile.create(target, size)
    try:
        entry.change(path=file.part, start=start, position=start)
        async with _moving(entry):
            ending = await receive_file(peer, file, size, _gauge(entry), entry.hold)
        peer.close()
        entry.change(
            state=TransferState.CHECKING, position=size, detail="All bytes are here; saving."
        )
        sha256 = file.sha256
        path = await file.finish()
    except BaseException:
        file.close()
        entry.change_silently(position=file.position)  # The end tells it, to the byte.
        raise
    entry.change(path=path, sha256=sha256)
    entry.end(TransferState.DONE, f"Saved as {path}. {ending.remark}".strip())


async def _agree_on_start(entry: Entry, target: Path) -> tuple[int, Path | None]:
    """Ask the sender to begin where an earlier attempt ended (DCC RESUME, DCC ACCEPT)."""
    kept = kept_part(target, entry.transfer.size) if entry.wants_resume else None
    if kept is None:
        return 0, None
    part, position = kept
    offer, peer = entry.offer, entry.transfer.peer
    assert isinstance(offer, SendOffer)  # only files are resumed
    entry.resumed = asyncio.get_running_loop().create_future()
    entry.change(
        state=TransferState.ANSWERED,
        detail=f"Asking {peer} to begin after the {position:,} bytes that are here (DCC RESUME).",
    )
    request = ResumeRequest(name=offer.name, port=offer.port, position=position, token=offer.token)
    entry.desk.signals.put_dcc(peer, request)
    try:
        async with asyncio.timeout(RESUME_S):
            answer = await entry.resumed
    except TimeoutError:
        entry.inform(f"{peer}’s program does not resume: the file comes from its beginning.")
        return 0, None
    finally:
        entry.resumed = None
    if answer.position > position:
        raise ConnectError(
            f"{peer} wants to begin after {answer.position:,} bytes; only {position:,} are here.",
            "Accept it once more, without resuming.",
        )
    return answer.position, part


def _offer_of(entry: Entry) -> Offer:
    assert entry.offer is not None  # a received transfer begins with one
    return entry.offer


async def _unless_renewed(entry: Entry, reaching: "asyncio.Task[PeerSocket]") -> PeerSocket:
    """The connection, unless a newer offer comes first. Raises _Renewed or ConnectError."""
    renewal = asyncio.create_task(entry.renewed.wait())
    try:
        await asyncio.wait({reaching, renewal}, return_when=asyncio.FIRST_COMPLETED)
        if not reaching.done():
            raise _Renewed
        return reaching.result()
    finally:
        renewal.cancel()
        if not reaching.done():
            reaching.cancel()
            await asyncio.wait({reaching})
            if not reaching.cancelled() and reaching.exception() is None:
                reaching.result().close()


async def _wait_for_another_way(entry: Entry, error: ConnectError) -> None:
    entry.change(
        detail=f"{error.message} Waiting up to {TURN_GRACE_S:.0f} s for {entry.transfer.peer} to "
        "offer it the other way round."
    )
    if not await first_of_renewal(entry, TURN_GRACE_S):
        raise error


# -- both


def begin(entry: Entry, peer: PeerSocket) -> None:
    """The TCP connection stands."""
    entry.change(
        state=TransferState.MOVING,
        connection=peer.connection.id,
        flow=peer.connection.flow,
        started_ns=entry.desk.clock_ns(),
        position=entry.transfer.start,
        detail="",
        hint="",
    )


def _gauge(entry: Entry) -> Gauge:
    return Gauge(
        lambda position, rate: entry.change(position=position, rate=rate), entry.transfer.start
    )


@asynccontextmanager
async def _moving(entry: Entry) -> AsyncIterator[None]:
    """While bytes cross: say so when they do not."""
    watching = asyncio.create_task(_watch(entry), name="DCC watch")
    try:
        yield
    finally:
        watching.cancel()


async def _watch(entry: Entry) -> None:
    position, quiet = -1, 0.0
    while True:
        await asyncio.sleep(_QUIET_S)
        if entry.transfer.position != position or entry.hold.is_paused:
            position, quiet = entry.transfer.position, 0.0
            if entry.transfer.detail.startswith("Nothing has moved"):
                entry.change(detail="")
            continue
        quiet += _QUIET_S
        entry.change(
            rate=0.0,
            detail=f"Nothing has moved for {quiet:.0f} s; after {STALL_S:.0f} s it is given up.",
        )
