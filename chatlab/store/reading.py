"""Tolerant reading: a settings file that a person or an older version wrote never stops a start.

A missing value becomes the default, silently. An invalid one becomes the default, an odd one is
brought into range, an unknown one is ignored: each of these leaves a note in words.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar

Table = dict[str, object]
T = TypeVar("T")
E = TypeVar("E", bound=Enum)
_CONTROL = dict.fromkeys([*range(0x20), 0x7F])
_LONGEST_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Loaded(Generic[T]):
    """What was read, and what was odd about it, one sentence each."""

    value: T
    notes: tuple[str, ...] = ()


class TableReader:
    """Reads the values of one TOML table; ``finish`` names those that nobody asked for."""

    def __init__(self, table: Mapping[str, object], where: str, notes: list[str]) -> None:
        self._table = table
        self._where = where
        self._notes = notes
        self._asked: set[str] = set()

    def note(self, text: str) -> None:
        self._notes.append(f"{self._where}: {text}")

    def flag(self, key: str, default: bool) -> bool:
        value = self._get(key)
        if isinstance(value, bool):
            return value
        return self._refuse(key, value, default, "true or false")

    def number(self, key: str, default: int, low: int, high: int) -> int:
        value = self._get(key)
        if not isinstance(value, int) or isinstance(value, bool):
            return self._refuse(key, value, default, "a whole number")
        if not low <= value <= high:
            nearest = min(max(value, low), high)
            self.note(f"“{key}” was {value}; {nearest} is used ({low} to {high}).")
            return nearest
        return value

    def text(self, key: str, default: str = "") -> str:
        """One line of text: control characters are taken out, line ends first of all."""
        value = self._get(key)
        if not isinstance(value, str):
            return self._refuse(key, value, default, "text in quotes")
        return self._clean(key, value)

    def choice(self, key: str, default: E) -> E:
        value = self._get(key)
        kind = type(default)
        try:
            return kind(value)
        except ValueError:
            allowed = ", ".join(f"“{item.value}”" for item in kind)
            return self._refuse(key, value, default, f"one of {allowed}")

    def texts(self, key: str) -> tuple[str, ...]:
        value = self._get(key)
        if not isinstance(value, list):
            return self._refuse(key, value, (), "a list of texts")
        good = [item for item in value if isinstance(item, str)]
        if len(good) < len(value):
            self.note(f"{len(value) - len(good)} values of “{key}” are no text and are left out.")
        return tuple(self._clean(key, item) for item in good)

    def numbers(self, key: str) -> tuple[int, ...]:
        value = self._get(key)
        if not isinstance(value, list) or not all(type(item) is int for item in value):
            return self._refuse(key, value, (), "a list of whole numbers")
        return tuple(value)

    def names(self) -> tuple[str, ...]:
        """The keys that are there, for tables whose keys are the user's."""
        return tuple(self._table)

    def table(self, key: str) -> "TableReader":
        value = self._get(key)
        if not isinstance(value, dict):
            value = self._refuse(key, value, {}, "a table")
        return TableReader(value, f"{self._where}, [{key}]", self._notes)

    def tables(self, key: str) -> Iterable["TableReader"]:
        value = self._get(key)
        if not isinstance(value, list):
            value = self._refuse(key, value, [], "a list of tables")
        for number, item in enumerate(value, 1):
            if isinstance(item, dict):
                yield TableReader(item, f"{self._where}, {key} {number}", self._notes)
            else:
                self.note(f"{key} {number} is no table and is left out.")

    def finish(self) -> None:
        """Name the values that were ignored."""
        for key in self._table:
            if key not in self._asked:
                self.note(f"“{key[:_LONGEST_SHOWN]}” is unknown to this version and is ignored.")

    def _get(self, key: str) -> object:
        self._asked.add(key)
        return self._table.get(key)

    def _refuse(self, key: str, value: object, default: T, wanted: str) -> T:
        if value is not None:
            self.note(f"“{key}” must be {wanted}; the default is used.")
        return default

    def _clean(self, key: str, value: str) -> str:
        if (clean := value.translate(_CONTROL)) != value:
            self.note(f"“{key}” held control characters; they are taken out.")
        return clean
