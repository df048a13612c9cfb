"""An X display of a test's own, with a keyboard, a mouse and a camera.

Xvfb picks the free display itself. There is no window manager: a window that shall get keys is
given the focus by ``focus``. Pictures come from Xvfb's own frame buffer, so they show what a
person would see, not what a toolkit says that it painted.
"""

import os
import struct
import subprocess
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from tests.conftest import find_program

_START_TIMEOUT_S = 20
_COMMAND_TIMEOUT_S = 30
_STOP_TIMEOUT_S = 5
_POLL_S = 0.05
_XWD_VERSION = 7
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Display:
    """A running X display."""

    name: str
    """E.g. ``:42``."""
    frame_buffer: Path

    def environment(self, **more: str) -> dict[str, str]:
        """For a program that shall show itself here."""
        base = {k: v for k, v in os.environ.items() if not k.startswith(("WAYLAND_", "XAUTH"))}
        return base | {"DISPLAY": self.name, "QT_QPA_PLATFORM": "xcb"} | more

    def xdotool(self, *words: str) -> str:
        """Run one xdotool command; returns what it printed."""
        result = self._try_xdotool(*words)
        assert result.returncode == 0, f"xdotool {' '.join(words)}: {result.stderr}"
        return result.stdout.strip()

    def find_window(self, title: str, timeout_s: float = 20) -> str:
        """The id of the visible window whose title matches ``title`` (a regular expression)."""
        found = self.wait_for(
            lambda: self._try_xdotool("search", "--onlyvisible", "--name", title).stdout.split(),
            f"a window called {title!r}",
            timeout_s,
        )
        return found[0]

    def focus(self, window: str) -> None:
        """Give the keyboard to a window, as a window manager would."""
        self.xdotool("windowfocus", "--sync", window)

    def type(self, text: str) -> None:
        """Type a text, key by key, into the window that has the focus.

        ASCII only: for other characters xdotool has to give keys a new meaning for a moment,
        which a busy window sees too late.
        """
        assert text.isascii(), f"no key of the test's keyboard types {text!r}"
        self.xdotool("type", "--delay", "4", "--", text)

    def key(self, *keys: str) -> None:
        """Press keys by their X names, one after the other: ``Return``, ``ctrl+k``, ``F1``."""
        self.xdotool("key", "--delay", "10", *keys)

    def click(self, x: int, y: int, button: int = 1) -> None:
        """Move the mouse to a point of the screen and click."""
        self.xdotool("mousemove", "--sync", str(x), str(y), "click", str(button))

    def geometry(self, window: str) -> tuple[int, int, int, int]:
        """Left, top, width and height of a window on the screen."""
        words = self.xdotool("getwindowgeometry", "--shell", window).split()
        values = dict(word.split("=", 1) for word in words if "=" in word)
        x, y, width, height = (int(values[name]) for name in ("X", "Y", "WIDTH", "HEIGHT"))
        return x, y, width, height

    def pixels(self) -> "Picture":
        """What is on the screen now."""
        return _read_xwd(self.frame_buffer.read_bytes())

    def screenshot(self, file: Path) -> Path:
        """Save what is on the screen as a PNG file."""
        file.write_bytes(self.pixels().png())
        return file

    def wait_for(self, look: Callable[[], Found], what: str, timeout_s: float = 20) -> Found:
        """Look until there is something; fails naming what was waited for."""
        deadline = time.monotonic() + timeout_s
        while not (found := look()):
            assert time.monotonic() < deadline, f"no {what} on {self.name} after {timeout_s} s"
            time.sleep(_POLL_S)  # Between two looks: X tells only a client of its own.
        return found

    def _try_xdotool(self, *words: str) -> subprocess.CompletedProcess[str]:
        program = find_program("xdotool")
        assert program, "xdotool is not installed: mark the test with pytest.mark.window"
        return subprocess.run(
            [program, *words],
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=_COMMAND_TIMEOUT_S,
        )


@contextmanager
def display(width: int = 1280, height: int = 800) -> Iterator[Display]:
    """An Xvfb with one screen of 24 bits, until the block ends.

    Mark the test with ``pytest.mark.window``.
    """
    program = find_program("Xvfb")
    assert program, "Xvfb is not installed: mark the test with pytest.mark.window"
    with TemporaryDirectory(prefix="chatlab-xvfb-") as folder:
        told, tell = os.pipe()
        screen = ["-screen", "0", f"{width}x{height}x24", "-fbdir", folder]
        quiet = ["-nolisten", "tcp", "-noreset", "-nocursor"]
        log = Path(folder, "log")
        with log.open("wb") as errors:
            process = subprocess.Popen(
                [program, "-displayfd", str(tell), *screen, *quiet],
                pass_fds=[tell],
                stdout=errors,
                stderr=errors,
            )
        os.close(tell)
        try:
            with os.fdopen(told, "rb") as pipe:
                number = pipe.readline().decode().strip()  # Ends with the process, at the latest.
            assert number, f"Xvfb did not start: {log.read_text(errors='replace')[-2000:]}"
            yield Display(f":{number}", Path(folder, "Xvfb_screen0"))
        finally:
            _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


# --- pictures -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Picture:
    """Pixels of the screen, three bytes (red, green, blue) each, row by row."""

    width: int
    height: int
    rgb: bytes

    def pixel(self, x: int, y: int) -> tuple[int, int, int]:
        at = 3 * (y * self.width + x)
        red, green, blue = self.rgb[at : at + 3]
        return red, green, blue

    def cut(self, x: int, y: int, width: int, height: int) -> "Picture":
        """A part of it, as far as it lies on the screen."""
        x, y = max(0, x), max(0, y)
        width, height = min(width, self.width - x), min(height, self.height - y)
        starts = range(3 * (y * self.width + x), 3 * (y + height) * self.width, 3 * self.width)
        rows = [self.rgb[at : at + 3 * width] for at in starts]
        return Picture(width, height, b"".join(rows[:height]))

    def png(self) -> bytes:
        """As a PNG file (ISO/IEC 15948), rows unfiltered."""
        row = 3 * self.width
        rows = b"".join(b"\0" + self.rgb[at : at + row] for at in range(0, len(self.rgb), row))
        header = struct.pack(">IIBBBBB", self.width, self.height, 8, 2, 0, 0, 0)
        return (
            b"\x89PNG\r\n\x1a\n"
            + _png_chunk(b"IHDR", header)
            + _png_chunk(b"IDAT", zlib.compress(rows, 9))
            + _png_chunk(b"IEND", b"")
        )


def _png_chunk(kind: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)


def _read_xwd(data: bytes) -> Picture:
    """Read X's window dump (XWDFile.h): a header, a colour table, rows of 32-bit BGRX pixels."""
    words = struct.unpack(">25I", data[:100])
    header_size, version, width, height, byte_order = words[0], words[1], *words[4:6], words[7]
    bits_per_pixel, bytes_per_line, colors = words[11], words[12], words[19]
    assert version == _XWD_VERSION, f"not a window dump: version {version}"
    assert (bits_per_pixel, byte_order) == (32, 0), "not little-endian 32-bit pixels"
    start = header_size + 12 * colors
    rows = []
    for y in range(height):
        at = start + y * bytes_per_line
        line = data[at : at + 4 * width]
        rgb = bytearray(3 * width)
        rgb[0::3], rgb[1::3], rgb[2::3] = line[2::4], line[1::4], line[0::4]
        rows.append(bytes(rgb))
    return Picture(width, height, b"".join(rows))
