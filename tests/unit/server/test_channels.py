"""Channels: who may enter, speak, and rule; and what everybody is told."""

import pytest

from chatlab.server.irc.channel import full_mask
from chatlab.server.irc.commands.modes import Change, parse_changes
from chatlab.server.irc.limits import MAX_BANS, MAX_CHANNELS_PER_CLIENT
from tests.unit.server.harness import Lab, codes

_ANN = ":ann!~ann@192.0.2.7"
_BOB = ":bob!~bob@192.0.2.7"


def test_the_first_in_a_channel_is_its_operator() -> None:
    lab = Lab()

    assert lab.join("ann").say("JOIN #Lab") == [
        f"{_ANN} JOIN #Lab",
        ":irc.chatlab.test 353 ann = #Lab :@ann",
        ":irc.chatlab.test 366 ann #Lab :End of /NAMES list",
    ]
    assert lab.join("bob").say("JOIN #lab")[1] == ":irc.chatlab.test 353 bob = #Lab :@ann bob"


def test_an_empty_channel_forgets_its_modes() -> None:
    lab = Lab()
    ann = lab.join("ann", "#lab")
    ann.say("MODE #lab +k secret", "PART #lab :bye")

    assert lab.network.channels == {}
    assert codes(lab.join("bob").say("JOIN #lab")) == ["JOIN", "353", "366"]


@pytest.mark.parametrize(
    ("mode", "attempt", "code"),
    [
        ("+k secret", "JOIN #lab", "475"),
        ("+k secret", "JOIN #lab wrong", "475"),
        ("+i", "JOIN #lab", "473"),
        ("+l 1", "JOIN #lab", "471"),
        ("+b bob", "JOIN #lab", "474"),
        ("+b *!*@192.0.2.*", "JOIN #lab", "474"),
        ("+s", "TOPIC #lab", "403"),
    ],
)
def test_modes_keep_strangers_out(mode: str, attempt: str, code: str) -> None:
    lab = Lab()
    lab.join("ann", "#lab").say(f"MODE #lab {mode}")

    assert codes(lab.join("bob").say(attempt)) == [code]


def test_keys_go_with_the_channels_of_their_place() -> None:
    lab = Lab()
    lab.join("ann", "#a", "#b", "#c").say("MODE #b +k two")

    assert codes(lab.join("bob").say("JOIN #a,#b,#c one,two")).count("JOIN") == 3


def test_an_invitation_opens_a_closed_channel_once() -> None:
    lab = Lab()
    ann, bob = lab.join("ann", "#lab"), lab.join("bob")
    carl = lab.join("carl", "#lab", capabilities="invite-notify")
    ann.say("MODE #lab +il 1")
    carl.read()

    assert ann.say("INVITE bob #lab") == [":irc.chatlab.test 341 ann bob #lab"]
    assert bob.read() == [f"{_ANN} INVITE bob #lab"]
    assert carl.read() == [f"{_ANN} INVITE bob #lab"]
    assert "JOIN" in codes(bob.say("JOIN #lab"))
    assert codes(bob.say("PART #lab", "JOIN #lab")) == ["PART", "473"]
    assert codes(carl.say("INVITE bob #lab"))[-1:] == ["482"]
    assert codes(ann.say("INVITE carl #lab"))[-1:] == ["443"]


def test_join_zero_leaves_everything() -> None:
    lab = Lab()
    ann = lab.join("ann", "#a", "#b")

    assert ann.say("JOIN 0") == [f"{_ANN} PART #a", f"{_ANN} PART #b"]
    assert lab.network.channels == {}


@pytest.mark.parametrize("name", ["lab", "#", "#a\x07b", "#" + "x" * 64, "&lab", "", "#a:b"])
def test_a_channel_cannot_have_any_name(name: str) -> None:
    assert codes(Lab().join("ann").say(f"JOIN :{name}")) == ["476"]


def test_nobody_can_fill_the_server_with_channels() -> None:
    ann = Lab().join("ann")

    lines = ann.say(*(f"JOIN #c{n}" for n in range(MAX_CHANNELS_PER_CLIENT + 1)))

    assert codes(lines).count("JOIN") == MAX_CHANNELS_PER_CLIENT
    assert codes(lines)[-1] == "405"


def test_extended_join_and_away_are_told_to_those_who_asked() -> None:
    lab = Lab()
    new = lab.join("ann", "#lab", capabilities="extended-join away-notify")
    old = lab.join("old", "#lab")
    new.read(), old.read()

    lab.join("bob").say("AWAY :lunch", "JOIN #lab")

    assert new.read() == [f"{_BOB} JOIN #lab * :Real bob", f"{_BOB} AWAY :lunch"]
    assert old.read() == [f"{_BOB} JOIN #lab"]


