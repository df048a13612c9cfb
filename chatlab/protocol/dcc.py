"""DCC, the direct connections that IRC clients agree on by CTCP: ``DCC SEND name address port size``.

There is no RFC. The forms are those of the CTCP/DCC drafts (oakley), of mIRC (RESUME, ACCEPT) and
of “reverse” or passive DCC: port 0 and a token mean that who is offered shall listen. Reading is
tolerant about names and strict about numbers: an address of 2³² or a port of −1 is an error.
"""

import ipaddress
import re
from dataclasses import dataclass

from chatlab.core.errors import LocalProtocolError, RemoteProtocolError

PASSIVE_ADDRESS = "1.1.1.1"
"""What a passive offer names where an address has to stand: programs take it for “none”, as irssi
has long sent it; with a real one they would try to connect at once."""
MAX_SIZE = (1 << 63) - 1
SEND_PURPOSE, GET_PURPOSE, CHAT_PURPOSE = "DCC SEND", "DCC GET", "DCC CHAT"
"""How the purpose of a connection begins (``core.connection.Connection``)."""
_MAX_PORT = 65_535
_MAX_TOKEN = 32
_MAX_NAME_SHOWN = 60
_ACK = 4
_ACK_MASK = 0xFFFF_FFFF
_FORBIDDEN = dict.fromkeys(map(ord, "\0\r\n\x01"))
_TOKEN = re.compile(r"[A-Za-z0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class SendOffer:
    """``DCC SEND``: a file is offered, or (with our own token) a passive offer answered."""

    name: str
    address: str
    """As text; of a passive offer whatever stood there."""
    port: int
    """0: passive."""
    size: int
    token: str = ""

    @property
    def is_passive(self) -> bool:
        return self.port == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatOffer:
    """``DCC CHAT``: a direct chat is proposed, or a passive proposal answered."""

    address: str
    port: int
    token: str = ""

    @property
    def is_passive(self) -> bool:
        return self.port == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeRequest:
    """``DCC RESUME``: who receives has ``position`` bytes already."""

    name: str
    port: int
    position: int
    token: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeAccept:
    """``DCC ACCEPT``: who sends will begin at ``position``."""

    name: str
    port: int
    position: int
    token: str = ""


@dataclass(frozen=True, slots=True)
class Rejection:
    """``DCC REJECT SEND name`` or ``DCC REJECT CHAT chat``; comes as a NOTICE."""

    verb: str
    name: str


DccMessage = SendOffer | ChatOffer | ResumeRequest | ResumeAccept | Rejection


# -- reading


def parse_dcc(parameter: str) -> DccMessage:
    """What a CTCP DCC message says. Raises RemoteProtocolError naming the part at fault."""
    verb, _, rest = parameter.strip(" ").partition(" ")
    match verb.upper():
        case "SEND" | "TSEND":
            name, (address, port, size), token = _split(rest, 3, 1)
            return SendOffer(
                name=name,
                address=_read_address(address, is_needed=_number(port, "port", _MAX_PORT) != 0),
                port=_number(port, "port", _MAX_PORT),
                size=_number(size, "size", MAX_SIZE),
                token=_need_token(token, port),
            )
        case "CHAT":
            _, (address, port), token = _split(rest, 2, 1)
            return ChatOffer(
                address=_read_address(address, is_needed=_number(port, "port", _MAX_PORT) != 0),
                port=_number(port, "port", _MAX_PORT),
                token=_need_token(token, port),
            )
        case "RESUME" | "ACCEPT":
            name, (port, position), token = _split(rest, 2, 0)
            kind = ResumeRequest if verb.upper() == "RESUME" else ResumeAccept
            return kind(
                name=name,
                port=_number(port, "port", _MAX_PORT),
                position=_number(position, "position", MAX_SIZE),
                token=token,
            )
        case "REJECT":
            what, _, name = rest.partition(" ")
            return Rejection(what.upper(), name.strip('" '))
        case _:
            raise RemoteProtocolError(f"“DCC {verb[:_MAX_NAME_SHOWN]}” is not known here.")


def _split(text: str, count: int, port_at: int) -> tuple[str, list[str], str]:
    """Name, ``count`` numbers and the token (or none), from ``name 1 2 3 [token]``.

    A name with blanks is in quotes; where the quotes were left out, it is what the numbers leave.
    ``port_at`` says which of the numbers is the port.
    """
    text = text.strip(" ")
    if text.startswith('"') and (end := text.rfind('" ')) > 0:
        name, words = text[1:end], text[end + 1 :].split()
    else:
        words = text.split(" ")
        if len(words) <= count:
            raise RemoteProtocolError("The DCC message is too short.")
        has_token = len(words) > count + 1 and _are_numbers(words[-count - 1 : -1], port_at)
        numbers = count + has_token
        name, words = " ".join(words[:-numbers]), words[-numbers:]
    if len(words) not in (count, count + 1):
        raise RemoteProtocolError("The DCC message has too few or too many words.")
    token = words[count] if len(words) > count else ""
    if token and not (len(token) <= _MAX_TOKEN and _TOKEN.fullmatch(token)):
        raise RemoteProtocolError("The DCC message’s token is no word of letters and digits.")
    return name, words[:count], token


def _are_numbers(words: list[str], port_at: int) -> bool:
    """Whether these can be address, port and size; an address may be written in other ways."""
    return words[port_at].isdigit() and int(words[port_at]) <= _MAX_PORT and words[-1].isdigit()


def _number(text: str, what: str, largest: int) -> int:
    # int() would take “+5”, “1_000” and the digits of other scripts.
    if not (text.isascii() and text.isdigit() and len(text) <= 20 and int(text) <= largest):
        raise RemoteProtocolError(
            f"The {what} of the DCC message is “{text[:24]}”, which cannot be."
        )
    return int(text)


def _need_token(token: str, port: str) -> str:
    if int(port) == 0 and not token:
        raise RemoteProtocolError("The DCC offer has port 0, but no token to answer with.")
    return token


def _read_address(text: str, *, is_needed: bool) -> str:
    """An address as text: from a 32-bit number, dotted, or IPv6. Raises RemoteProtocolError."""
    try:
        if text.isascii() and text.isdigit():
            return str(ipaddress.IPv4Address(_number(text, "address", _ACK_MASK)))
        return str(ipaddress.ip_address(text))
    except (ValueError, RemoteProtocolError):
        if not is_needed:
            return text[:_MAX_NAME_SHOWN]
        raise RemoteProtocolError(
            f"The address of the DCC message is “{text[:40]}”, which cannot be."
        ) from None


# -- writing


def format_dcc(message: DccMessage) -> str:
    """The parameter of the CTCP message. Raises LocalProtocolError for a name that is none."""
    match message:
        case SendOffer():
            where = f"{format_address(message.address)} {message.port}"
            words = f"SEND {_quoted(message.name)} {where} {message.size}"
        case ChatOffer():
            words = f"CHAT chat {format_address(message.address)} {message.port}"
        case ResumeRequest():
            words = f"RESUME {_quoted(message.name)} {message.port} {message.position}"
        case ResumeAccept():
            words = f"ACCEPT {_quoted(message.name)} {message.port} {message.position}"
        case Rejection():
            # irssi writes and compares this name without quotes, blanks or not.
            return f"REJECT {message.verb} {_clean(message.name)}"
    return f"{words} {message.token}" if message.token else words


def format_address(address: str) -> str:
    """IPv4 as the 32-bit number that DCC has always used, IPv6 as text."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    return str(int(parsed)) if parsed.version == 4 else str(parsed)


def _quoted(name: str) -> str:
    clean = _clean(name)
    return f'"{clean}"' if " " in clean else clean


def _clean(name: str) -> str:
    clean = name.translate(_FORBIDDEN).replace('"', "'").strip()
    if not clean:
        raise LocalProtocolError("A file without a name cannot be offered.", "Rename it.")
    return clean


# -- in words


def describe_dcc(message: DccMessage) -> str:
    """What the message says, for people: the number is an address, port 0 is a request."""
    match message:
        case SendOffer() | ChatOffer():
            what = f"{message.size:,} bytes" if isinstance(message, SendOffer) else "a direct chat"
            if message.is_passive:
                return (
                    f"DCC, passive: {what}. Port 0 asks you to listen and to answer with your "
                    f"address, port and the token {message.token}; the address "
                    f"{message.address} in it means nothing."
                )
            written = format_address(message.address)
            number = f", written as the number {written}" if written.isdigit() else ""
            answer = f" It answers the passive offer {message.token}." if message.token else ""
            return (
                f"DCC, active: {what}. The program that sent it listens on {message.address}"
                f"{number}, port {message.port}.{answer}"
            )
        case ResumeRequest():
            return f"DCC RESUME: go on after {message.position:,} bytes (port {message.port})."
        case ResumeAccept():
            return f"DCC ACCEPT: it will go on after {message.position:,} bytes."
        case Rejection():
            return f"DCC REJECT: the {message.verb} was turned down."


# -- acknowledgements inside a SEND


def format_ack(position: int) -> bytes:
    """What the receiver answers with: its position, modulo 2³², big-endian."""
    return (position & _ACK_MASK).to_bytes(_ACK, "big")


class AckReader:
    """Reads a receiver's acknowledgements; four bytes, which wrap at 4 GiB.

    After RESUME most programs count from the file's beginning, some from where it went on; the
    first one that makes sense decides. What claims more than was sent is not believed.
    """

    def __init__(self, start: int = 0) -> None:
        self._start = start
        self._shift = 0
        self._rest = b""
        self.position = start
        """Acknowledged so far, counted from the file's beginning."""

    def feed(self, data: bytes, sent: int) -> int:
        """``sent``: position of what has been handed to TCP. Returns the position."""
        self._rest += data
        whole = len(self._rest) - len(self._rest) % _ACK
        for at in range(0, whole, _ACK):
            self._take(int.from_bytes(self._rest[at : at + _ACK], "big"), sent)
        self._rest = self._rest[whole:]
        return self.position

    def _take(self, counter: int, sent: int) -> None:
        shifts = (self._shift,) if self.position > self._start else (0, self._start)
        for shift in shifts:
            reached = self.position + ((counter + shift - self.position) & _ACK_MASK)
            if reached <= sent:
                self.position, self._shift = reached, shift
                return


# -- SHA-256 in a NOTICE, readable by everybody

_SHA256 = re.compile(
    r"SHA-256 of “(?P<name>.+)” \((?P<size>\d{1,19}) bytes\): (?P<sum>[0-9a-f]{64})"
)


@dataclass(frozen=True, slots=True)
class Checksum:
    """What a sender says about the whole of a file that it has sent."""

    name: str
    size: int
    sha256: str


def format_checksum(checksum: Checksum) -> str:
    """The text of a NOTICE that any program shows, and a person can compare."""
    return f"SHA-256 of “{checksum.name}” ({checksum.size} bytes): {checksum.sha256}"


def parse_checksum(text: str) -> Checksum | None:
    """The same, read; None for any other text."""
    found = _SHA256.fullmatch(text.strip())
    return Checksum(found["name"], int(found["size"]), found["sum"]) if found else None
