import dataclasses
import functools
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest
from tests.conftest import free_port
from tests.simulators.fake_bot import STAY, TODAY, FakeBot, held, offers
from tests.simulators.running import running_app

from alojamientos import cli
from alojamientos.conversation import replies
from alojamientos.conversation.messages import Reply
from alojamientos.kit.errors import AlojamientosError
from alojamientos.ops.simulator import guest as guest_module
from alojamientos.ops.simulator import journeys
from alojamientos.ops.simulator.buttons import play_buttons
from alojamientos.ops.simulator.client import NotReachable, StackClient
from alojamientos.ops.simulator.config import SimulatorConfig
from alojamientos.ops.simulator.guest import DatesTaken, Line
from alojamientos.ops.simulator.report import TrafficPlan
from alojamientos.ops.simulator.scenarios import SCENARIOS
from alojamientos.ops.simulator.server import create_app
from alojamientos.ops.simulator.traffic import Traffic


@dataclasses.dataclass
class Stack:
    bot: FakeBot
    simulator_url: str
    application_url: str

    def client(self) -> StackClient:
        return StackClient(
            simulator_url=self.simulator_url,
            application_url=self.application_url,
            api_token="api-token",
        )


@pytest.fixture
def stack() -> Iterator[Stack]:
    simulator, application = free_port(), free_port()
    config = SimulatorConfig(
        public_url=f"http://127.0.0.1:{simulator}",
        application_url=f"http://127.0.0.1:{application}",
        status_delays_s=(0.0, 0.0, 0.0),
        whatsapp_retries_s=(),
        messages_per_second=1000,
    )
    bot = FakeBot(config.public_url)
    with (
        running_app(create_app(config), port=simulator) as simulator_url,
        running_app(bot.create_app(), port=application) as application_url,
    ):
        yield Stack(bot, simulator_url, application_url)


async def book(stack, **options: Any):
    lines: list[Line] = []
    async with stack.client() as client:
        report = await journeys.book(
            client,
            **{"seed": 1, "today": TODAY, "deadline_s": 10, "on_line": lines.append, **options},
        )
    return report, lines


async def play(stack, **options: Any):
    async with stack.client() as client:
        values = {"rate": 40, "seconds": 3, "seed": 1, "deadline_s": 10, **options}
        plan = TrafficPlan(**values)
        return await Traffic(client=client, plan=plan, today=TODAY).run()


async def test_an_assistant_without_choices_does_not_pass_the_buttons_audit(stack):
    stack.bot.reservation_status = "confirmed"
    stack.bot.invariants = {"ok": False, "invariants": [{"name": "no_overlap", "violations": 1}]}

    async with stack.client() as client:
        report = await play_buttons(
            client, seed=1, today=TODAY, deadline_s=10, on_line=lambda _: None
        )

    assert any("ask" in problem for problem in report.problems)
    assert "every invariant holds: no_overlap" in report.problems
    found = {check.name: check.ok for check in report.audit}
    assert not found["the booking is cancelled"]
    assert not found["the owner's own words silence the assistant"]
    assert not found["what comes eight hours late is asked about"]


async def test_a_booking_ends_confirmed_under_one_trace(stack):
    report, lines = await book(stack)

    assert (report.outcome, report.reason) == ("confirmed", None)
    assert report.code == "7K3M-9QXT-A2BD"
    assert stack.bot.trace_ids >= {report.trace_id}
    assert list(report.timings) == ["held", "link", "paid", "confirmed"]
    assert {line.who for line in lines} == {"guest", "assistant"}
    assert report.reply_seconds


@pytest.mark.parametrize("seed", range(8))
async def test_every_way_to_begin_gets_there(stack, seed):
    report, _ = await book(stack, seed=seed)

    assert report.outcome == "confirmed", report.reason


@pytest.mark.parametrize("listens", [True, False])
async def test_a_booking_that_begins_with_a_voice_note_gets_there(stack, listens):
    stack.bot.listens = listens

    report, lines = await book(stack, spoken=True, seed=2)

    said = [line.text for line in lines if line.who == "guest"]
    assert report.outcome == "confirmed", report.reason
    assert said[0].startswith("🎤 ")
    assert (said[1] == said[0].removeprefix("🎤 ")) is not listens  # written when asked to


async def test_no_answer_is_unanswered(stack):
    stack.bot.mute = True

    report, _ = await book(stack, deadline_s=0.3)

    assert (report.outcome, report.code) == ("unanswered", None)
    assert "0.3 s" in (report.reason or "")


