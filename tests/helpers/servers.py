"""Real IRC servers from Debian's packages: ngIRCd (plain) and InspIRCd (plain and TLS).

Each runs from a folder of the test's own, on a free port, as a child process that ends with its
``with`` block. With ``prefix=namespace.prefix`` (see ``netns``) it runs inside a network
namespace. Both are set up for tests: no look-ups, no ident, no flood brake.
"""

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from chatlab.server.authority import LabCertificate, issue
from tests.conftest import find_program

_START_TIMEOUT_S = 20.0
_STOP_TIMEOUT_S = 5.0
_POLL_S = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningServer:
    """Where a server listens, and the files that tell about it."""

    host: str
    port: int
    """Without TLS."""
    tls_port: int | None = None
    certificate: LabCertificate | None = None
    """Whom to trust for ``tls_port``: hand its ``ca_file`` to the client."""
    log: Path
    process: subprocess.Popen[bytes]

    def url(self, nick: str, channel: str = "#lab", *, tls: bool = False) -> str:
        """An address for the command line, e.g. ``ircs://ana@127.0.0.1:6697/%23lab``."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        scheme, port = ("ircs", self.tls_port) if tls else ("irc", self.port)
        return f"{scheme}://{nick}@{host}:{port}/{channel.replace('#', '%23')}"


class TlsVersions(Enum):
    """What an InspIRCd offers, as a GnuTLS priority string."""

    TLS_1_2 = "NORMAL:-VERS-ALL:+VERS-TLS1.2"
    TLS_1_3 = "NORMAL:-VERS-ALL:+VERS-TLS1.3"
    BOTH = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"


def free_port(host: str = "127.0.0.1") -> int:
    """A TCP port that nobody uses now; servers that cannot bind port 0 take it at once."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def ngircd(
    folder: Path,
    *,
    host: str = "127.0.0.1",
    port: int | None = None,
    password: str = "",
    prefix: Sequence[str] = (),
) -> Iterator[RunningServer]:
    """An ngIRCd without TLS. It has no echo-message: what was sent does not come back."""
    port = port or _port_for(host, prefix)
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "ngircd.conf"
    config.write_text(
        _NGIRCD.format(host=host, port=port, password=f"Password = {password}" if password else ""),
        encoding="utf-8",
    )
    command = [_program("ngircd"), "--nodaemon", "--config", str(config)]
    with _running("ngIRCd", [*prefix, *command], folder, [(host, port)], prefix) as process:
        yield RunningServer(host=host, port=port, log=folder / _LOG, process=process)


@contextmanager
def inspircd(
    folder: Path,
    *,
    tls: TlsVersions = TlsVersions.BOTH,
    host: str = "127.0.0.1",
    names: Sequence[str] = (),
    port: int | None = None,
    tls_port: int | None = None,
    prefix: Sequence[str] = (),
) -> Iterator[RunningServer]:
    """An InspIRCd with a plain and a TLS port and IRCv3's capabilities.

    ``names``: host names for the certificate, beside ``host`` and the local ones.
    """
    port = port or _port_for(host, prefix)
    tls_port = tls_port or _port_for(host, prefix)
    folder.mkdir(parents=True, exist_ok=True)
    certificate = issue(folder / "certificates", (host, *names))
    config = folder / "inspircd.conf"
    config.write_text(
        _INSPIRCD.format(
            host=host,
            port=port,
            tls_port=tls_port,
            priority=tls.value,
            certificate=certificate,
            folder=folder,
            modules="\n".join(f'<module name="{name}">' for name in _INSPIRCD_MODULES),
        ),
        encoding="utf-8",
    )
    # A copy, because AppArmor confines Debian's own path to /etc/inspircd.
    program = folder / "inspircd"
    shutil.copy2(_program("inspircd"), program)
    command = [str(program), "--nofork", "--runasroot", "--config", str(config)]
    addresses = [(host, port), (host, tls_port)]
    with _running("InspIRCd", [*prefix, *command], folder, addresses, prefix) as process:
        yield RunningServer(
            host=host,
            port=port,
            tls_port=tls_port,
            certificate=certificate,
            log=folder / _LOG,
            process=process,
        )


# --- how they are started and stopped -------------------------------------------------------

_LOG = "server.log"


