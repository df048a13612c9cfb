"""Frames of direct connections in words: data, acknowledgements, lines."""

import pytest

from chatlab.analysis.dcc_words import describe_payload
from chatlab.core.account import AccountId, Application
from chatlab.core.connection import Connection
from chatlab.core.flow import ConnectionId, Direction, Endpoint, FlowKey

SENT, RECEIVED = Direction.SENT, Direction.RECEIVED


def connection(purpose: str) -> Connection:
    return Connection(
        id=ConnectionId("dcc"),
        account=AccountId("ann"),
        application=Application.DCC,
        flow=FlowKey(Endpoint("127.0.0.1", 5000), Endpoint("127.0.0.1", 6000)),
        purpose=purpose,
        host="bob",
        opened_ns=1,
    )


@pytest.mark.parametrize(
    ("purpose", "direction", "payload", "info", "why"),
    [
        (
            "DCC SEND to bob: a.pdf",
            SENT,
            bytes(1460),
            "File data: 1,460 bytes of a.pdf",
            "file data",
        ),
        (
            "DCC SEND to bob: a.pdf",
            RECEIVED,
            bytes.fromhex("0000 05b4 0000 0b68"),
            "Acknowledgement: 2,920 bytes are there",
            "file acknowledged",
        ),
        ("DCC GET from bob: a: b", RECEIVED, b"xyz", "File data: 3 bytes of a: b", "file data"),
        (
            "DCC GET from bob: a",
            SENT,
            b"\0\0\1",
            "Acknowledgement, cut: 00 00 01",
            "file acknowledged",
        ),
        (
            "DCC CHAT with bob",
            SENT,
            "Grüße\n\x01ACTION waves\x01\r\n".encode(),
            "Chat: Grüße ┊ ACTION waves",
            "direct chat",
        ),
    ],
)
def test_each_payload_is_named_for_what_it_is(
    purpose: str, direction: Direction, payload: bytes, info: str, why: str
) -> None:
    assert describe_payload(connection(purpose), direction, payload) == (info, why)
