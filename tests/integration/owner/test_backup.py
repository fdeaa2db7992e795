"""`alojamientos backup` and `restore`, with PostgreSQL's own programs on real databases."""

import os
import re
from pathlib import Path

import psycopg
import pytest
from tests.integration.owner.conftest import audited
from tests.integration.reservations.conftest import nights

from alojamientos.entrypoints import migrate
from alojamientos.ops.backup import dump as dumps
from alojamientos.ops.backup import programs
from alojamientos.ops.backup.manifest import Manifest, path_of


@pytest.fixture
async def booked(desk):
    """A lodging with something in it, also what a careless format would break."""
    view = await desk.confirm(await desk.hold(nights(0, 3), unit=2))
    await desk.hold(nights(5, 3), unit=1, guest="eva")
    desk.sql("UPDATE guest SET name = E'Ñandú\\n\\\\.\\nCOPY public.x (y) FROM stdin;\\t\"q\"'")
    desk.sql(
        "INSERT INTO reservation_note (reservation_id, text, actor) VALUES (%s, 'x', 'cli:x')",
        view.id,
    )
    return view


@pytest.fixture
def other(postgres_server):
    """An empty database."""
    with psycopg.connect(postgres_server.dsn("postgres"), autocommit=True) as admin:
        admin.execute("CREATE DATABASE elsewhere")
    yield postgres_server.dsn("elsewhere")
    with psycopg.connect(postgres_server.dsn("postgres"), autocommit=True) as admin:
        admin.execute("DROP DATABASE elsewhere WITH (FORCE)")


def contents(dsn: str) -> dict[str, list[str]]:
    """Every row of every table as text, and where every sequence stands."""
    with psycopg.connect(dsn) as conn:
        names = conn.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        found = {
            name: sorted(
                row[0]
                for row in conn.execute(
                    psycopg.sql.SQL("SELECT t::text FROM {} t").format(psycopg.sql.Identifier(name))
                )
            )
            for (name,) in names.fetchall()
        }
        places = "SELECT sequencename || ' ' || coalesce(last_value, 0) FROM pg_sequences"
        found["sequences"] = sorted(row[0] for row in conn.execute(places))
        rules = "SELECT conrelid::regclass || pg_get_constraintdef(oid) FROM pg_constraint"
        found["constraints"] = sorted(row[0] for row in conn.execute(rules) if row[0])
        code = "SELECT tgrelid::regclass || pg_get_triggerdef(oid) FROM pg_trigger"
        found["triggers"] = sorted(
            row[0] for row in conn.execute(f"{code} WHERE NOT tgisinternal") if row[0]
        )
    return found


def made(output: str) -> str:
    found = re.search(r"\S+\.dump", output)
    assert found, output
    return found[0]


def without_audit(found: dict[str, list[str]]) -> dict[str, list[str]]:
    """Leave out what the acts themselves write, after the backup and after the restore."""
    rest = {name: rows for name, rows in found.items() if name != "audit_entry"}
    return {**rest, "sequences": [r for r in rest["sequences"] if "audit_entry" not in r]}


def test_every_table_comes_back_as_it_was(desk, verbs, booked, other, monkeypatch):
    before = contents(desk.dsn)
    file = made(verbs("backup", "--to", "copies"))
    assert audited(desk) == [("backup.made", f"backup:{file.rpartition('/')[2]}")]

    monkeypatch.setenv("DATABASE_URL", other)
    output = verbs("restore", file)

    assert "every table has its rows again" in output
    assert without_audit(contents(other)) == without_audit(before)
    assert len(before) > 25
    assert sum(len(rows) for rows in before.values()) > 100


def test_a_backup_is_private_named_by_its_instant_and_described(desk, verbs, booked, tmp_path):
    verbs("backup", "--to", "copies")
    (file,) = (tmp_path / "copies").glob("*.dump")
    manifest = Manifest.read(file)

    assert (tmp_path / "copies").stat().st_mode & 0o777 == 0o700
    assert {each.stat().st_mode & 0o777 for each in (file, path_of(file))} == {0o600}
    assert re.fullmatch(r"alojamientos-\d{8}-\d{9}\.dump", file.name)
    assert (manifest.tables["public.reservation"], manifest.tables["public.guest"]) == (2, 2)
    assert manifest.revision == migrate.current(desk.dsn)
    assert sorted(each.suffix for each in (tmp_path / "copies").iterdir()) == [".dump", ".json"]


def test_a_trial_shows_that_it_is_good_and_touches_nothing(desk, verbs, booked, postgres_server):
    file = made(verbs("backup"))
    before = contents(desk.dsn)

    output = verbs("restore", file, "--test")

    assert "good: every table came back" in output
    assert contents(desk.dsn) == before
    with psycopg.connect(postgres_server.dsn("postgres")) as admin:
        left = admin.execute("SELECT count(*) FROM pg_database WHERE datname LIKE 'restore_test%'")
        assert left.fetchone() == (0,)


