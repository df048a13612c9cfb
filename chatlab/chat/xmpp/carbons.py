"""Copies of what other programs of ours send and get (XEP-0280).

A copy is believed only from our own bare address: anybody can send something that looks like one,
and would otherwise speak in everybody’s name (CVE-2017-5589 and its kin).
"""

from xml.etree import ElementTree as ET

from chatlab.chat.xmpp.context import Feature
from chatlab.chat.xmpp.incoming import Envelope
from chatlab.chat.xmpp.messages import Messages
from chatlab.core.errors import Severity
from chatlab.core.jid import bare_of
from chatlab.protocol.xmpp_element import CLIENT_NAMESPACE

CARBONS = "urn:xmpp:carbons:2"
FORWARD = "urn:xmpp:forward:0"


class Carbons(Feature):
    """Has the server send copies, and unpacks them."""

    def discovered(self) -> None:
        if CARBONS not in self.context.state.server_features | self.context.state.account_features:
            return
        stream = self.context.stream

        async def work() -> None:
            await stream.ask(stream.query("set", "", ET.Element(f"{{{CARBONS}}}enable")))

        self.context.ask_later(work)

    def unpack(self, message: ET.Element, envelope: Envelope) -> bool:
        names = ("sent", "received")
        direction = next((n for n in names if message.find(f"{{{CARBONS}}}{n}") is not None), "")
        if not direction:
            return False
        sender, own = message.get("from", ""), self.context.state.bare_jid
        if sender.lower() != own.lower():
            self.context.inform(
                f"{sender or 'Somebody'} sent what pretends to be a copy of a message of yours. "
                "Only your own account may do so; it was left out.",
                severity=Severity.WARNING,
                source=sender,
            )
            return True
        inner = message.find(
            f"{{{CARBONS}}}{direction}/{{{FORWARD}}}forwarded/{{{CLIENT_NAMESPACE}}}message"
        )
        if inner is not None and self._is_ours(inner, direction):
            copy = Envelope(envelope.wire, envelope.time_ns, is_copy=True)
            self.context.feature(Messages).receive(inner, copy)
        return True

    def _is_ours(self, inner: ET.Element, direction: str) -> bool:
        party = inner.get("from" if direction == "sent" else "to", "")
        is_mine = bare_of(party).lower() == self.context.state.bare_jid.lower()
        return is_mine and inner.get("type") != "groupchat"
