"""One IQ that asks the server for something, with everything that an answer may need."""

from collections.abc import Callable
from dataclasses import dataclass, field

from chatlab.server.xmpp.accounts import Account
from chatlab.server.xmpp.element import Element
from chatlab.server.xmpp.errors import StanzaError
from chatlab.server.xmpp.host import Host
from chatlab.server.xmpp.jid import Jid
from chatlab.server.xmpp.session import Session


@dataclass(slots=True)
class Query:
    """An IQ of type get or set, addressed to the server or to an account’s bare JID."""

    host: Host
    session: Session
    """Of the client that asks."""
    stanza: Element
    payload: Element
    to: Jid
    account: Account | None
    """Whose bare JID is addressed; None for the server itself."""
    afterwards: list[Callable[[], None]] = field(default_factory=list)
    """What has to wait until the answer is on its way."""

    @property
    def is_set(self) -> bool:
        return self.stanza.get("type") == "set"

    @property
    def own(self) -> Account:
        """Whose client asks."""
        return self.session.account

    @property
    def is_own(self) -> bool:
        return self.account is self.own

    def require_own(self) -> Account:
        """For what only the account’s owner may do. Raises StanzaError."""
        if not self.is_own:
            raise StanzaError("forbidden", "That is somebody else’s.")
        return self.own


Handler = Callable[[Query], Element | None]
"""Carries a query out and returns the answer’s payload; raises StanzaError."""
