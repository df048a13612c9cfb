"""The XMPP account of one command, from its options."""

import argparse
import re

from chatlab.core.account import Account, AccountId, Application, Security
from chatlab.core.errors import UsageError
from chatlab.core.jid import check_jid, parse_jid
from chatlab.core.xmpp_address import XmppAddress

SECURITIES = {
    "starttls": Security.STARTTLS,
    "direct": Security.DIRECT_TLS,
    "plain": Security.PLAIN,
}
_SERVER = re.compile(r"(?P<host>\[[0-9a-fA-F:.]+\]|[^:\[\]]+)(?::(?P<port>[0-9]{1,5}))?")


def make_xmpp_account(options: argparse.Namespace, address: XmppAddress) -> Account:
    """The account that the options describe. Raises UsageError naming the one at fault."""
    text = options.account or address.account
    if not text:
        raise UsageError("An XMPP address needs an account.", "Name it: --account alice@localhost")
    bare, _, resource = text.partition("/")
    if problem := check_jid(bare):
        raise UsageError(f"--account: “{bare}” is no address. {problem.reason}", problem.suggestion)
    if not options.password_file:
        raise UsageError("The account needs a password.", "Name its file with --password-file.")
    host, port = _read_server(options.server)
    jid = parse_jid(bare)
    return Account(
        id=AccountId(jid.bare),
        name=jid.bare,
        application=Application.XMPP,
        host=host,
        port=port,
        security=SECURITIES[options.security],
        nick=jid.local,
        jid=jid.bare,
        resource=resource,
        ca_file=str(options.ca or ""),
        is_temporary=True,
    )


def _read_server(text: str) -> tuple[str, int]:
    """Host and port of ``--server``; empty and 0 to ask DNS."""
    if not text:
        return "", 0
    match = _SERVER.fullmatch(text)
    port = int(match["port"] or 0) if match else 0
    is_port = match is not None and (match["port"] is None or 0 < port < 65_536)
    if match is None or not is_port:
        raise UsageError(f"--server: “{text}” is no HOST:PORT.", "Example: 127.0.0.1:5222")
    return match["host"].strip("[]"), port
