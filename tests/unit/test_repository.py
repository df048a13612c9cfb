"""The repository keeps its own promises: nothing of one machine, everything pinned, small files."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QObject

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ("run.txt", "test.txt")
MAX_LINES = 400
_NOT_OURS = {
    *(".git", ".venv", ".mypy_cache", ".ruff_cache", ".import_linter_cache", ".hypothesis"),
    *("__pycache__", "build", "dist"),
}


def files_of_the_project(folder: Path = ROOT) -> Iterator[Path]:
    """All that a commit may hold; without git, which a bare machine lacks."""
    for entry in sorted(folder.iterdir()):
        if entry.name in _NOT_OURS or entry.name.endswith((".egg-info", ".pyc")):
            continue
        if entry.is_dir():
            yield from files_of_the_project(entry)
        else:
            yield entry


def python_files(*folders: str) -> list[Path]:
    return [file for folder in folders for file in sorted((ROOT / folder).rglob("*.py"))]


def relative(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


# Written so that this file does not find itself. /home/me is an example, nobody's home.
_MACHINE_PATH = re.compile(rb"(?<![\w.])/(?:work|roo[t]|home/(?!me/)[a-z]+|Users/[A-Za-z]+)/")
_REGISTRY = re.compile(
    rb"pypi\.or[g]|pythonhosted\.or[g]|deb\.debian\.or[g]|npmjs\.[a-z]|artifact" rb"registry"
)


def test_no_file_names_a_place_of_one_machine() -> None:
    found = [relative(f) for f in files_of_the_project() if _MACHINE_PATH.search(f.read_bytes())]
    assert found == []


def test_no_file_names_the_host_of_a_package_registry() -> None:
    found = [relative(f) for f in files_of_the_project() if _REGISTRY.search(f.read_bytes())]
    assert found == []


def pinned(lock: str) -> dict[str, list[str]]:
    """Requirement lines of a lock, each with its hashes."""
    text = (ROOT / "requirements" / lock).read_text(encoding="utf-8").replace("\\\n", " ")
    rows = [line for line in text.splitlines() if line and not line.startswith("#")]
    return {row.split("--hash")[0].strip(): re.findall(r"--hash=(\S+)", row) for row in rows}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_requirement_is_pinned_to_one_version_and_by_hash(lock: str) -> None:
    requirements = pinned(lock)
    assert requirements
    for requirement, hashes in requirements.items():
        assert re.match(r"[A-Za-z0-9._-]+==[^\s*;]+( ;|$)", requirement), requirement
        assert hashes, f"{requirement} has no hash"
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", value) for value in hashes), requirement


def test_the_locks_hold_all_that_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    needed = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
    for lock, more in (("run.txt", []), ("test.txt", project["dependency-groups"]["dev"])):
        names = {canonical(requirement) for requirement in pinned(lock)}
        assert {canonical(requirement) for requirement in [*needed, *more]} <= names


def test_running_and_testing_use_the_same_versions() -> None:
    assert pinned("run.txt").items() <= pinned("test.txt").items()


def canonical(requirement: str) -> str:
    name = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert name, requirement
    return re.sub(r"[-_.]+", "-", name[0]).lower()


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        relative(file)
        for file in [*python_files("chatlab", "tests"), ROOT / "dev.py"]
        if (source := file.read_text(encoding="utf-8")).strip()
        and not ast.get_docstring(ast.parse(source))
    ]
    assert silent == []


def test_no_file_grows_beyond_what_one_can_overlook() -> None:
    long = {
        relative(file): lines
        for file in [*python_files("chatlab", "tests"), ROOT / "dev.py"]
        if (lines := len(file.read_text(encoding="utf-8").splitlines())) > MAX_LINES
    }
    assert long == {}


def test_every_link_of_the_documents_leads_somewhere() -> None:
    broken = [
        f"{relative(document)}: {target}"
        for document in files_of_the_project()
        if document.suffix == ".md"
        for target in re.findall(r"\]\(([^)#\s]+)", document.read_text(encoding="utf-8"))
        if "://" not in target and not (document.parent / target).exists()
    ]
    assert broken == []


def module_name(file: Path) -> str:
    return relative(file).removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def test_scapy_is_imported_by_the_capture_package_alone() -> None:
    imports = re.compile(r"^\s*(?:import|from) scapy\b", re.MULTILINE)
    found = [f for f in python_files("chatlab") if imports.search(f.read_text(encoding="utf-8"))]
    assert {file.parent.name for file in found} <= {"capture"}


def test_the_window_with_all_that_it_imports_never_loads_scapy() -> None:
    names = [
        name
        for name in map(module_name, python_files("chatlab"))
        if not name.startswith("chatlab.capture")  # Its parent side comes in through the app.
    ]
    code = (
        "import importlib, sys\n"
        "for name in sys.argv[1:]:\n"
        "    importlib.import_module(name)\n"
        "    assert 'scapy' not in sys.modules, f'{name} imports scapy'\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, *names],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert result.returncode == 0, result.stderr


def test_qt_calls_do_not_wear_out_none() -> None:
    """PySide6 6.12.0 takes a reference from None at every void call, and kills Python 3.11."""
    thing = QObject()
    before = sys.getrefcount(None)
    for _ in range(20_000):
        thing.setObjectName("x")
    assert sys.getrefcount(None) > before - 1_000
