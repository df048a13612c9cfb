"""Messages: who gets them, with which tags; labels, echoes, and the small questions."""

import re

import pytest

from tests.unit.server.harness import ALL_CAPABILITIES, Lab, bare, codes, tags

_ANN = ":ann!~ann@192.0.2.7"


def test_a_message_reaches_all_others_and_nobody_else() -> None:
    lab = Lab()
    ann, bob = lab.join("ann", "#lab"), lab.join("bob", "#lab")
    eve = lab.join("eve")
    ann.read()

    assert ann.say("PRIVMSG #lab :hello  there", "NOTICE bob :psst") == []
    assert bob.read() == [f"{_ANN} PRIVMSG #lab :hello  there", f"{_ANN} NOTICE bob :psst"]
    assert eve.read() == []


def test_bytes_are_relayed_as_they_came() -> None:
    lab = Lab()
    ann, bob = lab.join("ann", "#lab"), lab.join("bob", "#lab")

    ann.say(b"PRIVMSG #lab :caf\xe9 \xff\xfe \x02bold\x02 \x01ACTION waves\x01 \xf0\x9f\x91\x8b")

    assert bob.read_bytes()[-1].endswith(
        b" PRIVMSG #lab :caf\xe9 \xff\xfe \x02bold\x02 \x01ACTION waves\x01 \xf0\x9f\x91\x8b"
    )


def test_a_relayed_line_is_cut_at_512_bytes_between_characters() -> None:
    lab = Lab()
    ann, bob = lab.join("ann", "#lab"), lab.join("bob", "#lab")

    ann.say("PRIVMSG #lab :" + "€" * 165)
    (line,) = bob.read_bytes()[-1:]

    assert 508 <= len(line) <= 510
    assert set(line.decode().rpartition(":")[2]) == {"€"}


def test_every_client_gets_the_tags_that_it_asked_for() -> None:
    lab = Lab()
    ann = lab.join("ann", "#lab", capabilities="message-tags")
    rich = lab.join("rich", "#lab", capabilities="message-tags server-time")
    poor = lab.join("poor", "#lab")
    rich.read()

    ann.say("@+reply=x;label=1;msgid=forged;time=forged;+a/b=c\\sd PRIVMSG #lab :hi")
    (full,) = rich.read()

    assert tags(full).keys() == {"time", "msgid", "+reply", "+a/b"}
    assert tags(full)["time"] == "2023-11-14T22:13:20.250Z"
    assert tags(full)["+a/b"] == "c\\sd"
    assert "forged" not in full
    assert poor.read()[-1] == f"{_ANN} PRIVMSG #lab :hi"


def test_message_ids_are_unique_and_the_same_for_all() -> None:
    lab = Lab()
    ann = lab.join("ann", "#lab", capabilities="message-tags echo-message")
    bob = lab.join("bob", "#lab", capabilities="message-tags")
    ann.read()

    echoes = [tags(line)["msgid"] for line in ann.say("PRIVMSG #lab :1", "PRIVMSG #lab :2")]

    assert [tags(line)["msgid"] for line in bob.read()[-2:]] == echoes
    assert len(set(echoes)) == 2


def test_a_tagmsg_reaches_only_those_who_understand_it() -> None:
    lab = Lab()
    ann = lab.join("ann", "#lab", capabilities="message-tags")
    rich = lab.join("rich", "#lab", capabilities="message-tags")
    poor = lab.join("poor", "#lab")
    rich.read(), poor.read()

    ann.say("@+typing=active TAGMSG #lab")

    assert bare(rich.read()[0]) == f"{_ANN} TAGMSG #lab"
    assert poor.say("TAGMSG #lab") == [":irc.chatlab.test 421 poor TAGMSG :Unknown command"]


def test_a_labelled_message_is_answered_by_its_labelled_echo() -> None:
    ann = Lab().join("ann", "#lab", capabilities=ALL_CAPABILITIES)

    (echo,) = ann.say("@label=abc PRIVMSG #lab :hi")

    assert tags(echo)["label"] == "abc"
    assert tags(echo)["msgid"]
    assert bare(echo) == f"{_ANN} PRIVMSG #lab :hi"


def test_without_an_echo_a_labelled_message_is_acknowledged() -> None:
    ann = Lab().join("ann", "#lab", capabilities="labeled-response batch message-tags")

    assert ann.say("@label=abc PRIVMSG #lab :hi") == ["@label=abc :irc.chatlab.test ACK"]
    assert ann.say("@label=n NOTICE nobody :hi") == ["@label=n :irc.chatlab.test ACK"]


