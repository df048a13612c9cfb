"""A lab’s XMPP host without sockets: streams are lists of elements, and time stands still."""

from base64 import b64encode
from collections.abc import Mapping

from chatlab.server.xmpp.client import ClientStream, StartTls
from chatlab.server.xmpp.element import Element
from chatlab.server.xmpp.errors import StreamError
from chatlab.server.xmpp.host import Host
from chatlab.server.xmpp.limits import DOMAIN
from chatlab.server.xmpp.muc.service import open_lab_room
from chatlab.server.xmpp.namespaces import BIND, CLIENT, SASL, STREAM
from chatlab.server.xmpp.reader import (
    ReaderEvent,
    Received,
    StreamClosed,
    StreamFailed,
    StreamOpened,
    StreamReader,
)

HEADER = f"<stream:stream xmlns='{CLIENT}' xmlns:stream='{STREAM}' to='{DOMAIN}' version='1.0'>"
LAB = "lab@rooms.localhost"


class Peer:
    """One client, and everything that it was sent."""

    def __init__(self, host: Host, start_tls: StartTls = StartTls.OFFERED) -> None:
        self.stream = ClientStream(host, self, start_tls)
        self.is_closed = False
        self.wants_tls = False
        self.is_greeted = False
        """Has sent its first header."""
        self.jid = ""
        self._incoming = StreamReader()
        self._outgoing = StreamReader()
        self._unread: list[Element] = []
        self._questions = 0

    # --- what a stream’s Link promises

    def write(self, data: bytes) -> None:
        assert not self.is_closed
        if data.startswith(b"<?xml"):
            self._outgoing = StreamReader()
        for event in self._outgoing.feed(data):
            assert not isinstance(event, StreamFailed), (event, data)
            if isinstance(event, Received):
                self._unread.append(event.element)

    def restart(self) -> None:
        self._incoming = StreamReader()

    def start_tls(self) -> None:
        self.wants_tls = True
        self._incoming = StreamReader()

    def close(self) -> None:
        self.is_closed = True

    # --- what a test does

    def say(self, *texts: str) -> list[Element]:
        """Send XML; everything that has arrived since the last look."""
        self.send(*texts)
        return self.read()

    def send(self, *texts: str) -> None:
        """Send XML; what arrives stays unread."""
        for text in texts:
            for event in self._incoming.feed(text.encode()):
                try:
                    self._take(event)
                except StreamError as error:
                    self.stream.failed(error)

    def _take(self, event: ReaderEvent) -> None:
        match event:
            case StreamOpened(_, attributes):
                self.is_greeted = True
                self.stream.opened(attributes)
            case Received(element):
                self.stream.received(element)
            case StreamClosed():
                self.stream.closed()
            case StreamFailed(error):
                raise error

    def read(self) -> list[Element]:
        unread, self._unread = self._unread, []
        return unread

    def ask(self, kind: str, payload: str, to: str = "") -> Element:
        """Send an IQ; its answer. Whatever else has come meanwhile stays unread."""
        self._questions += 1
        query_id = f"q{self._questions}"
        address = f"to='{to}'" if to else ""
        before = self.read()
        answers = self.say(f"<iq type='{kind}' id='{query_id}' {address}>{payload}</iq>")
        found = [one for one in answers if one.name == "iq" and one.get("id") == query_id]
        assert len(found) == 1, answers
        self._unread = before + [one for one in answers if one is not found[0]]
        return found[0]

    def authenticate(self, name: str, password: str = "pencil") -> None:
        """From the header to the stream after the login."""
        token = b64encode(f"\0{name}\0{password}".encode()).decode()
        auth = f"<auth xmlns='{SASL}' mechanism='PLAIN'>{token}</auth>"
        said = self.say(*([] if self.is_greeted else [HEADER]), auth)
        assert said[-1].is_("success", SASL), said
        self.say(HEADER)

    def login(self, name: str, resource: str, password: str = "pencil") -> "Peer":
        """From the header to a bound resource."""
        self.authenticate(name, password)
        return self.bind(resource)

    def bind(self, resource: str) -> "Peer":
        """A resource, after the login."""
        answer = self.ask("set", f"<bind xmlns='{BIND}'><resource>{resource}</resource></bind>")
        bound = answer.child("bind", BIND)
        assert bound, answer
        self.jid = bound.text_of("jid")
        return self

    def join(self, nick: str, room: str = LAB, inside: str = "") -> list[Element]:
        """Enter a room; what the room says to that."""
        muc = f"<x xmlns='http://jabber.org/protocol/muc'>{inside}</x>"
        return self.say(f"<presence to='{room}/{nick}'>{muc}</presence>")


class Lab:
    """A host with a clock that moves only when told to."""

    def __init__(self, accounts: Mapping[str, str] | None = None) -> None:
        self.seconds = 0.0
        known = {"alice": "pencil", "bob": "pencil", "carol": "pencil"}
        self.host = Host(
            known if accounts is None else accounts,
            clock=lambda: 1_700_000_000.25 + self.seconds,
            monotonic=lambda: self.seconds,
        )
        open_lab_room(self.host)

    def connect(self, start_tls: StartTls = StartTls.OFFERED) -> Peer:
        return Peer(self.host, start_tls)

    def online(self, name: str, resource: str = "home", presence: str = "<presence/>") -> Peer:
        """A client that has logged in and is available; what it was told so far is read."""
        peer = self.connect().login(name, resource)
        peer.ask("get", "<query xmlns='jabber:iq:roster'/>")
        peer.say(presence)
        return peer

    def befriend(self, first: Peer, second: Peer) -> None:
        """Mutual subscription."""
        one, other = (peer.jid.partition("/")[0] for peer in (first, second))
        for peer, jid, kind in (
            (first, other, "subscribe"),
            (second, one, "subscribed"),
            (second, one, "subscribe"),
            (first, other, "subscribed"),
        ):
            peer.say(f"<presence to='{jid}' type='{kind}'/>")
        first.read()
        second.read()


def condition(stanza: Element) -> str:
    """The condition of an error stanza; empty when it is none."""
    error = stanza.child("error")
    first = error.first if error else None
    return first.name if first else ""


def bodies(stanzas: list[Element]) -> list[str]:
    return [stanza.text_of("body") for stanza in stanzas if stanza.has("body")]
