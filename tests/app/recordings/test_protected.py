"""A balancer that protects recordings makes addresses that work once: BBB is asked for one at the click."""

import asyncio
import re

import httpx
import pytest
from sqlalchemy import select, update

from app.recordings import playback
from app.recordings.models import RecordingFormat, RecordingState
from app.recordings.playback import has_key, without_key
from app.rooms.models import Visibility
from bbb_client.client import BBBClient
from bbb_client.server import Server
from tests.app.api.conftest import program, token_of
from tests.app.meetings.bbb import Balancer, order
from tests.conftest import SECRET, new_person

pytestmark = pytest.mark.slow


class Protecting(Balancer):
    """A balancer that gives every address a key of its own in each answer."""

    def __init__(self, flag):
        super().__init__()
        self.flag, self.keys, self.asked = flag, 0, 0
        self.changes["getRecordings"] = self._protect

    def _protect(self, body):
        self.asked += 1
        if self.flag:
            body = body.replace("<published>", "<protected>true</protected><published>")
        return re.sub(r"<url>(.*?)</url>", self._with_key, body, flags=re.DOTALL)

    def _with_key(self, found):
        self.keys += 1
        url = found[1].removeprefix("<![CDATA[").removesuffix("]]>").strip()
        return f"<url>{url}?token=once-{self.keys}</url>"


@pytest.fixture(params=[True, False], ids=["said", "seen by its address"])
async def protecting(site, settings, request):
    """The site's BBB stands behind such a balancer."""
    balancer, servers = Protecting(request.param), site.state.servers
    kept, servers.client = servers.client, BBBClient(Server(settings.bbb_url, SECRET), transport=balancer)
    yield balancer
    await servers.client.aclose()
    servers.client = kept


@pytest.fixture
async def protected(recorder, ada, protecting, move_clock):
    """A recording of Ada's that everyone with the link may see."""
    meeting = await recorder.meeting(ada, recording_visibility=Visibility.LINK)
    await move_clock(minutes=4)
    await recorder.ask(meeting)
    row = await recorder.row()
    assert row.protected
    return row


async def kept_addresses(database):
    async with database.transaction() as session:
        return [*await session.scalars(select(RecordingFormat.url))]


async def test_no_address_with_a_key_is_kept(protected, database):
    urls = await kept_addresses(database)
    assert urls
    assert not [url for url in urls if "once" in url or "?" in url]


async def test_every_click_gets_an_address_of_its_own(site, protected, protecting):
    found = set()
    async with new_person(site) as guest:
        page = await guest.open(f"/recordings/{protected.key}")
        asked = protecting.asked
        assert "once-" not in page.text
        for number in range(3):
            answer = await guest.client.get(f"/recordings/{protected.key}/presentation")
            assert answer.status_code == 303
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["referrer-policy"] == "no-referrer"
            found.add(answer.headers["location"])
            assert protecting.asked == asked + number + 1
    assert len(found) == 3
    assert all(re.search(r"/presentation/.*\?token=once-\d+$", url) for url in found)


async def test_who_may_not_see_it_asks_nobody(site, protected, protecting, database):
    asked = protecting.asked
    async with database.transaction() as session:
        await session.execute(update(type(protected)).values(visibility=Visibility.HOSTS))
    async with new_person(site) as guest:
        assert (await guest.client.get(f"/recordings/{protected.key}/presentation")).status_code == 404
    assert protecting.asked == asked


@pytest.mark.parametrize(
    "failure",
    [
        lambda _body: httpx.Response(503, content=b"<html/>"),
        lambda _body: httpx.Response(403, content=b"<html/>"),
        lambda _body: "<html>busy</html>",
        lambda _body: (
            "<response><returncode>FAILED</returncode><messageKey>checksumError</messageKey></response>"
        ),
        lambda _body: "<response><returncode>SUCCESS</returncode><recordings/></response>",
        lambda body: body.replace(">published<", ">unpublished<"),
        lambda body: re.sub(r"<url>.*?</url>", "<url>javascript:alert(1)</url>", body),
    ],
)
async def test_a_click_that_bbb_does_not_answer_leads_to_a_kind_page(site, protected, protecting, failure):
    protecting.changes["getRecordings"] = failure
    async with new_person(site) as guest:
        answer = await guest.open(f"/recordings/{protected.key}/presentation")
        assert answer.status_code == 503
        assert "can’t be played right now" in guest.words


async def test_a_click_does_not_wait_for_a_slow_server(site, protected, protecting, monkeypatch, simulator):
    monkeypatch.setattr(playback, "ANSWER_SECONDS", 0.3)
    await order(simulator, "faults", kind="slow", seconds=5, call="getRecordings")
    async with new_person(site) as guest, asyncio.timeout(4):
        assert (await guest.open(f"/recordings/{protected.key}/presentation")).status_code == 503


async def test_programs_are_given_a_link_here_that_asks(site, ada, protected, database):
    async with program(site, await token_of(database, ada)) as hers:
        shown = (await hers.get(f"/recordings/{protected.key}")).json()
    links = {form["type"]: form["url"] for form in shown["formats"]}
    assert links["presentation"] == f"http://127.0.0.1:8000/recordings/{protected.key}/presentation"


async def test_an_address_with_a_key_that_was_kept_before_is_never_given_away(site, protected, database):
    async with database.transaction() as session:
        await session.execute(update(type(protected)).values(protected=False))
        await session.execute(update(RecordingFormat).values(url=RecordingFormat.url + "?token=used-up"))
    async with new_person(site) as guest:
        answer = await guest.client.get(f"/recordings/{protected.key}/presentation")
        assert "token=once-" in answer.headers["location"]


async def test_one_that_is_protected_no_longer_is_played_as_it_is_kept(
    site, recorder, protected, protecting, database, move_clock
):
    protecting.changes.clear()
    await move_clock(days=9)
    await recorder.reread()
    row = await recorder.row()
    assert (row.protected, row.state) == (False, RecordingState.PUBLISHED)
    async with new_person(site) as guest:
        answer = await guest.client.get(f"/recordings/{protected.key}/presentation")
        assert answer.headers["location"] in await kept_addresses(database)


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("https://b.example/playback/presentation/2.3/abc-1", False),
        ("https://b.example/playback/presentation/2.0/playback.html?meetingId=abc-1", False),
        ("https://b.example/presentation/abc-1?token=eyJ", True),
        ("https://b.example/presentation/abc-1?meetingId=a&token=", True),
        ("https://b.example/presentation/abc-1?jwt=x#t=4", True),
        ("https://[/", False),
    ],
)
def test_an_address_with_a_key_is_told_from_one_without(url, key):
    assert has_key(url) is key
    if key:
        assert without_key(url).startswith("https://b.example/presentation/abc-1")
        assert "?" not in without_key(url)
        assert "#" not in without_key(url)
