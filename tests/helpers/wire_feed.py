"""A small capture made by hand: enough of IRC, TLS, TCP and DNS to fill the wire pane."""

from collections.abc import Callable
from dataclasses import dataclass, field

from chatlab.analysis.rows import FrameRow
from chatlab.core.account import AccountId
from chatlab.core.attribution import Attribution, Evidence
from chatlab.core.capture import CaptureIdle, CaptureLive, CaptureStatus
from chatlab.core.chats import ChatKey
from chatlab.core.errors import ChatlabError
from chatlab.core.flow import ByteRange, ConnectionId, FlowKey, WireRange
from chatlab.core.frame import ByteView, Exposure, Field, Layer
from chatlab.core.message import MessageId

PLAIN = AccountId("plain")
SEALED = AccountId("sealed")
LAB = ChatKey(PLAIN, "#lab")
_HEADERS = bytes.fromhex(
    "000000000000000000000000080045000068a1c2400040069acb7f0000017f000001"
    "d4311a0b2f6c1d0a51e0c3b280180200fe5c00000101080a5c1b2a3f5c1b2a11"
)
HEADER_BYTES = len(_HEADERS)


@dataclass(slots=True)
class FakeFrame:
    """One frame: what its row says, and the bytes behind the headers."""

    protocol: str
    info: str
    exposure: Exposure = Exposure.PLUMBING
    payload: bytes = b""
    why: str = "ACK"
    account: AccountId | None = PLAIN
    messages: tuple[tuple[MessageId, ByteRange], ...] = ()
    source: str = "127.0.0.1"
    destination: str = "127.0.0.1"


@dataclass(slots=True)
class FakeFeed:
    """A ``WireFeed`` over a list; tests append to the list and call ``tell``."""

    frames: list[FakeFrame] = field(default_factory=list)
    attributions: dict[MessageId, Attribution] = field(default_factory=dict)
    chats: dict[ChatKey, frozenset[int]] = field(default_factory=dict)
    tapped: dict[MessageId, bytes] = field(default_factory=dict)
    status: CaptureStatus = field(default_factory=CaptureIdle)
    failure: ChatlabError | None = None
    observers: list[Callable[[], None]] = field(default_factory=list)
    lines: dict[WireRange, tuple[int, ...]] = field(default_factory=dict)
    connections: dict[ConnectionId, tuple[int, ...]] = field(default_factory=dict)
    rows_asked: int = 0
    views: dict[int, tuple[ByteView, ...]] = field(default_factory=dict)
    uses_secrets: bool = True

    @property
    def count(self) -> int:
        return len(self.frames)

    def tell(self) -> None:
        for observer in self.observers:
            observer()

    def row(self, number: int) -> FrameRow:
        self.rows_asked += 1
        frame = self.frames[number - 1]
        return FrameRow(
            number=number,
            time_s=0.018271 * (number - 1),
            source=frame.source,
            destination=frame.destination,
            protocol=frame.protocol,
            length=HEADER_BYTES + len(frame.payload),
            info=frame.info,
            exposure=frame.exposure,
            why=frame.why,
            messages=tuple(owner for owner, _span in frame.messages),
        )

    def raw(self, number: int) -> bytes:
        return _HEADERS + self.frames[number - 1].payload

    async def layers(self, number: int) -> tuple[Layer, ...]:
        if self.failure:
            raise self.failure
        return layers_of(self.frames[number - 1])

    def byte_views(self, number: int) -> tuple[ByteView, ...]:
        return self.views.get(number, ())

    @property
    def has_secrets(self) -> bool:
        return bool(self.views)

    def set_uses_secrets(self, uses_secrets: bool) -> None:
        self.uses_secrets = uses_secrets
        self.tell()

    def account_of(self, number: int) -> AccountId | None:
        return self.frames[number - 1].account

    def chat_frames(self, chat: ChatKey) -> frozenset[int]:
        return self.chats.get(chat, frozenset())

    def attribution(self, message: MessageId) -> Attribution:
        return self.attributions.get(message, Attribution(message=message, stream=None))

    def frames_of(self, wire: WireRange) -> tuple[int, ...]:
        return self.lines.get(wire, ())

    def choose_line(self, wire: WireRange) -> MessageId:
        line = MessageId(f"line {wire.span.start}")
        found = self.frames_of(wire)
        self.attributions[line] = Attribution(message=line, stream=0, frames=found)
        return line

    def choose_connection(self, flow: FlowKey, connection: ConnectionId, words: str) -> MessageId:
        chosen = MessageId(f"connection {connection}")
        frames = self.connections.get(connection, ())
        self.attributions[chosen] = Attribution(message=chosen, stream=0, frames=frames)
        return chosen

    def messages_of(self, number: int) -> tuple[MessageId, ...]:
        return tuple(owner for owner, _span in self.frames[number - 1].messages)

    def message_spans(self, number: int) -> tuple[tuple[MessageId, ByteRange], ...]:
        return self.frames[number - 1].messages

    def explain_message(self, message: MessageId) -> str:
        found = self.attribution(message)
        if not found.frames:
            return "No frame of it was captured: it was sent before the capture started."
        frame = self.frames[found.frames[0] - 1]
        if frame.exposure is Exposure.SEALED:
            return (
                "TLS 1.3 record of 67 bytes: 45 of your line, 22 of protection. "
                "An observer learns the length and the time."
            )
        return (
            f"Sent as 1 frame and once more, {HEADER_BYTES + len(frame.payload)} bytes: "
            f"{len(frame.payload)} of your line, {HEADER_BYTES} of headers. "
            "Anyone on the path can read it."
        )

    def explain_frame(self, number: int) -> str:
        return f"Frame {number} is a bare TCP acknowledgement: it says which bytes have arrived."

    def exposure_of(self, message: MessageId) -> Exposure | None:
        if not self.attribution(message).frames and message not in self.tapped:
            return None
        return Exposure.SEALED if message == "secret" else Exposure.READABLE

    def tap_bytes(self, message: MessageId) -> bytes:
        return self.tapped.get(message, b"")

    def on_frames(self, observer: Callable[[], None]) -> None:
        self.observers.append(observer)


