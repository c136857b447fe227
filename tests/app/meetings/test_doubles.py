"""Behind a balancer: the same meeting twice in a list, meetings that cannot be read, pages of the balancer."""

import re

import httpx
import pytest

from app.meetings.following import follow
from app.meetings.models import EndReason, MeetingState
from app.servers.pool import Servers
from bbb_client.client import BBBClient
from bbb_client.server import Server
from tests.app.meetings.bbb import Balancer, order
from tests.app.meetings.stories import MINUTE, now, passes, server_of, words_of
from tests.conftest import SECRET
from tests.factories import a_person, signed_in

pytestmark = pytest.mark.slow

DOUBLE = (
    "<meeting><meetingName>Board</meetingName><meetingID>{id}</meetingID>"
    "<internalMeetingID>dead-node-1</internalMeetingID><createTime>{at}</createTime><running>{running}</running>"
    "<hasBeenForciblyEnded>{ended}</hasBeenForciblyEnded><participantCount>0</participantCount></meeting>"
)
FOREIGN = (
    "<meeting><meetingName>Of another front end</meetingName><meetingID>elsewhere-1</meetingID>"
    "<internalMeetingID>x-1</internalMeetingID><createTime></createTime><running>true</running></meeting>"
)


@pytest.fixture
async def behind(settings):
    """The servers of a worker whose BBB stands behind a balancer, and the balancer."""
    servers, balancer = Servers(settings), Balancer()
    await servers.client.aclose()
    servers.client = BBBClient(Server(settings.bbb_url, SECRET), transport=balancer)
    async with servers.connected():
        yield servers, balancer


def double_of(meeting, *, at=-90_000_000, running="false", ended="true"):
    return DOUBLE.format(id=meeting.external_id, at=meeting.create_time + at, running=running, ended=ended)


async def rounds(database, servers, number=8, seconds=20):
    """More than a minute: what was ended by mistake would be revived, and ended again."""
    for _ in range(number):
        passes(seconds=seconds)
        await follow(database, servers)


@pytest.mark.parametrize("where", ["list_first", "list_last"])
async def test_a_dead_double_does_not_end_a_living_meeting(database, running, simulator, behind, where):
    servers, balancer = behind
    await order(simulator, "connect", meetingID=running.external_id, count=3)
    getattr(balancer, where)(double_of(running))
    for _ in range(8):
        await rounds(database, servers, 1)
        kept = await now(database, running)
        assert (kept.state, kept.people_now, kept.missing_since) == (MeetingState.RUNNING, 3, None)
    assert kept.create_time == running.create_time


@pytest.mark.parametrize(
    ("double", "people"),
    [
        ({"at": 5, "running": "true", "ended": "false"}, 2),  # made later, on another node
        ({"at": -5, "running": "false", "ended": "false"}, 2),
        ({"at": 0, "running": "false", "ended": "true"}, 2),  # the very same one, twice
    ],
)
async def test_of_doubles_ours_counts(database, running, simulator, behind, double, people):
    servers, balancer = behind
    await order(simulator, "connect", meetingID=running.external_id, count=2)
    balancer.list_first(double_of(running, **double))
    await rounds(database, servers, 5)
    kept = await now(database, running)
    assert (kept.state, kept.people_now) == (MeetingState.RUNNING, people)


async def test_if_ours_is_not_listed_the_one_that_runs_counts(database, running, behind):
    servers, balancer = behind
    other = double_of(running, at=7, running="true", ended="false")
    other = other.replace("<participantCount>0<", "<participantCount>4<")
    balancer.list_only(double_of(running), other, double_of(running, at=99))
    await rounds(database, servers, 5)
    kept = await now(database, running)
    assert (kept.state, kept.people_now) == (MeetingState.RUNNING, 4)


async def test_only_a_dead_double_is_listed_ours_is_asked_for_and_lives(database, running, behind):
    servers, balancer = behind
    balancer.list_only(double_of(running))
    await rounds(database, servers, 8)
    assert (await now(database, running)).state == MeetingState.RUNNING


async def test_a_dead_double_at_getmeetinginfo_proves_nothing_at_once_and_enough_after_a_while(
    database, running, behind
):
    servers, balancer = behind
    balancer.list_only(double_of(running))
    inner = double_of(running).removeprefix("<meeting>").removesuffix("</meeting>")
    balancer.changes["getMeetingInfo"] = lambda _body: (
        f"<response><returncode>SUCCESS</returncode>{inner}</response>"
    )
    await rounds(database, servers, 4)
    assert (await now(database, running)).state == MeetingState.RUNNING
    await rounds(database, servers, 6)
    assert (await now(database, running)).state == MeetingState.ENDED


