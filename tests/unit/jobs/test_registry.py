from hypothesis import given
from hypothesis import strategies as st

from alojamientos.jobs.registry import Job, Retry, RetryLater, by_name


@given(
    failures=st.integers(1, 10_000),
    first=st.floats(0.01, 60),
    cap=st.floats(0.01, 4000),
    jitter=st.floats(0, 1),
)
def test_a_retry_waits_between_half_a_step_and_a_step(
    failures: int, first: float, cap: float, jitter: float
):
    delay = Retry(first_s=first, cap_s=cap).delay(failures, jitter=lambda: jitter)

    step = min(cap, first * 2 ** min(failures - 1, 30))
    assert step / 2 <= delay <= step


def test_the_steps_double_up_to_the_cap():
    retry = Retry(first_s=1.0, cap_s=10.0)

    delays = [retry.delay(n, jitter=lambda: 0.0) for n in range(1, 7)]

    assert delays == [1.0, 2.0, 4.0, 8.0, 10.0, 10.0]


def test_asking_for_later_says_why():
    assert str(RetryLater(3.0, "pair rate")) == "pair rate"
    assert str(RetryLater(3.0)) == "again in 3.0 s"


def test_jobs_are_found_by_name():
    async def run() -> None: ...

    job = Job("a.b", run)

    assert by_name([job]) == {"a.b": job}
