"""Small questions, asked by others and by us: ping, version, time (XEP-0199, 0092, 0202).

The version names the program, never the system it runs on or its user; the time is that of UTC.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

from slixmpp.xmlstream.stanzabase import StanzaBase

from chatlab import __version__
from chatlab.chat.xmpp.context import Context, Feature
from chatlab.chat.xmpp.stanza_errors import STANZA_ERRORS
from chatlab.chat.xmpp.stream import Stream
from chatlab.core.commands import Command, Verb
from chatlab.core.errors import UsageError
from chatlab.core.events import LagMeasured
from chatlab.protocol.xmpp_element import CLIENT_NAMESPACE

PING = "urn:xmpp:ping"
VERSION = "jabber:iq:version"
TIME = "urn:xmpp:time"
_MAX_WORDS = 200


def on_question(stream: Stream, tag: str, handler: Callable[[StanzaBase], None]) -> None:
    """Call back for each ``get`` with this payload; a ``set`` of it is refused by the stream."""

    def call(stanza: StanzaBase) -> None:
        if stanza.xml.get("type") == "get":
            handler(stanza)

    stream.on(f"{{{CLIENT_NAMESPACE}}}iq/{tag}", call)


def answer(context: Context, stanza: StanzaBase, payload: ET.Element | None = None) -> None:
    """Answer a question with a result."""
    iq = _reply(stanza, "result")
    if payload is not None:
        iq.append(payload)
    context.stream.send_element(iq)


def refuse(context: Context, stanza: StanzaBase, condition: str, kind: str = "cancel") -> None:
    """Answer a question with an error (RFC 6120, section 8.3)."""
    iq = _reply(stanza, "error")
    error = ET.SubElement(iq, f"{{{CLIENT_NAMESPACE}}}error", type=kind)
    ET.SubElement(error, f"{{{STANZA_ERRORS}}}{condition}")
    context.stream.send_element(iq)


def _reply(stanza: StanzaBase, kind: str) -> ET.Element:
    asked: ET.Element = stanza.xml
    attributes = {"type": kind, "id": asked.get("id", "")}
    if sender := asked.get("from"):
        attributes["to"] = sender
    return ET.Element(f"{{{CLIENT_NAMESPACE}}}iq", attributes)


class Answers(Feature):
    """Gives these answers, and asks for them on command."""

    def handle(self, stream: Stream) -> None:
        on_question(stream, f"{{{PING}}}ping", lambda stanza: answer(self.context, stanza))
        on_question(stream, f"{{{VERSION}}}query", self._on_version)
        on_question(stream, f"{{{TIME}}}time", self._on_time)

    def execute(self, command: Command, chat: str) -> bool:
        works = {
            Verb.LAG: self._ping,
            Verb.PING: self._ping,
            Verb.VERSION: self._ask_version,
            Verb.TIME: self._ask_time,
        }
        if command.verb not in works:
            return False
        whom = self._address(command.argument(0), chat)
        work = works[command.verb]
        self.context.ask_later(lambda: work(whom, chat), chat)
        return True

    def _address(self, named: str, chat: str) -> str:
        """Somebody in the room by nickname, an address, or the server."""
        room = self.context.state.room(chat)
        if room is not None and named in room.members:
            return f"{room.name}/{named}"
        if named and "@" not in named and "." not in named:
            raise UsageError(f"There is no {named} here.", "Give an address.")
        return named or self.context.state.domain

    def _on_version(self, stanza: StanzaBase) -> None:
        told = ET.Element(f"{{{VERSION}}}query")
        ET.SubElement(told, f"{{{VERSION}}}name").text = "ChatLab"
        ET.SubElement(told, f"{{{VERSION}}}version").text = __version__
        answer(self.context, stanza, told)

    def _on_time(self, stanza: StanzaBase) -> None:
        now = datetime.fromtimestamp(self.context.timing.clock_ns() / 1e9, UTC)
        told = ET.Element(f"{{{TIME}}}time")
        ET.SubElement(told, f"{{{TIME}}}tzo").text = "+00:00"
        ET.SubElement(told, f"{{{TIME}}}utc").text = f"{now:%Y-%m-%dT%H:%M:%SZ}"
        answer(self.context, stanza, told)

    async def _ping(self, whom: str, chat: str) -> None:
        timing, stream = self.context.timing, self.context.stream
        began = timing.monotonic()
        await stream.ask(stream.query("get", whom, ET.Element(f"{{{PING}}}ping")))
        seconds = timing.monotonic() - began
        if whom == self.context.state.domain:
            self.context.emit(LagMeasured(self.context.account.id, seconds))
        self.context.inform(f"{whom} answered after {seconds * 1000:.0f} ms.", chat=chat)

    async def _ask_version(self, whom: str, chat: str) -> None:
        found = await self._ask(whom, ET.Element(f"{{{VERSION}}}query"))
        parts = (found.findtext(f"{{{VERSION}}}{name}") or "" for name in ("name", "version", "os"))
        words = " ".join(" ".join(parts).split())[:_MAX_WORDS]
        self.context.inform(f"{whom} uses {words or 'a program without a name'}.", chat=chat)

    async def _ask_time(self, whom: str, chat: str) -> None:
        found = await self._ask(whom, ET.Element(f"{{{TIME}}}time"))
        utc, zone = (found.findtext(f"{{{TIME}}}{name}") or "?" for name in ("utc", "tzo"))
        self.context.inform(f"It is {utc[:40]} at {whom}, zone {zone[:10]}.", chat=chat)

    async def _ask(self, whom: str, payload: ET.Element) -> ET.Element:
        stream = self.context.stream
        iq = await stream.ask(stream.query("get", whom, payload))
        found: ET.Element | None = iq.xml.find(payload.tag)
        return found if found is not None else payload
