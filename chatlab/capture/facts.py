"""What ``permission`` judges by: facts about this system, gathered without changing it."""

import getpass
import os
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from chatlab.capture.dumpcap import check_dumpcap, find_dumpcap
from chatlab.core.errors import CaptureError

OPENER_PLACES = (Path("/usr/libexec/chatlab/opener"), Path("/usr/lib/chatlab/opener"))
"""Where a package installs the opener that carries a capability."""
_OS_RELEASE = (Path("/etc/os-release"), Path("/usr/lib/os-release"))
_CAP_NET_RAW = 13
"""linux/capability.h"""
_CHMODBPF = Path("/Library/LaunchDaemons/org.wireshark.ChmodBPF.plist")
_BPF_DEVICES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class LinuxFacts:
    """Empty strings stand for “no such thing” and “no error”."""

    user: str
    socket_error: str
    """Why a packet socket cannot be opened."""
    opener: str = ""
    is_opener_executable: bool = False
    has_opener_capability: bool = False
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


@dataclass(frozen=True, slots=True, kw_only=True)
class MacosFacts:
    user: str
    has_usable_device: bool
    device_error: str = ""
    has_chmodbpf: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowsFacts:
    is_installed: bool
    is_running: bool = False
    is_admin_only: bool = False
    is_administrator: bool = False


def linux_facts() -> LinuxFacts:
    """Look at this Linux system."""
    opener = next((path for path in OPENER_PLACES if path.exists()), None)
    dumpcap = find_dumpcap() or ""
    is_executable = bool(dumpcap) and os.access(dumpcap, os.X_OK)
    group, is_member = _group_of(dumpcap) if dumpcap else ("", False)
    socket_error = _packet_socket_error()
    return LinuxFacts(
        user=_user(),
        socket_error=socket_error,
        opener=str(opener or ""),
        is_opener_executable=opener is not None and os.access(opener, os.X_OK),
        has_opener_capability=opener is not None and _has_capability(opener),
        may_gain_rights=_may_gain_rights(),
        dumpcap=dumpcap,
        is_dumpcap_executable=is_executable,
        dumpcap_group=group,
        is_group_member=is_member,
        dumpcap_error=_dumpcap_error(dumpcap) if is_executable and socket_error else "",
        distributions=_distributions(),
    )


def _user() -> str:
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
    return entry.gr_name, _user() in entry.gr_mem


def _may_gain_rights() -> bool:
    """Whether a program's capabilities take effect: not in every container or sandbox."""
    status = Path("/proc/self/status").read_text("ascii", "replace")
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


def macos_facts() -> MacosFacts:
    """Look at this Mac."""
    error = "there are none"
    for number in range(_BPF_DEVICES):
        try:
            os.close(os.open(f"/dev/bpf{number}", os.O_RDWR))
        except OSError as problem:
            error = problem.strerror or str(problem)
            continue
        return MacosFacts(user=_user(), has_usable_device=True)
    return MacosFacts(
        user=_user(),
        has_usable_device=False,
        device_error=error,
        has_chmodbpf=_CHMODBPF.exists(),
    )


def windows_facts() -> WindowsFacts:
    """Look at this Windows system, by what Npcap's guide says may be relied on."""
    if sys.platform == "win32":
        import ctypes

        library = Path(os.environ.get("WINDIR", r"C:\Windows"), "System32", "Npcap", "wpcap.dll")
        is_installed, is_admin_only = _npcap_service()
        state = subprocess.run(
            ["sc", "query", "npcap"], stdin=subprocess.DEVNULL, capture_output=True, check=False
        )
        return WindowsFacts(
            is_installed=is_installed and library.exists(),
            is_running=b"RUNNING" in state.stdout,
            is_admin_only=is_admin_only,
            is_administrator=bool(ctypes.windll.shell32.IsUserAnAdmin()),
        )
    return WindowsFacts(is_installed=False)


def _npcap_service() -> tuple[bool, bool]:
    """Whether Npcap's service is registered, and whether only administrators may use it."""
    if sys.platform == "win32":
        import winreg

        key = r"SYSTEM\CurrentControlSet\Services\npcap"
        try:
            winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, key).Close()
        except OSError:
            return False, False
        try:
            with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, key + r"\Parameters") as parameters:
                return True, bool(winreg.QueryValueEx(parameters, "AdminOnly")[0])
        except OSError:
            return True, False
    return False, False
