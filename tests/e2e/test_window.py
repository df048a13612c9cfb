"""The real window on a real display, with real servers and a real capture.

Most tests play a scene inside the window's own process (``drive_window``); the last ones look at
it from outside, with the X server's keyboard, mouse and camera, and with signals.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import pytest

from tests.e2e.drive_accounts import PORT_VARIABLE
from tests.e2e.drive_window import FILE_VARIABLE
from tests.helpers.window_play import ROOT, Facts, run_scene
from tests.helpers.xvfb import Display, Picture, display

pytestmark = [pytest.mark.window, pytest.mark.only_on("linux")]
_MODULE = "tests.e2e.drive_window"
_WORDS_LINE = 24
"""Pixels of a line of plain words, at most."""
_NO_CAPTURE = ("setpriv", "--no-new-privs", "--bounding-set", "-net_raw", "--inh-caps", "-net_raw")
"""Root without CAP_NET_RAW may capture no more than anyone."""
Run = Callable[..., Facts]


@pytest.fixture(scope="module")
def screen() -> Iterator[Display]:
    with display(1280, 800) as found:
        yield found


@pytest.fixture
def run(screen: Display, tmp_path: Path) -> Run:
    """Plays a scene; its window must end with 0."""

    def play(scene: str, *, wrapper: tuple[str, ...] = (), **environment: str) -> Facts:
        facts = run_scene(
            screen,
            _MODULE,
            scene,
            tmp_path / "home",
            wrapper=wrapper,
            environment={key: str(value) for key, value in environment.items()},
        )
        assert facts["exit"] == 0, f"the scene {scene} failed, see its traceback"
        return facts

    return play


@contextmanager
def lab_server(folder: Path) -> Iterator[int]:
    """The lab's server on loopback; its plain port."""
    command = [sys.executable, "-m", "chatlab.server.process", "--directory", str(folder)]
    folder.mkdir()
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin
    assert process.stdout
    try:
        yield int(json.loads(process.stdout.readline())["plain_port"])
    finally:
        process.stdin.close()  # It takes that as the end.
        process.wait(10)
        process.stdout.close()


# --- the main job ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def first_message(screen: Display, tmp_path_factory: pytest.TempPathFactory) -> Facts:
    """What is to be seen after the first line in the lab, and how long it took."""
    facts = run_scene(screen, _MODULE, "first-message", tmp_path_factory.mktemp("first"))
    assert facts["exit"] == 0
    return facts


@pytest.mark.capture
def test_a_typed_line_is_on_both_panes_with_its_frames_and_bytes(first_message: Facts) -> None:
    facts = first_message
    assert facts["frames"] == 1
    plain, sealed = facts["plain"], facts["sealed"]
    assert isinstance(plain, dict)
    assert isinstance(sealed, dict)
    assert bytes.fromhex(plain["bytes"]).endswith(b"PRIVMSG #lab :Hello from the plain side\r\n")
    assert plain["exposure"] == ["readable"]
    assert sealed["exposure"] == ["sealed"]
    record = bytes.fromhex(sealed["bytes"])
    assert record[:3] == b"\x17\x03\x03"
    assert b"Hello" not in record
    assert "Anyone on the path can read it" in str(facts["words"])


@pytest.mark.capture
def test_the_lab_is_ready_at_once_and_the_line_within_five_seconds(first_message: Facts) -> None:
    facts = first_message
    ready_s, framed_s = facts["ready_s"], facts["framed_s"]
    assert isinstance(ready_s, float)
    assert isinstance(framed_s, float)
    assert framed_s < 5.0, f"lab ready after {ready_s:.1f} s, frames after {framed_s:.1f} s"


@pytest.mark.capture
def test_a_clicked_frame_lights_up_its_message(first_message: Facts) -> None:
    facts = first_message
    assert facts["lit_up"] is True
    assert facts["current_frame_is_its"] is True


# --- capture --------------------------------------------------------------------------------


@pytest.mark.skipif(not shutil.which("setpriv"), reason="setpriv (util-linux) is not installed")
def test_without_permission_chat_works_and_the_pane_says_why_and_what_helps(run: Run) -> None:
    wrapper = _NO_CAPTURE if os.geteuid() == 0 else ()
    facts = run("refused", wrapper=wrapper)
    assert facts["status"] == "CaptureRefused"
    assert facts["count"] == 0
    assert facts["title"] == "Capturing needs a permission"
    assert "may not open packet sockets" in str(facts["reason"])
    assert facts["remedy"]
    doctor = [*wrapper, sys.executable, "-m", "chatlab", "doctor", "--json"]
    told = subprocess.run(doctor, cwd=ROOT, capture_output=True, text=True, check=False).stdout
    assert json.dumps(facts["remedy"], ensure_ascii=False) in told, "the doctor says otherwise"
    assert str(facts["tap"]).endswith("PRIVMSG #lab :Anybody there?\r\n")
    assert "not captured frames" in str(facts["caption"])
    assert "No frame of it was captured" in str(facts["words"])


@pytest.mark.capture
def test_the_capture_stops_and_starts_while_the_chat_goes_on(run: Run) -> None:
    facts = run("pause")
    assert facts["before"] == 1
    assert facts["unseen"] == 0
    assert "No frame" in str(facts["unseen_words"])
    assert facts["after"] == 1
    assert facts["evidence"] == "offset", "the SYN was captured before the pause"


