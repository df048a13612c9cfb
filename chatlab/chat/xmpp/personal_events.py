"""What contacts tell of themselves (XEP-0163): nicknames (XEP-0172) and avatars (XEP-0084, 0153).

An event speaks for the address that it comes from and for no other. A picture is fetched when its
announced size is one that we would keep, and kept when it is the one that was announced.
"""

import hashlib
import logging
from xml.etree import ElementTree as ET

from slixmpp.xmlstream.stanzabase import StanzaBase

from chatlab.chat.xmpp.contacts import MAX_WORDS, NICK, Contacts
from chatlab.chat.xmpp.context import Context, Feature
from chatlab.chat.xmpp.data_forms import decode_picture
from chatlab.chat.xmpp.incoming import Envelope
from chatlab.chat.xmpp.stream import Stream
from chatlab.core.errors import ChatlabError
from chatlab.core.jid import bare_of

log = logging.getLogger(__name__)

PUBSUB = "http://jabber.org/protocol/pubsub"
EVENT = "http://jabber.org/protocol/pubsub#event"
METADATA = "urn:xmpp:avatar:metadata"
DATA = "urn:xmpp:avatar:data"
VCARD = "vcard-temp"
VCARD_UPDATE = "vcard-temp:x:update"
MAX_AVATAR = 128 * 1024
"""Bytes of a picture."""
MAX_AVATARS = 2_000
_MAGIC = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"RIFF")
"""How pictures begin that the window can show."""


class PersonalEvents(Feature):
    """Takes in what contacts publish."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._wanted: dict[str, str] = {}
        """By address: the hash of the picture that is being fetched, or was."""
        self._has_modern: set[str] = set()
        """Who publishes avatars by XEP-0084, which goes before the older way."""

    def handle(self, stream: Stream) -> None:
        stream.on("presence", self._on_presence)

    def unpack(self, message: ET.Element, envelope: Envelope) -> bool:
        items = message.find(f"{{{EVENT}}}event/{{{EVENT}}}items")
        if items is None:
            return message.find(f"{{{EVENT}}}event") is not None
        sender = message.get("from", "") or self.context.state.bare_jid
        for feature in self.context.features.values():
            feature.published(sender, items)
        return True

    def published(self, sender: str, items: ET.Element) -> None:
        contacts = self.context.feature(Contacts)
        if "/" in sender or not contacts.is_contact(sender):
            return
        match items.get("node", ""):
            case node if node == NICK:
                nick = items.findtext(f"{{{EVENT}}}item/{{{NICK}}}nick") or ""
                contacts.set_nick(sender, " ".join(nick.split())[:MAX_WORDS])
            case node if node == METADATA:
                self._on_metadata(sender, items)

    def _on_metadata(self, sender: str, items: ET.Element) -> None:
        metadata = items.find(f"{{{EVENT}}}item/{{{METADATA}}}metadata")
        if metadata is None:
            return
        self._has_modern.add(sender.lower())
        infos = [info for info in metadata.iterfind(f"{{{METADATA}}}info") if not info.get("url")]
        usable = [info for info in infos if _is_keepable(info.get("bytes", ""))]
        if not infos:
            self._wanted.pop(sender.lower(), None)
            self.context.feature(Contacts).set_avatar(sender, b"")
        elif usable:
            self._want(sender, usable[0].get("id", ""), is_modern=True)

    def _on_presence(self, stanza: StanzaBase) -> None:
        photo = stanza.xml.find(f"{{{VCARD_UPDATE}}}x/{{{VCARD_UPDATE}}}photo")
        sender = bare_of(stanza.xml.get("from", ""))
        if photo is None or sender.lower() in self._has_modern:
            return
        if not self.context.feature(Contacts).is_contact(sender):
            return
        if digest := (photo.text or "").strip():
            self._want(sender, digest, is_modern=False)
        else:
            self._wanted.pop(sender.lower(), None)
            self.context.feature(Contacts).set_avatar(sender, b"")

    def _want(self, sender: str, digest: str, *, is_modern: bool) -> None:
        digest = digest.lower()
        is_known = self._wanted.get(sender.lower()) == digest
        if len(digest) != 40 or is_known or len(self._wanted) >= MAX_AVATARS:
            return
        self._wanted[sender.lower()] = digest
        self.context.timers.spawn(lambda: self._fetch(sender, digest, is_modern=is_modern))

    async def _fetch(self, sender: str, digest: str, *, is_modern: bool) -> None:
        try:
            text = await (self._data(sender, digest) if is_modern else self._card(sender))
        except ChatlabError as error:
            log.debug("No picture of %s: %s", sender, error.message)
            return
        picture = decode_picture(text)
        found = hashlib.sha1(picture, usedforsecurity=False).hexdigest()
        is_wanted = self._wanted.get(sender.lower()) == digest == found
        if is_wanted and len(picture) <= MAX_AVATAR and picture.startswith(_MAGIC):
            self.context.feature(Contacts).set_avatar(sender, picture)

    async def _data(self, sender: str, digest: str) -> str:
        pubsub = ET.Element(f"{{{PUBSUB}}}pubsub")
        items = ET.SubElement(pubsub, f"{{{PUBSUB}}}items", node=DATA)
        ET.SubElement(items, f"{{{PUBSUB}}}item", id=digest)
        stream = self.context.stream
        iq = await stream.ask(stream.query("get", sender, pubsub))
        path = f"{{{PUBSUB}}}pubsub/{{{PUBSUB}}}items/{{{PUBSUB}}}item/{{{DATA}}}data"
        return iq.xml.findtext(path) or ""

    async def _card(self, sender: str) -> str:
        stream = self.context.stream
        iq = await stream.ask(stream.query("get", sender, ET.Element(f"{{{VCARD}}}vCard")))
        return iq.xml.findtext(f"{{{VCARD}}}vCard/{{{VCARD}}}PHOTO/{{{VCARD}}}BINVAL") or ""


def _is_keepable(size: str) -> bool:
    return size.isascii() and size.isdigit() and 0 < int(size[:9]) <= MAX_AVATAR


def items_query(node: str) -> ET.Element:
    """Asks for everything in a node (XEP-0060, section 6.5)."""
    pubsub = ET.Element(f"{{{PUBSUB}}}pubsub")
    ET.SubElement(pubsub, f"{{{PUBSUB}}}items", node=node)
    return pubsub
