"""Records that OpenSSL has sealed, opened with the secrets that it noted down."""

import random
import ssl
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from chatlab.protocol.tls import HEADER_SIZE
from chatlab.protocol.tls_ciphers import (
    Mode,
    Suite,
    expand_label,
    key_blocks,
    next_secret,
    suite_of,
)
from chatlab.protocol.tls_decrypt import (
    MAX_FRUITLESS,
    Agreement,
    Failure,
    OpenedAt,
    RecordOpener,
)
from chatlab.protocol.tls_handshake import (
    APPLICATION_DATA,
    HANDSHAKE,
    handshake_messages,
    parse_client_hello,
    parse_server_hello,
)
from chatlab.protocol.tls_secrets import KeyLog
from tests.helpers.tls_records import LINES, Records, talk, talk_tls13

TLS12_CIPHERS = [
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-ECDSA-AES128-CCM",
    "ECDHE-ECDSA-AES256-CCM8",
    "ECDHE-ECDSA-AES128-SHA256",
    "ECDHE-ECDSA-AES256-SHA384",
    "ECDHE-ECDSA-AES128-SHA",
]
TLS13_SUITES = [
    "TLS_AES_128_GCM_SHA256",
    "TLS_AES_256_GCM_SHA384",
    "TLS_CHACHA20_POLY1305_SHA256",
    "TLS_AES_128_CCM_SHA256",
]


@pytest.fixture(scope="module")
def tls12(tmp_path_factory: pytest.TempPathFactory) -> Records:
    return talk(tmp_path_factory.mktemp("tls12"), ssl.TLSVersion.TLSv1_2)


@pytest.fixture(scope="module")
def tls13(tmp_path_factory: pytest.TempPathFactory) -> Records:
    return talk(tmp_path_factory.mktemp("tls13"), ssl.TLSVersion.TLSv1_3)


def agreement(records: Records) -> Agreement:
    (hello, *_) = handshake_messages(records.client[0][HEADER_SIZE:]) or ()
    (answer, *_) = handshake_messages(records.server[0][HEADER_SIZE:]) or ()
    offered, chosen = parse_client_hello(hello.body), parse_server_hello(answer.body)
    assert chosen is not None
    return Agreement(
        chosen.version, chosen.cipher, offered.random, chosen.random, chosen.encrypt_then_mac
    )


def opener(records: Records, *, is_client: bool, keys: KeyLog | None = None) -> RecordOpener:
    known = keys if keys is not None else KeyLog(records.key_log)
    return RecordOpener(agreement(records), known, is_client=is_client)


def data_of(found: list[OpenedAt | Failure]) -> bytes:
    opened = [each.opened for each in found if isinstance(each, OpenedAt)]
    return b"".join(each.plaintext for each in opened if each.content_type == APPLICATION_DATA)


def check_all(records: Records) -> None:
    for is_client, stream in ((True, records.client), (False, records.server)):
        opening = opener(records, is_client=is_client)
        found = [opening.open(record) for record in stream]
        assert not [each for each in found if isinstance(each, Failure)]
        said = LINES if is_client else [line[-10:] for line in LINES]
        assert data_of(found) == b"".join(said)
        for record, each in zip(stream, found, strict=True):
            assert isinstance(each, OpenedAt)
            assert opening.again(record, each.turn) == each.opened
            if each.opened.starts is not None:
                assert each.opened.starts + len(each.opened.plaintext) <= len(record)


@pytest.mark.parametrize("cipher", TLS12_CIPHERS)
def test_every_record_of_tls12_opens(cipher: str, tmp_path: Path) -> None:
    check_all(talk(tmp_path, ssl.TLSVersion.TLSv1_2, f"{cipher}:@SECLEVEL=0"))


@pytest.mark.parametrize("suite", TLS13_SUITES)
def test_every_record_of_tls13_opens(suite: str, tmp_path: Path) -> None:
    records = talk_tls13(tmp_path, suite)
    assert records.cipher == suite
    check_all(records)


def test_what_tls13_hides_of_the_handshake_is_seen(tls13: Records) -> None:
    opening = opener(tls13, is_client=False)
    found = [opening.open(record) for record in tls13.server]
    kinds = [
        message.kind
        for each in found
        if isinstance(each, OpenedAt) and each.opened.content_type == HANDSHAKE
        for message in handshake_messages(each.opened.plaintext) or ()
    ]
    # Server Hello, Encrypted Extensions, Certificate, Certificate Verify, Finished, two tickets.
    assert kinds == [2, 8, 11, 15, 20, 4, 4]


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_records_behind_a_gap_open_again(version: str, tls12: Records, tls13: Records) -> None:
    records = tls12 if version == "1.2" else tls13
    for first in range(1, len(records.client) - 1):
        for last in range(first + 1, len(records.client)):
            opening = opener(records, is_client=True)
            for record in records.client[:first]:
                assert isinstance(opening.open(record), OpenedAt)
            lost = sum(map(len, records.client[first:last]))
            found = [opening.open(records.client[last], lost)]
            found += [opening.open(record) for record in records.client[last + 1 :]]
            assert not [each for each in found if isinstance(each, Failure)], (first, last)


