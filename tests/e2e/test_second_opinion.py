"""The helpers that other tests trust, tried upon one another: server, line, capture, tshark."""

import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import find_program
from tests.helpers.netns import Impairment, joined_namespaces
from tests.helpers.servers import RunningServer, TlsVersions, inspircd, ngircd
from tests.helpers.tshark import CarriedLine, carried_lines, complaints, fields, frames_carrying
from tests.helpers.xvfb import display

BURST = 200
TIMEOUT_S = 60


def chat(address: tuple[str, int], ca_file: str, key_log: str) -> None:
    """A whole session, with one short line, one long one and a burst; needs no ChatLab."""
    plain = socket.create_connection(address, TIMEOUT_S)
    plain.settimeout(TIMEOUT_S)
    connection = plain
    if ca_file:
        context = ssl.create_default_context(cafile=ca_file)
        context.keylog_filename = key_log
        connection = context.wrap_socket(plain, server_hostname=address[0])
    with connection, connection.makefile("rwb") as stream:

        def send(*lines: bytes) -> None:
            stream.write(b"".join(line + b"\r\n" for line in lines))
            stream.flush()

        def wait(numeric: bytes) -> None:
            for line in stream:
                if line.startswith(b"PING"):
                    send(line.strip().replace(b"PING", b"PONG"))
                if numeric in line.split(b" "):
                    return

        send(b"NICK ana", b"USER ana 0 * :Ana")
        wait(b"001")
        send(b"JOIN #lab")
        wait(b"366")
        send(b"PRIVMSG #lab :short", b"PRIVMSG #lab :" + b"x" * 400)
        send(*(b"PRIVMSG #lab :burst %d" % number for number in range(BURST)))
        send(b"QUIT :bye")
        for _ in stream:
            pass


@contextmanager
def dumpcap(file: Path, interface: str, port: int, prefix: Sequence[str] = ()) -> Iterator[None]:
    """Everything of one port, until the block has ended and both sides' FIN is in the file."""
    program = find_program("dumpcap")
    assert program
    command = [program, "-q", "-i", interface, "-f", f"tcp port {port}", "-w", str(file)]
    with subprocess.Popen([*prefix, *command], stderr=subprocess.PIPE) as process:
        assert process.stderr
        for line in process.stderr:
            if line.startswith(b"File:"):
                break
        try:
            yield
            wait_for_the_end(file)
        finally:
            process.terminate()


def wait_for_the_end(file: Path) -> None:
    """dumpcap writes block by block, and forgets the last one when it is ended too early."""
    deadline = time.monotonic() + TIMEOUT_S
    while len(set(fields(file, ["tcp.srcport"], display_filter="tcp.flags.fin == 1"))) < 2:
        assert time.monotonic() < deadline, "the capture never saw both sides close"


def with_secrets(file: Path, key_log: Path) -> Path:
    """The same capture, with the TLS secrets inside it."""
    program = find_program("editcap")
    assert program
    target = file.with_name("with-secrets.pcapng")
    subprocess.run([program, "--inject-secrets", f"tls,{key_log}", file, target], check=True)
    return target


def assert_every_line_has_frames(lines: list[CarriedLine], tls: str) -> None:
    texts = [line.text for line in lines]
    for wanted in [b"PRIVMSG #lab :short", b"PRIVMSG #lab :" + b"x" * 400, b"QUIT :bye"]:
        assert texts.count(wanted) == 1
    for number in range(BURST):
        assert texts.count(b"PRIVMSG #lab :burst %d" % number) == 1
    assert all(line.frames and line.acks and line.tls == tls for line in lines)


@pytest.mark.servers("ngircd", "tshark")
@pytest.mark.capture
def test_tshark_names_the_frames_of_every_plain_line(tmp_path: Path) -> None:
    file = tmp_path / "plain.pcapng"
    with ngircd(tmp_path / "server") as server, dumpcap(file, "lo", server.port):
        chat((server.host, server.port), "", "")
    assert complaints(file) == ""
    assert_every_line_has_frames(carried_lines(file), "")
    assert len(frames_carrying(file, "burst 7", sender=f"127.0.0.1:{server.port}")) == 0


