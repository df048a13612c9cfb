"""Events as JSON: what scripts rely on stays as it is."""

import json
import typing
from dataclasses import fields

from chatlab.cli import event_json
from chatlab.cli.event_json import event_name, event_to_json, refusal_to_json
from chatlab.core import events as ev
from chatlab.core.account import AccountId, Application
from chatlab.core.errors import CertificateError, CertificateInfo, UsageError
from chatlab.core.flow import ByteRange, ConnectionId, Direction, WireRange
from chatlab.core.message import Delivery, Message, MessageId

ACCOUNT = AccountId("ann")
WIRE = WireRange(ConnectionId("c1"), Direction.SENT, ByteRange(3, 9))


def documented() -> dict[str, str]:
    """Event to the line of the module's documentation that lists its keys."""
    lines = (event_json.__doc__ or "").splitlines()
    rows = [line.split(None, 1) for line in lines if line.startswith("    ") and line[4] != " "]
    return {row[0]: row[1] for row in rows}


def test_every_event_and_each_of_its_keys_is_documented() -> None:
    table = documented()
    for kind in typing.get_args(ev.ChatEvent):
        words = table[event_name(kind)].replace("{", " ").replace("[", " ").split()
        assert {field.name for field in fields(kind)} <= set(words), kind


def test_a_message_becomes_an_object_of_plain_values() -> None:
    message = Message(
        id=MessageId("m1"),
        account=ACCOUNT,
        application=Application.IRC,
        direction=Direction.SENT,
        sender="ann",
        target="#lab",
        text="Grüße",
        time_ns=5,
        delivery=Delivery.WRITTEN,
        wire=WIRE,
    )
    value = json.loads(json.dumps(event_to_json(ev.MessageAdded(message))))
    assert value["event"] == "message-added"
    assert value["message"]["delivery"] == "written"
    assert value["message"]["direction"] == "sent"
    assert value["message"]["wire"] == {
        "connection": "c1",
        "direction": "sent",
        "span": {"start": 3, "stop": 9},
    }
    assert value["message"]["echo"] is None


def test_a_refused_certificate_comes_with_its_chain() -> None:
    info = CertificateInfo(
        subject="CN=x",
        issuer="CN=y",
        names=("x",),
        not_before="a",
        not_after="b",
        sha256="c",
        key="d",
    )
    error = CertificateError("No.", "Look.", reason="expired", host="x", chain=(info,))
    value = event_to_json(ev.CertificateRefused(ACCOUNT, error))
    assert json.loads(json.dumps(value))["error"] == {
        "message": "No.",
        "hint": "Look.",
        "reason": "expired",
        "host": "x",
        "chain": [
            {"subject": "CN=x", "issuer": "CN=y", "names": ["x"], "not_before": "a",
             "not_after": "b", "sha256": "c", "key": "d"}
        ],
    }  # fmt: skip


def test_a_refused_command_says_why_and_what_next() -> None:
    value = refusal_to_json("/x", UsageError("There is no command /x.", "F1 lists all commands."))
    assert value == {
        "event": "command-refused",
        "line": "/x",
        "text": "There is no command /x.",
        "hint": "F1 lists all commands.",
    }
