"""Installs the opener with its right, or takes it away: what an administrator runs, once.

Run as root by the system's own Python, ``/usr/bin/python3 -I -S opener_install.py USER``, with
``--everybody`` instead of a user for a classroom, or with ``--remove``. Standard library only.

Installed is a folder of root's: copies of ``opener.py`` and ``bpf.py``, a script that starts them,
the list of the users that they serve, and one of two ways to the right:

* a program made from ``opener_start.c``, which carries the file capabilities, where there is a C
  compiler and a file system that keeps them;
* else a polkit action, by which pkexec runs the script as root.

Python itself never gets a capability: it would be anybody's, for any script.
"""

import argparse
import os
import shutil
import stat
import struct
import subprocess
import sys
from pathlib import Path

PLACES = (Path("/usr/local/libexec/chatlab"), Path("/usr/libexec/chatlab"))
"""The first whose parents nobody but root may write to."""
PYTHON = "/usr/bin/python3"
STARTER, SCRIPT, USERS = "opener", "start.py", "capture-users"
POLICY = Path("/usr/share/polkit-1/actions/org.chatlab.capture.policy")
EVERYBODY = "*"
COMPILERS = ("/usr/bin/cc", "/usr/bin/gcc", "/usr/bin/clang")
_SOURCE = Path(__file__).resolve().parents[1]
_COPIED = ("__init__.py", "capture/__init__.py", "capture/bpf.py", "capture/opener.py")
_MINIMUM = (3, 9)
"""``socket.recv_fds`` came with it."""

# linux/capability.h: struct vfs_cap_data, revision 2, with the effective bit.
_CAPABILITY = struct.Struct("<IIIII")
_REVISION_2_EFFECTIVE = 0x02000001
_CAP_NET_ADMIN, _CAP_NET_RAW = 12, 13

_START = """#!{python} -IS
import sys

sys.path.append({library!r})
from chatlab.capture.opener import main

sys.exit(main({users!r}))
"""
_POLICY = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE policyconfig PUBLIC "-//freedesktop//DTD PolicyKit Policy Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/PolicyKit/1/policyconfig.dtd">
<policyconfig>
  <vendor>ChatLab</vendor>
  <action id="org.chatlab.capture.open">
    <description>Capture the frames of one’s own connections</description>
    <message>ChatLab wants to capture the frames of a connection of yours.</message>
    <defaults>
      <allow_any>auth_admin_keep</allow_any>
      <allow_inactive>auth_admin_keep</allow_inactive>
      <allow_active>yes</allow_active>
    </defaults>
    <annotate key="org.freedesktop.policykit.exec.path">{script}</annotate>
  </action>
