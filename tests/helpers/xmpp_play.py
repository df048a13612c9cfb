"""A scripted XMPP server without a socket; the clock is that of ``irc_play``.

``PlayServer`` answers as a small modern server would; a test replaces single answers
(``server.on["auth"] = …``, by the name of the element) or speaks itself (``server.say``).
"""

import asyncio
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable
from typing import TypeVar
from xml.etree import ElementTree as ET

from chatlab.chat.wire import WireSink
from chatlab.chat.xmpp.connection import XmppConnection
from chatlab.chat.xmpp.stream import parse_element
from chatlab.core.account import Account, AccountId, Application, SecretKind, Security
from chatlab.core.connection import LinkState
from chatlab.core.errors import CertificateError, RemoteProtocolError
from chatlab.core.events import ChatEvent, LineSeen, LinkChanged, MessageChanged
from chatlab.core.flow import ByteRange, Direction, WireRange
from chatlab.core.message import Delivery, Message
from chatlab.core.xmpp_ports import Memory
from chatlab.protocol.scram import ScramKeys, ScramServer
from chatlab.protocol.xmpp import StreamUnit, UnitKind
from tests.helpers.irc_play import FakeTime, MemorySecrets, settle
from tests.helpers.xmpp_transport import PlayTransport

SASL = "urn:ietf:params:xml:ns:xmpp-sasl"
TLS = "urn:ietf:params:xml:ns:xmpp-tls"
SM = "urn:xmpp:sm:3"
STREAMS = "http://etherx.jabber.org/streams"
PASSWORD = "pencil"
ME = "ann@chat.test/desk"
ACCOUNT = Account(
    id=AccountId("test"),
    name="ann@chat.test",
    application=Application.XMPP,
    host="chat.test",
    port=5222,
    security=Security.STARTTLS,
    nick="ann",
    jid="ann@chat.test",
)
_Event = TypeVar("_Event")


