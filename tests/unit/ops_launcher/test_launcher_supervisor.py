"""The supervisor with real children: order, restarts, stops."""

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

import orjson
import psutil
import pytest
from tests.unit.ops_launcher.made_parts import made

from alojamientos.kit.errors import NotFound
from alojamientos.ops.launcher.part import Part, State
from alojamientos.ops.launcher.supervisor import StartFailed


def status_of(supervisor, name):
    return next(s for s in supervisor.statuses() if s.name == name)


async def until(condition, seconds=15):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


def states(changes, name):
    return [c.state for c in changes if c.name == name]


async def test_a_part_starts_only_when_those_before_it_are_ready(supervise, tmp_path, changes):
    flag = tmp_path / "flag"
    first = made(
        "first",
        f"import time; time.sleep(.2); open({str(flag)!r}, 'w').close(); time.sleep(600)",
        probe=lambda: "" if flag.exists() else "no flag yet",
    )
    supervisor = supervise(made("second", after=("first", "not there at all")), first)

    await supervisor.start()

    order = [(c.name, c.state) for c in changes]
    assert order.index(("first", State.READY)) < order.index(("second", State.STARTING))
    assert "no flag yet" in [c.detail for c in changes]


async def test_parts_stop_in_reverse(supervise, changes):
    slow = "import signal,sys,time\nsignal.signal(15, lambda *_: (time.sleep(.3), sys.exit(0)))\n"
    slow += "print('armed')\ntime.sleep(600)"
    supervisor = supervise(made("server"), made("client", slow, after=("server",)))
    await supervisor.start()

    await supervisor.stop()

    stopped = [c.name for c in changes if c.state is State.STOPPED]
    assert stopped == ["client", "server"]


async def test_a_part_that_dies_is_restarted_after_a_pause_and_shown(supervise, changes, tmp_path):
    supervisor = supervise(made("web"))
    await supervisor.start()
    before = status_of(supervisor, "web")

    os.kill(before.pid, signal.SIGKILL)
    await until(lambda: status_of(supervisor, "web").restarts == 1)
    await until(lambda: status_of(supervisor, "web").state is State.READY)

    restarting = next(c for c in changes if c.state is State.RESTARTING)
    assert restarting.detail == "died of SIGKILL, again in 0.5 s"
    assert status_of(supervisor, "web").pid != before.pid
    lines = [orjson.loads(line) for line in (tmp_path / "logs/web.log").read_text().splitlines()]
    assert [line["event"].partition(".")[2] for line in lines] == [
        *("part_started", "part_ready", "part_died"),
        *("part_started", "part_ready"),
    ]


async def test_pauses_between_restarts_grow(supervise, changes):
    supervisor = supervise(made("web", "import time; time.sleep(.1)"))
    await supervisor.start()

    await until(lambda: status_of(supervisor, "web").restarts == 2)

    details = [c.detail for c in changes if c.state is State.RESTARTING]
    assert details == ["ended by itself, again in 0.5 s", "ended by itself, again in 1 s"]


async def test_a_part_that_never_gets_ready_is_given_up_with_its_last_words(supervise, tmp_path):
    part = made("web", "raise SystemExit('no such setting')", probe=lambda: "silence")
    supervisor = supervise(part)

    with pytest.raises(StartFailed) as caught:
        await supervisor.start()

    assert caught.value.message.startswith("web: ended with exit 1\nThe end of ")
    assert caught.value.message.count("no such setting") == 3
    assert status_of(supervisor, "web").state is State.FAILED


async def test_a_part_that_is_too_slow_is_named_with_what_is_missing(supervise):
    supervisor = supervise(made("web", probe=lambda: "silence", ready_seconds=0.3))

    with pytest.raises(StartFailed, match=r"web: not ready within 0.3 s \(silence\)"):
        await supervisor.start()


async def test_a_probe_that_breaks_is_a_reason_too(supervise):
    def probe():
        raise ValueError("odd")

    supervisor = supervise(made("web", probe=probe, ready_seconds=0.3))

    with pytest.raises(StartFailed, match="ValueError: odd"):
        await supervisor.start()


