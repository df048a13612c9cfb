"""What every test may rely on: a home of its own, a fixed clock zone, and honest skips.

``CI=true`` means that nothing may be skipped: there a skip is a failure that carries its reason.
Only tests marked ``only_on`` for another operating system may stay out.
"""

import os
import shutil
import signal
import socket
import sys
import threading
import time
from collections.abc import Generator, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import hypothesis
import pytest

# Read by Qt and the C library when they start, hence before anything is imported.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["TZ"] = "UTC"
if sys.platform == "linux":
    os.environ["LC_ALL"] = "C.UTF-8"
if sys.platform != "win32":
    time.tzset()

IS_CI = os.environ.get("CI") == "true"
SERVER_PROGRAMS = ("ngircd", "inspircd", "irssi", "weechat", "tshark")
WINDOW_PROGRAMS = ("Xvfb", "xdotool")
_THREAD_GRACE_S = 2.0
# The same examples at every run of CI; new ones at a developer's.
hypothesis.settings.register_profile("chatlab", deadline=None, derandomize=IS_CI)
hypothesis.settings.load_profile("chatlab")
_home = pytest.StashKey[TemporaryDirectory[str]]()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "only_on(platform): runs where sys.platform begins with it; skipped elsewhere"
    )
    config.stash[_home] = home = TemporaryDirectory(prefix="chatlab-home-")
    for variable, folder in {
        "HOME": ".",
        "XDG_CONFIG_HOME": "config",
        "XDG_DATA_HOME": "data",
        "XDG_STATE_HOME": "state",
        "XDG_CACHE_HOME": "cache",
        "XDG_RUNTIME_DIR": "run",
        "APPDATA": "roaming",
        "LOCALAPPDATA": "local",
        "USERPROFILE": ".",
    }.items():
        path = Path(home.name, folder)
        path.mkdir(mode=0o700, exist_ok=True)
        os.environ[variable] = str(path)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # A shell's background job; the programs under test would inherit it, and never hear Ctrl-C.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    # Nobody's real passwords: tests that want a keyring bring their own.
    os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"


def pytest_unconfigure(config: pytest.Config) -> None:
    config.stash[_home].cleanup()


# --- who can run ----------------------------------------------------------------------------


def find_program(name: str) -> str | None:
    """Where a program is, also in the folders that only root's PATH has."""
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin:/usr/games")


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker in item.iter_markers("only_on"):
        if not sys.platform.startswith(str(marker.args[0])):
            pytest.skip(f"this test is about {marker.args[0]}")
    if reason := _missing(item):
        pytest.skip(reason)


def _missing(item: pytest.Item) -> str:
    """What this machine lacks for a test, by its markers; empty when it can run."""
    programs: list[str] = []
    for marker in item.iter_markers("servers"):
        programs += marker.args or SERVER_PROGRAMS
    if item.get_closest_marker("window"):
        programs += WINDOW_PROGRAMS
    if lacking := [name for name in programs if find_program(name) is None]:
        return f"{', '.join(lacking)} not installed: “python3 dev.py setup” brings it on Debian"
    if item.get_closest_marker("network") and not _is_root_on_linux():
        return "making network namespaces needs root on Linux"
    if item.get_closest_marker("capture") and not _may_capture():
        return "this user may not capture packets"
    return ""


def _is_root_on_linux() -> bool:
    return sys.platform == "linux" and os.geteuid() == 0


def _may_capture() -> bool:
    if sys.platform != "linux":
        return False
    try:
        socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).close()
    except PermissionError:
        return False
    return True


# --- nothing is left out in CI --------------------------------------------------------------


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    is_elsewhere = any(
        not sys.platform.startswith(str(marker.args[0])) for marker in item.iter_markers("only_on")
    )
    if IS_CI and report.skipped and not is_elsewhere and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"Skipped, which CI does not allow: {_reason(report)}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if IS_CI and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"A whole module is skipped, which CI does not allow: {_reason(report)}"
    return report


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    """pytest keeps a skip as (file, line, reason)."""
    text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return text.removeprefix("Skipped: ")


# --- nothing is left behind -----------------------------------------------------------------


@pytest.fixture(autouse=True)
def _no_thread_left_behind() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    for thread in set(threading.enumerate()) - before:
        if isinstance(thread, threading._DummyThread):
            continue  # Made by Qt or the C library; it ends with them.
        thread.join(_THREAD_GRACE_S)
        assert not thread.is_alive(), f"a thread is left behind: {thread}"
