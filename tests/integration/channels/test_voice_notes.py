"""A voice note from the webhook to the words that are answered, over real HTTP."""

import asyncio
import base64
import hashlib
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse, StreamingResponse
from tests.integration.channels.conftest import (
    GUEST,
    NUMBER,
    CloudApi,
    Hotel,
    Recorded,
    eventually,
    notification,
    serving,
)
from tests.speech.voices import said, whisper_model

from alojamientos.channels.base import MediaNotFetched
from alojamientos.channels.store import inbox_event
from alojamientos.channels.whatsapp import media as whatsapp_media
from alojamientos.channels.whatsapp.media import WhatsAppMedia
from alojamientos.conversation import pausing
from alojamientos.conversation.messages import InboundMessage, MessageKind
from alojamientos.conversation.pausing import PauseReason
from alojamientos.kit import db
from alojamientos.kit.clock import utc_now
from alojamientos.kit.http import HttpCall, HttpClient
from alojamientos.transcription.command import Command
from alojamientos.transcription.whisper import Whisper

VOICE = b"OggS the words of a guest"
HEX = hashlib.sha256(VOICE).hexdigest()
BASE64 = base64.b64encode(hashlib.sha256(VOICE).digest()).decode()


@dataclass
class Shelf:
    """The provider's media: what is looked up, and what is behind the address."""

    content: bytes = VOICE
    told: dict[str, Any] = field(default_factory=dict)
    look_ups: int = 0
    downloads: int = 0
    answers: list[Response] = field(default_factory=list)  # of the download, used up first
    look_up_answers: list[Response] = field(default_factory=list)
    authorizations: set[str] = field(default_factory=set)
    url: str = ""
    shown: list[str] = field(default_factory=list)  # that we write, that we have read

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.get("/v25.0/{media_id}")
        async def look_up(media_id: str, request: Request) -> Response:
            self.look_ups += 1
            self.authorizations.add(request.headers["authorization"])
            if self.look_up_answers:
                return self.look_up_answers.pop(0)
            told = {
                "url": f"{self.url}/attachments/?mid={media_id}&hash=x",
                "mime_type": "audio/ogg; codecs=opus",
                "sha256": HEX,
                "file_size": len(self.content),
                **self.told,
            }
            return JSONResponse(told)

        @app.get("/attachments/")
        async def download(request: Request) -> Response:
            self.downloads += 1
            self.authorizations.add(request.headers["authorization"])
            return self.answers.pop(0) if self.answers else Response(self.content)

        @app.post("/v25.0/{number}/messages")
        async def messages(number: str, request: Request) -> Response:
            assert number == NUMBER
            if (body := await request.json()).get("status") == "read":
                self.shown.append("typing" if "typing_indicator" in body else "read")
            return JSONResponse({"messages": [{"id": "wamid.OUT"}]})

        return app


@pytest.fixture
async def shelf() -> AsyncIterator[Shelf]:
    shelf = Shelf()
    async with serving(shelf.app()) as url:
        shelf.url = url
        yield shelf


@pytest.fixture
def calls() -> list[HttpCall]:
    return []


@pytest.fixture
async def source(shelf: Shelf, calls: list[HttpCall]) -> AsyncIterator[WhatsAppMedia]:
    async with HttpClient(
        provider="whatsapp",
        base_url=shelf.url,
        timeout_s=2.0,
        headers={"Authorization": "Bearer token"},
        on_call=calls.append,
    ) as http:
        yield WhatsAppMedia(http=http, base_url=shelf.url, api_version="v25.0")


def note(media_id: str = "1234567890987654321", sha256: str | None = BASE64) -> InboundMessage:
    return InboundMessage(
        channel="whatsapp",
        external_id="wamid.1",
        address=GUEST,
        kind=MessageKind.AUDIO,
        media_id=media_id,
        media_sha256=sha256,
    )


async def test_media_is_looked_up_and_downloaded_with_the_token(
    source: WhatsAppMedia, shelf: Shelf, calls: list[HttpCall]
):
    media = await source.fetch(note())

    assert (media.content, media.mime_type) == (VOICE, "audio/ogg")
    assert shelf.authorizations == {"Bearer token"}
    assert [(call.operation, call.outcome) for call in calls] == [
        ("get_media", "2xx"),
        ("download_media", "2xx"),
    ]


