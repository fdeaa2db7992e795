"""The OpenSLO files, one for each service level."""

from collections.abc import Iterable

from alojamientos.monitoring.openslo import to_openslo
from alojamientos.monitoring.render.documents import document
from alojamientos.monitoring.slo import Slo


def files(slos: Iterable[Slo]) -> dict[str, str]:
    """Return the documents by their file name."""
    return {f"{slo.name}.yml": document(to_openslo(slo)) for slo in slos}
