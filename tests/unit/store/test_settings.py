"""Settings: whatever the file holds, the program starts, and says what it did."""

import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from chatlab.core.account import AccountId
from chatlab.core.chats import ChatKey
from chatlab.core.errors import FileError
from chatlab.store.settings import Settings, SettingsStore, ThemeChoice, WindowSettings

LAB, PRIVATE = ChatKey(AccountId("a1"), "#lab"), ChatKey(AccountId("a1"), "alice")
CHANGED = Settings(
    theme=ThemeChoice.DARK,
    font_scale=125,
    keep_history=False,
    history_lines=50,
    condenses=False,
    shortcuts={"find": ("Ctrl+G", "F4"), "bold": ()},
    capture_on_start=False,
    notifies=True,
    closes_to_tray=True,
    auto_away_minutes=10,
    last_folder="/home/me/Lab 6",
    window=WindowSettings(
        geometry="AdnQywADAAA=",
        splits={"main": (220, 640, 420), "wire": (300, 200)},
        chats=(LAB, PRIVATE),
        panes=(LAB,),
        is_sidebar_shown=False,
        is_member_list_shown=True,
    ),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config" / "settings.toml"


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_every_setting_comes_back(path: Path) -> None:
    SettingsStore(path).save(CHANGED)
    loaded = SettingsStore(path).load()
    assert loaded.value == CHANGED
    assert loaded.notes == ()


def test_the_first_start_needs_no_file_and_makes_none(path: Path) -> None:
    loaded = SettingsStore(path).load()
    assert loaded.value == Settings()
    assert loaded.notes == ()
    assert not path.parent.exists()


@pytest.mark.skipif(os.name != "posix", reason="modes are a POSIX matter")
def test_only_the_owner_may_read_it(path: Path) -> None:
    store = SettingsStore(path)
    store.save(Settings())
    store.save(CHANGED)
    modes = {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert modes == {0o600}


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ('theme = "pink"', "theme"),
        ("theme = 3", "theme"),
        ('font_scale = "big"', "font_scale"),
        ("font_scale = true", "font_scale"),
        ("keep_history = 1", "keep_history"),
        ("window = 4", "window"),
        ("window.chats = [3]", "chats"),
        ("window.chats = [{chat = '#lab'}]", "account"),
        ("window.splits.main = ['wide']", "main"),
        ("colour = 1", "colour"),
        ('schema = "one"', "schema"),
    ],
)
def test_what_cannot_be_used_is_named_and_replaced(path: Path, line: str, word: str) -> None:
    write(path, line + "\n")
    loaded = SettingsStore(path).load()
    assert loaded.value == replace(Settings(), window=loaded.value.window)
    assert any(word in note for note in loaded.notes)


def test_an_odd_number_is_brought_into_range(path: Path) -> None:
    write(path, "schema = 1\nfont_scale = 9000\n")
    loaded = SettingsStore(path).load()
    assert loaded.value.font_scale == 250
    assert "9000" in loaded.notes[0]


def test_panes_show_only_chats_that_are_open(path: Path) -> None:
    write(path, 'window.panes = [{account = "gone", chat = "#x"}]\n')
    assert SettingsStore(path).load().value.window.panes == ()


def test_a_damaged_file_is_kept_and_the_last_good_one_used(path: Path) -> None:
    store = SettingsStore(path)
    store.save(CHANGED)
    store.save(replace(CHANGED, font_scale=150))
    write(path, 'theme = "da')
    loaded = store.load()
    assert loaded.value == CHANGED
    assert [file.read_text() for file in path.parent.glob("*damaged*")] == ['theme = "da']
    assert len(loaded.notes) == 2


@pytest.mark.parametrize("garbage", [b"", b"\x00" * 50, b"\xff\xfe", b"[" * 5000, b"a=" * 9])
def test_garbage_never_stops_the_start(path: Path, garbage: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(garbage)
    loaded = SettingsStore(path).load()
    assert loaded.value == Settings()
    assert loaded.notes


def test_a_file_cut_anywhere_still_opens(path: Path) -> None:
    store = SettingsStore(path)
    store.save(CHANGED)
    whole = path.read_bytes()
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        store.load()


def test_a_newer_file_is_copied_before_it_is_used(path: Path) -> None:
    write(path, 'schema = 99\ntheme = "dark"\nfuture = 1\n')
    loaded = SettingsStore(path).load()
    assert loaded.value.theme is ThemeChoice.DARK
    assert list(path.parent.glob("settings.schema99-*.toml"))
    assert any("newer" in note for note in loaded.notes)


def test_what_cannot_be_written_says_so_and_leaves_the_old(path: Path) -> None:
    store = SettingsStore(path)
    store.save(CHANGED)
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    draft.mkdir()
    with pytest.raises(FileError, match="settings"):
        store.save(Settings())
    draft.rmdir()
    assert store.load().value == CHANGED


def test_shortcuts_of_a_file_are_bounded_and_may_be_unknown_to_the_store(path: Path) -> None:
    long = "x" * 100
    write(
        path,
        f'[shortcuts]\nfind = ["Ctrl+G", 3, "", "{long}"]\n{long} = ["F4"]\n'
        'odd = ["1", "2", "3", "4", "5"]\n',
    )
    loaded = SettingsStore(path).load()
    assert loaded.value.shortcuts == {"find": ("Ctrl+G",), "odd": ("1", "2", "3", "4")}
    assert len(loaded.notes) == 1
