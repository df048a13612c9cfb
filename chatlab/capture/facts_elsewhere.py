"""What ``permission_elsewhere`` judges by: facts about a Mac, or a Windows system.

What is looked at stands behind a small Protocol each, so that what was recorded on other machines
can be judged on any.
"""

import errno
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import Protocol

BPF_DEVICES = 16
"""Devices that are tried; macOS makes more when these are in use."""
CHMODBPF = "/Library/LaunchDaemons/org.wireshark.ChmodBPF.plist"
BPF_GROUP = "access_bpf"
NPCAP_KEY = r"SYSTEM\CurrentControlSet\Services\npcap"
_NPCAP_DLL = PureWindowsPath("System32", "Npcap", "wpcap.dll")
_WIRESHARK = PureWindowsPath("Wireshark", "dumpcap.exe")
_RUNNING = "RUNNING"


@dataclass(frozen=True, slots=True, kw_only=True)
class MacosFacts:
    user: str
    has_usable_device: bool
    device_error: str = ""
    is_busy: bool = False
    """The devices may be opened, but all of them are in use."""
    has_chmodbpf: bool = False
    """Wireshark’s launch daemon, which opens the devices to a group at each start."""
    is_group_member: bool = False
    """By the user database; a session that began before does not know yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowsFacts:
    is_installed: bool
    has_library: bool = True
    """Npcap’s own wpcap.dll, beside its driver."""
    is_running: bool = False
    is_admin_only: bool = False
    is_administrator: bool = False
    has_wireshark: bool = False
    has_winpcap: bool = False
    """Npcap’s predecessor, which cannot see loopback and is not maintained."""


class MacosProbe(Protocol):
    """A look at a Mac."""

    @property
    def user(self) -> str: ...

    def open_device(self, number: int) -> int:
        """Open and close ``/dev/bpf…`` for reading and writing: 0, or the errno."""
        ...

    def exists(self, path: str) -> bool: ...

    def members(self, group: str) -> tuple[str, ...] | None:
        """Who is in a group; None when there is no such group."""
        ...


class WindowsProbe(Protocol):
    """A look at a Windows system."""

    def has_key(self, key: str) -> bool:
        """Whether a key of HKEY_LOCAL_MACHINE is there."""
        ...

    def number(self, key: str, name: str) -> int:
        """A number in the registry; 0 where there is none."""
        ...

    def exists(self, path: PureWindowsPath) -> bool: ...

    def folder(self, variable: str) -> PureWindowsPath:
        """A folder that the environment names, like ``WINDIR``."""
        ...

    def service(self, name: str) -> str:
        """What ``sc query`` says."""
        ...

    def is_administrator(self) -> bool: ...


def gather_macos(probe: MacosProbe) -> MacosFacts:
    """Try the devices, and look for what Wireshark installs."""
    troubles = []
    for number in range(BPF_DEVICES):
        trouble = probe.open_device(number)
        if not trouble:
            return MacosFacts(user=probe.user, has_usable_device=True)
        if trouble == errno.ENOENT:
            break
        troubles.append(trouble)
    last = troubles[-1] if troubles else errno.ENOENT
    return MacosFacts(
        user=probe.user,
        has_usable_device=False,
        device_error=os.strerror(last) if troubles else "there are none",
        is_busy=errno.EBUSY in troubles,
        has_chmodbpf=probe.exists(CHMODBPF),
        is_group_member=probe.user in (probe.members(BPF_GROUP) or ()),
    )


def gather_windows(probe: WindowsProbe) -> WindowsFacts:
    """Look at Npcap by what its guide says may be relied on: service, parameters, library."""
    windows, programs = probe.folder("WINDIR"), probe.folder("ProgramFiles")
    return WindowsFacts(
        is_installed=probe.has_key(NPCAP_KEY),
        has_library=probe.exists(windows / _NPCAP_DLL),
        is_running=_RUNNING in probe.service("npcap"),
        is_admin_only=bool(probe.number(NPCAP_KEY + r"\Parameters", "AdminOnly")),
        is_administrator=probe.is_administrator(),
        has_wireshark=probe.exists(programs / _WIRESHARK),
        has_winpcap=probe.has_key(r"SYSTEM\CurrentControlSet\Services\npf"),
    )


class ThisMac:
    """Implements ``MacosProbe``."""

    @property
    def user(self) -> str:
        import pwd

        return pwd.getpwuid(os.getuid()).pw_name

    def open_device(self, number: int) -> int:
        try:
            os.close(os.open(f"/dev/bpf{number}", os.O_RDWR))
        except OSError as error:
            return error.errno or errno.EIO
        return 0

    def exists(self, path: str) -> bool:
        return Path(path).exists()

    def members(self, group: str) -> tuple[str, ...] | None:
        import grp

        try:
            return tuple(grp.getgrnam(group).gr_mem)
        except KeyError:
            return None


class ThisWindows:
    """Implements ``WindowsProbe``; elsewhere it finds nothing."""

    def has_key(self, key: str) -> bool:
        if sys.platform == "win32":
            import winreg

            try:
                winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, key).Close()
            except OSError:
                return False
            return True
        return False

    def number(self, key: str, name: str) -> int:
        if sys.platform == "win32":
            import winreg

            try:
                with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, key) as opened:
                    return int(winreg.QueryValueEx(opened, name)[0])
            except (OSError, ValueError):
                return 0
        return 0

    def exists(self, path: PureWindowsPath) -> bool:
        return Path(path).exists()

    def folder(self, variable: str) -> PureWindowsPath:
        usual = {"WINDIR": r"C:\Windows", "ProgramFiles": r"C:\Program Files"}
        return PureWindowsPath(os.environ.get(variable, usual[variable]))

    def service(self, name: str) -> str:
        if sys.platform == "win32":
            command = ["sc", "query", name]
            run = subprocess.run(
                command, stdin=subprocess.DEVNULL, capture_output=True, check=False
            )
            return run.stdout.decode("ascii", "replace")
        return ""

    def is_administrator(self) -> bool:
        if sys.platform == "win32":
            import ctypes

            return bool(ctypes.windll.shell32.IsUserAnAdmin())
        return False