async def test_an_address_that_has_run_out_is_looked_up_again(source: WhatsAppMedia, shelf: Shelf):
    shelf.answers = [Response("URL signature expired", status_code=404)]

    assert (await source.fetch(note())).content == VOICE
    assert shelf.look_ups == 2


async def test_a_hiccup_of_the_provider_is_tried_once_more(source: WhatsAppMedia, shelf: Shelf):
    shelf.look_up_answers = [Response(status_code=500)]

    assert (await source.fetch(note())).content == VOICE


@pytest.mark.parametrize("status", [429, 500])
async def test_a_provider_that_stays_down_is_given_up(
    source: WhatsAppMedia, shelf: Shelf, status: int
):
    shelf.look_up_answers = [Response(status_code=status) for _ in range(5)]

    with pytest.raises(MediaNotFetched, match="did not hand it out"):
        await source.fetch(note())

    assert shelf.look_ups == 2


async def test_media_that_is_gone_is_not_asked_for_again(source: WhatsAppMedia, shelf: Shelf):
    shelf.look_up_answers = [Response(status_code=400)]

    with pytest.raises(MediaNotFetched, match="400"):
        await source.fetch(note())

    assert (shelf.look_ups, shelf.downloads) == (1, 0)


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/attachments/",
        "https://lookaside.fbsbx.com.evil.example/",
        "https://lookaside.fbsbx.com@evil.example/",
        "https://evil.example\\@lookaside.fbsbx.com/",
        "https://evil.example/?.fbsbx.com",
        "https://notfbsbx.com/",
        "http://lookaside.fbsbx.com/",
        "https://lookaside.fbsbx.com:8443/",
        "http://127.0.0.1:1/attachments/",
        "http://169.254.169.254/latest/meta-data/",
        "file:///etc/passwd",
        "https://lookaside.fbsbx.com:port/",
        "",
        17,
    ],
)
async def test_the_token_goes_to_no_other_host(
    source: WhatsAppMedia, shelf: Shelf, calls: list[HttpCall], url: Any
):
    shelf.told = {"url": url}

    with pytest.raises(MediaNotFetched, match="not one of the provider's"):
        await source.fetch(note())

    assert [call.operation for call in calls] == ["get_media"]


@pytest.mark.parametrize(
    "url",
    [
        "https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=1&ext=2&hash=3",
        "https://scontent.whatsapp.net/x",
        "https://graph.facebook.com/x",
    ],
)
async def test_the_providers_hosts_are_known(source: WhatsAppMedia, url: str):
    assert source._is_the_providers(url)


async def test_a_redirect_is_not_followed(source: WhatsAppMedia, shelf: Shelf):
    shelf.answers = [RedirectResponse(f"{shelf.url}/attachments/?mid=2")]

    with pytest.raises(MediaNotFetched, match="307"):
        await source.fetch(note())

    assert shelf.downloads == 1


@pytest.mark.parametrize("size", [whatsapp_media.LARGEST + 1, 10**12])
async def test_what_says_that_it_is_too_large_is_not_downloaded(
    source: WhatsAppMedia, shelf: Shelf, size: int
):
    shelf.told = {"file_size": size}

    with pytest.raises(MediaNotFetched, match="larger"):
        await source.fetch(note())

    assert shelf.downloads == 0


async def test_what_lies_about_its_size_is_cut_off(
    source: WhatsAppMedia, shelf: Shelf, calls: list[HttpCall]
):
    given: list[int] = []

    async def endless() -> AsyncIterator[bytes]:
        while len(given) < 500:
            given.append(1)
            yield b"x" * 65536

    shelf.told = {"file_size": 100}
    shelf.answers = [StreamingResponse(endless())]

    with pytest.raises(MediaNotFetched, match="larger"):
        await source.fetch(note())

    assert len(given) < 500
    assert shelf.downloads == 1


async def test_one_that_trickles_in_is_given_up(
    source: WhatsAppMedia, shelf: Shelf, calls: list[HttpCall], monkeypatch: pytest.MonkeyPatch
):
    async def trickle() -> AsyncIterator[bytes]:
        while True:
            yield b"x"
            await asyncio.sleep(0.05)

    monkeypatch.setattr(whatsapp_media, "_DEADLINE_S", 0.3)
    shelf.answers = [StreamingResponse(trickle()), StreamingResponse(trickle())]

    with pytest.raises(MediaNotFetched, match="did not hand it out"):
        await source.fetch(note())

    assert [call.outcome for call in calls if call.operation == "download_media"] == ["timeout"] * 2


