"""The steps of an XMPP stream from its header to a room, named by RFC 6120, 6121 and the XEPs."""

from functools import partial

from chatlab.analysis.compare_talk import Said
from chatlab.analysis.contents import Part
from chatlab.analysis.ladder_sasl import sasl_details, sasl_turn, sasl_words
from chatlab.analysis.ladder_words import Named
from chatlab.analysis.observer_words import shown
from chatlab.analysis.xmpp_explain import explain_part
from chatlab.analysis.xmpp_words import read_part
from chatlab.core.comparison import Phase
from chatlab.core.flow import ByteRange, Direction
from chatlab.core.ladder import Detail
from chatlab.protocol.xmpp import TLS_NAMESPACE, UnitKind
from chatlab.protocol.xmpp_element import STREAMS_NAMESPACE, Element
from chatlab.protocol.xmpp_masking import SASL, SASL2
from chatlab.protocol.xmpp_words import BIND, PAYLOADS, SM, is_stanza

FEATURES = "stream features"
_ROOM = "http://jabber.org/protocol/muc"
_SELF_PRESENCE = "110"
"""Status of one's own presence in a room: the last one, so one is in (XEP-0045, 7.2.2)."""


class XmppNamer:
    """Names units of a stream, in the order in which they were said."""

    def __init__(self) -> None:
        self._mechanism = ""
        self._is_joining = False
        self._asked: dict[str, str] = {}
        """What our queries are about, by their id: the answers may be empty."""

    def name(self, said: Said) -> tuple[Named, ...]:
        part = Part(said.unit, said.data, ByteRange(0, 0), True, True)
        if said.data is None:
            return ()
        match said.unit.stanza_kind:
            case UnitKind.OPENED:
                words = explain_part(part, said.direction)
                return (Named("stream header", Phase.LOGIN, words),)
            case UnitKind.ELEMENT:
                element = read_part(part)
            case _:
                return ()
        if element is None:
            return ()
        step = partial(Named, words=explain_part(part, said.direction))
        if element.namespace == TLS_NAMESPACE:
            return (step(f"STARTTLS: <{element.name}/>", Phase.STARTTLS),)
        if element.namespace in (SASL, SASL2):
            return (self._sasl(said.direction, element),)
        if element.namespace == STREAMS_NAMESPACE:
            name = FEATURES if element.name == "features" else f"stream {element.name}"
            return (step(name, Phase.LOGIN, details=_offers(element)),)
        if element.namespace == SM:
            is_counting = element.name in ("r", "a")
            name = f"stream management: <{element.name}/>"
            return () if is_counting else (step(name, Phase.LOGIN),)
        return self._stanza(said.direction, element, step) if is_stanza(element) else ()

    # --- login -------------------------------------------------------------------------------

    def _sasl(self, direction: Direction, element: Element) -> Named:
        is_client = direction is Direction.SENT
        if element.name in ("auth", "authenticate"):
            self._mechanism = element.get("mechanism").upper()
        inner = element.child("initial-response") or element.child("additional-data") or element
        details = sasl_details(self._mechanism, inner.text, is_client=is_client)
        mechanism = f" {self._mechanism}" if element.name in ("auth", "authenticate") else ""
        name = shown(f"SASL: <{element.name}>{mechanism}{sasl_turn(details)}")
        if is_client:
            return Named(name, Phase.LOGIN, sasl_words(self._mechanism, details), details)
        words = {
            "challenge": "The server’s turn in the login.",
            "success": "The login succeeded: the stream begins anew, as that user.",
            "failure": "The login failed.",
        }.get(element.name, "The server’s turn in the login.")
        return Named(name, Phase.LOGIN, words, details)

    # --- stanzas -----------------------------------------------------------------------------

    def _stanza(
        self, direction: Direction, element: Element, step: "partial[Named]"
    ) -> tuple[Named, ...]:
        if element.name == "iq":
            return self._query(element, step)
        if element.name == "presence":
            return self._presence(direction, element, step)
        if self._is_joining and direction is Direction.RECEIVED:
            many = "room: history and subject ({})"
            return (step("room: subject", Phase.JOIN, merge="history", many=many),)
        return ()

    def _query(self, element: Element, step: "partial[Named]") -> tuple[Named, ...]:
        kind, id_ = element.get("type"), element.get("id")
        payload = next((each.namespace for each in element.children if each.name != "error"), "")
        if kind in ("get", "set"):
            self._asked[id_] = payload
        else:
            payload = payload or self._asked.get(id_, "")
        known = PAYLOADS.get(payload)
        topic = known.name if known is not None else "query"
        is_bound = payload == BIND and kind == "result"
        phase = Phase.JOIN if self._is_joining else Phase.LOGIN
        details: tuple[Detail, ...] = ()
        bind = element.child("bind")
        if bind is not None and bind.text_of("jid"):
            details = (Detail(label="Full address", value=shown(bind.text_of("jid"))),)
        name = shown(f"iq {kind}: {topic}")
        return (step(name, phase, details=details, is_ready=is_bound),)

    def _presence(
        self, direction: Direction, element: Element, step: "partial[Named]"
    ) -> tuple[Named, ...]:
        is_room = any(each.namespace.startswith(_ROOM) for each in element.children)
        if direction is Direction.SENT:
            if is_room:
                self._is_joining = True
                return (step(shown(f"room: presence to {element.get('to')}"), Phase.JOIN),)
            return () if element.get("to") else (step("presence", Phase.LOGIN),)
        if not is_room:
            words = "Which of the contacts are there."
            return (Named("presence", Phase.LOGIN, words, merge="presence", many="presence × {}"),)
        codes = {
            status.get("code")
            for child in element.children
            for status in child.children
            if status.name == "status"
        }
        if _SELF_PRESENCE in codes:
            return (step("room: own presence (110)", Phase.JOIN, is_ready=True),)
        return (step("room: presence", Phase.JOIN, merge="members", many="room: members ({})"),)


def _offers(features: Element) -> tuple[Detail, ...]:
    """What the server offers at this step of the stream."""
    found: list[Detail] = []
    for child in features.children:
        if child.name == "mechanisms":
            names = " ".join(each.text.strip() for each in child.children if each.text.strip())
            found.append(Detail(label="Login by", value=shown(names)))
        elif child.namespace == TLS_NAMESPACE:
            is_must = child.child("required") is not None
            value = "demanded" if is_must else "offered"
            words = "Whoever changes this on the way keeps the client in clear (stripping)."
            found.append(Detail(label="STARTTLS", value=value, words=words))
    return tuple(found)
