from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from alojamientos.conversation.state import State, Step
from alojamientos.nlu.values import Span

days = st.dates(date(2026, 1, 1), date(2030, 1, 1))
spans = st.builds(Span, check_in=days, check_out=days)
states = st.builds(
    State,
    step=st.sampled_from(Step),
    check_in=st.none() | days,
    check_out=st.none() | days,
    nights=st.none() | st.integers(1, 60),
    month=st.none() | st.tuples(st.integers(2026, 2030), st.integers(1, 12)),
    guests=st.none() | st.integers(1, 20),
    pets=st.integers(0, 3),
    wanted=st.none() | st.integers(1, 100),
    spans=st.lists(spans, max_size=3).map(tuple),
    offered=st.lists(st.integers(1, 9), max_size=3).map(tuple),
    codes=st.lists(st.text(max_size=14), max_size=3).map(tuple),
    lost=st.integers(0, 5),
    greeted=st.booleans(),
)


@given(states)
def test_a_state_survives_being_stored(state):
    assert State.from_json(state.to_json()) == state


def test_a_row_without_state_is_a_fresh_conversation():
    assert State.from_json({}) == State()


def test_what_we_asked_last_tells_the_grammar_what_to_expect():
    waiting = State(step=Step.DATES, check_in=date(2027, 1, 15))

    assert waiting.context(cabins=()).expecting == "check_out"
    assert State(step=Step.DATES).context(cabins=()).expecting == "dates"
    assert State(step=Step.CANCEL).context(cabins=()).expecting == "yes_no"
    assert State().context(cabins=()).expecting is None


def test_a_finished_booking_is_forgotten_but_not_the_greeting():
    state = State(step=Step.CABIN, guests=4, greeted=True, lost=2)

    assert state.over() == State(greeted=True)
