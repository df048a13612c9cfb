"""Ranges, endpoints and the steps of a delivery."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatlab.core.account import Account, AccountId
from chatlab.core.errors import ChatlabError
from chatlab.core.flow import ByteRange, Direction, Endpoint, FlowKey
from chatlab.core.message import ALLOWED_STEPS, Delivery, may_become

ranges = st.tuples(st.integers(0, 30), st.integers(0, 30)).map(
    lambda ends: ByteRange(min(ends), max(ends))
)


@given(ranges, ranges)
def test_two_ranges_overlap_exactly_when_they_share_a_byte(a: ByteRange, b: ByteRange) -> None:
    shared = set(range(a.start, a.stop)) & set(range(b.start, b.stop))
    assert len(a.intersection(b)) == len(shared)
    if shared:
        assert a.overlaps(b)
        assert a.intersection(b) == ByteRange(min(shared), max(shared) + 1)


@given(ranges, ranges)
def test_overlap_does_not_ask_who_is_first(a: ByteRange, b: ByteRange) -> None:
    assert a.overlaps(b) == b.overlaps(a)


@given(ranges, st.integers(0, 9))
def test_a_shifted_range_is_as_long(a: ByteRange, by: int) -> None:
    assert len(a.shifted(by)) == len(a)
    assert a.shifted(by).start == a.start + by


def test_an_empty_range_has_no_bytes() -> None:
    assert len(ByteRange(5, 5)) == 0


def test_an_endpoint_is_written_as_in_addresses() -> None:
    assert str(Endpoint("192.0.2.1", 6667)) == "192.0.2.1:6667"
    assert str(Endpoint("2001:db8::1", 6697)) == "[2001:db8::1]:6697"


def test_a_flow_knows_who_sends_in_each_direction() -> None:
    flow = FlowKey(Endpoint("192.0.2.1", 40000), Endpoint("192.0.2.2", 6667))
    for direction in Direction:
        assert direction.opposite.opposite is direction
        assert flow.sender(direction) != flow.sender(direction.opposite)
    assert flow.sender(Direction.SENT) is flow.local


def test_every_delivery_has_its_steps_and_none_leads_to_itself() -> None:
    assert set(ALLOWED_STEPS) == set(Delivery)
    assert not any(may_become(state, state) for state in Delivery)


@pytest.mark.parametrize("later", [Delivery.QUEUED, Delivery.WRITTEN, Delivery.ACKNOWLEDGED])
def test_what_the_server_has_taken_does_not_go_back(later: Delivery) -> None:
    assert not may_become(Delivery.ECHOED, later)


@pytest.mark.parametrize("later", list(Delivery))
def test_what_the_other_party_has_seen_has_arrived_for_good(later: Delivery) -> None:
    assert not may_become(Delivery.DISPLAYED, later)


def test_only_a_failed_message_goes_back_to_the_queue() -> None:
    assert [s for s in Delivery if may_become(s, Delivery.QUEUED)] == [Delivery.FAILED]


def test_names_left_empty_are_the_nick() -> None:
    account = Account(id=AccountId("a"), name="Lab", host="h", port=1, nick="ana")
    assert (account.effective_user_name, account.effective_real_name) == ("ana", "ana")


def test_an_error_is_its_message_and_the_next_step() -> None:
    assert str(ChatlabError("It failed.", "Try again.")) == "It failed. Try again."
    assert str(ChatlabError("It failed.")) == "It failed."