async def test_a_confirmation_that_the_api_does_not_know_of_is_not_believed(stack):
    stack.bot.reservation_status = "pre_reserved"

    report, _ = await book(stack)

    assert report.outcome == "astray"
    assert "pre_reserved" in (report.reason or "")


@pytest.mark.parametrize(
    "instead",
    [
        [Reply(text="Un momento."), offers()],  # a long answer in pieces
        [replies.lost(1)],
        [replies.ask_guests(STAY.check_in, STAY.check_out, TODAY, most=6)],
        [held(), Reply(text="Un momento.")],
    ],
)
async def test_a_guest_finds_a_way_through_what_is_said(stack, instead):
    stack.bot.instead = instead

    report, _ = await book(stack, seed=2, deadline_s=2)

    wanted = "unanswered" if instead[0] == held() else "confirmed"  # no link ever comes
    assert report.outcome == wanted, report.reason


async def test_dates_that_are_taken_end_a_booking(stack):
    stack.bot.instead = [replies.just_taken()]

    report, _ = await book(stack, seed=2)

    assert (report.outcome, report.reason) == ("dates_taken", "dates_taken")


@pytest.mark.parametrize("words", ["Mmm.", "¿Y vos?"])
async def test_a_guest_who_understands_nothing_goes_astray(stack, words, monkeypatch):
    monkeypatch.setattr(guest_module, "_REST_S", 0.05)
    stack.bot.always = Reply(text=words)

    report, _ = await book(stack)

    assert report.outcome == "astray"
    assert words in (report.reason or "")


async def test_a_payment_that_is_never_confirmed_goes_astray(stack):
    stack.bot.rejects = True

    report, _ = await book(stack, deadline_s=0.5)

    assert report.outcome == "unanswered"


async def test_a_reservation_that_the_api_does_not_show_is_not_believed(stack):
    stack.bot.reservation_status = ""

    report, _ = await book(stack)

    assert "404" in (report.reason or "")


async def test_nothing_free_is_said_so(stack):
    stack.bot.full = True

    with pytest.raises(DatesTaken, match="25 stays"):
        await book(stack)


async def test_a_stack_that_is_not_there_is_said_so():
    async with StackClient(
        simulator_url="http://127.0.0.1:1", application_url="http://127.0.0.1:1", api_token="x"
    ) as client:
        with pytest.raises(NotReachable, match="make up"):
            await client.webhook_statuses()


async def test_a_refusal_by_the_stack_is_shown(stack):
    async with stack.client() as client:
        with pytest.raises(AlojamientosError, match="simulators refused"):
            await client.say({"wa_id": "x"})
        with pytest.raises(AlojamientosError, match="404"):
            await client._api("/api/v1/nothing")


async def test_traffic_plays_the_whole_mix_and_finds_all_well(stack):
    report = await play(stack)

    assert report.problems == []
    assert report.sent == 120
    assert set(report.conversations) == {s.name for s in SCENARIOS}
    assert {"answered", "confirmed", "refused"} <= set(report.outcomes)
    assert report.statuses["whatsapp:401"] == report.forged > 0
    assert report.latency(0.5) is not None
    assert orjson.dumps(report.to_json())


async def test_the_same_seed_plays_the_same_conversations(stack):
    first = await play(stack, seed=4, seconds=0.5)
    second = await play(stack, seed=4, seconds=0.5)

    shared = set(first.conversations) & set(second.conversations)
    assert shared


async def test_a_full_house_is_an_answer(stack):
    stack.bot.full = True

    report = await play(stack, seconds=1)

    assert report.problems == []


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"mute": True}, "unanswered"),
        ({"status": 500}, "5xx"),
        ({"status": 404}, "status that they should not"),
        ({"repeats": 2}, "came twice"),
        (
            {"invariants": {"ok": False, "invariants": [{"name": "no_overlap", "violations": 2}]}},
            "invariant broken: no_overlap (2)",
        ),
        ({"invariants": {"invariants": []}}, "did not say ok"),
    ],
)
async def test_traffic_says_what_is_wrong(stack, wrong, problem):
    for name, value in wrong.items():
        setattr(stack.bot, name, value)

    report = await play(stack, rate=20, seconds=1, deadline_s=0.5)

    assert any(problem in found for found in report.problems), report.problems


async def test_traffic_keeps_its_rate_though_nobody_answers(stack):
    stack.bot.mute = True

    report = await play(stack, rate=40, seconds=1, deadline_s=0.2)

    assert report.sent == 40


