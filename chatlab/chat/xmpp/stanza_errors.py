"""Error stanzas and stream errors in words (RFC 6120, sections 8.3 and 4.9)."""

from xml.etree import ElementTree as ET

from chatlab.core.errors import ChatlabError
from chatlab.protocol.xmpp_element import CLIENT_NAMESPACE

STANZA_ERRORS = "urn:ietf:params:xml:ns:xmpp-stanzas"
STREAM_ERRORS = "urn:ietf:params:xml:ns:xmpp-streams"
_MAX_TEXT = 300

_CONDITIONS = {
    "bad-request": ("it did not understand the request", ""),
    "conflict": ("somebody or something of that name is there already", "Choose another name."),
    "feature-not-implemented": ("it does not know how to do that", ""),
    "forbidden": ("you may not do that", ""),
    "gone": ("it is not there any more", ""),
    "internal-server-error": ("it has a fault of its own", "Try again later."),
    "item-not-found": ("there is no such address", "Check how it is spelt."),
    "jid-malformed": ("the address is not well formed", "Check how it is spelt."),
    "not-acceptable": ("it does not accept this as it is", ""),
    "not-allowed": ("nobody may do that there", ""),
    "not-authorized": ("a password is needed, or it was wrong", ""),
    "payment-required": ("it wants to be paid for that", ""),
    "policy-violation": ("it is against the rules of the server", ""),
    "recipient-unavailable": ("the other party is not there", "Try again later."),
    "redirect": ("it moved elsewhere", ""),
    "registration-required": ("only members may do that", ""),
    "remote-server-not-found": ("no server answers to that name", "Check how it is spelt."),
    "remote-server-timeout": ("the other party’s server does not answer", "Try again later."),
    "resource-constraint": ("it is too busy, or full", "Try again later."),
    "service-unavailable": ("nobody there takes it", ""),
    "subscription-required": ("a subscription is needed first", ""),
    "undefined-condition": ("it gave no reason that ChatLab knows", ""),
    "unexpected-request": ("it did not expect that now", ""),
}
_STREAM_CONDITIONS = {
    "conflict": "Another program signed in with the same resource.",
    "connection-timeout": "It heard nothing of us for too long.",
    "host-gone": "It does not serve that domain any more.",
    "host-unknown": "It does not serve the domain of this account.",
    "improper-addressing": "It did not accept an address.",
    "internal-server-error": "It has a fault of its own.",
    "invalid-from": "It did not accept our address.",
    "not-authorized": "It wants us to log in first.",
    "not-well-formed": "It found our XML broken.",
    "policy-violation": "It says that we broke its rules.",
    "remote-connection-failed": "It could not reach another server that it needs.",
    "reset": "It wants us to connect anew.",
    "resource-constraint": "It is too busy.",
    "see-other-host": "It sends us to another server.",
    "system-shutdown": "It is being shut down.",
    "unsupported-version": "It speaks another version of XMPP.",
}
FINAL_STREAM_ERRORS = frozenset(
    {
        "conflict",
        "host-gone",
        "host-unknown",
        "invalid-from",
        "see-other-host",
        "unsupported-version",
    }
)
"""After these, connecting again would only repeat them (for conflict: throw the other out)."""


def condition_of(stanza: ET.Element) -> str:
    """The defined condition of an error stanza; empty when it is none."""
    error = stanza.find(f"{{{CLIENT_NAMESPACE}}}error")
    return _condition(error, STANZA_ERRORS) if error is not None else ""


def text_of(stanza: ET.Element) -> str:
    """What the sender of an error stanza says to it; anybody may have written it."""
    error = stanza.find(f"{{{CLIENT_NAMESPACE}}}error")
    text = error.findtext(f"{{{STANZA_ERRORS}}}text") if error is not None else None
    return " ".join((text or "").split())[:_MAX_TEXT]


def refusal_of(stanza: ET.Element) -> ChatlabError:
    """An error stanza in words: who refused, why, and what they say to it."""
    who = stanza.get("from", "") or "The server"
    reason, hint = _CONDITIONS.get(condition_of(stanza), _CONDITIONS["undefined-condition"])
    text = text_of(stanza)
    said = f" It says: “{text}”" if text else ""
    return ChatlabError(f"{who} refused: {reason}.{said}", hint)


def stream_error(error: ET.Element) -> tuple[str, str]:
    """Condition and words of a stream error."""
    condition = _condition(error, STREAM_ERRORS)
    text = " ".join((error.findtext(f"{{{STREAM_ERRORS}}}text") or "").split())[:_MAX_TEXT]
    words = _STREAM_CONDITIONS.get(condition, f"It names “{condition or 'no reason'}”.")
    said = f" It says: “{text}”" if text else ""
    return condition, f"The server ended the connection: {words}{said}"


def _condition(error: ET.Element, namespace: str) -> str:
    start = f"{{{namespace}}}"
    names = (child.tag.removeprefix(start) for child in error if child.tag.startswith(start))
    return next((name for name in names if name != "text"), "")