def test_names_show_ranks_and_hosts_as_asked() -> None:
    lab = Lab()
    ann = lab.join("ann", "#lab", capabilities="multi-prefix userhost-in-names")
    bob = lab.join("bob", "#lab")
    ann.say("MODE #lab +v ann")

    assert ann.say("NAMES #lab")[0].endswith(" :@+ann!~ann@192.0.2.7 bob!~bob@192.0.2.7")
    assert bob.say("NAMES #lab")[-2].endswith(" :@ann bob")
    assert codes(bob.say("NAMES", "NAMES #none")) == ["366", "366"]


def test_many_names_take_several_lines() -> None:
    lab = Lab()
    nicks = [f"somebody-with-a-long-nick-{n:03}" for n in range(60)]
    for nick in nicks:
        last = lab.join(nick, "#lab")

    lines = [line for line in last.say("NAMES #lab") if " 353 " in line]

    assert all(len(line) <= 510 for line in lines)
    assert [nick.lstrip("@") for line in lines for nick in line.split(" :")[1].split()] == nicks


def test_a_topic_is_set_asked_for_shown_to_newcomers_and_cleared() -> None:
    lab = Lab()
    ann = lab.join("ann", "#lab")

    assert codes(ann.say("TOPIC #lab")) == ["331"]
    assert ann.say("TOPIC #lab :Packets, please") == [f"{_ANN} TOPIC #lab :Packets, please"]
    assert codes(lab.join("bob").say("JOIN #lab")) == ["JOIN", "332", "333", "353", "366"]
    assert ann.say("TOPIC #lab")[1:] == [
        ":irc.chatlab.test 332 ann #lab :Packets, please",
        ":irc.chatlab.test 333 ann #lab ann!~ann@192.0.2.7 1700000000",
    ]
    ann.say("TOPIC #lab :")
    assert codes(ann.say("TOPIC #lab")) == ["331"]


def test_only_operators_set_the_topic_unless_minus_t() -> None:
    lab = Lab()
    ann, bob = lab.join("ann", "#lab"), lab.join("bob", "#lab")

    assert codes(bob.say("TOPIC #lab :mine")) == ["482"]
    ann.say("MODE #lab -t")
    assert codes(bob.say("TOPIC #lab :mine"))[-1] == "TOPIC"
    assert codes(lab.join("eve").say("TOPIC #lab :hers", "TOPIC #none :x")) == ["442", "403"]


def test_a_kick_is_for_operators_and_tells_everybody() -> None:
    lab = Lab()
    ann, bob = lab.join("ann", "#lab"), lab.join("bob", "#lab")

    assert codes(bob.say("KICK #lab ann")) == ["482"]
    ann.read()
    assert ann.say("KICK #lab bob :no spam") == [f"{_ANN} KICK #lab bob :no spam"]
    assert bob.read() == [f"{_ANN} KICK #lab bob :no spam"]
    assert codes(ann.say("KICK #lab bob,nobody", "KICK #none ann")) == ["441", "401", "403"]
    assert codes(bob.say("PART #lab")) == ["442"]


def test_the_list_hides_secret_channels_from_strangers() -> None:
    lab = Lab()
    lab.join("ann", "#open", "#hidden").say("MODE #hidden +s", "TOPIC #open :for all")
    bob = lab.join("bob")

    assert bob.say("LIST")[1:] == [
        ":irc.chatlab.test 322 bob #open 1 :for all",
        ":irc.chatlab.test 323 bob :End of /LIST",
    ]
    assert codes(bob.say("LIST #hid*", "LIST #OP*")) == ["321", "323", "321", "322", "323"]


# --- modes


@pytest.mark.parametrize(
    ("parameters", "changes"),
    [
        (["+o", "ann"], [Change(True, "o", "ann")]),
        (
            ["+o-v+l", "ann", "bob", "9"],
            [Change(True, "o", "ann"), Change(False, "v", "bob"), Change(True, "l", "9")],
        ),
        (["m-ln"], [Change(True, "m", None), Change(False, "l", None), Change(False, "n", None)]),
        (["+b"], [Change(True, "b", None)]),
        (["-k+o", "key", "ann"], [Change(False, "k", "key"), Change(True, "o", "ann")]),
        (["+-+"], []),
        ([], []),
    ],
)
def test_each_letter_gets_its_own_parameter(parameters: list[str], changes: list[Change]) -> None:
    assert parse_changes(parameters) == changes


