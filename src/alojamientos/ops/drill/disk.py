"""Answer in the node exporter's place: its own words, and of a disk more that is nearly full."""

import contextlib
import os
import signal
import socket
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx2

from alojamientos.kit.errors import AlojamientosError
from alojamientos.ops.launcher import monitors, orphans
from alojamientos.ops.launcher.control import Client
from alojamientos.ops.launcher.ports import LOOPBACK
from alojamientos.ops.launcher.tools import find_tool

_SIZE, _FREE = 100e9, 3e9
_LABELS = '{device="/dev/drill",device_error="",fstype="ext4",mountpoint="/drill"}'
_SAID = {
    "node_filesystem_size_bytes": _SIZE,
    "node_filesystem_avail_bytes": _FREE,
    "node_filesystem_readonly": 0.0,
}
_SECONDS = 5.0
_PATIENCE_S = 10.0
_POLL_S = 0.05
_NAME = "drill_node_exporter"
_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def with_full_disk(exposition: str) -> str:
    """Return the exposition with one disk more, of which 3 % are free.

    The real disks stay as they are: their past is what forecasts are made from, for hours.
    Raises AlojamientosError when it tells of no disks at all.
    """
    for name, value in _SAID.items():
        comment = f"# TYPE {name} gauge\n"
        if comment not in exposition:
            raise AlojamientosError(f"the node exporter tells of no {name}: nothing to fill")
        exposition = exposition.replace(comment, f"{comment}{name}{_LABELS} {value:g}\n")
    return exposition


class NodeExporterDisk:
    """The disk of `drill.outside`: a proxy at the exporter's port, the exporter behind it."""

    def __init__(self, *, control: Client, folder: Path, tools_dir: Path, port: int) -> None:
        self._control = control
        self._pids = folder / "run"
        self._tools_dir = tools_dir
        self._port = port
        self._behind: subprocess.Popen[bytes] | None = None
        self._server: ThreadingHTTPServer | None = None

    def seem_full(self) -> None:
        """Tell of a disk that is nearly full; raises AlojamientosError."""
        behind = f"http://{LOOPBACK}:{self._start_behind()}/metrics"
        with_full_disk(_ask(behind, _PATIENCE_S))  # refuses before the real one is stopped
        self._control.stop_part(monitors.NODE)
        self._server = ThreadingHTTPServer((LOOPBACK, self._port), _handler(behind))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def be_itself(self) -> None:
        """Give the exporter its port back."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None
        if self._behind is not None:
            orphans.kill_group(self._behind.pid)
            self._behind.wait()
            self._behind = None
        orphans.forget(self._pids, _NAME)
        self._control.start_part(monitors.NODE)

    def _start_behind(self) -> int:
        program = find_tool(monitors.NODE, self._tools_dir)
        with socket.socket() as sock:
            sock.bind((LOOPBACK, 0))
            port = int(sock.getsockname()[1])
        self._behind = subprocess.Popen(
            [str(program), f"--web.listen-address={LOOPBACK}:{port}", "--no-collector.wifi"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=dict(os.environ),
            start_new_session=True,
        )
        # If the drill is killed, the next start of the stack finds it.
        orphans.remember(self._pids, _NAME, self._behind.pid, signal.SIGTERM)
        return port


def _ask(url: str, patience_s: float = 0.0) -> str:
    deadline = time.monotonic() + patience_s
    while True:
        try:
            return httpx2.get(url, timeout=_SECONDS, trust_env=False).raise_for_status().text
        except httpx2.HTTPError as error:
            if time.monotonic() >= deadline:
                raise AlojamientosError(f"the node exporter at {url}: {error}") from error
        time.sleep(_POLL_S)


def _handler(behind: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            try:
                body, status = with_full_disk(_ask(behind)).encode(), httpx2.codes.OK
            except AlojamientosError as error:
                body, status = error.message.encode(), httpx2.codes.BAD_GATEWAY
            with contextlib.suppress(OSError):  # whoever asked may have gone
                self.send_response(status)
                self.send_header("Content-Type", _CONTENT_TYPE)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            """Say nothing: the drill's own steps are on the screen."""

    return Handler
