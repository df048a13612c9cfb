"""What IRCv3 adds to a conversation: history, replies, reactions, typing, batches, bots."""

import asyncio
from collections.abc import Callable, Coroutine

from chatlab.chat.irc.history import time_text
from chatlab.core.chats import ChatBook, ChatKey, Note
from chatlab.core.events import (
    Informed,
    MemberChanged,
    MemberJoined,
    MemberLeft,
    MembersListed,
    MessageAdded,
    MessageChanged,
    ReactionSeen,
    ReadMarkerMoved,
    Typing,
    TypingSeen,
)
from chatlab.core.message import Message
from tests.helpers.irc_play import ACCOUNT, START_NS, Play, PlayServer, account, settle

HISTORY = "batch server-time message-tags echo-message draft/chathistory draft/read-marker"
MULTILINE = "batch message-tags server-time draft/multiline=max-bytes=4096"
NEW_TIME = "time=2023-11-14T22:13:21.500Z"


def run(scenario: Callable[[], Coroutine[None, None, None]]) -> None:
    asyncio.run(scenario())


def messages(play: Play) -> list[Message]:
    return [event.message for event in play.of(MessageAdded)]


def book_of(play: Play) -> ChatBook:
    """What a window would show of everything that happened."""
    book = ChatBook()
    book.add_account(ACCOUNT)
    for event in play.events:
        book.apply(event)
    return book


def entries(play: Play, chat: str = "#lab") -> list[str]:
    found = book_of(play).chats[ChatKey(ACCOUNT.id, chat)].entries
    return [entry.text for entry in found]


def test_the_past_of_a_channel_is_asked_for_and_known_for_what_it_is() -> None:
    async def scenario() -> None:
        play = Play(server=PlayServer(HISTORY))
        play.server.isupport += " CHATHISTORY=30"
        await play.start()
        assert play.server.said("CHATHISTORY") == ["CHATHISTORY LATEST #lab * 30"]
        play.server.say(
            ":irc.test BATCH +h chathistory #lab",
            "@batch=h;time=2023-11-14T20:00:00.000Z;msgid=a :bob!b@b PRIVMSG #lab :long ago, ann",
            "@batch=h;time=2023-11-14T20:00:01.000Z;msgid=b :ann!a@h PRIVMSG #lab :mine",
            ":irc.test BATCH -h",
            f"@{NEW_TIME};msgid=c :bob!b@b PRIVMSG #lab :now",
        )
        old, mine, new = messages(play)
        assert (old.is_history, old.msgid, old.user_host) == (True, "a", "b@b")
        assert (mine.is_history, new.is_history) == (True, False)

        # After a reconnect, what came since; what was seen already is not shown again.
        play.server.end()
        await play.time.advance(2)
        since = time_text(new.time_ns)
        assert play.server.said("CHATHISTORY")[1:] == [
            f"CHATHISTORY LATEST #lab timestamp={since} 30"
        ]
        play.server.say(
            ":irc.test BATCH +h chathistory #lab",
            f"@batch=h;{NEW_TIME};msgid=c :bob!b@b PRIVMSG #lab :now",
            "@batch=h;time=2023-11-14T22:13:22.000Z;msgid=d :bob!b@b PRIVMSG #lab :missed",
            ":irc.test BATCH -h",
        )
        assert [message.text for message in messages(play)][3:] == ["missed"]
        await play.stop()

    run(scenario)


def test_a_replay_without_ids_is_known_by_its_time_sender_and_words() -> None:
    async def scenario() -> None:
        play = await Play(server=PlayServer(HISTORY)).start()
        line = f"{NEW_TIME} :bob!b@b PRIVMSG #lab :now"
        play.server.say(
            f"@{line}",
            ":irc.test BATCH +h chathistory #lab",
            f"@batch=h;{line}",
            f"@batch=h;{NEW_TIME} :bob!b@b PRIVMSG #lab :more of the same moment",
            ":irc.test BATCH -h",
        )
        shown = entries(play)
        assert shown.count("now") == 1
        assert "more of the same moment" in shown
        await play.stop()

    run(scenario)


def test_no_history_is_asked_for_where_it_could_not_be_told_from_now() -> None:
    async def scenario() -> None:
        play = await Play(server=PlayServer("batch message-tags draft/chathistory")).start()
        assert play.server.said("CHATHISTORY") == []
        await play.stop()

    run(scenario)


