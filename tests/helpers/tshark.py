"""The second opinion: which frames of a capture carry which line, by tshark alone.

Nothing of ChatLab is used here, and nothing that a capture file says about messages.

*Plain:* tshark numbers the frames, sorts them into streams and gives each segment's relative
sequence number and payload (``tcp.seq``, ``tcp.payload``); byte ``tcp.seq - 1`` is its offset in
that direction's stream. Laid out by offset, retransmissions upon the original, the payloads are
the stream; a line's frames are all those whose segment shares a byte with it.

*TLS:* tshark decrypts with the secrets inside the file and lists every record that it took apart
(``tls.record.length``, ``tls.record.content_type``, plaintext as ``data.data``). The stream of
ciphertext is cut into the same records by their five-byte headers (RFC 8446, section 5.1), which
gives their offsets. Both lists must agree record by record, or the opinion is refused. A line's
frames are those that share a byte with a record that holds a part of the line.

*STARTTLS on XMPP:* what lies before the records of such a stream ends with ``<starttls/>`` or
``<proceed/>``. Messages are cut out of streams of stanzas as lines are out of IRC.
"""

import re
import subprocess
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate
from pathlib import Path

from tests.conftest import find_program

_TIMEOUT_S = 300
_APPLICATION_DATA = 23
_RECORD_HEADER = 5
_OPTIONS = (
    "tcp.relative_sequence_numbers:TRUE",
    "tcp.desegment_tcp_streams:TRUE",
    "tcp.reassemble_out_of_order:TRUE",
    "tls.desegment_ssl_records:TRUE",
)
_UPGRADE = re.compile(rb"<(?:starttls|proceed)[^<>]*/>(?=[\x15\x16]\x03)")
_MESSAGE = re.compile(rb"<message\b[^<>]*(?:/>|(?<!/)>.*?</message>)", re.DOTALL)
"""A message stanza that holds no other one."""
_VERSIONS = {"0x0303": "TLSv1.2", "0x0304": "TLSv1.3"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CarriedLine:
    """One protocol line as it crossed the wire."""

    text: bytes
    """Without its line end; decrypted where TLS carried it."""
    stream: int
    """``tcp.stream``."""
    sender: str
    """Address and port, as ``127.0.0.1:6667``."""
    receiver: str
    start: int
    """Where its bytes (line end included), or the records that hold them, begin in the stream."""
    stop: int
    frames: tuple[int, ...]
    """``frame.number`` of all frames with a byte of it, retransmissions included."""
    repeats: tuple[int, ...]
    """Those of ``frames`` whose bytes of it had all been in earlier frames."""
    acks: tuple[int, ...]
    """Frames of the other direction that newly acknowledge bytes of it."""
    tls: str
    """Empty, or e.g. ``TLSv1.3``."""


def frames_carrying(
    file: Path, text: str | bytes, *, sender: str | None = None
) -> list[tuple[int, ...]]:
    """The frames of every line that contains ``text``, one tuple for each such line, in order."""
    wanted = text.encode() if isinstance(text, str) else text
    return [
        line.frames
        for line in carried_lines(file)
        if wanted in line.text and sender in (None, line.sender)
    ]


def carried_lines(file: Path) -> list[CarriedLine]:
    """Every line of every TCP stream in both directions, by stream, sender and offset."""
    return [line for read in _read(file) for line in read.half.lines(read.pieces, read.tls)]


def carried_messages(file: Path) -> list[CarriedLine]:
    """Every message stanza of every XMPP stream in both directions, as ``carried_lines``."""
    return [line for read in _read(file) for line in read.half.messages(read.pieces, read.tls)]


def complaints(file: Path) -> str:
    """What tshark has to say against the file itself; empty when it reads without error."""
    result = _tshark(["-r", str(file), "-q"])
    said = [line for line in result.stderr.splitlines() if not line.startswith("Running as user")]
    return "\n".join(said) or ("" if result.returncode == 0 else f"exit {result.returncode}")


def fields(
    file: Path, names: Sequence[str], *, display_filter: str = "", decode_as: Iterable[str] = ()
) -> list[tuple[str, ...]]:
    """One tuple a frame with the fields asked for; several values of one field with commas."""
    command = ["-r", str(file), "-T", "fields", "-E", "occurrence=a", "-E", "aggregator=,"]
    command += [word for option in _OPTIONS for word in ("-o", option)]
    command += [word for rule in decode_as for word in ("-d", rule)]
    command += [word for name in names for word in ("-e", name)]
    if display_filter:
        command += ["-Y", display_filter]
    result = _tshark(command)
    assert result.returncode == 0, f"tshark failed on {file}: {result.stderr}"
    return [tuple(line.split("\t")) for line in result.stdout.splitlines()]


def _tshark(arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    program = find_program("tshark")
    assert program, "tshark is not installed: mark the test with pytest.mark.servers"
    return subprocess.run(
        [program, "-n", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=_TIMEOUT_S,
        stdin=subprocess.DEVNULL,
    )


# --- streams --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Segment:
    frame: int
    start: int
    payload: bytes

    @property
    def stop(self) -> int:
        return self.start + len(self.payload)


@dataclass(frozen=True, slots=True)
class _Piece:
    """Readable bytes, and the range of the TCP stream that holds them."""

    start: int
    stop: int
    text: bytes


@dataclass(slots=True)
class _Half:
    """One direction of one TCP stream."""

    stream: int
    sender: str
    receiver: str
    segments: list[_Segment] = field(default_factory=list)
    acks: list[tuple[int, int]] = field(default_factory=list)
    """(frame of the other direction, offset up to which it acknowledges); only new ones."""
    data: bytearray = field(default_factory=bytearray)

    @property
    def sender_port(self) -> str:
        return self.sender.rpartition(":")[2]

    @property
    def receiver_port(self) -> str:
        return self.receiver.rpartition(":")[2]

    @property
    def is_tls(self) -> bool:
        return self.tls_from is not None

    @property
    def tls_from(self) -> int | None:
        """Where the first TLS record is: a handshake of any version 3.x, or an alert."""
        if len(self.data) > 2 and self.data[0] in (21, 22) and self.data[1] == 3:
            return 0
        upgrade = _UPGRADE.search(self.data)
        return upgrade.end() if upgrade else None

    def lay_out(self) -> None:
        """Fill ``data`` from the segments; a hole or a contradiction is refused."""
        filled = 0
        for segment in sorted(self.segments, key=lambda segment: segment.start):
            assert segment.start <= filled, (
                f"{self.sender}: no frame carries bytes {filled} to {segment.start}"
            )
            known = self.data[segment.start : segment.stop]
            assert known == segment.payload[: len(known)], (
                f"{self.sender}: frame {segment.frame} contradicts an earlier one"
            )
            self.data += segment.payload[len(known) :]
            filled = len(self.data)

    def lines(self, pieces: Sequence[_Piece], tls: str) -> list[CarriedLine]:
        """Cut the readable bytes at their line ends and look up the frames of each line."""
        readable = b"".join(piece.text for piece in pieces)
        firsts = _firsts(pieces)
        lines: list[CarriedLine] = []
        at = 0
        while (end := readable.find(b"\n", at)) >= 0:
            start, stop = _span(pieces, firsts, at, end + 1) if tls else (at, end + 1)
            lines.append(self._line(readable[at:end].rstrip(b"\r"), start, stop, tls))
            at = end + 1
        return lines

    def messages(self, pieces: Sequence[_Piece], tls: str) -> list[CarriedLine]:
        """Cut the message stanzas out of the readable bytes and look up the frames of each."""
        readable = b"".join(piece.text for piece in pieces)
        firsts = _firsts(pieces)
        lines: list[CarriedLine] = []
        for found in _MESSAGE.finditer(readable):
            start, stop = _span(pieces, firsts, *found.span()) if tls else found.span()
            lines.append(self._line(found[0], start, stop, tls))
        return lines

    def _line(self, text: bytes, start: int, stop: int, tls: str) -> CarriedLine:
        carriers = [s for s in self.segments if s.start < stop and start < s.stop]
        return CarriedLine(
            text=text,
            stream=self.stream,
            sender=self.sender,
            receiver=self.receiver,
            start=start,
            stop=stop,
            frames=tuple(segment.frame for segment in carriers),
            repeats=_repeats(carriers, start, stop),
            acks=self._acks_of(start, stop),
            tls=tls,
        )

    def _acks_of(self, start: int, stop: int) -> tuple[int, ...]:
        found: list[int] = []
        before = 0
        for frame, acknowledged in self.acks:
            if acknowledged > start and before < stop:
                found.append(frame)
            before = acknowledged
        return tuple(found)

    def decrypted(self, records: Sequence["_Record"]) -> list[_Piece]:
        """tshark's plaintexts at the offsets of their records."""
        cut = list(_cut_records(bytes(self.data), self.tls_from or 0))
        ours, theirs = [stop - start for start, stop in cut], [r.length for r in records]
        assert [size - _RECORD_HEADER for size in ours] == theirs, (
            f"{self.sender}: the stream holds {len(ours)} records, tshark took {len(theirs)} apart"
        )
        return [
            _Piece(start, stop, record.plaintext)
            for (start, stop), record in zip(cut, records, strict=True)
            if record.plaintext
        ]


def _firsts(pieces: Sequence[_Piece]) -> list[int]:
    """Where each piece begins among the readable bytes."""
    return [0, *accumulate(len(piece.text) for piece in pieces)][: len(pieces)]


def _span(
    pieces: Sequence[_Piece], firsts: Sequence[int], start: int, stop: int
) -> tuple[int, int]:
    """The bytes of the stream whose records hold ``[start, stop)`` of the readable bytes."""
    first, last = bisect_right(firsts, start) - 1, bisect_right(firsts, stop - 1) - 1
    return pieces[first].start, pieces[last].stop


def _repeats(carriers: Iterable[_Segment], start: int, stop: int) -> tuple[int, ...]:
    """Frames that brought no new byte of a range; ``carriers`` in the order of the capture."""
    found: list[int] = []
    seen: set[int] = set()
    for segment in carriers:
        brought = set(range(max(start, segment.start), min(stop, segment.stop)))
        if brought <= seen:
            found.append(segment.frame)
        seen |= brought
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Read:
    """One direction of a stream with what it says, decrypted where it can be."""

    half: _Half
    pieces: list[_Piece]
    tls: str
    """Empty, or the version."""


def _read(file: Path) -> list[_Read]:
    return _read_once(file, file.stat().st_size)


@lru_cache(maxsize=1)
def _read_once(file: Path, _size: int) -> list[_Read]:
    """Lines and stanzas of the same file are usually asked for one after the other."""
    halves = _read_halves(file)
    tls_ports = {
        port for half in halves if half.is_tls for port in (half.sender_port, half.receiver_port)
    }
    records = _read_records(file, tls_ports) if tls_ports else {}
    versions = _read_versions(file) if tls_ports else {}
    found: list[_Read] = []
    for half in halves:
        if half.is_tls:
            pieces = half.decrypted(records.get((half.stream, half.sender), []))
            found.append(_Read(half, pieces, versions.get(half.stream, "TLS")))
        else:
            found.append(_Read(half, [_Piece(0, len(half.data), bytes(half.data))], ""))
    return found


_SEGMENT_FIELDS = (
    *("frame.number", "tcp.stream", "ip.src", "ipv6.src", "tcp.srcport"),
    *("ip.dst", "ipv6.dst", "tcp.dstport", "tcp.seq", "tcp.ack", "tcp.flags.ack", "tcp.payload"),
)


def _read_halves(file: Path) -> list[_Half]:
    halves: dict[tuple[int, str], _Half] = {}
    for row in fields(file, _SEGMENT_FIELDS, display_filter="tcp && !icmp && !icmpv6"):
        number, stream = int(row[0]), int(row[1])
        sender, receiver = f"{row[2] or row[3]}:{row[4]}", f"{row[5] or row[6]}:{row[7]}"
        half = halves.setdefault((stream, sender), _Half(stream, sender, receiver))
        other = halves.setdefault((stream, receiver), _Half(stream, receiver, sender))
        if row[11]:
            payload = bytes.fromhex(row[11].replace(":", ""))
            half.segments.append(_Segment(number, int(row[8]) - 1, payload))
        if row[10] in ("1", "True"):
            acknowledged = int(row[9]) - 1
            if acknowledged > (other.acks[-1][1] if other.acks else 0):
                other.acks.append((number, acknowledged))
    for half in halves.values():
        half.lay_out()
    return list(halves.values())


# --- TLS records ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Record:
    length: int
    plaintext: bytes
    """Empty for anything but application data."""


def _cut_records(data: bytes, at: int) -> Iterable[tuple[int, int]]:
    while at + _RECORD_HEADER <= len(data):
        stop = at + _RECORD_HEADER + int.from_bytes(data[at + 3 : at + 5], "big")
        if stop > len(data):
            return
        yield at, stop
        at = stop


_RECORD_FIELDS = (
    *("frame.number", "tcp.stream", "ip.src", "ipv6.src", "tcp.srcport"),
    *("tls.record.length", "tls.record.content_type", "data.data"),
)


def _read_records(file: Path, ports: Iterable[str]) -> dict[tuple[int, str], list[_Record]]:
    """Records in the order of the stream, by (``tcp.stream``, sender)."""
    rules = [rule for port in ports for rule in (f"tcp.port=={port},tls", f"tls.port=={port},data")]
    records: dict[tuple[int, str], list[_Record]] = {}
    for row in fields(file, _RECORD_FIELDS, display_filter="tls.record", decode_as=rules):
        frame, stream, sender = row[0], int(row[1]), f"{row[2] or row[3]}:{row[4]}"
        lengths, types = row[5].split(","), row[6].split(",")
        assert len(lengths) == len(types), f"tshark could not decrypt every record of frame {frame}"
        plaintexts = [bytes.fromhex(text) for text in row[7].split(",") if text]
        with_data = [int(kind) == _APPLICATION_DATA for kind in types]
        assert len(plaintexts) == sum(with_data), f"frame {frame} was not decrypted as a whole"
        left = iter(plaintexts)
        for length, has_data in zip(lengths, with_data, strict=True):
            record = _Record(int(length), next(left) if has_data else b"")
            records.setdefault((stream, sender), []).append(record)
    return records


def _read_versions(file: Path) -> dict[int, str]:
    """By stream, the version that the ServerHello chose (RFC 8446, section 4.2.1)."""
    names = ("tcp.stream", "tls.handshake.version", "tls.handshake.extensions.supported_version")
    chosen: dict[int, str] = {}
    for row in fields(file, names, display_filter="tls.handshake.type == 2"):
        code = row[2].split(",")[0] or row[1].split(",")[0]
        chosen[int(row[0])] = _VERSIONS.get(code, code)
    return chosen
