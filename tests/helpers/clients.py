"""Other people's IRC clients, as the other user: irssi and WeeChat in a pseudo-terminal.

They connect by themselves when they start; what they are asked to do is typed. They take part
like anybody: join and speak with ``enter("/join #lab")`` and ``enter("hello")``.
"""

from dataclasses import dataclass
from pathlib import Path

from tests.conftest import find_program
from tests.helpers.terminal import Terminal


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """SASL for a client under test."""

    name: str
    password: str
    mechanism: str = "PLAIN"


def irssi(
    folder: Path,
    host: str,
    port: int,
    nick: str,
    *,
    ca_file: Path | None = None,
    login: Login | None = None,
    prefix: tuple[str, ...] = (),
) -> Terminal:
    """irssi, connecting to ``host``; with TLS, verified, when a ``ca_file`` is given."""
    folder.mkdir(parents=True, exist_ok=True)
    tls = (
        f'use_tls = "yes"; tls_verify = "yes"; tls_cafile = "{ca_file}";'
        if ca_file
        else 'use_tls = "no";'
    )
    sasl = (
        f'sasl_mechanism = "{login.mechanism}"; sasl_username = "{login.name}"; '
        f'sasl_password = "{login.password}";'
        if login
        else ""
    )
    (folder / "config").write_text(
        _IRSSI.format(host=host, port=port, nick=nick, tls=tls, sasl=sasl), encoding="utf-8"
    )
    argv = [*prefix, _program("irssi"), "--home", str(folder)]
    return Terminal(argv, {"HOME": str(folder)}, cwd=folder)


_IRSSI = """\
servers = (
  {{ address = "{host}"; chatnet = "Lab"; port = "{port}"; autoconnect = "yes"; {tls} }}
);
chatnets = {{ Lab = {{ type = "IRC"; nick = "{nick}"; cmdmax = "500"; {sasl} }}; }};
settings = {{
  core = {{ nick = "{nick}"; user_name = "{nick}"; real_name = "irssi {nick}"; }};
  "irc/core" = {{ cmd_queue_speed = "1msec"; cmds_max_at_once = "500"; }};
  "fe-common/core" = {{ autolog = "no"; show_nickmode_empty = "no"; }};
  "fe-text" = {{ paste_detect_time = "0msec"; }};
}};
ignores = ( );
"""


def weechat(
    folder: Path,
    host: str,
    port: int,
    nick: str,
    *,
    ca_file: Path | None = None,
    login: Login | None = None,
    prefix: tuple[str, ...] = (),
) -> Terminal:
    """WeeChat with all the capabilities it knows; TLS, verified, when a ``ca_file`` is given."""
    folder.mkdir(parents=True, exist_ok=True)
    commands = [
        "/set irc.look.server_buffer independent",
        "/set irc.server_default.anti_flood_prio_high 0",
        "/set irc.server_default.anti_flood_prio_low 0",
        "/set irc.server_default.capabilities *",
        "/set weechat.look.paste_max_lines -1",
        "/set irc.look.smart_filter off",
    ]
    if ca_file:
        commands.append(f"/set weechat.network.gnutls_ca_user {ca_file}")
    commands.append(
        f"/server add lab {host}/{port} {'-ssl' if ca_file else ''} -ssl_verify "
        f"-nicks={nick} -username={nick}"
    )
    if login:
        commands += [
            f"/set irc.server.lab.sasl_mechanism {login.mechanism.lower()}",
            f"/set irc.server.lab.sasl_username {login.name}",
            f"/set irc.server.lab.sasl_password {login.password}",
        ]
    commands.append("/connect lab")
    argv = [*prefix, _program("weechat"), "--dir", str(folder)]
    for command in commands:
        argv += ["--run-command", command]
    return Terminal(argv, {"HOME": str(folder)}, cwd=folder)


def _program(name: str) -> str:
    path = find_program(name)
    assert path, f"{name} is not installed: mark the test with pytest.mark.servers"
    return path
