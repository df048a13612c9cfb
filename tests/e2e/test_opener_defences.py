"""What an ordinary user can not get out of the installed opener, nor out of what it gives."""

import socket
import subprocess
from collections.abc import Iterator

import pytest

from chatlab.capture.child import environment, module_command
from tests.helpers.capturing import TIMEOUT_S
from tests.helpers.ordinary_user import OPENER, OrdinaryUser, ordinary_user

pytestmark = [
    pytest.mark.only_on("linux"),
    pytest.mark.network,
    pytest.mark.servers("dumpcap"),
]

_GRANT = f"setcap cap_net_raw,cap_net_admin=ep {OPENER}"
_ASK = f"""
import array, os, socket, struct, subprocess, sys

def start(channel, **options):
    return subprocess.Popen([{str(OPENER)!r}], stdin=channel.fileno(), **options)

def ask(sock, request=b"127.0.0.1 6667", extra=(), **options):
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.settimeout(10)
    socket.send_fds(ours, [request], [sock.fileno(), *extra])
    opener = start(theirs, **options)
    theirs.close()
    answer, descriptors, _, _ = socket.recv_fds(ours, 1000, 2)
    opener.wait()
    return answer.decode(), ours, [socket.socket(fileno=each) for each in descriptors]

def bound(kind=socket.SOCK_STREAM):
    sock = socket.socket(type=kind)
    sock.bind(("127.0.0.1", 0))
    return sock
"""


@pytest.fixture(scope="module")
def student() -> Iterator[OrdinaryUser]:
    with ordinary_user(has_opener=True, commands=[_GRANT]) as user:
        yield user


def said_by(user: OrdinaryUser, code: str) -> str:
    """What a program of the user's prints."""
    (python, *_) = module_command("")
    run = subprocess.run(
        [*user.prefix, python, "-P", "-c", _ASK + code],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=3 * TIMEOUT_S,
        env=environment(),
    )
    return run.stdout.strip()


def test_the_filter_can_be_neither_removed_nor_widened(student: OrdinaryUser) -> None:
    code = """
answer, _, (opened,) = ask(bound())
everything = array.array("B", struct.pack("=HBBI", 0x06, 0, 0, 0x40000))
address, _ = everything.buffer_info()
widened = struct.pack("HP", 1, address)
options = {"SO_ATTACH_FILTER": (26, widened), "SO_DETACH_FILTER": (27, 0),
           "SO_LOCK_FILTER": (44, 0), "SO_ATTACH_BPF": (50, 0)}
for name, (option, value) in options.items():
    try:
        opened.setsockopt(socket.SOL_SOCKET, option, value)
    except OSError as error:
        print(name, error.strerror)
fresh = socket.socket(type=socket.SOCK_DGRAM)
fresh.setsockopt(socket.SOL_SOCKET, 26, widened)
print("the same program suits another socket")
"""
    assert said_by(student, code).splitlines() == [
        "SO_ATTACH_FILTER Operation not permitted",
        "SO_DETACH_FILTER Operation not permitted",
        "SO_LOCK_FILTER Operation not permitted",
        "SO_ATTACH_BPF Operation not permitted",
        "the same program suits another socket",
    ]


def test_bound_anew_it_still_sees_its_own_connection_only(student: OrdinaryUser) -> None:
    """Binding to an interface cannot be taken back from who holds the socket: see ``opener``."""
    code = """
listener = socket.create_server(("127.0.0.1", 0))
other = socket.create_server(("127.0.0.1", 0))
mine = bound()
answer, _, (opened,) = ask(mine, b"127.0.0.1 %d" % listener.getsockname()[1])
opened.bind(("lo", 3))
with socket.create_connection(other.getsockname()) as noise:
    noise.sendall(b"not for you")
mine.connect(listener.getsockname())
mine.sendall(b"mine")
there, _ = listener.accept()
there.recv(4)
opened.setblocking(False)
ports = set()
while True:
    try:
        frame = opened.recv(2000)
    except BlockingIOError:
        break
    ports |= set(struct.unpack(">HH", frame[34:38]))
print(ports == {mine.getsockname()[1], listener.getsockname()[1]})
"""
    assert said_by(student, code) == "True"


@pytest.mark.parametrize(
    ("code", "answer"),
    [
        ("ask(bound(), b'')", "request"),
        ("ask(bound(), b'127.0.0.1')", "request"),
        ("ask(bound(), b'0.0.0.0 80')", "wildcard"),
        ("ask(bound(socket.SOCK_DGRAM), b'127.0.0.1 0')", "wildcard"),
        ("ask(bound(), b'127.0.0.1 6667', extra=[0])", "request"),
        ("ask(bound(), b'1' * 300)", "request"),
        ("ask(bound(), b'::1 80')", "request"),
    ],
    ids=["nothing", "no port", "everybody", "any datagram", "two sockets", "too long", "family"],
)
def test_a_request_that_does_not_name_one_peer_is_refused(
    student: OrdinaryUser, code: str, answer: str
) -> None:
    assert said_by(student, f"print({code}[0])").startswith(f"refused {answer}: ")


