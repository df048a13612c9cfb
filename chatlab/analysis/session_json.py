"""Connections and messages as JSON, for comments of a saved capture and for a session's transcript.

Written and read field by field: names in a file outlive names in the program. Unknown fields are
ignored, so an older ChatLab can read a newer one's files.
"""

import ipaddress
import json
from collections.abc import Mapping

from chatlab.analysis.binding import Anchor
from chatlab.core.account import AccountId, Application
from chatlab.core.attribution import Evidence
from chatlab.core.connection import Connection, TlsFacts
from chatlab.core.errors import CertificateInfo
from chatlab.core.flow import (
    ByteRange,
    ConnectionId,
    Direction,
    Endpoint,
    FlowKey,
    Transport,
    WireRange,
)
from chatlab.core.message import Delivery, Message, MessageId, MessageKind
from chatlab.core.reactions import Reaction

VERSION = 1
DAMAGES = (ValueError, KeyError, TypeError, RecursionError)
"""What the readers here raise where a record is not what it should be."""

Json = dict[str, object]


def dumps(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def loads(text: str) -> Json:
    """Raises ValueError (JSONDecodeError is one) at anything but an object."""
    return as_object(json.loads(text))


def complaint(error: Exception) -> str:
    """One of ``DAMAGES`` in words that go on after “line 7” or “the comment of frame 7”."""
    if isinstance(error, json.JSONDecodeError):
        return "is cut off, or is no JSON"
    if isinstance(error, RecursionError):
        return "is nested too deeply"
    return "lacks something, or says what cannot be"


# --- connections --------------------------------------------------------------------------------


def from_connection(connection: Connection, anchors: Mapping[Direction, Anchor]) -> Json:
    flow, tls = connection.flow, connection.tls
    return {
        "version": VERSION,
        "id": connection.id,
        "account": connection.account,
        "application": connection.application.value,
        "transport": flow.transport.name.lower(),
        "local": [flow.local.address, flow.local.port],
        "remote": [flow.remote.address, flow.remote.port],
        "purpose": connection.purpose,
        "host": connection.host,
        "opened_ns": connection.opened_ns,
        "is_captured": connection.is_captured,
        "tls": _from_tls(tls) if tls is not None else None,
        "anchors": {
            direction.value: [anchor.offset, anchor.sequence, anchor.evidence.value]
            for direction, anchor in anchors.items()
        },
    }


def _from_tls(tls: TlsFacts) -> Json:
    return {
        "version": tls.version,
        "cipher": tls.cipher,
        "server_name": tls.server_name,
        "trust": tls.trust,
        "chain": [
            {
                "subject": each.subject,
                "issuer": each.issuer,
                "names": list(each.names),
                "not_before": each.not_before,
                "not_after": each.not_after,
                "sha256": each.sha256,
                "key": each.key,
            }
            for each in tls.chain
        ],
    }


def without_chain(value: Json) -> Json:
    """The same connection without its certificates, which may be too long for a comment."""
    tls = value["tls"]
    return value | {"tls": as_object(tls) | {"chain": []}} if tls is not None else value


def to_connection(value: Json) -> Connection:
    tls = value["tls"]
    return Connection(
        id=ConnectionId(as_text(value["id"])),
        account=AccountId(as_text(value["account"])),
        application=Application(value["application"]),
        flow=FlowKey(
            _endpoint(value["local"]),
            _endpoint(value["remote"]),
            Transport[as_text(value["transport"]).upper()],
        ),
        purpose=as_text(value["purpose"]),
        host=as_text(value["host"]),
        opened_ns=as_number(value["opened_ns"]),
        is_captured=value["is_captured"] is True,
        tls=_to_tls(as_object(tls)) if tls is not None else None,
    )


def _to_tls(value: Json) -> TlsFacts:
    return TlsFacts(
        version=as_text(value["version"]),
        cipher=as_text(value["cipher"]),
        server_name=as_text(value["server_name"]),
        trust=as_text(value["trust"]),
        chain=tuple(_certificate(as_object(each)) for each in as_list(value["chain"])),
    )


def _certificate(value: Json) -> CertificateInfo:
    return CertificateInfo(
        subject=as_text(value["subject"]),
        issuer=as_text(value["issuer"]),
        names=tuple(as_text(each) for each in as_list(value["names"])),
        not_before=as_text(value["not_before"]),
        not_after=as_text(value["not_after"]),
        sha256=as_text(value["sha256"]),
        key=as_text(value["key"]),
    )


def to_anchors(value: Json) -> dict[Direction, Anchor]:
    found: dict[Direction, Anchor] = {}
    for name, entry in as_object(value["anchors"]).items():
        offset, sequence, evidence = as_list(entry)
        found[Direction(name)] = Anchor(as_number(offset), as_number(sequence), Evidence(evidence))
    return found


# --- messages -----------------------------------------------------------------------------------


EMPTY: Json = {
    **{"sender": "", "target": "", "text": "", "time_ns": 0, "delivery": None, "failure": ""},
    **{"wire": None, "echo": None, "is_history": False, "is_highlight": False, "msgid": ""},
    **{"reply_to": "", "is_corrected": False, "is_retracted": False, "is_sealed": False},
    **{"is_unstyled": False, "twin": "", "user_host": "", "reactions": []},
}
"""What a message is where nothing else is said of it."""
_FLAGS = tuple(name for name, value in EMPTY.items() if value is False)


def from_message(message: Message) -> Json:
    return EMPTY | brief(message)


def brief(message: Message) -> Json:
    """A message less what is ``EMPTY``; a flood writes thousands of them in a second."""
    fields: Json = {
        "version": VERSION,
        "id": message.id,
        "account": message.account,
        "application": message.application.value,
        "direction": message.direction.value,
        "sender": message.sender,
        "target": message.target,
        "text": message.text,
        "kind": message.kind.value,
        "time_ns": message.time_ns,
    }
    if message.delivery is not None:
        fields["delivery"] = message.delivery.value
    if message.wire is not None:
        fields["wire"] = _from_wire(message.wire)
    if message.echo is not None:
        fields["echo"] = _from_wire(message.echo)
    if message.user_host:
        fields["user_host"] = message.user_host
    if message.msgid:
        fields["msgid"] = message.msgid
    if message.reply_to:
        fields["reply_to"] = message.reply_to
    if message.failure:
        fields["failure"] = message.failure
    if message.twin:
        fields["twin"] = message.twin
    if message.reactions:
        fields["reactions"] = [[each.text, list(each.people)] for each in message.reactions]
    for name in _FLAGS:
        if getattr(message, name):
            fields[name] = True
    return fields


def to_message(value: Json) -> Message:
    delivery = value["delivery"]
    return Message(
        id=MessageId(as_text(value["id"])),
        account=AccountId(as_text(value["account"])),
        application=Application(value["application"]),
        direction=Direction(value["direction"]),
        sender=as_text(value["sender"]),
        target=as_text(value["target"]),
        # None: a copy without keys, of before such copies left sealed messages out.
        text=as_text(value["text"]) if value["text"] is not None else "",
        kind=MessageKind(value["kind"]),
        time_ns=as_number(value["time_ns"]),
        delivery=Delivery(delivery) if delivery is not None else None,
        failure=as_text(value["failure"]),
        wire=_to_wire(value["wire"]),
        echo=_to_wire(value["echo"]),
        is_history=value["is_history"] is True,
        is_highlight=value["is_highlight"] is True,
        # Absent in files of before XMPP.
        msgid=as_text(value.get("msgid", "")),
        reply_to=as_text(value.get("reply_to", "")),
        is_corrected=value.get("is_corrected") is True,
        is_retracted=value.get("is_retracted") is True,
        is_sealed=value.get("is_sealed") is True,
        is_unstyled=value.get("is_unstyled") is True,
        twin=as_text(value.get("twin", "")),
        user_host=as_text(value.get("user_host", "")),
        reactions=tuple(_reaction(each) for each in as_list(value.get("reactions", []))),
    )


def _reaction(value: object) -> Reaction:
    text, people = as_list(value)
    return Reaction(as_text(text), tuple(as_text(each) for each in as_list(people)))


def _from_wire(wire: WireRange) -> list[object]:
    return [wire.connection, wire.direction.value, wire.span.start, wire.span.stop]


def _to_wire(value: object) -> WireRange | None:
    if value is None:
        return None
    connection, direction, start, stop = as_list(value)
    span = ByteRange(as_number(start), as_number(stop))
    return WireRange(ConnectionId(as_text(connection)), Direction(direction), span)


# --- checked readers: a file may hold anything ----------------------------------------------------


def as_object(value: object) -> Json:
    if not isinstance(value, dict):
        raise TypeError(f"an object was expected, not {type(value).__name__}")
    return value


def as_list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise TypeError(f"a list was expected, not {type(value).__name__}")
    return value


def as_text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"text was expected, not {type(value).__name__}")
    return value


def as_number(value: object) -> int:
    if not isinstance(value, int) or not -(1 << 63) <= value < 1 << 63:
        raise TypeError("a whole number was expected")
    return value


def _endpoint(value: object) -> Endpoint:
    address, port = as_list(value)
    if not 0 <= as_number(port) <= 65_535:
        raise ValueError(f"there is no port {port}")
    # Raises ValueError at anything that is not an address.
    return Endpoint(str(ipaddress.ip_address(as_text(address))), as_number(port))
