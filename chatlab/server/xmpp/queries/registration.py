"""In-band registration (XEP-0077): create an account, change its password, remove it."""

from random import SystemRandom

from chatlab.server.xmpp import roster
from chatlab.server.xmpp.accounts import Account
from chatlab.server.xmpp.captcha import FIELD, Captcha, new_captcha
from chatlab.server.xmpp.element import Element
from chatlab.server.xmpp.errors import StanzaError, StreamError
from chatlab.server.xmpp.forms import Field, form, submitted
from chatlab.server.xmpp.host import Host
from chatlab.server.xmpp.jid import prepare_local
from chatlab.server.xmpp.lifecycle import end_session
from chatlab.server.xmpp.namespaces import CAPTCHA, DATA_FORMS, REGISTER
from chatlab.server.xmpp.queries.query import Query

_WORDS = "Choose a user name and a password for your account of this lab."


class Applicant:
    """Somebody on a stream of their own who wants an account."""

    def __init__(self) -> None:
        self.captcha: Captcha | None = None
        """What was asked last on this stream, and is not answered yet."""


def unregistered(
    host: Host, applicant: Applicant, payload: Element, *, is_set: bool
) -> Element | None:
    """A query before the login. Raises StanzaError."""
    if not host.allows_registration:
        raise StanzaError("not-allowed", "Accounts of this server are made by its teacher.")
    if not is_set:
        applicant.captcha = new_captcha(SystemRandom()) if host.asks_captcha else None
        return _questions(applicant.captcha)
    name, password = _answers(payload)
    if not name or not password:
        raise StanzaError("not-acceptable", "Both a user name and a password are needed.")
    if host.asks_captcha:
        _check_captcha(applicant, payload)
    host.accounts.create(name, password)
    return None


def registered(query: Query) -> Element | None:
    """A query of somebody who is logged in."""
    if query.account is not None:
        query.require_own()
    account = query.own
    if not query.is_set:
        known = (
            Element("registered", REGISTER),
            Element("username", REGISTER, None, account.name),
        )
        return Element("query", REGISTER, None, *known, Element("password", REGISTER))
    if query.payload.has("remove"):
        query.afterwards.append(lambda: _remove(query.host, account))
        return None
    name, password = _answers(query.payload)
    if not name or prepare_local(name) != account.name:
        raise StanzaError("bad-request", "Only your own password can be changed.")
    account.set_password(password)
    return None


def _check_captcha(applicant: Applicant, payload: Element) -> None:
    """Each picture is good for one try (XEP-0158, section 3). Raises StanzaError."""
    captcha, applicant.captcha = applicant.captcha, None
    x = payload.child("x", DATA_FORMS)
    answer = "".join(submitted(x).get(FIELD, [""])[:1]) if x is not None else ""
    if captcha is None or not captcha.is_answered_by(answer):
        raise StanzaError("not-allowed", "The picture shows other digits.")


def _questions(captcha: Captcha | None) -> Element:
    fields = (
        Field("username", "text-single", "User name", is_required=True),
        Field("password", "text-private", "Password", is_required=True),
    )
    if captcha is not None:
        # The few fields of old have no place for a picture: there is only the form.
        asked = form(CAPTCHA, fields, title="New account", words=_WORDS)
        asked.children.append(captcha.field())
        words = Element("instructions", REGISTER, None, _WORDS)
        return Element("query", REGISTER, None, words, asked, captcha.data())
    return Element(
        "query",
        REGISTER,
        None,
        Element("instructions", REGISTER, None, _WORDS),
        Element("username", REGISTER),
        Element("password", REGISTER),
        form(REGISTER, fields, title="New account", words=_WORDS),
    )


def _answers(payload: Element) -> tuple[str, str]:
    """Name and password, from the form if there is one."""
    if (x := payload.child("x", DATA_FORMS)) is not None:
        values = submitted(x)
        name, password = values.get("username", [""]), values.get("password", [""])
        return "".join(name[:1]), "".join(password[:1])
    return payload.text_of("username"), payload.text_of("password")


def _remove(host: Host, account: Account) -> None:
    """The account is gone, for its contacts, too (section 3.2)."""
    for item in list(account.roster.values()):
        roster.remove(host, account, item)
    for session in host.sessions_of(account):
        end_session(host, session, StreamError("not-authorized", "Your account is removed."))
    host.accounts.remove(account)
    for other in host.accounts:
        other.requests.pop(account.jid, None)
    for room in host.rooms.values():
        room.affiliations.pop(account.jid, None)
