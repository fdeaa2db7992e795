"""What a stack must hold beyond the specification's checklist."""

from alojamientos.ops.verify.clients import Stack
from alojamientos.ops.verify.item import Finding, Item, failed, passed

MAX_SERIES = 1_500
_OK = 200


def items(stack: Stack) -> list[Item]:
    """Return them in the order in which a fault spreads."""
    return [
        Item(
            name="The application says that it is healthy",
            look=lambda: health(stack),
            hint="alojamientos logs web",
        ),
        Item(
            name="An alert gets from Prometheus to Alertmanager",
            look=lambda: watchdog(stack),
            hint="alojamientos logs alertmanager",
        ),
        Item(
            name="No invariant is broken",
            look=lambda: invariants(stack),
            hint="docs/runbooks, then the reservation named",
        ),
        Item(
            name="Series stay within their budget",
            look=lambda: series(stack),
            hint="docs/reference/metrics.md",
        ),
    ]


def health(stack: Stack) -> Finding:
    response = stack.get(f"{stack.addresses.web}/api/v1/healthz")
    status = response.json().get("status")
    evidence = f"{response.status_code} {status}"
    if response.status_code == _OK and status == "healthy":
        return passed(evidence)
    # The worker's first heartbeat comes some seconds after its start.
    return failed(evidence, may_settle=status == "degraded")


def watchdog(stack: Stack) -> Finding:
    names = [alert["labels"]["alertname"] for alert in stack.alerts()]
    if "Watchdog" in names:
        return passed(f"Alertmanager holds {', '.join(sorted(names))}")
    return failed(f"Alertmanager holds {', '.join(sorted(names)) or 'nothing'}", may_settle=True)


def invariants(stack: Stack) -> Finding:
    response = stack.api("/api/v1/invariants")
    if response.status_code != _OK:
        return failed(f"{response.status_code} from /api/v1/invariants")
    found = response.json()
    broken = [i["name"] for i in found["invariants"] if i["violations"]]
    if found["ok"]:
        return passed(f"{len(found['invariants'])} hold")
    return failed(f"broken: {', '.join(broken)}")


def series(stack: Stack) -> Finding:
    counts = {
        name: sum(
            1 for line in stack.metrics(base).splitlines() if line and not line.startswith("#")
        )
        for name, base in stack.processes.items()
    }
    shown = ", ".join(f"{name} {count}" for name, count in counts.items())
    evidence = f"{shown} (at most {MAX_SERIES})"
    return passed(evidence) if max(counts.values()) <= MAX_SERIES else failed(evidence)
