"""Bench: 50,000 received lines, beside irssi and WeeChat."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from chatlab.core.chats import ChatKey
from chatlab.store.accounts import AccountStore
from chatlab.store.paths import find_paths
from chatlab.store.settings import Settings, SettingsStore, WindowSettings
from tests.bench import feeder, peers, ticker
from tests.bench.engine import account_for
from tests.bench.feeder import CHANNEL, Feeder
from tests.bench.processes import (
    BenchError,
    Teller,
    child_environment,
    in_terminal,
    telling,
    usage,
    wait_until_quiet,
)
from tests.bench.table import Table, Verdict, median, ratio, span
from tests.helpers.xvfb import display

COUNT = 50_000
STALL_AIM_MS = 50.0
_ENTRIES_BESIDE = 400
"""At most this many entries of a chat book are not the feeder's lines."""


@dataclass(frozen=True, slots=True)
class Run:
    """One client, once."""

    rate: float
    cpu_s: float
    rss_before_mb: float
    rss_after_mb: float
    stall: ticker.Stall | None


Contestant = Callable[[Feeder, Path], AbstractContextManager[tuple[int, Teller | None]]]
"""Starts a client that goes to the feeder; gives its process id, and the child that tells."""


def measure(repetitions: int) -> Table:
    """Pour the same lines into every client, one after the other, again and again."""
    contestants: dict[str, Contestant] = {"ChatLab, window": _window, "ChatLab, engine": _engine}
    skipped = []
    others: dict[peers.Peer, Contestant] = {peers.IRSSI: _irssi, peers.WEECHAT: _weechat}
    for peer, contestant in others.items():
        if peer.program:
            contestants[peer.name] = contestant
        else:
            skipped.append(peer.absence)
    data = feeder.lines(COUNT)
    runs: dict[str, list[Run]] = {name: [] for name in contestants}
    for _ in range(repetitions):
        for name, contestant in contestants.items():
            runs[name].append(_run(contestant, data))
    return _table(runs, tuple(skipped))


def _run(contestant: Contestant, data: bytes) -> Run:
    with tempfile.TemporaryDirectory(prefix="chatlab-bench-") as folder, Feeder() as server:
        with contestant(server, Path(folder)) as (pid, teller):
            server.settle()
            before = wait_until_quiet(pid)
            fed = server.feed(data)
            after = wait_until_quiet(pid)
            if usage(pid).rss_mb == 0:
                raise BenchError("the client did not survive")
        stall = None
        if teller is not None:
            if teller.number("entries") < COUNT:
                raise BenchError(f"only {teller.number('entries'):.0f} lines arrived")
            stall = ticker.longest(teller.stalls(), fed.started, fed.answered + 2.0)
    return Run(COUNT / fed.seconds, after.cpu_s - before.cpu_s, before.rss_mb, after.rss_mb, stall)


def _table(runs: dict[str, list[Run]], skipped: tuple[str, ...]) -> Table:
    rows = tuple(
        (
            name,
            span([run.rate for run in those], 0),
            span([run.cpu_s for run in those]),
            f"{median([run.rss_before_mb for run in those]):.0f}",
            f"{median([run.rss_after_mb for run in those]):.0f}",
            _stalls(those),
            ratio([run.rate for run in those], [run.rate for run in runs["ChatLab, window"]]),
        )
        for name, those in runs.items()
    )
    return Table(
        title=f"{COUNT:,} received lines",
        how="A server on loopback sends PRIVMSG lines from 200 nicks, then PING; its PONG says that"
        " all were parsed. CPU until the program is quiet again, all its processes together"
        " (ChatLab’s capture process included: every one of those frames is captured). ChatLab"
        " shows the channel in its window under Xvfb and keeps the history on disk; WeeChat logs"
        " to disk, irssi does not; both run in a terminal of 120 × 40. Stall: how late a 5 ms tick"
        " of the event loop was at worst, over all repetitions; in brackets the longest work of its"
        " thread between two ticks, which other programs do not lengthen.",
        header=(
            "client",
            "lines/s",
            "CPU s",
            "RSS before, MB",
            "after",
            "longest stall (work), ms",
            "rate",
        ),
        rows=rows,
        verdicts=_verdicts(runs),
        skipped=skipped,
    )


def _stalls(runs: list[Run]) -> str:
    found = [run.stall for run in runs if run.stall is not None]
    if not found:
        return "–"
    late, worked = (max(each) for each in zip(*found, strict=True))
    return f"{late:.0f} ({worked:.0f})"


def _verdicts(runs: dict[str, list[Run]]) -> tuple[Verdict, ...]:
    found = []
    ours = median([run.rate for run in runs["ChatLab, window"]])
    if peers.WEECHAT.name in runs:
        theirs = median([run.rate for run in runs[peers.WEECHAT.name]])
        found.append(
            Verdict(
                "the window takes lines at WeeChat’s rate, at least",
                f"{ours:,.0f} against {theirs:,.0f} lines/s",
                ours >= theirs,
            )
        )
    for name in ("ChatLab, window", "ChatLab, engine"):
        worst = max(run.stall.late_ms for run in runs[name] if run.stall is not None)
        found.append(
            Verdict(
                f"{name}: no stall over {STALL_AIM_MS:.0f} ms",
                f"{worst:.0f} ms at worst",
                worst <= STALL_AIM_MS,
            )
        )
    return tuple(found)


# --- the clients ----------------------------------------------------------------------------


@contextmanager
def _window(server: Feeder, home: Path) -> Iterator[tuple[int, Teller | None]]:
    environment = child_environment(home)
    _keep_account(environment, server.port)
    with display() as screen:
        shown = screen.environment() | environment | {"QT_QPA_PLATFORM": "xcb"}
        with telling("watched", [], shown, home / "log") as teller:
            teller.wait_for("painted")
            screen.focus(screen.find_window("ChatLab"))
            server.welcome()
            yield teller.process.pid, teller


def _keep_account(environment: dict[str, str], port: int) -> None:
    """As if the window had been closed with the feeder's channel in view."""
    paths = find_paths(environment)
    account = account_for(port)
    chat = ChatKey(account.id, CHANNEL)
    AccountStore(paths.accounts_file).save([account])
    window = WindowSettings(chats=(chat,), panes=(chat,), is_member_list_shown=True)
    SettingsStore(paths.settings_file).save(Settings(window=window))


@contextmanager
def _engine(server: Feeder, home: Path) -> Iterator[tuple[int, Teller | None]]:
    with telling("engine", [str(server.port)], child_environment(home), home / "log") as teller:
        server.welcome()
        yield teller.process.pid, teller


@contextmanager
def _irssi(server: Feeder, home: Path) -> Iterator[tuple[int, Teller | None]]:
    command = peers.prepare_irssi(home, server.port)
    with in_terminal(command, child_environment(home)) as process:
        server.welcome()
        yield process.pid, None


@contextmanager
def _weechat(server: Feeder, home: Path) -> Iterator[tuple[int, Teller | None]]:
    command = peers.prepare_weechat(home, server.port)
    with in_terminal(command, child_environment(home)) as process:
        server.welcome()
        yield process.pid, None
