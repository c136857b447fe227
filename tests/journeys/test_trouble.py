"""What happens when BBB is away, slow or talks nonsense, a process dies, a form is old, a callback lies."""

import signal
from collections.abc import AsyncIterator

import httpx
import pytest
from playwright.async_api import expect
from sqlalchemy import select

from app.meetings.models import Meeting
from app.rooms.models import Room
from tests.house import House, until
from tests.journeys.visitor import Door, Visitor

pytestmark = pytest.mark.journey

# A round comes every five seconds.
ROUND = 30.0


@pytest.fixture(autouse=True)
async def behaving_bbb(house: House) -> AsyncIterator[None]:
    """Whatever a test ordered, BBB behaves again afterwards."""
    yield
    house.processes["simulator"].signal(signal.SIGCONT)
    await house.bbb("DELETE", "faults")


async def meetings_of(house: House, room: Room) -> list[Meeting]:
    async with house.database.transaction() as session:
        found = select(Meeting).where(Meeting.room_id == room.id).order_by(Meeting.id)
        return list(await session.scalars(found))


async def state_of(house: House, room: Room) -> str:
    """The state of the room's newest meeting."""
    meetings = await meetings_of(house, room)
    return meetings[-1].state if meetings else ""


async def becomes(house: House, room: Room, state: str) -> None:
    async def is_so() -> bool:
        return await state_of(house, room) == state

    await until(is_so, f"the meeting of {room.name} is {state}", within=ROUND)


async def host_of(house: House, door: Door, name: str, **columns: str) -> tuple[Visitor, Room]:
    """A host with a room, whose page is open."""
    user = await house.person("Ada Okafor", **columns)
    room = await house.room(user, name)
    host = await door.signed_in(user)
    await host.open(f"/r/{room.slug}")
    return host, room


async def test_a_bbb_that_does_not_answer_makes_meetings_unknown_and_ends_none(house: House, door: Door):
    host, room = await host_of(house, door, "Silent round")
    await host.press("Start the meeting")
    await host.is_in_meeting()
    other, _other_room = await host_of(house, door, "Other round")
    guest = await door.visitor()
    await guest.open("/r/silent-round")
    await guest.reads("Running")

    with house.silent_bbb():
        await expect(guest.page.locator(".pill")).to_have_text("Unknown", timeout=ROUND * 1000)
        await guest.reads("We cannot see this meeting at the moment.")
        await other.press("Start the meeting")
        await other.reads("The meeting is starting. It takes longer than usual.")
        await other.reads("If nothing comes of it, it can be started again here in a minute.")
        assert await state_of(house, room) == "running"

    await expect(guest.page.locator(".pill")).to_have_text("Running", timeout=ROUND * 1000)
    assert [meeting.state for meeting in await meetings_of(house, room)] == ["running"]
    await guest.fill(name="Guest Gil")
    await guest.press("Join the meeting")
    await guest.is_in_meeting()


async def test_a_bbb_that_talks_nonsense_gets_an_honest_page_and_the_place_is_free_again(
    house: House, door: Door
):
    says = {
        # It may have made the meeting: nobody is told that it has not.
        "error-500": "The meeting is starting. It takes longer than usual.",
        "nonsense": "The meeting is starting. It takes longer than usual.",
        "dropped": "The meeting is starting. It takes longer than usual.",
        "checksum-refused": "The meeting server refuses to work with this site",
    }
    tried: list[tuple[Visitor, Room]] = []
    for kind, words in says.items():
        host, room = await host_of(house, door, f"Trouble {kind}")
        await house.bbb("POST", "faults", kind=kind, call="create")
        await host.press("Start the meeting")
        await host.reads(words)
        await house.bbb("DELETE", "faults")
        tried.append((host, room))
    # A refusal is certain: that place is free at once. The others may have been heard, so BBB is asked first.
    assert [await state_of(house, room) for _host, room in tried] == ["starting"] * 3 + ["failed"]
    await house.move_clock(2)
    for host, room in tried:
        await becomes(house, room, "failed")
        await host.open(f"/r/{room.slug}")
        await host.press("Start the meeting")
        await host.is_in_meeting()


async def test_characters_that_xml_forbids_do_not_keep_a_meeting_from_starting(house: House, door: Door):
    host, room = await host_of(house, door, "Broken xml")
    await house.bbb("POST", "faults", kind="broken-xml", call="create", times=1)
    await host.press("Start the meeting")
    await host.is_in_meeting()
    assert await state_of(house, room) == "running"


