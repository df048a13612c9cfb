"""The offline lab: a server of our own and two accounts in one channel, one plain, one sealed."""

from chatlab.core.account import Account, AccountId, Autojoin, Security
from chatlab.server.lab import LabAddress

LAB_CHANNEL = "#lab"
_LEAVE = "The lab is over."


def lab_accounts(address: LabAddress) -> tuple[Account, Account]:
    """The two accounts of the lab: ``alice`` in clear text, ``bob`` under TLS."""
    plain = Account(
        id=AccountId("lab-plain"),
        name="Lab · plain text",
        host=address.address,
        port=address.plain_port,
        security=Security.PLAIN,
        nick="alice",
        real_name="Alice of the lab",
        channels=(Autojoin(LAB_CHANNEL),),
        leave_message=_LEAVE,
        is_temporary=True,
    )
    sealed = Account(
        id=AccountId("lab-tls"),
        name="Lab · TLS",
        host=address.address,
        port=address.tls_port,
        security=Security.DIRECT_TLS,
        nick="bob",
        real_name="Bob of the lab",
        channels=(Autojoin(LAB_CHANNEL),),
        leave_message=_LEAVE,
        ca_file=str(address.ca_file),
        is_temporary=True,
    )
    return plain, sealed
