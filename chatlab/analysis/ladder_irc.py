"""The steps of an IRC login and of joining, by the commands and numerics of RFC 2812 and IRCv3."""

from collections.abc import Sequence

from chatlab.analysis.compare_talk import Said
from chatlab.analysis.ladder_sasl import sasl_details, sasl_turn, sasl_words
from chatlab.analysis.ladder_words import Named
from chatlab.analysis.observer_irc import command_of, source_of
from chatlab.analysis.observer_words import names_mechanism, shown
from chatlab.core.comparison import Phase
from chatlab.core.flow import Direction
from chatlab.core.ladder import Detail
from chatlab.protocol.irc_masking import MASK, mask_text

_WELCOME = frozenset(f"{number:03}" for number in (*range(1, 6), *range(250, 256), 265, 266)) | {
    *("042", "372", "375", "376", "396", "422"),
}
_END_OF_WELCOME = frozenset({"376", "422"})
_CHANNEL = frozenset({"324", "329", "331", "332", "333", "353", "366", "315", "352", "354"})
_NAMES = {
    "001": "001 welcome",
    "324": "324 channel modes",
    "329": "329 channel’s age",
    "331": "331 no topic",
    "332": "332 topic",
    "333": "333 topic’s author",
    "353": "353 names",
    "366": "366 end of names",
    "354": "354 WHO answer",
    "352": "352 WHO answer",
    "315": "315 end of WHO",
}
_NICK_REFUSED = frozenset({"432", "433", "436", "437"})
_SASL = {
    "900": ("900 logged in", "The account is known from here on."),
    "902": ("902 locked", "SASL failed: the account is locked."),
    "903": ("903 success", "SASL succeeded."),
    "904": ("904 failure", "SASL failed: wrong name or password."),
    "905": ("905 too long", "SASL failed: the message was too long."),
    "906": ("906 aborted", "SASL was broken off."),
    "907": ("907 already", "The account had been logged in before."),
    "908": ("908 mechanisms", "The mechanisms that the server takes."),
}
_CAP = {
    "LS": ("Which extensions are there? (IRCv3 capability negotiation)", "What the server offers."),
    "REQ": ("These extensions are wanted.", ""),
    "ACK": ("", "The server switches them on."),
    "NAK": ("", "The server refuses these extensions."),
    "END": ("The negotiation is over: the login may go on.", ""),
}
_STARTTLS = {
    "670": (
        Named(
            "670 STARTTLS",
            Phase.STARTTLS,
            "The server is ready: the next bytes are the TLS handshake.",
        ),
    ),
    "691": (
        Named(
            "691 STARTTLS failed",
            Phase.STARTTLS,
            "The server cannot do TLS: all stays in clear, or the login ends.",
        ),
    ),
}


