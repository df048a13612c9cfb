"""A real prosody from Debian's package, for one test: loopback, free ports, its own authority.

It has MUC with archive, MAM, carbons, stream management, registration and blocking. Plain text is
allowed on its first port, as is STARTTLS; the second speaks TLS from the first byte.
"""

import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from chatlab.server.authority import LabCertificate, issue
from tests.conftest import find_program
from tests.helpers.servers import free_port

_START_TIMEOUT_S = 30.0
_STOP_TIMEOUT_S = 5.0
_POLL_S = 0.02
ROOMS = "conference.localhost"
_CONFIG = """
run_as_root = true
pidfile = "{folder}/prosody.pid"
data_path = "{folder}/data"
plugin_paths = {{}}
log = {{ {{ levels = {{ min = "{level}" }}, to = "console" }} }}
interfaces = {{ "{host}" }}
c2s_ports = {{ {port} }}
c2s_direct_tls_ports = {{ {tls_port} }}
s2s_ports = {{}}
http_ports = {{}}
https_ports = {{}}
modules_enabled = {{
  "roster", "saslauth", "tls", "disco", "carbons", "pep", "private", "blocklist", "vcard4",
  "vcard_legacy", "version", "uptime", "time", "ping", "register", "mam", "csi_simple", "smacks",
  "bookmarks", "offline",
}}
modules_disabled = {{ "s2s" }}
authentication = "internal_plain"
storage = "internal"
allow_registration = {registration}
allow_unencrypted_plain_auth = {plain}
c2s_require_encryption = {require}
archive_expires_after = "1d"
smacks_hibernation_time = 300
ssl = {{ key = "{certificate.key_file}"; certificate = "{certificate.certificate_file}"; {versions} }}
limits = {{}}
{more}
VirtualHost "localhost"
Component "{rooms}" "muc"
  modules_enabled = {{ "muc_mam" }}
  restrict_room_creation = false
  muc_log_by_default = true
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prosody:
    """A running server."""

    host: str
    port: int
    """Clear text, and STARTTLS."""
    tls_port: int
    certificate: LabCertificate
    log: Path
    process: subprocess.Popen[bytes]


@contextmanager
def prosody(
    folder: Path,
    accounts: Mapping[str, str],
    *,
    requires_tls: bool = False,
    takes_plain: bool = True,
    registers: bool = True,
    tls: str = "",
    more: str = "",
    level: str = "info",
    host: str = "127.0.0.1",
    prefix: Sequence[str] = (),
) -> Iterator[Prosody]:
    """A server for ``localhost``; ``accounts`` are names and passwords.

    ``tls``: the only protocol version, e.g. ``tlsv1_2``. ``more``: further lines of configuration.
    ``prefix``: what runs a command where ``host`` is an address, e.g. in a network namespace.
    """
    port, tls_port = free_port(), free_port()
    folder.mkdir(parents=True, exist_ok=True)
    certificate = issue(folder / "certificates", (host,))
    users = folder / "data" / "localhost" / "accounts"
    users.mkdir(parents=True)
    for name, password in accounts.items():
        (users / f"{name.replace('.', '%2e')}.dat").write_text(
            f'return {{ ["password"] = "{password}" }};\n', encoding="utf-8"
        )
    config = folder / "prosody.cfg.lua"
    text = _CONFIG.format(
        folder=folder,
        host=host,
        port=port,
        tls_port=tls_port,
        certificate=certificate,
        registration=str(registers).lower(),
        plain=str(takes_plain).lower(),
        require=str(requires_tls).lower(),
        versions=f'protocol = "{tls}";' if tls else "",
        rooms=ROOMS,
        more=more,
        level=level,
    )
    config.write_text(text, encoding="utf-8")
    program = find_program("prosody")
    assert program, "prosody is not installed: mark the test with pytest.mark.servers"
    log = folder / "prosody.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*prefix, program, "-F", "--config", str(config)],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_until_listening(process, log, (port, tls_port))
        yield Prosody(
            host=host,
            port=port,
            tls_port=tls_port,
            certificate=certificate,
            log=log,
            process=process,
        )
    finally:
        process.terminate()
        try:
            process.wait(_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_listening(
    process: subprocess.Popen[bytes], log: Path, ports: tuple[int, ...]
) -> None:
    deadline = time.monotonic() + _START_TIMEOUT_S
    while True:
        words = log.read_text(encoding="utf-8", errors="replace")
        if all(f"]:{port}" in words for port in ports):
            return
        assert process.poll() is None, f"prosody ended:\n{words[-3000:]}"
        assert time.monotonic() < deadline, f"prosody does not listen:\n{words[-3000:]}"
        time.sleep(_POLL_S)  # Between two looks; the lines above are what is waited for.
