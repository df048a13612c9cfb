"""What can be typed: the table, the parser that obeys it, and its errors."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatlab.core.commands import COMMANDS, Command, CommandSpec, Verb, complete, parse, spec_of
from chatlab.core.errors import UsageError


def test_every_verb_has_exactly_one_row() -> None:
    assert sorted(spec.verb.value for spec in COMMANDS) == sorted(verb.value for verb in Verb)


def test_no_two_commands_share_a_name() -> None:
    names = [name for spec in COMMANDS for name in (spec.verb.value, *spec.aliases)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("spec", COMMANDS, ids=lambda spec: spec.verb.value)
def test_every_row_explains_itself(spec: CommandSpec) -> None:
    assert spec.help.endswith((".", "?"))
    assert spec.usage.startswith(f"/{spec.verb.value}")
    rest = [name for name in spec.arguments if name.rstrip(">]").endswith("…")]
    assert rest in ([], list(spec.arguments[-1:]))


@pytest.mark.parametrize("spec", COMMANDS, ids=lambda spec: spec.verb.value)
def test_every_command_is_understood_by_all_its_names(spec: CommandSpec) -> None:
    needed = ["x"] * sum(name.startswith("<") for name in spec.arguments)
    for name in (spec.verb.value, *spec.aliases):
        assert parse(" ".join([f"/{name}", *needed])) == Command(spec.verb, tuple(needed))
        assert parse(" ".join([f"/{name.upper()}", *needed])).verb is spec.verb


@pytest.mark.parametrize("spec", COMMANDS, ids=lambda spec: spec.verb.value)
def test_a_missing_argument_is_named_with_the_usage(spec: CommandSpec) -> None:
    needed = [name for name in spec.arguments if name.startswith("<")]
    if needed:
        with pytest.raises(UsageError) as caught:
            parse(f"/{spec.verb.value}")
        assert needed[0] in caught.value.message
        assert spec.usage in caught.value.hint


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("hello there", Command(Verb.SAY, ("hello there",))),
        ("  indented", Command(Verb.SAY, ("  indented",))),
        ("//join is a command", Command(Verb.SAY, ("/join is a command",))),
        ("/say /me waves", Command(Verb.SAY, ("/me waves",))),
        ("/me  waves ", Command(Verb.ME, ("waves",))),
        ("/msg bob hi  there", Command(Verb.MSG, ("bob", "hi  there"))),
        ("/m bob hi", Command(Verb.MSG, ("bob", "hi"))),
        ("/join #lab", Command(Verb.JOIN, ("#lab",))),
        ("/join   #lab   key", Command(Verb.JOIN, ("#lab", "key"))),
        ("/part", Command(Verb.PART)),
        ("/part see you", Command(Verb.PART, ("see you",))),
        ("/query bob", Command(Verb.QUERY, ("bob",))),
        ("/topic -", Command(Verb.TOPIC, ("-",))),
        ("/op ana bob", Command(Verb.OP, ("ana bob",))),
        ("/raw PRIVMSG #lab :x  y", Command(Verb.RAW, ("PRIVMSG #lab :x  y",))),
    ],
)
def test_lines_mean_what_they_say(line: str, command: Command) -> None:
    assert parse(line) == command


def test_an_unknown_command_is_an_error_with_the_nearest_name() -> None:
    with pytest.raises(UsageError) as caught:
        parse("/jion #lab")
    assert "/jion" in caught.value.message
    assert "/join" in caught.value.hint
    assert "//jion" in caught.value.hint


def test_too_much_is_an_error_that_names_it() -> None:
    with pytest.raises(UsageError, match="does not take “bob”"):
        parse("/nick ana bob")


def test_completion_finds_names_and_aliases_in_the_order_of_the_table() -> None:
    assert [spec.verb for spec in complete("me")] == [Verb.ME, Verb.MENTIONS]
    assert Verb.PART in [spec.verb for spec in complete("lea")]
    assert complete("") == COMMANDS
    assert complete("nothing") == ()
    assert spec_of("LEAVE") is spec_of("part")


def test_an_argument_that_was_not_given_has_a_default() -> None:
    assert parse("/part").argument(0, "bye") == "bye"
    assert parse("/join #lab").argument(0) == "#lab"


@given(st.text(st.characters(exclude_characters="\r\n"), max_size=80))
def test_any_line_is_a_command_or_a_usage_error_with_a_hint(line: str) -> None:
    if not line.startswith("/"):
        assert parse(line) == Command(Verb.SAY, (line,))
        return
    fault: UsageError | None = None
    try:
        assert parse(line).verb in Verb
    except UsageError as error:
        fault = error
    assert fault is None or fault.hint
