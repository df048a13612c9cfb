"""IQs: which one goes where (RFC 6120, section 8.2.3; RFC 6121, section 8.5)."""

from chatlab.server.xmpp.element import Element
from chatlab.server.xmpp.errors import StanzaError, result
from chatlab.server.xmpp.host import Host
from chatlab.server.xmpp.jid import Jid
from chatlab.server.xmpp.limits import DOMAIN
from chatlab.server.xmpp.muc import questions as rooms
from chatlab.server.xmpp.namespaces import (
    BLOCKING,
    BLOCKING_ERRORS,
    CARBONS,
    DISCO_INFO,
    DISCO_ITEMS,
    MAM,
    PING,
    PRIVATE_XML,
    PUBSUB,
    PUBSUB_OWNER,
    REGISTER,
    ROSTER,
    SESSION,
    TIME,
    VCARD,
    VERSION,
)
from chatlab.server.xmpp.presence import learn_capabilities
from chatlab.server.xmpp.queries import (
    archives,
    blocking,
    disco,
    info,
    pep,
    registration,
    rosters,
    storage,
)
from chatlab.server.xmpp.queries.query import Handler, Query
from chatlab.server.xmpp.session import Session

HANDLERS: dict[tuple[str, str], Handler] = {
    ("query", DISCO_INFO): disco.info,
    ("query", DISCO_ITEMS): disco.items,
    ("query", ROSTER): rosters.roster,
    ("query", REGISTER): registration.registered,
    ("query", PRIVATE_XML): storage.private,
    ("vCard", VCARD): storage.vcard,
    ("ping", PING): info.ping,
    ("query", VERSION): info.version,
    ("time", TIME): info.time,
    ("session", SESSION): info.session,
    ("enable", CARBONS): info.carbons,
    ("disable", CARBONS): info.carbons,
    ("blocklist", BLOCKING): blocking.blocklist,
    ("block", BLOCKING): blocking.block,
    ("unblock", BLOCKING): blocking.unblock,
    ("query", MAM): archives.query,
    ("prefs", MAM): archives.preferences,
    ("metadata", MAM): archives.metadata,
    ("pubsub", PUBSUB): pep.pubsub,
    ("pubsub", PUBSUB_OWNER): pep.owner,
}


def handle(host: Host, session: Session, stanza: Element, to: Jid) -> None:
    """An IQ that a client sends. Raises StanzaError."""
    if not stanza.get("id"):
        raise StanzaError("bad-request", "An IQ needs an id.")
    kind = stanza.get("type")
    if kind in ("result", "error"):
        _pass_answer(host, session, stanza, to)
        return
    payload = stanza.first
    if kind not in ("get", "set") or payload is None or len(list(stanza.elements)) != 1:
        raise StanzaError("bad-request", "An IQ asks for, or sets, exactly one thing.")
    if session.account.blocks(to):
        raise StanzaError("not-acceptable", extra=Element("blocked", BLOCKING_ERRORS))
    if host.is_room(to):
        rooms.handle(host, session, stanza, payload, to)
    elif to.domain != DOMAIN:
        raise StanzaError("remote-server-not-found", f"This server does not reach {to.domain}.")
    elif to.local and not to.is_bare:
        _pass_query(host, session, stanza, to)
    else:
        _answer(host, session, stanza, payload, to)


def _answer(host: Host, session: Session, stanza: Element, payload: Element, to: Jid) -> None:
    account = host.accounts.at(to) if to.local else None
    handler = HANDLERS.get((payload.name, payload.namespace))
    is_hidden = account is not None and account.blocks(session.jid)
    if handler is None or is_hidden or (to.local and account is None):
        raise StanzaError("service-unavailable")
    query = Query(host, session, stanza, payload, to, account)
    session.send(result(stanza, handler(query)))
    for step in query.afterwards:
        step()


def _pass_query(host: Host, session: Session, stanza: Element, to: Jid) -> None:
    account = host.accounts.at(to)
    if account is None or account.blocks(session.jid) or not host.deliver(stanza):
        raise StanzaError("service-unavailable", "Nobody is there.")


def _pass_answer(host: Host, session: Session, stanza: Element, to: Jid) -> None:
    if host.is_room(to):
        rooms.pass_answer(host, session, stanza, to)
    elif to.local and not to.is_bare:
        host.deliver(stanza)
    elif stanza.get("type") == "result":
        learn_capabilities(host, session, stanza)
