"""Transfers in every state, for pictures and tests."""

from dataclasses import replace
from pathlib import Path

from chatlab.core.account import AccountId
from chatlab.core.flow import ByteRange, ConnectionId, Direction, Endpoint, FlowKey, WireRange
from chatlab.core.transfer import Transfer, TransferId, TransferKind, TransferState, TransferWay
from tests.helpers.chats import NOON

SECOND = 1_000_000_000
SUM = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
FLOW = FlowKey(Endpoint("192.0.2.4", 41320), Endpoint("192.0.2.7", 50123))
OFFER = WireRange(ConnectionId("c1"), Direction.RECEIVED, ByteRange(100, 180))


def transfer(name: str, state: TransferState, **more: object) -> Transfer:
    """One with bob, received unless ``more`` says otherwise."""
    base = Transfer(
        id=TransferId(name),
        account=AccountId("lab"),
        chat="bob",
        peer="bob",
        direction=Direction.RECEIVED,
        state=state,
        way=TransferWay.ACTIVE,
        name=name,
        size=4_194_304,
        time_ns=NOON,
    )
    return replace(base, **more)  # type: ignore[arg-type]  # Fields of Transfer by name.


def offered(name: str = "lab-notes.pdf", **more: object) -> Transfer:
    words = (
        "DCC, active: 1,234,567 bytes. The program that sent it listens on 192.0.2.7, written as "
        "the number 3221225991, port 50123."
    )
    made = transfer(
        name, TransferState.OFFERED, size=1_234_567, offer=OFFER, offer_words=words,
        warnings=("Taking it shows bob your address.",),
    )  # fmt: skip
    return replace(made, **more)  # type: ignore[arg-type]


def moving(name: str = "measurement.pcapng", **more: object) -> Transfer:
    made = transfer(
        name, TransferState.MOVING, position=1_887_436, rate=812_345.0, flow=FLOW, offer=OFFER,
        connection=ConnectionId("dcc"), started_ns=NOON + SECOND,
        path=Path("/home/me/Downloads") / name,
    )  # fmt: skip
    return replace(made, **more)  # type: ignore[arg-type]


def done(name: str = "picture.png", **more: object) -> Transfer:
    made = moving(
        name, state=TransferState.DONE, position=4_194_304, sha256=SUM, peer_sha256=SUM,
        rate=2_300_000.0, detail="All of it is there, in 1.8 s.",
    )  # fmt: skip
    return replace(made, **more)  # type: ignore[arg-type]


def failed(name: str = "slides.odp", **more: object) -> Transfer:
    made = transfer(
        name, TransferState.FAILED, direction=Direction.SENT, way=TransferWay.PASSIVE,
        detail="Nobody connected within 20 seconds, neither way round.",
        hint="One of the two routers must forward a port: set a range in Preferences.",
        path=Path("/home/me/Documents") / name, offer=OFFER,
    )  # fmt: skip
    return replace(made, **more)  # type: ignore[arg-type]


def several() -> list[Transfer]:
    """A list as it may stand after a lesson."""
    sent = Direction.SENT
    return [
        done(),
        failed(),
        transfer("talk", TransferState.MOVING, kind=TransferKind.CHAT, size=0, flow=FLOW),
        transfer(
            "exercise.zip", TransferState.REFUSED, direction=sent, peer="mallory",
            detail="mallory refused it.", size=22_000,
        ),
        moving(direction=sent, peer="alice", name="exercise.zip", id=TransferId("z1")),
        moving(
            direction=sent, peer="carol", name="exercise.zip", id=TransferId("z2"), is_paused=True
        ),
        transfer(
            "exercise.zip", TransferState.OFFERED, direction=sent, peer="dave",
            id=TransferId("z3"), detail="dave’s program shows the offer.",
        ),
        moving(),
        offered(),
    ]  # fmt: skip
