"""Who is kept out (XEP-0191), by the server; with a report to it where wanted (XEP-0377)."""

from xml.etree import ElementTree as ET

from slixmpp.xmlstream.stanzabase import StanzaBase

from chatlab.chat.xmpp.answers import answer, refuse
from chatlab.chat.xmpp.contacts import Contacts
from chatlab.chat.xmpp.context import Context, Feature
from chatlab.chat.xmpp.stream import Stream
from chatlab.core.commands import Command, Verb
from chatlab.core.errors import UsageError
from chatlab.core.jid import parse_jid
from chatlab.protocol.xmpp_element import CLIENT_NAMESPACE

BLOCKING = "urn:xmpp:blocking"
REPORTING = "urn:xmpp:reporting:1"
_REASONS = {"spam": "urn:xmpp:reporting:spam", "abuse": "urn:xmpp:reporting:abuse"}
MAX_BLOCKED = 10_000


class Blocking(Feature):
    """Keeps the list, and changes it."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._blocked: set[str] = set()

    def handle(self, stream: Stream) -> None:
        for name in ("block", "unblock"):
            stream.on(f"{{{CLIENT_NAMESPACE}}}iq/{{{BLOCKING}}}{name}", self._on_push)

    def discovered(self) -> None:
        if BLOCKING in self.context.state.server_features:
            self.context.ask_later(self._fetch)

    def execute(self, command: Command, chat: str) -> bool:
        if command.verb not in (Verb.BLOCK, Verb.UNBLOCK):
            return False
        if BLOCKING not in self.context.state.server_features:
            raise UsageError("Your server cannot block anybody.", "/ignore hides what they say.")
        jid = str(parse_jid(command.argument(0)))
        if self.context.state.is_me(jid):
            raise UsageError("This is your own address.")
        reason = command.argument(1).strip().lower()
        if reason and reason not in _REASONS:
            raise UsageError(f"“{reason}” is no reason to report.", "There are spam and abuse.")
        name = command.verb.value
        self.context.ask_later(lambda: self._set(name, jid, reason))
        return True

    async def _fetch(self) -> None:
        stream = self.context.stream
        iq = await stream.ask(stream.query("get", "", ET.Element(f"{{{BLOCKING}}}blocklist")))
        self._blocked = set(_named(iq.xml.find(f"{{{BLOCKING}}}blocklist")))
        self._tell()

    async def _set(self, name: str, jid: str, reason: str) -> None:
        payload = ET.Element(f"{{{BLOCKING}}}{name}")
        item = ET.SubElement(payload, f"{{{BLOCKING}}}item", jid=jid)
        if reason and name == "block":
            ET.SubElement(item, f"{{{REPORTING}}}report", reason=_REASONS[reason])
        stream = self.context.stream
        await stream.ask(stream.query("set", "", payload))
        words = "is blocked" if name == "block" else "is blocked no longer"
        reported = ", and reported to your server" if reason and name == "block" else ""
        self.context.inform(f"{jid} {words}{reported}.")

    def _on_push(self, stanza: StanzaBase) -> None:
        push: ET.Element = stanza.xml
        if push.get("type") != "set":
            return
        sender = push.get("from", "")
        if sender and sender.lower() != self.context.state.bare_jid.lower():
            refuse(self.context, stanza, "service-unavailable")
            return
        answer(self.context, stanza)
        if (block := push.find(f"{{{BLOCKING}}}block")) is not None:
            self._blocked.update(_named(block))
        elif (unblock := push.find(f"{{{BLOCKING}}}unblock")) is not None:
            named = _named(unblock)
            self._blocked = self._blocked.difference(named) if named else set()
        self._tell()

    def _tell(self) -> None:
        self.context.feature(Contacts).set_blocked(self._blocked)


def _named(element: ET.Element | None) -> list[str]:
    if element is None:
        return []
    items = element.findall(f"{{{BLOCKING}}}item")[:MAX_BLOCKED]
    return [_normal(item.get("jid", "")) for item in items]


def _normal(jid: str) -> str:
    """What stands behind the “/” tells case apart: it may be a nickname in a room."""
    bare, slash, resource = jid.partition("/")
    return f"{bare.lower()}{slash}{resource}"