class PlayServer:
    """A server for ``ann@chat.test``; also the dialler."""

    def __init__(
        self,
        mechanisms: Iterable[str] = ("SCRAM-SHA-1", "SCRAM-SHA-256", "PLAIN"),
        *,
        offers_tls: bool = True,
        manages: bool = True,
    ) -> None:
        self.mechanisms = tuple(mechanisms)
        self.offers_tls = offers_tls
        self.manages = manages
        self.on: dict[str, Callable[[ET.Element], None]] = {}
        self.heard: list[str] = []
        """Every unit of the client's, as text, over all connections."""
        self.transports: list[PlayTransport] = []
        self.refuses_certificate = False
        self.iterations = 4096
        self.is_logged_in = False
        self.counted = 0
        """Stanzas of the client's since ``<enable/>``."""
        self._is_counting = False
        self._scram: ScramServer | None = None
        self._keys: dict[str, ScramKeys] = {}
        self._account = ACCOUNT

    @property
    def transport(self) -> PlayTransport:
        return self.transports[-1]

    # -- the dialler

    async def dial(
        self, account: Account, sink: WireSink, on_stage: Callable[[LinkState], None]
    ) -> PlayTransport:
        on_stage(LinkState.CONNECTING)
        self._account = account
        is_secure = account.security is Security.DIRECT_TLS
        if is_secure:
            self._check_certificate()
        self.is_logged_in = False
        self._is_counting = False
        number = len(self.transports) + 1
        transport = PlayTransport(self.take, sink, number, ACCOUNT.id, is_secure=is_secure)
        self.transports.append(transport)
        return self.transport

    async def secure(self, wire: PlayTransport, account: Account) -> None:
        self._check_certificate()
        wire.secure()

    def _check_certificate(self) -> None:
        if self.refuses_certificate:
            raise CertificateError(
                "The certificate of chat.test was refused.",
                "Nothing of yours was sent.",
                reason="it is self-signed",
                host="chat.test",
                chain=(),
            )

    # -- the server

    def say(self, *texts: str) -> None:
        """Write, in one piece, on the newest connection."""
        self.transport.feed("".join(texts).encode())

    def take(self, transport: PlayTransport, data: bytes) -> None:
        if transport.is_closed:
            return
        origin = ByteRange(0, len(data))
        for unit in list(transport.units.feed(data, origin, True)):
            self._unit(unit)

    def _unit(self, unit: StreamUnit) -> None:
        self.heard.append(unit.data.decode())
        if unit.kind is UnitKind.OPENED:
            self.header()
        elif unit.kind is UnitKind.CLOSED:
            if not self.transport.is_closed:
                self.say("</stream:stream>")
        elif unit.kind is UnitKind.ELEMENT:
            element = parse_element(unit.data)
            name = element.tag.rpartition("}")[2]
            if self._is_counting and name in ("message", "presence", "iq"):
                self.counted += 1
            answer = self.on.get(name) or getattr(self, f"on_{name}", None)
            if answer is not None:
                answer(element)

    def header(self) -> None:
        if "header" in self.on:
            self.on["header"](ET.Element("header"))
            return
        self.say(
            "<?xml version='1.0'?><stream:stream from='chat.test' id='s1' version='1.0' "
            f"xmlns='jabber:client' xmlns:stream='{STREAMS}'>",
            f"<stream:features>{self.features()}</stream:features>",
        )

    def features(self) -> str:
        if self.is_logged_in:
            manages = f"<sm xmlns='{SM}'/>" if self.manages else ""
            return f"<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>{manages}"
        is_secure = self.transport.connection.tls is not None
        offer = f"<starttls xmlns='{TLS}'/>" if self.offers_tls and not is_secure else ""
        names = "".join(f"<mechanism>{name}</mechanism>" for name in self.mechanisms)
        return f"{offer}<mechanisms xmlns='{SASL}'>{names}</mechanisms>"

    def on_starttls(self, element: ET.Element) -> None:
        self.say(f"<proceed xmlns='{TLS}'/>")

    def on_auth(self, element: ET.Element) -> None:
        mechanism, first = element.get("mechanism", ""), b64decode(element.text or "")
        if mechanism == "PLAIN":
            is_right = first == f"\0ann\0{PASSWORD}".encode()
            self.succeed() if is_right else self.refuse()
            return
        name = "sha256" if mechanism.endswith("256") else "sha1"
        keys = ScramKeys.derive(PASSWORD, b"salt", self.iterations, name)
        self._scram = ScramServer(lambda user: keys if user == "ann" else None, hash_name=name)
        self.challenge(self._scram.first(first))

    def challenge(self, data: bytes) -> None:
        self.say(f"<challenge xmlns='{SASL}'>{b64encode(data).decode()}</challenge>")

    def on_response(self, element: ET.Element) -> None:
        assert self._scram is not None
        try:
            final = self._scram.final(b64decode(element.text or ""))
        except RemoteProtocolError:
            self.refuse()
            return
        self.succeed(final)

    def succeed(self, data: bytes = b"") -> None:
        self.is_logged_in = True
        self.say(f"<success xmlns='{SASL}'>{b64encode(data).decode()}</success>")

    def refuse(self, condition: str = "not-authorized") -> None:
        self.say(f"<failure xmlns='{SASL}'><{condition}/></failure>")

    def on_iq(self, element: ET.Element) -> None:
        name = element.get("id", "")
        if element.find("{urn:ietf:params:xml:ns:xmpp-bind}bind") is not None:
            self.say(
                f"<iq type='result' id='{name}'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
                f"<jid>{ME}</jid></bind></iq>"
            )
        elif element.get("type") in ("get", "set"):
            sender = element.get("to", "")
            origin = f" from='{sender}'" if sender else ""
            self.say(f"<iq type='result' id='{name}'{origin}/>")

    def on_enable(self, element: ET.Element) -> None:
        self._is_counting, self.counted = True, 0
        self.say(f"<enabled xmlns='{SM}' id='again' resume='true' max='300'/>")

    def on_r(self, element: ET.Element) -> None:
        self.say(f"<a xmlns='{SM}' h='{self.counted}'/>")

    # -- a room

    def on_presence(self, element: ET.Element) -> None:
        """Rooms at ``rooms.chat.test`` let everybody in; bob is there already."""
        to = element.get("to", "")
        if "@rooms.chat.test/" not in to:
            return
        room, _, nick = to.partition("/")
        if element.get("type") == "unavailable":
            self.say(occupant(room, nick, kind="unavailable", codes=("110",)))
            return
        self.say(
            occupant(room, "bob", "moderator", "owner"),
            occupant(room, nick, codes=("110",)),
            f"<message type='groupchat' from='{room}'><subject>Hello</subject></message>",
        )

    def on_message(self, element: ET.Element) -> None:
        to = element.get("to", "")
        if to.endswith("@rooms.chat.test") and element.get("type") == "groupchat":
            body = element.findtext("{jabber:client}body")
            name = element.get("id", "")
            self.say(
                f"<message type='groupchat' from='{to}/ann' id='{name}'><body>{body}</body>"
                f"<stanza-id xmlns='urn:xmpp:sid:0' by='{to}' id='room-{name}'/></message>"
            )


