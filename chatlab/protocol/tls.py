"""TLS records in a byte stream (RFC 8446, section 5; RFC 5246, section 6.2)."""

from collections.abc import Iterator
from dataclasses import dataclass

from chatlab.core.errors import RemoteProtocolError
from chatlab.core.flow import ByteRange

HEADER_SIZE = 5
MAX_RECORD = 16_384 + 2_048
"""Longest fragment that either version allows (TLSCiphertext of TLS 1.2)."""
CONTENT_TYPES = {20: "Change Cipher Spec", 21: "Alert", 22: "Handshake", 23: "Application Data"}


@dataclass(frozen=True, slots=True)
class TlsRecord:
    """One record, header included, and where it lies in the stream."""

    data: bytes
    span: ByteRange


class RecordSplitter:
    """Cuts one direction of a TCP stream into TLS records, however the bytes arrive."""

    def __init__(self, start: int = 0) -> None:
        """``start`` is the stream offset at which TLS begins (after STARTTLS: not 0)."""
        self._buffer = bytearray()
        self._offset = start

    def feed(self, data: bytes) -> Iterator[TlsRecord]:
        """Yield the records that ``data`` completes.

        Raises RemoteProtocolError at bytes that cannot begin a record; nothing after them is read.
        """
        self._buffer += data
        while len(self._buffer) >= HEADER_SIZE:
            length = int.from_bytes(self._buffer[3:5], "big")
            if self._buffer[0] not in CONTENT_TYPES or self._buffer[1] != 3 or length > MAX_RECORD:
                raise RemoteProtocolError("The bytes are not a TLS record.")
            size = HEADER_SIZE + length
            if len(self._buffer) < size:
                return
            record = bytes(self._buffer[:size])
            del self._buffer[:size]
            self._offset += size
            yield TlsRecord(record, ByteRange(self._offset - size, self._offset))


def begins_record(data: bytes) -> bool:
    """Whether ``data`` could be the beginning of a record: a known type, SSL 3.0 to TLS 1.3."""
    return (
        len(data) >= HEADER_SIZE
        and data[0] in CONTENT_TYPES
        and data[1] == 3
        and data[2] <= 4
        and int.from_bytes(data[3:5], "big") <= MAX_RECORD
    )
