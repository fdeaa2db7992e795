import asyncio

import pytest

from alojamientos.telemetry import context

TRACE = "0af7651916cd43dd8448eb211c80319c"
SPAN = "b7ad6b7169203331"


@pytest.mark.parametrize(
    ("header", "trace_id"),
    [
        (f"00-{TRACE}-{SPAN}-01", TRACE),
        (f"  00-{TRACE}-{SPAN}-00 ", TRACE),
        (f"01-{TRACE}-{SPAN}-01-what-later-versions-add", TRACE),
        (None, None),
        ("", None),
        (f"00-{TRACE}-{SPAN}-01-more", None),
        (f"ff-{TRACE}-{SPAN}-01", None),
        (f"00-{'0' * 32}-{SPAN}-01", None),
        (f"00-{TRACE}-{'0' * 16}-01", None),
        (f"00-{TRACE.upper()}-{SPAN}-01", None),
        (f"00-{TRACE[:-1]}-{SPAN}-01", None),
        ("5491155550000", None),
    ],
)
def test_a_traceparent_is_taken_only_as_the_standard_has_it(
    header: str | None, trace_id: str | None
):
    assert context.parse_traceparent(header) == trace_id


def test_a_trace_is_bound_inside_and_gone_outside():
    with context.trace(TRACE) as bound:
        assert (bound, context.current_trace_id()) == (TRACE, TRACE)
        outer_span = context.current_span_id()
        with context.trace() as inner:
            assert inner != TRACE
            assert context.current_span_id() != outer_span
        assert context.current_trace_id() == TRACE

    assert context.current_trace_id() is None
    assert context.current_span_id() is None


@pytest.mark.parametrize("given", [None, "", "nonsense", "0" * 32])
def test_a_trace_that_is_none_becomes_a_new_one(given: str | None):
    with context.trace(given) as bound:
        assert context.is_trace_id(bound)


def test_the_header_that_goes_out_carries_the_trace_and_this_span():
    with context.trace(TRACE):
        header = context.trace_headers()["traceparent"]

        assert header == f"00-{TRACE}-{context.current_span_id()}-01"
        assert context.parse_traceparent(header) == TRACE


def test_a_call_outside_of_any_trace_starts_one():
    assert context.parse_traceparent(context.traceparent()) is not None


async def test_tasks_side_by_side_keep_their_own_traces():
    async def work() -> tuple[str, str | None]:
        with context.trace() as bound:
            for _ in range(5):
                await asyncio.sleep(0)
            return bound, context.current_trace_id()

    results = await asyncio.gather(*(work() for _ in range(100)))

    assert all(bound == seen for bound, seen in results)
    assert len({bound for bound, _ in results}) == 100
