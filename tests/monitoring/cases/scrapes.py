"""What Prometheus takes in and how it keeps up."""

from tests.monitoring.cases.case import FIRES, QUIET, Case
from tests.monitoring.cases.shapes import above, failing

_SAMPLES = 'scrape_samples_post_metric_relabeling{{job="{}",instance="a"}}'
_DROPPED = (
    "prometheus_target_scrapes_exceeded_sample_limit_total",
    "prometheus_target_scrapes_exceeded_body_size_limit_total",
    "prometheus_target_scrapes_sample_duplicate_timestamp_total",
    "prometheus_target_scrapes_sample_out_of_order_total",
    "prometheus_target_scrapes_sample_out_of_bounds_total",
)
_COLLECTOR = 'node_scrape_collector_success{{job="node",instance="host",collector="{}"}}'

CASES = [
    *(
        case
        for job in ("backend", "worker")
        for case in above(
            "ScrapeSampleLimitNear",
            _SAMPLES.format(job),
            4000,
            900,
            extra={"job": job, "instance": "a"},
        )
    ),
    Case(
        alert="ScrapeSampleLimitNear",
        kind="quiet",
        name="a job without a limit may tell more",
        series={_SAMPLES.format("node"): "9000x120"},
        expect={"20m": QUIET},
    ),
    *(
        case
        for name in _DROPPED
        for case in failing(
            "PrometheusDroppingSamples", f'{name}{{job="prometheus",instance="p"}}', 1, 600, 300
        )
    ),
    *failing(
        "PrometheusEvaluationMissed",
        'prometheus_rule_group_iterations_missed_total{job="prometheus",rule_group="a;b"}',
        1,
        600,
        300,
        extra={"rule_group": "a;b"},
    ),
    *(
        case
        for collector in ("cpu", "meminfo", "filesystem", "vmstat")
        for case in above(
            "HostCollectorFailing",
            _COLLECTOR.format(collector),
            1,
            900,
            extra={"job": "node", "instance": "host", "collector": collector},
            below=True,
        )
        # It is 0 or 1: there is nothing beyond.
        if case.kind != "absent"
    ),
    Case(
        alert="HostCollectorFailing",
        kind="quiet",
        name="a collector that no rule reads",
        series={_COLLECTOR.format("nvme"): "0x120"},
        expect={"20m": QUIET},
    ),
    Case(
        alert="PrometheusDroppingSamples",
        kind="firing",
        name="one Prometheus of two",
        series={
            f'{_DROPPED[3]}{{job="prometheus",instance="p"}}': "0+1x120",
            f'{_DROPPED[3]}{{job="prometheus",instance="q"}}': "0x120",
        },
        expect={"15m": FIRES},
    ),
]
