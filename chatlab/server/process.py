"""The lab server as a child process: ``python -m chatlab.server.process``.

It says once, as one line of JSON on standard output, where it listens; logs go to standard
error. It ends when its standard input does, so it cannot outlive the program that started it,
or at SIGTERM or SIGINT.
"""

import argparse
import asyncio
import json
import logging
import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType

from chatlab.core.errors import ChatlabError, FileError, UsageError
from chatlab.server.service import LOOPBACK, Service, ServiceOptions, start

log = logging.getLogger(__name__)


def main(arguments: list[str] | None = None) -> int:
    """Serve until told to stop; 0, or 1 when the server could not start."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    try:
        asyncio.run(_serve(_options(arguments)))
    except ChatlabError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _options(arguments: list[str] | None) -> ServiceOptions:
    parser = argparse.ArgumentParser(
        prog="chatlab.server.process", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--bind", default=LOOPBACK, metavar="ADDRESS")
    parser.add_argument("--plain-port", type=int, default=0, metavar="PORT")
    parser.add_argument("--tls-port", type=int, default=0, metavar="PORT")
    parser.add_argument("--xmpp-port", type=int, default=0, metavar="PORT")
    parser.add_argument("--xmpp-tls-port", type=int, default=0, metavar="PORT")
    parser.add_argument("--directory", type=Path, required=True)
    parser.add_argument("--name", action="append", default=[], help="for the certificate, too")
    parser.add_argument("--account", action="append", default=[], metavar="NAME:PASSWORD-FILE")
    parser.add_argument("--introduce", action="store_true", help="accounts as contacts")
    chosen = parser.parse_args(arguments)
    return ServiceOptions(
        directory=chosen.directory,
        bind=chosen.bind,
        plain_port=chosen.plain_port,
        tls_port=chosen.tls_port,
        xmpp_port=chosen.xmpp_port,
        xmpp_tls_port=chosen.xmpp_tls_port,
        names=tuple(chosen.name),
        accounts=dict(read_account(text) for text in chosen.account),
        introduces_accounts=chosen.introduce,
    )


def read_account(text: str) -> tuple[str, str]:
    """Name and password of ``NAME:PASSWORD-FILE``; passwords never stand on a command line."""
    name, _, file = text.partition(":")
    if not name or not file:
        raise UsageError(f"“{text}” is not NAME:PASSWORD-FILE.")
    try:
        lines = Path(file).read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        words = f"The password file {file} cannot be read: {error.strerror or error}."
        raise FileError(words, "Check its name and its permissions.") from error
    except UnicodeDecodeError as error:
        words = f"The password file {file} cannot be read: it is no text in UTF-8."
        raise FileError(words, "Save it as UTF-8.") from error
    return name, lines[0] if lines else ""


async def _serve(options: ServiceOptions) -> None:
    stopped = asyncio.Event()
    _watch_for_end(stopped)
    service = await start(options)
    print(_ready_line(service), flush=True)
    log.info("IRC on %s, %d and %d", service.address, service.plain_port, service.tls_port)
    log.info("XMPP on %s, %d and %d", service.address, service.xmpp_port, service.xmpp_tls_port)
    await stopped.wait()
    await service.stop()


def _ready_line(service: Service) -> str:
    return json.dumps(
        {
            "plain_port": service.plain_port,
            "tls_port": service.tls_port,
            "xmpp_port": service.xmpp_port,
            "xmpp_tls_port": service.xmpp_tls_port,
            "ca_file": str(service.certificate.ca_file.resolve()),
            "fingerprint": service.certificate.fingerprint,
            "address": service.address,
            "accounts": list(service.account_names),
        }
    )


def _watch_for_end(stopped: asyncio.Event) -> None:
    """Set ``stopped`` at the end of standard input, or at a signal; the same on all systems."""
    loop = asyncio.get_running_loop()

    def stop() -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(stopped.set)

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop()

    def read_to_the_end() -> None:
        # Unbuffered: a thread that holds a buffer's lock would spoil the interpreter's exit.
        while os.read(sys.stdin.fileno(), 4096):
            pass
        stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, on_signal)
    # A thread, since not every event loop can wait for a pipe on Windows.
    threading.Thread(target=read_to_the_end, name="stdin", daemon=True).start()


if __name__ == "__main__":
    sys.exit(main())
