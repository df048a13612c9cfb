"""From an open wire to a session: stream, TLS, login, resource (RFC 6120, sections 4 to 7).

Written as the steps that it takes, each of which the server's next element must fit. Until the end
nothing that arrives is a stanza to be believed: one that comes early ends the connection, and so
does whatever would have us go on in clear where the account wants TLS.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from xml.etree import ElementTree as ET
from xml.sax.saxutils import quoteattr

from chatlab.chat.xmpp.link import Link
from chatlab.chat.xmpp.login import Offer, Refusal, log_in
from chatlab.chat.xmpp.management import ENABLE, NAMESPACE, Management, tag
from chatlab.chat.xmpp.stanza_errors import FINAL_STREAM_ERRORS, refusal_of, stream_error
from chatlab.chat.xmpp.stream import is_stanza, parse_element, to_bytes
from chatlab.core.account import Account, Security
from chatlab.core.errors import RemoteProtocolError
from chatlab.core.flow import WireRange
from chatlab.core.jid import bare_of, split_jid
from chatlab.protocol.xmpp import TLS_NAMESPACE, StreamUnit, UnitKind
from chatlab.protocol.xmpp_element import CLIENT_NAMESPACE, STREAMS_NAMESPACE
from chatlab.protocol.xmpp_masking import SASL

BIND = "urn:ietf:params:xml:ns:xmpp-bind"
SESSION = "urn:ietf:params:xml:ns:xmpp-session"
SASL_BINDINGS = "urn:xmpp:sasl-cb:0"
_STARTTLS = f"<starttls xmlns='{TLS_NAMESPACE}'/>".encode()
_MAX_HELD = 2_000
"""Stanzas that a server may send before the session is complete."""


@dataclass(frozen=True, slots=True)
class Held:
    """A unit with its bytes, not yet handled."""

    unit: StreamUnit
    wire: WireRange


class Units:
    """What the link delivers, in order, for somebody who waits for it."""

    def __init__(self) -> None:
        self._waiting: deque[Held] = deque()
        self._refusal: Refusal | None = None
        self._news = asyncio.Event()
        self._over = asyncio.Event()

    def put(self, unit: StreamUnit, wire: WireRange) -> None:
        self._waiting.append(Held(unit, wire))
        self._news.set()

    def end(self, refusal: Refusal) -> None:
        """Nothing more comes."""
        self._refusal = self._refusal or refusal
        self._news.set()
        self._over.set()

    async def ended(self) -> None:
        """Returns when nothing more comes."""
        await self._over.wait()

    async def next(self) -> Held:
        """Raises Refusal when there is nothing more to come."""
        while not self._waiting:
            if self._refusal is not None:
                raise self._refusal
            self._news.clear()
            await self._news.wait()
        return self._waiting.popleft()

    def rest(self) -> tuple[Held, ...]:
        """What nobody has waited for."""
        rest = tuple(self._waiting)
        self._waiting.clear()
        return rest


@dataclass(frozen=True, slots=True)
class Features:
    """What ``<stream:features/>`` offers."""

    element: ET.Element

    def get(self, name: str, namespace: str) -> ET.Element | None:
        return self.element.find(f"{{{namespace}}}{name}")

    @property
    def offer(self) -> Offer:
        """How to log in."""
        found = self.get("mechanisms", SASL)
        names = found.iterfind(f"{{{SASL}}}mechanism") if found is not None else ()
        mechanisms = frozenset("".join((name.text or "").split()) for name in names)
        known = self.get("sasl-channel-binding", SASL_BINDINGS)
        if known is None:
            return Offer(mechanisms)
        kinds = known.iterfind(f"{{{SASL_BINDINGS}}}channel-binding")
        return Offer(mechanisms, frozenset(kind.get("type", "") for kind in kinds))


class Negotiation:
    """One connection on its way to a session."""

    def __init__(
        self,
        account: Account,
        link: Link,
        units: Units,
        secure: Callable[[], Awaitable[None]],
    ) -> None:
        """``secure`` puts TLS onto the wire. Raises ConnectError, CertificateError."""
        self._account = account
        self._link = link
        self._units = units
        self._secure = secure
        self._held: list[Held] = []
        self._may_hold = False
        self.is_logged_in = False
        """The server has proved who it is, and knows who we are."""
        self._asked: set[str] = set()
        """Ids of questions whose answers are waited for."""
        self._domain = split_jid(account.jid)[1]

    # -- the steps

    async def open(self) -> Features:
        """Up to the features of a stream that is as secure as the account wants it.

        Raises Refusal, ConnectError; nothing of the account but its domain has been sent then.
        """
        features = await self._stream()
        if self._account.security is Security.STARTTLS:
            if features.get("starttls", TLS_NAMESPACE) is None:
                raise Refusal(
                    f"{self._domain} does not offer TLS on this port: no name and no password was "
                    "sent.",
                    "Somebody on the way may have taken the offer out. Choose direct TLS, or ask "
                    "the server’s operator.",
                )
            await self._start_tls()
            features = await self._stream()
        elif self._account.security is Security.PLAIN:
            offer = features.get("starttls", TLS_NAMESPACE)
            if offer is not None and offer.find(f"{{{TLS_NAMESPACE}}}required") is not None:
                raise Refusal(
                    f"{self._domain} wants TLS on this port: no name and no password was sent.",
                    "Choose STARTTLS for this account.",
                )
        return features

    async def log_in(self, features: Features, password: str) -> Features:
        """Prove who we are; returns the features behind that. Raises Refusal, ChatlabError."""
        await log_in(self, self._account, password, features.offer)
        self.is_logged_in = True
        self._link.restart()
        return await self._stream()

    async def resume(self, features: Features, management: Management) -> ET.Element | None:
        """Go on with the session of a lost connection; None when the server does not have it."""
        if features.get("sm", NAMESPACE) is None:
            return None
        self.write(management.resume())
        self._may_hold = True
        answer = await self.element()
        if answer.tag == tag("resumed"):
            return answer
        if answer.tag != tag("failed"):
            raise _unexpected(answer, "<resume/>")
        management.acknowledge(answer)
        return None

    async def bind(self, features: Features) -> str:
        """Have a resource bound; returns our full address. Raises Refusal, RemoteProtocolError."""
        if features.get("bind", BIND) is None:
            raise RemoteProtocolError(
                "The server lets us in, but offers no session.", "Tell its operator."
            )
        request = ET.Element(f"{{{BIND}}}bind")
        if self._account.resource:
            ET.SubElement(request, f"{{{BIND}}}resource").text = self._account.resource
        answer = await self._needed("bind", request)
        jid = (answer.findtext(f"{{{BIND}}}bind/{{{BIND}}}jid") or "").strip()
        if split_jid(jid)[1].lower() != self._domain.lower() or "/" not in jid:
            given = bare_of(jid)[:100]
            raise RemoteProtocolError(
                f"The server gave us the address “{given}”, which is not of this account.",
                f"If that is your server, use {given} as the account’s address, and "
                f"{self._domain} as its server.",
            )
        session = features.get("session", SESSION)
        if session is not None and session.find(f"{{{SESSION}}}optional") is None:
            await self._needed("session", ET.Element(f"{{{SESSION}}}session"))
        return jid

    async def manage(self, features: Features, management: Management) -> None:
        """Have both sides count stanzas, where the server can."""
        if features.get("sm", NAMESPACE) is None:
            return
        self._may_hold = True
        self.write(ENABLE)
        answer = await self.element()
        if answer.tag == tag("enabled"):
            management.enabled(answer, early=len(self._held))
        elif answer.tag != tag("failed"):
            raise _unexpected(answer, "<enable/>")

    def rest(self) -> tuple[Held, ...]:
        """Stanzas that came meanwhile, to be handled by the session first."""
        return (*self._held, *self._units.rest())

    # -- what the steps need (``login.Pipe``)

    @property
    def is_secure(self) -> bool:
        return self._link.is_secure

    def write(self, data: bytes) -> WireRange:
        return self._link.write(data)

    def channel_binding(self, name: str) -> bytes:
        return self._link.channel_binding(name)

    async def element(self) -> ET.Element:
        """The next element that negotiates. Raises Refusal, RemoteProtocolError."""
        while True:
            held = await self._units.next()
            if held.unit.kind in (UnitKind.BLANK, UnitKind.DECLARATION):
                continue
            if held.unit.kind is UnitKind.CLOSED:
                raise Refusal("The server ended the stream before we were in.", may_retry=True)
            if held.unit.kind is UnitKind.OPENED:
                raise RemoteProtocolError("The server began a second stream.")
            element = _parse(held.unit)
            if element.tag == f"{{{STREAMS_NAMESPACE}}}error":
                condition, words = stream_error(element)
                raise Refusal(words, may_retry=condition not in FINAL_STREAM_ERRORS)
            if not is_stanza(element) or element.get("id", "") in self._asked:
                return element
            self._hold(held)

    def _hold(self, held: Held) -> None:
        if not self._may_hold or len(self._held) >= _MAX_HELD:
            raise Refusal(
                "A stanza came before the login: nothing of it is believed, and the connection "
                "was ended.",
                "Somebody on the way may be putting words into it.",
            )
        self._held.append(held)

    async def _stream(self) -> Features:
        sender = f" from={quoteattr(self._account.jid)}" if self.is_secure else ""
        self.write(
            (
                f"<?xml version='1.0'?><stream:stream{sender} to={quoteattr(self._domain)} "
                f"xmlns='{CLIENT_NAMESPACE}' xmlns:stream='{STREAMS_NAMESPACE}' "
                "xml:lang='en' version='1.0'>"
            ).encode()
        )
        while (held := await self._units.next()).unit.kind is not UnitKind.OPENED:
            if held.unit.kind not in (UnitKind.BLANK, UnitKind.DECLARATION):
                raise RemoteProtocolError("The server did not begin a stream.")
        if b"version" not in held.unit.data:
            raise RemoteProtocolError(
                "The server speaks Jabber from before XMPP (RFC 3920).", "Try another server."
            )
        element = await self.element()
        if element.tag != f"{{{STREAMS_NAMESPACE}}}features":
            raise _unexpected(element, "our stream header")
        return Features(element)

    async def _start_tls(self) -> None:
        self.write(_STARTTLS)
        answer = await self.element()
        if answer.tag != f"{{{TLS_NAMESPACE}}}proceed":
            raise Refusal(
                f"{self._domain} offered TLS and then refused it: no name and no password was sent.",
                "Try direct TLS, or ask the server’s operator.",
            )
        await self._secure()
        self._link.restart()

    async def ask(self, kind: str, name: str, payload: ET.Element, to: str = "") -> ET.Element:
        """A question with the id ``name``; its answer, which may be an error stanza."""
        iq = ET.Element(f"{{{CLIENT_NAMESPACE}}}iq", type=kind, id=name)
        if to:
            iq.set("to", to)
        iq.append(payload)
        self._asked.add(name)
        self.write(to_bytes(iq))
        answer = await self.element()
        if answer.get("id") != name:
            raise _unexpected(answer, f"our question “{name}”")
        return answer

    async def _needed(self, name: str, payload: ET.Element) -> ET.Element:
        self._may_hold = True
        answer = await self.ask("set", name, payload)
        if answer.get("type") != "result":
            error = refusal_of(answer)
            raise Refusal(f"The server gave us no session. {error.message}", error.hint)
        return answer


def _parse(unit: StreamUnit) -> ET.Element:
    try:
        return parse_element(unit.data)
    except ET.ParseError as error:
        raise RemoteProtocolError(f"The server sent broken XML: {error}.") from error


def _unexpected(element: ET.Element, behind: str) -> RemoteProtocolError:
    return RemoteProtocolError(
        f"The server answered {behind} with <{element.tag.rpartition('}')[2]}>, which XMPP does "
        "not foresee.",
        "Is this an XMPP server for clients?",
    )
