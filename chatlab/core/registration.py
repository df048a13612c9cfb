"""What a server wants to know before it makes an account (XEP-0077)."""

from dataclasses import dataclass

from chatlab.core.forms import DataForm


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationForm:
    """The server's answer to the wish for an account: something to fill in, or a web address."""

    server: str
    """The domain that the account will belong to."""
    form: DataForm
    """Fields of the data form, or the plain ones of section 3.1 (``username``, ``password`` …)."""
    web_address: str = ""
    """Where to register instead, or the picture's fallback (XEP-0066, section 3)."""
