"""One client’s XML stream: from its header through TLS, login and binding to stanzas. No IO.

What is offered depends on how far the client is (RFC 6120, section 4.3.2): first TLS, login and
registration; after the login binding, or the resumption of an earlier session (XEP-0198). The
bytes themselves, TLS and the parser belong to the Link, which ``listener`` implements.
"""

import logging
from enum import Enum
from typing import Protocol

from chatlab.server.xmpp import lifecycle
from chatlab.server.xmpp.accounts import Account
from chatlab.server.xmpp.element import Element, escape_value
from chatlab.server.xmpp.errors import SaslFailure, StanzaError, StreamError, result
from chatlab.server.xmpp.host import Host
from chatlab.server.xmpp.jid import prepare_resource
from chatlab.server.xmpp.limits import DOMAIN, MAX_SASL_FAILURES
from chatlab.server.xmpp.namespaces import (
    BIND,
    CLIENT,
    CSI,
    MANAGEMENT,
    PING,
    REGISTER,
    REGISTER_FEATURE,
    SASL,
    SESSION,
    STANZA_ERRORS,
    STREAM,
    SUBSCRIPTION_PRE_APPROVAL,
    TLS,
)
from chatlab.server.xmpp.queries.registration import Applicant, unregistered
from chatlab.server.xmpp.routing import route
from chatlab.server.xmpp.sasl import MECHANISMS, Challenge, SaslExchange, Success
from chatlab.server.xmpp.session import Session

log = logging.getLogger(__name__)
_STANZAS = ("message", "presence", "iq")


class StartTls(Enum):
    """What the plain port says about TLS (RFC 6120, section 5)."""

    NOT_OFFERED = "not offered"
    OFFERED = "offered"
    REQUIRED = "required"


class Link(Protocol):
    """The way back to a client; ``listener`` implements it over a socket."""

    def write(self, data: bytes) -> None: ...

    def restart(self) -> None:
        """What comes next is a new stream."""
        ...

    def start_tls(self) -> None:
        """The same, and it begins with a TLS handshake."""
        ...

    def close(self) -> None:
        """Close once everything written has been sent."""
        ...