async def test_traffic_survives_simulators_that_vanish(stack):
    gone = StackClient(
        simulator_url=stack.simulator_url, application_url="http://127.0.0.1:1", api_token="x"
    )

    async with gone as client:
        plan = TrafficPlan(rate=20, seconds=0.2, seed=1, deadline_s=5)
        report = await Traffic(client=client, plan=plan, today=TODAY).run()

    assert any("cannot be reached" in problem for problem in report.problems)


@dataclasses.dataclass(frozen=True)
class Printed:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The object on stdout, which the simulators of this process log to as well."""
        lines = self.out.splitlines()
        return orjson.loads("\n".join(lines[lines.index("{") : lines.index("}") + 1]))


@pytest.fixture
def command(monkeypatch, capsys, tmp_path) -> Callable[..., Printed]:
    """Run `alojamientos simulate …` in a folder without settings."""

    def run(*arguments: str, **variables: str) -> Printed:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("COLUMNS", "120")
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["alojamientos", "simulate", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main()
        printed = capsys.readouterr()
        return Printed(int(ended.value.code or 0), printed.out, printed.err)

    return run


@pytest.fixture
def simulate(stack, command) -> Callable[..., Printed]:
    return functools.partial(
        command,
        API_TOKEN="api-token",
        STACK_SIMULATOR_PORT=stack.simulator_url.rpartition(":")[2],
        WEB_PORT=stack.application_url.rpartition(":")[2],
    )


def test_the_booking_verb_prints_the_chat_and_what_to_do_next(simulate):
    ended = simulate("booking", "--seed", "3")

    assert ended.code == 0, ended.err
    assert "confirmada" in ended.out
    assert "7K3M-9QXT-A2BD" in ended.out
    assert "alojamientos logs --trace" in ended.out


def test_the_booking_verb_begins_with_a_voice_note_on_request(simulate):
    ended = simulate("booking", "--voice", "--seed", "3")

    assert ended.code == 0, ended.err
    assert "🎤 " in ended.out


def test_the_booking_verb_speaks_json(stack):
    """As programs run it: nothing but the object on stdout."""
    environment = {
        "PATH": os.environ["PATH"],
        "API_TOKEN": "api-token",
        "STACK_SIMULATOR_PORT": stack.simulator_url.rpartition(":")[2],
        "WEB_PORT": stack.application_url.rpartition(":")[2],
    }
    ended = subprocess.run(
        [sys.executable, "-m", "alojamientos", "simulate", "booking", "--json"],
        capture_output=True,
        check=False,
        env=environment,
        timeout=60,
    )

    data = orjson.loads(ended.stdout)
    assert ended.returncode == 0
    assert data["outcome"] == "confirmed"
    assert len(data["trace_id"]) == 32
    assert data["timings"]["confirmed"] > 0


@pytest.mark.parametrize("as_json", [False, True])
def test_the_booking_verb_fails_with_a_reason(stack, simulate, as_json):
    stack.bot.mute = True

    ended = simulate("booking", "--deadline", "1", *(["--json"] if as_json else []))

    assert ended.code == 1
    assert "Not confirmed: No answer within 1 s" in ended.err
    assert not as_json or ended.json["outcome"] == "unanswered"


@pytest.mark.parametrize("as_json", [False, True])
def test_the_traffic_verb_sums_up(simulate, as_json):
    arguments = ["traffic", "--rate", "20/s", "--minutes", "0.05", *(["--json"] if as_json else [])]

    ended = simulate(*arguments)

    assert ended.code == 0, ended.err
    if as_json:
        assert ended.json["messages"]["sent"] == 60
    else:
        assert "all well" in ended.out
        assert "60 sent" in ended.out


def test_the_traffic_verb_fails_when_it_is_not_well(stack, simulate):
    stack.bot.invariants = {"ok": False, "invariants": [{"name": "ledger", "violations": 1}]}

    ended = simulate("traffic", "--rate", "5/s", "--minutes", "0.01")

    assert ended.code == 1
    assert "ledger" in ended.err
    assert "broken: ledger" in ended.out


def test_a_rate_that_makes_no_sense_is_explained(command):
    ended = command("traffic", "--rate", "often")

    assert ended.code == 2
    assert "5/s" in ended.err


def test_nothing_is_simulated_against_real_accounts(command):
    ended = command("booking", STACK_SIMULATE_PROVIDERS="false")

    assert ended.code == 2
    assert "STACK_SIMULATE_PROVIDERS" in ended.err


def test_a_stack_that_is_down_is_one_sentence(command):
    ended = command("booking", STACK_SIMULATOR_PORT="1", WEB_PORT="1")

    assert ended.code == 2
    assert "make up" in ended.err
    assert "Traceback" not in ended.err
