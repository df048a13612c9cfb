"""Other people’s XMPP clients, as the other user: profanity, poezio and finch.

Each runs in a pseudo-terminal, signs in by itself when it starts, and is typed to. TLS is
checked against the server’s own certificate.
"""

import os
import re
import ssl
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from chatlab.core.account import Security
from tests.conftest import find_program
from tests.helpers.terminal import Terminal

_ROOMS = "rooms.localhost"


@dataclass(frozen=True, slots=True, kw_only=True)
class XmppLogin:
    """Where a client under test signs in, and as whom."""

    jid: str
    password: str
    port: int
    nick: str
    security: Security = Security.STARTTLS
    ca_file: Path | None = None
    certificate_file: Path | None = None
    """The server’s own, for clients that trust no authority of a lab’s."""
    host: str = "127.0.0.1"


def profanity(folder: Path, login: XmppLogin) -> Terminal:
    """profanity, signing in; it checks the certificate with ``ca_file``."""
    config, data = folder / "config" / "profanity", folder / "data" / "profanity"
    for directory in (config, data):
        directory.mkdir(parents=True, exist_ok=True)
    policy = {
        Security.PLAIN: "disable",
        Security.STARTTLS: "force",
        Security.DIRECT_TLS: "legacy",
    }[login.security]
    (data / "accounts").write_text(
        f"[{login.jid}]\nenabled=true\njid={login.jid}\nserver={login.host}\nport={login.port}\n"
        f"tls.policy={policy}\npassword={login.password}\nresource=profanity\n"
        f"muc.service={_ROOMS}\nmuc.nick={login.nick}\n",
        encoding="utf-8",
    )
    (config / "profrc").write_text(
        "[ui]\nsplash=false\n[logging]\nrotate=false\n", encoding="utf-8"
    )
    argv = [_program("profanity"), "-a", login.jid]
    environment = _environment(folder)
    if login.ca_file is not None:
        environment["SSL_CERT_FILE"] = str(login.ca_file)
    return Terminal(argv, environment, columns=160, cwd=folder)


_AS_ANOTHER = """
import os, runpy, sys
os.geteuid = lambda: 1000
del sys.argv[0]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
"""Runs a Python program that asks who it is; user namespaces are not to be had everywhere."""


def poezio(folder: Path, login: XmppLogin) -> Terminal:
    """poezio, signing in with STARTTLS; it refuses root, who therefore seems to be another."""
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "poezio.cfg"
    config.write_text(
        f"[Poezio]\njid={login.jid}/poezio\npassword={login.password}\n"
        f"custom_host={login.host}\ncustom_port={login.port}\nca_cert_path={login.ca_file}\n"
        f"default_nick={login.nick}\nlog_dir={folder / 'logs'}\nuse_log=false\n"
        "use_remote_bookmarks=false\nsend_time=false\n",
        encoding="utf-8",
    )
    disguise = ["/usr/bin/python3", "-c", _AS_ANOTHER] if os.geteuid() == 0 else []
    argv = [*disguise, _program("poezio"), "-f", str(config)]
    return Terminal(argv, _environment(folder), columns=160, cwd=folder)


def enter_slowly(terminal: Terminal, line: str) -> None:
    """Type a line and press Return, as people do.

    To poezio and finch, what comes at once is a paste, in which Return and “/” mean nothing.
    """
    for part in (line[0], line[1:]):
        terminal.send(part)
        terminal.wait_for(re.escape(part))
    terminal.send("\r")


def finch(folder: Path, login: XmppLogin, room: str) -> Terminal:
    """finch, signing in and entering ``room``; ``select_room`` makes that the window to type to."""
    peers = folder / "certificates" / "x509" / "tls_peers"
    peers.mkdir(parents=True, exist_ok=True)
    if login.certificate_file is not None:
        # It is compared as text, so it must be a certificate only.
        pem = login.certificate_file.read_text(encoding="ascii")
        der = ssl.PEM_cert_to_DER_cert(pem)
        (peers / login.host).write_text(ssl.DER_cert_to_PEM_cert(der), encoding="ascii")
    (folder / "accounts.xml").write_text(_finch_accounts(login), encoding="utf-8")
    (folder / "blist.xml").write_text(_finch_contacts(login, room), encoding="utf-8")
    argv = [_program("finch"), "-c", str(folder)]
    return Terminal(argv, _environment(folder), columns=100, rows=30, cwd=folder)


def select_room(terminal: Terminal, login: XmppLogin) -> None:
    """From finch’s contact list to the room that it has entered."""
    terminal.wait_for("user:")
    terminal.send("\x1bn")
    terminal.wait_for(re.escape(login.nick))


def _finch_accounts(login: XmppLogin) -> str:
    security = "old_ssl" if login.security is Security.DIRECT_TLS else "require_starttls"
    settings = (
        f"<setting name='connection_security' type='string'>{security}</setting>"
        f"<setting name='port' type='int'>{login.port}</setting>"
        f"<setting name='connect_server' type='string'>{login.host}</setting>"
        "<setting name='auth_plain_in_clear' type='bool'>1</setting>"
    )
    return (
        "<?xml version='1.0' encoding='UTF-8'?><account version='1.0'><account>"
        f"<protocol>prpl-jabber</protocol><name>{escape(login.jid)}/finch</name>"
        f"<password>{escape(login.password)}</password><settings>{settings}</settings>"
        "<settings ui='gnt-purple'><setting name='auto-login' type='bool'>1</setting></settings>"
        "</account></account>"
    )


def _finch_contacts(login: XmppLogin, room: str) -> str:
    name, _, service = room.partition("@")
    account = f"account='{escape(login.jid)}/finch'"
    return (
        "<?xml version='1.0' encoding='UTF-8'?><purple version='1.0'><blist><group name='Lab'>"
        f"<chat proto='prpl-jabber' {account}><alias>{escape(room)}</alias>"
        f"<component name='handle'>{escape(login.nick)}</component>"
        f"<component name='room'>{escape(name)}</component>"
        f"<component name='server'>{escape(service)}</component>"
        "<setting name='gnt-autojoin' type='bool'>1</setting></chat></group></blist></purple>"
    )


def _environment(folder: Path) -> dict[str, str]:
    places = {"CONFIG": "config", "DATA": "data", "CACHE": "cache", "STATE": "state"}
    return {
        "HOME": str(folder),
        **{f"XDG_{place}_HOME": str(folder / name) for place, name in places.items()},
    }


def _program(name: str) -> str:
    path = find_program(name)
    assert path, f"{name} is not installed: mark the test with pytest.mark.servers"
    return path
