#!/usr/bin/env python3
"""ChatLab's developer commands; the same words on Linux, macOS and Windows.

    python3 dev.py run [ARGS]          open the window on the offline lab (or pass ARGS to chatlab)
    python3 dev.py test [PYTEST ARGS]  every check and test; with arguments, pytest alone
    python3 dev.py bench [ARGS]        measure, beside other programs in the same run
    python3 dev.py screenshots [ARGS]  take the README's pictures again
    python3 dev.py setup               install what all of these need, and stop there
    python3 dev.py lock [UV ARGS]      resolve the pinned requirements again (--upgrade for newer)

Each command first installs what it lacks: system packages with apt-get on Debian and Ubuntu, and
Python packages, pinned by hash, into ``.venv``. Nothing is looked up when nothing has changed.
Only the standard library is used, for this file runs before anything is installed.
"""

from __future__ import annotations  # An old Python must get as far as our own message.

import hashlib
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
RUN_LOCK = ROOT / "requirements" / "run.txt"
TEST_LOCK = ROOT / "requirements" / "test.txt"
OLDEST_PYTHON = (3, 11)

WINDOW_PACKAGES = (
    # Loaded by any Qt widget, then by Qt's X11 and Wayland platforms; TLS roots; letters, emoji.
    *("libgl1", "libegl1", "libxkbcommon0", "libdbus-1-3", "libfontconfig1", "libglib2.0-0"),
    *("libxkbcommon-x11-0", "libxcb-cursor0", "libxcb-icccm4", "libxcb-image0"),
    *("libxcb-keysyms1", "libxcb-randr0", "libxcb-render-util0", "libxcb-shape0"),
    *("libxcb-xfixes0", "libxcb-xkb1", "libx11-xcb1"),
    *("libwayland-client0", "libwayland-cursor0", "libwayland-egl1"),
    *("ca-certificates", "fonts-dejavu-core", "fonts-noto-color-emoji"),
)
TEST_PACKAGES = (
    # A display to drive; other people's servers, clients and analyser; networks of our own.
    *("xvfb", "xdotool", "tshark", "ngircd", "inspircd", "irssi", "weechat-curses"),
    *("prosody", "profanity", "poezio", "finch"),
    *("gcc", "libc6-dev"),  # For the opener that "doctor --fix" installs.
    *("iproute2", "libcap2-bin"),
)
BENCH_PACKAGES = ("wireshark", "konversation", "irssi", "weechat-headless", "xvfb", "inspircd")
SERVICES = ("ngircd", "inspircd", "prosody")
"""Of those packages, the ones that Debian would start as system services."""

LIBRARIES = (
    *("libGL.so.1", "libEGL.so.1", "libxkbcommon.so.0", "libdbus-1.so.3", "libfontconfig.so.1"),
    *("libglib-2.0.so.0", "libxkbcommon-x11.so.0", "libxcb-cursor.so.0", "libxcb-icccm.so.4"),
    *("libxcb-image.so.0", "libxcb-keysyms.so.1", "libxcb-render-util.so.0", "libX11-xcb.so.1"),
)
"""What to look for where packages have other names than Debian's."""
OTHER_SYSTEMS = {
    "dnf": "sudo dnf install mesa-libGL mesa-libEGL libxkbcommon-x11 xcb-util-cursor xcb-util-image"
    " xcb-util-keysyms xcb-util-renderutil xcb-util-wm libX11-xcb dbus-libs fontconfig glib2",
    "pacman": "sudo pacman -S --needed libglvnd mesa libxkbcommon-x11 xcb-util-cursor"
    " xcb-util-image xcb-util-keysyms xcb-util-renderutil xcb-util-wm dbus fontconfig glib2",
    "zypper": "sudo zypper install Mesa-libGL1 Mesa-libEGL1 libxkbcommon-x11-0 libxcb-cursor0"
    " libxcb-image0 libxcb-keysyms1 libxcb-render-util0 libxcb-icccm4 libX11-xcb1",
}

