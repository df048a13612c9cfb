"""Macs and Windows systems, as they were recorded: what is found there, and what is said."""

import errno
from dataclasses import dataclass, field, replace
from pathlib import PureWindowsPath

import pytest

from chatlab.capture.backends import Permission
from chatlab.capture.facts_elsewhere import (
    CHMODBPF,
    NPCAP_KEY,
    MacosFacts,
    WindowsFacts,
    gather_macos,
    gather_windows,
)
from chatlab.capture.permission_elsewhere import judge_macos, judge_windows

PARAMETERS = NPCAP_KEY + r"\Parameters"
LIBRARY = r"C:\Windows\System32\Npcap\wpcap.dll"
RUNNING = """
SERVICE_NAME: npcap
        TYPE               : 1  KERNEL_DRIVER
        STATE              : 4  RUNNING
                                (STOPPABLE, NOT_PAUSABLE, IGNORES_SHUTDOWN)
        WIN32_EXIT_CODE    : 0  (0x0)
"""
STOPPED = RUNNING.replace("4  RUNNING", "1  STOPPED")
UNKNOWN = "[SC] EnumQueryServicesStatus:OpenService FAILED 1060:\n"


@dataclass(kw_only=True)
class Mac:
    """A Mac as it was recorded."""

    user: str = "anna"
    devices: tuple[int, ...] = (errno.EACCES,) * 4
    """What opening each one ends with."""
    files: tuple[str, ...] = ()
    groups: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def open_device(self, number: int) -> int:
        return self.devices[number] if number < len(self.devices) else errno.ENOENT

    def exists(self, path: str) -> bool:
        return path in self.files

    def members(self, group: str) -> tuple[str, ...] | None:
        return self.groups.get(group)


@dataclass(kw_only=True)
class Windows:
    """A Windows system as it was recorded."""

    registry: dict[str, dict[str, int]] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    sc: str = UNKNOWN
    is_elevated: bool = False

    def has_key(self, key: str) -> bool:
        return key in self.registry

    def number(self, key: str, name: str) -> int:
        return self.registry.get(key, {}).get(name, 0)

    def exists(self, path: PureWindowsPath) -> bool:
        return str(path) in self.files

    def folder(self, variable: str) -> PureWindowsPath:
        folders = {"WINDIR": r"C:\Windows", "ProgramFiles": r"C:\Program Files"}
        return PureWindowsPath(folders[variable])

    def service(self, name: str) -> str:
        return self.sc if name == "npcap" else UNKNOWN

    def is_administrator(self) -> bool:
        return self.is_elevated


def with_npcap(**parameters: int) -> Windows:
    registry: dict[str, dict[str, int]] = {NPCAP_KEY: {}, PARAMETERS: parameters}
    return Windows(registry=registry, files=(LIBRARY,), sc=RUNNING)


def on(mac: Mac) -> Permission:
    return judge_macos(gather_macos(mac))


def at(windows: Windows) -> Permission:
    return judge_windows(gather_windows(windows))


# --- macOS --------------------------------------------------------------------------------------


def test_a_fresh_mac_is_told_of_chmodbpf_and_of_a_way_until_the_next_start() -> None:
    found = on(Mac())
    assert found.best is None
    assert found.reason == "anna may not open the packet filter devices: Permission denied."
    assert "Install ChmodBPF.pkg" in found.remedy
    assert "sudo chgrp admin /dev/bpf*" in found.remedy


def test_after_chmodbpf_the_devices_open() -> None:
    members: dict[str, tuple[str, ...]] = {"access_bpf": ("anna",)}
    found = on(Mac(devices=(0,), files=(CHMODBPF,), groups=members))
    assert found.best is not None
    assert found.remedy == ""


def test_a_device_in_use_is_passed_over() -> None:
    assert on(Mac(devices=(errno.EBUSY, errno.EBUSY, 0))).best is not None


def test_only_busy_devices_are_no_matter_of_permission() -> None:
    found = on(Mac(devices=(errno.EBUSY,) * 4))
    assert found.reason == "Other programs have all packet filter devices in use."
    assert "sudo" not in found.remedy


def test_who_is_not_in_wireshark_s_group_joins_it() -> None:
    found = on(Mac(files=(CHMODBPF,), groups={"access_bpf": ("bob",)}))
    assert found.remedy.startswith("sudo dseditgroup -o edit -a anna -t user access_bpf\n")


def test_who_has_just_joined_it_logs_in_again() -> None:
    found = on(Mac(files=(CHMODBPF,), groups={"access_bpf": ("anna",)}))
    assert "not in this login session" in found.reason
    assert "sudo" not in found.remedy


def test_a_mac_without_devices_says_so() -> None:
    assert gather_macos(Mac(devices=())) == MacosFacts(
        user="anna", has_usable_device=False, device_error="there are none"
    )


def test_why_macos_is_like_that_is_told_in_any_case() -> None:
    for mac in (Mac(), Mac(devices=(0,))):
        (note,) = on(mac).notes
        assert "/dev/bpf0" in note.words
        assert not note.is_trouble


# --- Windows ------------------------------------------------------------------------------------


def test_without_npcap_its_makers_page_is_named() -> None:
    found = at(Windows())
    assert found.reason == "Npcap, the packet driver, is not installed."
    assert "https://npcap.com/#download" in found.remedy
    assert "“Try again”" in found.remedy


def test_wireshark_without_npcap_is_recognised() -> None:
    found = at(Windows(files=(r"C:\Program Files\Wireshark\dumpcap.exe",)))
    assert found.reason == "Wireshark is installed, but without Npcap, the packet driver."


def test_npcap_for_everybody_captures() -> None:
    found = at(with_npcap(AdminOnly=0, LoopbackSupport=1))
    assert found.best is not None
    assert any("AdminOnly is 0" in note.words for note in found.notes)


def test_npcap_for_administrators_is_no_reason_to_become_one() -> None:
    restricted = with_npcap(AdminOnly=1)
    found = at(restricted)
    assert found.reason == "Npcap was installed for administrators only."
    assert "Do not start ChatLab as administrator" in found.remedy
    assert at(replace(restricted, is_elevated=True)).best is not None


def test_a_driver_that_was_stopped_is_started() -> None:
    found = at(replace(with_npcap(AdminOnly=0), sc=STOPPED))
    assert "sc start npcap" in found.remedy


def test_a_driver_without_its_library_is_installed_once_more() -> None:
    found = at(replace(with_npcap(), files=()))
    assert "wpcap.dll" in found.reason


def test_winpcap_is_no_npcap() -> None:
    old = Windows(registry={r"SYSTEM\CurrentControlSet\Services\npf": {}})
    found = at(old)
    assert found.best is None
    assert [note.name for note in found.notes if note.is_trouble] == ["WinPcap"]


@pytest.mark.parametrize("is_installed", [False, True])
def test_licence_and_loopback_are_explained_before_and_after(is_installed: bool) -> None:
    notes = {n.name: n for n in judge_windows(WindowsFacts(is_installed=is_installed)).notes}
    assert "five computers" in notes["Npcap’s licence"].words
    assert r"\Device\NPF_Loopback" in notes["Npcap’s loopback device"].words
