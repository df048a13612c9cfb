"""Every numeric of Modern IRC has a sentence for a person; an error has a next step as well."""

import pytest

from chatlab.chat.irc.numerics import NUMERICS, explain
from chatlab.core.errors import Severity

MODERN_IRC = {
    **dict.fromkeys(("001", "002", "003", "256", "257", "258", "259", "300"), "some words"),
    **dict.fromkeys(("251", "255", "265", "266", "371", "372", "375", "670"), "some words"),
    **dict.fromkeys(("242", "305", "306", "302", "323", "365", "374", "376"), "some words"),
    **dict.fromkeys(("409", "411", "412", "417", "422", "431", "451", "462"), "some words"),
    **dict.fromkeys(("381", "463", "464", "465", "481", "483", "491", "501"), "some words"),
    **dict.fromkeys(("502", "691", "902", "903", "904", "905", "906", "907"), "some words"),
    **dict.fromkeys(("252", "253", "254", "382", "401", "402", "406"), "thing|some words"),
    **dict.fromkeys(("219", "263", "315", "318", "369", "391", "421"), "thing|some words"),
    **dict.fromkeys(("432", "433", "436", "461", "472", "476", "524"), "thing|some words"),
    **dict.fromkeys(("704", "705", "706", "723", "908"), "thing|some words"),
    **dict.fromkeys(("276", "301", "307", "313", "320", "335", "338"), "bob|some words"),
    **dict.fromkeys(("378", "379", "671"), "bob|some words"),
    **dict.fromkeys(("331", "366", "368", "347", "349", "403", "404"), "#lab|some words"),
    **dict.fromkeys(("405", "442", "471", "473", "474", "475", "482"), "#lab|some words"),
    **dict.fromkeys(("467", "477", "478", "525"), "#lab|some words"),
    **dict.fromkeys(("346", "348", "367"), "#lab|*!*@host"),
    **dict.fromkeys(("311", "314"), "bob|user|host|*|Real Name"),
    **dict.fromkeys(("221", "004"), "+i|irc-1.0|iw|biklmnopstv"),
    "005": "NICKLEN=9|are supported by this server",
    "010": "irc.test|6667|Try this server",
    "212": "PRIVMSG|12",
    "303": "bob",
    "312": "bob|irc.test|A server",
    "317": "bob|75|1700000000|seconds idle, signon time",
    "319": "bob|@#lab",
    "321": "Channel|Users  Name",
    "322": "#lab|7|A topic",
    "324": "#lab|+nt",
    "329": "#lab|1700000000",
    "330": "bob|robert|is logged in as",
    "332": "#lab|A topic",
    "333": "#lab|bob|1700000000",
    "336": "#lab",
    "337": "End of /INVITE list",
    "341": "bob|#lab",
    "351": "irc-1.0|irc.test|comments",
    "352": "#lab|user|host|irc.test|bob|H@|0 Real Name",
    "353": "=|#lab|@bob",
    "364": "a.test|b.test|1 A server",
    "400": "WHO|Something failed",
    "441": "bob|#lab|They aren't on that channel",
    "443": "bob|#lab|is already on channel",
    "696": "#lab|k|a,b|Not a key",
    "900": "ann!a@h|ann|You are now logged in as ann",
    "901": "ann!a@h|You are now logged out",
}
"""What a server sends after our nick, parameters with bars between."""


def test_the_table_is_that_of_the_standard() -> None:
    assert len(MODERN_IRC) >= 130


@pytest.mark.parametrize("code", sorted(MODERN_IRC))
def test_a_numeric_is_a_sentence(code: str) -> None:
    parameters = ["ann", *MODERN_IRC[code].split("|")]
    assert code in NUMERICS
    said = explain(code, parameters)
    words = said.text
    assert words
    assert "…" not in words, "a parameter that the standard does not send"
    assert not set("{}") & set(words + said.hint)
    if said.severity is Severity.ERROR:
        assert said.hint


@pytest.mark.parametrize("code", sorted(NUMERICS))
def test_nothing_is_made_up_where_a_server_leaves_everything_out(code: str) -> None:
    said = explain(code, ["ann"])
    assert said.text
    assert said.chat == ""
