"""What an account wants done on arrival: its own lines, as if they were typed (perform list)."""

from collections.abc import Callable

from chatlab.chat.irc.context import Context
from chatlab.core.commands import Command, parse
from chatlab.core.errors import ChatlabError, Severity
from chatlab.protocol.irc_perform import check_perform, shown_command


class Performer:
    """Carries the lines out, one after the other; one that fails does not keep the rest back."""

    def __init__(self, context: Context, execute: Callable[[Command, str], None]) -> None:
        self._context = context
        self._execute = execute

    def perform(self) -> None:
        for line in self._context.account.perform:
            try:
                check_perform(line)
                self._execute(parse(line), "")
            except ChatlabError as error:
                self._context.inform(
                    f"“{shown_command(line)}”, to be done on connecting, was not done: "
                    f"{error.message}",
                    severity=Severity.ERROR,
                    hint=error.hint,
                )
