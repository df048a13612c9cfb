"""Messages that are encrypted end to end say so, and show nothing that stood beside them."""

import asyncio

import pytest

from chatlab.core import events as ev
from chatlab.core.message import Message
from tests.helpers.xmpp_play import Play, message

BOB = "bob@chat.test/x"
FALLBACK = "I sent you an OMEMO encrypted message but your client doesn’t support that."
OMEMO = "eu.siacs.conversations.axolotl"


def arrive(*stanzas: str) -> tuple[list[Message], list[ev.MessageRewritten]]:
    """What becomes of these stanzas."""

    async def run() -> Play:
        play = await Play().start()
        play.server.say(*stanzas)
        await play.stop()
        return play

    play = asyncio.run(run())
    return [event.message for event in play.of(ev.MessageAdded)], play.of(ev.MessageRewritten)


def eme(namespace: str, name: str = "") -> str:
    named = f" name='{name}'" if name else ""
    return f"<encryption xmlns='urn:xmpp:eme:0' namespace='{namespace}'{named}/>"


@pytest.mark.parametrize(
    ("inner", "words"),
    [
        (eme(OMEMO), "OMEMO"),
        (eme("urn:xmpp:omemo:2"), "OMEMO"),
        (eme("urn:xmpp:openpgp:0"), "OpenPGP for XMPP"),
        (eme("urn:example:new", "Rot26"), "Rot26"),
        (eme("urn:example:new"), "urn:example:new"),
        (eme("urn:example:new", "x" * 500), "x" * 40 + ","),
        (eme("", "&#x202e;&#10;"), "something that it does not name"),
        (f"<encrypted xmlns='{OMEMO}'><header/><payload>aa</payload></encrypted>", "OMEMO"),
        ("<x xmlns='jabber:x:encrypted'>aa</x>", "OpenPGP"),
    ],
)
def test_the_reader_learns_which_encryption_it_was(inner: str, words: str) -> None:
    (shown,), _ = arrive(message(BOB, FALLBACK, inner=inner))
    assert shown.is_sealed
    assert words in shown.text
    assert FALLBACK not in shown.text


def test_a_sealed_message_without_a_body_is_shown_and_keys_alone_are_not() -> None:
    def sealed(name: str, payload: str) -> str:
        return (
            f"<message type='chat' from='{BOB}' id='{name}'>"
            f"<encrypted xmlns='{OMEMO}'><header sid='1'/>{payload}</encrypted></message>"
        )

    shown, _ = arrive(sealed("m1", "<payload>aa</payload>"), sealed("m2", ""))
    assert [each.msgid for each in shown] == ["m1"]
    assert shown[0].is_sealed


def test_otr_is_recognized_by_its_beginning() -> None:
    (shown,), _ = arrive(message(BOB, "?OTR:AAMDFakeFakeFake."))
    assert (shown.is_sealed, "OTR," in shown.text) == (True, True)


def test_a_sealed_correction_does_not_show_its_fallback_either() -> None:
    replaces = "<replace xmlns='urn:xmpp:message-correct:0' id='m1'/>"
    _, (change,) = arrive(
        message(BOB, FALLBACK, "m1", eme(OMEMO)),
        message(BOB, FALLBACK, "m2", eme(OMEMO) + replaces),
    )
    assert "OMEMO, which" in change.text
    assert FALLBACK not in change.text


def test_a_sealed_answer_keeps_its_words_whole() -> None:
    reply = (
        "<reply xmlns='urn:xmpp:reply:0' id='m0'/><fallback xmlns='urn:xmpp:fallback:0' "
        "for='urn:xmpp:reply:0'><body start='0' end='20'/></fallback>"
    )
    (shown,), _ = arrive(message(BOB, FALLBACK, inner=eme(OMEMO) + reply))
    assert shown.text.startswith("A message encrypted end to end with OMEMO")
    assert shown.reply_to == "m0"


def test_a_message_in_clear_stays_what_it_is() -> None:
    (shown,), _ = arrive(message(BOB, "hello"))
    assert (shown.text, shown.is_sealed) == ("hello", False)


def test_an_author_may_want_signs_to_be_signs() -> None:
    (shown,), _ = arrive(message(BOB, "*a*", inner="<unstyled xmlns='urn:xmpp:styling:0'/>"))
    assert (shown.text, shown.is_unstyled) == ("*a*", True)