@pytest.mark.parametrize(
    ("announced", "told"),
    [
        (BASE64, "0" * 64),
        (base64.b64encode(b"x" * 32).decode(), HEX),
        ("no digest at all", HEX),
        (None, ""),
        (None, 5),
    ],
)
async def test_what_is_not_what_was_announced_is_refused(
    source: WhatsAppMedia, shelf: Shelf, announced: str | None, told: Any
):
    shelf.told = {"sha256": told}

    with pytest.raises(MediaNotFetched, match="checksum"):
        await source.fetch(note(sha256=announced))


@pytest.mark.parametrize(("announced", "told"), [(HEX, BASE64), (None, HEX), (BASE64, None)])
async def test_checksums_are_compared_as_bytes_not_as_written(
    source: WhatsAppMedia, shelf: Shelf, announced: str | None, told: Any
):
    shelf.told = {"sha256": told}

    assert (await source.fetch(note(sha256=announced))).content == VOICE


@pytest.mark.parametrize("media_id", ["../../me", "1?fields=access_token", "", "x" * 65])
async def test_an_id_that_is_a_path_is_not_asked_for(
    source: WhatsAppMedia, shelf: Shelf, media_id: str
):
    with pytest.raises(MediaNotFetched, match="id"):
        await source.fetch(note(media_id=media_id))

    assert shelf.look_ups == 0


@pytest.mark.parametrize("body", [b"no json", b"[]", b"null"])
async def test_a_look_up_that_makes_no_sense_is_refused(
    source: WhatsAppMedia, shelf: Shelf, body: bytes
):
    shelf.look_up_answers = [Response(body)]

    with pytest.raises(MediaNotFetched):
        await source.fetch(note())


# --- through the pipeline ---


def transcriber(tmp_path: Path, code: str) -> Command:
    program = tmp_path / "whisper.py"
    program.write_text(code)
    return Command(command=f"{sys.executable} {program}", deadline_s=20)


@pytest.fixture
def api(shelf: Shelf) -> CloudApi:
    """The provider that the hotel talks to is the one with the media."""
    return CloudApi(url=shelf.url)


async def send_note(hotel: Hotel, **audio: Any) -> None:
    content = {"id": "111", "sha256": BASE64, "mime_type": "audio/ogg; codecs=opus", "voice": True}
    message = {
        "from": GUEST,
        "id": "wamid.voice",
        "timestamp": "1697043473",
        "type": "audio",
        "audio": {**content, **audio},
    }
    assert (await hotel.post(notification(messages=[message]))).status_code == 200


async def stored(database: db.Database) -> dict[str, Any]:
    async with database.read() as conn:
        payload = (await conn.execute(sa.select(inbox_event.c.payload))).scalar_one()
    return dict(payload["message"])


async def test_a_voice_note_is_answered_as_its_words_and_timed_as_audio(
    hotel: Hotel, shelf: Shelf, recorded: Recorded, database: db.Database, tmp_path: Path
):
    hotel.transcriber = transcriber(tmp_path, "print('hay lugar del 15 al 18?')")

    async with hotel.working():
        await send_note(hotel)
        await eventually(lambda: recorded.of("webhook_processed"))

    assert hotel.handler.understood == ["hay lugar del 15 al 18?"]
    [processed] = recorded.of("webhook_processed")
    assert (processed["source"], processed["event_type"]) == ("whatsapp", "audio")
    [heard] = recorded.of("speech_heard")
    assert heard["outcome"] == "heard"
    assert processed["seconds"] > heard["seconds"] > 0  # listening is part of the guest's waiting
    kept = await stored(database)
    assert (kept["text"], kept["heard"]) == ("hay lugar del 15 al 18?", "heard")


async def test_while_we_listen_the_guest_sees_that_we_write(
    hotel: Hotel, shelf: Shelf, database: db.Database, tmp_path: Path
):
    hotel.transcriber = transcriber(tmp_path, "print('hola')")

    async with hotel.working():
        await send_note(hotel)
        await eventually(lambda: "read" in shelf.shown)

    assert shelf.shown == ["typing", "read"]


