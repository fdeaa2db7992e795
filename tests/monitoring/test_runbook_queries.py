"""What a runbook tells to run at three in the morning runs."""

import re
from pathlib import Path

import promql_parser
import psycopg
import pytest
from tests.monitoring.conftest import ROOT
from tests.monitoring.test_definitions import _walk
from tests.monitoring.tools.howto import howto_queries

from alojamientos.monitoring import conventions, definitions
from alojamientos.monitoring.definitions.alerts_ical import FEED_AGE
from alojamientos.monitoring.definitions.exporters import EXPORTER_METRICS
from alojamientos.telemetry import log_events
from alojamientos.telemetry.catalogue import CATALOGUE

RUNBOOKS = sorted((ROOT / conventions.RUNBOOKS).glob("*.md"))
# Asked for by hand only; no rule reads them.
BY_HAND = {"process_resident_memory_bytes", "prometheus_rule_group_last_duration_seconds"}
RECORDED = {rule.record for group in definitions.RULE_GROUPS for rule in group.recordings}
KNOWN = {*CATALOGUE, *EXPORTER_METRICS, *RECORDED, FEED_AGE.name, *BY_HAND}
ROOMS = "|".join(sorted({name.partition(".")[0] for name in log_events.ALL}))


def _marked(path: Path, mark: str) -> list[str]:
    return re.findall(rf"{mark}: `([^`]+)`", path.read_text(encoding="utf-8"))


QUERIES = [
    *((path.stem, query) for path in RUNBOOKS for query in _marked(path, "Query")),
    *(("howto", query) for query in howto_queries()),
]
STATEMENTS = [(path.stem, text) for path in RUNBOOKS for text in _marked(path, "SQL")]


@pytest.mark.parametrize(("runbook", "query"), QUERIES)
def test_queries_are_understood_and_ask_for_metrics_that_exist(runbook, query):
    selectors = _walk(promql_parser.parse(query), [])

    assert selectors, runbook
    for selector in selectors:
        if selector.name is not None:
            assert re.sub("_(bucket|count|sum)$", "", selector.name) in KNOWN


@pytest.mark.parametrize(("runbook", "statement"), STATEMENTS)
def test_statements_run_and_only_read(runbook, statement, database_url):
    assert runbook
    with psycopg.connect(database_url) as connection:
        connection.read_only = True
        assert connection.execute(statement).description


def test_named_log_events_exist():
    for path in RUNBOOKS:
        named = re.findall(rf"lines? `((?:{ROOMS})\.[a-z_]+)`", path.read_text(encoding="utf-8"))
        assert set(named) <= set(log_events.ALL), path.name