def layers_of(frame: FakeFrame) -> tuple[Layer, ...]:
    """The tree of a frame made here."""
    ethernet = Layer(
        "Ethernet II",
        "Src: 00:00:00:00:00:00, Dst: 00:00:00:00:00:00",
        ByteRange(0, 14),
        (
            Field("Destination", "00:00:00:00:00:00", ByteRange(0, 6)),
            Field("Source", "00:00:00:00:00:00", ByteRange(6, 12)),
            Field("Type", "IPv4 (0x0800)", ByteRange(12, 14)),
        ),
    )
    ip = Layer(
        "Internet Protocol Version 4",
        f"Src: {frame.source}, Dst: {frame.destination}",
        ByteRange(14, 34),
        (
            Field("Version", "4", ByteRange(14, 15)),
            Field("Total Length", "104", ByteRange(16, 18)),
            Field("Time to Live", "64", ByteRange(22, 23)),
            Field("Source Address", frame.source, ByteRange(26, 30)),
            Field("Destination Address", frame.destination, ByteRange(30, 34)),
        ),
    )
    layers = (ethernet, ip, _tcp(frame))
    return (*layers, _application(frame)) if frame.payload else layers


def _tcp(frame: FakeFrame) -> Layer:
    flags = (
        Field("Acknowledgment", "Set", ByteRange(47, 48)),
        Field("Push", "Set", ByteRange(47, 48)),
    )
    return Layer(
        "Transmission Control Protocol",
        f"Src Port: 54321, Dst Port: 6667, Len: {len(frame.payload)}",
        ByteRange(34, HEADER_BYTES),
        (
            Field("Source Port", "54321", ByteRange(34, 36)),
            Field("Destination Port", "6667", ByteRange(36, 38)),
            Field("Sequence Number", "791420170", ByteRange(38, 42)),
            Field("Acknowledgment Number", "1373684658", ByteRange(42, 46)),
            Field("Flags", "0x018 (PSH, ACK)", ByteRange(46, 48), flags),
            Field("Window", "512", ByteRange(48, 50)),
        ),
    )


def _application(frame: FakeFrame) -> Layer:
    start, stop = HEADER_BYTES, HEADER_BYTES + len(frame.payload)
    if frame.protocol.startswith("TLS"):
        fields = (
            Field("Content Type", "Application Data (23)", ByteRange(start, start + 1)),
            Field("Version", "TLS 1.2 (0x0303)", ByteRange(start + 1, start + 3)),
            Field("Length", str(len(frame.payload) - 5), ByteRange(start + 3, start + 5)),
            Field("Encrypted Application Data", "…", ByteRange(start + 5, stop)),
        )
        name = "Transport Layer Security"
        return Layer(name, frame.info, ByteRange(start, stop), fields, frame.exposure)
    command, _, rest = frame.payload.decode().partition(" ")
    target, _, text = rest.partition(" :")
    at = start + len(command) + 1
    inner = (
        Field("Command", command, ByteRange(start, start + len(command))),
        Field("Target", target, ByteRange(at, at + len(target))),
        Field("Text", text.rstrip(), ByteRange(at + len(target) + 2, stop - 2)),
        Field("End of line", "CR LF", ByteRange(stop - 2, stop)),
    )
    line = Field("Line", frame.info, ByteRange(start, stop), inner)
    name = "Internet Relay Chat"
    return Layer(name, frame.info, ByteRange(start, stop), (line,), frame.exposure)