def test_how_far_was_read_travels_both_ways() -> None:
    async def scenario() -> None:
        play = await Play(account(sends_markers=True), PlayServer(HISTORY)).start()
        play.irc.mark_read("#lab", START_NS + 1_500_000_000)
        await settle()
        assert play.server.said("MARKREAD") == ["MARKREAD #lab timestamp=2023-11-14T22:13:21.500Z"]
        play.server.say(
            ":irc.test MARKREAD #LAB timestamp=2023-11-14T22:13:21.500Z",
            ":irc.test MARKREAD bob *",
        )
        assert play.of(ReadMarkerMoved) == [
            ReadMarkerMoved(ACCOUNT.id, "#lab", START_NS + 1_500_000_000)
        ]
        await play.stop()

        quiet = await Play(server=PlayServer(HISTORY)).start()
        quiet.irc.mark_read("#lab", START_NS)
        await settle()
        assert quiet.server.said("MARKREAD") == []  # Unless the account says so, nobody is told.
        await quiet.stop()

    run(scenario)


def test_the_lines_of_a_multiline_message_are_one_message_with_all_their_bytes() -> None:
    async def scenario() -> None:
        play = await Play(server=PlayServer(MULTILINE)).start()
        play.server.say("@msgid=m;+draft/reply=x :bob!b@b BATCH +1 draft/multiline #lab")
        start = play.server.wire.received
        play.server.say(
            "@batch=1 :bob!b@b PRIVMSG #lab :first",
            "@batch=1 :bob!b@b PRIVMSG #lab :second ",
            "@batch=1;draft/multiline-concat :bob!b@b PRIVMSG #lab :half",
        )
        stop = play.server.wire.received
        assert messages(play) == []
        play.server.say(":carol!c@c PRIVMSG #lab :between", ":irc.test BATCH -1")
        between, whole = messages(play)
        assert between.text == "between"
        assert whole.text == "first\nsecond half"
        assert (whole.msgid, whole.reply_to, whole.sender) == ("m", "x", "bob")
        assert whole.wire is not None
        assert (whole.wire.span.start, whole.wire.span.stop) == (start, stop)
        await play.stop()

    run(scenario)


def test_an_endless_multiline_message_is_bounded() -> None:
    async def scenario() -> None:
        play = await Play(server=PlayServer(MULTILINE)).start()
        play.server.say(":bob!b@b BATCH +1 draft/multiline #lab")
        for _ in range(400):
            play.server.say("@batch=1 :bob!b@b PRIVMSG #lab :" + "x" * 400)
        play.server.say(":irc.test BATCH -1")
        (whole,) = messages(play)
        assert whole.text.endswith("…")
        assert len(whole.text) == 65_537
        await play.stop()

    run(scenario)


def test_a_netsplit_is_one_line_in_each_channel_and_so_is_its_end() -> None:
    async def scenario() -> None:
        play = await Play().start()
        for number in range(30):
            play.server.say(f":p{number}!p@p JOIN #lab")
        play.server.say(":irc.test BATCH +s netsplit a.test b.test")
        for number in range(30):
            play.server.say(f"@batch=s :p{number}!p@p QUIT :a.test b.test")
        play.server.say(":irc.test BATCH -s")
        assert sum(event.is_folded for event in play.of(MemberLeft)) == 30
        play.server.say(":irc.test BATCH +j netjoin a.test b.test")
        for number in range(30):
            play.server.say(f"@batch=j :p{number}!p@p JOIN #lab")
        play.server.say(":irc.test BATCH -j")
        assert sum(event.is_folded for event in play.of(MemberJoined)) == 30
        split, joined = (e for e in play.of(Informed) if e.code in ("netsplit", "netjoin"))
        assert (split.chat, joined.chat) == ("#lab", "#lab")
        assert "a.test and b.test lost each other. 30 left: p0, p1" in split.text
        assert split.text.endswith("p19 and 10 more.")
        assert "30 came back" in joined.text
        shown = entries(play)
        assert not any("p7 quit" in text for text in shown)
        # Before the split they came one by one, and the book folds them; none is told twice.
        assert sum("22 more joined" in text for text in shown) == 1
        assert len(book_of(play).chats[ChatKey(ACCOUNT.id, "#lab")].members) == 32
        await play.stop()

    run(scenario)


def test_typing_is_an_event_and_never_a_line() -> None:
    async def scenario() -> None:
        play = await Play().start()
        before = len(play.events)
        play.server.say(
            "@+typing=active :bob!b@b TAGMSG #lab",
            "@+typing=paused :bob!b@b TAGMSG ann",
            "@+typing=done :bob!b@b TAGMSG #lab",
            "@+typing=nonsense :bob!b@b TAGMSG #lab",
            "@+typing=active :ann!a@h TAGMSG #lab",
            "@+typing=active TAGMSG #lab",
            "@+typing=active :bob!b@b TAGMSG",
        )
        seen = [(event.chat, event.nick, event.state) for event in play.of(TypingSeen)]
        assert seen == [
            ("#lab", "bob", Typing.ACTIVE),
            ("bob", "bob", Typing.PAUSED),
            ("#lab", "bob", Typing.DONE),
        ]
        assert not any(isinstance(event, Informed) for event in play.events[before:])
        await play.stop()

    run(scenario)


