"""Small questions: ping, version, time, and switches of a session."""

from chatlab import __version__
from chatlab.server.xmpp.element import Element
from chatlab.server.xmpp.errors import StanzaError
from chatlab.server.xmpp.limits import SOFTWARE
from chatlab.server.xmpp.namespaces import TIME, VERSION
from chatlab.server.xmpp.queries.query import Query


def ping(_query: Query) -> None:
    """XEP-0199: the answer itself is all there is to say."""


def version(_query: Query) -> Element:
    """XEP-0092; the operating system is nobody’s business."""
    return describe_version()


def describe_version() -> Element:
    return Element(
        "query",
        VERSION,
        None,
        Element("name", VERSION, None, SOFTWARE),
        Element("version", VERSION, None, __version__),
    )


def time(query: Query) -> Element:
    """XEP-0202, in UTC."""
    return Element(
        "time",
        TIME,
        None,
        Element("tzo", TIME, None, "+00:00"),
        Element("utc", TIME, None, query.host.timestamp()),
    )


def session(_query: Query) -> None:
    """RFC 3921, section 3: clients of old want to establish a session; it is one already."""


def carbons(query: Query) -> None:
    """XEP-0280, section 4."""
    if not query.is_set:
        raise StanzaError("bad-request", "Carbons are switched with a set.")
    query.require_own()
    query.session.has_carbons = query.payload.name == "enable"
