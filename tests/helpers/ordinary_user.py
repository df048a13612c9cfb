"""A user with no rights at all, to try what ChatLab can do without root.

The user exists in a mount namespace only: an entry in its own copy of the user database, a home,
and copies of dumpcap and of an opener, owned and privileged as a test wants them. Folders that
only root may enter, but that hold Python or this checkout, are opened there, under the same
names. Nothing of the machine is changed, and all of it is gone with the last process.
"""

import os
import shlex
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import chatlab
from chatlab.capture import opener_install
from tests.conftest import find_program

NAME = "student"
_FIRST_UID, _UIDS = 61_000, 4_000
_GROUP_ID = 60_999
OPENER = Path("/usr/libexec/chatlab/opener")
_CAPABILITIES = "cap_net_raw,cap_net_admin=eip"


class Dumpcap(Enum):
    """How Debian's package leaves dumpcap behind."""

    FOR_NOBODY = "after the answer “No”: anyone may run it, but it may not capture"
    FOR_MEMBERS = "after the answer “Yes”: for members of the group wireshark"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrdinaryUser:
    """Whom to run programs as."""

    uid: int
    home: Path
    prefix: tuple[str, ...]
    """Before a command, this makes it the user's. What runs then is that command alone."""

    def processes(self) -> list[str]:
        """The names of all that the user is running."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                # Not by the folder's owner: that is root for programs with capabilities.
                values = (folder / "status").read_text(encoding="utf-8").splitlines()
            except (FileNotFoundError, ProcessLookupError):
                continue  # It has ended meanwhile.
            if f"Uid:\t{self.uid}\t" in "".join(values):
                found.append(values[0].partition("\t")[2])
        return found


@contextmanager
def ordinary_user(
    *,
    dumpcap: Dumpcap = Dumpcap.FOR_NOBODY,
    joins: bool = False,
    is_logged_in_since: bool = True,
    has_opener: bool = False,
    commands: Sequence[str] = (),
    is_sealed: bool = False,
) -> Iterator[OrdinaryUser]:
    """A user of a Debian system, member of the group *wireshark* if ``joins`` is set.

    ``is_logged_in_since``: whether the login session knows about the group. ``commands`` are run
    by root before each of the user's. ``is_sealed``: the user's programs get no further rights.
    Mark the test with ``pytest.mark.network``: namespaces need root.
    """
    uid = _FIRST_UID + os.getpid() % _UIDS
    with tempfile.TemporaryDirectory(prefix="chatlab-user-") as folder:
        Path(folder).chmod(0o755)
        home, stage = Path(folder, "home"), Path(folder, "stage")
        stage.mkdir()
        home.mkdir()
        os.chown(home, uid, uid)
        steps = [
            f"mount -t tmpfs -o mode=755 tmpfs {stage}",
            *_open_paths(stage, home),
            *_user_database(stage, home, uid, joins=joins),
            *_dumpcap(stage, dumpcap),
            *(_opener(uid) if has_opener else ()),
            *commands,
        ]
        groups = [f"--groups={_GROUP_ID}"] if joins and is_logged_in_since else ["--clear-groups"]
        become = ["setpriv", f"--reuid={uid}", f"--regid={uid}", *groups, "--inh-caps=-all"]
        become += ["--no-new-privs"] if is_sealed else []
        script = "\n".join([*steps, f'exec {shlex.join(become)} -- "$@"'])
        yield OrdinaryUser(
            uid=uid,
            home=home,
            prefix=(
                *("unshare", "--mount", "--propagation", "private", "sh", "-ec", script, "sh"),
                *_environment(home),
            ),
        )


def _environment(home: Path) -> list[str]:
    wrong = [name for name in os.environ if name.startswith("XDG_")]
    forget = [word for name in wrong for word in ("-u", name)]
    return ["env", *forget, f"HOME={home}", f"TMPDIR={home}", f"CHATLAB_HOME={home}/chatlab"]


def _open_paths(stage: Path, home: Path) -> list[str]:
    """Make what the user needs reachable although a folder above is for root alone."""
    checkout = Path(chatlab.__file__).parents[1]
    needed = {Path(sys.base_prefix), Path(sys.prefix), Path(sys.prefix).resolve(), checkout, home}
    blocked = {path: wall for path in needed if (wall := _wall(path))}
    walls = set(blocked.values())
    steps = []
    for number, path in enumerate(sorted(blocked)):
        steps += [f"mkdir -p {stage}/{number}", f"mount --bind {path} {stage}/{number}"]
    steps += [f"mount -t tmpfs -o mode=755 tmpfs {wall}" for wall in sorted(walls)]
    for number, path in enumerate(sorted(blocked)):
        steps += [f"mkdir -p {path}", f"mount --bind {stage}/{number} {path}"]
    return steps


def _wall(path: Path) -> Path | None:
    """The topmost folder on the way to ``path`` that others may not enter."""
    for folder in reversed(path.parents):
        if not folder.stat().st_mode & 0o001:
            return folder
    return None


def _user_database(stage: Path, home: Path, uid: int, *, joins: bool) -> list[str]:
    lines = {
        "passwd": f"{NAME}:x:{uid}:{uid}::{home}:/bin/sh",
        "group": f"wireshark:x:{_GROUP_ID}:{NAME if joins else ''}",
        "os-release": "",
    }
    steps = [f"grep -v ^wireshark: /etc/group > {stage}/group", f"cp /etc/passwd {stage}/passwd"]
    steps.append(f"printf 'ID=debian\\nVERSION_ID=\"12\"\\n' > {stage}/os-release")
    for name, line in lines.items():
        steps.append(f"echo {shlex.quote(line)} >> {stage}/{name}")
        steps.append(f"mount --bind {stage}/{name} /etc/{name}")
    return steps


def _dumpcap(stage: Path, state: Dumpcap) -> list[str]:
    """As wireshark-common's postinst sets owner, mode and capabilities."""
    program = find_program("dumpcap")
    assert program, "dumpcap is not installed: mark the test with pytest.mark.servers('dumpcap')"
    copy = stage / "dumpcap"
    steps = [f"cp {program} {copy}"]
    if state is Dumpcap.FOR_MEMBERS:
        steps += [f"chown root:{_GROUP_ID} {copy}", f"chmod u=rwx,g=rx,o=r {copy}"]
        steps += [f"setcap {_CAPABILITIES} {copy}"]
    return [*steps, f"mount --bind {copy} {program}"]


def _opener(uid: int) -> list[str]:
    """The opener as an administrator installs it for this user, but without its capability."""
    code = (
        f"import sys; sys.path.append({str(Path(chatlab.__file__).parents[1])!r})\n"
        "from chatlab.capture import opener_install as opener\n"
        f"opener.PLACES = (opener.Path({str(OPENER.parent)!r}),)\n"
        f"print(opener.install({str(uid)!r}))\n"
    )
    hidden = (*opener_install.PLACES, opener_install.POLICY.parent)
    return [
        f"mount -t tmpfs -o mode=755 tmpfs {OPENER.parents[1]}",
        *(f"! test -d {each} || mount -t tmpfs -o mode=755 tmpfs {each}" for each in hidden),
        f"{opener_install.PYTHON} -I -S -c {shlex.quote(code)} >/dev/null",
        f"setcap -r {OPENER}",
    ]