def sealed(secret: bytes, sequence: int, content: bytes, content_type: int) -> bytes:
    """A record of TLS_AES_128_GCM_SHA256, by hand."""
    key, iv = (expand_label("sha256", secret, n, s) for n, s in (("key", 16), ("iv", 12)))
    header = b"\x17\x03\x03" + (len(content) + 17).to_bytes(2, "big")
    nonce = (int.from_bytes(iv, "big") ^ sequence).to_bytes(12, "big")
    return header + AESGCM(key).encrypt(nonce, content + bytes([content_type]), header)


@pytest.mark.parametrize("is_update_seen", [True, False])
def test_keys_are_updated_as_the_writer_says(*, is_update_seen: bool) -> None:
    client_random, secret = bytes(range(32)), bytes(range(100, 132))
    keys = KeyLog([f"CLIENT_TRAFFIC_SECRET_0 {client_random.hex()} {secret.hex()}"])
    agreed = Agreement(0x0304, 0x1301, client_random, bytes(32))
    opening = RecordOpener(agreed, keys, is_client=True)
    update = b"\x18\0\0\x01\0"
    later = next_secret("sha256", secret)
    stream = [
        sealed(secret, 0, b"one", APPLICATION_DATA),
        sealed(secret, 1, update, HANDSHAKE),
        sealed(later, 0, b"two", APPLICATION_DATA),
        sealed(later, 1, update, HANDSHAKE),
        sealed(next_secret("sha256", later), 0, b"three", APPLICATION_DATA),
    ]
    if not is_update_seen:
        del stream[3], stream[1]
    assert data_of([opening.open(record) for record in stream]) == b"onetwothree"


def test_no_number_follows_the_last_one() -> None:
    client_random, master = bytes(32), bytes(range(48))
    suite = Suite(Mode.GCM, 16, "sha256")
    keys, _ = key_blocks(suite, master, client_random, bytes(32))
    last = b"\xff" * 8
    header = b"\x17\x03\x03"
    inner = AESGCM(keys.key).encrypt(keys.iv + last, b"end", last + header + b"\0\3")
    body = last + inner
    record = header + len(body).to_bytes(2, "big") + body
    agreed = Agreement(0x0303, 0xC02F, client_random, bytes(32))
    key_log = KeyLog([f"CLIENT_RANDOM {client_random.hex()} {master.hex()}"])
    opening = RecordOpener(agreed, key_log, is_client=True)
    assert data_of([opening.open(record, 100)]) == b"end"
    assert opening.open(record[:-1] + b"\0") is Failure.WRONG_SECRET
    assert opening.open(record[:-1] + b"\0", 100) is Failure.WRONG_SECRET


def test_a_record_that_stays_closed_says_why(tls13: Records, tls12: Records) -> None:
    agreed = agreement(tls13)
    data = tls13.client[-1]
    assert opener(tls13, is_client=True, keys=KeyLog()).open(data) is Failure.NO_SECRET
    old = RecordOpener(replace(agreed, version=0x0301), KeyLog(tls13.key_log), is_client=True)
    assert old.open(data) is Failure.OTHER_VERSION
    other = RecordOpener(replace(agreed, cipher=0x0005), KeyLog(tls13.key_log), is_client=True)
    assert other.open(data) is Failure.OTHER_CIPHER
    wrong = KeyLog(f"{line[:-2]}{'00' if line[-2:] != '00' else '01'}" for line in tls13.key_log)
    lost = opener(tls13, is_client=True, keys=wrong)
    found = [lost.open(record) for record in tls13.client if record[0] == APPLICATION_DATA]
    assert set(found) == {Failure.WRONG_SECRET}
    assert lost.failure is (Failure.WRONG_SECRET if len(found) >= MAX_FRUITLESS else None)


def test_garbage_never_raises(tls13: Records, tls12: Records) -> None:
    dice = random.Random(7)
    for records in (tls13, tls12):
        for _ in range(200):
            opening = opener(records, is_client=bool(dice.getrandbits(1)))
            for record in dice.sample(records.client, 3):
                cut = bytearray(record[: dice.randrange(HEADER_SIZE, len(record) + 1)])
                cut[dice.randrange(len(cut))] ^= 1 << dice.randrange(8)
                opening.open(bytes(cut), dice.choice([0, 100]))


@pytest.mark.parametrize(
    "line",
    [
        "",
        "# a comment",
        "CLIENT_RANDOM 00 11",
        f"CLIENT_RANDOM {'0' * 64} {'x' * 96}",
        f"CLIENT_RANDOM {'0' * 62} {'1' * 96}",
        f"RSA {'0' * 64} {'1' * 96}",
        f"CLIENT_RANDOM {'0' * 64} {'1' * 96} more",
        "A" * 5_000,
    ],
)
def test_lines_that_hold_no_secret_are_passed_over(line: str) -> None:
    keys = KeyLog([line, f"CLIENT_RANDOM {'0' * 64} {'1' * 96}"])
    assert len(keys) == 1
    assert keys.secret("CLIENT_RANDOM", bytes(32)) == b"\x11" * 48


def test_suites_that_cannot_be_opened_are_known_as_such() -> None:
    assert suite_of(0x00FF) is None
    assert suite_of(0xFFFF) is None
