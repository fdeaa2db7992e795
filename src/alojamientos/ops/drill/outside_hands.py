"""The real things around a native stack, for a drill to break."""

from alojamientos.ops.drill.calendar import DrillCalendar
from alojamientos.ops.drill.disk import NodeExporterDisk
from alojamientos.ops.drill.mailbox import SinkMailbox
from alojamientos.ops.drill.outside import Outside
from alojamientos.ops.drill.wire import PrometheusWire
from alojamientos.ops.launcher import config
from alojamientos.ops.launcher.control import Client
from alojamientos.ops.launcher.ports import LOOPBACK
from alojamientos.settings import Settings


def of_stack(settings: Settings, control: Client) -> Outside:
    """Return what is around the stack that runs with `settings`."""
    stack, database = settings.stack, settings.database.url
    folder = config.state_dir(settings)
    return Outside(
        calendar=DrillCalendar(
            database=database.get_secret_value() if database else "",
            simulators=f"http://{LOOPBACK}:{stack.simulator_port}",
            web=f"http://{LOOPBACK}:{settings.app.web_port}",
            api_token=settings.app.api_token.get_secret_value(),
        ),
        disk=NodeExporterDisk(
            control=control,
            folder=folder,
            tools_dir=stack.tools_dir,
            port=stack.node_exporter_port,
        ),
        guest_mail=SinkMailbox(
            sink=f"http://{LOOPBACK}:{stack.mail_http_port}",
            database=database.get_secret_value() if database else "",
            is_read=config.own_mailbox(settings),
        ),
        wire=PrometheusWire(
            file=folder / "monitoring" / "prometheus" / "prometheus.yml",
            prometheus=f"http://{LOOPBACK}:{stack.prometheus_port}",
        ),
    )
