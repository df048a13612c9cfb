"""slixmpp on a leash: it makes and reads stanzas, and never touches a socket.

``Stream`` is slixmpp's stream for one session (RFC 6120, section 2.4), which may outlast several
connections (XEP-0198). Complete stanzas are put in by ``take``, with ``current`` saying which
bytes carried the one that is being handled; whatever slixmpp or a feature sends leaves at once
through ``transmit``. Negotiation, DNS, TLS, SASL and queues of slixmpp are not used.
"""

import logging
import re
import ssl
from asyncio import Future
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast
from xml.etree import ElementTree as ET

from slixmpp.basexmpp import BaseXMPP
from slixmpp.exceptions import IqError, IqTimeout
from slixmpp.jid import JID
from slixmpp.stanza import Iq
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath, StanzaPath
from slixmpp.xmlstream.stanzabase import StanzaBase
from slixmpp.xmlstream.tostring import tostring

from chatlab.chat.xmpp.stanza_errors import refusal_of
from chatlab.core.errors import ChatlabError, ConnectError, LocalProtocolError
from chatlab.core.flow import WireRange
from chatlab.protocol.xmpp_element import CLIENT_NAMESPACE, STREAMS_NAMESPACE

log = logging.getLogger(__name__)

ANSWER_S = 30.0
"""How long an answer to a question of ours may take."""
_UNUSED_HANDLERS = ("IM", "IMError", "Presence", "Stream Error")
"""Of slixmpp: its roster allows everybody who asks, and it reconnects where a server says so."""
_NO_XML = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]|\xed[\xa0-\xbf]")
"""Characters that no XML document may hold (XML 1.0, section 2.2), in UTF-8."""
_PROLOGUE = f"<stream:stream xmlns='{CLIENT_NAMESPACE}' xmlns:stream='{STREAMS_NAMESPACE}'>"
_STANZAS = frozenset(f"{{{CLIENT_NAMESPACE}}}{name}" for name in ("message", "presence", "iq"))

OutFilter = Callable[[StanzaBase], StanzaBase | None]


@dataclass(frozen=True, slots=True)
class Arrival:
    """Where and when the stanza came that is being handled."""

    wire: WireRange
    time_ns: int


def parse_element(data: bytes) -> ET.Element:
    """One guarded element of a stream, with a parser of its own. Raises ET.ParseError."""
    parser = ET.XMLParser()
    parser.feed(_PROLOGUE)
    parser.feed(data)
    parser.feed("</stream:stream>")
    root: ET.Element = parser.close()
    return root[0]


def is_stanza(element: ET.Element) -> bool:
    """Whether it is a message, presence or iq, rather than what keeps the stream going."""
    return element.tag in _STANZAS


def to_bytes(element: ET.Element) -> bytes:
    """An element as it goes onto the wire. Raises LocalProtocolError for what XML cannot hold."""
    data = tostring(element, xmlns=CLIENT_NAMESPACE, top_level=True).encode(
        "utf-8", "surrogatepass"
    )
    if _NO_XML.search(data):
        raise LocalProtocolError(
            "This holds a control character, which no XML document may carry.",
            "Take it out, and send it again.",
        )
    return cast(bytes, data)


