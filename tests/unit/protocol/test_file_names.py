"""Names of strangers: whatever comes in, one harmless part of a path goes out."""

import unicodedata
from itertools import islice
from pathlib import Path, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatlab.protocol.file_names import (
    FALLBACK,
    MAX_BYTES,
    alternatives,
    is_executable,
    safe_name,
    split_suffix,
)


@pytest.mark.parametrize(
    ("offered", "safe"),
    [
        ("report.pdf", "report.pdf"),
        ("my report (2).tar.gz", "my report (2).tar.gz"),
        ("Übung 1 – Lösung.odt", "Übung 1 – Lösung.odt"),
        ("../../.ssh/authorized_keys", "authorized_keys"),
        ("../x", "x"),
        ("..\\x", "x"),
        ("/etc/passwd", "passwd"),
        ("C:\\autoexec.bat", "autoexec.bat"),
        ("C:autoexec.bat", "C_autoexec.bat"),
        ("\\\\host\\s", "s"),
        ("~", FALLBACK),
        ("~/.bashrc", "_bashrc"),
        ("~root", "_root"),
        ("", FALLBACK),
        (".", FALLBACK),
        ("..", FALLBACK),
        ("...", FALLBACK),
        ("   ", FALLBACK),
        ("a/", "a"),
        ("\0", FALLBACK),
        ("a\0b\r\nc\x01\x1bd", "abcd"),
        ("CON", "_CON"),
        ("con.txt", "_con.txt"),
        ("NUL.txt", "_NUL.txt"),
        ("com1", "_com1"),
        ("LPT¹.pdf", "_LPT¹.pdf"),
        ("COM10.pdf", "COM10.pdf"),
        ("console.log", "console.log"),
        ("trailing. . ", "trailing"),
        ("a:b", "a_b"),
        ('a<b>c"d|e?f*g', "a_b_c_d_e_f_g"),
        (".profile", "_profile"),
        ("..hidden", "_hidden"),
        ("-rf", "_rf"),
        ("cod\u202egpj.exe", "codgpj.exe"),
        ("a\u2066b\u2069\u200b\ufeffc.txt", "abc.txt"),
        ("a\u2044b\u2215c\uff0fd", "d"),
        ("photo.jpg                .exe", "photo.jpg.exe"),
        ("a\ud800b", "ab"),
        ("e\u0301.txt", "é.txt"),
    ],
)
def test_each_known_trick_is_undone(offered: str, safe: str) -> None:
    assert safe_name(offered) == safe


@given(st.text(st.characters(), max_size=400))
def test_what_comes_out_stays_in_its_folder_on_every_system(offered: str) -> None:
    name = safe_name(offered)
    assert name
    assert len(name.encode()) <= MAX_BYTES
    assert (Path("/downloads") / name).parent == Path("/downloads")
    windows = PureWindowsPath("D:/downloads") / name
    assert windows.parent == PureWindowsPath("D:/downloads")
    assert name.partition(".")[0].lower() not in {"con", "nul", "prn", "aux", "com1", "lpt9"}
    assert name[0] not in ".~- "
    assert name[-1] not in ". "
    assert all(unicodedata.category(sign)[0] != "C" for sign in name)
    assert safe_name(name) == name


def test_a_long_name_keeps_its_ending() -> None:
    name = safe_name("ä" * 300 + ".tar.gz")
    assert name.endswith("ä.tar.gz")
    assert len(name.encode()) <= MAX_BYTES


def test_the_next_free_name_keeps_the_ending_too() -> None:
    assert list(islice(alternatives("a.tar.gz"), 3)) == ["a.tar.gz", "a (1).tar.gz", "a (2).tar.gz"]
    assert split_suffix("README") == ("README", "")
    assert split_suffix("a.b.txt") == ("a.b", ".txt")


def test_what_may_run_is_known() -> None:
    assert is_executable("setup.EXE")
    assert is_executable("notes.docm")
    assert not is_executable("exe")
    assert not is_executable("report.pdf")