APT_SCRIPT = r"""
set -eu
# Asked by Debian's packages before they start a service: 101 means "not now".
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    trap 'exit 130' INT TERM
    printf '#!/bin/sh\nexit 101\n' > "$policy"
    chmod 755 "$policy"
fi
export DEBIAN_FRONTEND=noninteractive
install() { apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=300 $PACKAGES; }
apt-get --simulate install $PACKAGES > /dev/null 2>&1 || apt-get update
install || { apt-get update && install; }
for service in $SERVICES; do
    update-rc.d "$service" disable > /dev/null
done
"""
"""Runs as root. An index that is empty or too old is fetched again; services stay switched off."""


class SetupError(Exception):
    """Something is missing that only the person in front of the machine can bring."""


def say(text: str) -> None:
    print(f"dev.py: {text}", flush=True)


# --- the system's packages ------------------------------------------------------------------


def installed_packages() -> set[str]:
    """Names of Debian packages that are installed, and of those that they stand in for.

    Ubuntu 24.04 renamed libglib2.0-0 to libglib2.0-0t64, which "provides" the old name.
    """
    listing = subprocess.run(
        ["dpkg-query", "--show", "--showformat", "${db:Status-Abbrev};${Package};${Provides}\n"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    names: set[str] = set()
    for line in listing.splitlines():
        status, package, provides = line.split(";", 2)
        if status.startswith("ii"):
            names.add(package)
            names.update(re.findall(r"(?:^|, )([a-z0-9.+-]+)", provides))
    return names


def venv_package() -> tuple[str, ...]:
    """Debian keeps what ``python -m venv`` needs in a package of its own."""
    if importlib.util.find_spec("ensurepip") is not None:
        return ()
    return (f"python{sys.version_info.major}.{sys.version_info.minor}-venv",)


def install_system_packages(packages: Sequence[str]) -> None:
    """Bring what is missing. Raises SetupError with the exact line where we may not."""
    if not sys.platform.startswith("linux"):
        return
    if not (shutil.which("dpkg-query") and shutil.which("apt-get")):
        require_libraries()
        return
    present = installed_packages()
    missing = [name for name in dict.fromkeys(packages) if name not in present]
    if not missing:
        return
    by_hand = f"apt-get install --no-install-recommends {' '.join(missing)}"
    services = [name for name in SERVICES if name in missing]
    say(f"these packages of your system are missing: {' '.join(missing)}")
    if services:
        say(f"the services that {' and '.join(services)} bring with them will stay switched off")
    command = ["env", f"PACKAGES={' '.join(missing)}", f"SERVICES={' '.join(services)}"]
    command += ["sh", "-c", APT_SCRIPT]
    if os.geteuid() != 0:
        if not shutil.which("sudo"):
            raise SetupError(f"there is no sudo here. Run this as root, then try again:\n{by_hand}")
        say("installing them with apt-get through sudo, which may ask for your password")
        command.insert(0, "sudo")
    else:
        say("installing them with apt-get")
    if subprocess.call(command) != 0:
        raise SetupError(f"apt-get failed (see above). When that is solved, or by hand:\n{by_hand}")


def require_libraries() -> None:
    """On a Linux without apt-get: say what Qt would miss, in that system's own words."""
    probe = "import ctypes, sys\nfor name in sys.argv[1:]:\n    ctypes.CDLL(name)"
    result = subprocess.run(
        [sys.executable, "-c", probe, *LIBRARIES], capture_output=True, text=True, check=False
    )
    if result.returncode == 0:
        return
    hint = next((line for tool, line in OTHER_SYSTEMS.items() if shutil.which(tool)), None)
    found = re.search(r"OSError: (\S+):", result.stderr)
    library = found[1] if found else "a library"
    raise SetupError(
        f"Qt needs {library}, which is not installed. "
        + (f"Install it with:\n{hint}" if hint else f"It needs all of: {', '.join(LIBRARIES)}")
    )


# --- the virtual environment ----------------------------------------------------------------


def in_venv(program: str) -> str:
    """Path of a program in the virtual environment."""
    return str(VENV / ("Scripts" if os.name == "nt" else "bin") / program)


def stamp_of(lock: Path) -> str:
    """Changes whenever the environment would have to change."""
    digest = hashlib.sha256(f"{ROOT}\n{sys.version}\n".encode())
    for file in (lock, ROOT / "pyproject.toml"):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def ensure_venv(lock: Path) -> None:
    """Make ``.venv`` hold what ``lock`` pins, and ChatLab itself as an editable install."""
    stamp_file = VENV / f"chatlab-{lock.stem}.stamp"
    stamp = stamp_of(lock)
    if stamp_file.is_file() and stamp_file.read_text(encoding="utf-8") == stamp:
        return
    say("making .venv and installing the pinned Python packages (about 100 MB the first time)")
    create_venv()
    quiet = () if sys.stdout.isatty() else ("--quiet",)
    pip = [in_venv("python"), "-m", "pip", "install", "--disable-pip-version-check", *quiet]
    check_call([*pip, "--require-hashes", "-r", str(lock)], "the Python packages")
    # hatchling is pinned in the lock, so nothing unpinned is fetched to build ChatLab.
    editable = ["--no-deps", "--no-build-isolation", "--editable", str(ROOT)]
    check_call([*pip, *editable], "ChatLab itself")
    stamp_file.write_text(stamp, encoding="utf-8")


def create_venv() -> None:
    """A new environment, or the old one again when it is of the same Python."""
    config = VENV / "pyvenv.cfg"
    version = ".".join(map(str, sys.version_info[:3]))
    is_other = not config.is_file() or f"version = {version}" not in config.read_text("utf-8")
    clear = ["--clear"] if VENV.exists() and is_other else []
    check_call([sys.executable, "-m", "venv", *clear, str(VENV)], "the virtual environment")


def check_call(command: Sequence[str], what: str) -> None:
    if subprocess.call(command, cwd=ROOT) != 0:
        raise SetupError(f"{what} could not be installed (see above): {shlex.join(command)}")


# --- the commands ---------------------------------------------------------------------------


def run(arguments: Sequence[str]) -> int:
    return hand_over(["-m", "chatlab", *(arguments or ["--lab"])])


def bench(arguments: Sequence[str]) -> int:
    return hand_over(["-m", "tests.bench", *arguments])


def screenshots(arguments: Sequence[str]) -> int:
    return hand_over(["-m", "tests.screenshots", *arguments])


def setup(arguments: Sequence[str]) -> int:
    if arguments:
        raise SetupError(f"setup takes no arguments, but got: {shlex.join(arguments)}")
    say("everything is installed")
    return 0


def hand_over(arguments: Sequence[str]) -> int:
    """Become the environment's Python, so that signals reach it and not us."""
    command = [in_venv("python"), *arguments]
    if os.name == "posix":
        os.chdir(ROOT)
        os.execv(command[0], command)
    return subprocess.call(command, cwd=ROOT)


def test(arguments: Sequence[str]) -> int:
    """All checks, the tests last, so that pytest's summary closes a successful run."""
    pytest = [in_venv("python"), "-m", "pytest"]
    if arguments:
        return subprocess.call([*pytest, *arguments], cwd=ROOT)
    checks = {
        "ruff check": [in_venv("ruff"), "check", "--quiet", "."],
        "ruff format": [in_venv("ruff"), "format", "--check", "--quiet", "."],
        "mypy": [in_venv("mypy"), "--no-error-summary"],
        "mypy dev.py": [in_venv("mypy"), "--no-error-summary", "dev.py"],
        "import layers": [in_venv("lint-imports")],
        # Side by side, the files in their order: end to end, which takes longest, comes first.
        "pytest": [*pytest, "-n", str(workers()), "--dist", "loadfile", "--no-loadscope-reorder"],
    }
    failed = [name for name, command in checks.items() if not passes(name, command)]
    if failed:
        say(f"failed: {', '.join(failed)}")
    return 1 if failed else 0


def workers() -> int:
    """One more than processors: tests that go end to end wait more than they work."""
    return min(os.cpu_count() or 1, 8) + 1


def passes(name: str, command: Sequence[str]) -> bool:
    """Run one check; all but pytest speak only when they have something to say."""
    started = time.monotonic()
    say(f"{name} …")
    is_long = name == "pytest"
    result = subprocess.run(
        command,
        cwd=ROOT,
        check=False,
        stdout=None if is_long else subprocess.PIPE,
        stderr=None if is_long else subprocess.STDOUT,
    )
    if is_long:
        return result.returncode == 0
    if result.returncode != 0:
        sys.stdout.buffer.write(result.stdout)
    verdict = "passed" if result.returncode == 0 else "FAILED"
    say(f"{name} {verdict} in {time.monotonic() - started:.1f} s")
    return result.returncode == 0


def lock(arguments: Sequence[str]) -> int:
    """Pin every requirement by hash, for all systems and Pythons; the files name no index."""
    import tomllib  # New in 3.11: not before the version has been checked.

    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        check_call([sys.executable, "-m", "venv", folder], "a throw-away environment")
        python = str(Path(folder) / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))
        check_call([python, "-m", "pip", "install", "--quiet", "uv"], "uv")
        builders = Path(folder) / "build.in"
        # hatchling asks for editables as soon as an installation is to be editable.
        needed = [*pyproject["build-system"]["requires"], "editables"]
        builders.write_text("\n".join(needed), encoding="utf-8")
        resolve(python, RUN_LOCK, [str(builders), *arguments])
        # The tests add to what runs, and change nothing of it.
        constraint = ["--group", "dev", "--constraint", str(RUN_LOCK)]
        resolve(python, TEST_LOCK, [str(builders), *constraint, *arguments])
    return 0


def resolve(python: str, target: Path, arguments: Sequence[str]) -> None:
    """Have uv write one lock file. What it pins already stays, unless that cannot be."""
    command = [python, "-m", "uv", "--no-config", "pip", "compile", "--quiet", "pyproject.toml"]
    command += ["--universal", "--generate-hashes", "--no-annotate"]
    command += ["--no-emit-index-url", "--no-emit-find-links"]
    command += ["--python-version", ".".join(map(str, OLDEST_PYTHON))]
    command += ["--custom-compile-command", "python3 dev.py lock", "--output-file", str(target)]
    target.parent.mkdir(exist_ok=True)
    # Hashes must be the public registry's: no mirror, no local wheels of this machine.
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "UV_"))}
    if subprocess.call([*command, *arguments], cwd=ROOT, env=environment) != 0:
        raise SetupError(f"uv could not resolve {target.relative_to(ROOT)} (see above)")
    say(f"wrote {target.relative_to(ROOT)}")


