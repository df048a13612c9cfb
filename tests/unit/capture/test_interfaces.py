"""Which interfaces there are, and who is refused one."""

import sys
from pathlib import Path

import pytest

from chatlab.capture import interfaces
from chatlab.capture.backends import Backend, Permission, state_of
from chatlab.capture.dumpcap import DumpcapInterface
from chatlab.core.errors import CaptureError

OWN = Permission((state_of(Backend.PACKET_SOCKET, True, "Yes."),))
REFUSED = Permission(
    (
        state_of(Backend.INSTALLED_OPENER, True, "Yes."),
        state_of(Backend.DUMPCAP, False, "No.", "sudo usermod …"),
    )
)


@pytest.mark.only_on("linux")
def test_loopback_is_found_with_its_addresses_behind_what_leads_elsewhere() -> None:
    found = interfaces.find_interfaces(OWN)
    (loopback,) = [each for each in found if each.name == "lo"]
    assert loopback.is_loopback
    assert "127.0.0.1" in loopback.addresses
    up = [each for each in found if each.is_up]
    assert up == sorted(up, key=lambda each: (each.is_loopback, each.name))
    assert list(found[: len(up)]) == up


def test_the_opener_s_users_are_told_why_not_and_what_would_help() -> None:
    with pytest.raises(CaptureError) as caught:
        interfaces.find_interfaces(REFUSED)
    assert "ChatLab’s opener refuses that" in caught.value.message
    assert caught.value.hint == "sudo usermod …"
    with pytest.raises(CaptureError) as caught:
        interfaces.watch_interface(1, "eth0", False, REFUSED)
    assert "ChatLab’s opener refuses that" in caught.value.message


def test_without_the_opener_it_is_not_spoken_of() -> None:
    with pytest.raises(CaptureError) as caught:
        interfaces.find_interfaces(Permission((state_of(Backend.NPCAP, False, "No.", "Get it."),)))
    assert "opener" not in caught.value.message
    assert caught.value.hint == "Get it."


def test_elsewhere_dumpcap_lists_them(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = DumpcapInterface(r"\Device\NPF_Loopback", frozenset({"127.0.0.1"}), True)
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(interfaces, "find_dumpcap", lambda: "dumpcap.exe")
    monkeypatch.setattr(interfaces, "ask_dumpcap", lambda dumpcap: (listed,))
    (found,) = interfaces.find_interfaces(Permission((state_of(Backend.NPCAP, True, "Yes."),)))
    assert (found.name, found.addresses) == (r"\Device\NPF_Loopback", ("127.0.0.1",))


def test_windows_without_wireshark_is_told_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(interfaces, "find_dumpcap", lambda: None)
    with pytest.raises(CaptureError) as caught:
        interfaces.find_interfaces(Permission((state_of(Backend.NPCAP, True, "Yes."),)))
    assert "Install Wireshark" in caught.value.hint


@pytest.mark.only_on("linux")
def test_an_interface_that_goes_away_meanwhile_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("here0", "gone0"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "flags").write_text("0x1003\n", encoding="ascii")
    (tmp_path / "here0" / "uevent").write_text("DEVTYPE=wlan\n", encoding="ascii")
    monkeypatch.setattr(interfaces, "_NET", tmp_path)
    (found,) = interfaces.find_interfaces(OWN)
    assert (found.name, found.description) == ("here0", "Wi-Fi")
