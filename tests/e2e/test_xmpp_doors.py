"""What a capture shows of each way in to an XMPP server: one handshake, its own, and nothing else.

Also when the password is wrong or the certificate is bad: one attempt, one sentence, no more.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers import tshark
from tests.helpers.proof import Command, Outcome, chatlab
from tests.helpers.prosody import Prosody, prosody

pytestmark = [pytest.mark.capture, pytest.mark.servers("prosody", "tshark")]

MODES = ("plain", "starttls", "direct")
_SYN = "tcp.flags.syn==1 && tcp.flags.ack==0"
_HELLO = "tls.handshake.type==1"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prosody]:
    folder = tmp_path_factory.mktemp("prosody")
    with prosody(folder, {"alice": "secret", "bob": "secret", "o.hara": "secret"}) as running:
        yield running


def port_of(server: Prosody, mode: str) -> int:
    return server.tls_port if mode == "direct" else server.port


def say(
    server: Prosody,
    folder: Path,
    mode: str,
    *options: str,
    password: str = "secret",
    jid: str = "alice@localhost",
    host: str = "",
) -> Outcome:
    secret = folder / "password"
    secret.write_text(f"{password}\n", encoding="utf-8")
    return chatlab(
        *("say", "xmpp:bob@localhost", "hello", "--account", jid, "--json"),
        *("--password-file", str(secret), "--security", mode),
        *("--server", f"{host or server.host}:{port_of(server, mode)}"),
        *("--save", str(folder / "talk.pcapng"), *options),
    )


def count(file: Path, display_filter: str) -> int:
    return len(tshark.fields(file, ["frame.number"], display_filter=display_filter))


def written(file: Path, server: Prosody, mode: str) -> bytes:
    """All that the client wrote, as far as it can be read."""
    ours = f"tcp.len>0 && tcp.dstport=={port_of(server, mode)}"
    rows = tshark.fields(file, ["tcp.payload"], display_filter=ours)
    return b"".join(bytes.fromhex(row[0]) for row in rows)


def read(file: Path, server: Prosody, mode: str) -> bytes:
    """All that the client wrote, as tshark decrypts it."""
    if mode == "plain":
        return written(file, server, mode)
    port = port_of(server, mode)
    rows = tshark.fields(
        file,
        ["data.data"],
        display_filter=f"tls.app_data && tcp.dstport=={port}",
        decode_as=[f"tcp.port=={port},tls", f"tls.port=={port},data"],
    )
    return b"".join(bytes.fromhex(part) for row in rows for part in row[0].split(",") if part)


@pytest.mark.parametrize("mode", MODES)
def test_each_way_in_shows_its_own_handshake_once(
    server: Prosody, tmp_path: Path, mode: str
) -> None:
    outcome = say(server, tmp_path, mode, "--ca", str(server.certificate.ca_file))
    assert outcome.exit_code == 0, outcome.error
    file = tmp_path / "talk.pcapng"
    assert count(file, _SYN) == 1
    hellos = tshark.fields(
        file, ["frame.number", "tls.handshake.extensions_server_name"], display_filter=_HELLO
    )
    assert [name for _, name in hellos] == ([] if mode == "plain" else ["localhost"])
    if mode == "direct":
        alpn = tshark.fields(file, ["tls.handshake.extensions_alpn_str"], display_filter=_HELLO)
        assert alpn == [("xmpp-client",)]
    clear = written(file, server, mode)
    assert clear.count(b"<starttls") == (mode == "starttls")
    assert (b"<auth" in clear) is (mode == "plain")
    assert b"secret" not in clear


@pytest.mark.parametrize("mode", MODES)
def test_a_wrong_password_is_one_connection_and_one_auth(
    server: Prosody, tmp_path: Path, mode: str
) -> None:
    ca = ("--ca", str(server.certificate.ca_file))
    outcome = say(server, tmp_path, mode, *ca, password="wrong")
    assert outcome.exit_code != 0
    assert "Wrong password" in outcome.error
    file = tmp_path / "talk.pcapng"
    assert count(file, _SYN) == 1
    assert read(file, server, mode).count(b"<auth ") == 1
    assert tshark.complaints(file) == ""


@pytest.mark.parametrize("mode", ["starttls", "direct"])
def test_a_bad_certificate_ends_it_after_one_handshake(
    server: Prosody, tmp_path: Path, mode: str
) -> None:
    outcome = say(server, tmp_path, mode)
    assert outcome.exit_code != 0
    assert "certificate" in outcome.error
    file = tmp_path / "talk.pcapng"
    assert count(file, _SYN) == 1
    assert count(file, _HELLO) == 1
    assert b"alice" not in written(file, server, mode)


def test_connect_tells_of_a_bad_certificate_once_and_does_not_come_back(
    server: Prosody, tmp_path: Path
) -> None:
    secret = tmp_path / "password"
    secret.write_text("secret\n", encoding="utf-8")
    with Command(
        *("connect", "xmpp:alice@localhost", "--json", "--password-file", str(secret)),
        *("--server", f"{server.host}:{server.port}"),
    ) as command:
        outcome = command.wait()
    events = [json.loads(line) for line in outcome.out.splitlines()]
    kinds = [event["event"] for event in events]
    assert kinds.count("certificate-refused") == 1
    assert [event["state"] for event in events if "state" in event][-1] == "offline"
    assert [e for e in events if e.get("state") == "waiting"] == []


@pytest.mark.parametrize(
    "jid", ["Alice@LocalHost", "alice@localhost/Fl\u00fcgel & \u201cco\u201d", "o.hara@localhost"]
)
def test_addresses_in_all_their_spellings_sign_in(
    server: Prosody, tmp_path: Path, jid: str
) -> None:
    outcome = say(server, tmp_path, "starttls", "--ca", str(server.certificate.ca_file), jid=jid)
    assert outcome.exit_code == 0, outcome.error
    (record,) = outcome.records
    assert record["delivery"] == "echoed"


def test_a_password_in_clear_needs_a_word_of_its_owner(tmp_path: Path) -> None:
    more = 'disable_sasl_mechanisms = { "SCRAM-SHA-1", "SCRAM-SHA-256" }'
    with prosody(tmp_path / "server", {"alice": "secret"}, more=more) as server:
        outcome = say(server, tmp_path, "plain")
    assert outcome.exit_code != 0
    assert "plain text" in outcome.error
    assert b"<auth" not in written(tmp_path / "talk.pcapng", server, "plain")