async def test_ours_that_is_listed_as_ended_has_ended_and_stays_so(database, running, behind):
    servers, balancer = behind
    balancer.list_only(double_of(running, at=0))
    await rounds(database, servers, 8)
    ended = await now(database, running)
    assert ended.state == MeetingState.ENDED
    assert ended.ended_at < ended.started_at + MINUTE


async def test_a_foreign_meeting_that_cannot_be_read_is_skipped_and_counted(
    site, database, running, simulator, behind
):
    servers, balancer = behind
    await order(simulator, "connect", meetingID=running.external_id, count=3)
    balancer.list_first(FOREIGN)
    await rounds(database, servers, 3)
    kept = await now(database, running)
    assert (kept.state, kept.people_now, kept.unknown_since) == (MeetingState.RUNNING, 3, None)
    assert "Running" in await words_of(site)
    server = await server_of(database)
    assert (server.failing_since, server.unread_meetings) == (None, 1)
    async with signed_in(site, await a_person(database, "olga@example.org", is_operator=True)) as operator:
        await operator.open("/admin")
        assert "lists what can’t be read" in operator.words
        balancer.changes.clear()
        await follow(database, servers)
        await operator.open("/admin")
        assert "lists what can’t be read" not in operator.words


def without_time(body):
    return re.sub(r"<createTime>\d+</createTime>", "<createTime/>", body)


def without_id(body):
    return re.sub(r"<meetingID>[^<]*</meetingID>", "", without_time(body))


def not_xml(body):
    return re.sub(r"<meetingName>[^<]*</meetingName>", "<meetingName>A & B <br></meetingName>", body)


@pytest.mark.parametrize("spoil", [without_time, without_id, not_xml])
async def test_ours_that_cannot_be_read_is_unknown_and_neither_missing_nor_ended(
    site, database, running, behind, spoil
):
    servers, balancer = behind
    balancer.changes["getMeetings"] = spoil
    await rounds(database, servers, 10)
    kept = await now(database, running)
    assert (kept.state, kept.missing_since) == (MeetingState.RUNNING, None)
    assert kept.unknown_since is not None
    assert "Unknown" in await words_of(site)
    balancer.changes.clear()
    await follow(database, servers)
    assert (await now(database, running)).unknown_since is None
    assert "Running" in await words_of(site)


async def test_ours_that_cannot_be_read_ends_when_its_time_is_over(database, running, behind, simulator):
    servers, balancer = behind
    balancer.changes["getMeetings"] = without_time
    passes(minutes=62)
    await follow(database, servers)
    assert (await now(database, running)).end_reason == EndReason.TIME_UP


async def test_numbers_that_no_meeting_has_do_not_stop_the_round(database, running, simulator, behind):
    servers, balancer = behind
    await order(simulator, "connect", meetingID=running.external_id, count=2)
    for number in ("9" * 18, "-5", "many", ""):
        balancer.changes["getMeetings"] = lambda body, number=number: re.sub(
            r"<participantCount>\d+<", f"<participantCount>{number}<", body
        )
        await rounds(database, servers, 2)
        assert (await now(database, running)).people_now == 2


PAGE = b"<html><h1>No</h1></html>"


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "HTTP 401"),
        (403, "doesn’t let this site in (HTTP 403)"),
        (404, "no BigBlueButton API at its address (HTTP 404)"),
        (502, "can’t reach BigBlueButton behind it"),
        (503, "can’t reach BigBlueButton behind it"),
        (500, "answered that it failed"),
        (200, "can’t be read"),
    ],
)
async def test_what_a_balancer_answers_is_a_reason_of_its_own(
    site, database, running, behind, status, words, capsys
):
    servers, balancer = behind
    balancer.changes["getMeetings"] = lambda _body: httpx.Response(status, content=PAGE)
    await follow(database, servers)
    assert (await now(database, running)).state == MeetingState.RUNNING
    assert f"(HTTP {status})" in capsys.readouterr().out
    async with signed_in(site, await a_person(database, "olga@example.org", is_operator=True)) as operator:
        await operator.open("/admin")
        assert words in operator.words


async def test_a_wrong_secret_is_said_in_words(site, database, running, settings):
    wrong = settings.model_copy(update={"bbb_secret": type(settings.bbb_secret)("another")})
    async with Servers(wrong).connected() as servers:
        await follow(database, servers)
    async with signed_in(site, await a_person(database, "olga@example.org", is_operator=True)) as operator:
        await operator.open("/admin")
        assert "doesn’t accept the shared secret" in operator.words
    assert (await now(database, running)).state == MeetingState.RUNNING
