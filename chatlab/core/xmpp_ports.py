"""What an XMPP engine promises beyond ``ports``: accounts on servers, rooms that ask with forms.

Most of what a window wants is a command (``commands.Verb``) and goes through ``execute``. Here is
what needs an answer: each call is awaited and raises ChatlabError in words for the reader.
"""

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from chatlab.core.account import Account, AccountId
from chatlab.core.forms import DataForm
from chatlab.core.registration import RegistrationForm


class Memory(Protocol):
    """What earlier runs of the program have kept."""

    async def newest(self, account: AccountId) -> Mapping[str, int]:
        """By chat, in lower case: when the newest message that is kept was said, in nanoseconds.

        Of what we said, only what the server is known to have. Empty where nothing is kept.
        """
        ...


class Registrar(Protocol):
    """Makes one account on a server (XEP-0077). One stream serves both questions, because a
    CAPTCHA belongs to the stream on which it was asked; a second ``ask`` begins anew."""

    async def ask(self, account: Account) -> RegistrationForm:
        """Connect as ``account`` says (its JID's domain, host, port, security, pin) and ask what
        the server wants to know. Raises CertificateError, ConnectError, or ChatlabError where the
        server makes no accounts in this way."""
        ...

    async def submit(self, account: Account, answers: DataForm) -> None:
        """Hand the form in; returns when the account exists. Raises ChatlabError with the
        server's reason (taken, refused, CAPTCHA wrong); then ``ask`` again for a new form."""
        ...

    async def close(self) -> None:
        """Nothing more is wanted: end the stream. Never raises."""
        ...


@runtime_checkable
class AccountHolder(Protocol):
    """A connection that can change its account on the server; it must be online."""

    async def change_password(self, password: str) -> None:
        """Have the server take a new password (XEP-0077, section 3.3); returns when it has."""
        ...

    async def delete_account(self) -> None:
        """Have the server delete the account for good (section 3.2) and close the connection."""
        ...


@runtime_checkable
class RoomKeeper(Protocol):
    """A connection whose rooms ask with forms (XEP-0045, section 10); it must be online.

    Lists of people by affiliation come through ``ChatConnection.request_masks`` with the
    affiliation as the mode (``owner``, ``admin``, ``member``, ``outcast``) and arrive as one
    MasksListed with bare JIDs for masks; they are changed by ``/affiliation``.
    """

    async def room_form(self, room: str) -> DataForm:
        """The room's settings as its owner may change them (section 10.2)."""
        ...

    async def submit_room_form(self, room: str, answers: DataForm) -> None:
        """Returns when the room has taken them."""
        ...


@runtime_checkable
class AttentionTaker(Protocol):
    """A connection whose server may be told that nobody looks (XEP-0352)."""

    def set_active(self, is_active: bool) -> None:
        """Somebody looks at the window again, or has not for a while. Never raises."""
        ...
