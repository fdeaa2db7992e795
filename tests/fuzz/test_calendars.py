"""Whatever a calendar's host sends, and whoever asks for ours: no crash, no hang, no leak."""

import ipaddress
import random
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx2
import pytest
from pydantic import SecretStr
from tests.fuzz.mutations import garbled

from alojamientos.channels.ical import operations
from alojamientos.channels.ical.domain import FeedError, Source
from alojamientos.channels.ical.feed import parse
from alojamientos.entrypoints import container as containers
from alojamientos.entrypoints import demo, web
from alojamientos.kit import addresses
from alojamientos.kit.errors import Invalid
from alojamientos.settings import load_settings

pytestmark = [pytest.mark.fuzz, pytest.mark.timeout(0)]

CORPUS = [
    path.read_bytes()
    for path in sorted((Path(__file__).parents[1] / "corpus" / "ical").glob("*.ics"))
    if path.stat().st_size < 3_000
]
TODAY = date(2026, 11, 24)
ZONE = ZoneInfo("America/Argentina/Buenos_Aires")
HANGS_AFTER_S = 30  # of work: others may want the machine as well
_DATES = (
    *(
        "20270115",
        "20270115T100000",
        "20270115T100000Z",
        "00010101",
        "99991231",
        "99991231T235959Z",
    ),
    *(
        "20270230",
        "20271315",
        "2027-01-15",
        "-20270115",
        "",
        "mañana",
        "20270115,20270116",
        "0" * 50,
    ),
    *("20270314T020000", "19000101", "20270115T246060"),
)
_DURATIONS = ("P1D", "-P1D", "P999999999D", "PT0S", "P1W", "PT25H", "P", "P1Y", "PT99999999999S")
_ZONES = (
    "",
    ";VALUE=DATE",
    ";TZID=Europe/Madrid",
    ";TZID=Luna",
    ';TZID="a:b;c"',
    ";VALUE=PERIOD",
    ";X",
)
_RULES = (
    *(
        "FREQ=DAILY",
        "FREQ=WEEKLY;BYDAY=MO,TU",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=HOURLY",
    ),
    *("FREQ=DAILY;INTERVAL=0", "FREQ=DAILY;INTERVAL=-1", "FREQ=DAILY;INTERVAL=999999999999"),
    *("FREQ=MONTHLY;BYDAY=5MO,-5SU;BYSETPOS=-1", "FREQ=YEARLY;BYWEEKNO=53;BYDAY=SU", "FREQ=", ""),
    *(
        "FREQ=DAILY;UNTIL=20270101",
        "FREQ=DAILY;UNTIL=20270101T000000Z;COUNT=3",
        "FREQ=DAILY;COUNT=0",
    ),
    *("FREQ=YEARLY;BYYEARDAY=366", "FREQ=DAILY;BYSECOND=1", "FREQ=WEEKLY;WKST=XX", "COUNT=2"),
    *("FREQ=DAILY;COUNT=99999999999", "FREQ=YEARLY;BYEASTER=1", "RSCALE=HEBREW;FREQ=YEARLY"),
)
_LINES = (
    *(
        "BEGIN:VEVENT",
        "END:VEVENT",
        "BEGIN:VCALENDAR",
        "END:VCALENDAR",
        "BEGIN:VALARM",
        "END:VALARM",
    ),
    *("STATUS:CANCELLED", "TRANSP:TRANSPARENT", "UID:", "UID:" + "x" * 5_000, "SUMMARY:Reserved"),
    *(
        "X-\u202e:\x00",
        ":",
        ";",
        "=",
        " ",
        "\t",
        "DTSTART",
        "BEGIN:",
        "BEGIN:VTIMEZONE",
        "TZID:Luna",
    ),
)
_HOSTS = (
    *("example.org", "127.0.0.1", "localhost", "0", "127.1", "0x7f000001", "2130706433", "[::1]"),
    *(
        "[::ffff:10.0.0.1]",
        "169.254.169.254",
        "metadata.google.internal",
        "1.1.1.1",
        "[fe80::1%25lo]",
    ),
    *(
        "xn--nxasmq6b",
        "ⓔⓧⓐⓜⓟⓛⓔ.org",
        "127。0。0。1",
        "a" * 300,
        "",
        "example.org.",
        "user@10.0.0.1",
    ),
)
_ADDRESSES = (
    *(
        "1.1.1.1",
        "200.45.1.1",
        "2606:4700::1111",
        "127.0.0.1",
        "10.1.2.3",
        "192.168.0.1",
        "100.64.0.1",
    ),
    *("169.254.169.254", "0.0.0.0", "::1", "::", "fe80::1", "fc00::1", "::ffff:127.0.0.1"),
    *("64:ff9b::7f00:1", "2002:7f00:1::", "224.0.0.1", "255.255.255.255"),
)


