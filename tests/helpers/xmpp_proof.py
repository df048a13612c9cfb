"""XMPP's messages against tshark's opinion: none wrong, none missing, none too many."""

import re
from collections.abc import Sequence
from xml.sax.saxutils import unescape

from chatlab.analysis.session_file import MessageRecord
from tests.helpers.proof import Fact, _listed
from tests.helpers.tshark import CarriedLine

_MESSAGE = re.compile(rb"<message\b[^>]*>.*?<body>(.*?)</body>", re.DOTALL)


def assert_stanzas_proven(
    lines: Sequence[CarriedLine], records: Sequence[MessageRecord], server_port: int
) -> None:
    """Every message of one connection has exactly the frames that tshark finds for its stanza."""
    spoken = [line for line in lines if _is_said(line)]
    for direction, end in (("sent", "receiver"), ("received", "sender")):
        theirs = [each for each in spoken if getattr(each, end).endswith(f":{server_port}")]
        assert _in_order(records, direction) == [_seen(each) for each in theirs]


def _is_said(line: CarriedLine) -> bool:
    """Whether it is a message in its own right, rather than one out of the archive."""
    return _MESSAGE.match(line.text) is not None and b"urn:xmpp:mam:2" not in line.text


def _seen(line: CarriedLine) -> Fact:
    body = _MESSAGE.match(line.text)
    assert body is not None
    return Fact(
        unescape(body[1].decode()),
        line.tls or None,
        line.stream,
        (line.start, line.stop),
        line.frames,
        line.repeats,
        line.acks,
        "offset",
    )


def _in_order(records: Sequence[MessageRecord], direction: str) -> list[Fact]:
    chosen = [record for record in records if record["direction"] == direction]
    return [_listed(each) for each in sorted(chosen, key=lambda each: each["bytes"] or [])]
