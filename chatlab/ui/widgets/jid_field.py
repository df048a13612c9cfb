"""An XMPP address, checked while it is typed: why it cannot be, and the one that is meant."""

from collections.abc import Callable

from PySide6.QtWidgets import QWidget

from chatlab.core.jid import check_jid, check_room
from chatlab.core.nick import NameProblem
from chatlab.ui.widgets.nick_field import CheckedField

_ANY_DOMAIN = "@example.org"


class JidField(CheckedField):
    """``local@domain``. That the rest is not typed yet is no fault until the field is left."""

    def __init__(
        self,
        parent: QWidget | None = None,
        *,
        name: str = "Address",
        check: Callable[[str], NameProblem | None] = check_jid,
    ) -> None:
        self._is_final = False
        self._check_all = check
        super().__init__(name, self._judge, parent)
        self.edit.setPlaceholderText("name@example.org")

    def show_problem(self) -> bool:
        self._is_final = True
        return super().show_problem()

    def _on_text_changed(self, text: str) -> None:
        self._is_final = False
        super()._on_text_changed(text)

    def _judge(self, text: str) -> NameProblem | None:
        text = text.strip()
        local, _, domain = text.partition("@")
        if self._is_final or domain:
            return self._check_all(text)
        # Only the beginning is there: what is wrong with it is wrong whatever follows.
        problem = self._check_all(local + _ANY_DOMAIN) if local else None
        return NameProblem(problem.reason, "") if problem else None


class RoomField(JidField):
    """The address of a room; a name alone is completed with the service that is known."""

    def __init__(self, parent: QWidget | None = None) -> None:
        self._service = self._guess = ""
        super().__init__(parent, name="Room", check=check_room)
        self.edit.setPlaceholderText("room@conference.example.org")

    def set_service(self, service: str, guess: str = "") -> None:
        """Where rooms are unless something else is typed; a guess is only proposed."""
        self._service, self._guess = service, guess
        self.edit.setPlaceholderText(f"room@{service or guess or 'conference.example.org'}")

    def address(self) -> str:
        """What is meant by what was typed."""
        return self._completed(self.text().strip())

    def _completed(self, text: str) -> str:
        return f"{text}@{self._service}" if text and "@" not in text and self._service else text

    def _judge(self, text: str) -> NameProblem | None:
        text = text.strip()
        problem = super()._judge(self._completed(text))
        if problem and not problem.suggestion and text and "@" not in text and self._guess:
            meant = f"{text}@{self._guess}"
            return problem if check_room(meant) else NameProblem(problem.reason, meant)
        return problem
