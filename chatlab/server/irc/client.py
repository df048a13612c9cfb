"""One connected client: who it is, what it understands, and how lines reach it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Protocol

from chatlab.server.irc.limits import HOST_LENGTH, SERVER_NAME
from chatlab.server.irc.lines import encode_body, encode_tags
from chatlab.server.irc.numerics import Numeric
from chatlab.server.irc.sasl import SaslExchange

_batches = count(1)


class Link(Protocol):
    """The way back to a client; ``listener`` implements it over a socket."""

    def write(self, data: bytes) -> None: ...

    def close(self) -> None:
        """Close once everything written has been sent."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A line on its way to any number of clients; each gets the tags that it asked for."""

    body: bytes
    """Without tags, CR LF included."""
    time: str
    """``server-time`` of the whole event, the same for everybody."""
    account: str = ""
    """Whom the source is logged in as."""
    message_id: str = ""
    client_tags: Mapping[str, str] = field(default_factory=dict)
    needs: str = ""
    """Capability without which a client must not see it."""


@dataclass(slots=True)
class _Response:
    """What a labelled command has produced so far (IRCv3 labeled-response)."""

    label: str
    events: list[Event] = field(default_factory=list)


class Client:
    """The server's view of one connection, registered or not yet."""

    def __init__(self, link: Link, host: str, *, is_secure: bool, now: float) -> None:
        self._link = link
        self._response: _Response | None = None
        self.host = host_word(host)
        self.is_secure = is_secure
        self.nick = ""
        self.user = ""
        self.real_name = ""
        self.account = ""
        self.away: str | None = None
        self.is_invisible = False
        self.is_registered = False
        self.is_gone = False
        self.is_negotiating = False
        """Between its first CAP and CAP END: registration waits (capability negotiation)."""
        self.cap_version = 301
        self.capabilities: set[str] = set()
        self.sasl: SaslExchange | None = None
        self.sasl_failures = 0
        self.channels: dict[str, str] = {}
        """Channels it is in: folded name to name, in the order of joining."""
        self.signed_on = 0
        self.connected_at = now
        self.spoke_at = now
        self.heard_at = now
        self.pinged_at: float | None = None

    @property
    def label(self) -> str:
        """What numerics address it by: ``*`` until it has a nick."""
        return self.nick or "*"

    @property
    def source(self) -> str:
        return f"{self.label}!{self.user or '*'}@{self.host}"

    def has(self, capability: str) -> bool:
        return capability in self.capabilities

    def send(self, event: Event) -> None:
        """Deliver an event; inside a labelled command it becomes part of the response."""
        if event.needs and event.needs not in self.capabilities:
            return
        if self._response is None:
            self._write(event, {})
        else:
            self._response.events.append(event)

    def send_apart(self, event: Event) -> None:
        """Deliver an event that is not the answer to the command being carried out.

        A message to oneself arrives twice, as echo and as message: only the echo is labelled.
        """
        response, self._response = self._response, None
        self.send(event)
        self._response = response

    def reply(self, time: str, numeric: Numeric, *middle: str, text: str | None = None) -> None:
        """Answer with a numeric; ``text`` stands in for its standard words."""
        words = numeric.text if text is None else text
        body = encode_body(SERVER_NAME, numeric.code, (self.label, *middle), words)
        self.send(Event(body=body, time=time))

    def begin_response(self, label: str) -> None:
        """Collect what the next command produces, if the client can take it as a unit."""
        if label and self.has("labeled-response") and self.has("batch"):
            self._response = _Response(label)

    def end_response(self, time: str) -> None:
        """Send what was collected: ACK for nothing, a label for one line, a batch for more."""
        response, self._response = self._response, None
        if response is None:
            return
        label = {"label": response.label}
        match response.events:
            case []:
                self._write(Event(body=encode_body(SERVER_NAME, "ACK", (), None), time=time), label)
            case [only]:
                self._write(only, label)
            case several:
                reference = f"r{next(_batches)}"
                self._write(_batch_line(time, f"+{reference}", "labeled-response"), label)
                for event in several:
                    self._write(event, {"batch": reference})
                self._write(_batch_line(time, f"-{reference}"), {})

    def close(self) -> None:
        self._link.close()

    def _write(self, event: Event, framing: Mapping[str, str]) -> None:
        if not self.capabilities:
            self._link.write(event.body)
            return
        tags = dict(framing)
        if self.has("server-time"):
            tags["time"] = event.time
        if event.account and self.has("account-tag"):
            tags["account"] = event.account
        if self.has("message-tags"):
            if event.message_id:
                tags["msgid"] = event.message_id
            tags.update(event.client_tags)
        self._link.write(encode_tags(tags) + event.body)


def _batch_line(time: str, *middle: str) -> Event:
    return Event(body=encode_body(SERVER_NAME, "BATCH", middle, None), time=time)


def host_word(address: str) -> str:
    """An address as the host part of a source: no leading colon, which would end the line."""
    host = address.partition("%")[0][:HOST_LENGTH] or "unknown"
    return "0" + host if host.startswith(":") else host
