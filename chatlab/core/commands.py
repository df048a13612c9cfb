"""Reads what a user types, by the table of commands.

A line that begins with ``/`` is a command, ``//text`` sends ``/text``, everything else is a
message. ``parse`` never guesses: what it does not know is an error with the nearest name.
"""

from dataclasses import dataclass
from difflib import get_close_matches

from chatlab.core.command_table import COMMANDS, CommandSpec, Verb
from chatlab.core.errors import UsageError

__all__ = ["COMMANDS", "Command", "CommandSpec", "Verb", "complete", "parse", "spec_of"]

_BY_NAME = {name: spec for spec in COMMANDS for name in (spec.verb.value, *spec.aliases)}


@dataclass(frozen=True, slots=True)
class Command:
    """A parsed line: the verb and its arguments, none of them empty."""

    verb: Verb
    arguments: tuple[str, ...] = ()

    def argument(self, index: int, default: str = "") -> str:
        return self.arguments[index] if index < len(self.arguments) else default


def spec_of(name: str) -> CommandSpec | None:
    """The row for a command's name or alias, without the slash."""
    return _BY_NAME.get(name.lower())


def parse(line: str) -> Command:
    """Turn what was typed into a command. Raises UsageError naming the fault.

    ``line`` must be one line; text that is not a command becomes ``SAY``.
    """
    if line.startswith("//"):
        return Command(Verb.SAY, (line[1:],))
    if not line.startswith("/"):
        return Command(Verb.SAY, (line,))
    name, _, rest = line[1:].partition(" ")
    spec = spec_of(name)
    if spec is None:
        near = get_close_matches(name.lower(), _BY_NAME, n=1)
        hint = f"Did you mean /{near[0]}?" if near else "/help lists all commands."
        raise UsageError(
            f"There is no command /{name}.", f"{hint} To send it as text, type //{name}."
        )
    return Command(spec.verb, _split_arguments(spec, rest))


def _split_arguments(spec: CommandSpec, rest: str) -> tuple[str, ...]:
    arguments: list[str] = []
    left = rest.strip(" ") if spec.verb is not Verb.SAY else rest
    for name in spec.arguments:
        if name.rstrip(">]").endswith("…"):
            if left:
                arguments.append(left)
            left = ""
            break
        word, _, left = left.partition(" ")
        left = left.lstrip(" ")
        if word:
            arguments.append(word)
    needed = [name for name in spec.arguments if name.startswith("<")]
    if len(arguments) < len(needed):
        raise UsageError(
            f"/{spec.verb.value} needs {needed[len(arguments)]}.", f"Usage: {spec.usage}"
        )
    if left:
        raise UsageError(f"/{spec.verb.value} does not take “{left}”.", f"Usage: {spec.usage}")
    return tuple(arguments)


def complete(prefix: str) -> tuple[CommandSpec, ...]:
    """The commands whose name or alias begins with ``prefix`` (no slash), in table order."""
    wanted = prefix.lower()
    return tuple(
        spec
        for spec in COMMANDS
        if any(name.startswith(wanted) for name in (spec.verb.value, *spec.aliases))
    )