def test_several_answers_come_as_a_batch() -> None:
    ann = Lab().join("ann", "#lab", capabilities="labeled-response batch")

    first, *middle, last = ann.say("@label=w WHOIS ann")

    found = re.fullmatch(r"@label=w :irc.chatlab.test BATCH \+(\w+) labeled-response", first)
    assert found
    assert {tags(line)["batch"] for line in middle} == {found[1]}
    assert codes(middle)[0] == "311"
    assert codes(middle)[-1] == "318"
    assert last == f":irc.chatlab.test BATCH -{found[1]}"


def test_a_label_on_an_error_names_the_command_that_failed() -> None:
    ann = Lab().join("ann", capabilities="labeled-response batch")

    assert ann.say("@label=e PRIVMSG nobody :hi") == [
        "@label=e :irc.chatlab.test 401 ann nobody :No such nick or channel"
    ]


def test_labels_need_their_capability_and_a_decent_length() -> None:
    lab = Lab()

    assert lab.join("ann").say("@label=1 PING x") == [":irc.chatlab.test PONG irc.chatlab.test :x"]
    bob = lab.join("bob", capabilities="labeled-response batch")
    assert bob.say(f"@label={'1' * 65} PING x") == [":irc.chatlab.test PONG irc.chatlab.test :x"]


def test_a_message_to_oneself_comes_twice_and_only_the_echo_has_the_label() -> None:
    ann = Lab().join("ann", capabilities=ALL_CAPABILITIES)

    message, echo = ann.say("@label=me PRIVMSG ann :note to self")

    assert "label" not in tags(message)
    assert tags(echo)["label"] == "me"
    assert tags(message)["msgid"] == tags(echo)["msgid"]


def test_a_status_message_reaches_the_ranked() -> None:
    lab = Lab()
    ann, bob, carl = (lab.join(nick, "#lab") for nick in ("ann", "bob", "carl"))
    ann.say("MODE #lab +v bob")
    ann.read(), bob.read(), carl.read()

    carl.say("PRIVMSG @#lab :operators", "PRIVMSG +#lab :voiced")

    assert [line.partition(" ")[2] for line in ann.read()] == [
        "PRIVMSG @#lab :operators",
        "PRIVMSG +#lab :voiced",
    ]
    assert [line.partition(" ")[2] for line in bob.read()] == ["PRIVMSG +#lab :voiced"]


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("PRIVMSG", ["411"]),
        ("PRIVMSG #lab", ["412"]),
        ("PRIVMSG #lab :", ["412"]),
        ("PRIVMSG #none :x", ["403"]),
        ("PRIVMSG nobody :x", ["401"]),
        ("PRIVMSG a,b,c,d,e :x", ["401", "401", "401", "401", "407"]),
        ("NOTICE", []),
        ("NOTICE #none :x", []),
        ("NOTICE a,b,c,d,e :x", []),
        ("NONSENSE a b", ["421"]),
        ("PING", ["409"]),
        ("OPER root toor", ["491"]),
        ("PONG x", []),
    ],
)
def test_errors_answer_commands_but_never_notices(line: str, answer: list[str]) -> None:
    assert codes(Lab().join("ann", "#lab").say(line)) == answer


def test_an_absent_user_is_said_to_be_away() -> None:
    lab = Lab()
    watcher = lab.join("eve", "#lab", capabilities="away-notify")
    ann, bob = lab.join("ann", "#lab"), lab.join("bob")
    watcher.read()

    assert codes(ann.say("AWAY :lunch")) == ["306"]
    assert watcher.read() == [f"{_ANN} AWAY :lunch"]
    assert bob.say("PRIVMSG ann :hi", "NOTICE ann :hi") == [":irc.chatlab.test 301 bob ann :lunch"]
    assert codes(ann.say("AWAY"))[-1] == "305"
    assert watcher.read() == [f"{_ANN} AWAY"]


def test_a_new_real_name_is_told_to_those_who_asked() -> None:
    lab = Lab()
    ann = lab.join("ann", "#lab", capabilities="setname")
    bob, old = lab.join("bob", "#lab", capabilities="setname"), lab.join("old", "#lab")
    ann.read(), old.read()

    assert ann.say("SETNAME :Ann the Second") == [f"{_ANN} SETNAME :Ann the Second"]
    assert bob.read()[-1] == f"{_ANN} SETNAME :Ann the Second"
    assert old.read() == []
    assert codes(ann.say("SETNAME :")) == ["FAIL"]