class Stream(BaseXMPP):
    """One session's stanzas."""

    def __init__(self, jid: str, transmit: Callable[[bytes, ET.Element], WireRange]) -> None:
        self._out_filters: list[OutFilter] = []
        # slixmpp would read all of the system's authorities for a context that is never used.
        unused = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        super().__init__(jid, CLIENT_NAMESPACE, ssl_context=unused)
        self._out_filters.clear()  # One of slixmpp's roster, which is not used.
        self.default_lang = None
        self._transmit = transmit
        self._asked: set[Future[Iq]] = set()
        self._names = 0
        self.current: Arrival | None = None
        """Of the stanza being handled; None while none is."""
        self.auto_authorize = None
        self.auto_subscribe = False
        for name in _UNUSED_HANDLERS:
            self.remove_handler(name)
        self.del_event_handler("session_start", self._start_keepalive)

    # -- what features call

    def on(self, path: str, handler: Callable[[StanzaBase], None]) -> None:
        """Call ``handler`` with each stanza that matches.

        ``path`` is a stanza path of slixmpp (``message@type=chat``, ``iq@type=set/roster``, where
        what follows a slash is a plugin of its stanzas) or begins with ``{``: then an XPath by
        namespaces. It runs while ``current`` is set, and its faults are logged.
        """
        self._names += 1
        matcher = MatchXPath(path) if path.startswith("{") else StanzaPath(path)
        guarded = _guarded(handler)
        self.register_handler(Callback(f"chatlab {self._names} {path}", matcher, guarded))

    async def ask(
        self,
        iq: Iq,
        timeout_s: float = ANSWER_S,
        on_answer: Callable[[ET.Element], None] | None = None,
    ) -> Iq:
        """Send a question and wait for the result. Raises ChatlabError in words.

        ``on_answer`` gets the result or error before anything that came behind it is handled.
        """
        return await self.answer(self.put(iq, timeout_s, on_answer), timeout_s)

    def put(
        self,
        iq: Iq,
        timeout_s: float = ANSWER_S,
        on_answer: Callable[[ET.Element], None] | None = None,
    ) -> Future[Iq]:
        """Send a question at once, for who will wait for its ``answer``."""

        def tell(answer: Iq) -> None:
            if on_answer is not None:
                on_answer(answer.xml)

        future: Future[Iq] = iq.send(callback=tell, timeout=timeout_s)
        self._asked.add(future)
        return future

    async def answer(self, future: Future[Iq], timeout_s: float = ANSWER_S) -> Iq:
        """Wait for the result of what was ``put``. Raises ChatlabError in words."""
        try:
            return await future
        except IqError as error:
            raise refusal_of(error.iq.xml) from error
        except IqTimeout as error:
            raise ChatlabError(
                f"{error.iq['to'].full or 'The server'} did not answer within {timeout_s:.0f} s.",
                "Try again later.",
            ) from error
        finally:
            self._asked.discard(future)

    def query(self, kind: str, to: str, payload: ET.Element | None = None) -> Iq:
        """A question to ask: ``kind`` is ``get`` or ``set``."""
        iq = self.Iq(stype=kind)
        if to:
            iq["to"] = to
        if payload is not None:
            iq.xml.append(payload)
        return iq

    def send_element(self, element: ET.Element) -> WireRange:
        """Send one element at once. Raises LocalProtocolError, ConnectError."""
        return self._transmit(to_bytes(element), element)

    # -- what the session calls

    def begin(self, jid: str) -> None:
        """The session is bound: plugins may begin."""
        self.boundjid = JID(jid)
        self.session_bind_event.set()
        self.init_plugins()
        self.event("session_bind", self.boundjid)
        self.event("session_start")

    def take(self, element: ET.Element, arrival: Arrival) -> None:
        """Hand a stanza to whoever waits for it."""
        self.current = arrival
        try:
            self._spawn_event(element)
        finally:
            self.current = None

    def end(self, reason: str) -> None:
        """The session is over: nobody waits for an answer any longer."""
        for name in list(self.scheduled_events):
            self.cancel_schedule(name)
        self.session_bind_event.clear()
        for future in [future for future in self._asked if not future.done()]:
            future.set_exception(ConnectError(f"The connection ended. {reason}".strip()))
        self.event("session_end")

    # -- slixmpp's own ways out, all of which end at ``transmit``

    def send(self, data: StanzaBase | str, use_filters: bool = True) -> None:
        """Send a stanza of slixmpp's at once; while there is no connection it is dropped."""
        if not isinstance(data, StanzaBase):
            raise TypeError("Only stanzas are sent: text could be anything.")
        stanza: StanzaBase | None = data
        for out_filter in self._out_filters if use_filters else ():
            if stanza is None:
                return
            stanza = out_filter(stanza)
        if stanza is None:
            return
        try:
            self.send_element(stanza.xml)
        except ConnectError:
            log.debug("A stanza of no message was dropped: the connection is gone")

    def send_raw(self, data: str | bytes) -> None:
        """Nothing in slixmpp that is used here writes by itself."""
        raise TypeError("Only stanzas are sent.")

    def add_filter(self, mode: str, handler: OutFilter, order: int | None = None) -> None:
        if mode == "in":
            super().add_filter(mode, handler, order)
        else:
            self._out_filters.append(handler)


def _guarded(handler: Callable[[StanzaBase], None]) -> Callable[[StanzaBase], None]:
    """slixmpp would tell the sender of a stanza about our faults; they belong into the log."""

    def call(stanza: StanzaBase) -> None:
        try:
            handler(stanza)
        except ConnectError:
            log.debug("No answer to a stanza: the connection is closing")
        except Exception:  # One stanza that is not understood must not cost the others.
            log.exception("Handling a stanza failed")

    return call
