"""Records of a TLS connection that OpenSSL makes with itself, by direction, with their secrets.

As a program, ``python -m tests.helpers.tls_records FOLDER``, it prints the same as JSON: the suites
of TLS 1.3 can only be chosen by OpenSSL's configuration, which is read when a process begins.
"""

import json
import os
import ssl
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from chatlab.core.flow import ByteRange
from chatlab.protocol.tls import RecordSplitter
from tests.helpers.tls_talk import make_certificate

ROOT = Path(__file__).resolve().parents[2]
LINES = [b"NICK alice\r\n", b"PRIVMSG #lab :hello\r\n", b"x" * 40_000 + b"\r\n", b"QUIT\r\n"]
"""What the client writes; the server answers each line with its last ten bytes."""


@dataclass
class Records:
    """What crossed the wire, record by record."""

    key_log: list[str]
    client: list[bytes] = field(default_factory=list)
    server: list[bytes] = field(default_factory=list)
    cipher: str = ""


def talk(folder: Path, version: ssl.TLSVersion, ciphers: str = "") -> Records:
    """A whole connection: handshake, ``LINES``, close_notify."""
    keys = folder / "keys.txt"
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(make_certificate(folder))
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    client.minimum_version = client.maximum_version = version
    client.keylog_filename = str(keys)
    for context in (client, server):
        if ciphers:
            context.set_ciphers(ciphers)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    from_client, from_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        (client.wrap_bio(to_client, from_client), from_client, to_server),
        (server.wrap_bio(to_server, from_server, server_side=True), from_server, to_client),
    ]
    streams = [bytearray(), bytearray()]

    def carry() -> None:
        for (_, written, other), stream in zip(ends, streams, strict=True):
            data = written.read()
            stream += data
            other.write(data)

    waiting = {0, 1}
    while waiting:
        for each in list(waiting):
            try:
                ends[each][0].do_handshake()
                waiting.discard(each)
            except ssl.SSLWantReadError:
                pass
            carry()
    for line in LINES:
        ends[0][0].write(line)
        carry()
        heard = b""
        while len(heard) < len(line):
            heard += ends[1][0].read(65_536)
        ends[1][0].write(line[-10:])
        carry()
        assert ends[0][0].read(65_536) == line[-10:]
    chosen = ends[0][0].cipher()
    records = Records(keys.read_text("ascii").splitlines(), cipher=chosen[0] if chosen else "")
    for stream, found in zip(streams, (records.client, records.server), strict=True):
        found += [record.data for record in RecordSplitter().feed(bytes(stream))]
    return records


def talk_tls13(folder: Path, suite: str) -> Records:
    """The same in a process of its own, with a suite of TLS 1.3."""
    config = folder / "openssl.cnf"
    config.write_text(
        "openssl_conf = all\n[all]\nssl_conf = modules\n[modules]\nsystem_default = tls\n"
        f"[tls]\nCiphersuites = {suite}\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "tests.helpers.tls_records", str(folder)],
        env={**os.environ, "OPENSSL_CONF": str(config), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        timeout=60,
        check=True,
        cwd=ROOT,
    )
    found = json.loads(done.stdout)
    return Records(
        found["key_log"],
        [bytes.fromhex(each) for each in found["client"]],
        [bytes.fromhex(each) for each in found["server"]],
        found["cipher"],
    )


def spans(records: list[bytes]) -> list[ByteRange]:
    """Where each record lies in its stream."""
    found, start = [], 0
    for record in records:
        found.append(ByteRange(start, start + len(record)))
        start += len(record)
    return found


if __name__ == "__main__":
    made = talk(Path(sys.argv[1]), ssl.TLSVersion.TLSv1_3)
    print(
        json.dumps(
            {
                "key_log": made.key_log,
                "client": [each.hex() for each in made.client],
                "server": [each.hex() for each in made.server],
                "cipher": made.cipher,
            }
        )
    )