@contextmanager
def ends(number: int) -> Iterator[None]:
    """Fail instead of waiting for ever, and name the case."""

    def hangs(*_: object) -> None:
        pytest.fail(f"case {number} has not ended after {HANGS_AFTER_S} s of work")

    before = signal.signal(signal.SIGPROF, hangs)
    signal.setitimer(signal.ITIMER_PROF, HANGS_AFTER_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def broken(rng: random.Random) -> bytes:
    """Return a calendar of the corpus with lines changed, or with bytes."""
    content = rng.choice(CORPUS)
    if rng.random() < 0.3:
        return garbled(rng, content)
    lines = content.split(b"\n")
    for _ in range(rng.randint(1, 5)):
        at = rng.randrange(len(lines) + 1)
        match rng.randrange(5):
            case 0 if at < len(lines):
                del lines[at]
            case 1 if at < len(lines):
                lines.insert(rng.randrange(len(lines) + 1), lines[at])
            case _:
                lines.insert(at, _line(rng).encode())
    return b"\n".join(lines)


def _line(rng: random.Random) -> str:
    name = rng.choice(("DTSTART", "DTEND", "RECURRENCE-ID", "RDATE", "EXDATE", "dtend"))
    return rng.choice(
        (
            f"{name}{rng.choice(_ZONES)}:{rng.choice(_DATES)}",
            f"{name}{rng.choice(_ZONES)}:{rng.choice(_DATES)}",
            f"DURATION:{rng.choice(_DURATIONS)}",
            f"RRULE:{rng.choice(_RULES)}",
            f"RRULE:{rng.choice(_RULES)};{rng.choice(_RULES)}",
            rng.choice(_LINES),
        )
    )


def test_of_feeds(fuzz_cases, steady):
    read = refused = longest = 0
    for number in steady(fuzz_cases):
        rng = random.Random(number)
        content = broken(rng)
        with ends(number):
            try:
                reading = parse(content, source=rng.choice(list(Source)), zone=ZONE, today=TODAY)
            except FeedError as error:
                refused += 1
                longest = max(longest, len(str(error)))
                continue
        read += 1
        for one in reading.occupied:
            assert max(one.starts_on, TODAY) < one.ends_on, number
            assert one.starts_on <= TODAY + timedelta(days=730), number
            assert 0 < len(one.uid) < 300, number
        uids = [one.uid for one in reading.occupied]
        assert len(set(uids)) == len(uids), number
        assert reading.freed.isdisjoint(uids), number

    assert read > fuzz_cases // 10
    assert refused > fuzz_cases // 10
    assert longest < 200  # nothing of what was sent is repeated


async def test_of_addresses(fuzz_cases, monkeypatch):
    rng = random.Random()

    def answers(_host, port, *_args, **_more):  # noqa: ANN002, ANN003
        found = rng.choices(_ADDRESSES, k=rng.randint(1, 2))
        return [
            (
                socket.AF_INET6 if ":" in one else socket.AF_INET,
                socket.SOCK_STREAM,
                6,
                "",
                (one, port),
            )
            for one in found
        ]

    monkeypatch.setattr(socket, "getaddrinfo", answers)  # any name may lead anywhere
    passed = 0
    for number in range(fuzz_cases):
        rng.seed(number)
        scheme = rng.choice(("https", "https", "https", "http", "HTTPS", "file", "gopher", ""))
        port = rng.choice(("", "", ":443", ":80", ":8443", ":0", ":-1", ":99999", ":"))
        userinfo = rng.choice(("", "", "", "a:b@", "127.0.0.1@", "@"))
        path = rng.choice(
            ("/a.ics", "", "/?t=1", "/\r\nHost: x", "/%00", "#@127.0.0.1", "\\@10.0.0.1")
        )
        url = f"{scheme}://{userinfo}{rng.choice(_HOSTS)}{port}{path}"
        try:
            target = await addresses.resolve(url)
        except (Invalid, OSError, UnicodeError):
            continue
        passed += 1
        assert (target.scheme, target.port) == ("https", 443), url
        for address in target.addresses:
            assert ipaddress.ip_address(address).is_global, url
            assert "127.0.0.1" not in address, url
        for origin in target.origins():
            assert origin.startswith("https://"), url
            assert origin.endswith(":443"), url

    assert passed > fuzz_cases // 500


@pytest.fixture
async def client(database_url, redis_url):
    settings = load_settings(check_production=False).evolve(
        app={"log_level": "CRITICAL", "rate_limit_per_minute": 10**9},
        database={"url": SecretStr(database_url), "pool_size": 3},
        redis={"url": SecretStr(redis_url)},
    )
    demo.load(database_url)
    built = containers.build(settings, process="web")
    async with built.running():
        async with built.database.begin() as tx:
            _, secret = await operations.give_out(
                tx, cabin="arrayan", source=Source.AIRBNB, feed_id=None, actor="test"
            )
        transport = httpx2.ASGITransport(app=web.create_app(built))  # an exception is a failure
        async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
            client.headers["x-secret"] = secret
            yield client


async def test_of_those_who_ask_for_ours(client, fuzz_cases):
    secret = client.headers.pop("x-secret")
    etag = (await client.get(f"/ical/{secret}/arrayan.ics")).headers["etag"]
    statuses = set()
    for number in range(fuzz_cases // 5):
        rng = random.Random(number)
        given = rng.choice(
            (secret, secret, secret, secret[:-1], "", "..", "%2e%2e", "%00", "ñ", "a" * 9000)
        )
        cabin = rng.choice(
            ("arrayan", "arrayan", "arrayan", "coihue", "", "%00", "..%2f", "A" * 500)
        )
        headers = {
            "if-none-match": rng.choice(("", etag, f"W/{etag}", "*", '"', ",,,", "x" * 5000)),
            "if-modified-since": rng.choice(
                (
                    "",
                    "Tue, 24 Nov 2099 00:00:00 GMT",
                    "Tue, 99 Nov 2026",
                    "0",
                    "Mon, 01 Jan 0001 00:00:00 -9999",
                )
            ),
            "user-agent": rng.choice(("", "Airbnb/1", "\x7f<script>", "x" * 5000)),
            "range": rng.choice(("bytes=0-1", "bytes=-999999999", "x")),
        }
        sent = {name: value for name, value in headers.items() if rng.random() < 0.5}
        method = rng.choice(("GET", "GET", "GET", "HEAD", "POST", "OPTIONS"))
        response = await client.request(method, f"/ical/{given}/{cabin}.ics", headers=sent)
        assert response.status_code in {200, 304, 307, 404, 405}, (number, response.text)
        assert response.status_code == 405 or given == secret or response.status_code in {404, 307}
        statuses.add(response.status_code)

    assert {200, 304, 404, 405} <= statuses