def _program(name: str) -> str:
    path = find_program(name)
    assert path, f"{name} is not installed: mark the test with pytest.mark.servers"
    return path


def _port_for(host: str, prefix: Sequence[str]) -> int:
    """In a namespace, ``host`` is not ours to bind; there every port is free."""
    return free_port("127.0.0.1" if prefix else host)


@contextmanager
def _running(
    name: str,
    command: Sequence[str],
    folder: Path,
    addresses: Sequence[tuple[str, int]],
    prefix: Sequence[str],
) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / _LOG).open("wb") as log:
        process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        for address in addresses:
            _wait_until_listening(name, process, folder / _LOG, address, prefix)
        yield process
    finally:
        _stop(process)


def _wait_until_listening(
    name: str,
    process: subprocess.Popen[bytes],
    log: Path,
    address: tuple[str, int],
    prefix: Sequence[str],
) -> None:
    deadline = time.monotonic() + _START_TIMEOUT_S
    while not _is_listening(address, prefix):
        if process.poll() is not None:
            why = f"ended with exit code {process.returncode}"
        elif time.monotonic() > deadline:
            why = f"does not listen on {address} after {_START_TIMEOUT_S:.0f} s"
        else:
            time.sleep(_POLL_S)  # Between two looks; the condition above is what is waited for.
            continue
        words = log.read_text(encoding="utf-8", errors="replace")
        raise AssertionError(f"{name} {why}; it said:\n{words[-3000:]}")


def _is_listening(address: tuple[str, int], prefix: Sequence[str]) -> bool:
    if prefix:
        code = f"import socket; socket.create_connection({address!r}, 1).close()"
        probe = [*prefix, sys.executable, "-S", "-c", code]
        return subprocess.run(probe, capture_output=True, check=False).returncode == 0
    try:
        socket.create_connection(address, 1).close()
    except OSError:
        return False
    return True


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(_STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


# --- their configurations -------------------------------------------------------------------

_NGIRCD = """\
[Global]
Name = ngircd.lab
Info = ChatLab test server
AdminInfo1 = ChatLab tests
Listen = {host}
Ports = {port}
MotdPhrase = Hello from ngIRCd
Network = NgLab
{password}
[Limits]
# As root it becomes "nobody"; nothing that it needs later lies in a private folder.
MaxConnectionsIP = 0
MaxJoins = 0
MaxNickLength = 30
MaxPenaltyTime = 0
PingTimeout = 120
[Options]
DNS = no
Ident = no
PAM = no
SyslogFacility = local1
"""

_INSPIRCD_MODULES = (
    *("cap", "ircv3", "ircv3_accounttag", "ircv3_batch", "ircv3_capnotify", "ircv3_chghost"),
    *("ircv3_ctctags", "ircv3_echomessage", "ircv3_invitenotify", "ircv3_labeledresponse"),
    *("ircv3_msgid", "ircv3_servertime", "monitor", "namesx", "uhnames", "services_account"),
    *("ssl_gnutls", "sslinfo"),
)

_INSPIRCD = """\
{modules}
<server name="inspircd.lab" description="ChatLab test server" id="001" network="InspLab">
<admin name="ChatLab tests" nick="tests" email="tests@inspircd.lab">
<path configdir="{folder}" datadir="{folder}" logdir="{folder}" runtimedir="{folder}">
<pid file="{folder}/inspircd.pid">
<bind address="{host}" port="{port}" type="clients">
<bind address="{host}" port="{tls_port}" type="clients" sslprofile="Clients">
<sslprofile name="Clients" provider="gnutls" priority="{priority}"
    cafile="{certificate.ca_file}" certfile="{certificate.certificate_file}"
    keyfile="{certificate.key_file}" mindhbits="1024" hash="sha256">
<connect name="everyone" allow="*" resolvehostnames="no" useident="no" timeout="30"
    pingfreq="2m" hardsendq="16M" softsendq="8M" recvq="1M" threshold="100000"
    commandrate="1000000" fakelag="no" localmax="1000" globalmax="1000" maxchans="100">
<options prefixquit="Quit: " defaultmodes="nt" hostintopic="yes" syntaxhints="yes"
    moronbanner="You are banned.">
<performance softlimit="10000" somaxconn="128">
<log method="stdout" level="normal" type="* -USERINPUT -USEROUTPUT">
"""
