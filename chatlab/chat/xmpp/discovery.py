"""What servers, rooms and this program can do (XEP-0030), and our own answer in short (XEP-0115).

The server is asked once per session, a room when it was entered; features learn of the answer by
``discovered`` and ``entered``. Others learn that we are a program for a computer, and what it can
do; nothing about its user.
"""

import hashlib
import logging
from base64 import b64encode
from dataclasses import replace
from xml.etree import ElementTree as ET

from slixmpp.xmlstream.stanzabase import StanzaBase

from chatlab.chat.xmpp.answers import answer, on_question, refuse
from chatlab.chat.xmpp.context import Context, Feature
from chatlab.chat.xmpp.state import Room
from chatlab.chat.xmpp.stream import Stream
from chatlab.core.errors import ChatlabError, ConnectError
from chatlab.core.features import ServerFeatures

log = logging.getLogger(__name__)

INFO = "http://jabber.org/protocol/disco#info"
ITEMS = "http://jabber.org/protocol/disco#items"
CAPS = "http://jabber.org/protocol/caps"
MUC_FEATURE = "http://jabber.org/protocol/muc"
NODE = "https://xmpp.org/clients/chatlab"
NAME = "ChatLab"
MAX_FEATURES = 500
MAX_SERVICES = 20
OURS = (
    "http://jabber.org/protocol/caps",
    "http://jabber.org/protocol/chatstates",
    "http://jabber.org/protocol/disco#info",
    "http://jabber.org/protocol/disco#items",
    "http://jabber.org/protocol/muc",
    "http://jabber.org/protocol/nick",
    "http://jabber.org/protocol/nick+notify",
    "jabber:iq:version",
    "jabber:x:conference",
    "jabber:x:data",
    "urn:xmpp:avatar:metadata+notify",
    "urn:xmpp:bookmarks:1+notify",
    "urn:xmpp:chat-markers:0",
    "urn:xmpp:delay",
    "urn:xmpp:eme:0",
    "urn:xmpp:message-correct:0",
    "urn:xmpp:message-moderate:1",
    "urn:xmpp:message-retract:1",
    "urn:xmpp:ping",
    "urn:xmpp:reactions:0",
    "urn:xmpp:receipts",
    "urn:xmpp:reply:0",
    "urn:xmpp:sid:0",
    "urn:xmpp:time",
)


def verification() -> str:
    """The hash that stands for our answer (XEP-0115, section 5.1)."""
    text = f"client/pc//{NAME}<" + "".join(f"{feature}<" for feature in sorted(OURS))
    return b64encode(hashlib.sha1(text.encode(), usedforsecurity=False).digest()).decode()


class Discovery(Feature):
    """Asks and answers."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.room_service = ""
        """Where the server keeps rooms; empty until it has said so."""

    def handle(self, stream: Stream) -> None:
        on_question(stream, f"{{{INFO}}}query", self._on_info)
        on_question(stream, f"{{{ITEMS}}}query", self._on_items)

    def online(self, is_resumed: bool) -> None:
        if not is_resumed:
            self.context.timers.spawn(self._ask_server)

    def entered(self, room: Room) -> None:
        self.context.timers.spawn(lambda: self._ask_room(room))

    def tell(self, features: ServerFeatures) -> ServerFeatures:
        return replace(features, room_service=self.room_service)

    # -- asking

    async def info(self, address: str) -> ET.Element | None:
        """What somebody says of themselves; None where there is no answer, or a refusal."""
        stream = self.context.stream
        try:
            iq = await stream.ask(stream.query("get", address, ET.Element(f"{{{INFO}}}query")))
        except ConnectError:
            return None
        except ChatlabError as error:
            log.debug("%s does not say what it can do: %s", address, error.message)
            return None
        found: ET.Element | None = iq.xml.find(f"{{{INFO}}}query")
        return found

    async def items(self, address: str) -> list[tuple[str, str]]:
        """What belongs to an address, as (address, name). Raises ChatlabError."""
        stream = self.context.stream
        iq = await stream.ask(stream.query("get", address, ET.Element(f"{{{ITEMS}}}query")))
        found = iq.xml.iterfind(f"{{{ITEMS}}}query/{{{ITEMS}}}item")
        return [(item.get("jid", ""), item.get("name", "")) for item in found if item.get("jid")]

    async def _ask_server(self) -> None:
        state = self.context.state
        state.server_features = features_of(await self.info(state.domain))
        state.account_features = features_of(await self.info(state.bare_jid))
        for feature in self.context.features.values():
            feature.discovered()
        try:
            services = await self.items(state.domain)
        except ChatlabError as error:
            log.debug("The server names no services: %s", error.message)
            return
        for address, _ in services[:MAX_SERVICES]:
            info = await self.info(address)
            if info is not None and _is_room_service(info):
                self.room_service = address
                return

    async def _ask_room(self, room: Room) -> None:
        info = await self.info(room.name)
        if info is None or self.context.state.room(room.name) is not room:
            return
        room.features = features_of(info)
        identity = info.find(f"{{{INFO}}}identity")
        title = " ".join((identity.get("name", "") if identity is not None else "").split())
        if title and title.lower() != room.name.partition("@")[0].lower():
            self.context.open_chat(room.name, is_room=True, title=title[:100])
        for feature in self.context.features.values():
            feature.described(room)

    # -- answering

    def _on_info(self, stanza: StanzaBase) -> None:
        question = stanza.xml.find(f"{{{INFO}}}query")
        node = question.get("node", "") if question is not None else ""
        if node and node != f"{NODE}#{verification()}":
            refuse(self.context, stanza, "item-not-found")
            return
        told = ET.Element(f"{{{INFO}}}query", {"node": node} if node else {})
        ET.SubElement(told, f"{{{INFO}}}identity", category="client", type="pc", name=NAME)
        for feature in OURS:
            ET.SubElement(told, f"{{{INFO}}}feature", var=feature)
        answer(self.context, stanza, told)

    def _on_items(self, stanza: StanzaBase) -> None:
        answer(self.context, stanza, ET.Element(f"{{{ITEMS}}}query"))


def describe_us(presence: ET.Element) -> None:
    """Say in a presence what we can do."""
    ET.SubElement(presence, f"{{{CAPS}}}c", hash="sha-1", node=NODE, ver=verification())


def features_of(info: ET.Element | None) -> frozenset[str]:
    if info is None:
        return frozenset()
    found = info.findall(f"{{{INFO}}}feature")[:MAX_FEATURES]
    return frozenset(feature.get("var", "") for feature in found)


def _is_room_service(info: ET.Element) -> bool:
    kinds = {identity.get("category") for identity in info.iterfind(f"{{{INFO}}}identity")}
    return "conference" in kinds and MUC_FEATURE in features_of(info)
