"""What guests see on their phones: one chat each, bounded, as plain data that can be saved."""

import asyncio
from collections.abc import Iterable
from typing import Any

_MAX_CHATS = 5_000
_MAX_ENTRIES = 400


class Chats:
    """Every guest's chat with the number, newest entries kept."""

    def __init__(self) -> None:
        self._chats: dict[str, dict[str, Any]] = {}
        self._waiting: dict[str, set[asyncio.Event]] = {}
        self._closed = False

    def add(self, wa_id: str, entry: dict[str, Any]) -> dict[str, Any]:
        """Append `entry`, numbered, wake who waits for it, and return it."""
        chat = self._chats.pop(wa_id, None) or {"next": 1, "entries": [], "window_until": 0.0}
        self._chats[wa_id] = chat  # most recently used last
        entry = {"n": chat["next"], **entry}
        chat["next"] += 1
        chat["entries"].append(entry)
        del chat["entries"][:-_MAX_ENTRIES]
        while len(self._chats) > _MAX_CHATS:
            del self._chats[next(iter(self._chats))]
        for news in self._waiting.get(wa_id, ()):
            news.set()
        return entry

    def entries(self, wa_id: str, *, after: int = 0) -> list[dict[str, Any]]:
        chat = self._chats.get(wa_id)
        entries: list[dict[str, Any]] = chat["entries"] if chat else []
        return [entry for entry in entries if entry["n"] > after]

    async def wait(self, wa_id: str, *, after: int, seconds: float) -> None:
        """Return once there is an entry after number `after`, or after `seconds`."""
        news = asyncio.Event()
        self._waiting.setdefault(wa_id, set()).add(news)
        try:
            async with asyncio.timeout(seconds):
                while not self._closed and not self.entries(wa_id, after=after):
                    await news.wait()
                    news.clear()
        except TimeoutError:
            return
        finally:
            self._waiting[wa_id].discard(news)
            if not self._waiting[wa_id]:
                del self._waiting[wa_id]

    def hang_up(self) -> None:
        """Let nobody wait any more: the process stops."""
        self._closed = True
        for waiting in self._waiting.values():
            for news in waiting:
                news.set()

    def find(self, wa_id: str, message_id: str) -> dict[str, Any] | None:
        for entry in self.entries(wa_id)[::-1]:
            if entry["id"] == message_id:
                return entry
        return None

    def offered(self, wa_id: str, option_id: str) -> dict[str, Any] | None:
        """Return the latest message that offered `option_id`."""
        for entry in self.entries(wa_id)[::-1]:
            if any(option["id"] == option_id for option in entry.get("options", ())):
                return entry
        return None

    def open_window(self, wa_id: str, *, until: float) -> None:
        """Let the business write freely to the guest until the instant `until`."""
        chat = self._chats[wa_id]
        chat["window_until"] = max(chat["window_until"], until)

    def close_window(self, wa_id: str) -> None:
        if chat := self._chats.get(wa_id):
            chat["window_until"] = 0.0

    def window_until(self, wa_id: str) -> float:
        chat = self._chats.get(wa_id)
        return float(chat["window_until"]) if chat else 0.0

    def summary(self) -> list[dict[str, Any]]:
        return [
            {"wa_id": wa_id, "entries": chat["next"] - 1, "window_until": chat["window_until"]}
            for wa_id, chat in reversed(self._chats.items())
        ]

    def clear(self) -> None:
        self._chats.clear()

    def to_json(self) -> dict[str, Any]:
        return self._chats

    def load(self, chats: Iterable[tuple[str, dict[str, Any]]]) -> None:
        self._chats = dict(chats)