async def test_while_a_person_has_the_word_nobody_seems_to_write(
    hotel: Hotel, shelf: Shelf, database: db.Database, recorded: Recorded, tmp_path: Path
):
    hotel.transcriber = transcriber(tmp_path, "print('paused')")
    async with database.begin() as tx:
        await pausing.pause(
            tx,
            channel="whatsapp",
            address=GUEST,
            until=utc_now() + timedelta(hours=1),
            reason=PauseReason.OWNER_WROTE,
        )

    async with hotel.working():
        await send_note(hotel)
        await eventually(lambda: recorded.of("webhook_processed"))

    assert shelf.shown == []


@pytest.mark.parametrize(
    ("code", "outcome"),
    [("", "nothing"), ("raise SystemExit(1)", "failed"), (None, "nobody")],
)
async def test_without_words_the_conversation_is_told_why(
    hotel: Hotel,
    recorded: Recorded,
    tmp_path: Path,
    code: str | None,
    outcome: str,
    shelf: Shelf,
    database: db.Database,
):
    if code is not None:
        hotel.transcriber = transcriber(tmp_path, code)

    async with hotel.working():
        await send_note(hotel)
        await eventually(lambda: recorded.of("webhook_processed"))

    assert hotel.handler.understood == [""]
    assert recorded.outcomes("speech_heard") == [outcome]
    assert (await stored(database))["heard"] == outcome
    assert shelf.downloads == (0 if outcome == "nobody" else 1)


async def test_a_voice_note_that_cannot_be_fetched_is_answered_all_the_same(
    hotel: Hotel, recorded: Recorded, shelf: Shelf, tmp_path: Path
):
    hotel.transcriber = transcriber(tmp_path, "print('never run')")
    shelf.look_up_answers = [Response(status_code=404)]

    async with hotel.working():
        await send_note(hotel)
        await eventually(lambda: recorded.of("webhook_processed"))

    assert hotel.handler.understood == [""]
    assert recorded.outcomes("speech_heard") == ["failed"]


async def test_a_voice_note_is_listened_to_once_however_often_its_job_runs(
    hotel: Hotel, recorded: Recorded, shelf: Shelf, tmp_path: Path
):
    hotel.transcriber = transcriber(tmp_path, "print('hola')")
    hotel.handler.away = 1  # the database goes away between understanding and acting

    async with hotel.working():
        await send_note(hotel)
        await eventually(lambda: recorded.of("webhook_processed"))

    assert hotel.handler.understood == ["hola"]
    assert recorded.outcomes("speech_heard") == ["heard"]
    assert shelf.downloads == 1


async def test_no_transaction_is_open_while_listening(
    hotel: Hotel, database_url: str, recorded: Recorded, tmp_path: Path
):
    watched = (
        "SELECT state FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    code = (
        "import psycopg\n"
        f"with psycopg.connect({database_url!r}, autocommit=True) as conn:\n"
        f"    states = [row[0] for row in conn.execute({watched!r})]\n"
        "print([state for state in states if state.startswith('idle in transaction')])\n"
    )
    hotel.transcriber = transcriber(tmp_path, code)

    async with hotel.working():
        await send_note(hotel)
        await eventually(lambda: recorded.of("webhook_processed"))

    assert hotel.handler.understood == ["[]"]


async def test_a_caption_is_not_taken_for_what_was_said(
    hotel: Hotel, recorded: Recorded, database: db.Database
):
    async with hotel.working():
        await send_note(hotel, caption="cancelar todo")
        await eventually(lambda: recorded.of("webhook_processed"))

    assert hotel.handler.understood == [""]


@pytest.mark.parametrize(("least", "outcome"), [(0.4, "heard"), (0.99, "unsure")])
async def test_words_that_are_too_likely_wrong_are_not_acted_on(
    hotel: Hotel,
    shelf: Shelf,
    recorded: Recorded,
    database: db.Database,
    tmp_path: Path,
    least: float,
    outcome: str,
):
    shelf.content = said("Buenas tardes, ¿cuánto sale la cabaña del quince al dieciocho de enero?")
    digest = hashlib.sha256(shelf.content).hexdigest()
    shelf.told = {"sha256": digest}
    hotel.transcriber = Whisper(model=whisper_model(tmp_path), deadline_s=60)
    hotel.min_confidence = least

    async with hotel.working():
        await send_note(hotel, sha256=digest)
        await eventually(lambda: recorded.of("webhook_processed"), seconds=60)

    [understood] = hotel.handler.understood
    assert ("15 al 18" in understood) == (outcome == "heard")
    assert (understood == "") == (outcome == "unsure")
    assert recorded.outcomes("speech_heard") == [outcome]
    assert (await stored(database))["heard"] == outcome
