"""One axis for several ladders: the same time is the same height, and steps never lie on others."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from chatlab.ui.compare.ladder_axis import lay_axis

ROW = 20.0
_LADDERS = st.lists(
    st.lists(st.integers(0, 3_000_000_000), max_size=25).map(sorted), min_size=1, max_size=4
)


@given(_LADDERS)
def test_no_step_lies_on_another_of_its_ladder(times: list[list[int]]) -> None:
    for heights in lay_axis(times, ROW).heights:
        for above, below in pairwise(heights):
            assert below - above >= ROW - 1e-6


@given(_LADDERS)
def test_what_comes_later_on_any_ladder_never_stands_higher(times: list[list[int]]) -> None:
    axis = lay_axis(times, ROW)
    pairs = zip(times, axis.heights, strict=True)
    placed = sorted((t, y) for each, heights in pairs for t, y in zip(each, heights, strict=True))
    for (first, above), (second, below) in pairwise(placed):
        assert first == second or above <= below


def test_the_same_time_has_the_same_height() -> None:
    axis = lay_axis([[0, 100], [0, 100]], ROW)
    assert axis.heights[0] == axis.heights[1]


def test_a_long_pause_is_cut_and_says_so() -> None:
    axis = lay_axis([[0, 1, 2, 3, 4, 5_000_000_000]], ROW)
    assert axis.height < 12 * ROW
    assert len(axis.breaks) == 1


def test_without_steps_there_is_an_axis_of_no_height() -> None:
    assert lay_axis([], ROW).height == 0
    assert lay_axis([[]], ROW).heights == ((),)