def test_an_opener_serves_once(student: OrdinaryUser) -> None:
    code = """
sock = bound()
ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
for _ in range(2):
    socket.send_fds(ours, [b"127.0.0.1 6667"], [sock.fileno()])
start(theirs).wait()
print(ours.recv(1000).decode().strip())
theirs.close()
answer, ours, opened = ask(sock)
try:
    socket.send_fds(ours, [b"127.0.0.1 6668"], [sock.fileno()])
except BrokenPipeError:
    print("nobody is there any more")
"""
    assert said_by(student, code).splitlines() == [
        "refused request: one run serves one request",
        "nobody is there any more",
    ]


def test_a_port_that_another_user_holds_too_is_refused() -> None:
    """Where both have set SO_REUSEADDR the system lets two users bind one UDP port."""
    victim = (
        "import socket, sys, time\n"
        "sock = socket.socket(type=socket.SOCK_DGRAM)\n"
        "sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)\n"
        "sock.bind(('127.0.0.1', 0))\n"
        "print(sock.getsockname()[1], flush=True)\n"
        "sys.stdin.read()\n"
    )
    (python, *_) = module_command("")
    holder = subprocess.Popen(
        [python, "-c", victim], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with holder, ordinary_user(has_opener=True, commands=[_GRANT]) as thief:
        assert holder.stdout is not None
        port = int(holder.stdout.readline())
        said = said_by(
            thief,
            f"""
sock = socket.socket(type=socket.SOCK_DGRAM)
sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
sock.bind(("127.0.0.1", {port}))
print(ask(sock)[0])
""",
        )
        holder.communicate("")
    assert said == f"refused shared: user 0 holds port {port}, too"


def test_nothing_of_the_callers_reaches_the_interpreter(student: OrdinaryUser) -> None:
    code = """
folder = os.environ["HOME"]
os.makedirs(f"{folder}/chatlab/capture", exist_ok=True)
for name in ("socket.py", "sitecustomize.py", "chatlab/__init__.py", "struct.py"):
    with open(f"{folder}/{name}", "w") as file:
        file.write(f"open({folder!r} + '/taken-over', 'w')\\n")
tricks = {"PYTHONPATH": folder, "PYTHONHOME": folder, "PYTHONSTARTUP": f"{folder}/socket.py",
          "PYTHONINSPECT": "1", "LD_PRELOAD": f"{folder}/x.so", "LD_LIBRARY_PATH": folder,
          "PYTHONUSERBASE": folder, "HOME": folder, "GCONV_PATH": folder}
print(ask(bound(), env=tricks, cwd=folder)[0].strip())
print(os.path.exists(f"{folder}/taken-over"))
"""
    assert said_by(student, code).splitlines() == ["opened", "False"]


def test_a_running_opener_cannot_be_taken_over_by_its_own_user(student: OrdinaryUser) -> None:
    code = """
import ctypes, time
ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
opener = start(theirs)
while b"start.py" not in open(f"/proc/{opener.pid}/cmdline", "rb").read():
    time.sleep(0.001)
PTRACE_ATTACH = 16
libc = ctypes.CDLL(None, use_errno=True)
print(libc.ptrace(PTRACE_ATTACH, opener.pid, 0, 0), os.strerror(ctypes.get_errno()))
for name in ("mem", "environ", "fd/0"):
    try:
        open(f"/proc/{opener.pid}/{name}", "rb+" if name == "mem" else "rb").close()
    except OSError as error:
        print(name, error.strerror)
ours.close()
opener.wait()
"""
    assert said_by(student, code).splitlines() == [
        "-1 Operation not permitted",
        "mem Permission denied",
        "environ Permission denied",
        "fd/0 Permission denied",
    ]


def test_who_is_not_listed_is_not_served() -> None:
    unlist = f"echo 1 > {OPENER.with_name('capture-users')}"
    with ordinary_user(has_opener=True, commands=[_GRANT, unlist]) as stranger:
        said = said_by(stranger, "print(ask(bound())[0])")
    assert said.startswith("refused unlisted: ")


def test_only_who_made_the_channel_is_served(student: OrdinaryUser) -> None:
    """Root’s channel and root’s socket do not become the user’s by being passed on."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs, socket.socket() as roots:
        roots.bind(("127.0.0.1", 0))
        socket.send_fds(ours, [b"127.0.0.1 6667"], [roots.fileno()])
        command = [*student.prefix, str(OPENER)]
        run = subprocess.run(command, stdin=theirs.fileno(), check=False, timeout=TIMEOUT_S)
        ours.settimeout(TIMEOUT_S)
        answer = ours.recv(1000).decode()
    assert run.returncode == 1
    assert answer.startswith("refused foreign: the request comes from another user")
