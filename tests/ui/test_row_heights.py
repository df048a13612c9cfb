"""Sums of row heights stay right whatever is inserted, removed and measured."""

from hypothesis import given
from hypothesis import strategies as st

from chatlab.ui.widgets.row_heights import RowHeights

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["insert", "remove", "measure", "forget"]),
        st.integers(0, 20),
        st.integers(1, 50),
    ),
    max_size=30,
)


@given(STEPS, st.integers(0, 600))
def test_a_row_covers_the_pixels_between_its_top_and_the_next(
    steps: list[tuple[str, int, int]], y: int
) -> None:
    heights = RowHeights()
    plain: list[int] = []
    for what, row, value in steps:
        row = min(row, len(plain))
        match what:
            case "insert":
                heights.insert(row, [value, value])
                plain[row:row] = [value, value]
            case "remove":
                heights.remove(row, 1)
                del plain[row : row + 1]
            case "measure" if row < len(plain):
                heights.measure(row, value)
                plain[row] = value
                assert heights.is_measured(row)
            case "forget":
                heights.forget(row)
    assert heights.total == sum(plain)
    assert [heights.top(row) for row in range(len(plain))] == [
        sum(plain[:row]) for row in range(len(plain))
    ]
    found = heights.row_at(y)
    if not plain:
        assert found == -1
    elif y < heights.total:
        assert heights.top(found) <= y < heights.top(found) + plain[found]
    else:
        assert found == len(plain) - 1
