"""What OpenSLO can say of our levels comes back the same; what it says beyond is refused."""

from copy import deepcopy
from dataclasses import replace

import pytest
import yaml
from tests.monitoring.conftest import ROOT

from alojamientos.monitoring.definitions.slos import SLOS
from alojamientos.monitoring.openslo import NotExpressible, from_openslo, to_openslo
from alojamientos.monitoring.promql import equals, none_of
from alojamientos.monitoring.slo import Failing, Slow
from alojamientos.telemetry.catalogue import NLU_PROCESSING, OUTBOUND_REQUESTS

BY_NAME = {slo.name: slo for slo in SLOS}
FILES = ROOT / "monitoring/openslo"


@pytest.mark.parametrize("slo", SLOS, ids=lambda slo: slo.name)
def test_a_level_comes_back_from_its_committed_file(slo):
    text = (FILES / f"{slo.name}.yml").read_text(encoding="utf-8")

    assert from_openslo(yaml.safe_load(text)) == slo


@pytest.mark.parametrize(
    "indicator",
    [
        Slow(metric=NLU_PROCESSING, where=(), seconds=0.25),
        Slow(metric=NLU_PROCESSING, where=(equals("job", "worker"),), seconds=1.0),
        Failing(
            metric=OUTBOUND_REQUESTS,
            where=(equals("provider", "whatsapp"),),
            bad=(none_of("outcome", ("2xx", "4xx")),),
        ),
        Failing(metric=OUTBOUND_REQUESTS, where=(), bad=(equals("outcome", "timeout"),)),
    ],
)
def test_other_indicators_come_back_too(indicator):
    slo = replace(SLOS[0], indicator=indicator)

    assert from_openslo(to_openslo(slo)) == slo


def _set(path, value):
    def change(document):
        node = document
        *way, last = path
        for step in way:
            node = node[step]
        node[last] = value

    return change


SPEC = ("spec",)
RATIO = ("spec", "indicator", "spec", "ratioMetric")
QUERY = ("metricSource", "spec", "query")
NOTES = ("metadata", "annotations")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (_set(("apiVersion",), "openslo/v1alpha"), "apiVersion"),
        (_set(("kind",), "SLI"), "kind"),
        (_set((*SPEC, "budgetingMethod"), "Timeslices"), "budgetingMethod"),
        (_set((*SPEC, "timeWindow"), [{"duration": "7d", "isRolling": True}]), "timeWindow"),
        (_set((*SPEC, "timeWindow"), [{"duration": "30d", "isRolling": False}]), "timeWindow"),
        (_set((*SPEC, "alertPolicies"), []), "alertPolicies"),
        (_set((*SPEC, "indicatorRef"), "x"), "indicatorRef"),
        (_set((*SPEC, "objectives"), [{"target": 0.9}, {"target": 0.99}]), "exactly one"),
        (_set((*SPEC, "objectives", 0, "target"), "most"), "must be a number"),
        (_set((*SPEC, "objectives", 0, "composite"), {}), "composite"),
        (_set((*SPEC, "objectives", 0, "target"), None), "must be a number"),
        (_set(("spec", "indicator", "spec", "thresholdMetric"), {}), "thresholdMetric"),
        (_set((*RATIO, "good"), {}), "either good or bad"),
        (_set((*RATIO, "raw"), {}), "raw"),
        (_set((*RATIO, "counter"), False), "must be sum(min by"),
        (_set((*RATIO, "bad", *QUERY), "sum(rate(x[5m]))"), "must be sum(METRIC"),
        (_set((*RATIO, "total", *QUERY), "sum(http_requests)"), "not a counter of the catalogue"),
        (
            _set((*RATIO, "bad", *QUERY), 'sum(http_requests_total{job="backend",code="500"})'),
            "has no label 'code'",
        ),
        (
            _set((*RATIO, "bad", *QUERY), 'sum(http_requests_total{status="500"})'),
            "not of the form",
        ),
        (_set((*RATIO, "bad", "metricSource", "type"), "Datadog"), "must be Prometheus"),
        (_set((*RATIO, "bad", "metricSource", "metricSourceRef"), "x"), "metricSourceRef"),
        (_set(("metadata", "labels", "team"), "a"), "team"),
        (_set((*NOTES, "alojamientos.local/pages"), "perhaps"), "true or false"),
        (_set((*NOTES, "alojamientos.local/events-per-month"), "many"), "whole number"),
        (_set((*NOTES, "alojamientos.local/owner-es"), " "), "is missing"),
        (_set(("metadata", "annotations"), None), "annotations is missing"),
    ],
)
def test_what_cannot_be_expressed_is_refused_by_name(change, says):
    document = deepcopy(to_openslo(BY_NAME["http-availability"]))
    change(document)

    with pytest.raises(NotExpressible) as refused:
        from_openslo(document)
    assert says in str(refused.value)


@pytest.mark.parametrize(
    ("query", "says"),
    [
        (
            'sum(webhook_processing_seconds_bucket{event_type="text",le=~"5(\\\\.0)?"})',
            "no bucket that ends at 5",
        ),
        ('sum(webhook_processing_seconds_bucket{event_type="text",le="3.0"})', "the bucket"),
        ('sum(webhook_processing_seconds_bucket{event_type="text"})', "the bucket"),
        (
            'sum(webhook_processing_seconds_bucket{event_type="audio",le=~"3(\\\\.0)?"})',
            "not of the form",
        ),
    ],
)
def test_a_threshold_must_be_a_bucket_of_the_same_events(query, says):
    document = deepcopy(to_openslo(BY_NAME["webhook-text-latency"]))
    _set((*RATIO, "good", *QUERY), query)(document)

    with pytest.raises(NotExpressible) as refused:
        from_openslo(document)
    assert says in str(refused.value)
