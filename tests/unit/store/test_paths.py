"""Folders: where they are, and that nobody else may look into them."""

import os
import stat
from pathlib import Path

import pytest

from chatlab.core.errors import FileError
from chatlab.store.paths import find_paths, make_private

posix = pytest.mark.skipif(os.name != "posix", reason="modes are a POSIX matter")


def test_one_variable_moves_everything(tmp_path: Path) -> None:
    paths = find_paths({"CHATLAB_HOME": str(tmp_path / "ünï code")})
    for path in (paths.settings_file, paths.accounts_file, paths.history_file, paths.sessions):
        assert path.is_relative_to(tmp_path / "ünï code")


def test_looking_for_folders_makes_none(tmp_path: Path) -> None:
    find_paths({"CHATLAB_HOME": str(tmp_path / "home")})
    assert not (tmp_path / "home").exists()


def test_without_the_variable_the_system_says_where() -> None:
    assert "chatlab" in str(find_paths({}).config).lower()


@posix
def test_a_folder_is_private_even_when_it_was_not(tmp_path: Path) -> None:
    folder = tmp_path / "open"
    folder.mkdir(mode=0o755)
    make_private(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("in the way")
    with pytest.raises(FileError, match="data"):
        make_private(tmp_path / "data" / "history")
