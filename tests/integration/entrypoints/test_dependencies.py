"""A server that goes and comes back leaves one line each, and never raises into a scrape."""

import pytest
import structlog
from pydantic import SecretStr

from alojamientos.entrypoints import container as containers
from alojamientos.entrypoints import dependencies
from alojamientos.settings import SettingsError, load_settings
from alojamientos.telemetry import log_events


async def test_a_loss_and_a_return_are_each_told_once():
    answers = [None, ConnectionError(), ConnectionError(), None, None]

    async def ask():
        if (answer := answers.pop(0)) is not None:
            raise answer

    with structlog.testing.capture_logs() as lines:
        dependency = dependencies.Dependency(
            name="postgres", critical=True, ask=ask, log=structlog.get_logger()
        )
        for _ in range(len(answers)):
            try:
                await dependency.probe()
            except ConnectionError:
                continue

    assert [line["event"] for line in lines] == [
        log_events.DEPENDENCY_LOST,
        log_events.DEPENDENCY_BACK,
    ]
    assert lines[0]["error"] == "ConnectionError"


async def test_a_redis_that_is_not_configured_does_not_answer():
    dependency = dependencies.redis(None, structlog.get_logger())

    with pytest.raises(Exception, match="REDIS_URL is not set"):
        await dependency.probe()


def test_a_process_without_a_database_says_which_variable_to_set():
    settings = load_settings(check_production=False).evolve(database={"url": None})

    with pytest.raises(SettingsError, match="DATABASE_URL is missing"):
        containers.build(settings, process="worker")


async def test_an_answering_database_is_no_news(database_url):
    settings = load_settings(check_production=False).evolve(
        app={"log_level": "ERROR"},
        database={"url": SecretStr(database_url)},
        redis={"url": None},
    )
    built = containers.build(settings, process="worker")
    async with built.running():
        await built.needed[0].probe()
