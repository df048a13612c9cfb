"""The settings of a room, as a form for its owner (XEP-0045, section 10.2)."""

from xml.etree import ElementTree as ET

from chatlab.chat.xmpp.context import Feature
from chatlab.chat.xmpp.data_forms import FORM, read_form, write_form
from chatlab.chat.xmpp.rooms import MUC_OWNER
from chatlab.core.errors import ChatlabError
from chatlab.core.forms import DataForm


class RoomForms(Feature):
    """Asks rooms for their forms; each call is awaited by who shows the form."""

    async def ask(self, room: str) -> DataForm:
        """Raises ChatlabError where the room refuses, or has nothing to ask."""
        stream = self.context.stream
        answer = await stream.ask(stream.query("get", room, ET.Element(f"{{{MUC_OWNER}}}query")))
        form = answer.xml.find(f"{{{MUC_OWNER}}}query/{{{FORM}}}x")
        if form is None:
            raise ChatlabError(f"{room} has no settings to change.")
        return read_form(form)

    async def submit(self, room: str, answers: DataForm) -> None:
        """Returns when the room has taken them. Raises ChatlabError."""
        query = ET.Element(f"{{{MUC_OWNER}}}query")
        query.append(write_form(answers))
        stream = self.context.stream
        await stream.ask(stream.query("set", room, query))
