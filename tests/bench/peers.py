"""The other programs: where they are, and how they are told to behave.

Each gets a home of its own in which it looks as if it had been used before: no greeting, no
question about a server, no warning to root.
"""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.bench.feeder import CHANNEL
from tests.conftest import find_program

_NICK = "reader"


@dataclass(frozen=True, slots=True)
class Peer:
    """Another program on this machine."""

    name: str
    program: str
    """Its path; empty when it is not installed."""

    @property
    def absence(self) -> str:
        return f"{self.name} is not installed (on Debian “python3 dev.py bench” brings it)"


def peer(name: str, program: str) -> Peer:
    return Peer(name, find_program(program) or "")


WIRESHARK = peer("Wireshark", "wireshark")
KONVERSATION = peer("Konversation", "konversation")
IRSSI = peer("irssi", "irssi")
WEECHAT = peer("WeeChat", "weechat")
DUMPCAP = peer("dumpcap", "dumpcap")
TSHARK = peer("tshark", "tshark")
ALL = (WIRESHARK, KONVERSATION, IRSSI, WEECHAT, DUMPCAP, TSHARK)


def version(which: Peer) -> str:
    """As the program says it; empty when it is not there."""
    if not which.program:
        return ""
    said = subprocess.run(
        [which.program, "--version"],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "QT_QPA_PLATFORM": "offscreen", "LC_ALL": "C.UTF-8"},
    )
    found = re.search(r"\d+(\.\d+)+", said.stdout + said.stderr)
    return found[0] if found else "of unknown version"


def prepare_wireshark(home: Path) -> list[str]:
    folder = home / ".config" / "wireshark"
    folder.mkdir(parents=True)
    (folder / "recent_common").write_text("privs.warn_if_elevated: FALSE\n", encoding="utf-8")
    return [WIRESHARK.program]


def prepare_konversation(home: Path) -> list[str]:
    folder = home / ".config"
    folder.mkdir(parents=True)
    (folder / "konversationrc").write_text(
        "[Startup Options]\nShowServerList=false\n[General]\nShowServerList=false\n",
        encoding="utf-8",
    )
    return [KONVERSATION.program]


def prepare_irssi(home: Path, port: int) -> list[str]:
    folder = home / "irssi"
    folder.mkdir(parents=True)
    (folder / "config").write_text(_IRSSI.format(port=port), encoding="utf-8")
    return [IRSSI.program, "--home", str(folder)]


_IRSSI = f"""\
servers = ( {{{{ address = "127.0.0.1"; chatnet = "Bench"; port = "{{port}}"; autoconnect = "yes"; }}}} );
chatnets = {{{{ Bench = {{{{ type = "IRC"; nick = "{_NICK}"; }}}}; }}}};
channels = ( {{{{ name = "{CHANNEL}"; chatnet = "Bench"; autojoin = "yes"; }}}} );
settings = {{{{ core = {{{{ nick = "{_NICK}"; user_name = "{_NICK}"; real_name = "{_NICK}"; }}}}; }}}};
"""


def prepare_weechat(home: Path, port: int) -> list[str]:
    folder = home / "weechat"
    folder.mkdir(parents=True)
    commands = (
        f"/server add bench 127.0.0.1/{port} -nicks={_NICK} -autojoin={CHANNEL}",
        "/connect bench",
    )
    told = [word for command in commands for word in ("--run-command", command)]
    return [WEECHAT.program, "--dir", str(folder), *told]
