"""The blackbox exporter's modules."""

from alojamientos.monitoring.render.documents import document


def configuration() -> str:
    """Return blackbox.yml: `readyz` wants a plain 200 within 5 seconds."""
    return document(
        {
            "modules": {
                "readyz": {
                    "prober": "http",
                    "timeout": "5s",
                    "http": {
                        "valid_status_codes": [200],
                        "follow_redirects": False,
                        "preferred_ip_protocol": "ip4",
                    },
                }
            }
        }
    )