def occupant(
    room: str,
    nick: str,
    role: str = "participant",
    affiliation: str = "none",
    *,
    kind: str = "",
    codes: Iterable[str] = (),
    item: str = "",
) -> str:
    """A presence as a room sends it."""
    statuses = "".join(f"<status code='{code}'/>" for code in codes)
    typed = f" type='{kind}'" if kind else ""
    return (
        f"<presence from='{room}/{nick}'{typed}><x xmlns='http://jabber.org/protocol/muc#user'>"
        f"<item role='{role}' affiliation='{affiliation}'{item}/>{statuses}</x></presence>"
    )


def message(sender: str, body: str, name: str = "m1", inner: str = "", kind: str = "chat") -> str:
    """A message as it arrives."""
    return (
        f"<message type='{kind}' from='{sender}' to='{ME}' id='{name}'>"
        f"<body>{body}</body>{inner}</message>"
    )


class Play:
    """One account, its server, its clock and its events."""

    def __init__(
        self,
        account: Account = ACCOUNT,
        server: PlayServer | None = None,
        memory: Memory | None = None,
    ) -> None:
        self.server = server or PlayServer()
        self.time = FakeTime()
        self.events: list[ChatEvent] = []
        self._news = asyncio.Event()
        self.secrets = MemorySecrets(**{SecretKind.LOGIN.value: PASSWORD})
        self.xmpp = XmppConnection(
            account,
            self._take,
            self.server,
            self.secrets,
            timing=self.time.timing(),
            memory=memory,
        )

    def _take(self, event: ChatEvent) -> None:
        self.events.append(event)
        self._news.set()

    async def start(self) -> "Play":
        """Connect, and wait until it is decided how that ends."""
        self.xmpp.start()
        await self.until(
            lambda: bool(self.of(LinkChanged)) and self.state in (LinkState.ONLINE, *_ENDS)
        )
        return self

    async def until(self, condition: Callable[[], bool]) -> None:
        """Let things happen until a condition holds; SCRAM works in a thread of its own."""
        async with asyncio.timeout(10):
            while not condition():
                self._news.clear()
                await self._news.wait()
        await settle()

    async def stop(self) -> None:
        stopping = asyncio.ensure_future(self.xmpp.stop())
        await settle()
        if not stopping.done():
            await self.time.advance(3)  # The server does not react.
        await stopping
        assert self.state is LinkState.OFFLINE

    def of(self, kind: type[_Event]) -> list[_Event]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def state(self) -> LinkState:
        changes = self.of(LinkChanged)
        return changes[-1].state if changes else LinkState.OFFLINE

    async def until_it_waits(self) -> bool:
        """Until it is offline; True when it will connect again by itself."""
        await self.until(lambda: self.state in _ENDS)
        return self.state is LinkState.WAITING

    @property
    def retry_in_s(self) -> float:
        return self.of(LinkChanged)[-1].retry_in_s or 0.0

    @property
    def detail(self) -> str:
        """Why the connection ended."""
        return self.of(LinkChanged)[-1].detail

    @property
    def deliveries(self) -> list[Delivery]:
        return [event.delivery for event in self.of(MessageChanged) if event.delivery]

    def sent(self, text: str) -> list[LineSeen]:
        """Units that were written with this in them."""
        lines = self.of(LineSeen)
        return [x for x in lines if x.direction is Direction.SENT and text in x.line]


def fate(play: Play, sent: Message) -> list[Delivery]:
    """How far a message got, step by step."""
    changes = [event for event in play.of(MessageChanged) if event.message == sent.id]
    return [event.delivery for event in changes if event.delivery]


def wires(play: Play, sent: Message) -> list[WireRange]:
    """The bytes of a message, for each time that it was written."""
    changes = [event for event in play.of(MessageChanged) if event.message == sent.id]
    return [event.wire for event in changes if event.wire]


_ENDS = (LinkState.OFFLINE, LinkState.WAITING)
