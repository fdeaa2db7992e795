"""Ports that the stack wants: free, or an error that says who has them and what to change."""

import socket
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import psutil

from alojamientos.kit.errors import AlojamientosError

LOOPBACK = "127.0.0.1"


class PortTaken(AlojamientosError):  # noqa: N818 - reads as a sentence where it is raised
    """A port that the stack needs is in use."""


@dataclass(frozen=True, slots=True)
class PortUse:
    """A port, the setting that chooses it and the part that listens on it."""

    number: int
    setting: str
    part: str


def refuse_taken(uses: Iterable[PortUse], host: str = LOOPBACK) -> None:
    """Raise PortTaken naming each port that is taken or wanted twice, its owner and setting."""
    uses = list(uses)
    problems = _wanted_twice(uses)
    problems += [
        f"port {use.number} ({use.part}) is taken by {owner(use.number)};"
        f" stop that, or set {use.setting} to a free port"
        for use in uses
        if not _free(host, use.number)
    ]
    if problems:
        raise PortTaken("The stack cannot start:\n" + "\n".join(f"  - {p}" for p in problems))


def owner(port: int) -> str:
    """Return who listens on `port`, as far as this user may know."""
    try:
        connections = psutil.net_connections(kind="tcp")
    except psutil.AccessDenied:  # macOS tells only root
        return "another program"
    for connection in connections:
        if connection.status != psutil.CONN_LISTEN or connection.laddr[1:] != (port,):
            continue
        if connection.pid is None:
            return "another user's program"
        try:
            process = psutil.Process(connection.pid)
            return f"{process.name()} (pid {connection.pid}, user {process.username()})"
        except psutil.Error:
            return f"pid {connection.pid}"
    return "another program"


def _wanted_twice(uses: list[PortUse]) -> list[str]:
    by_number: dict[int, list[PortUse]] = defaultdict(list)
    for use in uses:
        by_number[use.number].append(use)
    return [
        f"port {number} is wanted by {' and '.join(f'{u.part} ({u.setting})' for u in several)};"
        " give each a port of its own"
        for number, several in by_number.items()
        if len(several) > 1
    ]


def _free(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
