"""What children print becomes JSON lines."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from alojamientos.ops.launcher import pump as pumps
from alojamientos.ops.launcher.pump import LineMaker, LogFile, pump
from alojamientos.telemetry.logs import redact

NOW = datetime(2027, 1, 2, 3, 4, 5, tzinfo=UTC)


def line(raw: bytes, *, ours: bool = False) -> dict[str, Any]:
    made = LineMaker("postgres", ours=ours, redact=redact).line(raw, now=NOW)
    assert made is not None
    assert made.endswith(b"\n")
    value: dict[str, Any] = json.loads(made)
    return value


def test_text_becomes_a_foreign_line():
    assert line(b"LOG:  database system is ready\r\n") == {
        "timestamp": "2027-01-02T03:04:05.000Z",
        "level": "info",
        "event": "log.foreign_line",
        "process": "postgres",
        "message": "LOG:  database system is ready",
    }


@pytest.mark.parametrize(
    ("text", "level"),
    [
        (b"ERROR:  conflicting key", "error"),
        (b"FATAL:  no such role", "critical"),
        (b"WARNING:  odd", "warning"),
        (b"time=2027 level=WARN source=main.go msg=x", "warning"),
        (b"12:M 02 Jan 2027 * Ready to accept connections", "info"),
    ],
)
def test_the_level_is_read_from_the_text(text, level):
    assert line(text)["level"] == level


def test_text_and_json_of_others_are_redacted():
    assert "549" not in line(b"no route to +54 9 2944 123456")["message"]
    other = line(
        b'{"time":"2026-11-24T08:58:22.569044736Z","msg":"to a@b.com","n":{"to":["a@b.com"]}}'
    )
    assert "@" not in json.dumps(other)
    assert other["time"] == "2026-11-24T08:58:22.569044736Z"


def test_a_line_of_ours_is_kept_as_it_is():
    raw = b'{"event":"http.request_served",  "status":200}'

    assert LineMaker("web", ours=True, redact=redact).line(raw, now=NOW) == raw + b"\n"


def test_broken_json_is_text():
    assert line(b'{"event": 1', ours=True)["message"] == '{"event": 1'


def test_bytes_that_are_no_text_do_not_harm():
    assert line(b"\xff\xfe oops")["event"] == "log.foreign_line"


def test_empty_lines_are_dropped():
    assert LineMaker("web", ours=True, redact=redact).line(b"  \r", now=NOW) is None


async def test_lines_are_put_together_across_reads(tmp_path):
    reader = asyncio.StreamReader()
    log = LogFile(tmp_path / "logs" / "web.log")
    copying = asyncio.create_task(pump(reader, LineMaker("web", ours=True, redact=redact), log))

    reader.feed_data(b"one\ntw")
    await asyncio.sleep(0)
    reader.feed_data(b"o\nthree")
    reader.feed_eof()
    await copying
    log.close()

    found = [json.loads(text)["message"] for text in log.path.read_text().splitlines()]
    assert found == ["one", "two", "three"]


async def test_a_line_without_end_is_cut(tmp_path, monkeypatch):
    monkeypatch.setattr(pumps, "_MAX_LINE", 10)
    reader = asyncio.StreamReader()
    log = LogFile(tmp_path / "web.log")
    reader.feed_data(b"x" * 30)
    reader.feed_eof()

    await pump(reader, LineMaker("web", ours=True, redact=redact), log)
    log.close()

    assert json.loads(log.path.read_text())["message"] == "x" * 10


def test_a_full_file_makes_room(tmp_path, monkeypatch):
    monkeypatch.setattr(pumps, "_MAX_BYTES", 10)
    log = LogFile(tmp_path / "web.log")

    for text in (b"first line\n", b"second\n", b"third\n"):
        log.write(text)
    log.close()

    assert (tmp_path / "web.log.1").read_bytes() == b"first line\n"
    assert (tmp_path / "web.log").read_bytes() == b"second\nthird\n"


def test_five_files_are_kept_and_the_oldest_is_lost(tmp_path, monkeypatch):
    monkeypatch.setattr(pumps, "_MAX_BYTES", 0)
    log = LogFile(tmp_path / "web.log")

    for number in range(7):
        log.write(b"%d\n" % number)
    log.close()

    found = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert found == {
        "web.log": b"6\n",
        "web.log.1": b"5\n",
        "web.log.2": b"4\n",
        "web.log.3": b"3\n",
        "web.log.4": b"2\n",
    }


def test_a_gap_between_the_full_files_is_no_hindrance(tmp_path, monkeypatch):
    monkeypatch.setattr(pumps, "_MAX_BYTES", 0)
    (tmp_path / "web.log.3").write_bytes(b"old\n")
    log = LogFile(tmp_path / "web.log")

    log.write(b"0\n")
    log.write(b"1\n")
    log.close()

    found = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert found == {"web.log": b"1\n", "web.log.1": b"0\n", "web.log.4": b"old\n"}
