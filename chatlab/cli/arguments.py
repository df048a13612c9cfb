"""What can be written after ``chatlab``; each command's work is imported only when it runs."""

import argparse
import errno
import gc
import importlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from chatlab import __version__
from chatlab.cli.doctor_options import add_doctor_options
from chatlab.cli.terminal import complain, flush, give_up_output, prepare
from chatlab.core.address import is_irc_link, parse_irc_link
from chatlab.core.errors import ChatlabError, UsageError
from chatlab.core.xmpp_address import is_xmpp_link, parse_xmpp_url

EXIT_FAILED = 1
EXIT_USAGE = 2
_DISK_FULL = (errno.ENOSPC, errno.EDQUOT)


COMPARE_KEYS = """
One JSON object a line with --json; "kind" says what it is:
  connection  a connection with its "handshake": frames, bytes, round_trips, ready_ms, phases
  message     one message on one connection; the same "row" is the same message. "frames",
              "segments" and "bytes" count what brought it. "text_bytes", "framing_bytes" (IRC
              or XMPP around the words), "tls_bytes", "tcp_bytes", "ip_bytes", "link_bytes" and,
              where there are any, "sealed_bytes", "repeated_bytes" and "other_bytes" add up to
              "bytes" exactly. "retransmission_bytes", "ack_bytes" and "echo_bytes" stand apart.
              "handshake_share_bytes" is the handshake divided by "nth"; "leak" says what the
              length of the TLS record tells. null: no frame tells it.
  step        with --handshakes: one step from the first packet to the first message
  claim       with --observers: what the network, the server or the person learns, or does not
  summary     sums and medians of a connection
Passwords are blanked everywhere.
"""


