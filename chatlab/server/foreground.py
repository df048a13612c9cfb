"""``chatlab serve``: the lab server for a classroom, in the foreground until Ctrl-C."""

import asyncio
import signal
from collections.abc import Callable, Mapping
from ipaddress import ip_address
from pathlib import Path
from types import FrameType

from chatlab.core.account import IRC_PORTS, XMPP_PORTS, Security
from chatlab.server.service import (
    LOOPBACK,
    Service,
    ServiceOptions,
    reachable_addresses,
    start,
)
from chatlab.server.xmpp.limits import DOMAIN, LAB_ROOM, ROOMS_DOMAIN

PLAIN_PORT = IRC_PORTS[Security.PLAIN]
TLS_PORT = IRC_PORTS[Security.DIRECT_TLS]
XMPP_PORT = XMPP_PORTS[Security.STARTTLS]
XMPP_TLS_PORT = XMPP_PORTS[Security.DIRECT_TLS]


def serve(
    directory: Path,
    *,
    bind: str = LOOPBACK,
    plain_port: int = PLAIN_PORT,
    tls_port: int = TLS_PORT,
    xmpp_port: int = XMPP_PORT,
    xmpp_tls_port: int = XMPP_TLS_PORT,
    names: tuple[str, ...] = (),
    accounts: Mapping[str, str] | None = None,
    asks_captcha: bool = False,
    say: Callable[[str], None] = print,
) -> None:
    """Serve until Ctrl-C or SIGTERM, having said what is exposed to whom.

    The certificate in ``directory`` is used again while it is valid, so a class keeps the
    authority that it was given. Raises UsageError, FileError or ConnectError.
    """
    options = ServiceOptions(
        directory=directory,
        bind=bind,
        plain_port=plain_port,
        tls_port=tls_port,
        xmpp_port=xmpp_port,
        xmpp_tls_port=xmpp_tls_port,
        names=names,
        accounts=accounts or {},
        asks_captcha=asks_captcha,
        keeps_certificate=True,
        keeps_accounts=True,
    )
    asyncio.run(_serve(options, say))


async def _serve(options: ServiceOptions, say: Callable[[str], None]) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(stopped.set)

    numbers = (signal.SIGTERM, signal.SIGINT)
    previous = {number: signal.signal(number, on_signal) for number in numbers}
    try:
        service = await start(options)
        for line in describe(service):
            say(line)
        await stopped.wait()
        say("Stopping.")
        await service.stop()
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def describe(service: Service) -> list[str]:
    """What the server exposes, line by line, for the person who started it."""
    addresses = reachable_addresses(service.address)
    lines = ["The ChatLab lab server is running. Stop it with Ctrl-C.", ""]
    for address in addresses:
        host = f"[{address}]" if ":" in address else address
        lines.append(f"  IRC, plain             irc://{host}:{service.plain_port}")
        lines.append(f"  IRC, TLS               ircs://{host}:{service.tls_port}")
        lines.append(f"  XMPP, plain, STARTTLS  {host}:{service.xmpp_port}")
        lines.append(f"  XMPP, direct TLS       {host}:{service.xmpp_tls_port}")
    certificate = service.certificate
    lines += [
        "",
        f"  XMPP addresses: NAME@{DOMAIN}; everybody may create an account (in-band registration)",
        f"  XMPP room: {LAB_ROOM}@{ROOMS_DOMAIN}",
        f"  Certificate authority, to hand out: {certificate.ca_file}",
        f"  SHA-256 of the server’s certificate: {certificate.fingerprint}",
        f"  The certificate is valid for: {', '.join(certificate.names)}",
        f"  Accounts: {', '.join(service.account_names) or 'none; no log-in is needed'}",
        "",
    ]
    if ip_address(service.address).is_loopback:
        lines.append("Only programs on this machine can connect.")
    else:
        lines.append(
            "Warning: every machine that reaches these addresses can connect to IRC without a "
            "password and create XMPP accounts, and what is said on the plain ports can be read "
            "on the way."
        )
    return lines