</policyconfig>
"""


class NotInstalled(Exception):
    """Why it cannot be done; the text is for people."""


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Lets users capture their own connections.")
    who = parser.add_mutually_exclusive_group()
    who.add_argument("user", metavar="USER", nargs="?", default="", help="who may capture")
    who.add_argument("--everybody", action="store_true", help="all users of this computer may")
    who.add_argument("--remove", action="store_true", help="take away what was installed")
    options = parser.parse_args(arguments)
    os.umask(0o022)
    try:
        if os.geteuid() != 0:
            raise NotInstalled("This takes an administrator: run it with sudo.")
        if options.remove:
            print(remove())
        else:
            print(install(EVERYBODY if options.everybody else user_id(options.user)))
    except NotInstalled as reason:
        print(reason, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{error.filename or 'The opener'}: {error.strerror}.", file=sys.stderr)
        return 1
    return 0


def user_id(name: str) -> str:
    """The user to be listed: the one named, or else who called sudo or pkexec."""
    if not name:
        name = os.environ.get("PKEXEC_UID") or os.environ.get("SUDO_UID") or ""
    if name.isdecimal():
        return name
    import pwd  # Here, for the names above are read on every system.

    try:
        return str(pwd.getpwnam(name).pw_uid)
    except KeyError:
        known = f"There is no user “{name}”." if name else "Nobody is named."
        raise NotInstalled(f"{known} Name the user who is to capture, or all of them.") from None


def install(user: str) -> str:
    """Put it in place and list ``user``; says what was done. Raises NotInstalled or OSError."""
    if sys.version_info < _MINIMUM or not is_roots(Path(PYTHON)):
        raise NotInstalled(f"{PYTHON} has to be Python 3.9 or newer, and root’s.")
    place = choose_place()
    listed = listed_users(place) | {user}
    fresh = place.with_name(f".{place.name}-{os.getpid()}")
    try:
        fill(fresh, place, listed)
        reason = make_starter(fresh, place)
        if reason:
            check_polkit(reason)
        if place.exists():
            shutil.rmtree(place)
        fresh.rename(place)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    if reason:
        install_policy(place)
    else:
        POLICY.unlink(missing_ok=True)
    way = "through polkit" if reason else "by its capability"
    return f"ChatLab’s opener is installed in {place} and works {way}."


def is_current(place: Path) -> bool:
    """Whether what is installed there is what would be installed now."""
    try:
        return all(
            (place / "chatlab" / name).read_bytes() == (_SOURCE / name).read_bytes()
            for name in _COPIED
        )
    except OSError:
        return False


def choose_place() -> Path:
    """Where nobody but root can put something else in its place. Raises NotInstalled."""
    for place in PLACES:
        known = next(folder for folder in place.parents if folder.exists())
        if is_roots(known):
            place.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            return place
    raise NotInstalled("The system’s folders for programs are not root’s alone: nothing is done.")


def is_roots(path: Path) -> bool:
    """Whether nobody but root can change a file, or replace it or a folder on the way to it."""
    resolved = path.resolve()
    return all(
        found.st_uid == 0 and not stat.S_IMODE(found.st_mode) & 0o022
        for found in (each.stat() for each in (resolved, *resolved.parents))
    )


def listed_users(place: Path) -> set[str]:
    """Whom an earlier installation serves, read as the opener reads it. Raises OSError."""
    try:
        lines = (place / USERS).read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return set()
    return {line.partition("#")[0].strip() for line in lines} - {""}


def fill(fresh: Path, place: Path, users: set[str]) -> None:
    """Copy the opener, write its starting script and its list of users."""
    for name in _COPIED:
        target = fresh / "chatlab" / name
        target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        target.write_bytes((_SOURCE / name).read_bytes())
    (fresh / USERS).write_text("\n".join(sorted(users)) + "\n", encoding="utf-8")
    script = _START.format(python=PYTHON, library=str(place), users=str(place / USERS))
    (fresh / SCRIPT).write_text(script, encoding="utf-8")
    for each in (fresh, *fresh.rglob("*")):
        os.chown(each, 0, 0)
        each.chmod(0o755 if each.is_dir() or each.name == SCRIPT else 0o644)


def make_starter(fresh: Path, place: Path) -> str:
    """Make the program that carries the capability; returns why there is none, or nothing."""
    compiler = next((each for each in COMPILERS if is_roots_program(Path(each))), "")
    if not compiler:
        return "there is no C compiler"
    starter = fresh / STARTER
    run = subprocess.run(
        [
            *(compiler, "-O2", "-Wall", "-Werror", "-fPIE", "-pie", "-Wl,-z,relro,-z,now"),
            *(f'-DPYTHON="{PYTHON}"', f'-DSCRIPT="{place / SCRIPT}"', "-o", str(starter)),
            str(_SOURCE / "capture" / "opener_start.c"),
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
    )
    if run.returncode:
        starter.unlink(missing_ok=True)
        return "the C compiler cannot make it"
    starter.chmod(0o755)
    if os.statvfs(fresh).f_flag & os.ST_NOSUID:
        starter.unlink()
        return "its file system is mounted without capabilities (nosuid)"
    rights = 1 << _CAP_NET_RAW | 1 << _CAP_NET_ADMIN
    try:
        value = _CAPABILITY.pack(_REVISION_2_EFFECTIVE, rights, 0, 0, 0)
        os.setxattr(starter, "security.capability", value)
    except OSError as error:
        starter.unlink()
        return f"its file system keeps no capabilities ({error.strerror})"
    return ""


def is_roots_program(path: Path) -> bool:
    return os.access(path, os.X_OK) and is_roots(path)


def check_polkit(reason: str) -> None:
    """Raises NotInstalled where the other way is closed as well; nothing is changed then."""
    if not POLICY.parent.is_dir() or not shutil.which("pkexec", path="/usr/bin:/usr/local/bin"):
        raise NotInstalled(
            f"The opener cannot be given its right: {reason}, and there is no polkit (pkexec). "
            "Install a C compiler (Debian: sudo apt install gcc libc6-dev) and try again."
        )


def install_policy(place: Path) -> None:
    """The other way: pkexec runs the script as root."""
    POLICY.write_text(_POLICY.format(script=place / SCRIPT), encoding="utf-8")
    POLICY.chmod(0o644)


def remove() -> str:
    """Take away whatever was installed; says what was done."""
    found = [place for place in PLACES if (place / USERS).exists()]
    for place in found:
        shutil.rmtree(place)
    POLICY.unlink(missing_ok=True)
    if not found:
        return "ChatLab’s opener was not installed."
    return f"ChatLab’s opener was taken away from {found[0]}."


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