async def test_a_meeting_whose_answer_was_lost_is_found_by_the_next_round(house: House, door: Door):
    host, room = await host_of(house, door, "Lost answer")
    await house.bbb("POST", "faults", kind="answer-lost", call="create")
    await host.press("Start the meeting")
    await host.reads("The meeting is starting. It takes longer than usual.")
    await becomes(house, room, "running")
    # The page has gone on by itself.
    await host.is_in_meeting()


async def test_a_form_that_was_open_too_long_is_sent_again_with_what_was_typed(house: House, door: Door):
    user = await house.person("Ada Okafor")
    host = await door.signed_in(user)
    await host.open("/rooms/new")
    await host.fill(
        name="Slow typing", description="Two lines,\nof which none is lost.", address="slow-typing"
    )
    await host.page.get_by_label("Guests wait until a host lets them in").check()
    await house.move_clock(13 * 60)
    await host.press("Make the room")
    await host.reads("This page was open for a long time")
    await host.reads("Slow typing")
    await host.reads("of which none is lost.")
    await host.press("Send it again")
    await host.is_at_room("slow-typing")
    async with house.database.transaction() as session:
        room = (await session.scalars(select(Room).where(Room.slug == "slow-typing"))).one()
    assert (room.name, room.description, room.lobby, room.host_id) == (
        "Slow typing",
        "Two lines,\nof which none is lost.",
        True,
        user.id,
    )


async def kill_the_servers(house: House) -> None:
    """Kill every server process as the machine's memory guard would; `serve` starts new ones."""
    for server in house.processes["serve"].servers():
        server.kill()


async def serves_again(house: House) -> None:
    async def answers() -> bool:
        try:
            async with httpx.AsyncClient(timeout=2) as client:
                return (await client.get(f"{house.url}/health")).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    await until(answers, "new server processes answer", within=ROUND)


async def start_and_kill(house: House, host: Visitor, room: Room) -> None:
    """Press start, and kill the servers while they wait for BBB. The browser may ask again by itself."""
    await host.button("Start the meeting").click(no_wait_after=True)
    await becomes(house, room, "starting")
    await kill_the_servers(house)


async def test_a_server_that_is_killed_between_reserving_and_confirming_leaves_nothing_behind(
    house: House, door: Door
):
    # BBB makes the first meeting after the process is gone, and never makes the second one.
    host, made = await host_of(house, door, "Killed and made")
    await house.bbb("POST", "faults", kind="slow", call="create", seconds=3, times=1)
    await start_and_kill(house, host, made)
    await becomes(house, made, "running")
    await serves_again(house)

    other, never = await host_of(house, door, "Killed and never made")
    await house.bbb("POST", "faults", kind="slow", call="create", seconds=3, times=1)
    await house.bbb("POST", "faults", kind="error-500", call="create", times=1)
    await start_and_kill(house, other, never)
    await serves_again(house)
    await house.move_clock(2)
    await becomes(house, never, "failed")

    await host.open(f"/r/{made.slug}")
    await host.press("Join the meeting")
    await host.is_in_meeting()
    await other.open(f"/r/{never.slug}")
    await other.press("Start the meeting")
    await other.is_in_meeting()


async def test_an_end_callback_that_is_forged_changes_nothing_and_one_that_is_repeated_nothing_more(
    house: House, door: Door
):
    host, room = await host_of(house, door, "Called back")
    await host.press("Start the meeting")
    await host.is_in_meeting()
    meeting = (await meetings_of(house, room))[0]
    other = "x" * len(meeting.callback_token)
    async with httpx.AsyncClient(base_url=house.url) as bbb:

        async def ended(external_id: str, token: str) -> int:
            answer = await bbb.get(f"/callbacks/meetings/{external_id}/{token}/ended?meetingID=x")
            return answer.status_code

        assert await ended(meeting.external_id, other) == httpx.codes.NOT_FOUND
        assert await ended("gh-unknown", meeting.callback_token) == httpx.codes.NOT_FOUND
        assert await state_of(house, room) == "running"

        assert await ended(meeting.external_id, meeting.callback_token) == httpx.codes.OK
        first = (await meetings_of(house, room))[0]
        assert first.state == "ended"
        await house.move_clock(1)
        assert await ended(meeting.external_id, meeting.callback_token) == httpx.codes.OK
    again = (await meetings_of(house, room))[0]
    assert (again.state, again.ended_at, again.end_reason) == ("ended", first.ended_at, first.end_reason)
