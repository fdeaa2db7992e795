"""Answer in the node exporter's place: its own words, but for what is free on the disks."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx2

from alojamientos.kit.errors import AlojamientosError
from alojamientos.monitoring.definitions.alerts_performance import UNREAL_FILE_SYSTEMS
from alojamientos.ops.launcher import monitors, orphans
from alojamientos.ops.launcher.control import Client
from alojamientos.ops.launcher.ports import LOOPBACK
from alojamientos.ops.launcher.tools import find_tool

_FREE_SHARE = 0.03
_SECONDS = 5.0
_PATIENCE_S = 10.0
_POLL_S = 0.05
_NAME = "drill_node_exporter"
_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SIZE = re.compile(r"^node_filesystem_size_bytes(\{[^}]*\}) (\S+)$", re.MULTILINE)
_FREE = re.compile(r"^(node_filesystem_avail_bytes)(\{[^}]*\}) (\S+)$", re.MULTILINE)
_KIND = re.compile(r'fstype="([^"]*)"')


def nearly_full(exposition: str) -> str:
    """Return the exposition with 3 % of every file system free; nothing else is touched.

    Raises AlojamientosError when it tells of no disk that anyone watches.
    """
    sizes = {labels: float(size) for labels, size in _SIZE.findall(exposition)}
    kinds = {kind for labels in sizes for kind in _KIND.findall(labels)}
    if not kinds - set(UNREAL_FILE_SYSTEMS):
        raise AlojamientosError(
            "the node exporter tells of no disk here, only of"
            f" {', '.join(sorted(kinds)) or 'nothing'}: nothing to fill"
        )

    def lowered(line: re.Match[str]) -> str:
        name, labels, free = line.groups()
        return f"{name}{labels} {min(float(free), sizes.get(labels, 0.0) * _FREE_SHARE):.6e}"

    return _FREE.sub(lowered, exposition)


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
        """Say that almost nothing is free; raises AlojamientosError, and then nothing changed."""
        behind = f"http://{LOOPBACK}:{self._start_behind()}/metrics"
        nearly_full(_ask(behind, _PATIENCE_S))  # refuses before the real one is stopped
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
                body, status = nearly_full(_ask(behind)).encode(), httpx2.codes.OK
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
