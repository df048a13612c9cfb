"""What the server says when it cannot do something: stream errors and stanza errors."""

from chatlab.server.xmpp.element import Element, Node
from chatlab.server.xmpp.namespaces import SASL, STANZA_ERRORS, STREAM, STREAM_ERRORS

_KINDS = {
    "bad-request": "modify",
    "conflict": "cancel",
    "feature-not-implemented": "cancel",
    "forbidden": "auth",
    "gone": "cancel",
    "internal-server-error": "wait",
    "item-not-found": "cancel",
    "jid-malformed": "modify",
    "not-acceptable": "modify",
    "not-allowed": "cancel",
    "not-authorized": "auth",
    "policy-violation": "modify",
    "recipient-unavailable": "wait",
    "registration-required": "auth",
    "remote-server-not-found": "cancel",
    "resource-constraint": "wait",
    "service-unavailable": "cancel",
    "subscription-required": "auth",
    "unexpected-request": "wait",
}
"""Conditions of RFC 6120, section 8.3.3, with the type that the RFC recommends for each."""


class StreamError(Exception):
    """The stream cannot go on (RFC 6120, section 4.9)."""

    def __init__(self, condition: str, text: str = "") -> None:
        super().__init__(text or condition)
        self.condition = condition
        self.text = text

    def element(self) -> Element:
        children = [Element(self.condition, STREAM_ERRORS)]
        if self.text:
            children.append(Element("text", STREAM_ERRORS, {"xml:lang": "en"}, self.text))
        return Element("error", STREAM, None, *children)


class StanzaError(Exception):
    """One stanza cannot be carried out (RFC 6120, section 8.3)."""

    def __init__(
        self, condition: str, text: str = "", *, kind: str = "", extra: Element | None = None
    ) -> None:
        """``extra`` is an application’s own condition, beside the general one."""
        super().__init__(text or condition)
        self.condition = condition
        self.text = text
        self.kind = kind or _KINDS[condition]
        self.extra = extra

    def reply_to(self, stanza: Element) -> Element:
        """The stanza that goes back to where ``stanza`` came from."""
        details: list[Node] = [Element(self.condition, STANZA_ERRORS)]
        if self.text:
            details.append(Element("text", STANZA_ERRORS, {"xml:lang": "en"}, self.text))
        if self.extra:
            details.append(self.extra)
        error = Element("error", stanza.namespace, {"type": self.kind}, *details)
        # Clients recognise the answer to a refused entry by what they had asked (XEP-0045).
        kept = stanza.children if stanza.name == "presence" else []
        attributes = {
            "from": stanza.attributes.get("to"),
            "to": stanza.attributes.get("from"),
            "id": stanza.attributes.get("id"),
            "type": "error",
        }
        return Element(stanza.name, stanza.namespace, attributes, *kept, error)


class SaslFailure(Exception):
    """A login attempt has failed (RFC 6120, section 6.5)."""

    def __init__(self, condition: str, text: str = "") -> None:
        super().__init__(text or condition)
        self.condition = condition
        self.text = text

    def element(self) -> Element:
        children = [Element(self.condition, SASL)]
        if self.text:
            children.append(Element("text", SASL, {"xml:lang": "en"}, self.text))
        return Element("failure", SASL, None, *children)


def may_answer(stanza: Element) -> bool:
    """Whether an error may go back: never for an error, nor for the answer to a query."""
    return stanza.get("type") not in ("error", "result")


def result(query: Element, payload: Element | None = None) -> Element:
    """The answer to an IQ that was carried out."""
    attributes = {
        "from": query.attributes.get("to"),
        "to": query.attributes.get("from"),
        "id": query.attributes.get("id"),
        "type": "result",
    }
    return Element("iq", query.namespace, attributes, *([payload] if payload else []))
