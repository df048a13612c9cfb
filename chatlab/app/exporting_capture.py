"""What a copy of the capture would tell, counted, before anybody decides which one to make."""

from collections.abc import Iterator

from chatlab.app.feed import CaptureFeed
from chatlab.core.account import Application
from chatlab.core.export import ExportFacts, SecretsChoice


def export_facts(feed: CaptureFeed) -> Iterator[ExportFacts]:
    """Count step by step; the last of the facts that come are complete."""
    from chatlab.analysis.redaction import Redaction
    from chatlab.analysis.session_blocks import messages_told

    connections = feed.correlator.connections
    chats = [each for each in connections if each.application is not Application.DNS]
    messages = list(feed.messages.values())
    clear = len(messages_told(messages, connections, SecretsChoice.DROP))
    facts = ExportFacts(
        frames=feed.count,
        sealed_connections=sum(each.tls is not None for each in chats),
        clear_messages=clear,
        sealed_messages=len(messages) - clear,
    )
    yield facts
    redaction = Redaction(feed.streams, feed.correlator)
    for _ in redaction.look():
        yield facts
    yield ExportFacts(
        frames=facts.frames,
        sealed_connections=facts.sealed_connections,
        clear_messages=facts.clear_messages,
        sealed_messages=facts.sealed_messages,
        clear_secrets=redaction.count,
    )
