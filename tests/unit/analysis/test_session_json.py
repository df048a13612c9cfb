"""What a saved file says of a message comes back as it was."""

from dataclasses import replace

import pytest

from chatlab.analysis.session_comments import of_connection, session_json_of
from chatlab.analysis.session_json import dumps, from_message, loads, to_connection, to_message
from chatlab.core.account import AccountId, Application
from chatlab.core.flow import Direction
from chatlab.core.message import Message, MessageId
from chatlab.core.reactions import Reaction
from chatlab.protocol.stamps import stamp_ns
from tests.helpers.tcp_talk import connection


@pytest.mark.parametrize(
    "flag",
    ["is_history", "is_highlight", "is_corrected", "is_retracted", "is_sealed", "is_unstyled"],
)
def test_each_mark_of_a_message_survives_the_file(flag: str) -> None:
    message = Message(
        id=MessageId("m1"),
        account=AccountId("a"),
        application=Application.XMPP,
        direction=Direction.RECEIVED,
        sender="bob@chat.test",
        target="bob@chat.test",
        text="*a*",
        time_ns=1,
        msgid="n1",
        reply_to="n0",
        user_host="bob@host",
        twin="t7",
        reactions=(Reaction("👍", ("ann", "eve")),),
        **{flag: True},  # type: ignore[arg-type]
    )
    assert to_message(loads(dumps(from_message(message)))) == message


@pytest.mark.parametrize("stamp", ["1980-01-01T00:00:00Z", "2199-12-31T23:59:59.999Z"])
def test_whatever_time_a_server_may_claim_can_be_read_again(stamp: str) -> None:
    """One message that could be written and not be read would close the whole file."""
    time_ns = stamp_ns(stamp)
    assert time_ns
    message = Message(
        id=MessageId("m1"),
        account=AccountId("a"),
        application=Application.IRC,
        direction=Direction.RECEIVED,
        sender="eve",
        target="#lab",
        text="from the future",
        time_ns=time_ns,
    )
    assert to_message(loads(dumps(from_message(message)))) == message


def test_half_a_character_in_a_name_can_be_written_down() -> None:
    named = replace(connection(), host="half \ud800")
    told = session_json_of(of_connection(named, {}))
    assert told is not None
    assert to_connection(loads(told)) == named
