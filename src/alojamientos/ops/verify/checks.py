"""One function per thing that a healthy stack shows, each with its evidence and what to do."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from alojamientos.kit.errors import AlojamientosError
from alojamientos.ops.verify.clients import Stack

JOBS = ("backend", "worker", "postgres", "redis", "node", "blackbox", "prometheus", "alertmanager")
ALERTS = ("ServiceDown", "DatabaseDown", "RedisDown")
BUSINESS_METRICS = (
    "reservations_created_total",
    "reservations_lock_failed_total",
    "reservations_date_overlap_total",
    "webhook_processing_seconds_count",
    "webhook_signature_invalid_total",
    "nlu_intent_detected_total",
    "nlu_processing_seconds_count",
)
MAX_SERIES = 1_500
_LINES_PER_LOG = 2_000
_OK = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a check found: `evidence` when it held, and a `hint` for when it did not."""

    name: str
    ok: bool
    evidence: str
    hint: str = ""


Check = Callable[[Stack], tuple[bool, str]]


def health(stack: Stack) -> tuple[bool, str]:
    response = stack.get(f"{stack.addresses.web}/api/v1/healthz")
    status = response.json().get("status")
    return response.status_code == _OK and status == "healthy", f"{response.status_code} {status}"


def targets(stack: Stack) -> tuple[bool, str]:
    up: dict[str, bool] = {}
    for target in stack.targets():
        job = target["labels"]["job"]
        up[job] = up.get(job, True) and target["health"] == "up"
    bad = [job for job in JOBS if not up.get(job)]
    return not bad, f"{len(up)} jobs up" if not bad else f"not up: {', '.join(bad)}"


def business_metrics(stack: Stack) -> tuple[bool, str]:
    missing = [name for name in BUSINESS_METRICS if not stack.query(f"count({name})")]
    found = f"{len(BUSINESS_METRICS)} business metrics have series"
    return not missing, found if not missing else f"no series: {', '.join(missing)}"


def rules(stack: Stack) -> tuple[bool, str]:
    loaded = {rule["name"]: rule["health"] for rule in stack.rules()}
    bad = [name for name in ALERTS if name not in loaded]
    bad += [name for name, state in loaded.items() if state == "err"]
    return not bad, f"{len(loaded)} rules loaded" if not bad else f"missing or failing: {bad}"


def watchdog(stack: Stack) -> tuple[bool, str]:
    names = [alert["labels"]["alertname"] for alert in stack.alerts()]
    return "Watchdog" in names, f"Alertmanager holds {', '.join(sorted(names)) or 'nothing'}"


def invariants(stack: Stack) -> tuple[bool, str]:
    response = stack.api("/api/v1/invariants")
    if response.status_code != _OK:
        return False, f"{response.status_code} from /api/v1/invariants"
    found = response.json()
    broken = [i["name"] for i in found["invariants"] if i["violations"]]
    return bool(
        found["ok"]
    ), f"{len(found['invariants'])} hold" if not broken else f"broken: {broken}"


def series(stack: Stack) -> tuple[bool, str]:
    counts = {
        name: sum(
            1 for line in stack.metrics(base).splitlines() if line and not line.startswith("#")
        )
        for name, base in (("web", stack.addresses.web), ("worker", stack.addresses.worker))
    }
    shown = ", ".join(f"{name} {count}" for name, count in counts.items())
    return max(counts.values()) <= MAX_SERIES, f"{shown} (at most {MAX_SERIES})"


CHECKS: Mapping[str, tuple[Check, str]] = {
    "The application says that it is healthy": (health, "alojamientos logs web"),
    "Prometheus scrapes every part": (targets, "alojamientos status, then that part's log"),
    "The specification's business metrics exist": (business_metrics, "alojamientos logs web"),
    "Alert rules are loaded and evaluate": (rules, "alojamientos logs prometheus"),
    "An alert gets from Prometheus to Alertmanager": (watchdog, "alojamientos logs alertmanager"),
    "No invariant is broken": (invariants, "docs/runbooks, then the reservation named"),
    "Series stay within their budget": (series, "docs/reference/metrics.md"),
}


def run(stack: Stack, logs: Path | None = None) -> Iterator[Result]:
    """Yield the result of every check; one that cannot be made has failed.

    `logs` is the folder of the parts' log files, checked line by line when it is given.
    """
    for name, (check, hint) in CHECKS.items():
        try:
            ok, evidence = check(stack)
        except (AlojamientosError, KeyError, ValueError) as error:
            ok, evidence = False, f"{error}"
        yield Result(name=name, ok=ok, evidence=evidence, hint="" if ok else hint)
    if logs is not None:
        yield log_lines(logs)


def log_lines(folder: Path) -> Result:
    """Check that the newest lines of every log file are JSON objects."""
    read = 0
    bad = []
    for path in sorted(folder.glob("*.log")):
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()[-_LINES_PER_LOG:]
        for line in lines:
            read += 1
            if not _is_object(line):
                bad.append(path.name)
                break
    return Result(
        name="Every log line is a JSON object",
        ok=not bad and read > 0,
        evidence=f"{read} lines read" if not bad else f"not JSON in {', '.join(bad)}",
        hint=f"look into {folder}" if bad or not read else "",
    )


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False
