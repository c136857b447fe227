"""Links as mails, chats and people pass them on: they lead to what is meant."""

import pytest

from app.web.index import without_trimmings
from tests.conftest import new_person
from tests.factories import a_person, a_room, signed_in, start

GLUED = ["/", ".", ",", ")", "]", ">", "!", "%20", "%E2%80%8B", "%C2%A0", "%22", "…", "//"]


@pytest.mark.parametrize(
    "path",
    [
        "/r/OPEN-HOUSE",
        "/r/Open-House",
        "/r/open_house",
        "/r/open%20house",
        "/r/open-%E2%80%8Bhouse",
        "/R/open-house",
        *(f"/r/open-house{glued}" for glued in GLUED),
        *(f"/r/Open-House{glued}" for glued in GLUED),
    ],
)
async def test_a_mistyped_address_leads_to_the_room_that_is_meant(site, database, path):
    await a_room(database, await a_person(database), address="open-house")
    async with new_person(site) as guest:
        response = await guest.open(path)
        assert (response.status_code, response.url.path) == (200, "/r/open-house")
        assert {step.status_code for step in response.history} == {301}


@pytest.mark.parametrize(
    "path", ["/r/open-houses", "/r/%E2%80%8B", "/r/.", "/r/", "/r/open-house/nothing/there"]
)
async def test_what_means_no_room_is_not_found(site, database, path):
    await a_room(database, await a_person(database), address="open-house")
    async with new_person(site) as guest:
        assert (await guest.open(path)).status_code == 404


@pytest.mark.parametrize(
    "path", ["/tiers/", "/tiers.", "/Tiers", "/sign-in/)", "/SIGN-IN", "/about%E2%80%8B"]
)
async def test_every_page_is_found_behind_what_is_glued_to_its_link(site, path):
    async with new_person(site) as guest:
        response = await guest.open(f"{path}?language=en")
        assert response.status_code == 200
        assert response.url.query == b"language=en"


@pytest.mark.parametrize(
    "path", ["//evil.example/", "///evil.example", "/\\evil.example.", "/\u200b/evil.example/"]
)
def test_no_mistyped_address_leads_away_from_here(path):
    assert without_trimmings(path) == "/evil.example"


@pytest.mark.parametrize(
    "typed",
    [
        "Weekly Assembly",
        "  weekly   ASSEMBLY ",
        "weekly-assembly",
        "“Weekly Assembly”",
        "http://127.0.0.1:8000/r/Weekly-Assembly.",
        "https://meet.example/r/weekly-assembly?from=mail#x",
        "Join us: https://meet.example/r/weekly-assembly, at six",
        "Wéekly Assembly",
    ],
)
async def test_the_front_page_finds_a_room_by_its_link_or_its_name(site, database, typed):
    await a_room(database, await a_person(database), name="Weekly Assembly")
    async with new_person(site) as guest:
        await guest.open("/")
        await guest.submit("/", address=typed)
        assert guest.page.url.path == "/r/weekly-assembly"


@pytest.mark.parametrize("typed", ["Weekly", "!", "会議"])
async def test_a_name_that_no_room_has_is_said_kindly(site, database, typed):
    await a_room(database, await a_person(database), name="Weekly Assembly")
    async with new_person(site) as guest:
        await guest.open("/")
        await guest.submit("/", address=typed)
        assert guest.page.status_code == 422
        assert typed in guest.page.text


@pytest.mark.parametrize(
    ("path", "page"),
    [
        ("/r/open-house/join", "/r/open-house"),
        ("/r/open-house/start", "/r/open-house"),
        ("/r/open-house/end", "/r/open-house"),
        ("/sign-out", "/"),
    ],
)
async def test_an_address_that_only_takes_a_form_leads_back_to_the_page_of_the_form(
    site, database, path, page
):
    await a_room(database, await a_person(database), address="open-house")
    async with new_person(site) as guest:
        response = await guest.open(path)
        assert (response.status_code, response.url.path) == (200, page)
        assert response.history[0].status_code == 303


async def test_a_refused_form_can_be_opened_again_from_its_address(site, database):
    await a_room(database, await a_person(database), address="open-house")
    async with new_person(site) as guest:
        await guest.open("/r/open-house")
        await guest.submit("/r/open-house/join", name="")
        assert guest.page.status_code == 422
        refused_at = guest.page.url.path
        assert (await guest.open(refused_at)).status_code == 200


async def test_programs_are_told_that_the_method_is_wrong(site):
    async with new_person(site) as guest:
        assert (await guest.open("/callbacks/recordings/1/x", follow=False)).status_code in {404, 405}
        assert (await guest.open("/api/v1/rooms/x/start", follow=False)).status_code == 405


PATHS = [
    "/",
    "/tiers",
    "/r/open-house",
    "/sign-in",
    "/health",
    "/theme.css",
    "/api/v1/openapi.json",
    "/nowhere",
]


@pytest.mark.parametrize("path", PATHS)
async def test_head_answers_like_get_without_the_body(site, database, path):
    await a_room(database, await a_person(database), address="open-house")
    async with new_person(site) as guest:
        got = await guest.client.get(path)
        head = await guest.client.head(path)
    assert (head.status_code, head.content) == (got.status_code, b"")
    assert head.headers["content-type"] == got.headers["content-type"]
    assert head.headers["content-security-policy"] == got.headers["content-security-policy"]


async def test_head_works_for_the_pages_of_people_who_are_signed_in_and_for_streams(site, database):
    ada = await a_person(database)
    room = await a_room(database, ada, address="open-house")
    await start(site, room, ada)
    async with signed_in(site, ada) as host:
        for path in ("/rooms", "/account", "/r/open-house", "/r/open-house/events", "/rooms/events"):
            head = await host.client.head(path)
            assert (path, head.status_code, head.content) == (path, 200, b"")


async def test_head_sends_no_form(site, database):
    await a_room(database, await a_person(database), address="open-house")
    async with new_person(site) as guest:
        assert (await guest.client.head("/r/open-house/join")).status_code == 303