@dataclass(frozen=True)
class Command:
    """What a command does, and what must be there first."""

    action: Callable[[Sequence[str]], int]
    packages: tuple[str, ...]
    requirements: Path | None


COMMANDS = {
    "run": Command(run, WINDOW_PACKAGES, RUN_LOCK),
    "test": Command(test, WINDOW_PACKAGES + TEST_PACKAGES, TEST_LOCK),
    "bench": Command(bench, WINDOW_PACKAGES + TEST_PACKAGES + BENCH_PACKAGES, TEST_LOCK),
    "screenshots": Command(screenshots, WINDOW_PACKAGES + TEST_PACKAGES, TEST_LOCK),
    "setup": Command(setup, WINDOW_PACKAGES + TEST_PACKAGES, TEST_LOCK),
    "lock": Command(lock, (), None),
}


def main(arguments: Sequence[str]) -> int:
    if not arguments or arguments[0] in {"-h", "--help", "help"}:
        print(__doc__)
        return 0
    command = COMMANDS.get(arguments[0])
    if command is None:
        print(f"dev.py: there is no command “{arguments[0]}”.\n{__doc__}", file=sys.stderr)
        return 2
    try:
        install_system_packages(venv_package() + command.packages)
        if command.requirements:
            ensure_venv(command.requirements)
        return command.action(arguments[1:])
    except SetupError as error:
        print(f"dev.py: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    if sys.version_info < OLDEST_PYTHON:
        sys.exit(
            "dev.py: ChatLab needs Python 3.11 or newer; this is "
            + sys.version.split()[0]
            + ".\nInstall a newer one (Debian, Ubuntu: apt-get install python3.11 python3.11-venv) "
            + "and run: python3.11 dev.py"
        )
    for stream in (sys.stdout, sys.stderr):
        # A Windows console or a C locale may lack a dash; that must not end the work.
        getattr(stream, "reconfigure", lambda **_: None)(errors="replace")
    sys.exit(main(sys.argv[1:]))
