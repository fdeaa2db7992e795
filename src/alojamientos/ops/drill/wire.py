"""Cut Prometheus off from Alertmanager: a wrong address in its file, read anew, and put back."""

from pathlib import Path

import httpx2
import yaml

from alojamientos.kit.errors import AlojamientosError

_NOBODY = "127.0.0.1:9"  # discard: a privileged port that nothing listens on
_SECONDS = 30.0


class PrometheusWire:
    """The wire of `drill.outside`; `file` is the stack's own prometheus.yml.

    What was there is kept beside it until the end; `make up` would write it anew as well.
    """

    def __init__(self, *, file: Path, prometheus: str) -> None:
        self._file = file
        self._kept = file.with_suffix(".yml.before-drill")
        self._prometheus = prometheus

    def cut(self) -> None:
        """Send alerts to nobody; raises AlojamientosError when Prometheus refuses."""
        text = self._file.read_text(encoding="utf-8")
        config = yaml.safe_load(text)
        for alertmanager in config["alerting"]["alertmanagers"]:
            alertmanager["static_configs"] = [{"targets": [_NOBODY]}]
        if not self._kept.exists():
            self._kept.write_text(text, encoding="utf-8")
        self._file.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
        self._reload()

    def mend(self) -> None:
        """Put back what was there, if it was changed; it is kept until Prometheus has read it."""
        if self._kept.exists():
            self._file.write_text(self._kept.read_text(encoding="utf-8"), encoding="utf-8")
            self._reload()
            self._kept.unlink()

    def _reload(self) -> None:
        url = f"{self._prometheus}/-/reload"
        try:
            httpx2.post(url, timeout=_SECONDS, trust_env=False).raise_for_status()
        except httpx2.HTTPError as error:
            raise AlojamientosError(f"Prometheus did not read its file anew: {error}") from error
