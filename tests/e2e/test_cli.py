"""The command line's contract: exit codes, one clear line, and the words of the server."""

import json
import re
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chatlab import __version__
from chatlab.analysis.correlate import Correlator
from chatlab.analysis.frame_log import FrameLog
from chatlab.analysis.rows import RowBuilder
from chatlab.analysis.session_file import read_session, restore
from chatlab.analysis.streams import Streams
from tests.helpers import tshark
from tests.helpers.clients import irssi
from tests.helpers.netns import Namespace, joined_namespaces
from tests.helpers.proof import (
    SAY_KEYS,
    Command,
    Feeder,
    Lab,
    assert_proven,
    chatlab,
    lab_server,
    texts,
)
from tests.helpers.servers import free_port, ngircd

_PASSWORD = "correct horse"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with lab_server(tmp_path_factory.mktemp("lab"), accounts=[("ada", _PASSWORD)]) as running:
        yield running


# --- bad usage --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["sing"], "sing"),
        (["say"], "URL"),
        (["say", "http://example.org/", "hello"], "irc://"),
        (["say", "irc://ann@127.0.0.1:70000/%23lab", "hello"], "70000|0-65535"),
        (["say", "irc://ann@127.0.0.1", "hello"], "nobody to talk to"),
        (["say", "irc://1ann@127.0.0.1/%23lab", "hello"], "1ann"),
        (["say", "irc://ann@127.0.0.1/%23lab"], "nothing to send"),
        (["say", "irc://ann@127.0.0.1/%23lab", ""], "TEXT"),
        (["say", "irc://ann@127.0.0.1/%23lab", "two\nlines"], "TEXT"),
        (["say", "irc://ann@127.0.0.1/%23lab", "x", "--tls-max", "1.1"], "1.1"),
        (["say", "irc://ann@127.0.0.1/%23lab", "x", "--interval", "-1"], "interval"),
        (["say", "irc://ann@127.0.0.1/%23lab", "x", "--listen", "soon"], "listen"),
        (["messages"], "FILE"),
        (["serve", "--plain-port", "99999"], "99999"),
    ],
    ids=lambda value: " ".join(value)[:50] if isinstance(value, list) else "",
)
def test_bad_usage_is_one_line_on_stderr_and_exit_2(arguments: list[str], words: str) -> None:
    outcome = chatlab(*arguments)

    assert (outcome.exit_code, outcome.out) == (2, "")
    assert outcome.error.count("\n") == 1
    assert re.search(words, outcome.error)


def test_version_and_help_are_no_errors() -> None:
    version, usage = chatlab("--version"), chatlab("say", "--help")

    assert (version.exit_code, version.out) == (0, f"ChatLab {__version__}\n")
    assert usage.exit_code == 0
    assert "irc://nick@host:port/%23channel" in " ".join(usage.out.split())


def test_doctor_tells_people_and_programs_the_same() -> None:
    people, programs = chatlab("doctor"), chatlab("doctor", "--json")

    found = json.loads(programs.out)
    assert people.exit_code == programs.exit_code == (0 if found["fit"] else 1)
    for check in found["checks"]:
        assert f"{check['name']}: {check['words']}" in people.out


# --- refusals, in the server's words ----------------------------------------------------------


def test_a_refused_connection_is_named_with_host_and_port() -> None:
    port = free_port()
    outcome = chatlab("say", f"irc://ann@127.0.0.1:{port}/%23lab", "hello")

    assert (outcome.exit_code, outcome.out) == (1, "")
    assert f"127.0.0.1 port {port}: nothing listens" in outcome.error


@pytest.mark.capture
@pytest.mark.servers("tshark")
def test_a_refused_connection_is_saved_with_its_reset(tmp_path: Path) -> None:
    file = tmp_path / "refused.pcapng"
    outcome = chatlab("say", f"irc://a@127.0.0.1:{free_port()}/%23lab", "x", "--save", str(file))

    assert outcome.exit_code == 1
    assert tshark.fields(file, ["tcp.flags.syn", "tcp.flags.reset"]) == [("1", "0"), ("0", "1")]


def test_a_certificate_of_an_unknown_authority_is_refused_unless_told(lab: Lab) -> None:
    url = lab.url("ann", tls=True)
    refused = chatlab("say", url, "hello")
    insecure = chatlab("say", url, "hello", "--insecure", "--json")
    trusted = chatlab("say", url, "hello", "--ca", str(lab.ca_file), "--json")

    assert (refused.exit_code, refused.out) == (1, "")
    assert "issuer" in refused.error
    for outcome in (insecure, trusted):
        assert (outcome.exit_code, texts(outcome.records, "sent")) == (0, ["hello"])
        assert outcome.records[0]["tls"] == "TLSv1.3"


def test_tls_max_is_the_highest_version_offered(lab: Lab) -> None:
    arguments = ["--ca", str(lab.ca_file), "--json", "--tls-max"]
    for version in ("1.2", "1.3"):
        outcome = chatlab("say", lab.url("ann", tls=True), "hello", *arguments, version)
        assert [record["tls"] for record in outcome.records] == [f"TLSv{version}"]


