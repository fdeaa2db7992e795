"""Prometheus' configuration and rule files."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from alojamientos.monitoring.definitions import limits, targets
from alojamientos.monitoring.model import Addresses, AlertRule, RecordingRule, RuleGroup, ScrapeJob
from alojamientos.monitoring.render.documents import document


def configuration(
    *,
    jobs: Iterable[ScrapeJob],
    addresses: Addresses,
    rule_files: Iterable[str],
    external_labels: Mapping[str, str],
    metrics_token_file: Path | None,
) -> str:
    """Return prometheus.yml; `rule_files` are patterns, relative ones start at the file."""
    return document(
        {
            "global": {
                "scrape_interval": targets.SCRAPE_INTERVAL,
                "evaluation_interval": targets.EVALUATION_INTERVAL,
                "external_labels": dict(external_labels),
            },
            "alerting": {
                "alertmanagers": [{"static_configs": [{"targets": [addresses.alertmanager]}]}]
            },
            "rule_files": list(rule_files),
            "scrape_configs": [_job(job, addresses, metrics_token_file) for job in jobs],
        }
    )


def _job(job: ScrapeJob, addresses: Addresses, token_file: Path | None) -> dict[str, Any]:
    address = getattr(addresses, job.address)
    config: dict[str, Any] = {
        "job_name": job.name,
        "metrics_path": job.path,
        "scrape_interval": job.interval,
        "scrape_timeout": job.timeout,
    }
    if job.is_ours:
        config |= limits.SCRAPE_LIMITS
        if token_file is not None:
            config["authorization"] = {"type": "Bearer", "credentials_file": str(token_file)}
    if job.probe is None:
        return {**config, "static_configs": [{"targets": [address]}]}
    probed = f"http://{getattr(addresses, job.probe.address)}{job.probe.path}"
    return {
        **config,
        "params": {"module": [job.probe.module]},
        "static_configs": [{"targets": [probed]}],
        "relabel_configs": [
            {"source_labels": ["__address__"], "target_label": "__param_target"},
            {"source_labels": ["__param_target"], "target_label": "instance"},
            {"target_label": "__address__", "replacement": address},
        ],
    }


def rules(groups: Iterable[RuleGroup]) -> dict[str, str]:
    """Return the rule files by their path from Prometheus' folder."""
    files: dict[str, list[dict[str, Any]]] = {}
    for group in groups:
        files.setdefault(group.path, []).append(
            {
                "name": group.name,
                "interval": group.interval,
                "rules": [
                    *(_recording(rule) for rule in group.recordings),
                    *(_alert(rule) for rule in group.alerts),
                ],
            }
        )
    return {name: document({"groups": files[name]}) for name in sorted(files)}


def _recording(rule: RecordingRule) -> dict[str, Any]:
    labels = {"labels": dict(rule.labels)} if rule.labels else {}
    return {"record": rule.record, "expr": str(rule.expr), **labels}


def _alert(rule: AlertRule) -> dict[str, Any]:
    return {
        "alert": rule.name,
        "expr": str(rule.expr),
        **({"for": rule.hold} if rule.hold else {}),
        "labels": rule.all_labels(),
        "annotations": rule.annotations(),
    }
