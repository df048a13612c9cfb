"""Asking archives (XEP-0313, with the pages of XEP-0059): an account’s own, or a room’s."""

from chatlab.server.xmpp.archive import Archive, Entry, Filter, Page, PageRequest, UnknownEntry
from chatlab.server.xmpp.element import Element
from chatlab.server.xmpp.errors import StanzaError
from chatlab.server.xmpp.forms import Field, form, submitted
from chatlab.server.xmpp.host import Host
from chatlab.server.xmpp.jid import Jid
from chatlab.server.xmpp.limits import MAX_PAGE
from chatlab.server.xmpp.namespaces import CLIENT, DATA_FORMS, FORWARD, MAM, RSM
from chatlab.server.xmpp.queries.query import Query
from chatlab.server.xmpp.session import Session
from chatlab.server.xmpp.times import parse_time

_FIELDS = (
    Field("with", "jid-single"),
    Field("start", "text-single"),
    Field("end", "text-single"),
    Field("before-id", "text-single"),
    Field("after-id", "text-single"),
    Field("ids", "list-multi"),
)


def query(asked: Query) -> Element:
    """An account’s archive, for its owner."""
    account = asked.require_own()
    return answer(
        asked.host, asked.session, asked.payload, account.archive, account.jid, asked.is_set
    )


def answer(
    host: Host, session: Session, payload: Element, archive: Archive, owner: Jid, is_set: bool
) -> Element:
    """Send what was asked for and return the end of it. Raises StanzaError."""
    if not is_set:
        return Element("query", MAM, None, form(MAM, _FIELDS))
    limits = payload.child("set", RSM)
    try:
        page = archive.page(_filter(host, payload), _page_request(limits))
    except UnknownEntry:
        raise StanzaError("item-not-found", "The archive has no such message.") from None
    entries = list(page.entries)
    if payload.has("flip-page"):
        entries.reverse()
    for entry in entries:
        session.send(_result(host, session, payload, owner, entry))
    return _fin(page)


def _result(host: Host, session: Session, payload: Element, owner: Jid, entry: Entry) -> Element:
    delay = host.delay(owner, entry.time)
    forwarded = Element("forwarded", FORWARD, None, delay, entry.stanza)
    attributes = {"queryid": payload.get("queryid") or None, "id": entry.id}
    found = Element("result", MAM, attributes, forwarded)
    route = {"from": str(owner), "to": str(session.jid), "id": host.new_id()}
    return Element("message", CLIENT, route, found)


def _fin(page: Page) -> Element:
    parts = [Element("count", RSM, None, str(page.total))]
    if page.entries:
        first, last = page.entries[0].id, page.entries[-1].id
        index = {"index": str(page.index)}
        parts = [Element("first", RSM, index, first), Element("last", RSM, None, last), *parts]
    complete = {"complete": "true" if page.is_complete else None}
    return Element("fin", MAM, complete, Element("set", RSM, None, *parts))


def _filter(host: Host, payload: Element) -> Filter:
    x = payload.child("x", DATA_FORMS)
    if x is None:
        return Filter()
    values = submitted(x)

    def one(name: str) -> str:
        return "".join(values.get(name, [])[:1])

    known = {"FORM_TYPE", "include-groupchat", *(field.name for field in _FIELDS)}
    if unknown := values.keys() - known:
        raise StanzaError("feature-not-implemented", f"No filter “{min(unknown)[:40]}” here.")
    return Filter(
        peer=host.parse(one("with")) if one("with") else None,
        start=parse_time(one("start")) if one("start") else None,
        end=parse_time(one("end")) if one("end") else None,
        before_id=one("before-id"),
        after_id=one("after-id"),
        ids=tuple(values.get("ids", [])),
    )


def _page_request(limits: Element | None) -> PageRequest:
    if limits is None:
        return PageRequest(MAX_PAGE)
    text = limits.text_of("max").strip()
    if text and not (text.isascii() and text.isdigit() and len(text) < 10):
        raise StanzaError("bad-request", "The page’s size is no number.")
    before = limits.child("before")
    return PageRequest(
        min(int(text), MAX_PAGE) if text else MAX_PAGE,
        after=limits.text_of("after"),
        before=before.text if before else None,
    )


def preferences(asked: Query) -> Element:
    """Whether messages are archived (XEP-0313, section 7): as a whole, not by contact."""
    account = asked.require_own()
    if asked.is_set:
        wanted = asked.payload.get("default")
        if wanted not in ("always", "never", "roster"):
            raise StanzaError("bad-request", "The default is always, never or roster.")
        account.archive_default = wanted
    lists = (Element("always", MAM), Element("never", MAM))
    return Element("prefs", MAM, {"default": account.archive_default}, *lists)


def metadata(asked: Query) -> Element:
    """Where an account’s archive begins and ends (section 5)."""
    return describe(asked.host, asked.require_own().archive)


def describe(host: Host, archive: Archive) -> Element:
    ends = [("start", archive.entries[0]), ("end", archive.entries[-1])] if archive.entries else []
    shown = [
        Element(name, MAM, {"id": entry.id, "timestamp": host.timestamp(entry.time)})
        for name, entry in ends
    ]
    return Element("metadata", MAM, None, *shown)
