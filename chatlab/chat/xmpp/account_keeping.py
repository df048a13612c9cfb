"""The account on the server: another password, or its end (XEP-0077, sections 3.2 and 3.3)."""

from collections.abc import Callable
from xml.etree import ElementTree as ET

from chatlab.chat.xmpp.context import Feature
from chatlab.chat.xmpp.login import NO_SUCH_ACCOUNT
from chatlab.chat.xmpp.registration import REGISTER
from chatlab.core.errors import ConnectError, LocalProtocolError
from chatlab.core.jid import split_jid


class AccountKeeping(Feature):
    """Changes the account itself; each call is awaited by who shows its outcome."""

    _is_deleting = False
    _is_gone = False
    """A login that worked is refused since we asked for the account's end."""

    async def change_password(self, password: str) -> None:
        """Returns when the server has taken it. Raises ChatlabError."""
        context = self.context
        if not password:
            raise LocalProtocolError("A password is needed.", "Type one.")
        if context.link is None or not (
            context.link.is_secure or context.account.password_over_plain
        ):
            raise LocalProtocolError(
                "The new password would cross the network in plain text.",
                "Choose STARTTLS, or allow passwords over plain text in this account’s settings.",
            )
        query = ET.Element(f"{{{REGISTER}}}query")
        ET.SubElement(query, f"{{{REGISTER}}}username").text = split_jid(context.account.jid)[0]
        ET.SubElement(query, f"{{{REGISTER}}}password").text = password
        await self._ask(query)

    async def delete_account(self) -> None:
        """Returns when the account is gone; the connection ends with it. Raises ChatlabError."""
        query = ET.Element(f"{{{REGISTER}}}query")
        ET.SubElement(query, f"{{{REGISTER}}}remove")

        def on_answer(answer: ET.Element) -> None:
            # At once: some servers end the stream right behind their answer, with an error.
            if answer.get("type") == "result":
                self.context.give_up("The account was deleted on the server.")

        self._is_deleting = True
        try:
            await self._ask(query, on_answer)
        except ConnectError:
            # With the account a server ends the stream, at times before its answer has left.
            if not self._is_gone:
                raise
        finally:
            self._is_deleting = False

    def ended(self, reason: str) -> None:
        self._is_gone = self._is_deleting and NO_SUCH_ACCOUNT in reason

    async def _ask(
        self, query: ET.Element, on_answer: Callable[[ET.Element], None] | None = None
    ) -> None:
        stream = self.context.stream
        question = stream.query("set", self.context.state.domain, query)
        await stream.ask(question, on_answer=on_answer)
