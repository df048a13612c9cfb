"""Each step of an XMPP stream in words: what it is for, and the document that says so."""

import base64
import binascii
from collections.abc import Callable, Sequence

from chatlab.analysis.contents import Part
from chatlab.analysis.xmpp_words import plain, read_part
from chatlab.core.flow import Direction
from chatlab.protocol.xmpp import TLS_NAMESPACE, UnitKind
from chatlab.protocol.xmpp_element import STREAMS_NAMESPACE, Element
from chatlab.protocol.xmpp_masking import SASL, SASL2
from chatlab.protocol.xmpp_words import (
    BIND,
    CARBONS,
    CHAT_STATES,
    MARKERS,
    PAYLOADS,
    RECEIPTS,
    SM,
    body_of,
    condition,
    inner_message,
    is_end_to_end,
    is_stanza,
    sasl_text,
)

MAX_UNITS = 3
"""Units of a frame that are explained; the detail tree names all."""
MAX_NAME = 80
"""Characters of a name that the other side chose."""
NO_KEY = "nobody needs a key to read it"
_CHAT_STATES = {
    "composing": "is writing",
    "paused": "has stopped writing",
    "active": "is looking at this chat",
    "inactive": "has not looked at this chat for a while",
    "gone": "has closed this chat",
}
_SM = {
    "enable": "Asks the server to count stanzas from here on, so that none gets lost unnoticed "
    "(stream management, XEP-0198).",
    "enabled": "Both sides count stanzas from here on (stream management, XEP-0198). With its id a "
    "broken connection can be resumed.",
    "r": "Asks how many stanzas have arrived (stream management, XEP-0198). It carries nobody’s "
    "words.",
    "resume": "Goes on with the stream of a connection that broke (XEP-0198): no new login, "
    "nothing lost.",
    "resumed": "The old stream goes on where it broke (XEP-0198).",
    "failed": "The old stream cannot be resumed, or counting was refused (XEP-0198).",
}
_TLS = {
    "starttls": "Asks to go on in TLS (STARTTLS, RFC 6120, section 5). Up to here anyone on the "
    "path can read along.",
    "proceed": "Agrees to TLS (RFC 6120, section 5): the next bytes are the TLS handshake, and the "
    "stream begins anew inside it.",
    "failure": "Refuses TLS (RFC 6120, section 5.4.2.2): the connection ends.",
}


def explain_parts(parts: Sequence[Part], direction: Direction | None) -> str:
    """The units that a frame holds bytes of, in a sentence or two each."""
    kinds = {part.unit.stanza_kind for part in parts}
    if UnitKind.OPENED in kinds:  # The header says more than the declaration before it.
        parts = [part for part in parts if part.unit.stanza_kind is not UnitKind.DECLARATION]
    told = [explain_part(part, direction) for part in parts]
    told = list(dict.fromkeys(sentence for sentence in told if sentence))
    if len(told) > MAX_UNITS:
        told[MAX_UNITS:] = [f"And {len(told) - MAX_UNITS} more: the layers below name them."]
    return " ".join(told)


def explain_part(part: Part, direction: Direction | None = None) -> str:
    """What one unit is for; empty for one that is not whole here or cannot be read."""
    match part.unit.stanza_kind:
        case UnitKind.BLANK:
            return (
                "A blank between stanzas keeps the connection alive (RFC 6120, section 4.6.1). "
                "It carries nobody’s words."
            )
        case UnitKind.DECLARATION:
            return "An XMPP stream is one long XML document; here it begins (RFC 6120, section 4)."
        case UnitKind.CLOSED:
            return "Closes the stream: </stream:stream> ends the document (RFC 6120, section 4.4)."
        case None:
            return ""
    element = read_part(part)
    if element is None:
        return ""
    if part.unit.stanza_kind is UnitKind.OPENED:
        return _header(element)
    if is_stanza(element):
        return _stanza(element, len(part.unit.span), direction)
    tellers: dict[str, Callable[[Element], str]] = {
        STREAMS_NAMESPACE: _stream,
        TLS_NAMESPACE: lambda found: _TLS.get(found.name, ""),
        SASL: _sasl,
        SASL2: _sasl,
        SM: _counting,
    }
    teller = tellers.get(element.namespace)
    return teller(element) if teller is not None else ""


# --- the stream ----------------------------------------------------------------------------------


