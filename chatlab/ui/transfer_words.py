"""What a transfer is and how it is doing, in the words and signs of the window."""

from chatlab.core.flow import Direction
from chatlab.core.transfer import Transfer, TransferKind, TransferState, TransferWay
from chatlab.ui.rich_text import isolated

_UNITS = ("kB", "MB", "GB", "TB")
_STEP = 1000
_NARROW = "\u00a0"
_MINUTE, _HOUR = 60, 3600
_WAITS = (TransferState.OFFERED, TransferState.ANSWERED, TransferState.PREPARING)
_LOOKS = {
    TransferState.DONE: ("check", "accent"),
    TransferState.REFUSED: ("block", "muted"),
    TransferState.CANCELLED: ("close", "muted"),
    TransferState.FAILED: ("error", "error"),
}


def size_text(size: int) -> str:
    """``412 bytes``, ``1.2 kB``, ``34 MB``: decimal, as file managers count."""
    if size < _STEP:
        return f"{size}{_NARROW}{'byte' if size == 1 else 'bytes'}"
    amount = float(size)
    for unit in _UNITS:
        amount /= _STEP
        if amount < _STEP - 0.5 or unit == _UNITS[-1]:
            break
    digits = 1 if amount < 99.95 else 0
    return f"{amount:.{digits}f}{_NARROW}{unit}"


def rate_text(rate: float) -> str:
    """Bytes per second; empty where nothing crosses."""
    return f"{size_text(round(rate))}/s" if rate >= 1 else ""


def time_text(seconds: float) -> str:
    """How long something takes, roughly."""
    left = round(seconds)
    if left < _MINUTE:
        return f"{max(1, left)}{_NARROW}s"
    if left < _HOUR:
        return f"{left // _MINUTE}{_NARROW}min"
    return f"{left // _HOUR}{_NARROW}h {left % _HOUR // _MINUTE}{_NARROW}min"


def percent(transfer: Transfer) -> int | None:
    """How much is there; None where nothing can be counted."""
    if transfer.kind is TransferKind.CHAT:
        return None
    if not transfer.size:
        return 100 if transfer.state is TransferState.DONE else 0
    return min(100, transfer.position * 100 // transfer.size)


def title(transfer: Transfer) -> str:
    """The file’s name; of a direct chat, what it is."""
    return "Direct chat" if transfer.kind is TransferKind.CHAT else transfer.name


def peer_text(transfer: Transfer) -> str:
    """``to bob`` or ``from bob``."""
    if transfer.kind is TransferKind.CHAT:
        return f"with {isolated(transfer.peer)}"
    way = "to" if transfer.direction is Direction.SENT else "from"
    return f"{way} {isolated(transfer.peer)}"


def state_text(transfer: Transfer) -> str:
    """The state in a few words, for a column."""
    peer = isolated(transfer.peer)
    match transfer.state:
        case TransferState.PREPARING:
            return "Preparing the offer"
        case TransferState.OFFERED if transfer.direction is Direction.SENT:
            return f"Waiting for {peer}"
        case TransferState.OFFERED:
            return "Waiting for you"
        case TransferState.ANSWERED:
            return "Accepted"
        case TransferState.CONNECTING:
            return "Connecting"
        case TransferState.MOVING if transfer.kind is TransferKind.CHAT:
            return "Open"
        case TransferState.MOVING if transfer.is_paused:
            return "Held by you"
        case TransferState.MOVING:
            return "Sending" if transfer.direction is Direction.SENT else "Receiving"
        case TransferState.CHECKING:
            return "Checking the end"
        case TransferState.DONE if transfer.kind is TransferKind.CHAT:
            return "Closed"
        case TransferState.DONE:
            return "Done, SHA-256 agrees" if transfer.is_verified else "Done"
        case _:
            return str(transfer.state.value).capitalize()


def progress_text(transfer: Transfer) -> str:
    """``1.2 MB of 4.0 MB, 800 kB/s, 4 s left``."""
    if transfer.kind is TransferKind.CHAT:
        return ""
    is_begun = transfer.position > 0 and transfer.state not in _WAITS
    size = size_text(transfer.size)
    if not is_begun or transfer.state is TransferState.DONE:
        return size
    parts = [f"{size_text(transfer.position)} of {size}", rate_text(transfer.rate)]
    if (left := transfer.left_s) is not None and not transfer.is_paused:
        parts.append(f"{time_text(left)} left")
    return ", ".join(filter(None, parts))


def way_text(transfer: Transfer) -> str:
    """Who listens for whose connection."""
    if transfer.way is None:
        return "Not settled yet"
    offerer_listens = transfer.way is TransferWay.ACTIVE
    we_listen = offerer_listens == (transfer.direction is Direction.SENT)
    who = "this computer listens" if we_listen else f"{isolated(transfer.peer)} listens"
    return f"{transfer.way.value.capitalize()}: {who}"


def look(transfer: Transfer) -> tuple[str, str]:
    """Icon and colour token of the state; of what goes on, which way the bytes go."""
    if transfer.state in _LOOKS:
        return _LOOKS[transfer.state]
    token = "attention" if is_for_us(transfer) else "accent"
    if transfer.kind is TransferKind.CHAT:
        return "link", token
    return ("arrow-up" if transfer.direction is Direction.SENT else "arrow-down"), token


def is_for_us(transfer: Transfer) -> bool:
    """An offer that waits for the reader’s answer."""
    is_offered = transfer.state is TransferState.OFFERED
    return is_offered and transfer.direction is Direction.RECEIVED


def offer_words(transfer: Transfer) -> str:
    """What somebody offers, as the rest of a sentence that begins with who."""
    if transfer.kind is TransferKind.CHAT:
        return "offers you a direct chat."
    return f"offers you the file {isolated(transfer.name)}, {size_text(transfer.size)}."


def connection_words(transfer: Transfer) -> str:
    """The beginning of the sentence about its frames."""
    if transfer.kind is TransferKind.CHAT:
        return f"The direct chat {peer_text(transfer)}"
    return f"The file {isolated(transfer.name)} {peer_text(transfer)}"
