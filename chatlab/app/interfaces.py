"""Which interfaces can be captured whole, as the window asks."""

import asyncio
from collections.abc import Callable

from chatlab.capture import permission
from chatlab.capture.interfaces import find_interfaces as look
from chatlab.core.capture import CaptureInterface
from chatlab.core.errors import ChatlabError

Answer = tuple[CaptureInterface, ...] | ChatlabError


async def find_interfaces(show: Callable[[Answer], None]) -> None:
    """Look in a thread, then show what was found, or why nothing can be."""
    try:
        found = await asyncio.to_thread(lambda: look(permission.check()))
    except ChatlabError as error:
        show(error)
    else:
        show(found)
