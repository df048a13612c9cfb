"""How sessions begin, wait without a stream, are resumed, and end."""

import logging

from chatlab.server.xmpp import delivery, presence
from chatlab.server.xmpp.accounts import Account
from chatlab.server.xmpp.errors import StanzaError, StreamError
from chatlab.server.xmpp.host import Host
from chatlab.server.xmpp.limits import MAX_SESSIONS_PER_ACCOUNT
from chatlab.server.xmpp.management import Management
from chatlab.server.xmpp.session import Outlet, Session

log = logging.getLogger(__name__)


def open_session(host: Host, account: Account, resource: str, outlet: Outlet) -> Session:
    """Bind a resource; whoever had it has to go (RFC 6120, section 7.7.2.2)."""
    jid = account.jid.with_resource(resource)
    if older := host.session(jid):
        words = "Somebody has logged in to your account with the same resource."
        end_session(host, older, StreamError("conflict", words))
    if len(host.sessions_of(account)) >= MAX_SESSIONS_PER_ACCOUNT:
        raise StanzaError("resource-constraint", "This account is online too many times.")
    session = Session(account, jid, outlet)
    host.bind(session)
    return session


def end_session(host: Host, session: Session, error: StreamError | None = None) -> None:
    """The session is over: its contacts see it leave, and its client is told why."""
    if session.is_gone:
        return
    session.is_gone = True
    outlet, session.outlet = session.outlet, None
    presence.end(host, session)
    host.unbind(session)
    if session.management is not None:
        host.resumable.pop(session.management.resume_id, None)
        _keep_unacked(host, session)
    if outlet is not None:
        outlet.end(error)


def lose_stream(host: Host, session: Session) -> None:
    """The connection is gone without a goodbye: wait for the client if it may resume."""
    management = session.management
    if management is None or not management.resume_id or management.is_broken:
        end_session(host, session)
        return
    session.outlet = None
    management.lost_at = host.monotonic()


def enable(host: Host, session: Session, *, is_resumable: bool) -> Management:
    """Stream management from now on (XEP-0198, section 3)."""
    resume_id = host.pseudonym("resume", host.new_id()) if is_resumable else ""
    session.management = Management(resume_id)
    if resume_id:
        host.resumable[resume_id] = session
    return session.management


def find_resumable(host: Host, account: Account, resume_id: str) -> Session | None:
    """The session that a client may come back to; nobody else’s."""
    session = host.resumable.get(resume_id)
    if session is None or session.account is not account or session.management is None:
        return None
    return None if session.management.is_broken else session


def expire(host: Host) -> None:
    """End the sessions whose clients have not come back in time."""
    deadline = host.monotonic() - host.resume_seconds
    for session in list(host.resumable.values()):
        management = session.management
        if management is None or management.lost_at is None:
            continue
        if management.is_broken or management.lost_at <= deadline:
            end_session(host, session)


def _keep_unacked(host: Host, session: Session) -> None:
    try:
        delivery.deliver_again(host, session)
    except StanzaError as error:
        log.info("Not everything for %s is kept: %s", session.jid, error)