def test_reactions_and_replies_name_the_message_by_its_id() -> None:
    async def scenario() -> None:
        play = await Play().start()
        play.server.say(
            f"@{NEW_TIME};msgid=m1 :bob!b@b PRIVMSG #lab :hello",
            "@msgid=m2;+draft/reply=m1 :carol!c@c PRIVMSG #lab :hello yourself",
            "@+draft/reply=m1;+draft/react=👍 :carol!c@c TAGMSG #lab",
            "@+reply=m1;+unreact=👍 :carol!c@c TAGMSG #lab",
            "@+draft/react=👍 :carol!c@c TAGMSG #lab",
        )
        assert [(m.msgid, m.reply_to) for m in messages(play)] == [("m1", ""), ("m2", "m1")]
        seen = [(event.msgid, event.reaction, event.is_removed) for event in play.of(ReactionSeen)]
        assert seen == [("m1", "👍", False), ("m1", "👍", True)]
        await play.stop()

    run(scenario)


def test_an_echo_gives_our_own_message_its_id() -> None:
    async def scenario() -> None:
        play = await Play(server=PlayServer("echo-message message-tags")).start()
        play.server.on["PRIVMSG"] = lambda line: play.server.say(
            "@msgid=own :ann!ann@host.test PRIVMSG #lab :hello"
        )
        play.irc.send("#lab", "hello")
        await settle()
        assert play.of(MessageChanged)[-1].msgid == "own"
        shown = book_of(play).chats[ChatKey(ACCOUNT.id, "#lab")].entries[-1]
        assert not isinstance(shown, Note)
        assert shown.msgid == "own"
        await play.stop()

    run(scenario)


def test_a_small_channel_is_asked_once_who_is_away_logged_in_and_a_bot() -> None:
    async def scenario() -> None:
        play = Play()
        play.server.isupport += " WHOX BOT=B"
        play.server.on["WHO"] = lambda line: play.server.say(
            ":irc.test 354 ann 152 #lab ann host.test ann H ann",
            ":irc.test 354 ann 152 #lab b b.test bob G@B robert",
            ":irc.test 354 ann 152 #lab x x.test stranger G 0",
            ":irc.test 354 ann 7 not ours",
            ":irc.test 315 ann #lab :End of WHO list.",
        )
        await play.start()
        assert play.server.said("WHO") == ["WHO #lab %tcuhnfa,152"]
        members = {member.nick: member for member in play.of(MembersListed)[-1].members}
        assert set(members) == {"ann", "bob"}
        bob = members["bob"]
        assert (bob.is_away, bob.is_bot, bob.account_name) == (True, True, "robert")
        assert (bob.prefixes, bob.user_host) == ("@", "b@b.test")
        assert [event.text for event in play.of(Informed) if event.code == "354"]
        play.server.say(":irc.test 315 ann #lab :End of WHO list.")
        assert [event.text for event in play.of(Informed) if event.code == "315"]
        await play.stop()

    run(scenario)


def test_a_large_channel_is_not_asked() -> None:
    async def scenario() -> None:
        play = Play(account(channels=()))
        play.server.isupport += " WHOX"
        await play.start()
        names = " ".join(f"p{number}" for number in range(200))
        play.server.say(
            ":ann!a@h JOIN #big",
            f":irc.test 353 ann = #big :{names}",
            ":irc.test 366 ann #big :End",
        )
        await settle()
        assert play.server.said("WHO") == []
        await play.stop()

    run(scenario)


def test_who_says_to_be_a_bot_is_one() -> None:
    async def scenario() -> None:
        play = await Play().start()
        play.server.say("@bot :bob!b@b PRIVMSG #lab :beep")
        (changed,) = play.of(MemberChanged)
        assert changed.member.is_bot
        await play.stop()

    run(scenario)


def test_a_standard_reply_about_a_channel_is_told_there() -> None:
    async def scenario() -> None:
        play = await Play().start()
        play.server.say(
            "FAIL CHATHISTORY MESSAGE_ERROR LATEST #LAB :Messages could not be retrieved",
            "FAIL * INVALID_UTF8 :Message rejected, your client must use UTF-8",
        )
        first, second = play.of(Informed)[-2:]
        assert (first.chat, first.code) == ("#lab", "MESSAGE_ERROR")
        assert (second.chat, second.code) == ("", "INVALID_UTF8")
        await play.stop()

    run(scenario)
