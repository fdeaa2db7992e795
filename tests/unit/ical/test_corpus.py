"""A calendar per shape of each host and per oddity that was seen, with what must be read in it.

`tests/corpus/ical/expected.json` says of each file what it is about, whose calendar it is and
the reading: stays (name, first night, day of leaving, kind), or the error.
"""

import json
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from alojamientos.channels.ical.domain import FeedError, Reading, Source
from alojamientos.channels.ical.feed import parse

FOLDER = Path(__file__).parents[2] / "corpus" / "ical"
CASES: dict[str, dict[str, Any]] = json.loads((FOLDER / "expected.json").read_text("utf-8"))
TODAY = date(2026, 11, 24)


def read(name: str) -> Reading:
    case = CASES[name]
    return parse(
        (FOLDER / f"{name}.ics").read_bytes(),
        source=Source(case["source"]),
        zone=ZoneInfo("America/Argentina/Buenos_Aires"),
        today=TODAY,
        longest_block=case.get("longest_block"),
    )


def test_every_file_has_its_expectation_and_the_other_way_round():
    assert {path.stem for path in FOLDER.glob("*.ics")} == CASES.keys()
    assert len(CASES) >= 50


@pytest.mark.parametrize("name", sorted(name for name in CASES if "error" not in CASES[name]))
def test_a_calendar_is_read_as_it_is_meant(name):
    case, reading = CASES[name], read(name)

    if "count" in case:
        assert len(reading.occupied) == case["count"]
    else:
        assert [
            [_name(one.uid), str(one.starts_on), str(one.ends_on), one.kind.value]
            for one in reading.occupied
        ] == case["occupied"]
    assert sorted(reading.freed) == case.get("freed", [])
    assert dict(reading.rejected) == case.get("rejected", {})
    assert sorted(reading.doubtful) == case.get("doubtful", [])
    for words in case.get("never", []):
        assert words not in repr(reading)
    if "same_as" in case:
        assert reading.digest == read(case["same_as"]).digest


@pytest.mark.parametrize("name", sorted(name for name in CASES if "error" in CASES[name]))
def test_what_is_no_whole_calendar_is_an_error(name):
    with pytest.raises(FeedError) as caught:
        read(name)

    assert caught.value.error_type.value == CASES[name]["error"]


def _name(uid: str) -> str:
    return "without-uid-*" if uid.startswith("without-uid-") else uid