@pytest.mark.capture
def test_a_saved_session_opens_with_the_same_messages_and_frames(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "lesson.chatlab"
    saved = run("save", **{FILE_VARIABLE: str(file)})
    assert file.stat().st_mode & 0o777 == 0o600
    opened = run("look", **{FILE_VARIABLE: str(file)})
    assert opened["frames"] == saved["frames"]
    assert opened["can_type"] is False
    assert "nothing can be sent" in str(opened["placeholder"])
    assert "lesson.chatlab" in str(opened["title"])
    marks = opened["marks"]
    assert isinstance(marks, dict)
    assert b"in clear" in bytes.fromhex(marks["bytes"])


# --- accounts -------------------------------------------------------------------------------


def test_an_account_is_put_right_by_one_click_and_saved_without_connecting(
    run: Run, tmp_path: Path
) -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        server.setblocking(False)
        facts = run("account", **{PORT_VARIABLE: str(server.getsockname()[1])})
        with pytest.raises(BlockingIOError):
            server.accept()
    assert "dot" in str(facts["reason"])
    assert facts["refused_to_save"] is True
    assert facts["nick"] == "first_last"
    assert facts["state"] == "offline"
    assert facts["frames"] == 0
    assert facts["is_first_start"] is False
    kept = tomllib.loads((tmp_path / "home/config/accounts.toml").read_text(encoding="utf-8"))
    assert [account["nick"] for account in kept["accounts"]] == ["first_last"]


def test_an_unknown_authority_is_asked_about_and_the_answer_is_kept(run: Run) -> None:
    facts = run("certificate")
    assert facts["rejected"] == "offline"
    assert facts["once"] == "pinned"
    assert facts["kept_after_once"] == ""
    assert len(str(facts["kept_after_pin"])) == 64


def test_the_second_start_looks_like_the_end_of_the_first(run: Run, tmp_path: Path) -> None:
    with lab_server(tmp_path / "server") as port:
        before = run("settle-in", **{PORT_VARIABLE: str(port)})
        assert before["panes"] == ["#lab", "erik"]
        assert before["sidebar"] is False
        after = run("come-back")
    assert after.pop("is_history") is True
    # The line of plain words below the frames may want one line more or less than before.
    sizes = [cast(list[int], facts.pop("wire")) for facts in (before, after)]
    assert all(abs(was - is_now) <= _WORDS_LINE for was, is_now in zip(*sizes, strict=True))
    assert after == before


# --- the end --------------------------------------------------------------------------------


def _children(pid: int) -> set[int]:
    """All processes below ``pid``, and below those."""
    found: set[int] = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue  # It ended between the two looks.
        if parent == pid:
            child = int(stat.parent.name)
            found |= {child} | _children(child)
    return found


def _alive(pids: set[int]) -> set[int]:
    return {pid for pid in pids if Path(f"/proc/{pid}").exists()}


@contextmanager
def program(screen: Display, home: Path, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """The program as a user starts it."""
    command = [sys.executable, "-m", "chatlab", *arguments]
    process = subprocess.Popen(
        command, cwd=ROOT, env=screen.environment(CHATLAB_HOME=str(home)), stderr=subprocess.PIPE
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        if process.stderr:
            process.stderr.close()


def _ends_clean(process: subprocess.Popen[bytes], children: set[int]) -> None:
    assert process.wait(15) == 0
    assert process.stderr
    assert process.stderr.read() == b""
    assert not _alive(children), "a process is left behind"


def test_the_close_button_ends_everything(run: Run) -> None:
    facts = run("close-button")
    assert facts["asked"] is True


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_closes_politely(number: signal.Signals, screen: Display, tmp_path: Path) -> None:
    with program(screen, tmp_path, "--lab") as process:
        screen.find_window("ChatLab")
        children = screen.wait_for(
            lambda: found if len(found := _children(process.pid)) >= 2 else set(),
            "lab server and capture process",
        )
        process.send_signal(number)
        _ends_clean(process, children)


def _count(picture: Picture, color: tuple[int, int, int]) -> int:
    return picture.rgb.count(bytes(color))


def _token(name: str) -> tuple[int, int, int]:
    """A colour of the light theme."""
    colors = tomllib.loads((ROOT / "resources/theme/light.toml").read_text("utf-8"))["colors"]
    value = bytes.fromhex(colors[name].removeprefix("#"))
    return value[0], value[1], value[2]


@pytest.mark.capture
def test_keyboard_and_eye_suffice(screen: Display, tmp_path: Path) -> None:
    """From outside: the line is typed, red and green frames are seen, Ctrl+Q ends it."""
    with program(screen, tmp_path, "--lab") as process:
        window = screen.find_window("ChatLab")
        started = time.monotonic()
        screen.focus(window)
        sealed, readable = _token("sealed_soft"), _token("readable_soft")
        screen.wait_for(lambda: _count(screen.pixels(), sealed) > 2_000, "green frames", 10)
        screen.type("Can you see this?")
        screen.key("Return")
        chosen = _token("selection")
        screen.wait_for(lambda: _count(screen.pixels(), chosen) > 5_000, "a chosen message", 10)
        screen.wait_for(lambda: _count(screen.pixels(), readable) > 1_000, "red bytes", 10)
        assert time.monotonic() - started < 5.0
        children = _children(process.pid)
        screen.key("ctrl+q")
        _ends_clean(process, children)


@pytest.mark.capture
def test_tab_reaches_everything_and_everything_has_a_name(run: Run) -> None:
    facts = run("keyboard")
    stops = facts["stops"]
    assert isinstance(stops, dict)
    assert all(stops.values()), "the focus went to something that is not seen"
    assert facts["nameless"] == []
    for name in ("Captured frames", "Bytes", "Accounts and chats"):
        assert any(name in stop for stop in stops), f"Tab never reached: {name}"
