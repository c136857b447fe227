"""What machines are told: whether to ask this process, and whether a worker is at work."""

from datetime import timedelta
from types import SimpleNamespace

import httpx
from alembic.script import ScriptDirectory
from pydantic import SecretStr
from sqlalchemy import text

from app import clock
from app.heartbeats import note_round
from app.jobs import Surroundings
from app.main import make_app
from app.meetings.jobs import follow_servers
from app.revision import newest_revision
from tests.app.test_live import listened
from tests.conftest import alembic_config, new_person


async def word_of(person, path):
    answer = await person.open(path)
    return answer.status_code, answer.text.strip()


async def test_a_process_is_ready_unless_it_stops_or_the_database_is_behind(site, database, someone):
    await listened(site.state.switchboard)
    assert await word_of(someone, "/health/ready") == (200, "ready")
    site.state.switchboard.is_closing = True
    try:
        assert await word_of(someone, "/health/ready") == (503, "stopping")
        assert await word_of(someone, "/health") == (200, "ok")
    finally:
        site.state.switchboard.is_closing = False
    for revision, told in (("0003", (503, "schema")), ("9999", (200, "ready"))):
        async with database.transaction() as session:
            await session.execute(text("UPDATE alembic_version SET version_num = :to"), {"to": revision})
        try:
            assert await word_of(someone, "/health/ready") == told
        finally:
            async with database.transaction() as session:
                await session.execute(
                    text("UPDATE alembic_version SET version_num = :to"), {"to": newest_revision()}
                )


def test_the_newest_revision_is_alembics():
    assert newest_revision() == ScriptDirectory.from_config(alembic_config("")).get_current_head()


async def test_a_listener_that_hears_nothing_is_said(site, someone):
    site.state.switchboard.is_listening, before = False, site.state.switchboard.is_listening
    try:
        assert await word_of(someone, "/health/ready") == (503, "listener")
        assert await word_of(someone, "/health") == (200, "ok")
    finally:
        site.state.switchboard.is_listening = before


async def test_the_age_of_the_workers_last_round_is_said(database, someone):
    assert await word_of(someone, "/health/worker") == (503, "never")
    await note_round(database)
    assert await word_of(someone, "/health/worker") == (200, "0 s")
    clock.set_offset(timedelta(seconds=59))
    assert await word_of(someone, "/health/worker") == (200, "59 s")
    clock.set_offset(timedelta(seconds=95))
    assert await word_of(someone, "/health/worker") == (503, "95 s")


async def test_a_round_of_the_worker_is_what_counts(site, database, settings, someone):
    around = {
        "surroundings": Surroundings(settings, database, site.state.alerts),
        "servers": site.state.servers,
    }
    await follow_servers(SimpleNamespace(additional_context=around), 0)
    assert await word_of(someone, "/health/worker") == (200, "0 s")


async def test_without_the_database_a_process_is_not_ready(settings):
    nowhere = settings.model_copy(update={"database_url": SecretStr("postgresql://g@127.0.0.1:9/g")})
    async with new_person(make_app(nowhere)) as person:
        for path in ("/health", "/health/ready", "/health/worker"):
            assert (await person.open(path)).status_code == httpx.codes.SERVICE_UNAVAILABLE
