"""May this user capture on a Mac, or on Windows? Pure: facts in, judgement and notes out."""

from chatlab.capture.backends import Backend, BackendState, Note, Permission, state_of
from chatlab.capture.facts_elsewhere import BPF_GROUP, MacosFacts, WindowsFacts

NPCAP_PAGE = "https://npcap.com/#download"
_NPCAP_LICENCE = Note(
    "Npcap’s licence",
    "Npcap may not be handed on, so ChatLab does not bring it: everybody downloads it from its "
    "makers. Its free licence covers five computers. Copies that are used with nothing but "
    "Wireshark, Nmap or Microsoft Defender for Identity do not count; with ChatLab they do.",
    "For a classroom of more than five computers, ask the makers of Npcap for a licence.",
)
_NPCAP_LOOPBACK = Note(
    "Npcap’s loopback device",
    r"The offline lab talks over loopback. Npcap shows it as \Device\NPF_Loopback, from version "
    "0.9983 on without any further setting.",
)
_BPF = Note(
    "Packet filter devices",
    "macOS hands out packets through /dev/bpf0, /dev/bpf1 and so on. They are made anew at each "
    "start of the computer, as root’s. ChmodBPF, which comes with Wireshark, gives them to the "
    f"group {BPF_GROUP} each time.",
)
_LOG_IN_AGAIN = "Log out and in again; then captures work."


def judge_macos(facts: MacosFacts) -> Permission:
    """Capturing is reading /dev/bpf*, which belongs to root until somebody changes that."""
    return Permission((_bpf_state(facts),), (_BPF,))


def _bpf_state(facts: MacosFacts) -> BackendState:
    kind = Backend.BPF_DEVICE
    if facts.has_usable_device:
        return state_of(kind, True, "This user may open the packet filter devices (/dev/bpf*).")
    if facts.is_busy:
        detail = "Other programs have all packet filter devices in use."
        return state_of(kind, False, detail, "End a program that captures, then try again.")
    detail = f"{facts.user} may not open the packet filter devices: {facts.device_error}."
    if facts.is_group_member:
        detail = f"{facts.user} has joined the group {BPF_GROUP}, but not in this login session."
        return state_of(kind, False, detail, _LOG_IN_AGAIN)
    if facts.has_chmodbpf:
        remedy = (
            f"sudo dseditgroup -o edit -a {facts.user} -t user {BPF_GROUP}\n"
            "# Then log out and in again."
        )
        return state_of(kind, False, detail, remedy)
    remedy = (
        "Open Wireshark’s disk image and run “Install ChmodBPF.pkg”, then log out and in again.\n"
        "Or, until the next restart: sudo chgrp admin /dev/bpf* && sudo chmod g+rw /dev/bpf*"
    )
    return state_of(kind, False, detail, remedy)


def judge_windows(facts: WindowsFacts) -> Permission:
    """Everything hangs on Npcap, which each user has to download for themselves."""
    notes = [_NPCAP_LICENCE, _NPCAP_LOOPBACK]
    if facts.is_installed:
        notes.append(_who_may(facts))
    if facts.has_winpcap:
        notes.append(
            Note(
                "WinPcap",
                "WinPcap, which came before Npcap, is installed as well. It sees no loopback, and "
                "nobody maintains it.",
                "Uninstall WinPcap.",
                is_trouble=True,
            )
        )
    return Permission((_npcap_state(facts),), tuple(notes))


def _npcap_state(facts: WindowsFacts) -> BackendState:
    kind = Backend.NPCAP
    if not facts.is_installed:
        return state_of(kind, False, _why_no_npcap(facts), _how_to_get_npcap(facts))
    if not facts.has_library:
        detail = "Npcap’s driver is registered, but its library (wpcap.dll) is not there."
        return state_of(kind, False, detail, f"Install Npcap once more: {NPCAP_PAGE}")
    if not facts.is_running:
        detail = "Npcap is installed, but its driver is not running."
        remedy = "In a command prompt that was started as administrator: sc start npcap"
        return state_of(kind, False, detail, remedy)
    if facts.is_admin_only and not facts.is_administrator:
        return state_of(
            kind,
            False,
            "Npcap was installed for administrators only.",
            "Run Npcap’s installer again without “Restrict Npcap driver’s access to "
            "Administrators only”. Do not start ChatLab as administrator: it reads what strangers "
            "send.",
        )
    return state_of(kind, True, "Npcap is installed and open to this user.")


def _why_no_npcap(facts: WindowsFacts) -> str:
    if facts.has_wireshark:
        return "Wireshark is installed, but without Npcap, the packet driver."
    return "Npcap, the packet driver, is not installed."


def _how_to_get_npcap(facts: WindowsFacts) -> str:
    return (
        f"Download Npcap from {NPCAP_PAGE} and install it, leaving “Restrict Npcap driver’s "
        "access to Administrators only” unticked; then press “Try again”. Its free licence covers "
        "five computers; Wireshark’s installer brings it, too."
    )


def _who_may(facts: WindowsFacts) -> Note:
    if facts.is_admin_only:
        words = (
            "Administrators only (AdminOnly is 1): Windows asks for an administrator whenever a "
            "program opens a device."
        )
        return Note("Npcap’s users", words)
    return Note(
        "Npcap’s users",
        "Everybody who uses this computer (AdminOnly is 0), with any program and for all traffic. "
        "ChatLab filters for its own connections.",
    )
