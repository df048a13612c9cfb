"""The server’s state: accounts, who is online, the rooms; and the way to each of them. No IO.

Plain and TLS listeners feed the same host, so their users meet. Time comes in through two
functions: seconds since the epoch for what people see, monotonic ones for what runs out.
"""

import hashlib
import hmac
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from itertools import count
from secrets import token_bytes, token_hex
from typing import TYPE_CHECKING

from chatlab.server.xmpp.accounts import Account, Accounts
from chatlab.server.xmpp.capabilities import Capabilities
from chatlab.server.xmpp.element import Element
from chatlab.server.xmpp.jid import Jid, parse_jid
from chatlab.server.xmpp.limits import (
    DOMAIN,
    RESUME_SECONDS,
    ROOMS_DOMAIN,
)
from chatlab.server.xmpp.namespaces import DELAY
from chatlab.server.xmpp.session import Session

if TYPE_CHECKING:
    from chatlab.server.xmpp.muc.room import Room

Clock = Callable[[], float]


class Host:
    """Everything behind the listeners of one server."""

    def __init__(
        self,
        accounts: Mapping[str, str] | None = None,
        *,
        aliases: Iterable[str] = ("127.0.0.1", "[::1]"),
        allows_registration: bool = True,
        asks_captcha: bool = False,
        resume_seconds: float = RESUME_SECONDS,
        clock: Clock = time.time,
        monotonic: Clock = time.monotonic,
    ) -> None:
        """``accounts`` maps names to passwords; ``aliases`` are further names of the domain.

        Raises ValueError for an account that cannot be.
        """
        self.accounts = Accounts(accounts or {})
        self.aliases = frozenset(alias.lower() for alias in aliases)
        self.allows_registration = allows_registration
        self.asks_captcha = asks_captcha
        """Who wants an account has to read a picture first."""
        self.resume_seconds = resume_seconds
        self.sessions: dict[Jid, dict[str, Session]] = {}
        """Bound sessions by bare JID and resource, those that wait to be resumed included."""
        self.resumable: dict[str, Session] = {}
        self.rooms: dict[Jid, Room] = {}
        self.capabilities = Capabilities()
        self._clock = clock
        self._monotonic = monotonic
        self._ids = count(1)
        self._run = token_hex(4)
        self._secret = token_bytes(16)

    # --- time and names

    def now(self) -> float:
        return self._clock()

    def monotonic(self) -> float:
        return self._monotonic()

    def timestamp(self, moment: float | None = None) -> str:
        """A time as XEP-0082 writes it; now unless another is given."""
        stamp = datetime.fromtimestamp(self._clock() if moment is None else moment, UTC)
        return stamp.strftime("%Y-%m-%dT%H:%M:%S.") + f"{stamp.microsecond // 1000:03}Z"

    def delay(self, sender: Jid, moment: float) -> Element:
        return Element("delay", DELAY, {"from": str(sender), "stamp": self.timestamp(moment)})

    def new_id(self) -> str:
        """Unique over this run and all others; those of one run sort by age."""
        return f"{self._run}-{next(self._ids):08}"

    def pseudonym(self, *parts: str) -> str:
        """The same for the same parts, and nobody can tell the parts from it."""
        message = "\0".join(parts).encode()
        return hmac.new(self._secret, message, hashlib.sha256).hexdigest()[:32]

    def parse(self, text: str) -> Jid:
        """A JID in which another name of this server counts as its name. Raises StanzaError."""
        jid = parse_jid(text)
        return jid._replace(domain=DOMAIN) if jid.domain in self.aliases else jid

    def serves(self, domain: str) -> bool:
        return domain.lower().removesuffix(".") in {DOMAIN, *self.aliases}

    @staticmethod
    def is_room(jid: Jid) -> bool:
        return jid.domain == ROOMS_DOMAIN

    # --- sessions

    def session(self, jid: Jid) -> Session | None:
        """The session with that full JID."""
        return self.sessions.get(jid.bare, {}).get(jid.resource)

    def sessions_of(self, account: Account) -> list[Session]:
        return list(self.sessions.get(account.jid, {}).values())

    def available(self, jid: Jid) -> list[Session]:
        """The sessions of a bare JID that have sent presence."""
        sessions = self.sessions.get(jid.bare, {}).values()
        return [session for session in sessions if session.presence is not None]

    def bind(self, session: Session) -> None:
        self.sessions.setdefault(session.account.jid, {})[session.jid.resource] = session

    def unbind(self, session: Session) -> None:
        siblings = self.sessions.get(session.account.jid, {})
        if siblings.get(session.jid.resource) is session:
            del siblings[session.jid.resource]
        if not siblings:
            self.sessions.pop(session.account.jid, None)

    def deliver(self, stanza: Element) -> bool:
        """Send to the full JID in ``to``; False when nobody is there."""
        session = self.session(parse_jid(stanza.get("to")))
        if session is None:
            return False
        session.send(stanza)
        return True
