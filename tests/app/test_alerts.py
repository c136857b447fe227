"""What processes raise: counted at once, kept when the database answers, shown until an operator has looked."""

import asyncio

import pytest
from sqlalchemy import select, text
from structlog.testing import capture_logs

from app.admin.alert_words import words_of
from app.alerts import MOST_SUBJECTS, OTHERS, Alert, Alerts, Kind, forget_old, open_alerts
from app.db import Database
from app.settings import DatabaseSettings
from app.web.proxies import Proxies
from tests.conftest import new_person
from tests.factories import a_person, signed_in
from tests.house import free_port


@pytest.fixture
async def at_olu_s(site, database):
    """An operator at a browser."""
    async with signed_in(site, await a_person(database, "olu@example.org", is_operator=True)) as person:
        yield person


async def kept(database):
    async with database.transaction() as session:
        found = await session.scalars(select(Alert).order_by(Alert.kind, Alert.subject))
        return {(alert.kind, alert.subject): alert.times for alert in found}


async def test_what_happens_is_counted_and_two_processes_count_together(database):
    one, other = Alerts(database), Alerts(database)
    for alerts in (one, other, one):
        alerts.note(Kind.DATABASE, "full")
    other.note(Kind.FILES)
    await asyncio.gather(one.write(), other.write())
    assert await kept(database) == {("database", "full"): 3, ("files", ""): 1}
    await one.write()
    assert sum((await kept(database)).values()) == 4


async def test_what_the_database_does_not_take_now_is_kept_for_later(database):
    away = Database(DatabaseSettings(database_url=f"postgresql://g@127.0.0.1:{free_port()}/g"))
    alerts = Alerts(away)
    alerts.note(Kind.DATABASE, "away")
    await alerts.write()
    alerts.note(Kind.DATABASE, "away")
    alerts._database = database  # noqa: SLF001  it is back
    await alerts.write()
    assert await kept(database) == {("database", "away"): 2}
    await away.close()


async def test_a_process_writes_what_it_noted_before_it_stops(database):
    alerts = Alerts(database)
    async with alerts.kept():
        alerts.note(Kind.FILES)
    assert await kept(database) == {("files", ""): 1}


async def test_made_up_subjects_fill_neither_memory_nor_table(database):
    alerts = Alerts(database)
    for number in range(500):
        alerts.note(Kind.PROXY, f"2001:db8::{number:x}" + "x" * 1000)
    await alerts.write()
    found = await kept(database)
    assert len(found) == MOST_SUBJECTS + 1
    assert found["proxy", OTHERS] == 500 - MOST_SUBJECTS
    assert max(len(subject) for _, subject in found) == 200


def test_the_log_has_one_line_a_minute_for_each(database):
    alerts = Alerts(database)
    with capture_logs() as lines:
        for _ in range(50):
            alerts.note(Kind.DATABASE, "full")
            alerts.note(Kind.DATABASE, "read_only")
    assert [line["subject"] for line in lines] == ["full", "read_only"]


async def test_an_operator_reads_what_it_means_and_has_done_with_it_until_it_happens_again(
    site, database, at_olu_s, move_clock
):
    alerts = site.state.alerts
    alerts.note(Kind.PROXY, "10.9.8.7")
    await alerts.write()
    await at_olu_s.open("/admin")
    assert "Requests from 10.9.8.7 say who they are forwarded for" in at_olu_s.words
    assert "add it to GUILDHALL_PROXIES" in at_olu_s.words
    await at_olu_s.submit("/admin/alerts/dismiss")
    assert "10.9.8.7" not in at_olu_s.words
    await move_clock(minutes=1)
    alerts.note(Kind.PROXY, "10.9.8.7")
    await alerts.write()
    await at_olu_s.open("/admin")
    assert "10.9.8.7" in at_olu_s.words


@pytest.mark.parametrize("kind", [*Kind])
@pytest.mark.parametrize("subject", ["full", "connections", "read_only", "refused", "away", "10.0.0.1", ""])
async def test_every_kind_has_words(site, at_olu_s, kind, subject):
    site.state.alerts.note(kind, subject)
    await site.state.alerts.write()
    assert (await at_olu_s.open("/admin")).status_code == 200
    assert "Needs a look" in at_olu_s.words
    assert (words_of(Alert(kind=kind, subject=subject)))[0] != kind


async def test_a_kind_of_a_newer_version_breaks_no_page(database, at_olu_s):
    async with database.transaction() as session:
        await session.execute(text("INSERT INTO alerts VALUES ('from_tomorrow', 'x', now(), now(), 1)"))
    assert (await at_olu_s.open("/admin")).status_code == 200


async def test_what_is_long_ago_is_not_shown_and_forgotten_after_a_month(site, database, move_clock):
    site.state.alerts.note(Kind.FILES)
    await site.state.alerts.write()
    for days, shown, left in ((8, 0, 1), (23, 0, 0)):
        await move_clock(days=days)
        async with database.transaction() as session:
            await forget_old(session)
            assert len(await open_alerts(session)) == shown
        assert len(await kept(database)) == left


# Proxies


async def asked(alerts, settings, *, peer, **headers):
    """One request through the middleware; the address that the site then sees."""
    seen = {}

    async def site(scope, _receive, _send):
        seen["client"] = scope["client"][0]

    scope = {
        "type": "http",
        "client": (peer, 4711),
        "scheme": "http",
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
    }
    await Proxies(site, settings, alerts)(scope, None, None)
    return seen["client"]


@pytest.fixture
def public(settings):
    """A site that others reach, behind a proxy at 10.0.0.1."""
    changes = {
        "public_url": "https://meet.example",
        "proxies": "10.0.0.1",
        "smtp_url": "smtp://m",
        "demo": False,
    }
    return type(settings)(**(settings.model_dump() | changes))


async def test_a_proxy_that_is_not_believed_raises_an_alert_and_one_that_is_does_not(database, public):
    alerts = Alerts(database)
    assert await asked(alerts, public, peer="172.17.0.1", x_forwarded_for="198.51.100.7") == "172.17.0.1"
    assert await asked(alerts, public, peer="10.0.0.1", x_forwarded_for="198.51.100.7") == "198.51.100.7"
    assert await asked(alerts, public, peer="198.51.100.9") == "198.51.100.9"
    await alerts.write()
    assert await kept(database) == {("proxy", "172.17.0.1"): 1}


async def test_a_proxy_that_says_nobody_s_address_raises_an_alert(database, public):
    alerts = Alerts(database)
    await asked(alerts, public, peer="10.0.0.1", host="meet.example")
    await asked(alerts, public, peer="10.0.0.1", host="10.0.0.2:8000")  # a health check, say
    await alerts.write()
    assert await kept(database) == {("proxy_silent", "10.0.0.1"): 1}


async def test_on_this_machine_alone_no_proxy_is_missed(database, settings):
    alerts = Alerts(database)
    await asked(alerts, settings, peer="127.0.0.1", host="127.0.0.1:8000")
    await alerts.write()
    assert await kept(database) == {}


async def test_the_site_sees_visitors_through_its_proxy(site):
    async with new_person(site, **{"X-Forwarded-For": "198.51.100.7, 127.0.0.1"}) as guest:
        assert (await guest.open("/")).status_code == 200
