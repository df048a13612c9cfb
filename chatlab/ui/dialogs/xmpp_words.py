"""Words of the XMPP forms that depend on what was chosen."""

from chatlab.core.account import Security

USUAL_STANZA = 150
"""Bytes of a short stanza, such as a receipt or a chat state, before TLS."""


def xmpp_observer_text(domain: str, security: Security, *, password_crosses: bool) -> str:
    """What anyone on the path could read with these settings, in one or two sentences."""
    name = domain or "the server"
    if security is Security.DIRECT_TLS:
        return (
            f"That you talk to {name} (its name crosses in clear in the DNS look-up and in the TLS "
            "handshake), when, and how much. Not your address, not your password, not one word."
        )
    if security is Security.STARTTLS:
        return (
            f"The greeting: that this is XMPP, that you want {name}, and the switch to TLS. After "
            "it only when and how much: not your address, not your password, not one word."
        )
    words = f"Everything: your address, your contacts, each word that you or others say by {name}"
    if password_crosses:
        return (
            f"{words} – and your password, where the server takes no proof of it instead (SCRAM)."
        )
    return f"{words}. Of the password only a proof crosses (SCRAM), not the password itself."
