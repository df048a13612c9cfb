"""One bound resource: what it has told the server, and the way to its client.

A session outlives its stream when its client has asked for that (XEP-0198): then stanzas wait
here until the client comes back, or until its time has run out.
"""

from typing import Protocol

from chatlab.server.xmpp.accounts import Account
from chatlab.server.xmpp.element import Element
from chatlab.server.xmpp.errors import StreamError
from chatlab.server.xmpp.jid import Jid
from chatlab.server.xmpp.management import Management


class Outlet(Protocol):
    """The stream to a client; ``client`` implements it."""

    def send(self, element: Element) -> None: ...

    def end(self, error: StreamError | None) -> None:
        """Say why, and close once everything written has been sent."""
        ...


class Session:
    """The server’s view of one resource of an account."""

    def __init__(self, account: Account, jid: Jid, outlet: Outlet) -> None:
        self.account = account
        self.jid = jid
        self.outlet: Outlet | None = outlet
        self.is_gone = False
        self.presence: Element | None = None
        """The last presence that was broadcast; None while it is unavailable."""
        self.priority = 0
        self.features: frozenset[str] = frozenset()
        """What its client can do (XEP-0115), once that is known."""
        self.caps_queries: dict[str, str] = {}
        """Questions about that: id of the IQ to the node that was asked about."""
        self.wants_roster = False
        self.wants_blocklist = False
        self.has_carbons = False
        self.directed: set[Jid] = set()
        """Where it has sent presence besides its contacts: rooms, mostly."""
        self.management: Management | None = None

    @property
    def is_reachable(self) -> bool:
        """Whether messages to the account’s bare JID go here (RFC 6121, section 8.5.2)."""
        return self.presence is not None and self.priority >= 0

    def send(self, stanza: Element) -> None:
        """Deliver a stanza, or keep it for a client that may come back."""
        management = self.management
        if management is not None:
            management.add(stanza)
        if self.outlet is None:
            return
        if management is not None and management.is_broken:
            self.outlet.end(StreamError("policy-violation", "Too much is unacknowledged."))
            return
        self.outlet.send(stanza)
        if management is not None and management.wants_ack(stanza):
            self.outlet.send(management.request())
