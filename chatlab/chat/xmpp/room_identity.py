"""Who is behind a nickname (XEP-0421): told when it is somebody else than before."""

from slixmpp.xmlstream.stanzabase import StanzaBase

from chatlab.chat.xmpp.context import Context, Feature
from chatlab.chat.xmpp.messages import OCCUPANT_ID
from chatlab.chat.xmpp.stream import Stream
from chatlab.core.errors import Severity

MAX_KNOWN = 2_000
"""Nicknames, over all rooms of a session."""


class RoomIdentity(Feature):
    """Remembers which occupant used which nickname, in rooms that name their occupants."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._seen: dict[tuple[str, str], str] = {}

    def handle(self, stream: Stream) -> None:
        stream.on("presence", self._on_presence)

    def _on_presence(self, stanza: StanzaBase) -> None:
        address, _, nick = stanza.xml.get("from", "").partition("/")
        room = self.context.state.room(address)
        found = stanza.xml.find(f"{{{OCCUPANT_ID}}}occupant-id")
        if room is None or not nick or found is None or stanza.xml.get("type"):
            return
        key, who = (room.name.lower(), nick), found.get("id", "")
        before = self._seen.get(key, "")
        if who and (key in self._seen or len(self._seen) < MAX_KNOWN):
            self._seen[key] = who
        if before and who and before != who and room.gives_occupant_ids:
            self.context.inform(
                f"{nick} is somebody else than the {nick} who was here before.",
                chat=room.name,
                severity=Severity.WARNING,
                code="occupant-changed",
                source=f"{room.name}/{nick}",
            )
