"""Who and where an account is, in a few words; the same everywhere."""

from chatlab.core.account import XMPP_PORTS, Account, Application
from chatlab.core.chats import CHANNEL_SIGNS, Chat, ChatKind
from chatlab.core.flow import Endpoint


def server_words(account: Account) -> str:
    """The server and port that the account will go to; XMPP may leave both to DNS."""
    if account.host:
        port = account.port or XMPP_PORTS.get(account.security, account.port)
        return str(Endpoint(account.host, port))
    domain = account.jid.rpartition("@")[2]
    return f"{domain}:{account.port}" if account.port else f"{domain}, found by DNS"


def place_words(account: Account) -> str:
    """Where the account is at home: ``irc.example.org:6697``, or its JID and the server."""
    if account.application is not Application.XMPP:
        return server_words(account)
    jid = f"{account.jid}/{account.resource}" if account.resource else account.jid
    return f"{jid} at {server_words(account)}"


def port_words(account: Account) -> str:
    """``port 6697``; where DNS decides, that it does."""
    return f"port {account.port}" if account.port else "the port that DNS names"


def chat_words(chat: Chat) -> str:
    """What a chat is called where room is short: an XMPP room without a title is ``lab``.

    Beside it stands which account it is on, so the service that keeps the room adds nothing.
    """
    heading = chat.heading
    if chat.kind is ChatKind.CHANNEL and heading[:1] not in CHANNEL_SIGNS:
        return heading.partition("@")[0] or heading
    return heading
