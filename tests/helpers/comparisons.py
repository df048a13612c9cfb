"""A comparison made by hand: one message in clear and under TLS, and what surrounds it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from chatlab.core.account import AccountId, Application, Security
from chatlab.core.comparison import (
    Column,
    Comparison,
    FrameCost,
    FrameGroup,
    HandshakeCost,
    LengthLeak,
    MessageCost,
    Phase,
    PhaseCost,
    Row,
    Side,
    TwinEvidence,
)
from chatlab.core.errors import ChatlabError
from chatlab.core.flow import ByteRange, ConnectionId, Direction, Endpoint, FlowKey
from chatlab.core.frame import Exposure
from chatlab.core.ladder import Detail, Ladder, Reading, Step
from chatlab.core.measures import LayerBytes
from chatlab.core.message import Message, MessageId
from chatlab.core.observing import (
    Certainty,
    Claim,
    FrameSpan,
    FrameView,
    Observer,
    ObserverView,
    Topic,
)

PLAIN = Side(0, ConnectionId("plain"))
SEALED = Side(0, ConnectionId("sealed"))
NOON_NS = 1_773_489_600_000_000_000
_MS = 1_000_000
_HEADERS = bytes(range(66))
LINE = b"PRIVMSG #lab :hello\r\n"
RECORD = b"\x17\x03\x03\x00\x26" + bytes(range(0x80, 0x80 + 38))
TEXT_SPAN = ByteRange(66 + LINE.index(b"hello"), 66 + LINE.index(b"hello") + 5)


def column(side: Side, *, port: int = 40_000) -> Column:
    is_sealed = side.connection == SEALED.connection
    phases = (
        PhaseCost(phase=Phase.TCP, frames=3, bytes=206, duration_ns=_MS // 5),
        *(
            (PhaseCost(phase=Phase.TLS, frames=5, bytes=2_129, duration_ns=4 * _MS),)
            if is_sealed
            else ()
        ),
        PhaseCost(phase=Phase.LOGIN, frames=6, bytes=1_400, duration_ns=3 * _MS),
    )
    return Column(
        side=side,
        title="IRC · TLS 1.3" if is_sealed else "IRC · in clear",
        capture="other.pcapng" if side.capture else "",
        account=AccountId(side.connection),
        application=Application.IRC,
        security=Security.DIRECT_TLS if is_sealed else Security.PLAIN,
        version="TLSv1.3" if is_sealed else "",
        cipher="TLS_AES_256_GCM_SHA384" if is_sealed else "",
        flow=FlowKey(Endpoint("127.0.0.1", port), Endpoint("127.0.0.1", 6697)),
        host="lab.example",
        handshake=HandshakeCost(
            phases=phases,
            frames=sum(phase.frames for phase in phases),
            bytes=sum(phase.bytes for phase in phases),
            round_trips=4 if is_sealed else 3,
            ready_ns=7 * _MS,
        ),
    )


def cost(side: Side, text: str = "hello", number: int = 1) -> MessageCost:
    is_sealed = side.connection == SEALED.connection
    words = len(text.encode())
    layers = LayerBytes(text=words, framing=16, tls=22 if is_sealed else 0, tcp=32, ip=20, link=14)
    frame = FrameCost(
        number=number,
        time_ns=NOON_NS,
        direction=Direction.SENT,
        length=layers.total,
        layers=layers,
        segments=1,
    )
    leak = LengthLeak(
        records=1, record_bytes=words + 38, protection_bytes=22, inferred_bytes=words + 16,
        padding_bytes=0, content_bytes=words + 16, framing_bytes=16, text_bytes=words,
        words=f"The record of {words + 38} bytes tells that {words + 16} are inside: exact.",
    )  # fmt: skip
    return MessageCost(
        side=side,
        messages=(MessageId(f"{side.connection} {text}"),),
        sender="me",
        target="#lab",
        text=text,
        time_ns=NOON_NS,
        text_bytes=words,
        carried=FrameGroup((frame,)),
        segments=1,
        records=int(is_sealed),
        round_trips=1,
        ack_ns=120_000,
        echo_ns=900_000,
        handshake_share=1_606.0,
        leak=leak if is_sealed else None,
        notes=("2 segments were joined by the network card.",) if is_sealed else (),
    )


def row(text: str = "hello", twin: str = "t1", sides: Sequence[Side] = (PLAIN, SEALED)) -> Row:
    return Row(
        twin=twin,
        evidence=TwinEvidence.GESTURE if len(sides) > 1 else TwinEvidence.ALONE,
        text=text,
        time_ns=NOON_NS,
        cells=tuple(cost(side, text) if side in sides else None for side in (PLAIN, SEALED)),
    )


def comparison(*rows: Row) -> Comparison:
    return Comparison((column(PLAIN), column(SEALED, port=40_001)), rows or (row(),))


def step(name: str, at_ms: float, **changes: object) -> Step:
    values: dict[str, object] = {
        "name": name,
        "phase": Phase.TCP,
        "direction": Direction.SENT,
        "frames": (1,),
        "begin_ns": NOON_NS + round(at_ms * _MS),
        "end_ns": NOON_NS + round(at_ms * _MS),
        "size": 20,
        "wire_bytes": 86,
        "exposure": Exposure.PLUMBING,
        "reading": Reading.CLEAR,
        "words": f"What {name} is for.",
        **changes,
    }
    return Step(**values)  # type: ignore[arg-type]


def ladder(side: Side) -> Ladder:
    login = step(
        "AUTHENTICATE",
        3.0,
        phase=Phase.LOGIN,
        exposure=Exposure.READABLE,
        details=(
            Detail(
                label="Password",
                value="hunter2",
                words="Anyone on the path reads it.",
                is_secret=True,
            ),
        ),
    )
    steps = [step("SYN", 0), step("SYN, ACK", 0.1, direction=Direction.RECEIVED)]
    if side.connection == SEALED.connection:
        steps += [
            step("STARTTLS", 0.4, phase=Phase.STARTTLS, exposure=Exposure.READABLE),
            step("Client Hello", 0.5, phase=Phase.TLS),
            step("PRIVMSG", 60.0, exposure=Exposure.SEALED, reading=Reading.SEALED),
        ]
    else:
        steps.append(login)
    return Ladder(
        side=side,
        steps=tuple(steps),
        start_ns=NOON_NS,
        clear_until=3 if side.connection == SEALED.connection else None,
        is_ready=True,
    )


def claim(topic: Topic, value: str, **changes: object) -> Claim:
    values: dict[str, object] = {
        "topic": topic,
        "value": value,
        "words": f"What {topic.value} tells.",
        "evidence": (FrameSpan(1, TEXT_SPAN),),
        "certainty": Certainty.SEEN,
        **changes,
    }
    return Claim(**values)  # type: ignore[arg-type]


@dataclass
class FakeComparer:
    """``Comparer`` over a table that tests put there."""

    table: Comparison = field(default_factory=Comparison)
    second_file: str = ""
    paired: list[tuple[tuple[MessageId, ...], str]] = field(default_factory=list)
    saved: list[Path] = field(default_factory=list)
    failure: ChatlabError | None = None
    is_working: bool = False
    """Set, and it works until a test calls ``on_done``."""
    on_progress: Callable[[int], None] = lambda percent: None
    on_done: Callable[[], None] = lambda: None

    def pair(self, messages: Sequence[Message], twin: str) -> None:
        self.paired.append((tuple(each.id for each in messages), twin))

    def comparison(self) -> Comparison:
        return self.table

    def watch(self, on_progress: Callable[[int], None], on_done: Callable[[], None]) -> None:
        self.on_progress, self.on_done = on_progress, on_done

    def refresh(self) -> None:
        if not self.is_working:
            self.on_done()

    def ladder(self, side: Side) -> Ladder:
        return ladder(side)

    def view(self, side: Side, observer: Observer) -> ObserverView:
        is_sealed = side.connection == SEALED.connection
        reads = not is_sealed or observer is not Observer.NETWORK
        claims = [claim(Topic.ADDRESS, "127.0.0.1")]
        claims.append(claim(Topic.TEXT, "hello" if reads else "", is_learnt=reads))
        if not is_sealed:
            claims.insert(1, claim(Topic.PASSWORD, "hunter2", is_secret=True))
        return ObserverView(
            observer=observer,
            side=side,
            is_sealed=is_sealed,
            claims=tuple(claims),
            words=f"{observer.words}: {'everything' if reads else 'sizes and times'}.",
        )

    def frame_view(self, side: Side, observer: Observer, frame: int) -> FrameView:
        reads = side.connection == PLAIN.connection or observer is not Observer.NETWORK
        return FrameView(
            observer=observer,
            frame=frame,
            legible=(ByteRange(66, 66 + len(LINE)),) if reads else (),
            claims=(claim(Topic.TEXT, "hello"),) if side.connection == PLAIN.connection else (),
            words="A line that anyone reads." if reads else "A sealed record.",
        )

    def raw(self, side: Side, frame: int) -> bytes:
        return _HEADERS + (RECORD if side.connection == SEALED.connection else LINE)

    def spans(
        self, side: Side, messages: tuple[MessageId, ...], frame: int
    ) -> tuple[ByteRange, ...]:
        return (ByteRange(66, len(self.raw(side, frame))),)

    def open_second(self, file: Path, done: Callable[[ChatlabError | None], None]) -> None:
        if self.failure is None:
            self.second_file = file.name
        done(self.failure)

    def close_second(self) -> None:
        self.second_file = ""

    def save_table(self, file: Path, done: Callable[[ChatlabError | None], None]) -> None:
        self.saved.append(file)
        done(self.failure)
