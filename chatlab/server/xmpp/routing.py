"""From a client’s stanza to where it belongs (RFC 6120, section 8; RFC 6121, section 8)."""

from chatlab.server.xmpp import messages, presence
from chatlab.server.xmpp.element import Element
from chatlab.server.xmpp.errors import StanzaError, StreamError, may_answer
from chatlab.server.xmpp.host import Host
from chatlab.server.xmpp.jid import Jid
from chatlab.server.xmpp.queries import dispatch
from chatlab.server.xmpp.session import Session


def route(host: Host, session: Session, stanza: Element) -> None:
    """Carry out one stanza; refusals go back to its sender. Raises StreamError."""
    if stanza.name not in ("message", "presence", "iq"):
        raise StreamError("unsupported-stanza-type", f"<{stanza.name[:40]}/> is unknown here.")
    _check_sender(host, session, stanza)
    # Whoever gets it learns from the server, not from the sender, where it comes from.
    stanza = stanza.with_attributes(from_=str(session.jid))
    try:
        to = host.parse(stanza.get("to")) if "to" in stanza.attributes else None
        if to is not None:
            stanza = stanza.with_attributes(to=str(to))
        _dispatch(host, session, stanza, to)
    except StanzaError as error:
        if may_answer(stanza):
            session.send(error.reply_to(stanza))


def _dispatch(host: Host, session: Session, stanza: Element, to: Jid | None) -> None:
    own = session.account.jid
    match stanza.name:
        case "message":
            stanza = stanza if to else stanza.with_attributes(to=str(own))
            messages.handle(host, session, stanza, to or own)
        case "presence":
            presence.handle(host, session, stanza, to)
        case _:
            dispatch.handle(host, session, stanza, to or own)


def _check_sender(host: Host, session: Session, stanza: Element) -> None:
    """RFC 6120, section 8.1.2.1: nobody may write another sender’s address."""
    claimed = stanza.get("from")
    if not claimed:
        return
    try:
        jid = host.parse(claimed)
    except StanzaError as error:
        raise StreamError("invalid-from", str(error)) from error
    if jid not in (session.jid, session.account.jid):
        raise StreamError("invalid-from", f"You are not {claimed[:100]}.")
