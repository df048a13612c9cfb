"""Migrations: one step at a time, never half, with a copy of what was."""

from pathlib import Path

import pytest

from chatlab.core.errors import ChatlabError
from chatlab.store.migrations import ACCOUNTS, SETTINGS, Schema
from chatlab.store.reading import Table
from chatlab.store.toml_file import TomlFile


def schema_with_two_steps() -> Schema:
    schema = Schema(current=3)

    @schema.migrates(from_=1, to=2)
    def dark_became_theme(table: Table) -> Table:
        """The switch “dark” became the choice “theme”."""
        return {"theme": "dark" if table.pop("dark") else "light", **table}

    @schema.migrates(from_=2, to=3)
    def theme_moved(table: Table) -> Table:
        """The theme moved to its own table."""
        return {"look": {"theme": table["theme"]}}

    return schema


def test_steps_follow_one_another_and_say_what_they_did() -> None:
    table, done = schema_with_two_steps().migrate({"schema": 1, "dark": True})
    assert table == {"schema": 3, "look": {"theme": "dark"}}
    assert len(done) == 2
    assert "theme" in done[0]


def test_a_step_that_fails_changes_nothing() -> None:
    old: Table = {"schema": 1, "light": True}
    with pytest.raises(ChatlabError, match="1 to 2"):
        schema_with_two_steps().migrate(old)
    assert old == {"schema": 1, "light": True}


def test_a_missing_step_is_named() -> None:
    with pytest.raises(ChatlabError, match="older"):
        Schema(current=2).migrate({"schema": 1})


def test_two_steps_from_one_schema_are_a_mistake() -> None:
    schema = schema_with_two_steps()
    with pytest.raises(ValueError, match="two migrations"):
        schema.migrates(from_=1, to=3)


def test_the_old_file_is_copied_first(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text("schema = 1\ndark = true\n")
    notes: list[str] = []
    table = TomlFile(path, schema_with_two_steps()).read(notes)
    assert table["look"] == {"theme": "dark"}
    (copy,) = tmp_path.glob("settings.schema1-*.toml")
    assert copy.read_text() == "schema = 1\ndark = true\n"
    assert len(notes) == 3


def test_a_failed_migration_starts_afresh_and_keeps_the_file(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text("schema = 1\nlight = true\n")
    notes: list[str] = []
    assert TomlFile(path, schema_with_two_steps()).read(notes) == {}
    assert path.read_text() == "schema = 1\nlight = true\n"
    assert list(tmp_path.glob("settings.schema1-*.toml"))


@pytest.mark.parametrize("schema", [SETTINGS, ACCOUNTS])
def test_every_old_schema_of_ours_has_its_step_and_its_file(schema: Schema) -> None:
    kind = "settings" if schema is SETTINGS else "accounts"
    data = Path(__file__).parents[2] / "data" / "settings"
    for number in range(1, schema.current):
        schema.migrate(
            {"schema": number, **TomlFile(data / f"{kind}{number}.toml", schema).read([])}
        )
