"""May this user capture, by which means, and if not: why, and what exactly mends it here?

Asking takes milliseconds and changes nothing. The window and ``chatlab doctor`` show the same
words. ``judge_linux`` is pure: facts in, judgement out; so are those of ``permission_elsewhere``.
"""

import sys

from chatlab.capture.backends import Backend, BackendState, Note, Permission, state_of
from chatlab.capture.facts import LinuxFacts, linux_facts
from chatlab.capture.facts_elsewhere import ThisMac, ThisWindows, gather_macos, gather_windows
from chatlab.capture.opening import OWN_OPENER
from chatlab.capture.permission_elsewhere import judge_macos, judge_windows

__all__ = ["Backend", "BackendState", "Permission", "check", "judge_linux"]

PKEXEC_ARGUMENTS = ("--disable-internal-agent",)
"""In a window nobody looks at the terminal; where no agent runs, polkit then says so at once."""
_RECONFIGURE = "sudo dpkg-reconfigure wireshark-common &&  # answer “Yes”"
_SEALED = "programs started here get no further rights, as in a container or sandbox"


def check() -> Permission:
    """Look at this system. Blocks for some milliseconds, in which dumpcap may be asked."""
    if sys.platform == "win32":
        return judge_windows(gather_windows(ThisWindows()))
    if sys.platform == "darwin":
        return judge_macos(gather_macos(ThisMac()))
    return judge_linux(linux_facts())


# --- Linux --------------------------------------------------------------------------------------


def judge_linux(facts: LinuxFacts) -> Permission:
    """Own right, then an installed opener, then dumpcap, then an opener that polkit starts."""
    states = (_own_right(facts), _installed_opener(facts), _dumpcap_linux(facts), _polkit(facts))
    is_enough = bool(facts.pkexec and facts.install_command and facts.may_gain_rights)
    can_enable = is_enough and not any(state.is_possible for state in states)
    return Permission(states, () if facts.is_opener_current else (_stale(facts),), can_enable)


def _stale(facts: LinuxFacts) -> Note:
    """It works, or refuses what it does not know; what it was mended for since, it lacks."""
    words = "The installed opener belongs to another version of ChatLab."
    return Note("Installed opener", words, facts.install_command, is_trouble=True)


def _own_right(facts: LinuxFacts) -> BackendState:
    if not facts.socket_error:
        detail = "This program may open packet sockets (CAP_NET_RAW)."
        return state_of(Backend.PACKET_SOCKET, True, detail, command=OWN_OPENER)
    return state_of(
        Backend.PACKET_SOCKET,
        False,
        f"This program may not open packet sockets: {facts.socket_error}.",
    )


def _installed_opener(facts: LinuxFacts) -> BackendState:
    kind = Backend.INSTALLED_OPENER
    path = facts.opener
    install = facts.install_command if facts.may_gain_rights else ""
    if not path:
        return state_of(kind, False, "ChatLab’s privileged opener is not installed.", install)
    if not facts.is_listed:
        detail = f"{path} is installed, but not for {facts.user}."
        return state_of(kind, False, detail, install)
    if not facts.is_opener_executable:
        return state_of(
            kind, False, f"{path} may not be run by {facts.user}.", f"sudo chmod a+x {path}"
        )
    if not facts.has_opener_capability:
        return state_of(
            kind,
            False,
            f"{path} has lost its capability, as happens when a file is copied or restored.",
            f"sudo setcap cap_net_raw,cap_net_admin=ep {path}",
        )
    if not facts.may_gain_rights:
        return state_of(kind, False, f"{path} may not use its capability: {_SEALED}.")
    return state_of(kind, True, f"{path} opens packet sockets for this program.", command=(path,))


def _polkit(facts: LinuxFacts) -> BackendState:
    kind = Backend.POLKIT
    path = facts.polkit_opener
    if not path:
        return state_of(kind, False, "No polkit action of ChatLab’s is installed.")
    if not facts.pkexec:
        detail = f"{path} is started by pkexec, which is not installed."
        return state_of(kind, False, detail, "sudo apt install pkexec" if _is_debian(facts) else "")
    if not facts.may_gain_rights:
        return state_of(kind, False, f"pkexec may not start {path}: {_SEALED}.")
    if not facts.is_listed:
        detail = f"{path} is installed, but not for {facts.user}."
        return state_of(kind, False, detail, facts.install_command)
    detail = f"polkit starts {path}, which opens packet sockets for this program."
    return state_of(kind, True, detail, command=(facts.pkexec, *PKEXEC_ARGUMENTS, path))


def _dumpcap_linux(facts: LinuxFacts) -> BackendState:
    kind = Backend.DUMPCAP
    path = facts.dumpcap
    if not path:
        return state_of(
            kind, False, "Wireshark’s dumpcap is not installed.", _install_dumpcap(facts)
        )
    if not facts.is_dumpcap_executable:
        group = facts.dumpcap_group
        if facts.is_group_member:
            detail = f"{facts.user} has joined the group “{group}”, but not in this login session."
            return state_of(kind, False, detail, "Log out and in again; then captures work.")
        return state_of(
            kind,
            False,
            f"Only members of the group “{group}” may run {path}.",
            _join_group(facts, group),
        )
    if facts.dumpcap_error and not facts.may_gain_rights:
        detail = f"{path} may not capture: {_SEALED}."
        remedy = "Start ChatLab outside of the container or sandbox, or give that CAP_NET_RAW."
        return state_of(kind, False, detail, remedy)
    if facts.dumpcap_error:
        return state_of(kind, False, _why_dumpcap_may_not(facts), _mend_dumpcap(facts))
    return state_of(kind, True, f"{path} may be run by {facts.user}.", command=(path,))


def _why_dumpcap_may_not(facts: LinuxFacts) -> str:
    words = facts.dumpcap_error.casefold()
    if "permitted" in words or "permission" in words:
        # libpcap says it at great length.
        return f"{facts.dumpcap} is set up to capture for root alone."
    return f"{facts.dumpcap} cannot capture: {facts.dumpcap_error}."


def _install_dumpcap(facts: LinuxFacts) -> str:
    # Joined by “&&”, so that pasted lines do not become answers to apt's question.
    if _is_debian(facts):
        return f"sudo apt install wireshark-common &&\n{_RECONFIGURE}\n{_wireshark_group(facts)}"
    commands = {
        "fedora": "sudo dnf install wireshark-cli",
        "rhel": "sudo dnf install wireshark-cli",
        "arch": "sudo pacman -S wireshark-cli",
        "suse": "sudo zypper install wireshark",
        "opensuse": "sudo zypper install wireshark",
    }
    for name in facts.distributions:
        if name in commands:
            return f"{commands[name]} &&\n{_wireshark_group(facts)}"
    return f"# Install Wireshark from your distribution; then:\n{_wireshark_group(facts)}"


def _mend_dumpcap(facts: LinuxFacts) -> str:
    if _is_debian(facts):
        return f"{_RECONFIGURE}\n{_wireshark_group(facts)}"
    path = facts.dumpcap
    return "\n".join(
        (
            f"sudo chgrp wireshark {path} && sudo chmod 750 {path} &&",
            f"sudo setcap cap_net_raw,cap_net_admin=eip {path} &&",
            _wireshark_group(facts),
        )
    )


def _wireshark_group(facts: LinuxFacts) -> str:
    return _join_group(facts, "wireshark")


def _join_group(facts: LinuxFacts, group: str) -> str:
    return f"sudo usermod -aG {group} {facts.user}\n# Then log out and in again."


def _is_debian(facts: LinuxFacts) -> bool:
    return bool({"debian", "ubuntu"} & set(facts.distributions))