async def test_a_program_that_is_not_there_is_a_reason_too(supervise):
    supervisor = supervise(Part(name="web", command=("/no/such/program",)))

    with pytest.raises(StartFailed, match=r"could not start: .*No such file"):
        await supervisor.start()


async def test_a_part_that_runs_once_is_done_and_not_repeated(supervise, changes):
    supervisor = supervise(made("migrate", "print('done')", once=True))

    await supervisor.start()

    assert states(changes, "migrate") == [State.STARTING, State.DONE]


async def test_a_part_that_runs_once_and_fails_ends_the_start(supervise, changes):
    supervisor = supervise(made("migrate", "raise SystemExit(3)", once=True))

    with pytest.raises(StartFailed, match="migrate: ended with exit 3"):
        await supervisor.start()

    assert states(changes, "migrate") == [State.STARTING, State.FAILED]


async def test_a_part_that_ignores_its_signal_is_killed_at_its_deadline(supervise, tmp_path):
    deaf = "import signal,time; signal.signal(15, signal.SIG_IGN); print('deaf'); time.sleep(600)"
    log = tmp_path / "logs" / "deaf.log"
    part = made("deaf", deaf, stop_seconds=0.3, probe=lambda: "" if "deaf" in said(log) else "…")
    supervisor = supervise(part)
    await supervisor.start()
    pid = status_of(supervisor, "deaf").pid

    await supervisor.stop()

    assert not psutil.pid_exists(pid)


def said(log: Path) -> list[str]:
    lines = [orjson.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    return [line["message"] for line in lines if "message" in line]


async def test_what_a_part_leaves_behind_is_killed_with_it(supervise, tmp_path):
    log = tmp_path / "logs" / "web.log"
    code = (
        "import subprocess,sys,time\n"
        f"child = subprocess.Popen([{sys.executable!r}, '-c', 'import time; time.sleep(600)'])\n"
        "print(child.pid)\ntime.sleep(600)"
    )
    supervisor = supervise(made("web", code, probe=lambda: "" if said(log) else "…"))
    await supervisor.start()
    grandchild = int(said(log)[0])

    await supervisor.stop_part("web", kill=True)

    await until(
        lambda: (
            not psutil.pid_exists(grandchild)
            or psutil.Process(grandchild).status() == psutil.STATUS_ZOMBIE
        )
    )


async def test_a_part_that_was_stopped_stays_so_until_it_is_started(supervise):
    supervisor = supervise(made("web"))
    await supervisor.start()

    stopped = await supervisor.stop_part("web", kill=True)
    started = await supervisor.start_part("web")
    restarted = await supervisor.restart_part("web")

    assert (stopped.state, stopped.pid) == (State.STOPPED, None)
    assert started.state is restarted.state is State.READY
    assert started.pid != restarted.pid


async def test_stopping_does_not_wait_for_the_pause_before_a_restart(supervise, changes):
    supervisor = supervise(made("web", "import time; time.sleep(.1)"))
    await supervisor.start()
    await until(lambda: State.RESTARTING in states(changes, "web"))

    await supervisor.stop()

    assert status_of(supervisor, "web").state is State.STOPPED


async def test_stopping_before_the_start_marks_what_has_not_begun(supervise):
    supervisor = supervise(made("web"))

    await supervisor.stop()

    assert status_of(supervisor, "web").state is State.STOPPED


async def test_what_is_only_shown_is_never_run(supervise):
    outside = Part(name="postgres", shown_as=State.OUTSIDE, detail="from DATABASE_URL")
    supervisor = supervise(outside, made("web", after=("postgres",)))

    await supervisor.start()

    assert status_of(supervisor, "postgres").state is State.OUTSIDE
    with pytest.raises(NotFound, match="postgres is not run by this stack"):
        await supervisor.stop_part("postgres")
    with pytest.raises(NotFound, match="no part 'wbe'; there are postgres, web"):
        await supervisor.stop_part("wbe")


async def test_preparing_and_finishing_belong_to_the_start(supervise):
    done = []
    part = made("db", prepare=lambda: done.append("prepare"), finish=lambda: done.append("finish"))

    await supervise(part).start()

    assert done == ["prepare", "finish"]
