"""What a copy of the capture would tell, counted, before anybody decides which one to make."""

from collections.abc import Iterator
from dataclasses import replace

from chatlab.app.feed import CaptureFeed
from chatlab.app.saving import client_random
from chatlab.core.account import Application
from chatlab.core.connection import Connection
from chatlab.core.export import ExportFacts, SecretsChoice


def export_facts(feed: CaptureFeed) -> Iterator[ExportFacts]:
    """Count step by step; the last of the facts that come are complete."""
    from chatlab.analysis.redaction import Redaction
    from chatlab.analysis.session_blocks import messages_told

    connections = feed.correlator.connections
    chats = [each for each in connections if each.application is not Application.DNS]
    messages = list(feed.messages.values())
    clear = len(messages_told(messages, connections, SecretsChoice.DROP))
    sealed = [each for each in chats if each.tls is not None]
    facts = ExportFacts(
        frames=feed.count,
        sealed_connections=len(sealed),
        opened_connections=sum(_has_keys(feed, each) for each in sealed),
        clear_messages=clear,
        sealed_messages=len(messages) - clear,
    )
    yield facts
    redaction = Redaction(feed.streams, feed.correlator)
    for _ in redaction.look():
        yield facts
    yield replace(facts, clear_secrets=redaction.count)


def _has_keys(feed: CaptureFeed, connection: Connection) -> bool:
    randoms = (client_random(feed, each.number) for each in feed.streams.of_flow(connection.flow))
    return any(random is not None and feed.keys.lines_of(random) for random in randoms)
