"""Old files become new ones, one schema at a time, on plain dictionaries.

The schema number is a file's own and has nothing to do with releases. A step is a pure function
from table to table; it is registered for the schema that it starts from::

    @SETTINGS.migrates(from_=1, to=2)
    def colours_became_themes(table: Table) -> Table:
        '''The switch “dark” became the choice “theme”.'''

The docstring is what the user is told. A step that fails leaves the file as it was.
"""

from collections.abc import Callable

from chatlab.core.errors import ChatlabError
from chatlab.store.reading import Table

Step = Callable[[Table], Table]
SCHEMA_KEY = "schema"


class Schema:
    """The versions of one kind of file."""

    def __init__(self, current: int) -> None:
        self.current = current
        self._steps: dict[int, tuple[int, Step]] = {}

    def migrates(self, *, from_: int, to: int) -> Callable[[Step], Step]:
        """Register a step; exactly one may leave each schema."""
        if not from_ < to <= self.current:
            raise ValueError(f"no way from schema {from_} to {to} (current: {self.current})")
        if from_ in self._steps:
            raise ValueError(f"two migrations leave schema {from_}")

        def register(step: Step) -> Step:
            self._steps[from_] = (to, step)
            return step

        return register

    def number_of(self, table: Table) -> int:
        """The schema that a file says it has; files without one are read as the current."""
        number = table.get(SCHEMA_KEY, self.current)
        return number if type(number) is int and number > 0 else self.current

    def migrate(self, table: Table) -> tuple[Table, list[str]]:
        """Bring ``table`` to the current schema; returns it with what was done, in words.

        Raises ChatlabError when a step is missing or fails; ``table`` is never changed.
        """
        number = self.number_of(table)
        done: list[str] = []
        while number < self.current:
            if number not in self._steps:
                raise ChatlabError(f"Schema {number} is older than this version can read.")
            to, step = self._steps[number]
            try:
                table = {**step(dict(table)), SCHEMA_KEY: to}
            except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
                raise ChatlabError(f"The step from schema {number} to {to} failed.") from error
            done.append((step.__doc__ or f"Schema {number} became {to}.").strip())
            number = to
        return table, done


SETTINGS = Schema(current=1)
ACCOUNTS = Schema(current=1)
RULES = Schema(current=1)