def test_modes_are_told_once_and_only_when_they_change_something() -> None:
    lab = Lab()
    ann, bob = lab.join("ann", "#lab"), lab.join("bob", "#lab")
    ann.read()

    assert ann.say("MODE #lab +ov-t+k bob bob key") == [f"{_ANN} MODE #lab +ov-t+k bob bob key"]
    assert bob.read() == [f"{_ANN} MODE #lab +ov-t+k bob bob key"]
    assert ann.say("MODE #lab +o-t+k bob key") == []
    assert ann.say("MODE #lab +l 5")[-1] == f"{_ANN} MODE #lab +l 5"
    assert ann.say("MODE #lab") == [
        ":irc.chatlab.test 324 ann #lab +nkl key 5",
        ":irc.chatlab.test 329 ann #lab 1700000000",
    ]
    assert lab.join("eve").say("MODE #lab")[0].endswith(" #lab +nkl * 5")
    assert ann.say("MODE #lab -kl any") == [f"{_ANN} MODE #lab -kl key"]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("MODE #lab +o", "696"),
        ("MODE #lab +o nobody", "401"),
        ("MODE #lab +v eve", "441"),
        ("MODE #lab +k", "696"),
        ("MODE #lab +k :a b", "696"),
        ("MODE #lab +k a,b", "696"),
        ("MODE #lab +l many", "696"),
        ("MODE #lab +l 0", "696"),
        ("MODE #lab +l ²", "696"),
        ("MODE #lab -b", "368"),
        ("MODE #lab +x", "472"),
        ("MODE #none +m", "403"),
        ("MODE nobody +i", "401"),
        ("MODE eve +i", "502"),
        ("MODE ann +o", "501"),
        ("MODE", "461"),
    ],
)
def test_a_wrong_mode_is_named(line: str, code: str) -> None:
    lab = Lab()
    ann = lab.join("ann", "#lab")
    lab.join("eve")

    assert codes(ann.say(line)) == [code]


def test_modes_are_for_operators_but_the_ban_list_is_for_all() -> None:
    lab = Lab()
    ann, bob = lab.join("ann", "#lab"), lab.join("bob", "#lab")
    ann.say("MODE #lab +b eve", "MODE #lab +b EVE")

    assert codes(bob.say("MODE #lab +m", "MODE #lab b"))[1:] == ["482", "367", "368"]
    assert lab.network.channels["#lab"].bans[0].mask == "eve!*@*"
    assert len(lab.network.channels["#lab"].bans) == 1
    assert ann.say("MODE #lab -b eve!*@*")[-1] == f"{_ANN} MODE #lab -b eve!*@*"


def test_the_ban_list_is_bounded() -> None:
    ann = Lab().join("ann", "#lab")

    lines = ann.say(*(f"MODE #lab +b n{n}" for n in range(MAX_BANS + 1)))

    assert codes(lines)[-1] == "478"


@pytest.mark.parametrize(
    ("given", "full"),
    [
        ("ann", "ann!*@*"),
        ("u@host", "*!u@host"),
        ("n!u", "n!u@*"),
        ("!@", "*!*@*"),
        ("n!u@h", "n!u@h"),
    ],
)
def test_masks_are_completed(given: str, full: str) -> None:
    assert full_mask(given) == full


def test_moderation_and_bans_silence_all_but_the_ranked() -> None:
    lab = Lab()
    ann, bob = lab.join("ann", "#lab"), lab.join("bob", "#lab")
    ann.say("MODE #lab +m")
    bob.read()

    assert codes(bob.say("PRIVMSG #lab :hello")) == ["404"]
    ann.say("MODE #lab +v bob")
    assert codes(bob.say("PRIVMSG #lab :hello")) == ["MODE"]
    ann.say("MODE #lab -vm bob", "MODE #lab +b bob!*@*")
    assert codes(bob.say("PRIVMSG #lab :hello"))[-1] == "404"
    assert codes(lab.join("eve").say("PRIVMSG #lab :from outside")) == ["404"]


def test_one_can_hide_from_strangers() -> None:
    lab = Lab()
    ann = lab.join("ann", "#lab")

    assert ann.say("MODE ann +i") == [f"{_ANN} MODE ann +i"]
    assert ann.say("MODE ANN") == [":irc.chatlab.test 221 ann +i"]
    assert codes(lab.join("bob").say("NAMES #lab", "WHO #lab")) == ["366", "315"]
    assert "352" in codes(lab.join("eve").say("JOIN #lab", "WHO #lab"))
