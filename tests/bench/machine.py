"""What the numbers were measured on."""

import os
import platform
import re
from pathlib import Path

import PySide6

from chatlab import __version__
from tests.bench import peers


def describe() -> list[str]:
    """The machine and the programs, one fact a line."""
    memory = re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text("utf-8"))
    load = os.getloadavg()[0]
    versions = {
        "ChatLab": __version__,
        "Python": platform.python_version(),
        "PySide6": PySide6.__version__,
        **{each.name: found for each in peers.ALL if (found := peers.version(each))},
    }
    return [
        f"{_processor()}, {os.cpu_count()} processors, "
        f"{int(memory[1]) / 1024**2 if memory else 0:.0f} GiB of memory",
        f"{_system()}, kernel {platform.release()}",
        ", ".join(f"{name} {version}" for name, version in versions.items()),
        f"load average when the run began: {load:.2f}",
    ]


def _processor() -> str:
    found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text("utf-8"))
    return found[1].strip() if found else platform.machine()


def _system() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        return platform.system()