class ClientStream:
    """The server’s end of one stream; also the Outlet of the session that it carries."""

    def __init__(self, host: Host, link: Link, start_tls: StartTls) -> None:
        """``start_tls`` is NOT_OFFERED where TLS is in place from the start."""
        self._host = host
        self._link = link
        self._start_tls = start_tls
        self._is_open = False
        self._is_over = False
        self._exchange: SaslExchange | None = None
        self._applicant = Applicant()
        self._failures = 0
        self.account: Account | None = None
        self.session: Session | None = None
        self.started_at = host.monotonic()
        self._heard_at = self.started_at
        self._asked_at: float | None = None

    # --- what comes from the link

    def opened(self, attributes: dict[str, str]) -> None:
        """The client’s stream header. Raises StreamError."""
        self._is_open = True
        self._write_header()
        if not attributes.get("version", "").startswith("1."):
            raise StreamError("unsupported-version", "This server speaks XMPP 1.0.")
        if not self._host.serves(attributes.get("to", DOMAIN)):
            wanted = attributes.get("to", "")[:100]
            raise StreamError("host-unknown", f"This server is {DOMAIN}, not {wanted}.")
        self._link.write(self._features().to_bytes())

    def received(self, element: Element) -> None:
        """A first-level element. Raises StreamError."""
        if self._is_over:
            return
        if not self._is_open:
            raise StreamError("bad-format", "The stream has not been opened.")
        session = self.session
        if session is not None and session.is_gone:
            return
        if element.namespace == STREAM:
            log.info("A client gives up: %s", element)
            self.closed()
        elif session is not None:
            self._received_bound(session, element)
        elif self.account is not None:
            self._received_authenticated(self.account, element)
        else:
            self._received_unknown(element)

    def heard(self) -> None:
        """Something has come in, if only a blank."""
        self._heard_at = self._host.monotonic()
        self._asked_at = None

    def closed(self) -> None:
        """The client has ended the stream."""
        session, self.session = self.session, None
        if session is not None:
            lifecycle.end_session(self._host, session)
        self.end(None)

    def lost(self) -> None:
        """The connection is gone, with or without a goodbye."""
        self._is_over = True
        session, self.session = self.session, None
        if session is not None and session.outlet is self:
            lifecycle.lose_stream(self._host, session)

    def failed(self, error: StreamError) -> None:
        """Nothing more can be done with this stream; the session is over."""
        session, self.session = self.session, None
        if session is not None and session.outlet is self:
            session.outlet = None
            lifecycle.end_session(self._host, session)
        self.end(error)

    def is_silent(self, after: float, patience: float) -> bool:
        """Ask a quiet client for a sign of life; True when it has not given one in time."""
        now = self._host.monotonic()
        if self._asked_at is not None:
            return now - self._asked_at > patience
        if self.session is not None and now - self._heard_at > after:
            self._asked_at = now
            self._ask(self.session)
        return False

    def _ask(self, session: Session) -> None:
        if session.management is not None:
            self.send(session.management.request())
            return
        attributes = {"from": DOMAIN, "to": str(session.jid), "type": "get"}
        ping = Element("ping", PING)
        self.send(Element("iq", CLIENT, {**attributes, "id": self._host.new_id()}, ping))

    # --- what a session’s Outlet promises

    def send(self, element: Element) -> None:
        if not self._is_over:
            self._link.write(element.to_bytes())

    def end(self, error: StreamError | None) -> None:
        if self._is_over:
            return
        self._is_over = True
        if not self._is_open:
            self._write_header()
        if error is not None:
            self._link.write(error.element().to_bytes())
        self._link.write(b"</stream:stream>")
        self._link.close()

    # --- headers and features

    def _write_header(self) -> None:
        stream_id = escape_value(self._host.pseudonym("stream", self._host.new_id()))
        header = (
            f"<?xml version='1.0'?><stream:stream xmlns='{CLIENT}' xmlns:stream='{STREAM}' "
            f"id='{stream_id}' from='{DOMAIN}' version='1.0' xml:lang='en'>"
        )
        self._link.write(header.encode())

    def _features(self) -> Element:
        if self.account is not None:
            optional = Element("optional", SESSION)
            return Element(
                "features",
                STREAM,
                None,
                Element("bind", BIND),
                Element("session", SESSION, None, optional),
                Element("sm", MANAGEMENT),
                Element("csi", CSI),
                Element("sub", SUBSCRIPTION_PRE_APPROVAL),
            )
        features: list[Element] = []
        if self._start_tls is not StartTls.NOT_OFFERED:
            is_required = self._start_tls is StartTls.REQUIRED
            required = [Element("required", TLS)] if is_required else []
            features.append(Element("starttls", TLS, None, *required))
        if self._start_tls is not StartTls.REQUIRED:
            names = [Element("mechanism", SASL, None, name) for name in MECHANISMS]
            features.append(Element("mechanisms", SASL, None, *names))
            if self._host.allows_registration:
                features.append(Element("register", REGISTER_FEATURE))
        return Element("features", STREAM, None, *features)

    def _restart(self) -> None:
        self._is_open = False
        self._link.restart()

    # --- before the login

    def _received_unknown(self, element: Element) -> None:
        if element.is_("starttls", TLS):
            self._begin_tls()
        elif self._start_tls is StartTls.REQUIRED:
            raise StreamError("policy-violation", "This server wants TLS first.")
        elif element.namespace == SASL:
            self._authenticate(element)
        elif element.is_("iq", CLIENT):
            self._register(element)
        else:
            raise StreamError("not-authorized", "Log in first.")

    def _begin_tls(self) -> None:
        if self._start_tls is StartTls.NOT_OFFERED:
            self.send(Element("failure", TLS))
            self.end(None)
            return
        self._start_tls = StartTls.NOT_OFFERED
        self._exchange = None
        self.send(Element("proceed", TLS))
        self._is_open = False
        self._link.start_tls()

    def _authenticate(self, element: Element) -> None:
        try:
            step = self._sasl_step(element)
        except SaslFailure as failure:
            self._exchange = None
            self._failures += 1
            self.send(failure.element())
            if self._failures >= MAX_SASL_FAILURES:
                raise StreamError("policy-violation", "Too many attempts.") from None
            return
        if isinstance(step, Challenge):
            self.send(Element("challenge", SASL, None, step.text))
            return
        self._exchange = None
        self.account = step.account
        self.send(Element("success", SASL, None, step.text))
        self._restart()

    def _sasl_step(self, element: Element) -> Challenge | Success:
        if element.name == "auth":
            self._exchange = SaslExchange(element.get("mechanism"), self._host.accounts)
            return self._exchange.receive(element.text)
        if element.name == "response" and self._exchange is not None:
            return self._exchange.receive(element.text)
        if element.name == "abort":
            raise SaslFailure("aborted")
        raise SaslFailure("malformed-request", "A login begins with <auth/>.")

    def _register(self, stanza: Element) -> None:
        """In-band registration (XEP-0077); every other query has to wait."""
        payload = stanza.child("query", REGISTER)
        is_set = stanza.get("type") == "set"
        try:
            if payload is None or not (is_set or stanza.get("type") == "get"):
                raise StanzaError("not-authorized", "Log in first.")
            answer = unregistered(self._host, self._applicant, payload, is_set=is_set)
            self.send(result(stanza, answer))
        except StanzaError as error:
            self.send(error.reply_to(stanza))

    # --- after the login

    def _received_authenticated(self, account: Account, element: Element) -> None:
        if element.is_("resume", MANAGEMENT):
            self._resume(account, element)
        elif element.is_("iq", CLIENT) and element.has("bind", BIND):
            self._bind(account, element)
        elif element.namespace == CLIENT and element.name in _STANZAS:
            raise StreamError("not-authorized", "Bind a resource first.")
        elif element.namespace != MANAGEMENT:
            raise StreamError("unsupported-stanza-type", "Bind a resource first.")
        else:
            self._refuse_management("unexpected-request")

    def _bind(self, account: Account, stanza: Element) -> None:
        """RFC 6120, section 7."""
        payload = stanza.child("bind", BIND)
        wanted = payload.text_of("resource") if payload else ""
        try:
            if self._host.accounts.at(account.jid) is not account:
                raise StanzaError("not-authorized", "The account has just been removed.")
            if stanza.get("type") != "set":
                raise StanzaError("bad-request", "A resource is bound with a set.")
            resource = prepare_resource(wanted or f"chatlab-{self._host.new_id()}")
            session = lifecycle.open_session(self._host, account, resource, self)
        except StanzaError as error:
            self.send(error.reply_to(stanza))
            return
        self.session = session
        jid = Element("jid", BIND, None, str(session.jid))
        self.send(result(stanza, Element("bind", BIND, None, jid)))

    def _resume(self, account: Account, element: Element) -> None:
        """XEP-0198, section 5: the session goes on here, with what the client has missed."""
        session = lifecycle.find_resumable(self._host, account, element.get("previd"))
        management = session.management if session else None
        if session is None or management is None:
            self._refuse_management("item-not-found")
            return
        management.acknowledge(element.get("h"))
        if session.outlet is not None:
            # The client knows before we do that its old connection is dead.
            older, session.outlet = session.outlet, None
            older.end(StreamError("conflict", "The session goes on in another stream."))
        session.outlet, management.lost_at = self, None
        self.session = session
        self.send(management.resumed())
        for stanza in list(management.unacked):
            self.send(stanza)
        if management.unacked:
            self.send(management.request())

    def _refuse_management(self, condition: str) -> None:
        self.send(Element("failed", MANAGEMENT, None, Element(condition, STANZA_ERRORS)))

    # --- with a session

    def _received_bound(self, session: Session, element: Element) -> None:
        if element.namespace == MANAGEMENT:
            self._manage(session, element)
        elif element.namespace == CSI:
            # Accepted: what a client that is looked away from may miss is for it to say.
            log.debug("%s is %s", session.jid, element.name)
        elif element.namespace == CLIENT:
            if session.management is not None and element.name in _STANZAS:
                session.management.count()
            route(self._host, session, element)
        else:
            raise StreamError("unsupported-stanza-type", f"<{element.name[:40]}/> is unknown here.")

    def _manage(self, session: Session, element: Element) -> None:
        management = session.management
        if element.name == "enable" and management is None:
            is_resumable = element.get("resume") in ("true", "1")
            management = lifecycle.enable(self._host, session, is_resumable=is_resumable)
            self.send(management.enabled(self._host.resume_seconds))
        elif management is None or element.name in ("enable", "resume"):
            self._refuse_management("unexpected-request")
        elif element.name == "r":
            self.send(management.answer())
        elif element.name == "a":
            management.acknowledge(element.get("h"))
