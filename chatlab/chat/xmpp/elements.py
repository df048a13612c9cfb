"""Stanzas of ours that are put together by hand."""

import uuid
from xml.etree import ElementTree as ET

from chatlab.protocol.xmpp_element import CLIENT_NAMESPACE

HINTS = "urn:xmpp:hints"
FALLBACK = "urn:xmpp:fallback:0"


def new_id() -> str:
    """A stanza id that nobody can guess."""
    return uuid.uuid4().hex


def message_to(to: str, kind: str, stanza_id: str = "") -> ET.Element:
    """An empty message; ``kind`` is ``chat``, ``groupchat`` or ``normal``."""
    return ET.Element(
        f"{{{CLIENT_NAMESPACE}}}message", {"type": kind, "to": to, "id": stanza_id or new_id()}
    )


def hint(message: ET.Element, name: str) -> None:
    """Say how servers should treat it (XEP-0334), e.g. ``store``."""
    ET.SubElement(message, f"{{{HINTS}}}{name}")


def body_of(message: ET.Element) -> ET.Element | None:
    return message.find(f"{{{CLIENT_NAMESPACE}}}body")


def without_fallback(message: ET.Element, *namespaces: str) -> str:
    """The body without what is there only for programs that do not know ``namespaces`` (XEP-0428).

    Places count characters, not bytes. What makes no sense is left as it is: a text that is too
    long does less harm than one that lost its meaning.
    """
    body = body_of(message)
    text = (body.text or "") if body is not None else ""
    cuts: list[tuple[int, int]] = []
    for fallback in message.iterfind(f"{{{FALLBACK}}}fallback"):
        if fallback.get("for") not in namespaces:
            continue
        places = fallback.findall(f"{{{FALLBACK}}}body")
        if not places and fallback.find(f"{{{FALLBACK}}}subject") is None:
            return ""
        cuts += [_range(place, len(text)) for place in places]
    for start, stop in sorted(cuts, reverse=True):
        text = text[:start] + text[stop:]
    return text


def _range(place: ET.Element, length: int) -> tuple[int, int]:
    start, stop = place.get("start", "0"), place.get("end", str(length))
    if not all(each.isascii() and each.isdigit() and len(each) < 8 for each in (start, stop)):
        return 0, 0
    first, last = min(int(start), length), min(int(stop), length)
    return (first, last) if first <= last else (0, 0)