@contextmanager
def server_that_says(answer: str) -> Iterator[str]:
    """A server whose only answer to NICK is ``answer``; gives its address."""
    code = textwrap.dedent("""
        import socket, sys
        with socket.create_server(("127.0.0.1", 0)) as listener:
            print(listener.getsockname()[1], flush=True)
            while True:
                peer, _ = listener.accept()
                with peer, peer.makefile("rwb") as stream:
                    for line in stream:
                        word, _, rest = line.decode().strip().partition(" ")
                        if word == "NICK":
                            stream.write((sys.argv[1] % rest).encode() + b"\\r\\n")
                            stream.flush()
    """)
    command = [sys.executable, "-c", code, answer]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield f"127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.kill()


def test_a_nick_in_use_ends_with_the_servers_words(lab: Lab) -> None:
    with Feeder(lab.host, lab.port, "taken"):
        outcome = chatlab("say", lab.url("taken"), "hello", "--json")

    assert (outcome.exit_code, outcome.out) == (1, "")
    assert "“taken”: Nickname is already in use" in outcome.error


def test_an_erroneous_nick_ends_with_the_servers_words() -> None:
    with server_that_says(":irc.test 432 * %s :Erroneous nickname, says this server") as address:
        outcome = chatlab("say", f"irc://ann@{address}/%23lab", "hello")

    assert (outcome.exit_code, outcome.out) == (1, "")
    assert "Erroneous nickname, says this server" in outcome.error


def test_a_refused_join_ends_with_the_servers_words(lab: Lab) -> None:
    with Feeder(lab.host, lab.port, "keeper", "#locked") as keeper:
        keeper.say("MODE #locked +k sesame")
        keeper.wait_for(r"MODE #locked \+k")
        outcome = chatlab("say", lab.url("ann", "%23locked"), "hello", "--json")

    assert (outcome.exit_code, outcome.out) == (1, "")
    assert "#locked needs a key" in outcome.error
    assert "The server says: “Cannot join channel (+k)" in outcome.error


def test_a_refused_message_ends_with_the_servers_words(lab: Lab) -> None:
    outcome = chatlab("say", lab.url("ann", "nobody-here"), "hello", "--json")

    assert outcome.exit_code == 1
    assert [record["delivery"] for record in outcome.records] == ["failed"]
    assert "“hello” did not arrive" in outcome.error
    assert "nobody-here" in outcome.error


# --- what can be asked for --------------------------------------------------------------------


@pytest.mark.capture
@pytest.mark.servers("irssi", "ngircd", "tshark")
def test_a_nick_as_path_is_talked_to_in_private(tmp_path: Path) -> None:
    file = tmp_path / "private.pcapng"
    with (
        ngircd(tmp_path / "server") as server,
        irssi(tmp_path / "home", server.host, server.port, "bob") as bob,
    ):
        bob.wait_for("Mode change .* for user bob")
        arguments = ["--listen", "60", "--save", str(file), "--json"]
        with Command("say", server.url("ann", "bob"), "psst", *arguments) as command:
            bob.wait_for("Act: 2")  # irssi opens a window for whom it is talked to by.
            bob.enter("/window 2")
            bob.wait_for("psst")
            bob.enter("/msg ann what is it?")
            bob.enter("/ping ann")
            bob.wait_for("PING reply from ann")
            outcome = command.interrupt()

    assert (outcome.exit_code, outcome.error) == (0, "")
    assert [(r["sender"], r["target"], r["text"]) for r in outcome.records] == [
        ("ann", "bob", "psst"),
        ("bob", "bob", "what is it?"),
    ]
    assert_proven(file, outcome.records, "ann")


def test_login_proves_the_account_without_sending_the_password(lab: Lab, tmp_path: Path) -> None:
    right, wrong = tmp_path / "right", tmp_path / "wrong"
    right.write_text(f"{_PASSWORD}\n")
    wrong.write_text("battery staple\n")
    base = ["say", lab.url("ann", tls=True), "hello", "--ca", str(lab.ca_file), "--login", "ada"]

    accepted = chatlab(*base, "--password-file", str(right), "--json")
    refused = chatlab(*base, "--password-file", str(wrong), "--json")
    unread = chatlab(*base, "--password-file", str(tmp_path / "missing"))

    assert (accepted.exit_code, accepted.error) == (0, "")
    assert (refused.exit_code, refused.out) == (1, "")
    assert re.search("SASL|login|password", refused.error, re.IGNORECASE)
    assert (unread.exit_code, unread.out) == (1, "")
    assert "missing" in unread.error