@pytest.mark.servers("inspircd", "tshark")
@pytest.mark.network
@pytest.mark.parametrize("tls", [TlsVersions.TLS_1_2, TlsVersions.TLS_1_3])
def test_tshark_names_the_frames_of_every_line_under_tls_on_a_bad_line(
    tmp_path: Path, tls: TlsVersions
) -> None:
    file, key_log = tmp_path / "tls.pcapng", tmp_path / "keys"
    with (
        joined_namespaces() as network,
        inspircd(
            tmp_path / "server", tls=tls, host=network.server.address, prefix=network.server.prefix
        ) as server,
    ):
        assert server.tls_port
        with dumpcap(file, "lab0", server.tls_port, network.client.prefix):
            network.impairment = Impairment(loss=0.03, duplicate=0.1, reorder=0.1)
            chat_inside(network.client.prefix, server, key_log)
            network.impairment = Impairment()
    assert network.carried.duplicated
    assert network.carried.reordered
    file = with_secrets(file, key_log)
    assert complaints(file) == ""
    lines = carried_lines(file)
    assert_every_line_has_frames(lines, {"1_2": "TLSv1.2", "1_3": "TLSv1.3"}[tls.name[-3:]])
    assert any(len(line.frames) > 1 for line in lines)


def chat_inside(prefix: Sequence[str], server: RunningServer, key_log: Path) -> None:
    assert server.certificate
    code = "import sys, tests.e2e.test_second_opinion as t; h, p, *r = sys.argv[1:]; "
    arguments = [server.host, str(server.tls_port), str(server.certificate.ca_file), str(key_log)]
    subprocess.run(
        [*prefix, sys.executable, "-c", code + "t.chat((h, int(p)), *r)", *arguments],
        cwd=Path(__file__).parents[2],
        check=True,
        timeout=2 * TIMEOUT_S,
    )


@pytest.mark.servers("ngircd")
@pytest.mark.network
def test_a_pulled_cable_carries_nothing_and_a_new_one_does(tmp_path: Path) -> None:
    with (
        joined_namespaces(Impairment(loss=1.0)) as network,
        ngircd(tmp_path, host=network.server.address, prefix=network.server.prefix) as server,
    ):
        probe = f"import socket; socket.create_connection({(server.host, server.port)}, 0.3)"
        command = (sys.executable, "-S", "-c", probe)
        assert network.client.run(*command, check=False).returncode != 0
        assert network.carried.lost
        network.impairment = Impairment()
        network.client.run(*command)


PROBE_WINDOW = """
from PySide6.QtWidgets import QApplication, QLineEdit
application = QApplication([])
line = QLineEdit()
line.setWindowTitle("Probe")
line.returnPressed.connect(lambda: (print(line.text(), flush=True), application.quit()))
line.resize(300, 40)
line.setStyleSheet("background: #123456")
line.show()
application.exec()
"""


@pytest.mark.window
def test_a_window_on_the_display_is_typed_into_and_photographed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PROBE_WINDOW]
    with (
        display(640, 480) as screen,
        subprocess.Popen(
            command, env=screen.environment(), stdout=subprocess.PIPE, text=True
        ) as window,
    ):
        found = screen.find_window("^Probe$")
        screen.wait_for(
            lambda: screen.pixels().pixel(290, 20) == (0x12, 0x34, 0x56), "painted window"
        )
        screen.focus(found)
        screen.type("PRIVMSG #lab :hi {}~")
        picture = screen.screenshot(tmp_path / "screen.png")
        screen.key("Return")
        assert window.stdout
        assert window.stdout.readline() == "PRIVMSG #lab :hi {}~\n"
    assert picture.read_bytes().startswith(b"\x89PNG")