# --- questions


def test_whois_tells_what_is_known_and_hides_secret_channels() -> None:
    lab = Lab({"ann": "pencil"})
    ann = lab.join("ann", "#lab", "#hidden")
    ann.say("MODE #hidden +s", "AWAY :lunch")
    ann.client.account, ann.client.is_secure = "ann", True
    lab.seconds = 30
    lines = lab.join("bob").say("WHOIS ann")

    assert codes(lines) == ["311", "319", "312", "301", "330", "671", "317", "318"]
    assert lines[0] == ":irc.chatlab.test 311 bob ann ~ann 192.0.2.7 * :Real ann"
    assert lines[1].endswith(" :@#lab")
    assert lines[6].startswith(":irc.chatlab.test 317 bob ann 30 1700000000 :")
    assert codes(lab.join("eve").say("WHOIS nobody", "WHOIS")) == ["401", "318", "431"]


def test_who_and_whox_show_a_channel() -> None:
    lab = Lab()
    ann, bob = lab.join("ann", "#lab"), lab.join("bob", "#lab")
    bob.say("AWAY :x")

    assert ann.say("WHO #lab")[-3:] == [
        ":irc.chatlab.test 352 ann #lab ~ann 192.0.2.7 irc.chatlab.test ann H@ :0 Real ann",
        ":irc.chatlab.test 352 ann #lab ~bob 192.0.2.7 irc.chatlab.test bob G :0 Real bob",
        ":irc.chatlab.test 315 ann #lab :End of WHO list",
    ]
    assert ann.say("WHO #lab %tcnfar,42")[0] == (
        ":irc.chatlab.test 354 ann 42 #lab ann H@ 0 :Real ann"
    )
    assert codes(ann.say("WHO bob", "WHO *", "WHO #none", "WHO * o")) == [
        *("352", "315"),
        *("352", "352", "315"),
        *("315", "315"),
    ]


def test_a_quit_is_told_and_remembered() -> None:
    lab = Lab()
    ann, bob = lab.join("ann", "#lab"), lab.join("bob", "#lab")
    bob.read()

    assert codes(ann.say("QUIT :gone fishing")) == ["JOIN", "ERROR"]
    assert ann.is_closed
    assert bob.read() == [f"{_ANN} QUIT :Quit: gone fishing"]
    assert codes(bob.say("WHOWAS ann", "WHOWAS nobody")) == ["314", "312", "369", "406", "369"]
    assert ann.say("PRIVMSG #lab :ghost") == []
    assert codes(lab.connect().say("NICK ann")) == []


def test_the_smaller_questions_are_answered() -> None:
    lab = Lab()
    ann = lab.join("ann", "#lab")
    lab.join("bob").say("AWAY :x")

    assert ann.say("USERHOST ann bob nobody") == [
        ":irc.chatlab.test 302 ann :ann=+~ann@192.0.2.7 bob=-~bob@192.0.2.7"
    ]
    assert ann.say("ISON bob nobody :ann") == [":irc.chatlab.test 303 ann :bob ann"]
    assert codes(ann.say("LUSERS")) == ["251", "252", "254", "255", "265", "266"]
    assert codes(ann.say("MOTD"))[-1] == "376"
    assert codes(ann.say("VERSION", "TIME")) == ["351", "005", "005", "391"]
    assert ann.say("TIME") == [
        ":irc.chatlab.test 391 ann irc.chatlab.test :2023-11-14 22:13:20 UTC"
    ]


# --- the silent


def test_the_silent_are_pinged_and_the_dead_dropped() -> None:
    lab = Lab()
    ann, bob = lab.join("ann", "#lab"), lab.join("bob", "#lab")
    ann.read()

    lab.seconds = 91
    lab.network.sweep()
    assert ann.read() == bob.read()[-1:] == ["PING :irc.chatlab.test"]
    lab.network.heard(ann.client)
    ann.say("PONG irc.chatlab.test")
    lab.seconds = 152
    lab.network.sweep()

    assert bob.is_closed
    assert ann.read() == [":bob!~bob@192.0.2.7 QUIT :Ping timeout: 152 seconds"]
    assert not ann.is_closed


def test_who_never_registers_is_dropped_however_much_it_sends() -> None:
    lab = Lab()
    peer = lab.connect()

    for lab.seconds in (30, 61):
        lab.network.heard(peer.client)
        lab.network.sweep()

    assert peer.is_closed