@pytest.mark.capture
def test_the_table_shows_the_numbers_of_the_json(lab: Lab, tmp_path: Path) -> None:
    file = tmp_path / "table.pcapng"
    outcome = chatlab("say", lab.url("ann"), "hello table", "--save", str(file))
    (record,) = chatlab("messages", str(file), "--json").records
    table = chatlab("messages", str(file))

    assert outcome.exit_code == 0
    assert outcome.out == table.out
    heading, row = table.out.splitlines()
    for word in ("Message", "State", "TLS", "Bytes", "Frames", "ACKs", "Echo"):
        assert word in heading
    assert "ann #lab: hello table" in row
    start, stop = record["bytes"] or (0, 0)
    for value in (f"{start}-{stop}", "echoed", *map(str, record["frames"] + record["echo_frames"])):
        assert value in row.split()


def test_a_file_that_is_no_capture_is_refused(tmp_path: Path) -> None:
    foreign = tmp_path / "notes.txt"
    foreign.write_text("no capture at all\n")

    for file in (foreign, tmp_path / "missing.pcapng"):
        outcome = chatlab("messages", str(file), "--json")
        assert (outcome.exit_code, outcome.out) == (1, "")
        assert file.name in outcome.error


def test_a_reader_that_has_seen_enough_ends_the_output_quietly(lab: Lab, tmp_path: Path) -> None:
    file = tmp_path / "many.pcapng"
    spoken = [f"line {number} {'-' * 300}" for number in range(300)]
    chatlab("say", lab.url("ann"), *spoken, "--interval", "0", "--save", str(file))
    with Command("messages", str(file), "--json") as command:
        assert command.process.stdout is not None
        assert json.loads(command.process.stdout.readline()).keys() >= set(SAY_KEYS)
        command.process.stdout.close()
        assert command.process.stderr is not None
        assert command.process.stderr.read() == b""
        command.process.wait(20)


@pytest.mark.only_on("linux")
def test_serve_runs_a_class_until_ctrl_c(tmp_path: Path) -> None:
    with Command("serve", "--plain-port", "0", "--tls-port", "0") as command:
        assert command.process.stdout is not None
        said = ""
        while not (found := re.search(r"irc://(127\.0\.0\.1:\d+)", said)):
            line = command.process.stdout.readline().decode()
            assert line, said
            said += line
        outcome = chatlab("say", f"irc://ann@{found[1]}/%23class", "hello class", "--json")
        command.process.send_signal(signal.SIGINT)
        assert command.wait().exit_code == 0

    assert texts(outcome.records, "sent") == ["hello class"]


# --- look-ups ---------------------------------------------------------------------------------

_NAME = "irc.lab.test"
_NAME_SERVER = textwrap.dedent("""
    import socket, sys
    import dns.message, dns.rrset
    name, address = sys.argv[1:]
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        sock.bind((address, 53))
        print("ready", flush=True)
        while True:
            data, peer = sock.recvfrom(4096)
            query = dns.message.from_wire(data)
            answer = dns.message.make_response(query)
            asked = query.question[0]
            if asked.name.to_text() == name + "." and asked.rdtype == 1:
                answer.answer.append(dns.rrset.from_text(asked.name, 60, "IN", "A", address))
            sock.sendto(answer.to_wire(), peer)
""")


@contextmanager
def name_server(of: Namespace, client: Namespace) -> Iterator[None]:
    """Answers for ``irc.lab.test`` on one machine; the other is told to ask it."""
    folder = Path("/etc/netns", client.name)
    folder.mkdir(parents=True)
    configuration = folder / "resolv.conf"
    configuration.write_text(f"nameserver {of.address}\n")
    command = [*of.prefix, sys.executable, "-c", _NAME_SERVER, _NAME, of.address]
    try:
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            try:
                assert process.stdout is not None
                assert process.stdout.readline() == b"ready\n"
                yield
            finally:
                process.kill()
    finally:
        configuration.unlink()
        folder.rmdir()


@pytest.mark.network
@pytest.mark.capture
@pytest.mark.servers("ngircd", "tshark")
def test_a_look_up_is_captured_and_named_as_such(tmp_path: Path) -> None:
    file = tmp_path / "named.pcapng"
    with (
        joined_namespaces() as network,
        name_server(network.server, network.client),
        ngircd(
            tmp_path / "server", host=network.server.address, prefix=network.server.prefix
        ) as server,
    ):
        url = f"irc://ann@{_NAME}:{server.port}/%23lab"
        outcome = chatlab(
            "say", url, "hello", "--json", "--save", str(file), prefix=network.client.prefix
        )

    assert (outcome.exit_code, outcome.error) == (0, "")
    look_ups = tshark.fields(file, ["frame.number", "dns.qry.name"], display_filter="dns")
    assert {name for _, name in look_ups} == {_NAME}
    assert len(look_ups) == 4  # A and AAAA, asked and answered.
    assert int(look_ups[-1][0]) < min(outcome.records[0]["frames"])
    log = FrameLog(file)
    streams = Streams(log)
    correlator = Correlator(streams)
    restore(read_session(log), correlator)
    correlator.update()
    rows = RowBuilder(log, streams, correlator)
    for number, _ in look_ups:
        row = rows.row(int(number))
        assert row.protocol == "DNS"
        assert "look-up" in row.why.lower()
    log.close()
    assert_proven(file, outcome.records, "ann")
