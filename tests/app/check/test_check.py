"""`python -m app check`: each thing that is wrong is named with how to mend it, and what is right is said so."""

import asyncio
import json
from datetime import timedelta

import httpx
import psycopg
import pytest
from alembic import command

from app import clock
from app.check.bbb import check_bbb
from app.check.database import check_database
from app.check.environment import check_settings, misspelt
from app.check.findings import Verdict, lines_of
from app.check.mail import check_mail
from app.check.run import broken, summary
from app.check.site import MADE_UP, check_site
from app.revision import newest_revision
from app.settings import DatabaseSettings, Settings
from app.web.self_check import check_token
from tests.conftest import alembic_config, new_database, new_person
from tests.house import free_port


def words(findings):
    return "\n".join(lines_of(findings))


def changed(settings, **changes):
    return Settings(**(settings.model_dump() | changes))


@pytest.fixture(scope="module")
def old_database(postgres):
    """A database at the revision before the newest."""
    url = new_database(postgres, "check_old")
    command.upgrade(alembic_config(url), "head")
    command.downgrade(alembic_config(url), "-1")
    return url


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("GUILDHALL_SMTP_ULR", "GUILDHALL_SMTP_URL"),
        ("GUILDHALL_BBB_SECRETS", "GUILDHALL_BBB_SECRET"),
        ("GUILDHALL_MAILFROM", "GUILDHALL_MAIL_FROM"),
        ("GUILDHALL_COLOUR_OF_THE_DOOR", "Take it out"),
    ],
)
def test_a_misspelt_setting_is_named_with_what_was_meant(name, meant):
    (finding,) = misspelt({name: "a secret", "GUILDHALL_BBB_URL": "x", "PATH": "/bin"})
    assert finding.verdict is Verdict.MEND
    assert meant in finding.mend
    assert "a secret" not in words([finding])


def test_whoever_believes_every_address_is_told_what_that_means(settings):
    found = check_settings(changed(settings, proxies="*"))
    assert "anybody can claim to come from anywhere" in words(found)
    assert "anybody" not in words(check_settings(settings))


async def test_a_database_that_fits_is_said_so(settings):
    found = await check_database(settings)
    assert [finding.verdict for finding in found] == [Verdict.OK] * 4
    assert newest_revision() in words(found)


async def test_an_empty_database_and_an_old_one_are_to_be_migrated(postgres, old_database):
    empty = new_database(postgres, "check_empty")
    assert "Run: python -m app migrate" in words(await check_database(DatabaseSettings(database_url=empty)))
    old = await check_database(DatabaseSettings(database_url=old_database))
    assert f"the program needs {newest_revision()}" in words(old)


async def test_a_database_that_only_reads_is_named(postgres):
    url = new_database(postgres, "check_reads")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ALTER DATABASE check_reads SET default_transaction_read_only = on")
    assert "nothing can be written" in words(await check_database(DatabaseSettings(database_url=url)))


async def test_a_database_that_is_not_there_is_named_without_its_password():
    url = f"postgresql://guildhall:s3cret@127.0.0.1:{free_port()}/guildhall"
    (finding,) = await check_database(DatabaseSettings(database_url=url))
    assert finding.verdict is Verdict.MEND
    assert "s3cret" not in words([finding])


async def test_a_clock_that_is_off_is_named(settings):
    clock.set_offset(timedelta(minutes=3))
    try:
        assert "180 s apart from the database's" in words(await check_database(settings))
    finally:
        clock.set_offset(timedelta(0))


@pytest.mark.usefixtures("site")
async def test_a_bigbluebutton_that_fits_is_said_so(settings):
    found = await check_bbb(settings)
    assert "version 3.0" in words(found)
    assert [finding.verdict for finding in found] == [Verdict.OK] * 3


