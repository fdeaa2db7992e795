"""`alojamientos guests` and `conversations`: found, handed over, forgotten."""

import json

import pytest
from tests.integration.owner.conftest import audited
from tests.integration.reservations.conftest import nights

from alojamientos.entrypoints import invariants
from alojamientos.reservations import operations
from alojamientos.reservations.invariants import check_all

WA_ID = "5492944777888"
NAME = "Ana Pérez"
EMAIL = "ana.perez@example.com"
SECRETS = (WA_ID, NAME, EMAIL, "Llego tarde", "alérgica", "wamid.HBgN")


@pytest.fixture
async def ana(desk):
    """A guest who wrote, booked, paid, cancelled, and about whom something was noted."""
    guest_id = await desk.do(
        lambda tx: operations.identify_guest(
            tx, kind="wa_id", value=WA_ID, name=NAME, phone=f"+{WA_ID}", email=EMAIL
        )
    )
    desk.sql(
        "INSERT INTO conversation (channel, address, guest_id, state)"
        " VALUES ('whatsapp', %s, %s, '{\"name\": \"Ana Pérez\"}')",
        *(WA_ID, guest_id),
    )
    key = f"whatsapp:{WA_ID}"
    desk.sql(
        "INSERT INTO inbox_event (source, external_id, event_type, conversation_key, payload,"
        " trace_id, processed_at) VALUES ('whatsapp', 'wamid.HBgN1', 'text', %s,"
        ' \'{"message": {"text": "Llego tarde"}}\', \'t\', now())',
        key,
    )
    desk.sql(
        "INSERT INTO outbox_message (channel, address, conversation_key, dedupe_key, content,"
        " trace_id, status, in_reply_to, provider_id) VALUES ('whatsapp', %s, %s, 'reply:1:1',"
        " '{\"text\": \"¡Hola, Ana Pérez!\"}', 't', 'sent', 1, 'wamid.HBgN2')",
        *(WA_ID, key),
    )
    desk.sql(
        "INSERT INTO outbox_message (channel, address, conversation_key, dedupe_key, kind, content,"
        " trace_id, status) VALUES ('email', 'o@example.com', 'email:o@example.com',"
        " 'hand-over:whatsapp:wamid.HBgN1', 'hand_over', '{\"text\": \"Ana Pérez: Llego tarde\"}',"
        " 't', 'sent')"
    )
    view = await desk.hold(nights(0, 3), unit=2, guest_id=guest_id, key="whatsapp:wamid.HBgN1")
    await desk.cancel(view, reason="Ana Pérez llamó")
    desk.sql(
        "INSERT INTO reservation_note (reservation_id, text, actor) VALUES (%s, 'alérgica', 'x')",
        view.id,
    )
    desk.sql("UPDATE outbox_message SET status = 'sent' WHERE status = 'queued'")
    desk.sql("UPDATE procrastinate_jobs SET status = 'succeeded' WHERE lock IS NOT NULL")
    return guest_id


def everything(desk) -> str:
    """All rows of all tables, as text."""
    tables = desk.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    return "\n".join(str(desk.sql(f"SELECT * FROM {name}")) for (name,) in tables)  # noqa: S608


def test_an_export_has_all_that_is_kept_and_is_for_our_eyes_only(desk, verbs, ana, tmp_path):
    target = tmp_path / "ana.json"

    verbs("guests", "export", str(ana), "--to", str(target))
    again = verbs("guests", "export", str(ana), "--to", str(target), code=2)

    found = json.loads(target.read_text())
    assert target.stat().st_mode & 0o777 == 0o600
    assert "choose another file" in again
    assert found["guest"]["email"] == EMAIL
    assert len(found["reservations"]) == 1
    assert len(found["money"]) == 2
    assert found["messages_received"][0]["payload"]["message"]["text"] == "Llego tarde"
    assert [secret for secret in SECRETS if secret not in target.read_text()] == ["wamid.HBgN"]
    assert audited(desk)[0] == ("guest.exported", f"guest:{ana}")


async def test_deleting_leaves_no_trace_of_the_person_and_keeps_the_books(desk, verbs, ana):
    before = everything(desk)
    assert all(secret in before for secret in SECRETS)

    dry = verbs("guests", "delete", str(ana), "--dry-run")
    assert all(secret in everything(desk) for secret in SECRETS)
    output = verbs("guests", "delete", str(ana), "--yes")
    verbs("guests", "delete", str(ana), "--yes")

    after = everything(desk)
    assert [secret for secret in SECRETS if secret in after] == []
    assert "reservations 1" in dry
    assert "kept for the books, of nobody" in output
    assert desk.sql("SELECT count(*), sum(total) > 0 FROM reservation") == [(1, True)]
    assert desk.sql("SELECT count(*) FROM ledger_entry") == [(2,)]
    assert "deleted on request" in verbs("guests", "show", str(ana))
    async with desk.database.read() as conn:
        findings = await check_all(conn, checks=invariants.ALL)
    assert not [finding for finding in findings if finding.violations]


async def test_whose_stay_is_to_come_is_not_forgotten_yet(desk, verbs, ana):
    await desk.confirm(await desk.hold(nights(9, 2), unit=2, guest_id=ana))
    desk.sql("UPDATE outbox_message SET status = 'queued' WHERE id = 1")

    refused = verbs("guests", "delete", str(ana), "--yes", code=2)

    assert "1 stays that are to come" in refused
    assert "being answered or sent" in refused
    assert NAME in everything(desk)


def test_a_guest_is_found_by_what_is_known_of_them(verbs, ana):
    for words in ("pérez", "ANA.PEREZ", "777888", WA_ID):
        (found,) = verbs.json("guests", "list", words)["guests"]
        assert (found["id"], found["bookings"]) == (ana, 1)
    assert "no guests match" in verbs("guests", "list", "nadie")
    assert "There is no guest 99" in verbs("guests", "show", "99", code=2)


def test_a_conversation_is_shown_with_its_last_lines(verbs, ana):
    (found,) = verbs.json("conversations", "list")["conversations"]
    text = verbs("conversations", "show", str(found["id"]))

    assert found["guest"] == NAME
    assert "Llego tarde" in text
    assert "¡Hola, Ana Pérez!" in text
    assert "no conversations" in verbs("conversations", "list", "--paused")
    assert "There is no conversation 9" in verbs("conversations", "show", "9", code=2)
