"""CTCP, the client-to-client protocol inside PRIVMSG and NOTICE: ``\\x01VERSION\\x01``.

Reading follows Modern IRC's CTCP page: the closing \\x01 may be missing, and only a text that
begins with \\x01 is CTCP. The old low-level quoting (\\x10) is undone, but what it hides is then
dropped where it is a control character: a quoted LF must not draw a second line in anybody's log.
"""

from dataclasses import dataclass

from chatlab.core.errors import LocalProtocolError

_MARK = "\x01"
_QUOTE = "\x10"
_FORBIDDEN = dict.fromkeys(map(ord, "\0\r\n\x01\x10"))


@dataclass(frozen=True, slots=True)
class Ctcp:
    """One request or reply; ``command`` in upper case."""

    command: str
    parameter: str = ""


def decode_ctcp(text: str) -> Ctcp | None:
    """The CTCP message in a text, or None when the text is just text."""
    if not text.startswith(_MARK):
        return None
    command, _, parameter = text[1:].partition(_MARK)[0].partition(" ")
    command = _dequote(command).upper()
    return Ctcp(command, _dequote(parameter)) if command else None


def _dequote(text: str) -> str:
    if _QUOTE in text:
        characters = iter(text)
        # After the quote sign, "0", "n" and "r" stand for NUL, LF and CR, which are dropped anyway.
        text = "".join(
            next(characters, "").translate({48: None, 110: None, 114: None})
            if character == _QUOTE
            else character
            for character in characters
        )
    return text.translate(_FORBIDDEN)


def encode_ctcp(command: str, parameter: str = "") -> str:
    """The text that carries a request or reply. Raises LocalProtocolError for what cannot be."""
    if not command or " " in command:
        raise LocalProtocolError("A CTCP command is one word, for instance VERSION.")
    text = f"{command.upper()} {parameter}" if parameter else command.upper()
    if any(sign in text for sign in "\0\r\n\x01"):
        raise LocalProtocolError(
            "A line end, NUL or \\x01 cannot be part of a CTCP message.", "Leave it out."
        )
    return f"{_MARK}{text}{_MARK}"
