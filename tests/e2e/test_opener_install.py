"""Installing the opener, and taking it away, in a mount namespace that dies with the test."""

import json
import shlex
import subprocess
from pathlib import Path
from typing import cast
from xml.etree import ElementTree

import pytest

import chatlab
from chatlab.capture import opener_install
from tests.helpers.capturing import TIMEOUT_S

pytestmark = [pytest.mark.only_on("linux"), pytest.mark.network]

_PLACE = "/usr/libexec/chatlab"
_POLICIES = "/usr/share/polkit-1/actions"
_CODE = f"""
import json, os, pathlib, stat, sys
sys.path.insert(0, {str(Path(chatlab.__file__).parents[1])!r})
from chatlab.capture import opener_install as opener

opener.PLACES = (opener.Path({_PLACE!r}),)
said = []
def attempt(*arguments):
    said.append(opener.main(list(arguments)))
def look():
    files = {{}}
    for path in sorted(pathlib.Path({_PLACE!r}).rglob("*")):
        found = path.stat()
        files[str(path.relative_to({_PLACE!r}))] = [
            found.st_uid, stat.S_IMODE(found.st_mode),
            os.getxattr(path, "security.capability").hex()
            if "security.capability" in os.listxattr(path) else "",
        ]
    return files
def users():
    return pathlib.Path({_PLACE!r}, "capture-users").read_text().split()
def tell(*more):
    policies = [path.read_text() for path in pathlib.Path({_POLICIES!r}).glob("*chatlab*")]
    print(json.dumps([said, look(), policies, *more]))
"""


def in_namespace(code: str, *steps: str) -> tuple[list[int], dict[str, list[object]], list[str]]:
    """Exit codes, installed files with owner, mode and capability, and polkit's policies."""
    answer = told(code, *steps)
    return cast(tuple[list[int], dict[str, list[object]], list[str]], tuple(answer))


def told(code: str, *steps: str) -> list[object]:
    """The same, and whatever else the code tells."""
    mounts = [f"mount -t tmpfs -o mode=755 tmpfs {each}" for each in ("/usr/libexec", _POLICIES)]
    program = f"{opener_install.PYTHON} -I -S -c {shlex.quote(_CODE + code)}"
    script = "\n".join((f"mkdir -p {_POLICIES}", *mounts, *steps, program))
    run = subprocess.run(
        ["unshare", "--mount", "--propagation", "private", "sh", "-ec", script],
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_S,
    )
    assert run.returncode == 0, run.stderr
    return cast(list[object], json.loads(run.stdout.splitlines()[-1]))


def _fake_pkexec(folder: Path) -> str:
    """A pkexec in ``/usr/local/bin``: the installer only looks whether there is one."""
    program = folder / "pkexec"
    program.write_text("#!/bin/sh\n", encoding="utf-8")
    program.chmod(0o755)
    return f"mount --bind {folder} /usr/local/bin"


def test_everything_is_root_s_and_only_the_starter_carries_a_right() -> None:
    codes, files, policies = in_namespace("attempt('4711'); tell()")
    assert codes == [0]
    assert {owner for owner, _, _ in files.values()} == {0}
    modes = {name: mode for name, (_, mode, _) in files.items()}
    executables = {name for name, mode in modes.items() if mode == 0o755}
    assert executables == {"opener", "start.py", "chatlab", "chatlab/capture"}
    assert {mode for name, mode in modes.items() if name not in executables} == {0o644}
    rights = {name: capability for name, (_, _, capability) in files.items() if capability}
    # linux/capability.h: revision 2 with the effective bit, then CAP_NET_ADMIN and CAP_NET_RAW.
    assert rights == {"opener": "01000002" + "00300000" + "00000000" * 3}
    assert policies == []


def test_a_second_user_is_added_and_the_first_one_stays() -> None:
    code = "attempt('4711'); attempt('4712'); attempt('--everybody'); print(); tell(users())"
    codes, _, _, users = told(code)
    assert codes == [0, 0, 0]
    assert users == ["*", "4711", "4712"]


def test_another_version_of_it_is_noticed() -> None:
    code = (
        f"attempt('4711'); place = opener.Path({_PLACE!r}); fresh = opener.is_current(place);"
        "copy = place / 'chatlab/capture/opener.py'; copy.write_text('# older'); print();"
        "tell(fresh, opener.is_current(place))"
    )
    assert told(code)[-2:] == [True, False]


def test_what_was_installed_is_taken_away_without_a_trace() -> None:
    codes, files, policies = in_namespace("attempt('4711'); attempt('--remove'); tell()")
    assert (codes, files, policies) == ([0, 0], {}, [])


def test_without_a_compiler_polkit_starts_the_script(tmp_path: Path) -> None:
    code = "opener.COMPILERS = (); attempt('4711'); tell()"
    codes, files, (policy,) = in_namespace(code, _fake_pkexec(tmp_path))
    assert codes == [0]
    assert "opener" not in files
    action = ElementTree.fromstring(policy.partition("?>")[2]).find("action")
    assert action is not None
    annotation = action.find("annotate")
    assert annotation is not None
    assert annotation.text == f"{_PLACE}/start.py"
    assert action.findtext("defaults/allow_any") == "auth_admin_keep"


def test_where_files_carry_no_rights_polkit_does_it_too(tmp_path: Path) -> None:
    code = "attempt('4711'); tell()"
    nosuid = "mount -o remount,nosuid /usr/libexec"
    codes, files, policies = in_namespace(code, nosuid, _fake_pkexec(tmp_path))
    assert codes == [0]
    assert "opener" not in files
    assert len(policies) == 1


def test_with_neither_of_both_nothing_is_left_behind() -> None:
    code = (
        "opener.COMPILERS = (); opener.shutil.which = lambda *_, **__: None;attempt('4711'); tell()"
    )
    assert in_namespace(code) == ([1], {}, [])


def test_what_works_stays_where_it_cannot_be_installed_anew() -> None:
    code = (
        "attempt('4711'); opener.COMPILERS = (); opener.shutil.which = lambda *_, **__: None;"
        "attempt('4712'); tell()"
    )
    codes, files, _ = in_namespace(code)
    assert codes == [0, 1]
    assert "opener" in files


def test_a_folder_that_others_may_write_to_is_not_used() -> None:
    code = "attempt('4711'); tell()"
    assert in_namespace(code, "chmod 777 /usr/libexec") == ([1], {}, [])
