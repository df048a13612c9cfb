"""What crosses the direct connections of DCC, frame by frame: nothing in the bytes themselves says it.

Such a connection is known because it is our own; between strangers it is plain TCP.
"""

from chatlab.core.connection import Connection
from chatlab.core.flow import Direction
from chatlab.protocol.dcc import CHAT_PURPOSE, SEND_PURPOSE
from chatlab.protocol.irc import decode

_ACK = 4
_SEPARATOR = " ┊ "


def describe_payload(
    connection: Connection, direction: Direction | None, payload: bytes
) -> tuple[str, str]:
    """Info and purpose of a frame with payload."""
    if connection.purpose.startswith(CHAT_PURPOSE):
        lines = [decode(line)[0].strip("\r\x01") for line in payload.split(b"\n") if line]
        return f"Chat: {_SEPARATOR.join(lines)}", "direct chat"
    gives = connection.purpose.startswith(SEND_PURPOSE)
    if gives == (direction is Direction.SENT):
        name = connection.purpose.partition(": ")[2]
        return f"File data: {len(payload):,} bytes of {name}", "file data"
    if len(payload) % _ACK:
        return f"Acknowledgement, cut: {payload.hex(' ')}", "file acknowledged"
    reached = int.from_bytes(payload[-_ACK:], "big")
    return f"Acknowledgement: {reached:,} bytes are there", "file acknowledged"
