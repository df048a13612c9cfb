"""Logging in by SASL (RFC 6120, section 6): the strongest mechanism that both sides have, once.

A password that was refused is not offered to another mechanism: it would be as wrong there, and
trying again locks accounts. The work of SCRAM is done in a thread, within bounds.
"""

import asyncio
import binascii
from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import Protocol
from xml.etree import ElementTree as ET

from chatlab.core.account import Account, LoginMethod
from chatlab.core.errors import ConnectError, RemoteProtocolError
from chatlab.core.jid import split_jid
from chatlab.protocol.scram import SHA_1, SHA_256, ChannelBinding, ScramClient
from chatlab.protocol.xmpp_masking import SASL

STRONGEST_FIRST = (
    LoginMethod.EXTERNAL,
    LoginMethod.SCRAM_SHA_256,
    LoginMethod.SCRAM_SHA_1,
    LoginMethod.PLAIN,
)
_BY_DEFAULT = (LoginMethod.SCRAM_SHA_256, LoginMethod.SCRAM_SHA_1, LoginMethod.PLAIN)
_SCRAM_HASHES = {LoginMethod.SCRAM_SHA_256: SHA_256, LoginMethod.SCRAM_SHA_1: SHA_1}
_PLUS = "-PLUS"
"""Ends the names of mechanisms that bind the login to the TLS connection (RFC 5802, section 4)."""
_BINDINGS = ("tls-unique", "tls-server-end-point")
"""Those that Python has values for; ``tls-exporter`` (RFC 9266) is not among them."""
_TEMPORARY = frozenset({"temporary-auth-failure"})
NO_SUCH_ACCOUNT = "Wrong password, or there is no such account."
_FAILURES = {
    "account-disabled": "The account is disabled.",
    "credentials-expired": "The password is out of date.",
    "encryption-required": "The server takes this only over TLS.",
    "invalid-authzid": "The server does not know the account by that name.",
    "invalid-mechanism": "The server does not take this way to log in after all.",
    "mechanism-too-weak": "The server wants a stronger way to log in.",
    "not-authorized": NO_SUCH_ACCOUNT,
    "temporary-auth-failure": "The server cannot check passwords now.",
}


class Refusal(ConnectError):
    """There is no session to be had."""

    def __init__(self, message: str, hint: str = "", *, may_retry: bool = False) -> None:
        super().__init__(message, hint)
        self.may_retry = may_retry


class Pipe(Protocol):
    """One stream being negotiated."""

    @property
    def is_secure(self) -> bool: ...

    def write(self, data: bytes) -> object: ...

    def channel_binding(self, name: str) -> bytes: ...

    async def element(self) -> ET.Element:
        """The next element. Raises Refusal when there is none."""
        ...


def mechanisms_of(account: Account) -> tuple[LoginMethod, ...]:
    """What the account allows, strongest first; all that need a password where it names none."""
    allowed = account.logins or _BY_DEFAULT
    return tuple(method for method in STRONGEST_FIRST if method in allowed)


def choose(account: Account, offered: frozenset[str], *, is_secure: bool) -> LoginMethod:
    """The mechanism to log in with. Raises Refusal in words where there is none."""
    common = [method for method in mechanisms_of(account) if method.value in offered]
    usable = [method for method in common if is_secure or _may_in_clear(account, method)]
    if usable:
        return usable[0]
    if common:
        raise Refusal(
            "The server offers only ways to log in that would send the password in plain text.",
            "Choose STARTTLS, or allow passwords over plain text in this account’s settings: "
            "anyone on the way can then read it.",
        )
    names = ", ".join(sorted(offered)) or "none at all"
    wanted = " or ".join(method.value for method in mechanisms_of(account))
    raise Refusal(
        f"The server does not offer to log in with {wanted}. It offers {names}.",
        "Choose another login method for this account.",
    )


def _may_in_clear(account: Account, method: LoginMethod) -> bool:
    if method is LoginMethod.PLAIN:
        return account.password_over_plain
    return method is not LoginMethod.EXTERNAL


@dataclass(frozen=True, slots=True)
class Offer:
    """How a server can be logged in to."""

    mechanisms: frozenset[str]
    bindings: frozenset[str] | None = None
    """Channel bindings that it knows (XEP-0440); None where it does not say."""


