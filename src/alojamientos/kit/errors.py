"""The root of every error that this project raises on purpose."""

from typing import Any, ClassVar


class AlojamientosError(Exception):
    """Something that the application expected could happen has happened.

    The docstring of a subclass is its default message. `status` is the HTTP status that the
    error becomes at the edge, `code` the stable identifier of the RFC 9457 problem type, and
    `extra` its extension members: no secrets and no personal data belong there.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"
    title: ClassVar[str] = "Internal error"

    def __init__(self, message: str | None = None, **extra: Any) -> None:
        doc = (self.__doc__ or self.title).strip().splitlines()[0]
        self.message = message or doc
        self.extra = extra
        super().__init__(self.message)


class Invalid(AlojamientosError):  # noqa: N818 - reads as a sentence where it is raised
    """A value given by the caller is not acceptable; `extra["field"]` names it."""

    status = 422
    code = "invalid"
    title = "Invalid value"


class NotFound(AlojamientosError):  # noqa: N818
    """There is no such thing."""

    status = 404
    code = "not_found"
    title = "Not found"


class Conflict(AlojamientosError):  # noqa: N818
    """The request contradicts the present state."""

    status = 409
    code = "conflict"
    title = "Conflict"


class Unavailable(AlojamientosError):  # noqa: N818
    """A part that this needs is not available at the moment; try again."""

    status = 503
    code = "unavailable"
    title = "Temporarily unavailable"


class ProviderError(AlojamientosError):
    """An outside provider did not do what was asked."""

    status = 502
    code = "provider_error"
    title = "Provider error"


class ProviderUnavailable(ProviderError):  # noqa: N818
    """An outside provider is down, too slow or limiting us; the same call may succeed later."""

    status = 503
    code = "provider_unavailable"
    title = "Provider unavailable"