def _header(element: Element) -> str:
    if to := _name(element.get("to")):
        return (
            f"Opens a stream to {to} (RFC 6120, section 4.2). The name of the server and the "
            "version go before everything else."
        )
    return (
        f"Opens the answering stream of {_name(element.get('from')) or 'the server'} (RFC 6120, "
        f"section 4.2). Its id is “{_name(element.get('id'))}”."
    )


def _stream(element: Element) -> str:
    if element.name == "error":
        return (
            f"The stream ends with the error “{condition(element)}” (RFC 6120, section 4.9). "
            f"{_name(element.text_of('text'))}".strip()
        )
    offers: list[str] = []
    for child in element.children:
        if child.namespace == TLS_NAMESPACE:
            must = child.child("required") is not None
            offers.append("STARTTLS, which it demands" if must else "STARTTLS")
        elif child.name == "mechanisms":
            names = " and ".join(each.text.strip() for each in child.children)
            offers.append(f"login by {names}")
        else:
            known = PAYLOADS.get(child.namespace)
            offers.append(f"{known.name} ({known.document})" if known else child.name)
    offered = plain("; ".join(dict.fromkeys(offers))) or "nothing"
    return f"What the server offers at this step (stream features, RFC 6120, 4.3.2): {offered}."


def _counting(element: Element) -> str:
    if element.name == "a":
        number = _name(element.get("h"))
        arrived = "1 stanza has" if number == "1" else f"{number} stanzas have"
        return (
            f"“{arrived} arrived here”: an acknowledgement above TCP’s (stream management, "
            "XEP-0198)."
        )
    return _SM.get(element.name, "")


# --- login ---------------------------------------------------------------------------------------


def _sasl(element: Element) -> str:
    decoded = sasl_text(element)
    match element.name:
        case "auth" | "authenticate":
            return _first(element, decoded)
        case "challenge":
            return _challenge(decoded)
        case "response":
            return (
                "Proves that the password is known without sending it (SCRAM, RFC 5802): the proof "
                "fits this salt and these random numbers only."
                if ",p=" in decoded
                else "Answers the server’s SASL challenge (RFC 6120, section 6.4.3)."
            )
        case "success":
            proof = "v=" in decoded or "v=" in _additional(element)
            return "The login succeeded (SASL, RFC 6120, section 6.4.6). " + (
                "The server proves in turn that it knows the password (v=, RFC 5802)."
                if proof
                else "The stream begins anew, as that user."
            )
        case "failure":
            return (
                f"The login failed: {condition(element)} (SASL, RFC 6120, section 6.5). "
                f"{_name(element.text_of('text'))}".strip()
            )
    return ""


def _first(element: Element, decoded: str) -> str:
    mechanism = _name(element.get("mechanism"))
    start = f"Begins the login by {mechanism} (SASL, RFC 6120, section 6)."
    if mechanism == "PLAIN":
        _, _, rest = decoded.partition("\0")
        user, _, password = rest.partition("\0")
        return (
            f"{start} Base64 is no encryption: decoded it is the name “{_name(user)}” and the "
            f"password, {len(password)} characters, for everybody to read who sees this."
        )
    if mechanism.startswith("SCRAM-"):
        user, nonce = _scram(decoded, "n"), _scram(decoded, "r")
        return (
            f"{start} Decoded: the name “{_name(user)}” (n=) and a random number of "
            f"{len(nonce)} characters (r=); no password (RFC 5802)."
        )
    return start


def _challenge(decoded: str) -> str:
    salt, rounds = _scram(decoded, "s"), _scram(decoded, "i")
    if not salt or not rounds:
        return "The server’s SASL challenge (RFC 6120, section 6.4.3)."
    try:
        size = len(base64.b64decode(salt, validate=True))
    except (binascii.Error, ValueError):
        return "A damaged SCRAM challenge: its salt is no base64 (RFC 5802)."
    return (
        f"Decoded: both random numbers (r=), a salt of {size} bytes (s=) and {_name(rounds)} rounds "
        "(i=) for hashing the password (SCRAM, RFC 5802)."
    )


def _scram(decoded: str, key: str) -> str:
    """An attribute of a SCRAM message (RFC 5802, section 5.1)."""
    for piece in decoded.split(","):
        if piece.startswith(f"{key}="):
            return piece[2:]
    return ""


def _additional(element: Element) -> str:
    found = element.child("additional-data")
    return sasl_text(found) if found is not None else ""


# --- stanzas -------------------------------------------------------------------------------------


def _stanza(element: Element, size: int, direction: Direction | None) -> str:
    match element.name:
        case "message":
            return _message(element, size, direction)
        case "presence":
            return _presence(element)
    return _iq(element)


