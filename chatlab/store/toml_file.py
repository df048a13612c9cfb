"""A TOML file with a schema: read whatever it holds, keep what cannot be read."""

import tomllib
from pathlib import Path

from chatlab.core.errors import ChatlabError
from chatlab.store.files import backup_of, copy_private, free_name, keep_aside, write_whole
from chatlab.store.migrations import SCHEMA_KEY, Schema
from chatlab.store.reading import Table

_MAX_BYTES = 4 << 20
"""A settings file is a few kilobytes; anything beyond this is not one."""


class TomlFile:
    """One file of ours on disk."""

    def __init__(self, path: Path, schema: Schema) -> None:
        self.path = path
        self._schema = schema

    def read(self, notes: list[str]) -> Table:
        """The content in the current schema; empty when there is none. Never raises.

        A damaged file is renamed and its last good version taken instead; both are noted.
        """
        table = self._parse(self.path, notes)
        if table is None:
            backup = backup_of(self.path)
            table = self._parse(backup, []) if backup.exists() else None
            if table is not None:
                notes.append(f"The version before it, {backup.name}, is used instead.")
        return self._to_current(table or {}, notes)

    def write(self, table: Table) -> None:
        """Replace the file. Raises FileError."""
        import tomli_w  # Only needed once something has changed.

        content = {SCHEMA_KEY: self._schema.current, **table}
        write_whole(self.path, tomli_w.dumps(content).encode())

    def keep_copy(self, label: str, notes: list[str]) -> None:
        """Keep the file as it is beside itself, before something of it is lost."""
        copy = free_name(self.path, label)
        try:
            copy_private(self.path, copy)
        except OSError as error:
            notes.append(f"{self.path.name} could not be copied: {error.strerror or error}.")
        else:
            notes.append(f"The file as it was is kept as {copy.name}.")

    def _parse(self, path: Path, notes: list[str]) -> Table | None:
        """None: there is a file and it cannot be used."""
        try:
            with path.open("rb") as file:
                data = file.read(_MAX_BYTES + 1)
            if len(data) > _MAX_BYTES:
                raise ValueError("it is larger than any settings file")
            if not data.strip():
                raise ValueError("it is empty")
            return tomllib.loads(data.decode())
        except FileNotFoundError:
            return {}
        except OSError as error:
            notes.append(f"{path.name} cannot be read: {error.strerror or error}.")
            return None
        except (ValueError, RecursionError) as error:
            aside = keep_aside(path)
            kept = f"it is kept as {aside.name}" if aside else "it stays where it is"
            notes.append(f"{path.name} is damaged ({error}); {kept}.")
            return None

    def _to_current(self, table: Table, notes: list[str]) -> Table:
        number = self._schema.number_of(table)
        if number == self._schema.current:
            return table
        self.keep_copy(f"schema{number}", notes)
        if number > self._schema.current:
            notes.append(
                f"{self.path.name} was written by a newer ChatLab; what this one knows is used."
            )
            return table
        try:
            table, done = self._schema.migrate(table)
        except ChatlabError as error:
            notes.append(f"{self.path.name} could not be brought up to date: {error.message}")
            return {}
        notes.extend(done)
        return table
