"""Who may capture, and what helps those who may not: facts in, words out."""

from dataclasses import replace

import pytest

from chatlab.capture.facts import LinuxFacts, parse_os_release
from chatlab.capture.permission import (
    Backend,
    Permission,
    judge_linux,
)

STUDENT = LinuxFacts(
    user="student",
    socket_error="Operation not permitted",
    dumpcap="/usr/bin/dumpcap",
    is_dumpcap_executable=False,
    dumpcap_group="wireshark",
    distributions=("debian",),
)


def best(permission: Permission) -> Backend | None:
    return permission.best.backend if permission.best else None


def test_an_own_right_comes_first() -> None:
    found = judge_linux(replace(STUDENT, socket_error="", is_dumpcap_executable=True))
    assert best(found) is Backend.PACKET_SOCKET
    assert found.reason == ""
    assert found.remedy == ""


def test_an_installed_opener_comes_before_dumpcap() -> None:
    facts = replace(
        STUDENT,
        opener="/usr/libexec/chatlab/opener",
        is_opener_executable=True,
        has_opener_capability=True,
        is_dumpcap_executable=True,
    )
    found = judge_linux(facts)
    assert best(found) is Backend.INSTALLED_OPENER
    assert found.best
    assert found.best.command == ("/usr/libexec/chatlab/opener",)


def test_an_opener_that_lost_its_capability_is_told_how_to_get_it_back() -> None:
    facts = replace(STUDENT, opener="/opt/opener", is_opener_executable=True)
    assert judge_linux(facts).remedy == "sudo setcap cap_net_raw,cap_net_admin=ep /opt/opener"


def test_dumpcap_serves_who_may_run_it() -> None:
    assert best(judge_linux(replace(STUDENT, is_dumpcap_executable=True))) is Backend.DUMPCAP


def test_a_stranger_is_told_to_join_the_group() -> None:
    found = judge_linux(STUDENT)
    assert found.best is None
    assert "members of the group “wireshark”" in found.reason
    assert found.remedy.startswith("sudo usermod -aG wireshark student\n")


def test_a_new_member_only_has_to_log_in_again() -> None:
    found = judge_linux(replace(STUDENT, is_group_member=True))
    assert "not in this login session" in found.reason
    assert "sudo" not in found.remedy


@pytest.mark.parametrize(
    ("distribution", "command"),
    [
        ("debian", "sudo apt install wireshark-common &&\nsudo dpkg-reconfigure wireshark-common"),
        ("fedora", "sudo dnf install wireshark-cli"),
        ("arch", "sudo pacman -S wireshark-cli"),
        ("unheard-of", "# Install Wireshark from your distribution"),
    ],
)
def test_a_missing_dumpcap_is_installed_in_the_distribution_s_way(
    distribution: str, command: str
) -> None:
    found = judge_linux(replace(STUDENT, dumpcap="", distributions=(distribution,)))
    assert found.remedy.startswith(command)
    assert "usermod -aG wireshark student" in found.remedy


def test_a_dumpcap_without_capability_is_mended() -> None:
    facts = replace(STUDENT, is_dumpcap_executable=True, dumpcap_error="no permission")
    assert judge_linux(facts).remedy.startswith("sudo dpkg-reconfigure wireshark-common")
    elsewhere = judge_linux(replace(facts, distributions=("arch",)))
    assert "setcap cap_net_raw,cap_net_admin=eip /usr/bin/dumpcap" in elsewhere.remedy


def test_every_way_says_why_not() -> None:
    assert all(state.detail for state in judge_linux(STUDENT).states)


def test_polkit_comes_last_and_needs_its_program() -> None:
    facts = replace(STUDENT, polkit_opener="/usr/libexec/chatlab/start.py", may_gain_rights=True)
    assert best(judge_linux(facts)) is None
    with_pkexec = replace(facts, pkexec="/usr/bin/pkexec")
    found = judge_linux(with_pkexec)
    assert best(found) is Backend.POLKIT
    assert found.best
    assert found.best.command[0] == "/usr/bin/pkexec"
    assert found.best.command[-1] == "/usr/libexec/chatlab/start.py"
    assert best(judge_linux(replace(with_pkexec, is_dumpcap_executable=True))) is Backend.DUMPCAP
    assert best(judge_linux(replace(with_pkexec, may_gain_rights=False))) is None


def test_an_opener_for_others_says_so_and_how_to_be_added() -> None:
    facts = replace(
        STUDENT,
        opener="/usr/libexec/chatlab/opener",
        is_opener_executable=True,
        has_opener_capability=True,
        is_listed=False,
        install_command="sudo install-it",
    )
    found = judge_linux(facts)
    assert found.best is None
    assert "but not for student" in found.reason
    assert found.remedy == "sudo install-it"


def test_a_dialog_is_offered_only_where_one_can_ask() -> None:
    facts = replace(STUDENT, install_command="sudo install-it")
    assert not judge_linux(facts).can_enable
    with_polkit = replace(facts, pkexec="/usr/bin/pkexec")
    assert judge_linux(with_polkit).can_enable
    assert not judge_linux(replace(with_polkit, may_gain_rights=False)).can_enable
    assert not judge_linux(replace(with_polkit, socket_error="")).can_enable


def test_an_opener_of_another_version_is_to_be_installed_anew() -> None:
    facts = replace(STUDENT, is_opener_current=False, install_command="sudo install-it")
    (note,) = judge_linux(facts).notes
    assert note.is_trouble
    assert note.remedy == "sudo install-it"
    assert judge_linux(STUDENT).notes == ()


def test_whole_interfaces_are_not_the_opener_s_business() -> None:
    opener = replace(
        STUDENT,
        opener="/usr/libexec/chatlab/opener",
        is_opener_executable=True,
        has_opener_capability=True,
    )
    assert judge_linux(opener).interfaces is None
    both = judge_linux(replace(opener, is_dumpcap_executable=True)).interfaces
    assert both is not None
    assert both.backend is Backend.DUMPCAP


def test_os_release_gives_the_distribution_and_its_kin() -> None:
    text = 'NAME="Linux Mint"\nID=linuxmint\nID_LIKE="ubuntu debian"\n'
    assert parse_os_release(text) == ("linuxmint", "ubuntu", "debian")