class IrcNamer:
    """Names lines, in the order in which they were said."""

    def __init__(self) -> None:
        self._nick = ""
        self._mechanism = ""
        self._is_welcome = self._has_joined = False

    def name(self, said: Said) -> tuple[Named, ...]:
        if said.data is None:
            return ()
        command, parameters = command_of(said.data)
        if said.direction is Direction.SENT:
            return self._sent(command, parameters)
        return self._received(command, parameters, source_of(said.data))

    # --- what we say -------------------------------------------------------------------------

    def _sent(self, command: str, parameters: Sequence[str]) -> tuple[Named, ...]:
        first = parameters[0] if parameters else ""
        match command:
            case "CAP":
                kind = first.upper()
                words = _CAP.get(kind, ("", ""))[0]
                details = (_offers(parameters),) if kind == "REQ" else ()
                version = parameters[1:2] if kind == "LS" else ()
                name = shown(" ".join(("CAP", kind, *version)))
                return (Named(name, Phase.LOGIN, words, details),)
            case "STARTTLS":
                words = "Asks to go on in TLS. Up to here anyone on the path reads along."
                return (Named("STARTTLS", Phase.STARTTLS, words),)
            case "PASS":
                words = "The password for the server, as it is."
                secret = Detail(label="Password", value=first, words=words, is_secret=True)
                return (Named("PASS", Phase.LOGIN, words, (secret,)),)
            case "NICK":
                self._nick = first
                words = "The nick that is wanted."
                return (Named(shown(f"NICK {first}"), Phase.LOGIN, words),)
            case "USER":
                return (_user(parameters),)
            case "AUTHENTICATE":
                return (self._authenticate(first),)
            case "JOIN":
                self._has_joined = True
                return (_join(parameters),)
            case "PING" | "PONG" if not self._is_welcome:
                words = "Proves that somebody answers at this address."
                return (Named(command, Phase.LOGIN, words),)
            case "PRIVMSG" | "NOTICE" if len(parameters) > 1:
                return _service(parameters)
            case "MODE" | "WHO" if self._has_joined:
                return (self._question(command),)
            case _:
                return ()

    def _question(self, command: str) -> Named:
        words = "Asks about the channel and those in it."
        return Named(
            command, Phase.JOIN, words, merge="questions", many="questions about the channel ({})"
        )

    def _authenticate(self, text: str) -> Named:
        if text == "*":
            self._mechanism = ""
            return Named("AUTHENTICATE *", Phase.LOGIN, "Breaks the SASL login off.")
        if not self._mechanism and names_mechanism(text):
            self._mechanism = text.upper()
            words = "How the login is to be proved (SASL)."
            return Named(shown(f"AUTHENTICATE {self._mechanism}"), Phase.LOGIN, words)
        details = sasl_details(self._mechanism, text, is_client=True)
        name = "AUTHENTICATE +" if text == "+" else f"AUTHENTICATE{sasl_turn(details)}"
        return Named(name, Phase.LOGIN, sasl_words(self._mechanism, details), details)

    # --- what the server says ----------------------------------------------------------------

    def _received(self, command: str, parameters: Sequence[str], source: str) -> tuple[Named, ...]:
        if command.isdigit():
            return self._numeric(command, parameters)
        match command:
            case "CAP" if len(parameters) > 1:
                kind = parameters[1].upper()
                words = _CAP.get(kind, ("", ""))[1]
                return (
                    Named(f"CAP {kind}", Phase.LOGIN, words, (_offers(parameters),), f"CAP {kind}"),
                )
            case "AUTHENTICATE" if parameters:
                details = sasl_details(self._mechanism, parameters[0], is_client=False)
                is_empty = parameters[0] == "+"
                name = "AUTHENTICATE +" if is_empty else f"AUTHENTICATE{sasl_turn(details)}"
                return (Named(name, Phase.LOGIN, "The server’s turn in the login.", details),)
            case "NOTICE" if not self._is_welcome:
                words = "What the server looks up before the login."
                return (Named("NOTICE", Phase.LOGIN, words, merge="NOTICE", many="NOTICE × {}"),)
            case "PING" if not self._is_welcome:
                return (Named("PING", Phase.LOGIN, "Is somebody there?"),)
            case "JOIN" if parameters and source.partition("!")[0] == self._nick:
                words = "The server has let us in; the others get the same line."
                return (Named(shown(f"JOIN {parameters[0]} (confirmed)"), Phase.JOIN, words),)
            case "ERROR":
                return (Named("ERROR", Phase.LOGIN, "The server ends the connection."),)
            case _:
                return ()

    def _numeric(self, command: str, parameters: Sequence[str]) -> tuple[Named, ...]:
        if command in _WELCOME:
            return self._welcome(command, parameters)
        if command in _SASL:
            self._mechanism = "" if command not in ("900", "908") else self._mechanism
            name, words = _SASL[command]
            return (Named(name, Phase.LOGIN, words),)
        if command in _NICK_REFUSED:
            words = "The nick is refused: another one is needed."
            return (Named(f"{command} nick refused", Phase.LOGIN, words),)
        if command in _CHANNEL and self._has_joined:
            is_end = command == "366"
            words = "What the channel is like, and who is in it."
            return (
                Named(
                    _NAMES.get(command, command), Phase.JOIN, words, merge="members", is_ready=is_end,
                    many="topic and members ({} lines)",
                ),
            )  # fmt: skip
        return _STARTTLS.get(command, ())

    def _welcome(self, command: str, parameters: Sequence[str]) -> tuple[Named, ...]:
        if command == "001" and parameters:
            self._nick = parameters[0]
        self._is_welcome = self._is_welcome or command in _END_OF_WELCOME
        words = "The login is done. The server says what it is like, and its message of the day."
        is_end = command in _END_OF_WELCOME
        many = "welcome 001–376 ({} lines)"
        name = _NAMES.get(command, command)
        return (Named(name, Phase.LOGIN, words, merge="welcome", many=many, is_ready=is_end),)


def _user(parameters: Sequence[str]) -> Named:
    names = [parameters[index] for index in (0, 3) if len(parameters) > index]
    words = "User name and real name. They are no proof of anything."
    labels = ("User name", "Real name")
    details = (
        Detail(label=label, value=shown(name)) for label, name in zip(labels, names, strict=False)
    )
    return Named(shown(f"USER {names[0] if names else ''}"), Phase.LOGIN, words, tuple(details))


def _join(parameters: Sequence[str]) -> Named:
    words = "Asks to be let into the channel."
    details: tuple[Detail, ...] = ()
    if len(parameters) > 1:
        key = "The channel’s password."
        details = (Detail(label="Key", value=parameters[1], words=key, is_secret=True),)
    name = shown(f"JOIN {parameters[0] if parameters else ''}")
    return Named(name, Phase.JOIN, words, details)


def _service(parameters: Sequence[str]) -> tuple[Named, ...]:
    """A password in a message to a service; other messages are no part of a handshake."""
    target, text = parameters[0], parameters[-1]
    masked = mask_text(target, text)
    if masked == text:
        return ()
    words = "A login in a message to the network’s service, with the password as it is."
    secret = Detail(label="Message", value=text, words=words, is_secret=True)
    name = shown(f"{target} {masked.replace(MASK, '').strip()}")
    return (Named(name, Phase.LOGIN, words, (secret,)),)


def _offers(parameters: Sequence[str]) -> Detail:
    return Detail(label="Extensions", value=shown(parameters[-1]))
