"""Span indexes against the plain way of counting."""

from hypothesis import given
from hypothesis import strategies as st

from chatlab.core.flow import ByteRange
from chatlab.core.message import MessageId
from chatlab.protocol.ledger import StreamLedger
from chatlab.protocol.spans import Coverage, SpanIndex

spans = st.tuples(st.integers(0, 60), st.integers(1, 12)).map(lambda pair: (pair[0], sum(pair)))


@given(st.lists(spans, max_size=30), st.lists(spans, max_size=5))
def test_overlaps_are_found_in_whatever_order_spans_come(
    added: list[tuple[int, int]], asked: list[tuple[int, int]]
) -> None:
    index = SpanIndex()
    for value, (start, stop) in enumerate(added):
        index.add(start, stop, value)
        for low, high in asked:
            want = sorted(
                (start, stop, value)
                for value, (start, stop) in enumerate(added[: value + 1])
                if start < high and low < stop
            )
            assert sorted(index.overlapping(low, high)) == want
    assert len(index) == len(added)


@given(st.lists(spans, max_size=30))
def test_coverage_counts_every_position_once(added: list[tuple[int, int]]) -> None:
    coverage = Coverage()
    seen: set[int] = set()
    for start, stop in added:
        new = set(range(start, stop)) - seen
        assert coverage.add(start, stop) == len(new)
        seen |= new
    for start in range(80):
        end = start
        while end in seen:
            end += 1
        assert coverage.end(start) == end
        assert coverage.covers(start, start + 3) == (end >= start + 3)
    assert all(
        stop < start for stop, start in zip(coverage.stops, coverage.starts[1:], strict=False)
    )


@given(st.lists(st.integers(0, 40), max_size=12), st.integers(1, 9))
def test_every_byte_keeps_its_owner_however_tcp_cuts_it(sizes: list[int], mss: int) -> None:
    ledger = StreamLedger()
    stream: list[MessageId] = []
    for number, size in enumerate(sizes):
        ledger.own(ByteRange(len(stream), len(stream) + size), MessageId(str(number)))
        stream += [MessageId(str(number))] * size
    for start in range(0, len(stream), mss):
        want = tuple(dict.fromkeys(stream[start : start + mss]))
        assert ledger.owners(ByteRange(start, start + mss)) == want


def test_lines_of_one_record_share_its_bytes() -> None:
    ledger = StreamLedger()
    record = ByteRange(0, 60)
    ledger.own(record, MessageId("a"))
    ledger.own(record, MessageId("b"))
    assert ledger.owners(ByteRange(10, 11)) == ("a", "b")
    assert ledger.owners(ByteRange(60, 61)) == ()


def test_bytes_without_an_owner_have_none() -> None:
    ledger = StreamLedger()
    ledger.own(ByteRange(10, 15), MessageId("a"))
    assert ledger.owners(ByteRange(0, 10)) == ()
    assert ledger.owners(ByteRange(9, 11)) == ("a",)
    assert ledger.owners(ByteRange(15, 15)) == ()