def test_a_database_with_data_is_refused_and_replaced_only_when_told(desk, verbs, booked):
    file = made(verbs("backup"))
    desk.sql("DELETE FROM reservation_note")
    desk.sql("UPDATE accommodation SET capacity = 9")

    refused = verbs("restore", file, code=2)
    unsure = verbs("restore", file, "--replace", stdin="n\n", code=1)
    assert desk.sql("SELECT DISTINCT capacity FROM accommodation") == [(9,)]
    output = verbs("restore", file, "--replace", "--yes")

    assert "--replace puts the backup in their place" in refused
    assert "Replace the 2 bookings" in unsure
    assert desk.sql("SELECT count(*) FROM reservation_note") == [(1,)]
    assert desk.sql("SELECT max(capacity) FROM accommodation") == [(6,)]
    what_was_there = re.search(r"what was there: (\S+)", output)
    assert what_was_there
    verbs("restore", what_was_there[1], "--replace", "--yes")
    assert desk.sql("SELECT DISTINCT capacity FROM accommodation") == [(9,)]


def test_nothing_is_restored_under_a_running_application(desk, verbs, booked):
    file = made(verbs("backup"))

    with psycopg.connect(desk.dsn, application_name="alojamientos-worker"):
        refused = verbs("restore", file, "--replace", "--yes", code=2)
        verbs("restore", file, "--replace", "--yes", "--while-running")

    assert "web or worker is using this database" in refused


@pytest.mark.parametrize("damage", ["cut", "flipped", "no manifest", "odd manifest", "missing"])
def test_a_damaged_backup_is_refused_before_anything_changes(desk, verbs, booked, damage, tmp_path):
    file = tmp_path / made(verbs("backup"))
    content = file.read_bytes()
    if damage == "cut":
        file.write_bytes(content[:-10])
    elif damage == "flipped":
        file.write_bytes(content[:-10] + b"\xff" + content[-9:])
    elif damage == "no manifest":
        path_of(file).unlink()
    elif damage == "odd manifest":
        path_of(file).write_text("{}")
    else:
        file.unlink()
    before = contents(desk.dsn)

    verbs("restore", str(file), "--replace", "--yes", code=2)

    assert contents(desk.dsn) == before


def test_a_restore_that_fails_half_way_changes_nothing(desk, verbs, booked):
    file = made(verbs("backup"))
    desk.sql("CREATE VIEW reader AS SELECT * FROM reservation")  # what the backup cannot drop
    before = contents(desk.dsn)

    failed = verbs("restore", file, "--replace", "--yes", code=2)

    assert "pg_restore failed" in failed
    assert contents(desk.dsn) == before


def test_a_backup_that_cannot_be_written_leaves_no_file_and_no_password_behind(
    desk, verbs, monkeypatch, tmp_path
):
    monkeypatch.setenv("DATABASE_URL", desk.dsn.replace(":test@", ":wr0ng-secret@"))

    output = verbs("backup", code=2)

    assert "pg_dump failed" in output
    assert "wr0ng-secret" not in output
    assert list((tmp_path / "backups").iterdir()) == []


def test_only_the_newest_are_kept_and_other_files_are_left_alone(desk, verbs, tmp_path):
    folder = tmp_path / "copies"
    folder.mkdir(mode=0o700)
    for name in (
        "alojamientos-20200101-000000000.dump",
        "alojamientos-20200102-000000000.dump",
        "x.dump",
    ):
        (folder / name).write_text("")
    path_of(folder / "alojamientos-20200101-000000000.dump").write_text("")

    verbs("backup", "--to", "copies", "--keep", "2")

    kept = {each.name for each in folder.iterdir()}
    assert "alojamientos-20200101-000000000.dump" not in kept
    assert "alojamientos-20200101-000000000.dump.json" not in kept
    assert {"alojamientos-20200102-000000000.dump", "x.dump"} < kept


def test_monitoring_is_told_only_where_that_is_configured(desk, verbs, monkeypatch, tmp_path):
    verbs("backup")
    assert list(tmp_path.glob("*.prom")) == []
    target = tmp_path / "backup.prom"
    monkeypatch.setenv("BACKUP_METRICS_FILE", str(target))

    verbs("backup", "--to", "elsewhere")

    assert re.search(r"\nbackup_last_success_timestamp_seconds \d{10}\n", target.read_text())
    assert target.stat().st_mode & 0o777 == 0o644
    monkeypatch.setenv("BACKUP_METRICS_FILE", str(tmp_path / "nowhere" / "x.prom"))
    assert "the backup is good, but" in verbs("backup", "--to", "third", code=2)


def test_a_secret_is_in_the_environment_and_not_on_the_command_line():
    found = programs.environment("postgresql://ana:s3cret@db.example:5433/x?sslmode=require")

    assert (found["PGPASSWORD"], found["PGHOST"], found["PGSSLMODE"]) == (
        *("s3cret", "db.example"),
        "require",
    )
    assert not {name for name in found if name.startswith("PG")} & (set(os.environ) - set(found))


def test_rows_are_counted_as_they_were_written(desk, verbs, booked):
    counted = dumps.rows_in(Path(made(verbs("backup"))))

    for table in ("guest", "reservation", "accommodation", "ledger_entry", "calendar_feed"):
        ((count,),) = desk.sql(f"SELECT count(*) FROM {table}")  # noqa: S608
        assert counted[f"public.{table}"] == count