@pytest.mark.usefixtures("site")
async def test_a_bigbluebutton_that_refuses_our_secret_or_is_away_is_named(settings):
    wrong = await check_bbb(changed(settings, bbb_secret="not-the-secret"))
    assert "it refuses our signature (checksumError)" in words(wrong)
    assert "not-the-secret" not in words(wrong)
    away = await check_bbb(changed(settings, bbb_url=f"http://127.0.0.1:{free_port()}/bigbluebutton/"))
    assert [finding.verdict for finding in away] == [Verdict.MEND]


async def test_no_mail_server_and_one_that_is_away_are_named(settings):
    assert "no server is set" in words(await check_mail(changed(settings, smtp_url="")))
    away = f"smtp://hall:s3cret@127.0.0.1:{free_port()}"
    (finding,) = await check_mail(changed(settings, smtp_url=away))
    assert finding.verdict is Verdict.MEND
    assert "s3cret" not in words([finding])


async def test_what_a_request_seems_to_come_from_is_told_to_whoever_has_the_key_only(site, settings):
    async with new_person(site) as anyone:
        for token in (
            "",
            "x",
            check_token(changed(settings, secret_key="another key of 32 characters at least")),
        ):
            assert (await anyone.open(f"/health/seen?token={token}")).status_code == 404
        answer = await anyone.open(f"/health/seen?token={check_token(settings)}")
    told = json.loads(answer.text.rpartition("data: ")[2])
    assert told == {"client": "127.0.0.1", "scheme": "http", "host": "127.0.0.1:8000"}


class Proxied(httpx.AsyncBaseTransport):
    """A proxy before the site, as an answer of its own: what it tells of the request, and how late."""

    def __init__(self, told=None, *, status=200, pause=0.6):
        self.told, self.status, self.pause = told, status, pause

    async def handle_async_request(self, request):
        async def parts():
            yield b": begun\n\n"
            await asyncio.sleep(self.pause)
            yield f"data: {json.dumps(self.told)}\n\n".encode()

        return httpx.Response(self.status, content=parts(), request=request)


def told(client="198.51.100.9", scheme="https"):
    return {"client": client, "scheme": scheme, "host": "meet.example"}


@pytest.fixture
def public(settings):
    """A site that others reach, behind a proxy of the same network."""
    return changed(
        settings,
        public_url="https://meet.example",
        proxies="10.0.0.0/8",
        smtp_url="smtp://mail.example",
        demo=False,
    )


async def test_a_proxy_that_fits_is_said_so(public):
    found = await check_site(public, Proxied(told(client="8.8.8.8")))
    assert [finding.verdict for finding in found] == [Verdict.OK] * 4


@pytest.mark.parametrize(
    ("proxy", "sentence"),
    [
        (Proxied(told(), pause=0), "MEND  Streams: the proxy keeps answers back"),
        (Proxied(told(scheme="http")), "MEND  Forwarded scheme: the site believes it is reached by http"),
        (Proxied(told(client=MADE_UP)), "MEND  Forwarded address: anybody can claim"),
        (Proxied(told(client="10.1.2.3")), "LOOK  Forwarded address: we seem to come from 10.1.2.3"),
        (Proxied(status=404), "is not this site"),
        (Proxied(status=502), "is not this site"),
    ],
)
async def test_a_proxy_that_does_not_fit_is_named(public, proxy, sentence):
    assert sentence in words(await check_site(public, proxy))


async def test_a_site_that_is_not_there_is_named_without_the_token(public):
    class Away(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request):
            raise httpx.ConnectError(f"cannot reach {request.url}", request=request)

    found = words(await check_site(public, Away()))
    assert "MEND  Public address" in found
    assert "token=" not in found


async def test_the_last_line_says_how_many_are_to_be_mended(settings):
    good = check_settings(settings)
    bad = misspelt({"GUILDHALL_SMTP_ULR": "x"})
    assert summary(good) == "Everything that could be checked from here is in order."
    assert summary([*good, *bad]) == "One to mend."
    assert list(broken([*good, *bad])) == bad
