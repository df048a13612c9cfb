"""Capturing without root, for real: an ordinary user, by dumpcap and by an installed opener."""

import contextlib
import itertools
import json
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatlab.capture.child import environment, module_command
from tests.helpers import tshark
from tests.helpers.capturing import TIMEOUT_S
from tests.helpers.ordinary_user import OPENER, Dumpcap, OrdinaryUser, ordinary_user
from tests.helpers.proof import Feeder, Lab, assert_proven, chatlab, lab_server, texts

pytestmark = [
    pytest.mark.only_on("linux"),
    pytest.mark.network,
    pytest.mark.servers("dumpcap", "tshark"),
]

_GRANT = f"setcap cap_net_raw,cap_net_admin=ep {OPENER}"
_TEXTS = ("hello", "größer: " + "x" * 380, "and a third")


def test_a_user_without_any_right_may_open_nothing() -> None:
    code = "import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)"
    with ordinary_user() as student:
        assert "PermissionError" in _python(student, code)
        assert student.processes() == []


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_a_member_of_the_group_captures_with_dumpcap(tmp_path: Path, tls: bool) -> None:
    with ordinary_user(dumpcap=Dumpcap.FOR_MEMBERS, joins=True) as student:
        assert _ways(student) == ["Capture: dumpcap"]
        _talk(tmp_path, student, tls=tls)


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_an_installed_opener_serves_any_user(tmp_path: Path, tls: bool) -> None:
    with ordinary_user(has_opener=True, commands=[_GRANT]) as student:
        assert _ways(student) == ["Capture: installed opener"]
        _talk(tmp_path, student, tls=tls)


def _talk(folder: Path, student: OrdinaryUser, *, tls: bool) -> None:
    """A talk beside noisy neighbours; tshark judges every message."""
    file, authority = student.home / "talk.pcapng", student.home / "authority.pem"
    with lab_server(folder / "lab") as lab, _noise(lab):
        shutil.copy(lab.ca_file, authority)
        authority.chmod(0o644)
        outcome = chatlab(
            *("say", lab.url("ann", tls=tls), *_TEXTS, "--json", "--save", str(file)),
            *(("--ca", str(authority)) if tls else ()),
            prefix=student.prefix,
        )
    assert outcome.exit_code == 0, outcome.error
    assert outcome.error == ""
    assert texts(outcome.records, "sent") == list(_TEXTS)
    assert all(record["frames"] and record["acks"] for record in outcome.records)
    assert_proven(file, outcome.records, "ann")
    assert tshark.complaints(file) == ""
    _assert_one_whole_connection(file, lab.tls_port if tls else lab.port)
    assert student.processes() == []


def _assert_one_whole_connection(file: Path, port: int) -> None:
    names = ("tcp.stream", "tcp.srcport", "tcp.dstport", "tcp.flags.syn", "tcp.flags.fin")
    rows = tshark.fields(file, names)
    assert {row[0] for row in rows} == {"0"}
    assert all(str(port) in row[1:3] for row in rows)
    is_set = {"1", "True"}
    assert [row[3] in is_set for row in rows[:3]] == [True, True, False]
    assert {row[1] for row in rows if row[4] in is_set} == set(rows[0][1:3]), "a FIN is missing"


@contextlib.contextmanager
def _noise(lab: Lab) -> Iterator[None]:
    """Somebody else on the same server, and a connection that never rests."""
    stop = threading.Event()
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname()) as there,
        Feeder(lab.host, lab.port, "noisy", "#noise") as neighbour,
    ):
        here, _ = listener.accept()

        def chatter() -> None:
            for number in itertools.count():
                there.sendall(b"PRIVMSG #lab :not for you\r\n")
                assert here.recv(100)
                neighbour.speak(f"nor this {number}")
                if stop.wait(0.01):
                    return

        thread = threading.Thread(target=chatter)
        with here:
            thread.start()
            try:
                yield
            finally:
                stop.set()
                thread.join()


# --- what the opener refuses; more of it in test_opener_defences ---------------------------------


@pytest.fixture(scope="module")
def served() -> Iterator[OrdinaryUser]:
    with ordinary_user(has_opener=True, commands=[_GRANT]) as user:
        yield user


_ASK = """
import asyncio, contextlib, socket, sys
from chatlab.capture.opening import OpenerRefused, open_packet_socket
from chatlab.core.flow import Endpoint, FlowKey

def ask(sock):
    flow = FlowKey(Endpoint("127.0.0.1", 1), Endpoint("127.0.0.1", 6667))
    try:
        descriptor = asyncio.run(open_packet_socket(sock.fileno(), flow, [sys.argv[1]]))
    except OpenerRefused as refusal:
        print(refusal.code)
    else:
        return socket.socket(fileno=descriptor)

sock = socket.socket()
"""


@pytest.mark.parametrize(
    ("code", "answer"),
    [
        ("sock.bind(('0.0.0.0', 0)); ask(sock)", "wildcard"),
        ("ask(sock)", "unbound"),
        ("ask(socket.socket(fileno=int(sys.argv[2])))", "foreign"),
        ("sock.setsockopt(0, 15, 1); sock.bind(('192.0.2.77', 0)); ask(sock)", "foreign"),
        ("ask(socket.socket(socket.AF_UNIX))", "socket"),
    ],
    ids=["wildcard", "unbound", "of another user", "of another machine", "no network"],
)
def test_the_opener_refuses_what_proves_nothing(
    served: OrdinaryUser, code: str, answer: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as roots:
        said = _python(served, _ASK + code, str(OPENER), str(roots.fileno()), pass_fd=roots)
    assert said.strip() == answer


def _python(
    student: OrdinaryUser, code: str, *arguments: str, pass_fd: socket.socket | None = None
) -> str:
    """What a program of the user's says."""
    (python, *_) = module_command("")
    run = subprocess.run(
        [*student.prefix, python, "-P", "-c", code, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=3 * TIMEOUT_S,
        env=environment(),
        pass_fds=[pass_fd.fileno()] if pass_fd else [],
    )
    return run.stdout


def _ways(student: OrdinaryUser) -> list[str]:
    """By which means this user can capture, as the doctor sees it."""
    found = json.loads(chatlab("doctor", "--json", prefix=student.prefix).out)
    return [
        row["name"]
        for row in found["checks"]
        if row["name"].startswith("Capture") and row["verdict"] == "ok"
    ]
