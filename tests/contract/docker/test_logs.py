"""Loki's and Alloy's files; neither program can be had here, so what they must say is read."""

import re
from datetime import timedelta
from typing import Any

import pytest
import yaml
from tests.contract.docker.conftest import ROOT
from tests.contract.docker.test_compose_files import SERVICES

LOKI = yaml.safe_load((ROOT / "monitoring/loki/loki-config.yml").read_text())
ALLOY = (ROOT / "monitoring/alloy/config.alloy").read_text()
LABELS = ["service", "level", "env"]
_TOKEN = re.compile(r'\s+|//[^\n]*|"(?:\\.|[^"\\])*"|[A-Za-z_][\w.]*|[{}\[\],=]')


def tokens(text: str) -> list[str]:
    """Cut an Alloy file into its tokens; what is none fails."""
    found, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        assert match, f"not a token: {text[at : at + 30]!r}"
        at = match.end()
        if not match.group().isspace() and not match.group().startswith("//"):
            found.append(match.group())
    return found


class Reader:
    """Read blocks `name "label" { … }` and attributes `name = value`, as Alloy has them."""

    def __init__(self, text: str) -> None:
        self._rest = tokens(text)[::-1]

    def body(self, end: str | None = None) -> list[tuple[str, str | None, Any]]:
        found: list[tuple[str, str | None, Any]] = []
        while (self._rest[-1] if self._rest else None) != end:
            name = self._rest.pop()
            if self._take("="):
                found.append((name, None, self._value()))
                continue
            label = self._rest.pop().strip('"') if self._rest[-1].startswith('"') else None
            assert self._take("{"), f"{name}: expected a block"
            found.append((name, label, self.body("}")))
            self._rest.pop()
        return found

    def _value(self) -> Any:
        token = self._rest.pop()
        if token == "[":
            return self._items("]", self._value)
        if token == "{":
            return dict(self._items("}", self._pair))
        return token

    def _items(self, end: str, one: Any) -> list[Any]:
        found = []
        while not self._take(end):
            found.append(one())
            assert self._take(",") or self._rest[-1] == end
        return found

    def _pair(self) -> tuple[str, Any]:
        key = self._rest.pop().strip('"')
        assert self._take("=")
        return key, self._value()

    def _take(self, token: str) -> bool:
        if self._rest and self._rest[-1] == token:
            self._rest.pop()
            return True
        return False


BLOCKS = Reader(ALLOY).body()
STAGES: list[tuple[str, dict[str, Any]]] = [
    (name, {attribute: value for attribute, _, value in body})
    for block, _, parts in BLOCKS
    if block == "loki.process"
    for name, _, body in parts
    if name.startswith("stage.")
]


def test_a_file_that_is_cut_short_is_noticed():
    with pytest.raises((AssertionError, IndexError)):
        Reader(ALLOY.rstrip().removesuffix("}")).body()


def test_every_component_forwards_to_one_that_is_there():
    there = {f"{name}.{label}" for name, label, _ in BLOCKS if label}
    referred = {
        match.group(1)
        for match in re.finditer(r"\b((?:loki|local)\.[\w.]+)\.(?:receiver|targets)\b", ALLOY)
    }
    assert referred == there - {"loki.source.file.containers"}


def test_labels_are_service_level_and_env_and_no_other():
    (kept,) = [values for name, values in STAGES if name == "stage.label_keep"]
    assert [value.strip('"') for value in kept["values"]] == LABELS
    after = [name for name, _ in STAGES][[n for n, _ in STAGES].index("stage.label_keep") + 1 :]
    assert not {"stage.labels", "stage.static_labels"} & set(after)
    assert LOKI["limits_config"]["max_label_names_per_series"] == len(LABELS)
    assert LOKI["limits_config"]["discover_service_name"] == []


def test_the_trace_is_structured_metadata():
    (metadata,) = [values for name, values in STAGES if name == "stage.structured_metadata"]
    assert set(metadata["values"]) == {"trace_id"}
    assert LOKI["limits_config"]["allow_structured_metadata"] is True
    (schema,) = LOKI["schema_config"]["configs"]
    assert (schema["schema"], schema["store"]) == ("v13", "tsdb")


def test_levels_are_those_that_our_lines_have():
    (template,) = [values for name, values in STAGES if name == "stage.template"]
    quoted = set(re.findall(r'\\"(\w+)\\"', template["template"]))
    assert {"debug", "info", "warning", "error", "critical"} <= quoted
    assert template["template"].count("{{") == template["template"].count("}}")
    assert template["template"].count("{{ if") == template["template"].count("{{ end }}")


def test_the_service_is_read_from_what_docker_is_told_to_write():
    (framed,) = [
        values["expressions"]
        for name, values in STAGES
        if name == "stage.json" and "service" in values["expressions"]
    ]
    (label,) = {service["logging"]["options"]["labels"] for service in SERVICES.values()}
    assert framed["service"] == f'"attrs.\\"{label}\\""'


def test_lines_are_kept_for_30_days_and_then_deleted():
    hours = int(LOKI["limits_config"]["retention_period"].removesuffix("h"))
    assert timedelta(hours=hours) == timedelta(days=30)
    assert LOKI["compactor"]["retention_enabled"] is True
    assert LOKI["compactor"]["delete_request_store"] == "filesystem"
    longest = int(LOKI["limits_config"]["max_query_length"].removesuffix("h"))
    assert longest >= hours


def test_grafana_gets_loki_with_the_profile_and_loses_it_without():
    folder = ROOT / "monitoring/grafana/logs"
    without = yaml.safe_load((folder / "none.yml").read_text())
    (loki,) = yaml.safe_load((folder / "logs.yml").read_text())["datasources"]

    assert without["deleteDatasources"][0]["name"] == loki["name"]
    assert "datasources" not in without
    (field,) = loki["jsonData"]["derivedFields"]
    assert (field["name"], field["matcherType"]) == ("trace_id", "label")
    assert field["datasourceUid"] == loki["uid"]
    # The provisioning expands $; $$ is a literal one.
    assert "$${__value.raw}" in field["url"]
    others = "".join(p.read_text() for p in (ROOT / "monitoring/grafana/datasources").iterdir())
    assert "loki" not in others.lower()
