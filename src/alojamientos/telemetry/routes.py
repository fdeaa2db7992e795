"""The route template that a request will take, known before it is routed.

Metrics need it before the application has run (requests in progress) and must never be given
anything that a client chose instead: an unknown path, the wrong method and a redirected slash
have no template.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fastapi.routing import iter_route_contexts
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount, WebSocketRoute
from starlette.types import Scope

UNMATCHED = "none"
_KEY = "alojamientos.handler"


@dataclass(frozen=True, slots=True)
class _Entry:
    """One route. `inner` are those of a mounted application, None where nothing is mounted."""

    template: str
    pattern: re.Pattern[str]
    methods: frozenset[str] | None
    inner: "_Table | None" = None
    opaque: bool = False

    @property
    def is_literal(self) -> bool:
        return self.inner is None and not self.opaque and "{" not in self.template

    def allows(self, method: str) -> bool:
        return self.methods is None or method in self.methods


class _Table:
    """Routes in the order in which they are tried; those without parameters at one look-up."""

    def __init__(self, entries: Iterable[_Entry]) -> None:
        self._patterns: list[_Entry] = []
        self._literals: dict[str, list[_Entry]] = {}
        for entry in entries:
            hidden = any(earlier.pattern.match(entry.template) for earlier in self._patterns)
            if entry.is_literal and not hidden:
                self._literals.setdefault(entry.template, []).append(entry)
            else:
                self._patterns.append(entry)

    def find(self, path: str, method: str) -> str | None:
        for entry in self._literals.get(path, ()):
            if entry.allows(method):
                return entry.template
        for entry in self._patterns:
            match = entry.pattern.match(path)
            if match is None or not entry.allows(method):
                continue
            if entry.inner is None:
                return entry.template
            # What is mounted answers for every path below it, also with "not found".
            found = entry.inner.find("/" + match["path"], method)
            return None if found is None else entry.template + found
        return None


class Routes:
    """Find templates in the routes that `app` has when the first request comes."""

    def __init__(self, app: Starlette) -> None:
        self._app = app
        self._table: _Table | None = None

    def handler(self, scope: Scope) -> str:
        """Return the full template of the route for `scope`, or "none"; keep it in `scope`."""
        known = scope.get(_KEY)
        if known is None:
            if self._table is None:
                self._table = _Table(_entries(self._app.routes))
            known = self._table.find(_path(scope), scope["method"]) or UNMATCHED
            scope[_KEY] = known
        return str(known)


def handler_of(scope: Scope) -> str:
    """Return the template that `Routes.handler` found for a request, or "none"."""
    return str(scope.get(_KEY, UNMATCHED))


def _path(scope: Scope) -> str:
    """Return the path below `root_path`, as Starlette's router sees it."""
    path, root = str(scope["path"]), str(scope.get("root_path", ""))
    return path[len(root) :] if root and path.startswith(f"{root}/") else path


def _entries(routes: Sequence[BaseRoute]) -> Iterable[_Entry]:
    # FastAPI keeps the full path of an included router's route beside the route, not in it.
    for context in iter_route_contexts(routes):
        pattern = getattr(context, "path_regex", None)
        if pattern is None or isinstance(context.original_route, WebSocketRoute):
            continue
        is_mount = isinstance(context.original_route, Mount)
        inner = context.routes if is_mount else ()
        yield _Entry(
            template=context.path or "",
            pattern=pattern,
            methods=frozenset(context.methods) if context.methods else None,
            inner=_Table(_entries(inner)) if inner else None,
            opaque=is_mount and not inner,
        )
