"""What Prometheus scrapes, how often, and the defaults of the whole."""

from alojamientos.monitoring import conventions
from alojamientos.monitoring.model import Probe, ScrapeJob

SCRAPE_INTERVAL = "15s"
EVALUATION_INTERVAL = "15s"
# Far beyond the 30 days that an SLO looks back on: blocks that expire within a window leave holes.
# 1,500 series every 15 s take about 5 GB in that time.
RETENTION_TIME = "400d"
RETENTION_SIZE = "15GB"

SCRAPE_JOBS = (
    ScrapeJob(name=conventions.BACKEND, address="web", interval="10s", timeout="5s", is_ours=True),
    ScrapeJob(
        name=conventions.WORKER, address="worker", interval="10s", timeout="5s", is_ours=True
    ),
    ScrapeJob(name=conventions.POSTGRES, address="postgres", interval="30s", timeout="10s"),
    ScrapeJob(name=conventions.REDIS, address="redis", interval="30s", timeout="10s"),
    ScrapeJob(name=conventions.NODE, address="node", interval="15s", timeout="10s"),
    ScrapeJob(
        name=conventions.BLACKBOX,
        address="blackbox",
        interval="15s",
        timeout="10s",
        path="/probe",
        probe=Probe(module="readyz", address="web", path=conventions.READYZ),
    ),
    ScrapeJob(name=conventions.PROMETHEUS, address="prometheus", interval="15s", timeout="10s"),
    ScrapeJob(name=conventions.ALERTMANAGER, address="alertmanager", interval="15s", timeout="10s"),
)