def said(message: str, text: str) -> FakeFrame:
    """A frame in which ``text`` goes to #lab in clear."""
    line = f"PRIVMSG #lab :{text}\r\n".encode()
    span = ByteRange(HEADER_BYTES, HEADER_BYTES + len(line))
    return FakeFrame(
        "IRC",
        line.decode().strip(),
        Exposure.READABLE,
        line,
        "message",
        messages=((MessageId(message), span),),
    )


def sealed(message: str, size: int = 67) -> FakeFrame:
    """A frame in which a message goes out under TLS."""
    body = bytes((17 * i * i + 41 * i + 7) % 256 for i in range(size - 5))
    record = b"\x17\x03\x03" + (size - 5).to_bytes(2, "big") + body
    span = ByteRange(HEADER_BYTES, HEADER_BYTES + size)
    return FakeFrame(
        "TLSv1.3",
        "Application Data",
        Exposure.SEALED,
        record,
        "message",
        SEALED,
        messages=((MessageId(message), span),),
    )


def _lab_frames() -> list[FakeFrame]:
    return [
        FakeFrame(
            "DNS",
            "Standard query 0x3f1a A irc.lab.example",
            Exposure.READABLE,
            why="DNS look-up of irc.lab.example for Lab",
            source="192.168.178.21",
            destination="192.168.178.1",
        ),
        FakeFrame("TCP", "54321 → 6667 [SYN] Seq=0 Win=65495 Len=0 MSS=65495", why="handshake"),
        FakeFrame("TCP", "6667 → 54321 [SYN, ACK] Seq=0 Ack=1 Win=65483 Len=0", why="handshake"),
        FakeFrame("TCP", "54321 → 6667 [ACK] Seq=1 Ack=1 Win=512 Len=0"),
        FakeFrame("IRC", "CAP LS 302 ┊ NICK alice ┊ USER alice 0 * :Alice", Exposure.READABLE),
        FakeFrame("TLSv1.3", "Client Hello (SNI=irc.lab.example)", account=SEALED, why="handshake"),
        FakeFrame("TLSv1.3", "Server Hello, Change Cipher Spec", account=SEALED, why="handshake"),
        said("hello", "hello everyone, can you see this?"),
        FakeFrame("TCP", "6667 → 54321 [ACK] Seq=410 Ack=151 Win=512 Len=0"),
        FakeFrame("IRC", ":alice!a@127.0.0.1 PRIVMSG #lab :hello everyone", Exposure.READABLE),
        sealed("secret"),
        FakeFrame("TCP", "6697 → 40110 [ACK] Seq=2210 Ack=871 Win=512 Len=0", account=SEALED),
        FakeFrame(
            "IRC",
            "[TCP Retransmission] PRIVMSG #lab :hello everyone, can you see this?",
            Exposure.ATTENTION,
            why="retransmission",
        ),
        FakeFrame("IRC", "PING :lab.example", Exposure.PLUMBING, why="keep-alive (PING)"),
    ]


def lab_feed() -> FakeFeed:
    """The start of a lab hour: a look-up, two handshakes, a message in clear, one under TLS."""
    frames = _lab_frames()
    feed = FakeFeed(frames)
    feed.status = CaptureLive(
        backend="packet socket", frames=len(frames), dropped=0, position=4096, flows=2
    )
    hello, secret = MessageId("hello"), MessageId("secret")
    feed.attributions = {
        hello: Attribution(
            message=hello,
            stream=0,
            frames=(8, 13),
            retransmissions=(13,),
            acks=(9,),
            echo_frames=(10,),
            evidence=Evidence.OFFSET,
            is_complete=True,
            is_acknowledged=True,
        ),
        secret: Attribution(message=secret, stream=1, frames=(11,), acks=(12,)),
    }
    feed.chats = {LAB: frozenset({8, 9, 10, 13})}
    feed.tapped = {hello: frames[7].payload}
    return feed