def _message(element: Element, size: int, direction: Direction | None) -> str:
    whose = _whose(element, direction)
    if element.get("type") == "error":
        return f"The server returns a message {whose}: {_error(element)} (RFC 6120, section 8.3)."
    body = body_of(element)
    inner = inner_message(element)
    start = f"Message stanza {whose}, {size:,} bytes"
    if inner is not None:
        carbon = any(child.namespace == CARBONS for child in element.children)
        start = (
            f"A copy of a message that another of your devices sent or got (carbon, XEP-0280), "
            f"{size:,} bytes"
            if carbon
            else f"A message out of the archive (MAM, XEP-0313), {size:,} bytes"
        )
    if is_end_to_end(element):
        return f"{start}: its text is encrypted end to end; the server and the path see names only."
    if body:
        text = len(body.encode())
        return f"{start}, of which {text:,} are the text; {NO_KEY}."
    return _notice(element, whose) or f"{start}, without a text."


def _notice(element: Element, whose: str) -> str:
    """A message that only tells what happened to another one, or who is doing what."""
    for child in element.children:
        if child.namespace == RECEIPTS and child.name == "received":
            return f"Message stanza {whose}: “your message has arrived here” (receipt, XEP-0184)."
        if child.namespace == MARKERS and child.name != "markable":
            return f"Message stanza {whose}: “{_name(child.name)}” (chat marker, XEP-0333)."
        if child.namespace == CHAT_STATES:
            state = _CHAT_STATES.get(child.name, _name(child.name))
            return f"Message stanza {whose}: the sender {state} (chat state, XEP-0085). No words."
    known = [PAYLOADS[each.namespace] for each in element.children if each.namespace in PAYLOADS]
    if element.child("subject") is not None and element.get("type") == "groupchat":
        return f"Message stanza {whose}: the subject of the room (XEP-0045)."
    if not known:
        return ""
    return f"Message stanza {whose}: {known[0].name} ({known[0].document})."


def _presence(element: Element) -> str:
    kind = element.get("type")
    who = _name(element.get("from"))
    room = any("protocol/muc" in child.namespace for child in element.children)
    if room and kind != "error":
        target = who or _name(element.get("to"))
        what = "leaves" if kind == "unavailable" else "enters or is in"
        return f"Presence: somebody {what} a room as {target} (XEP-0045)."
    told = {
        "": f"{who or 'This account'} is there and can be reached (RFC 6121, section 4).",
        "unavailable": f"{who or 'This account'} goes offline (RFC 6121, section 4.5).",
        "subscribe": "asks to see when somebody is online (RFC 6121, section 3.1).",
        "subscribed": "allows somebody to see when one is online (RFC 6121, section 3.1).",
        "error": f"refused: {_error(element)}.",
    }.get(kind, f"{_name(kind)} (RFC 6121, section 4).")
    return f"Presence: {told}"


def _iq(element: Element) -> str:
    kind = element.get("type")
    child = next((each for each in element.children if each.name != "error"), None)
    known = PAYLOADS.get(child.namespace) if child is not None else None
    about = f"{known.name} ({known.document})" if known is not None else "something"
    if child is not None and child.namespace == BIND:
        jid = _name(child.text_of("jid"))
        return (
            f"The server gives this connection its full address: {jid} (bind, RFC 6120, 7)."
            if jid
            else "Asks for a full address, one for this connection (resource binding, RFC 6120, 7)."
        )
    match kind:
        case "get":
            return f"Asks for {about}. An iq is a question that gets exactly one answer (RFC 6120)."
        case "set":
            return f"Changes {about}. An iq gets exactly one answer (RFC 6120, section 8.2.3)."
        case "error":
            return f"Refuses what was asked: {_error(element)} (RFC 6120, section 8.3)."
    if known is None:
        return "The answer to a question: done (iq result, RFC 6120, section 8.2.3)."
    return f"The answer about {about} (iq result, RFC 6120, section 8.2.3)."


def _error(element: Element) -> str:
    found = element.child("error")
    return _name(condition(found)) if found is not None else "no reason given"


def _whose(element: Element, direction: Direction | None) -> str:
    """Who the other party is, whichever of the two addresses names it."""
    if direction is Direction.SENT or not element.get("from"):
        return f"to {_name(element.get('to')) or 'this account'}"
    return f"from {_name(element.get('from'))}"


def _name(text: str) -> str:
    shown = plain(text)
    return shown if len(shown) <= MAX_NAME else shown[: MAX_NAME - 1] + "…"
