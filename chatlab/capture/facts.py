"""What ``permission`` judges by: facts about this Linux system, gathered without changing it."""

import getpass
import os
import shlex
import shutil
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

from chatlab.capture import opener_install
from chatlab.capture.dumpcap import check_dumpcap, find_dumpcap
from chatlab.core.errors import CaptureError

OPENER_PLACES = opener_install.PLACES
_OS_RELEASE = (Path("/etc/os-release"), Path("/usr/lib/os-release"))
_CAP_NET_RAW = 13
"""linux/capability.h"""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinuxFacts:
    """Empty strings stand for “no such thing” and “no error”."""

    user: str
    socket_error: str
    """Why a packet socket cannot be opened."""
    opener: str = ""
    """The program that carries the capability."""
    is_opener_executable: bool = False
    has_opener_capability: bool = False
    is_listed: bool = True
    """Whether the installed opener serves this user."""
    is_opener_current: bool = True
    """Whether the installed opener is the one that belongs to this ChatLab."""
    pkexec: str = ""
    polkit_opener: str = ""
    """The script that pkexec runs as root, where it is installed for that."""
    install_command: str = ""
    """What an administrator types to have the opener installed; empty where that cannot be."""
    may_gain_rights: bool = True
    """Whether a program that carries capabilities gets them when this user runs it."""
    dumpcap: str = ""
    is_dumpcap_executable: bool = False
    dumpcap_group: str = ""
    is_group_member: bool = False
    """By the user database; a session that began before does not know yet."""
    dumpcap_error: str = ""
    distributions: tuple[str, ...] = ()
    """ID and ID_LIKE of os-release(5)."""


def linux_facts() -> LinuxFacts:
    """Look at this Linux system."""
    opener = _find(opener_install.STARTER)
    dumpcap = find_dumpcap() or ""
    is_executable = bool(dumpcap) and os.access(dumpcap, os.X_OK)
    group, is_member = _group_of(dumpcap) if dumpcap else ("", False)
    socket_error = _packet_socket_error()
    return LinuxFacts(
        user=user_name(),
        socket_error=socket_error,
        opener=str(opener or ""),
        is_opener_executable=opener is not None and os.access(opener, os.X_OK),
        has_opener_capability=opener is not None and _has_capability(opener),
        is_listed=_is_listed(),
        is_opener_current=_is_opener_current(),
        pkexec=shutil.which("pkexec") or "",
        polkit_opener=_polkit_opener(),
        install_command=_install_command(),
        may_gain_rights=_may_gain_rights(),
        dumpcap=dumpcap,
        is_dumpcap_executable=is_executable,
        dumpcap_group=group,
        is_group_member=is_member,
        dumpcap_error=_dumpcap_error(dumpcap) if is_executable and socket_error else "",
        distributions=_distributions(),
    )


def _find(name: str) -> Path | None:
    """A file of the installed opener’s."""
    return next((place / name for place in OPENER_PLACES if (place / name).exists()), None)


def _is_listed() -> bool:
    if (users := _find(opener_install.USERS)) is None:
        return True  # Installed by a package that lists nobody, or not at all.
    try:
        listed = opener_install.listed_users(users.parent)
    except OSError:
        return False
    return not os.getuid() or bool({str(os.getuid()), opener_install.EVERYBODY} & listed)


def _is_opener_current() -> bool:
    script = _find(opener_install.SCRIPT)
    return script is None or opener_install.is_current(script.parent)


def _polkit_opener() -> str:
    script = _find(opener_install.SCRIPT)
    return str(script) if script is not None and opener_install.POLICY.exists() else ""


def _install_command() -> str:
    if not opener_install.is_roots_program(Path(opener_install.PYTHON)):
        return ""
    return shlex.join(("sudo", *install_words(user_name())))


def install_words(*arguments: str) -> tuple[str, ...]:
    """The command that installs the opener, for somebody who is root."""
    return (opener_install.PYTHON, "-I", "-S", opener_install.__file__, *arguments)


def installing_user() -> tuple[str, ...]:
    """Whom to install for: this user; of root, whoever has called sudo or pkexec."""
    return (user_name(),) if os.getuid() else ()


def user_name() -> str:
    """Who runs this program, as the system’s user database says."""
    if sys.platform == "win32":
        return getpass.getuser()
    import pwd

    # Not by the environment, which may still name whoever called su.
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"user {os.getuid()}"  # one whom the user database does not know


def _packet_socket_error() -> str:
    """Try it: protocol 0 hears nothing, so this is harmless."""
    try:
        socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).close()
    except OSError as error:
        return error.strerror or str(error)
    return ""


def _has_capability(path: Path) -> bool:
    try:
        return bool(os.getxattr(path, "security.capability"))
    except OSError:
        return False


def _group_of(path: str) -> tuple[str, bool]:
    """The group that owns a file, and whether this user is listed in it."""
    import grp

    try:
        entry = grp.getgrgid(os.stat(path).st_gid)
    except (KeyError, OSError):
        return "", False
    return entry.gr_name, user_name() in entry.gr_mem


def _may_gain_rights() -> bool:
    """Whether a program's capabilities take effect: not in every container or sandbox."""
    try:
        status = Path("/proc/self/status").read_text("ascii", "replace")
    except OSError:
        return True  # Nothing is known against it.
    values = dict(line.partition(":\t")[::2] for line in status.splitlines())
    bounding = int(values.get("CapBnd", "0"), 16)
    return bool(bounding >> _CAP_NET_RAW & 1) and values.get("NoNewPrivs", "0") == "0"


def _dumpcap_error(dumpcap: str) -> str:
    """Asks dumpcap only where its capability may be of no use: a capture takes 60 ms to end."""
    if _has_capability(Path(dumpcap)) and _may_gain_rights():
        return ""
    try:
        check_dumpcap(dumpcap)
    except CaptureError as error:
        return error.message.removeprefix("dumpcap: ").rstrip(".")
    return ""


def _distributions() -> tuple[str, ...]:
    for path in _OS_RELEASE:
        try:
            return parse_os_release(path.read_text("utf-8", "replace"))
        except OSError:
            continue
    return ()


def parse_os_release(text: str) -> tuple[str, ...]:
    """ID first, then ID_LIKE; quotes taken off."""
    values = dict(line.partition("=")[::2] for line in text.splitlines() if "=" in line)
    words = f"{values.get('ID', '')} {values.get('ID_LIKE', '')}"
    return tuple(words.replace('"', "").replace("'", "").split())
