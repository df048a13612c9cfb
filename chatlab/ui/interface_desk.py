"""Whole interfaces: asks which one, and has it captured."""

from chatlab.core.capture import CaptureInterface, CaptureLive
from chatlab.core.errors import ChatlabError
from chatlab.ui.dialog_desk import DialogDesk
from chatlab.ui.main_window import MainWindow
from chatlab.ui.ports import Backstage, WireFeed


class InterfaceDesk:
    """One window's."""

    def __init__(
        self, window: MainWindow, desk: DialogDesk, backstage: Backstage, feed: WireFeed
    ) -> None:
        self._window = window
        self._desk = desk
        self._backstage = backstage
        self._feed = feed
        window.wire.own_only_requested.connect(self._end)

    def ask(self) -> None:
        """Show what there is, as soon as it is known."""
        from chatlab.ui.dialogs.whole_interface import WholeInterfaceDialog

        status = self._feed.status
        current = status.interface if isinstance(status, CaptureLive) else ""
        dialog = WholeInterfaceDialog(current, self._window)
        dialog.chosen.connect(self._capture)
        dialog.ended.connect(self._end)
        is_open = [True]
        dialog.finished.connect(is_open.clear)

        def show(answer: tuple[CaptureInterface, ...] | ChatlabError) -> None:
            if not is_open:
                return
            if isinstance(answer, ChatlabError):
                dialog.show_error(answer)
            else:
                dialog.show_interfaces(answer)

        self._desk.show("interface", dialog)
        self._backstage.find_interfaces(show)

    def _capture(self, name: str, is_promiscuous: bool) -> None:
        self._backstage.capture_interface(name, is_promiscuous=is_promiscuous)

    def _end(self) -> None:
        self._backstage.capture_interface("")
