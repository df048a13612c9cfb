"""A message on its way in, once it is clear in which chat and from whom; values only."""

from dataclasses import dataclass
from xml.etree import ElementTree as ET

from chatlab.core.flow import WireRange
from chatlab.protocol.xmpp_element import CLIENT_NAMESPACE

_BODY = f"{{{CLIENT_NAMESPACE}}}body"


@dataclass(frozen=True, slots=True)
class Envelope:
    """How a message reached us; what its own stanza does not say."""

    wire: WireRange
    time_ns: int
    is_history: bool = False
    is_copy: bool = False
    """Of a message that another program of ours sent or got (XEP-0280, XEP-0313)."""
    archive_id: str = ""
    """Its name in the archive that it came from (XEP-0313)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A message stanza and whom it concerns."""

    xml: ET.Element
    envelope: Envelope
    chat: str
    who: str
    """As the transcript shows the sender."""
    author: str
    """The same for all that this sender says; empty where nobody can vouch for who it was."""
    is_room: bool
    """Said to a whole room."""
    is_ours: bool

    @property
    def sender(self) -> str:
        return self.xml.get("from", "")

    @property
    def stanza_id(self) -> str:
        return self.xml.get("id", "")

    @property
    def body(self) -> str | None:
        return self.xml.findtext(_BODY)

    @property
    def is_live(self) -> bool:
        """It was just said, and to this program: something may be answered."""
        return not (self.envelope.is_history or self.envelope.is_copy or self.is_ours)
