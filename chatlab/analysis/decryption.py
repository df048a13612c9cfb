"""What TLS had sealed, opened with the secrets that are there: one direction of a stream at a time.

Each record of application data is given a place in a stream of plaintext of its own, so that lines
and stanzas can be cut from it as from any other; each byte of it leads back to its record, and from
there to frames. Only places are remembered, not plaintext: what is looked at is opened again.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from chatlab.analysis.units import Unit, Units
from chatlab.core.account import Application
from chatlab.core.flow import ByteRange
from chatlab.protocol.spans import Coverage
from chatlab.protocol.tls_ciphers import Opened
from chatlab.protocol.tls_decrypt import Agreement, Failure, RecordOpener, Turn
from chatlab.protocol.tls_handshake import APPLICATION_DATA, ClientHello, ServerHello
from chatlab.protocol.tls_secrets import KeyLog

MAX_STEP = 256
"""Records opened per question, so that nobody waits for the whole of a long stream."""
READ_AT_ONCE = 64
"""Records whose bytes are read in one go."""
STEP = 64 * 1024
"""Bytes that are looked through for further records per question."""
MAX_KEPT = 64
"""Records whose plaintext is remembered."""
_FAILURES = tuple(Failure)


class OpenRecord(NamedTuple):
    """One record that was opened."""

    record: ByteRange
    """Where it lies in the stream."""
    opened: Opened
    span: ByteRange
    """Its application data in the plaintext; empty for anything else."""
    was_sealed: bool


def agreement_of(hello: ClientHello | None, chosen: ServerHello | None) -> Agreement | None:
    """What two hellos settled; None when one of them was not captured."""
    if hello is None or chosen is None or chosen.is_retry:
        return None
    return Agreement(
        chosen.version, chosen.cipher, hello.random, chosen.random, chosen.encrypt_then_mac
    )


class Decryption:
    """The plaintext of one direction, found as far as its records have been; a ``ByteSource``."""

    is_anchored = True

    def __init__(
        self,
        records: Units,
        other: Units,
        keys: KeyLog,
        application: Application | None = None,
    ) -> None:
        """``other``: the opposite direction, whose hello is needed; ``application``: as in
        ``Units``."""
        self._records = records
        self._other = other
        self._keys = keys
        self._opener: RecordOpener | None = None
        self.seen = Coverage()
        self.high = 0
        self._row = 0
        """Units of ``records`` that have been taken in."""
        self._begins = array("q")
        self._ends = array("q")
        """Where each record lies."""
        self._starts = array("q")
        self._sizes = array("l")
        """Where its application data lies in the plaintext, and how much there is."""
        self._epochs = array("l")
        """-1 - n for a record that stays closed, n being the place of its failure."""
        self._sequences = array("Q")
        self._kept: OrderedDict[int, Opened] = OrderedDict()
        self.units = Units(self, application, STEP)
        """Lines or stanzas, by positions of the plaintext."""

    # --- opening -----------------------------------------------------------------------------

    def update(self) -> bool:
        """Open what records have been found, but not too many at a time; whether that was all."""
        is_more = self._records.walk(STEP)
        if self._opener is None:
            self._prepare()
        if self._opener is None:
            return not is_more
        for _ in range(MAX_STEP // READ_AT_ONCE):
            units = list(islice(self._records.since(self._row), READ_AT_ONCE))
            self._row += len(units)
            records = [unit for unit in units if unit.is_record]
            for unit, record in zip(records, self._records.read_all(records), strict=True):
                self._take(unit, record, self._opener)
            if len(units) < READ_AT_ONCE:
                return not is_more
        return False

    def _prepare(self) -> None:
        """Find out what was agreed; both directions must have been looked at for that."""
        self._other.walk(STEP)
        is_client = self._records.client_hello is not None
        client, server = (self._records, self._other) if is_client else (self._other, self._records)
        agreed = agreement_of(client.client_hello, server.server_hello)
        if agreed is not None:
            self._opener = RecordOpener(agreed, self._keys, is_client=is_client)

    @property
    def failure(self) -> Failure | None:
        """Why nothing can be opened; None while there is hope."""
        return self._opener.failure if self._opener is not None else Failure.NO_BEGINNING

    def _take(self, unit: Unit, record: bytes | None, opener: RecordOpener) -> None:
        missing = max(0, unit.span.start - self._ends[-1]) if self._ends else 0
        found = opener.open(record, missing) if record is not None else Failure.NOT_WHOLE
        # What was in the missing bytes is missing here, too, however much it was.
        start = self.high + missing
        if isinstance(found, Failure):
            size, turn = 0, Turn(-1 - _FAILURES.index(found), 0)
            self.high = start + len(unit.span)
        else:
            turn = found.turn
            size = len(found.opened.plaintext) if _is_data(found.opened) else 0
            if size:
                self.seen.add(start, start + size)
            self.high = start + size
        self._begins.append(unit.span.start)
        self._ends.append(unit.span.stop)
        self._starts.append(start)
        self._sizes.append(size)
        self._epochs.append(turn.epoch)
        self._sequences.append(turn.sequence)

    # --- records -----------------------------------------------------------------------------

    def opened(self, span: ByteRange) -> list[OpenRecord]:
        """The records with bytes at these positions of the stream that could be opened."""
        first = bisect_right(self._ends, span.start)
        last = bisect_left(self._begins, span.stop)
        return [each for each in self._open(range(first, last)) if each is not None]

    def why_closed(self, span: ByteRange) -> Failure | None:
        """Why the record that lies here stays closed; None for one that was opened."""
        row = bisect_left(self._begins, span.start)
        if row == len(self._begins) or self._begins[row] != span.start:
            return self.failure
        epoch = self._epochs[row]
        return _FAILURES[-1 - epoch] if epoch < 0 else None

    def carriers(self, span: ByteRange) -> ByteRange:
        """The bytes of the stream, in whole records, that carry these of the plaintext."""
        rows = self._rows(span)
        if not rows:
            return ByteRange(0, 0)
        return ByteRange(self._begins[rows[0]], self._ends[rows[-1]])

    def _rows(self, span: ByteRange) -> list[int]:
        """The records with bytes of the plaintext at these positions."""
        first = max(0, bisect_right(self._starts, span.start) - 1)
        last = bisect_left(self._starts, span.stop)
        return [
            row
            for row in range(first, last)
            if self._sizes[row] and self._starts[row] + self._sizes[row] > span.start
        ]

    def _open(self, rows: Sequence[int]) -> Iterator[OpenRecord | None]:
        """Neighbouring records, None for one that stays closed; their bytes are read in one go."""
        if not rows or self._opener is None:
            return
        base = self._begins[rows[0]]
        whole = None
        if any(row not in self._kept for row in rows):
            span = ByteRange(base, self._ends[rows[-1]])
            whole = self._records.read(Unit(span, APPLICATION_DATA))
        for row in rows:
            span = ByteRange(self._begins[row], self._ends[row])
            record = whole[span.start - base : span.stop - base] if whole is not None else None
            yield self._open_one(row, span, record, self._opener)

    def _open_one(
        self, row: int, span: ByteRange, record: bytes | None, opener: RecordOpener
    ) -> OpenRecord | None:
        if self._epochs[row] < 0:
            return None
        opened = self._kept.get(row)
        if opened is None:
            record = record or self._records.read(Unit(span, APPLICATION_DATA))
            turn = Turn(self._epochs[row], self._sequences[row])
            opened = opener.again(record, turn) if record is not None else None
            if opened is None:
                return None
            self._kept[row] = opened
            while len(self._kept) > MAX_KEPT:
                self._kept.popitem(last=False)
        start = self._starts[row]
        plain = ByteRange(start, start + self._sizes[row])
        return OpenRecord(span, opened, plain, self._epochs[row] > 0)

    # --- ByteSource --------------------------------------------------------------------------

    def read(self, span: ByteRange) -> bytes | None:
        """Plaintext at these positions; None when some of it could not be opened."""
        if not self.seen.covers(span.start, span.stop):
            return None
        data = bytearray()
        for record in self._open(self._rows(span)):
            if record is None:
                return None
            here = record.span.intersection(span).shifted(-record.span.start)
            data += record.opened.plaintext[here.start : here.stop]
        return bytes(data) if len(data) == len(span) else None

    def is_lost(self, position: int) -> bool:
        """What could not be opened in its turn never will be."""
        return self.high > position

    def stops_at(self, position: int) -> Sequence[int]:
        rows = self._rows(ByteRange(position, position + 1))
        return [self._starts[row] + self._sizes[row] for row in rows]


def _is_data(opened: Opened) -> bool:
    return opened.content_type == APPLICATION_DATA
