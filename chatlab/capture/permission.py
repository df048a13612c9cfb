"""May this user capture, by which means, and if not: why, and what exactly mends it here?

Asking takes milliseconds and changes nothing. The window and ``chatlab doctor`` show the same
words. ``judge_linux``, ``judge_macos`` and ``judge_windows`` are pure: facts in, judgement out.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from chatlab.capture.facts import (
    LinuxFacts,
    MacosFacts,
    WindowsFacts,
    linux_facts,
    macos_facts,
    windows_facts,
)
from chatlab.capture.opening import OWN_OPENER

_RECONFIGURE = "sudo dpkg-reconfigure wireshark-common &&  # answer “Yes”"
_SEALED = "programs started here get no further rights, as in a container or sandbox"


class Backend(Enum):
    """A way to get at packets, by the name that people know it by."""

    PACKET_SOCKET = "packet socket"
    INSTALLED_OPENER = "installed opener"
    DUMPCAP = "dumpcap"
    BPF_DEVICE = "BPF device"
    NPCAP = "Npcap"


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendState:
    """One way, and whether it is open to this user."""

    backend: Backend
    is_possible: bool
    detail: str
    """How it works here, or why it does not."""
    remedy: str = ""
    """What would open it; empty when nothing sensible would."""
    command: tuple[str, ...] = ()
    """The program that opens packets this way, if it takes one."""


@dataclass(frozen=True, slots=True)
class Permission:
    """Every way on this system, the preferred ones first."""

    states: tuple[BackendState, ...]

    @property
    def best(self) -> BackendState | None:
        """The way to be taken, or None when this user may not capture."""
        return next((state for state in self.states if state.is_possible), None)

    @property
    def reason(self) -> str:
        """Why nothing can be captured; empty when something can."""
        if self.best is not None:
            return ""
        return " ".join(state.detail for state in self.states)

    @property
    def remedy(self) -> str:
        """The simplest thing that would help on this system."""
        if self.best is not None:
            return ""
        return next((state.remedy for state in self.states if state.remedy), "")

    def find(self, backend: Backend) -> BackendState | None:
        """The state of one way, None where this system does not know it."""
        return next((state for state in self.states if state.backend is backend), None)


def check() -> Permission:
    """Look at this system. Blocks for some milliseconds, in which dumpcap may be asked."""
    if sys.platform == "win32":
        return judge_windows(windows_facts())
    if sys.platform == "darwin":
        return judge_macos(macos_facts())
    return judge_linux(linux_facts())


# --- Linux --------------------------------------------------------------------------------------


def judge_linux(facts: LinuxFacts) -> Permission:
    """Own right, then an installed opener, then dumpcap."""
    return Permission((_own_right(facts), _installed_opener(facts), _dumpcap_linux(facts)))


def _own_right(facts: LinuxFacts) -> BackendState:
    if not facts.socket_error:
        detail = "This program may open packet sockets (CAP_NET_RAW)."
        return _state(Backend.PACKET_SOCKET, True, detail, command=OWN_OPENER)
    return _state(
        Backend.PACKET_SOCKET,
        False,
        f"This program may not open packet sockets: {facts.socket_error}.",
    )


def _installed_opener(facts: LinuxFacts) -> BackendState:
    kind = Backend.INSTALLED_OPENER
    path = facts.opener
    if not path:
        return _state(kind, False, "ChatLab’s privileged opener is not installed.")
    if not facts.is_opener_executable:
        return _state(
            kind, False, f"{path} may not be run by {facts.user}.", f"sudo chmod a+x {path}"
        )
    if not facts.has_opener_capability:
        return _state(
            kind,
            False,
            f"{path} has lost its capability, as happens when a file is copied or restored.",
            f"sudo setcap cap_net_raw,cap_net_admin=ep {path}",
        )
    if not facts.may_gain_rights:
        return _state(kind, False, f"{path} may not use its capability: {_SEALED}.")
    return _state(kind, True, f"{path} opens packet sockets for this program.", command=(path,))


def _dumpcap_linux(facts: LinuxFacts) -> BackendState:
    kind = Backend.DUMPCAP
    path = facts.dumpcap
    if not path:
        return _state(kind, False, "Wireshark’s dumpcap is not installed.", _install_dumpcap(facts))
    if not facts.is_dumpcap_executable:
        group = facts.dumpcap_group
        if facts.is_group_member:
            detail = f"{facts.user} has joined the group “{group}”, but not in this login session."
            return _state(kind, False, detail, "Log out and in again; then captures work.")
        return _state(
            kind,
            False,
            f"Only members of the group “{group}” may run {path}.",
            _join_group(facts, group),
        )
    if facts.dumpcap_error and not facts.may_gain_rights:
        detail = f"{path} may not capture: {_SEALED}."
        remedy = "Start ChatLab outside of the container or sandbox, or give that CAP_NET_RAW."
        return _state(kind, False, detail, remedy)
    if facts.dumpcap_error:
        return _state(kind, False, _why_dumpcap_may_not(facts), _mend_dumpcap(facts))
    return _state(kind, True, f"{path} may be run by {facts.user}.", command=(path,))


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


# --- macOS --------------------------------------------------------------------------------------


def judge_macos(facts: MacosFacts) -> Permission:
    """Capturing is reading /dev/bpf*, which belongs to root until somebody changes that."""
    if facts.has_usable_device:
        detail = "This user may open the packet filter devices (/dev/bpf*)."
        return Permission((_state(Backend.BPF_DEVICE, True, detail),))
    remedy = (
        "Open Wireshark’s disk image and run “Install ChmodBPF.pkg”, then log out and in again.\n"
        "Or, until the next restart: sudo chgrp admin /dev/bpf* && sudo chmod g+rw /dev/bpf*"
    )
    if facts.has_chmodbpf:
        remedy = (
            f"sudo dseditgroup -o edit -a {facts.user} -t user access_bpf\n"
            "Then log out and in again."
        )
    detail = f"{facts.user} may not open the packet filter devices: {facts.device_error}."
    return Permission((_state(Backend.BPF_DEVICE, False, detail, remedy),))


# --- Windows ------------------------------------------------------------------------------------


def judge_windows(facts: WindowsFacts) -> Permission:
    """Everything hangs on Npcap, which each user has to download for themselves."""
    kind = Backend.NPCAP
    if not facts.is_installed:
        return Permission(
            (
                _state(
                    kind,
                    False,
                    "Npcap, the packet driver, is not installed.",
                    "Download Npcap from https://npcap.com/#download and install it, leaving "
                    "“Restrict Npcap driver’s access to Administrators only” unticked. Its free "
                    "licence covers five computers; Wireshark’s installer brings it, too.",
                ),
            )
        )
    if not facts.is_running:
        detail = "Npcap is installed, but its driver is not running."
        remedy = "In a command prompt that was started as administrator: sc start npcap"
        return Permission((_state(kind, False, detail, remedy),))
    if facts.is_admin_only and not facts.is_administrator:
        return Permission(
            (
                _state(
                    kind,
                    False,
                    "Npcap was installed for administrators only.",
                    "Run Npcap’s installer again without “Restrict Npcap driver’s access to "
                    "Administrators only”, or start ChatLab as administrator.",
                ),
            )
        )
    return Permission((_state(kind, True, "Npcap is installed and open to this user."),))


def _state(
    backend: Backend, is_possible: bool, detail: str, remedy: str = "", command: Sequence[str] = ()
) -> BackendState:
    return BackendState(
        backend=backend,
        is_possible=is_possible,
        detail=detail,
        remedy=remedy,
        command=tuple(command),
    )
