"""`alojamientos messages`, `jobs`, `audit` and the CSV files."""

import csv
import io

import pytest
from tests.integration.owner.conftest import audited
from tests.integration.reservations.conftest import nights


@pytest.fixture
def failed(desk):
    """A message that its provider refused, one that arrived, and a job that was given up."""
    for number, status in ((1, "failed"), (2, "sent")):
        desk.sql(
            "INSERT INTO outbox_message (channel, address, conversation_key, dedupe_key, content,"
            " trace_id, status, error_code, attempts) VALUES ('whatsapp', '549', 'whatsapp:549',"
            " %s, '{\"text\": \"Hola\"}', 't', %s, '131026', 1)",
            *(str(number), status),
        )
    desk.sql(
        "INSERT INTO procrastinate_jobs (queue_name, task_name, args, status, attempts)"
        " VALUES ('default', 'payments.refund', '{\"refund_id\": 1}', 'failed', 5)"
    )


def test_a_failed_message_is_queued_again_with_its_job(desk, verbs, failed):
    listed = verbs("messages", "failed")
    sent = verbs("messages", "resend", "2", code=2)
    verbs("messages", "resend", "1")
    again = verbs("messages", "resend", "1", code=2)

    assert "131026" in listed
    assert "it has not failed" in sent
    assert "is queued; it has not failed" in again
    assert desk.sql("SELECT status, error_code FROM outbox_message WHERE id = 1") == [
        ("queued", None)
    ]
    assert desk.sql(
        "SELECT args->>'outbox_id', lock FROM procrastinate_jobs WHERE status = 'todo'"
    ) == [("1", "deliver:whatsapp:549")]
    assert audited(desk) == [("message.resent", "message:1")]
    assert "no message has failed" in verbs("messages", "failed")


def test_of_several_messages_all_are_queued_or_none(desk, verbs, failed):
    verbs("messages", "resend", "1", "99", code=2)

    assert desk.sql("SELECT status FROM outbox_message WHERE id = 1") == [("failed",)]


def test_a_failed_job_runs_again(desk, verbs, failed):
    (job,) = verbs.json("jobs", "failed")["jobs"]
    verbs("jobs", "retry", str(job["id"]))
    again = verbs("jobs", "retry", str(job["id"]), code=2)

    assert (job["name"], job["attempts"]) == ("payments.refund", 5)
    assert "it has not failed" in again
    assert desk.sql("SELECT status FROM procrastinate_jobs") == [("todo",)]
    assert audited(desk) == [("job.retried", f"job:{job['id']}")]
    assert "no job has failed" in verbs("jobs", "failed")
    assert "There is no job 99" in verbs("jobs", "retry", "99", code=2)


async def test_a_job_whose_like_waits_already_is_left_alone(desk, verbs, failed):
    desk.sql("UPDATE procrastinate_jobs SET queueing_lock = 'x'")
    desk.sql(
        "INSERT INTO procrastinate_jobs (queue_name, task_name, queueing_lock)"
        " VALUES ('default', 'payments.refund', 'x')"
    )

    assert "waits already" in verbs("jobs", "retry", "1", code=2)


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), delimiter=";"))


async def test_bookings_and_money_are_written_for_excel(desk, verbs, tmp_path):
    view = await desk.confirm(await desk.hold(nights(0, 3), unit=2))
    desk.sql("UPDATE guest SET name = '=cmd|calc'")
    target = tmp_path / "reservas.csv"

    verbs("bookings", "export", "bookings", "--file", str(target))
    money = verbs("bookings", "export", "money")

    raw = target.read_bytes()
    (booking,) = rows(raw.decode())
    (entry,) = rows(money)
    pesos = f"{view.total // 100},{view.total % 100:02d}"
    assert raw.startswith(b"\xef\xbb\xbf")
    assert target.stat().st_mode & 0o777 == 0o600
    assert (booking["code"], booking["guest"], booking["total"]) == (view.code, "'=cmd|calc", pesos)
    assert booking["check_in"] == f"{view.check_in:%d/%m/%Y}"
    assert (entry["booking"], entry["entry"], entry["amount"]) == (view.code, "charged", pesos)


async def test_money_is_dated_by_the_lodging_s_calendar(desk, verbs):
    await desk.hold(nights(0, 3), unit=2)
    desk.sql(
        "ALTER TABLE ledger_entry DISABLE TRIGGER USER;"
        " UPDATE ledger_entry SET created_at = '2027-01-01T02:59:59Z';"
        " ALTER TABLE ledger_entry ENABLE TRIGGER USER"
    )

    old_year = verbs("bookings", "export", "money", "--from", "2026-12-31", "--to", "2027-01-01")
    new_year = verbs("bookings", "export", "money", "--from", "2027-01-01")

    assert [row["date"] for row in rows(old_year)] == ["31/12/2026"]
    assert rows(new_year) == []


async def test_the_audit_is_searched_by_who_what_and_to_what(desk, verbs):
    view = await desk.hold(nights(0, 3), unit=2)
    assert "nothing was done by hand yet" in verbs("audit", "list")
    verbs("bookings", "note", view.code, "llamar")
    verbs("cabins", "edit", "lenga", "--sleeps", "7", "--yes")

    def actions(*args: str) -> list[str]:
        return [entry["action"] for entry in verbs.json("audit", "list", *args)["entries"]]

    assert actions() == ["cabin.edited", "booking.noted"]
    assert actions("--action", "booking") == ["booking.noted"]
    assert actions("--subject", "cabin:lenga") == ["cabin.edited"]
    assert actions("--actor", "cli:nobody-else") == []
    assert '"capacity":[6,7]' in verbs("audit", "list")