class _Parser(argparse.ArgumentParser):
    """Reports bad usage as one line on stderr."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{self.prog}: {message}.", f"“{self.prog} --help” shows the usage.")


def run(arguments: Sequence[str]) -> int:
    """Carry out a command line; returns the exit code."""
    prepare()
    try:
        options = _parse(_with_command(arguments))
        command: Callable[[argparse.Namespace], int] = options.command
        code = command(options)
        flush()
        return code
    except UsageError as error:
        complain(error)
        return EXIT_USAGE
    except ChatlabError as error:
        complain(error)
        return EXIT_FAILED
    except KeyboardInterrupt:
        return 130  # As a shell reports SIGINT.
    except BrokenPipeError:
        give_up_output()  # The reader has seen enough, e.g. `| head`.
        return EXIT_FAILED
    except OSError as error:
        if error.errno not in _DISK_FULL:
            raise
        give_up_output()
        complain(f"Not all could be written: {error.strerror}. Free some space, then try again.")
        return EXIT_FAILED


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    """argparse takes files in one go only: in ``compare A --json B``, B is left over."""
    parser = _parser()
    options, more = parser.parse_known_args(arguments)
    if len(more) == 1 and not more[0].startswith("-") and getattr(options, "second", "") is None:
        options.second = Path(more.pop())
    if more:
        parser.error(f"unrecognized arguments: {' '.join(more)}")
    return options


def _with_command(arguments: Sequence[str]) -> Sequence[str]:
    """``chatlab irc://…`` and ``chatlab xmpp:…``, as desktops and browsers start us, are a command
    like the others."""
    first = arguments[0] if arguments else ""
    is_link = is_irc_link(first) or is_xmpp_link(first)
    return ["link", *arguments] if is_link else arguments


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="chatlab", description="A chat client with an X-ray.")
    parser.add_argument("--version", action="version", version=f"ChatLab {__version__}")
    parser.add_argument("--lab", action="store_true", help="open the window on the offline lab")
    parser.add_argument("--selftest", action="store_true", help="check this installation and leave")
    parser.add_argument("--json", action="store_true", help="with --selftest: as one JSON object")
    parser.set_defaults(command=_window)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", parser_class=_Parser)
    _add_say(commands)
    _add_files(commands)
    _add_serve(commands)
    _add_connect(commands)
    doctor = commands.add_parser("doctor", help="can this machine capture, and if not, what to do")
    add_doctor_options(doctor)
    doctor.set_defaults(command=_doctor)
    link = commands.add_parser("link")  # Without help: nobody types it.
    link.add_argument("link", metavar="URL", type=_link)
    link.set_defaults(command=_window, lab=False, selftest=False)
    return parser


Commands = argparse._SubParsersAction


def _add_say(commands: "Commands[_Parser]") -> None:
    say = commands.add_parser("say", help="connect, send, show the frames of each message, leave")
    _add_place(say)
    say.add_argument("texts", metavar="TEXT", nargs="*", help="each one is sent as a message")
    say.add_argument("--insecure", action="store_true", help="accept any certificate")
    say.add_argument(
        "--save", metavar="FILE", type=Path, help="keep the session (.chatlab) or its capture"
    )
    say.add_argument("--json", action="store_true", help="one JSON object a message")
    say.add_argument(
        "--listen",
        metavar="SECONDS",
        type=_seconds,
        default=0.0,
        help="stay and list what arrives; Ctrl-C ends it early",
    )
    say.add_argument(
        "--interval",
        metavar="SECONDS",
        type=_seconds,
        default=None,
        help="between messages; 0 sends a burst",
    )
    say.add_argument(
        "--login",
        metavar="NAME",
        default="",
        help="SASL login name; the password is read from a file",
    )
    say.add_argument(
        "--password-file", metavar="FILE", type=Path, help="file with the SASL password"
    )
    _add_xmpp(say)
    say.set_defaults(command=_say)


def _add_place(command: _Parser) -> None:
    """Where to connect, and what is believed there."""
    command.add_argument(
        "url",
        metavar="URL",
        help="irc://nick@host:port/%%23channel, ircs:// for TLS, xmpp:bob@host, xmpp:room@host?join",
    )
    command.add_argument(
        "--ca", metavar="FILE", type=Path, help="PEM file of a further trusted authority"
    )
    command.add_argument(
        "--tls-max", choices=("1.2", "1.3"), default="", help="highest TLS version offered"
    )


def _add_xmpp(command: _Parser) -> None:
    """How an xmpp: address is to be reached."""
    xmpp = command.add_argument_group("XMPP")
    xmpp.add_argument("--account", metavar="JID", default="", help="who to be: alice@localhost")
    xmpp.add_argument(
        "--server", metavar="HOST[:PORT]", default="", help="instead of what DNS says"
    )
    xmpp.add_argument(
        "--security",
        choices=("starttls", "direct", "plain"),
        default="starttls",
        help="how the connection is protected; default: starttls",
    )


def _add_keys(command: _Parser) -> None:
    command.add_argument(
        "--keys",
        metavar="KEYLOG",
        type=Path,
        help="TLS secrets (SSLKEYLOGFILE); default: those in FILE, and FILE.keys or the like",
    )


def _add_files(commands: "Commands[_Parser]") -> None:
    messages = commands.add_parser(
        "messages", help="list every message of a session or capture and its frames"
    )
    messages.add_argument("file", metavar="FILE", type=Path)
    _add_keys(messages)
    messages.add_argument("--json", action="store_true", help="one JSON object a line")
    messages.set_defaults(command=_messages)
    _add_compare(commands)
    exported = commands.add_parser(
        "export", help="write a copy of a capture that may be handed on, and say what it tells"
    )
    exported.add_argument("file", metavar="FILE", type=Path)
    exported.add_argument("target", metavar="OUT.pcapng", type=Path)
    exported.add_argument(
        "--secrets",
        choices=("keep", "drop", "redact"),
        default="redact",
        help="keep: with the TLS keys; drop: without them; redact: passwords blanked as well",
    )
    exported.set_defaults(command=_export)
    opened = commands.add_parser("open", help="open the window on a saved session or capture")
    opened.add_argument("file", metavar="FILE", type=Path)
    _add_keys(opened)
    opened.set_defaults(command=_window, lab=False, selftest=False)


def _add_compare(commands: "Commands[_Parser]") -> None:
    compare = commands.add_parser(
        "compare",
        help="what the same messages took in clear and under TLS, layer by layer",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=COMPARE_KEYS,
    )
    compare.add_argument("file", metavar="FILE", type=Path)
    compare.add_argument(
        "second", metavar="FILE2", type=Path, nargs="?", help="compare with this one's connections"
    )
    _add_keys(compare)
    compare.add_argument("--json", action="store_true", help="one JSON object a line, see below")
    compare.add_argument("--csv", metavar="OUT", type=Path, help="write a table for a spreadsheet")
    compare.add_argument("--html", metavar="OUT", type=Path, help="write a page with tables")
    compare.add_argument(
        "--handshakes", action="store_true", help="also each step before the first message"
    )
    compare.add_argument(
        "--observers", action="store_true", help="also what network, server and person learn"
    )
    compare.set_defaults(command=_compare)


def _add_serve(commands: "Commands[_Parser]") -> None:
    serve = commands.add_parser("serve", help="run the lab server alone, for a classroom")
    serve.add_argument(
        "--bind", metavar="ADDRESS", default="127.0.0.1", help="default: this machine only"
    )
    for option, port, what in (
        ("--plain-port", 6667, "IRC in clear"),
        ("--tls-port", 6697, "IRC with TLS"),
        ("--xmpp-port", 5222, "XMPP in clear or with STARTTLS"),
        ("--xmpp-tls-port", 5223, "XMPP with direct TLS"),
    ):
        words = f"{what}; default: {port}, 0 takes a free one"
        serve.add_argument(option, metavar="PORT", type=_port, default=port, help=words)
    serve.add_argument(
        "--account",
        metavar="NAME:PASSWORD-FILE",
        action="append",
        default=[],
        help="someone who can log in, to IRC and XMPP; may be given several times",
    )
    serve.add_argument(
        "--captcha",
        action="store_true",
        help="who makes an XMPP account has to read digits in a picture first",
    )
    serve.set_defaults(command=_serve)


def _add_connect(commands: "Commands[_Parser]") -> None:
    connect = commands.add_parser(
        "connect", help="chat without a window: obeys commands on standard input"
    )
    _add_place(connect)
    connect.add_argument("--nick", metavar="N", default="", help="instead of the address’s")
    connect.add_argument(
        "--sasl",
        metavar="MECH[,MECH]",
        default="",
        help="mechanisms in the order in which they are tried: PLAIN, SCRAM-SHA-256, EXTERNAL, …",
    )
    connect.add_argument("--login", metavar="L", default="", help="login name; default: the nick")
    connect.add_argument(
        "--password-file", metavar="F", type=Path, help="file with the login’s password"
    )
    connect.add_argument(
        "--server-password-file", metavar="F", type=Path, help="file with the server’s password"
    )
    connect.add_argument(
        "--pin", metavar="SHA256", default="", help="the only server certificate to accept"
    )
    connect.add_argument(
        "--client-cert", metavar="FILE", type=Path, help="PEM file with certificate and key"
    )
    connect.add_argument(
        "--tls-min", choices=("1.2", "1.3"), default="", help="lowest TLS version accepted"
    )
    connect.add_argument(
        "--state-dir", metavar="DIR", type=Path, help="where STS policies are kept"
    )
    connect.add_argument("--json", action="store_true", help="every event as one JSON object")
    _add_xmpp(connect)
    connect.set_defaults(command=_connect)


def _link(text: str) -> str:
    # What is wrong with it is said before a window opens.
    if is_xmpp_link(text):
        parse_xmpp_url(text)
    else:
        parse_irc_link(text)
    return text


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 86_400:
        raise argparse.ArgumentTypeError(f"“{text}” is not between 0 and 86400 seconds")
    return value


def _port(text: str) -> int:
    value = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else -1
    if not 0 <= value <= 65_535:
        raise argparse.ArgumentTypeError(f"“{text}” is not a port")
    return value


def _window(options: argparse.Namespace) -> int:
    if options.selftest:
        from chatlab.cli.selftest import selftest

        return selftest(as_json=options.json)
    gc.disable()  # Nothing that is loaded before the first paint is garbage; see app.garbage.
    # First what is not Qt's: once PySide6 is there, it reads the source of every module that comes.
    importlib.import_module("chatlab.app.feed")
    from chatlab.app.window import run_window

    return run_window(
        lab=options.lab,
        file=getattr(options, "file", None),
        keys=getattr(options, "keys", None),
        link=getattr(options, "link", None),
    )


def _say(options: argparse.Namespace) -> int:
    from chatlab.cli.say import say

    return say(options)


def _messages(options: argparse.Namespace) -> int:
    from chatlab.cli.messages import messages

    return messages(options.file, keys=options.keys, as_json=options.json)


def _export(options: argparse.Namespace) -> int:
    from chatlab.cli.export import export
    from chatlab.core.export import SecretsChoice

    return export(options.file, options.target, SecretsChoice(options.secrets))


def _compare(options: argparse.Namespace) -> int:
    from chatlab.cli.compare import compare

    return compare(options)


def _serve(options: argparse.Namespace) -> int:
    from chatlab.cli.serve import serve

    return serve(
        options.bind,
        options.plain_port,
        options.tls_port,
        options.xmpp_port,
        options.xmpp_tls_port,
        options.account,
        asks_captcha=options.captcha,
    )


def _connect(options: argparse.Namespace) -> int:
    from chatlab.cli.connect import connect

    return connect(options)


def _doctor(options: argparse.Namespace) -> int:
    from chatlab.cli.doctor import doctor

    return doctor(options)
