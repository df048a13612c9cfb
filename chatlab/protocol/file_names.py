"""Names that somebody else gave a file, made safe to show and to write to any disk.

Whatever comes in, what goes out is one part of a path: no folder, no device, no hidden file, no
character that turns the rest of the name round, and never longer than file systems allow.
"""

import re
import unicodedata
from collections.abc import Iterator
from itertools import count

MAX_BYTES = 180
"""Of a name in UTF-8; file systems allow 255, and “ (123)” or “.part” may have to follow."""
FALLBACK = "file"
_MAX_SUFFIX = 20
_SEPARATORS = re.compile(r"[/\\\u2044\u2215\u29f5\ufe68\uff0f\uff3c]")
_FORBIDDEN = dict.fromkeys(map(ord, '<>:"|?*'), "_")
"""Windows keeps these for itself; a colon names an alternate data stream there."""
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Controls, bidirectional overrides, zero-width signs, halves of surrogate pairs, line ends."""
_DEVICES = frozenset(
    {"con", "prn", "aux", "nul", "conin$", "conout$", "clock$"}
    | {f"{port}{number}" for port in ("com", "lpt") for number in "0123456789¹²³"}
)
_PROGRAMS = (
    "appimage bat bash cmd com command cpl csh deb desktop dmg exe hta inf jar js jse lnk msc msi "
    "msix msp pif pkg pl ps1 py pyw rb reg rpm run scf scr sh so url vb vbe vbs workflow ws wsf "
    "xll docm xlsm pptm"
)
EXECUTABLE = frozenset(_PROGRAMS.split())
"""Endings whose files a system may run, or whose programs run what is in them."""


def safe_name(offered: str) -> str:
    """One path component that can be written anywhere; never empty."""
    last = _SEPARATORS.split(offered.rstrip("/\\ "))[-1]
    # Canonical form only: the compatible one would make slashes out of look-alikes again.
    name = unicodedata.normalize("NFC", "".join(_visible(last)))
    name = " ".join(name.translate(_FORBIDDEN).split()).rstrip(". ")
    name = name.lstrip(" ")
    if name[:1] in (".", "~", "-"):
        name = f"_{name[1:].lstrip('.')}" if name.strip(".~- ") else ""
    if name.partition(".")[0].strip().lower() in _DEVICES:
        name = f"_{name}"
    return _shortened(name) or FALLBACK


def is_executable(name: str) -> bool:
    """Whether opening a file of this name may run a program."""
    return name.rpartition(".")[2].lower() in EXECUTABLE and "." in name


def alternatives(name: str) -> Iterator[str]:
    """``name.ext``, then ``name (1).ext``, ``name (2).ext`` and so on without an end."""
    yield name
    stem, suffix = split_suffix(name)
    for number in count(1):
        yield f"{stem} ({number}){suffix}"


def split_suffix(name: str) -> tuple[str, str]:
    """``archive.tar.gz`` becomes ``archive`` and ``.tar.gz``, ``a.b.txt`` ``a.b`` and ``.txt``."""
    stem, dot, suffix = name.rpartition(".")
    if not stem or not dot or len(suffix) > _MAX_SUFFIX:
        return name, ""
    if stem.lower().endswith(".tar"):
        return stem[:-4], f"{stem[-4:]}.{suffix}"
    return stem, f".{suffix}"


def _visible(text: str) -> Iterator[str]:
    for character in text:
        if character == "\t":
            yield " "
        elif unicodedata.category(character) not in _INVISIBLE:
            yield character


def _shortened(name: str) -> str:
    stem, suffix = split_suffix(name)
    room = MAX_BYTES - len(suffix.encode())
    cut = stem.encode()[:room].decode("utf-8", "ignore").rstrip(". ")
    return f"{cut}{suffix}" if cut else name[:_MAX_SUFFIX]
