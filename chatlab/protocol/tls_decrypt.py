"""Opens the records of one direction of a TLS connection, given the secrets of a key log.

Theory of operation. A record is opened with a key and a sequence number. Keys change at known
places: behind Change Cipher Spec (TLS 1.2), behind Finished and behind each KeyUpdate (TLS 1.3);
each change is an *epoch* and starts the numbers anew. In an unbroken stream both follow from what
was opened before. Where records are missing from the capture, the number is looked for among those
that the missing bytes have room for. A record that cannot be opened says why (``Failure``).

Sans IO, and bounded: what does not fit is given up after ``MAX_FRUITLESS`` searches.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from chatlab.protocol import tls_ciphers, tls_secrets
from chatlab.protocol.tls import HEADER_SIZE
from chatlab.protocol.tls_ciphers import Mode, Opened, Protection, Suite
from chatlab.protocol.tls_handshake import (
    APPLICATION_DATA,
    CHANGE_CIPHER_SPEC,
    FINISHED,
    HANDSHAKE,
    KEY_UPDATE,
    handshake_messages,
)
from chatlab.protocol.tls_secrets import KeyLog

TLS12, TLS13 = 0x0303, 0x0304
MIN_RECORD = HEADER_SIZE + 17
"""A record of TLS 1.3 without a byte in it: its content type and a tag."""
MAX_SEARCH = 4_096
"""Sequence numbers that are tried for a record behind a gap."""
MAX_FRUITLESS = 8
"""Searches in vain before a direction is given up."""
MAX_EPOCHS = 1_000
_LAST_SEQUENCE = (1 << 64) - 1
"""Numbers do not wrap (RFC 8446, section 5.3), but an explicit nonce may hold the last one."""


class Failure(Enum):
    """Why a record stays closed, in words for a reader."""

    NO_BEGINNING = "the capture does not hold the beginning of this connection"
    NO_SECRET = "there is no secret for this connection"
    OTHER_VERSION = "only TLS 1.2 and TLS 1.3 can be decrypted here"
    OTHER_CIPHER = "this cipher suite cannot be decrypted here"
    WRONG_SECRET = "the secret does not fit, or bytes are missing from the capture"
    NOT_WHOLE = "some of its bytes were not captured"


@dataclass(frozen=True, slots=True)
class Agreement:
    """What the two hellos of a connection settled."""

    version: int
    cipher: int
    client_random: bytes
    server_random: bytes
    encrypt_then_mac: bool = False


class Turn(NamedTuple):
    """Which key and which number a record was opened with; an epoch of 0 means in clear."""

    epoch: int
    sequence: int


class OpenedAt(NamedTuple):
    """An opened record, and how to open it again."""

    opened: Opened
    turn: Turn


_CLEAR = Turn(0, 0)


class RecordOpener:
    """Opens the records of what one side writes; feed them in order, then open any again."""

    def __init__(self, agreement: Agreement, keys: KeyLog, *, is_client: bool) -> None:
        self._agreement = agreement
        self._is_client = is_client
        self._is_tls13 = agreement.version == TLS13
        suite = tls_ciphers.suite_of(agreement.cipher)
        self.failure = self._obstacle(suite, keys)
        """Why no record at all can be opened; None while there is hope."""
        self._suite = suite or Suite(Mode.GCM, 16, "sha256")
        self._secrets: list[bytes] = []
        """TLS 1.3: traffic secrets by epoch, from epoch 1 (handshake) on."""
        self._protections: dict[int, Protection] = {}
        self._next = Turn(1, 0) if self._is_tls13 else _CLEAR
        self._fruitless = self._missing = 0
        if self.failure is None:
            self._prepare(keys)

    def _obstacle(self, suite: Suite | None, keys: KeyLog) -> Failure | None:
        agreed = self._agreement
        if agreed.version not in (TLS12, TLS13):
            return Failure.OTHER_VERSION
        if suite is None or (self._is_tls13 and suite.mode is Mode.CBC):
            return Failure.OTHER_CIPHER
        label = self._traffic_label if self._is_tls13 else tls_secrets.MASTER_SECRET
        secret = keys.secret(label, agreed.client_random)
        return Failure.NO_SECRET if secret is None else None

    @property
    def _traffic_label(self) -> str:
        is_client = self._is_client
        return tls_secrets.CLIENT_TRAFFIC if is_client else tls_secrets.SERVER_TRAFFIC

    def _prepare(self, keys: KeyLog) -> None:
        agreed, random = self._agreement, self._agreement.client_random
        if self._is_tls13:
            is_client = self._is_client
            label = tls_secrets.CLIENT_HANDSHAKE if is_client else tls_secrets.SERVER_HANDSHAKE
            traffic = keys.secret(self._traffic_label, random) or b""
            # Without the handshake's secret its records stay closed, and those behind are found.
            self._secrets = [keys.secret(label, random) or b"", traffic]
            return
        master = keys.secret(tls_secrets.MASTER_SECRET, random) or b""
        blocks = tls_ciphers.key_blocks(self._suite, master, random, agreed.server_random)
        block = blocks[0 if self._is_client else 1]
        self._protections[1] = (
            tls_ciphers.ProtectionCbc(self._suite, block, encrypt_then_mac=agreed.encrypt_then_mac)
            if self._suite.mode is Mode.CBC
            else tls_ciphers.ProtectionTls12(self._suite, block)
        )

    # --- opening -----------------------------------------------------------------------------

    def open(self, record: bytes, missing: int = 0) -> OpenedAt | Failure:
        """Open the next record, header included.

        ``missing``: how many bytes of the stream were not captured since the last one.
        """
        is_clear = self._is_clear(record)
        if is_clear and (not missing or self._is_tls13 or self.failure is not None):
            return self._in_clear(record)
        if self.failure is not None:
            return self.failure
        for turn in self._candidates(record, missing):
            if (opened := self._try(turn, record)) is not None:
                self._fruitless = self._missing = 0
                self._advance(turn, opened)
                return OpenedAt(opened, turn)
        if is_clear:
            return self._in_clear(record)
        self._fruitless += 1
        if self._fruitless >= MAX_FRUITLESS:
            self.failure = Failure.WRONG_SECRET
        return Failure.WRONG_SECRET

    def again(self, record: bytes, turn: Turn) -> Opened | None:
        """Open a record that was opened before."""
        if turn.epoch == 0:
            return Opened(record[0], record[HEADER_SIZE:], HEADER_SIZE)
        return self._try(turn, record)

    def _in_clear(self, record: bytes) -> OpenedAt:
        if record[0] == CHANGE_CIPHER_SPEC and not self._is_tls13:
            self._next = Turn(1, 0)
        return OpenedAt(Opened(record[0], record[HEADER_SIZE:], HEADER_SIZE), _CLEAR)

    def _is_clear(self, record: bytes) -> bool:
        """Whether a record seems to lie open: before the keys, or what TLS 1.3 never seals.

        Behind a gap, the change of keys of TLS 1.2 may be among what is missing.
        """
        if record[0] == APPLICATION_DATA:
            return False
        return self._is_tls13 or self._next.epoch == 0

    def _candidates(self, record: bytes, missing: int) -> Iterator[Turn]:
        """Likely first: the next number; the next key; and behind a gap all that have room."""
        # Without an epoch the Change Cipher Spec of TLS 1.2 was not captured.
        epoch, sequence = self._next if self._next.epoch else Turn(1, 0)
        yield Turn(epoch, sequence)
        if self._is_tls13:
            yield Turn(epoch + 1, 0)
        self._missing += missing
        if not self._missing and not self._fruitless:
            return
        if self._is_explicit and len(record) >= HEADER_SIZE + 8:
            # Nearly all writers count the explicit nonce up with the sequence number.
            yield Turn(epoch, int.from_bytes(record[HEADER_SIZE : HEADER_SIZE + 8], "big"))
        room = min(MAX_SEARCH, self._missing // MIN_RECORD + MAX_FRUITLESS)
        for step in range(1, room + 1):
            yield Turn(epoch, sequence + step)
        if self._is_tls13:
            for step in range(1, room + 1):
                yield Turn(epoch + 1, step)

    @property
    def _is_explicit(self) -> bool:
        return not self._is_tls13 and self._suite.mode in (Mode.GCM, Mode.CCM, Mode.CCM_8)

    def _try(self, turn: Turn, record: bytes) -> Opened | None:
        if turn.sequence > _LAST_SEQUENCE:
            return None
        protection = self._protection(turn.epoch)
        return protection.open(turn.sequence, record) if protection is not None else None

    def _protection(self, epoch: int) -> Protection | None:
        known = self._protections.get(epoch)
        if known is not None or not self._is_tls13 or epoch > MAX_EPOCHS:
            return known
        while len(self._secrets) < epoch:
            self._secrets.append(tls_ciphers.next_secret(self._suite.digest, self._secrets[-1]))
        secret = self._secrets[epoch - 1]
        if not secret:
            return None
        made = self._protections[epoch] = tls_ciphers.ProtectionTls13(self._suite, secret)
        return made

    def _advance(self, turn: Turn, opened: Opened) -> None:
        self._next = Turn(turn.epoch, turn.sequence + 1)
        if not self._is_tls13 or opened.content_type != HANDSHAKE:
            return
        for message in handshake_messages(opened.plaintext) or ():
            is_change = message.kind == KEY_UPDATE and turn.epoch > 1
            if is_change or (message.kind == FINISHED and turn.epoch == 1):
                self._next = Turn(turn.epoch + 1, 0)
