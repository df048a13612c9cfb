"""What the doctor tells an ordinary user, in each of the situations, and whether it helps."""

import json
from typing import TypedDict

import pytest

from tests.helpers.ordinary_user import NAME, OPENER, Dumpcap, OrdinaryUser, ordinary_user
from tests.helpers.proof import chatlab

pytestmark = [
    pytest.mark.only_on("linux"),
    pytest.mark.network,
    pytest.mark.servers("dumpcap"),
]

_LOGIN = "# Then log out and in again."


class _Row(TypedDict):
    name: str
    verdict: str
    words: str
    remedy: str


def _capture_rows(user: OrdinaryUser) -> dict[str, _Row]:
    """What is said about each way to capture. A missing right is a note, never a failure."""
    outcome = chatlab("doctor", "--json", prefix=user.prefix)
    assert (outcome.exit_code, outcome.error) == (0, "")
    found = json.loads(outcome.out)
    rows: list[_Row] = [row for row in found["checks"] if row["name"].startswith("Capture: ")]
    assert found["fit"]
    assert found["can_capture"] == any(row["verdict"] == "ok" for row in rows)
    assert all(row["verdict"] in ("ok", "warning") for row in rows)
    return {row["name"].removeprefix("Capture: "): row for row in rows}


def test_dumpcap_for_root_alone_is_set_up_anew() -> None:
    with ordinary_user() as student:
        rows = _capture_rows(student)
    assert "Operation not permitted" in rows["packet socket"]["words"]
    assert rows["dumpcap"]["words"].endswith("is set up to capture for root alone.")
    assert rows["dumpcap"]["remedy"].splitlines() == [
        "sudo dpkg-reconfigure wireshark-common &&  # answer “Yes”",
        f"sudo usermod -aG wireshark {NAME}",
        _LOGIN,
    ]


def test_who_is_no_member_of_the_group_joins_it() -> None:
    with ordinary_user(dumpcap=Dumpcap.FOR_MEMBERS) as stranger:
        row = _capture_rows(stranger)["dumpcap"]
    assert "Only members of the group “wireshark”" in row["words"]
    assert row["remedy"].splitlines() == [f"sudo usermod -aG wireshark {NAME}", _LOGIN]


def test_a_new_member_only_logs_in_again() -> None:
    with ordinary_user(
        dumpcap=Dumpcap.FOR_MEMBERS, joins=True, is_logged_in_since=False
    ) as newcomer:
        row = _capture_rows(newcomer)["dumpcap"]
    assert "not in this login session" in row["words"]
    assert "sudo" not in row["remedy"]


def test_to_a_member_nothing_is_said_but_that_it_works() -> None:
    with ordinary_user(dumpcap=Dumpcap.FOR_MEMBERS, joins=True) as member:
        rows = _capture_rows(member)
    assert list(rows) == ["dumpcap"]
    assert rows["dumpcap"]["remedy"] == ""


def test_the_remedy_for_an_opener_without_its_capability_gives_it_back() -> None:
    with ordinary_user(has_opener=True) as student:
        row = _capture_rows(student)["installed opener"]
    assert "has lost its capability" in row["words"]
    assert str(OPENER) in row["remedy"]
    with ordinary_user(has_opener=True, commands=[row["remedy"].removeprefix("sudo ")]) as student:
        assert list(_capture_rows(student)) == ["installed opener"]


def test_where_programs_gain_no_rights_no_vain_remedy_is_offered() -> None:
    with ordinary_user(
        dumpcap=Dumpcap.FOR_MEMBERS,
        joins=True,
        has_opener=True,
        commands=[f"setcap cap_net_raw,cap_net_admin=ep {OPENER}"],
        is_sealed=True,
    ) as captive:
        rows = _capture_rows(captive)
    assert not any(row["verdict"] == "ok" for row in rows.values())
    assert "container or sandbox" in rows["dumpcap"]["words"]
    assert "container or sandbox" in rows["installed opener"]["words"]
    assert not any("sudo" in row["remedy"] for row in rows.values())


def test_the_user_is_named_by_the_system_not_by_what_su_left_behind() -> None:
    with ordinary_user(dumpcap=Dumpcap.FOR_MEMBERS) as student:
        outcome = chatlab("doctor", prefix=(*student.prefix, "LOGNAME=teacher", "USER=teacher"))
    assert f"sudo usermod -aG wireshark {NAME}" in outcome.out
    assert "teacher" not in outcome.out
