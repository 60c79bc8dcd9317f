"""What a pulse says, and when it says nothing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.pulse import MARKS, Answer, means
from bot.domain.secrecy import ENOUGH

marks = st.sampled_from(MARKS)
answers = st.builds(Answer, marks, marks, marks)


@given(st.lists(answers, max_size=ENOUGH - 1))
def test_fewer_than_five_say_nothing(few: list[Answer]) -> None:
    assert means(few) is None


@given(
    st.lists(answers, min_size=ENOUGH, max_size=30).flatmap(
        lambda a: st.tuples(st.just(a), st.permutations(a))
    )
)
def test_from_five_on_averages_that_no_order_shows_in(both: tuple[list[Answer], list[Answer]]) -> None:
    given_so, shuffled = both
    found = means(given_so)
    assert found is not None
    assert found == means(shuffled)
    for name in ("trust", "pressure", "energy"):
        mean, column = getattr(found, name), [getattr(answer, name) for answer in given_so]
        assert min(column) <= mean <= max(column)
        assert abs(mean - sum(column) / len(column)) <= 0.05 + 1e-9
        assert mean == round(mean, 1)
