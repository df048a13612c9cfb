"""Pieces of the opener that need no right: what it reads, and whom it believes."""

import os
import socket
from pathlib import Path

import pytest

from chatlab.capture import opener, opener_install
from chatlab.capture.opener import Refused

pytestmark = pytest.mark.only_on("linux")


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("0100007F:1A0B", (bytes([127, 0, 0, 1]), 6667)),
        ("00000000:0035", (bytes(4), 53)),
        ("0000000000000000FFFF00000100007F:0050", (bytes([127, 0, 0, 1]), 80)),
        ("00000000000000000000000001000000:1466", (bytes(15) + b"\x01", 5222)),
    ],
    ids=["IPv4", "wildcard", "mapped", "IPv6"],
)
@pytest.mark.skipif(os.sys.byteorder != "little", reason="recorded on such a machine")  # type: ignore[attr-defined]
def test_the_kernel_s_tables_are_read(text: str, end: tuple[bytes, int]) -> None:
    assert opener.listed_end(text) == end


def test_a_connection_of_one_s_own_is_found_alone() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname()) as ours,
    ):
        local = socket.inet_aton("127.0.0.1"), ours.getsockname()[1]
        opener.check_alone(local, socket.IPPROTO_TCP, os.getuid())
        with pytest.raises(Refused) as caught:
            opener.check_alone(local, socket.IPPROTO_TCP, os.getuid() + 1)
    assert caught.value.code == "shared"


def test_the_list_of_users_is_obeyed(tmp_path: Path) -> None:
    users = tmp_path / "users"
    users.write_text("1000\n1001  # anna\n", encoding="utf-8")
    for caller in (0, 1000, 1001):
        opener.check_listed(caller, str(users))
    for caller in (1, 100, 10000):
        with pytest.raises(Refused):
            opener.check_listed(caller, str(users))
    users.write_text("*\n", encoding="utf-8")
    opener.check_listed(4711, str(users))


def test_without_its_list_an_installed_opener_serves_nobody(tmp_path: Path) -> None:
    with pytest.raises(Refused) as caught:
        opener.check_listed(1000, str(tmp_path / "users"))
    assert caught.value.code == "unlisted"


def test_a_channel_that_the_network_could_reach_is_refused() -> None:
    with socket.socket() as tcp, pytest.raises(Refused):
        opener.caller_of(tcp)


# --- the installer --------------------------------------------------------------------------------


def test_only_what_is_root_s_all_the_way_up_is_trusted(tmp_path: Path) -> None:
    assert opener_install.is_roots(Path("/usr/bin/env"))
    assert not opener_install.is_roots(tmp_path)  # Anybody may write to /tmp above it.


def test_a_user_is_listed_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUDO_UID", "1234")
    assert opener_install.user_id("root") == "0"
    assert opener_install.user_id("77") == "77"
    assert opener_install.user_id("") == "1234"
    with pytest.raises(opener_install.NotInstalled):
        opener_install.user_id("nobody-of-this-name")


def test_the_installer_wants_root(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert opener_install.main(["anna"]) == 1
    assert "run it with sudo" in capsys.readouterr().err


def test_who_was_crossed_out_of_the_list_is_not_served_after_the_next_installation(
    tmp_path: Path,
) -> None:
    text = "# 1000 has left\n1001\n1002 # alice\n\n"
    (tmp_path / opener_install.USERS).write_text(text, encoding="utf-8")
    assert opener_install.listed_users(tmp_path) == {"1001", "1002"}
    assert opener_install.listed_users(tmp_path / "none") == set()
