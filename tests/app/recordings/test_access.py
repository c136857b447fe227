"""Who sees and plays a recording: every visibility for every kind of visitor; routes from the wrong side."""

import pytest

from app import clock
from app.accounts.service import ban
from app.recordings.models import Recording, RecordingState, Wanted
from app.rooms.models import Visibility
from tests.app.recordings.hall import (
    ASKED_FOR_CODE,
    NOT_THERE,
    PLAYED,
    SIGN_IN,
    VERIFY,
    Hall,
    browser_of,
    met,
)
from tests.app.recordings.rows import a_recording, addresses
from tests.browser import Person
from tests.conftest import new_person
from tests.factories import signed_in, viewer

pytestmark = pytest.mark.slow

EVERYONE = (
    *("guest", "guest with the code", "banned", "account", "unverified", "operator"),
    *("org host", "co-host", "org admin", "unverified admin", "host"),
)
MANAGE = ("org admin", "host")


def expected(who: str, visibility: str) -> str:
    """What DOMAIN.md and the settings of a recording say, written down once more."""
    stranger = who in {"guest", "guest with the code", "banned"}
    if visibility == Visibility.NOBODY:
        return NOT_THERE
    if who in {*MANAGE, "co-host"} or visibility in {Visibility.LINK, Visibility.PUBLIC}:
        return PLAYED
    if visibility == Visibility.SIGNED_IN:
        return SIGN_IN if stranger else VERIFY if who.startswith("unverified") else PLAYED
    if visibility == Visibility.CODE:
        return PLAYED if who == "guest with the code" else ASKED_FOR_CODE
    return NOT_THERE


@pytest.mark.parametrize("who", EVERYONE)
async def test_who_may_play_what(site, hall, who):
    async with browser_of(site, hall, who) as person:
        for visibility in Visibility:
            await hall.set(visibility=visibility)
            await plays_and_reads_as_expected(person, hall, who, visibility)


async def plays_and_reads_as_expected(person: Person, hall: Hall, who: str, visibility: str) -> None:
    wanted = expected(who, visibility)
    assert await met(person, hall, "presentation") == wanted, visibility
    # What is hidden is for those who manage it alone; everyone else is answered as if it were not there.
    hidden = wanted if who in MANAGE or wanted != PLAYED else NOT_THERE
    assert await met(person, hall, "podcast") == hidden, visibility
    assert await met(person, hall, "nothing") in {NOT_THERE, wanted} - {PLAYED}

    page = await person.client.get(hall.at)
    # No page has an address of BBB's: the player is asked for at ours, and asked each time.
    assert not any(secret in page.text for secret in addresses(hall.recording))
    may_play = wanted == PLAYED
    assert (f"{hall.at}/presentation" in page.text) is may_play
    assert (f"{hall.at}/podcast" in page.text) is (may_play and who in MANAGE)
    assert ("The long evening" in page.text) is (may_play or who in MANAGE)
    assert (f'action="{hall.at}"' in page.text) is (who in MANAGE)
    # A room's address is a key to it: who may see a recording is not given the room with it.
    assert ("/r/hall" in page.text) is (who in MANAGE or (who == "co-host" and may_play))
    unlisted = visibility != Visibility.PUBLIC and page.status_code == 200
    assert ("noindex" in page.headers.get("x-robots-tag", "")) is unlisted
    room = await person.client.get("/r/hall")
    assert not any(secret in room.text for secret in addresses(hall.recording))
    assert ("The long evening" in room.text) is (visibility == Visibility.PUBLIC)


@pytest.mark.parametrize(("who", "listed"), [("org admin", True), ("unverified admin", False)])
async def test_who_has_not_verified_an_address_finds_nothing_of_the_organisation_listed(
    site, hall, who, listed
):
    async with browser_of(site, hall, who) as person:
        for path, name in (("/recordings", "The long evening"), ("/rooms", "/r/hall")):
            answer = await person.client.get(path)
            assert (answer.status_code, name in answer.text) == (200, listed), path


CLOSED = (
    {"trashed_at": True},
    {"state": RecordingState.UNPUBLISHED},
    {"state": RecordingState.GONE},
    {"wanted": Wanted.DELETED},
)
OPEN = {
    "trashed_at": None,
    "state": RecordingState.PUBLISHED,
    "wanted": None,
    "visibility": Visibility.PUBLIC,
}


@pytest.mark.parametrize("who", ["guest", "account", "co-host", "org admin", "host"])
async def test_what_is_not_shown_is_played_by_nobody_and_seen_by_who_manages_it(site, hall, who):
    async with browser_of(site, hall, who) as person:
        for closed in CLOSED:
            columns = {name: clock.now() if value is True else value for name, value in closed.items()}
            await hall.set(**OPEN | columns)
            assert await met(person, hall, "presentation") == NOT_THERE, closed
            page = await person.client.get(hall.at)
            assert page.status_code == (200 if who in MANAGE else 404)
            assert f"{hall.at}/presentation" not in page.text
            assert "The long evening" not in (await person.client.get("/r/hall")).text, closed


