"""Messages as clients send them (RFC 6121, section 8): to whom they may go, and where."""

from chatlab.server.xmpp.delivery import keep_sent, receive
from chatlab.server.xmpp.element import Element
from chatlab.server.xmpp.errors import StanzaError
from chatlab.server.xmpp.host import Host
from chatlab.server.xmpp.jid import Jid
from chatlab.server.xmpp.limits import DOMAIN
from chatlab.server.xmpp.muc import service as rooms
from chatlab.server.xmpp.namespaces import BLOCKING_ERRORS
from chatlab.server.xmpp.session import Session


def handle(host: Host, session: Session, stanza: Element, to: Jid) -> None:
    """A message that a client sends. Raises StanzaError."""
    own = session.account
    if own.blocks(to):
        raise StanzaError("not-acceptable", extra=Element("blocked", BLOCKING_ERRORS))
    if host.is_room(to):
        is_private = not to.is_bare and stanza.get("type") != "groupchat"
        if is_private:
            keep_sent(host, session, stanza, to)
        rooms.message(host, session.jid, stanza, to)
        return
    if to.domain != DOMAIN:
        raise StanzaError("remote-server-not-found", f"This server does not reach {to.domain}.")
    if not to.local:
        return  # To the server itself; it listens to queries only.
    account = host.accounts.at(to)
    if account is None or account.blocks(session.jid):
        raise StanzaError("service-unavailable", f"There is no {to.bare} here.")
    if account is not own:
        keep_sent(host, session, stanza, to)
    receive(host, account, stanza, to)
