"""DCC lines read and written: what other programs send, and what nobody may make us believe."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatlab.core.errors import LocalProtocolError, RemoteProtocolError
from chatlab.protocol.ctcp import decode_ctcp, encode_ctcp
from chatlab.protocol.dcc import (
    AckReader,
    ChatOffer,
    Checksum,
    DccMessage,
    Rejection,
    ResumeAccept,
    ResumeRequest,
    SendOffer,
    describe_dcc,
    format_ack,
    format_checksum,
    format_dcc,
    parse_checksum,
    parse_dcc,
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        # As irssi, WeeChat, HexChat and mIRC send them.
        (
            "SEND plain.bin 2130706433 34711 50000",
            SendOffer(name="plain.bin", address="127.0.0.1", port=34711, size=50000),
        ),
        (
            'SEND "my file.txt" 2130706433 37441 12',
            SendOffer(name="my file.txt", address="127.0.0.1", port=37441, size=12),
        ),
        (
            "SEND plain.bin 16843009 0 50000 47",
            SendOffer(name="plain.bin", address="1.1.1.1", port=0, size=50000, token="47"),
        ),
        (
            "SEND name 199 0 12 3",
            SendOffer(name="name", address="0.0.0.199", port=0, size=12, token="3"),
        ),
        (
            "SEND name 3232235777 5000 12 3",
            SendOffer(name="name", address="192.168.1.1", port=5000, size=12, token="3"),
        ),
        (
            "SEND a 2001:db8::1 5000 5000000000",
            SendOffer(name="a", address="2001:db8::1", port=5000, size=5_000_000_000),
        ),
        (
            "send a 192.0.2.1 5000 0",
            SendOffer(name="a", address="192.0.2.1", port=5000, size=0),
        ),
        (
            "SEND two words 12 2130706433 3000 12",
            SendOffer(name="two words 12", address="127.0.0.1", port=3000, size=12),
        ),
        (
            "SEND two words 2130706433 0 12 7",
            SendOffer(name="two words", address="127.0.0.1", port=0, size=12, token="7"),
        ),
        (
            'SEND "a "quoted" b" 2130706433 3000 12',
            SendOffer(name='a "quoted" b', address="127.0.0.1", port=3000, size=12),
        ),
        ("CHAT chat 2130706433 4000", ChatOffer(address="127.0.0.1", port=4000)),
        ("CHAT CHAT 16843009 0 9", ChatOffer(address="1.1.1.1", port=0, token="9")),
        ('RESUME "a b" 4000 17', ResumeRequest(name="a b", port=4000, position=17)),
        ("RESUME file.ext 0 17 5", ResumeRequest(name="file.ext", port=0, position=17, token="5")),
        ("ACCEPT a 4000 17", ResumeAccept(name="a", port=4000, position=17)),
        ('REJECT SEND "a b"', Rejection("SEND", "a b")),
        ("REJECT CHAT chat", Rejection("CHAT", "chat")),
    ],
)
def test_what_other_programs_send_is_understood(text: str, message: DccMessage) -> None:
    assert parse_dcc(text) == message
    assert describe_dcc(message).startswith("DCC")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "SEND",
        "SEND a",
        "SEND a 1",
        "SEND a 1 2",
        "SEND a 4294967296 5000 12",
        "SEND a -1 5000 12",
        "SEND a 2130706433 70000 12",
        "SEND a 2130706433 -1 12",
        "SEND a 2130706433 0 12",
        "SEND a 2130706433 5000 -12",
        "SEND a 2130706433 5000 1_000",
        "SEND a 2130706433 5000 ١٢",
        "SEND a 2130706433 5000 99999999999999999999",
        "SEND a 127.0.0.1.5 5000 12",
        "SEND a ::g 5000 12",
        'SEND "a" 2130706433 5000',
        'SEND "a b 2130706433 5000 12 x y z',
        "SEND a 16843009 0 12 " + "9" * 40,
        "SEND a 16843009 0 12 se/cret",
        "CHAT",
        "CHAT chat 2130706433",
        "CHAT chat 2130706433 0",
        "RESUME a 0",
        "RESUME a 5000 -1",
        "XMIT a b c",
    ],
)
def test_what_cannot_be_is_refused_with_its_reason(text: str) -> None:
    with pytest.raises(RemoteProtocolError) as refused:
        parse_dcc(text)
    assert refused.value.message


@given(st.text(max_size=80))
def test_nothing_whatever_upsets_the_reader(text: str) -> None:
    for verb in ("SEND", "CHAT", "RESUME", "ACCEPT", "REJECT"):
        try:
            parse_dcc(f"{verb} {text}")
        except RemoteProtocolError:
            continue


_NAMES = st.text(
    st.characters(exclude_characters='"\0\r\n\x01\x10', exclude_categories=["Cs"]), min_size=1
).filter(lambda name: name.strip() and not name.isspace())


@given(_NAMES, st.integers(1, 65535), st.integers(0, 1 << 62), st.sampled_from(["", "77"]))
def test_what_we_offer_is_read_as_it_was_meant(name: str, port: int, size: int, token: str) -> None:
    offer = SendOffer(name=name.strip(), address="192.0.2.9", port=port, size=size, token=token)
    ctcp = decode_ctcp(encode_ctcp("DCC", format_dcc(offer)))
    assert ctcp is not None
    read = parse_dcc(ctcp.parameter)
    assert isinstance(read, SendOffer)
    assert (read.address, read.port, read.size, read.token) == ("192.0.2.9", port, size, token)


def test_names_with_blanks_are_quoted_and_others_are_not() -> None:
    plain = SendOffer(name="a.txt", address="127.0.0.1", port=5, size=1)
    assert format_dcc(plain) == "SEND a.txt 2130706433 5 1"
    spaced = SendOffer(name='a "b".txt', address="::1", port=5, size=1, token="8")
    assert format_dcc(spaced) == "SEND \"a 'b'.txt\" ::1 5 1 8"
    with pytest.raises(LocalProtocolError):
        format_dcc(SendOffer(name="\r\n", address="127.0.0.1", port=5, size=1))


@pytest.mark.parametrize(
    "message",
    [
        ChatOffer(address="127.0.0.1", port=4000),
        ChatOffer(address="1.1.1.1", port=0, token="9"),
        ResumeRequest(name="a b", port=4000, position=17),
        ResumeAccept(name="a", port=0, position=17, token="5"),
        Rejection("SEND", "a b"),
    ],
)
def test_every_message_survives_the_way(message: DccMessage) -> None:
    assert parse_dcc(format_dcc(message)) == message


def test_the_words_name_the_number_and_the_token() -> None:
    active = describe_dcc(SendOffer(name="a", address="10.99.0.1", port=50001, size=7))
    assert "174260225" in active
    assert "10.99.0.1" in active
    passive = describe_dcc(SendOffer(name="a", address="1.1.1.1", port=0, size=7, token="47"))
    assert "token 47" in passive


def test_acknowledgements_wrap_at_four_gibibytes() -> None:
    reader, size = AckReader(), 9 * (1 << 30)
    for position in range(1 << 29, size + 1, 1 << 29):
        assert reader.feed(format_ack(position), position) == position


def test_acknowledgements_cut_anywhere_are_read() -> None:
    data = b"".join(format_ack(position) for position in (100, 200, 300))
    reader = AckReader()
    for byte in data:
        reader.feed(bytes([byte]), 300)
    assert reader.position == 300


def test_an_acknowledgement_of_more_than_was_sent_is_not_believed() -> None:
    reader = AckReader()
    reader.feed(format_ack(500), 400)
    assert reader.position == 0
    assert reader.feed(format_ack(400), 400) == 400


def test_after_resuming_both_ways_of_counting_are_understood() -> None:
    absolute, relative = AckReader(1000), AckReader(1000)
    assert absolute.feed(format_ack(1500), 1500) == 1500
    assert relative.feed(format_ack(500), 1500) == 1500
    assert relative.feed(format_ack(900), 1900) == 1900


def test_a_checksum_is_readable_for_people_and_programs() -> None:
    checksum = Checksum("my (1) file.txt", 12, "0a" * 32)
    words = format_checksum(checksum)
    assert words.startswith("SHA-256 of “my (1) file.txt” (12 bytes): 0a0a")
    assert parse_checksum(words) == checksum
    assert parse_checksum("SHA-256 of nothing") is None
