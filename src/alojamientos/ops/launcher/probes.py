"""Is it ready? Each probe asks once, with a short deadline, and says what is missing."""

import http.client
import socket
from collections.abc import Mapping

import psycopg
import redis

from alojamientos.ops.launcher.part import Probe
from alojamientos.ops.launcher.ports import LOOPBACK

_SECONDS = 2.0
_FIRST_BAD_STATUS = 400


def tcp(port: int, host: str = LOOPBACK) -> Probe:
    """Return a probe that is content when something accepts connections."""

    def probe() -> str:
        try:
            socket.create_connection((host, port), timeout=_SECONDS).close()
        except OSError:
            return f"nothing listens on {port} yet"
        return ""

    return probe


def http_get(port: int, path: str, headers: Mapping[str, str] | None = None) -> Probe:
    """Return a probe that is content when GET `path` is answered with a status below 400."""

    def probe() -> str:
        connection = http.client.HTTPConnection(LOOPBACK, port, timeout=_SECONDS)
        try:
            connection.request("GET", path, headers=dict(headers or {}))
            status = connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return f"{path} is not answered yet"
        finally:
            connection.close()
        return "" if status < _FIRST_BAD_STATUS else f"{path} answers {status}"

    return probe


def all_of(*probes: Probe) -> Probe:
    """Return a probe that is content when every one of `probes` is."""

    def probe() -> str:
        return next((problem for p in probes if (problem := p())), "")

    return probe


def sql(dsn: str) -> Probe:
    """Return a probe that is content when PostgreSQL lets us in."""

    def probe() -> str:
        try:
            psycopg.connect(dsn, connect_timeout=int(_SECONDS)).close()
        except psycopg.OperationalError as error:
            return str(error).strip().splitlines()[0]
        return ""

    return probe


def ping(url: str) -> Probe:
    """Return a probe that is content when Redis or Valkey answers a ping."""

    def probe() -> str:
        try:
            with redis.Redis.from_url(
                url, socket_timeout=_SECONDS, socket_connect_timeout=_SECONDS
            ) as client:
                client.ping()
        except redis.RedisError as error:
            return str(error)
        return ""

    return probe
