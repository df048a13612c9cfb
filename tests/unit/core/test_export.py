"""One sentence says what a reader of a copy can see."""

import pytest

from chatlab.core.export import ExportFacts, SecretsChoice, reader_can

KEEP, DROP, REDACT = SecretsChoice.KEEP, SecretsChoice.DROP, SecretsChoice.REDACT


@pytest.mark.parametrize(
    ("facts", "choice", "sentence"),
    [
        (ExportFacts(), KEEP, "No message is in it."),
        (
            ExportFacts(sealed_connections=2, opened_connections=2),
            KEEP,
            "Everything is readable, for the keys of 2 connections are inside.",
        ),
        (ExportFacts(), DROP, "No message is in it."),
        (ExportFacts(sealed_connections=1), REDACT, "1 connection under TLS stays sealed."),
        (
            ExportFacts(clear_messages=1, clear_secrets=1),
            REDACT,
            "1 message in clear is readable; 1 password or login step is blanked.",
        ),
        (
            ExportFacts(clear_messages=1, clear_secrets=1),
            DROP,
            "1 message in clear is readable; 1 password or login step is readable, too.",
        ),
        (
            ExportFacts(
                sealed_connections=2, opened_connections=2, sealed_messages=1_200, clear_messages=3
            ),
            KEEP,
            "Everything is readable: 3 messages in clear, and 1,200 that TLS sealed, for the keys "
            "of 2 connections are inside.",
        ),
        (
            ExportFacts(sealed_connections=3, opened_connections=1, clear_messages=2),
            KEEP,
            "Readable: 2 messages in clear, for the keys of 1 connection are inside; "
            "2 connections under TLS stay sealed, for want of keys.",
        ),
        (
            ExportFacts(sealed_connections=1, opened_connections=1, sealed_messages=1),
            KEEP,
            "Everything is readable: 1 message that TLS sealed, for the keys of 1 connection are "
            "inside.",
        ),
        (
            ExportFacts(clear_messages=3, clear_secrets=2),
            KEEP,
            "Everything is readable: 3 messages, all in clear; also 2 passwords or login steps "
            "that crossed in clear.",
        ),
    ],
)
def test_the_sentence_counts_what_there_is(
    facts: ExportFacts, choice: SecretsChoice, sentence: str
) -> None:
    assert reader_can(facts, choice) == sentence