async def test_a_recording_that_is_being_made_says_so_to_who_may_see_it(site, hall):
    await hall.set(visibility=Visibility.LINK, state=RecordingState.PROCESSING)
    async with new_person(site) as guest:
        assert await met(guest, hall, "presentation") == NOT_THERE
        await guest.open(hall.at)
        assert "This recording is still being made" in guest.words


async def test_the_recordings_of_a_banned_host_are_seen_by_their_organisations_admins_only(site, hall):
    await hall.set(visibility=Visibility.PUBLIC)
    async with hall.database.transaction() as session:
        await ban(session, hall.people["host"].id, "abuse")
    for who, wanted in (("guest", NOT_THERE), ("co-host", NOT_THERE), ("org admin", PLAYED)):
        async with browser_of(site, hall, who) as person:
            assert await met(person, hall, "presentation") == wanted


NO_ADDRESSES = (
    "javascript:alert(1)",
    "data:text/html,x",
    "//evil.example/x",
    "http://[",
    "ftp://evil.example",
    "/x",
)


async def test_nobody_is_sent_to_what_is_no_address_of_the_web(site, hall):
    async with signed_in(site, hall.people["host"]) as host:
        for url in NO_ADDRESSES:
            made = await a_recording(hall.database, hall.people["host"], hall.room, formats=(("video", url),))
            page = await host.open(f"/recordings/{made.key}")
            assert page.status_code == 200
            assert "alert" not in page.text
            assert "evil" not in page.text
            assert (await host.client.get(f"/recordings/{made.key}/video")).status_code == 404


async def test_a_format_with_a_name_that_is_no_word_is_left_out(site, hall):
    strange = [(kind, "https://bbb.example.org/{id}") for kind in ("a/../b", "<b>", "video")]
    made = await a_recording(hall.database, hall.people["host"], hall.room, formats=strange)
    async with signed_in(site, hall.people["host"]) as host:
        page = await host.open(f"/recordings/{made.key}")
        assert page.status_code == 200
        assert page.text.count(f'href="/recordings/{made.key}/') == 2, "one to play, one to delete"


ROUTES = [
    ("GET", "", {}),
    ("POST", "", {"name": "Mine", "visibility": "public"}),
    ("GET", "/delete", {}),
    ("POST", "/delete", {}),
    ("POST", "/restore", {}),
    ("POST", "/erase", {}),
    ("POST", "/publish", {}),
]


@pytest.mark.parametrize("who", [one for one in EVERYONE if one not in MANAGE])
async def test_who_does_not_manage_it_changes_nothing(site, hall, who):
    is_guest = who in {"guest", "guest with the code", "banned"}
    async with browser_of(site, hall, who) as person:
        await person.open("/")
        token = person.form("").fields
        for method, path, fields in ROUTES:
            # Whatever the visibility: who may see it may not change it.
            await hall.set(visibility=Visibility.LINK if path else Visibility.NOBODY)
            data = {**token, **fields} if method == "POST" else None
            answer = await person.client.request(method, f"{hall.at}{path}", data=data)
            if is_guest and (method, path) != ("GET", ""):
                assert answer.status_code == 303, path
                assert answer.headers["location"].startswith("/sign-in"), path
            else:
                assert answer.status_code == 404, path
    async with hall.database.transaction() as session:
        now = await session.get_one(Recording, hall.recording.id)
    assert (now.name, now.trashed_at, now.wanted) == ("The long evening", None, None)


@pytest.mark.parametrize("who", MANAGE)
async def test_who_manages_it_changes_trashes_restores_and_erases_it(site, hall, who):
    async def now() -> Recording:
        async with hall.database.transaction() as session:
            return await session.get_one(Recording, hall.recording.id)

    async with browser_of(site, hall, who) as person:
        await person.open(hall.at)
        await person.submit(hall.recording.key, name="Evening", visibility="link", keep_days="30")
        assert "Saved." in person.words
        found = await now()
        assert (found.name, found.visibility, found.keep_days) == ("Evening", "link", 30)
        await person.open(f"{hall.at}/delete")
        assert "Then it is deleted for good, and that frees 340 MB" in person.words
        await person.submit("/delete")
        assert (await now()).trashed_at is not None
        assert (await person.open(f"{hall.at}/delete", follow=False)).status_code == 303
        await person.open(hall.at)
        await person.submit("/restore")
        assert (await now()).trashed_at is None
        await person.open(f"{hall.at}/delete")
        await person.submit("/delete")
        await person.open(hall.at)
        await person.submit("/erase")
        assert (await now()).wanted == "deleted"
        await person.open(hall.at)
        assert "It is being deleted for good" in person.words
    assert viewer(hall.people["host"]).id == hall.recording.host_id
