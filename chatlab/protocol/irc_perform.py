"""Typed lines and passwords: what an account may carry out after login, what may be remembered."""

from chatlab.core.commands import Verb, parse, spec_of
from chatlab.core.errors import UsageError
from chatlab.protocol.irc_masking import mask_line, mask_text

_NOT_ON_ARRIVAL = frozenset(
    {Verb.SAY, Verb.ME, Verb.CONNECT, Verb.DISCONNECT, Verb.RECONNECT, Verb.QUIT}
)
_WITH_PASSWORD = frozenset({Verb.IDENTIFY, Verb.REGISTER, Verb.OPER})


def check_perform(line: str) -> None:
    """Raises UsageError for a line that cannot be carried out on arrival, or should not be."""
    if not line.startswith("/") or line.startswith("//"):
        raise UsageError(
            f"“{line[:60]}” is no command.", "Each line begins with “/”: /mode +x, /msg bot hello"
        )
    command = parse(line)
    spec = spec_of(command.verb.value)
    if command.verb in _NOT_ON_ARRIVAL or (spec is not None and spec.is_local):
        raise UsageError(
            f"/{command.verb.value} is nothing to do on arrival.",
            "Lines for the server fit: /mode +x, /msg bot hello, /raw …",
        )
    if command.verb in _WITH_PASSWORD or shown_command(line) != line:
        raise UsageError(
            "A password does not belong here: this list is kept as plain text.",
            "Choose a login method, which keeps the password in the system’s keyring.",
        )


def holds_password(chat: str, text: str) -> bool:
    """Whether a typed text has a password in it that nobody should find again."""
    lines = text.split("\n")
    return any(shown_command(line) != line or mask_text(chat, line) != line for line in lines)


def shown_command(line: str) -> str:
    """A typed line as it may be shown or remembered: no password of it."""
    name, _, rest = line[1:].partition(" ") if line.startswith("/") else ("", "", "")
    spec = spec_of(name)
    if spec is None:
        return line
    if spec.verb is Verb.RAW:
        return f"/{name} {mask_line(rest)}" if rest else line
    if spec.verb in (Verb.MSG, Verb.QUERY, Verb.NOTICE):
        target, blank, text = rest.partition(" ")
        return f"/{name} {target}{blank}{mask_text(target, text)}"
    if spec.verb in _WITH_PASSWORD and rest:
        return f"/{name} ••••"
    return line
