"""Facts: what happened, as small frozen values, told to whoever subscribed after the commit."""

from collections.abc import Callable, Iterable, Mapping

Subscriber = Callable[[object], None]


class Bus:
    """Tell subscribers of facts by the fact's exact type.

    A subscriber that fails must never undo what already happened, so its error goes to
    `on_error(fact, exception)`, which counts and logs it.
    """

    def __init__(
        self,
        table: Mapping[type, Subscriber] | None = None,
        on_error: Callable[[object, Exception], None] | None = None,
    ) -> None:
        self._table = dict(table or {})
        self._on_error = on_error

    def publish(self, *facts: object) -> None:
        """Hand each fact to its subscriber; a fact without one is ignored."""
        self.publish_all(facts)

    def publish_all(self, facts: Iterable[object]) -> None:
        """Hand each of `facts`, in order, to its subscriber."""
        for fact in facts:
            subscriber = self._table.get(type(fact))
            if subscriber is None:
                continue
            try:
                subscriber(fact)
            except Exception as error:
                if self._on_error is None:
                    raise
                self._on_error(fact, error)