async def log_in(pipe: Pipe, account: Account, password: str, offer: Offer) -> None:
    """Prove who we are. Raises Refusal, RemoteProtocolError, LocalProtocolError."""
    can_bind = _binding_of(pipe, offer) is not None
    offered = offer.mechanisms | (_bound_ones(offer) if can_bind else frozenset())
    method = choose(account, offered, is_secure=pipe.is_secure)
    name = account.login_name or split_jid(account.jid)[0]
    if method in _SCRAM_HASHES:
        await _scram(pipe, method, name, password, offer)
        return
    first = b"" if method is LoginMethod.EXTERNAL else f"\0{name}\0{password}".encode()
    pipe.write(_auth(method.value, first))
    _expect(await pipe.element(), "success", account.jid)


async def _scram(pipe: Pipe, method: LoginMethod, name: str, password: str, offer: Offer) -> None:
    is_bound = method.value + _PLUS in offer.mechanisms
    binding = _binding_of(pipe, offer) if is_bound else None
    mechanism = method.value + (_PLUS if binding is not None else "")
    scram = ScramClient(name, password, hash_name=_SCRAM_HASHES[method], binding=binding)
    pipe.write(_auth(mechanism, scram.first()))
    challenge = _decode(_expect(await pipe.element(), "challenge", ""))
    # A server may ask for enough iterations to stop the window for a second.
    final = await asyncio.to_thread(scram.final, challenge)
    pipe.write(_element("response", final))
    answer = await pipe.element()
    if answer.tag == f"{{{SASL}}}challenge":
        # The server's proof may come before <success/> (RFC 6120, section 6.3.10).
        scram.verify(_decode(answer))
        pipe.write(_element("response", b""))
        _expect(await pipe.element(), "success", "")
        return
    scram.verify(_decode(_expect(answer, "success", "")))


def _bound_ones(offer: Offer) -> frozenset[str]:
    """Mechanisms that are offered with channel binding, by their plain names."""
    return frozenset(name.removesuffix(_PLUS) for name in offer.mechanisms if name.endswith(_PLUS))


def _binding_of(pipe: Pipe, offer: Offer) -> ChannelBinding | None:
    """The best that both sides have; a server that does not say means ``tls-unique``."""
    for kind in _BINDINGS:
        is_known = kind == _BINDINGS[0] if offer.bindings is None else kind in offer.bindings
        if is_known and (data := pipe.channel_binding(kind)):
            return ChannelBinding(kind, data)
    return None


def _expect(element: ET.Element, name: str, jid: str) -> ET.Element:
    if element.tag == f"{{{SASL}}}{name}":
        return element
    if element.tag != f"{{{SASL}}}failure":
        raise RemoteProtocolError(
            f"The server answered the login with <{element.tag.rpartition('}')[2]}>.",
            "Is this an XMPP server?",
        )
    condition = next((c.tag.rpartition("}")[2] for c in element if not c.tag.endswith("text")), "")
    words = " ".join((element.findtext(f"{{{SASL}}}text") or "").split())[:300]
    said = f" It says: “{words}”" if words else ""
    reason = _FAILURES.get(condition, f"The server says “{condition or 'failure'}”.")
    raise Refusal(
        f"The login{' as ' + jid if jid else ''} failed. {reason}{said}",
        ""
        if condition in _TEMPORARY
        else "Check address and password of this account; it is not tried again by itself.",
        may_retry=condition in _TEMPORARY,
    )


def _auth(mechanism: str, first: bytes) -> bytes:
    return _element("auth", first, mechanism=mechanism)


def _element(name: str, content: bytes, **attributes: str) -> bytes:
    element = ET.Element(name, {"xmlns": SASL, **attributes})
    # An empty first message is a “=” (RFC 6120, section 6.4.2); other answers may be empty.
    empty = "=" if name == "auth" else None
    element.text = b64encode(content).decode() if content else empty
    return ET.tostring(element)


def _decode(element: ET.Element) -> bytes:
    text = "".join((element.text or "").split())
    try:
        return b64decode(text, validate=True) if text != "=" else b""
    except (binascii.Error, ValueError) as error:
        raise RemoteProtocolError("The server’s SASL message is not Base64.") from error
