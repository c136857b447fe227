"""What the calls answer when something is wrong: one shape, the words of the pages, the owner's language."""

from datetime import datetime

import pytest
from sqlalchemy import select

from app import clock, i18n
from app.accounts.service import ban
from app.rooms.models import Room
from tests.app.api.conftest import error, program, token_of
from tests.factories import a_person, a_room, an_organisation, signed_in

HALL = "/rooms/hall"


@pytest.mark.parametrize("path", ["", "/", "/nowhere", "/rooms/x/y/z", "/meetings/first", "/meetings/-1"])
async def test_whatever_is_not_there_is_404_as_json(ada, path):
    error(await ada.get(path), 404, "not_found")


@pytest.mark.parametrize("path", ["/api/v2/rooms", "/api/nowhere", "/api/v1"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
async def test_every_address_under_api_answers_json_without_a_token(site, path, method):
    async with program(site) as nobody:
        error(await nobody.client.request(method, path), 404, "not_found")


async def test_the_folder_of_the_api_leads_to_its_page(site):
    async with program(site) as nobody:
        answer = await nobody.client.get("/api/")
    assert (answer.status_code, answer.headers["location"]) == (308, "/api")


async def test_another_method_is_405_and_says_which_there_are(ada):
    answer = await ada.call("PUT", "/rooms")
    error(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == "GET, POST"
    assert (await ada.call("POST", "/me")).headers["allow"] == "GET"


async def test_a_number_larger_than_any_meeting_has_is_not_found(ada):
    for number in (2**63 - 1, 2**63, 10**40):
        error(await ada.get(f"/meetings/{number}"), 404, "not_found")


WRONG = [
    ({}, {"name": "Fill this in."}),
    ({"name": None}, {"name": "Write a text here."}),
    ({"name": ""}, {"name": "Give the room a name."}),
    ({"name": "x" * 81}, {"name": "A name has at most 80 characters; this one is longer."}),
    (
        {"name": "🎉🎉"},
        {"name": "Put at least one letter or digit into the name, so that it can be said aloud."},
    ),
    ({"name": "a\0b"}, {"name": "There is an invisible character in this. Type it again by hand."}),
    (
        {"name": "ok", "address": "api"},
        {"address": "This address is kept for the site itself. Choose another one."},
    ),
    (
        {"name": "ok", "access_code": "12"},
        {"access_code": "An access code has 6 to 20 letters, digits or hyphens."},
    ),
    ({"name": "ok", "lobby": []}, {"lobby": "Write true or false."}),
    ({"name": "ok", "lobby": "maybe"}, {"lobby": "Write true or false."}),
    ({"name": "ok", "who_may_start": "cats"}, {"who_may_start": "Choose one of the options."}),
    ({"name": "ok", "holder_id": 1.5}, {"holder_id": "Write a whole number."}),
    ({"name": "ok", "nmae": "ok"}, {"nmae": "There is no field of this name here."}),
    ([], {"body": "Send a JSON object, with Content-Type: application/json."}),
    ("text", {"body": "Send a JSON object, with Content-Type: application/json."}),
]


@pytest.mark.parametrize(("body", "fields"), WRONG)
async def test_what_is_wrong_in_a_body_is_said_field_by_field(ada, body, fields):
    assert error(await ada.post("/rooms", body), 422, "invalid")["fields"] == fields
    assert (await ada.get("/rooms")).json()["total"] == 0


async def test_no_body_broken_json_and_another_type_are_told_apart_from_wrong_fields(ada):
    assert error(await ada.post("/rooms"), 422, "invalid")["fields"] == {"body": "Fill this in."}
    json = {"content-type": "application/json"}
    broken = await ada.post("/rooms", content=b'{"name": ', headers=json)
    assert error(broken, 422, "invalid")["fields"] == {"body": "This is not JSON."}
    form = await ada.post("/rooms", data={"name": "Hall"})
    assert "Content-Type: application/json" in error(form, 422, "invalid")["fields"]["body"]
    error(await ada.post("/rooms", content=b'{"name": "\xff"}', headers=json), 400, "unreadable")
    error(await ada.post("/rooms", {"name": "x" * 70_000}), 413, "too_large")


@pytest.mark.parametrize(
    ("query", "field"), [("page=0", "page"), ("page=x", "page"), ("search=" + "x" * 101, "search")]
)
async def test_what_is_wrong_in_a_query_is_said_too(ada, query, field):
    assert set(error(await ada.get(f"/rooms?{query}"), 422, "invalid")["fields"]) == {field}


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"minutes": 0}, {"minutes": "This is too small: at least 1."}),
        ({"minutes": 10**30}, {"minutes": "This is too large: at most 10080."}),
        ({"minutes": "soon"}, {"minutes": "Write a whole number."}),
        ({"record": "perhaps"}, {"record": "Write true or false."}),
    ],
)
async def test_a_start_takes_sensible_minutes_only(ada, body, fields):
    await ada.room("Hall")
    assert error(await ada.post(f"{HALL}/start", body), 422, "invalid")["fields"] == fields


@pytest.mark.parametrize("body", [{}, {"name": None}, {"name": "  "}, {"as_host": False, "user_id": "x"}])
async def test_a_guest_needs_a_name(ada, body):
    await ada.room("Hall")
    await ada.post(f"{HALL}/start")
    told = error(await ada.post(f"{HALL}/join", body), 422, "invalid")
    assert told["fields"] == {"name": "Type the name that the others will see."}


async def test_a_nul_in_an_address_is_no_failure_of_ours(ada, someone):
    error(await ada.get("/rooms/%00"), 400, "unreadable")
    assert (await someone.open("/r/%00")).status_code == 400


async def test_a_refused_room_says_the_same_as_the_page(site, database):
    ada = await a_person(database)
    await a_room(database, ada)
    async with program(site, await token_of(database, ada)) as hers:
        refused = error(await hers.post("/rooms", {"name": "Second"}), 409, "limit.rooms")
    assert (refused["reason"], refused["limit"], refused["used"]) == ("rooms", 1, 1)
    async with signed_in(site, ada) as browser:
        await browser.open("/rooms/new")
        page = await browser.submit("/rooms/new", name="Second")
    assert page.status_code == 409
    for sentence in _sentences(refused):
        assert sentence in browser.words, sentence


async def test_a_refused_start_says_the_same_as_the_page(site, database):
    bela = await a_person(database, "bela@example.org", tier="session-organiser")
    await a_room(database, bela, "Choir")
    await a_room(database, bela, "Board")
    async with program(site, await token_of(database, bela)) as his, signed_in(site, bela) as browser:
        await his.post("/rooms/choir/start")
        refused = error(await his.post("/rooms/board/start"), 409, "limit.at_once")
        assert datetime.fromisoformat(refused["frees_at"]).tzinfo is not None
        await browser.open("/r/board")
        # The page is the room's own: nothing there leads to it.
        for sentence in set(_sentences(refused)) - {"Back to the room"}:
            assert sentence in browser.words, sentence


def _sentences(refused: dict) -> list[str]:
    """Every sentence of a refusal that people read."""
    tiers = [text for tier in refused["tiers_with_more"] for text in (tier["tier"], tier["how_to_get"])]
    found = [refused["message"], *refused["explanation"], *refused["what_helps"], *tiers]
    assert len(found) > 4
    return found


async def test_recording_that_the_tier_has_not_is_refused_and_can_be_left_out(eve):
    await eve.room("Hall", record=True)
    refused = error(await eve.post(f"{HALL}/start"), 409, "limit.recording_off")
    assert "Start without recording" in refused["what_helps"]
    assert (await eve.post(f"{HALL}/start", {"record": False})).status_code == 201


@pytest.fixture
def _catalan(monkeypatch):
    """A catalogue of a few words, whatever the real one has today."""
    from babel.support import NullTranslations

    class Few(NullTranslations):
        def ugettext(self, message: str) -> str:
            return {
                "There is nothing here": "Aquí no hi ha res",
                "Send a token": "Envia un testimoni",
                "Fill this in.": "Omple això.",
            }.get(message, message)

    real = i18n.catalogue
    monkeypatch.setattr(i18n, "catalogue", lambda code: Few() if code == "ca" else real(code))


@pytest.mark.usefixtures("_catalan")
async def test_errors_speak_the_language_of_the_tokens_owner(site, database):
    dolors = await a_person(database, "dolors@example.org", language="ca")
    async with program(site, await token_of(database, dolors), **{"accept-language": "en"}) as hers:
        assert error(await hers.get("/rooms/nowhere"), 404, "not_found")["title"] == "Aquí no hi ha res"
        assert error(await hers.post("/rooms", {}), 422, "invalid")["fields"] == {"name": "Omple això."}


@pytest.mark.usefixtures("_catalan")
async def test_without_an_owner_errors_speak_the_language_that_is_asked_for(site):
    async with program(site, **{"accept-language": "de, ca;q=0.8"}) as nobody:
        assert error(await nobody.get("/me"), 401, "token_needed")["title"] == "Envia un testimoni"
        assert error(await nobody.get("/nowhere"), 404, "not_found")["title"] == "Aquí no hi ha res"


async def test_a_banned_host_learns_why_and_their_own_rooms_are_closed_and_no_organisation_s(site, database):
    chidi = await a_person(database, "chidi@example.org")
    dolors = await a_person(database, "dolors@example.org")
    riverside = await an_organisation(database, "Riverside", "consumer", chidi="host", dolors="admin")
    await a_room(database, chidi, "Hall", holder_id=riverside.holder_id)
    tokens = [await token_of(database, user) for user in (chidi, dolors)]
    async with database.transaction() as session:
        await ban(session, chidi.id, "Sold places.")
    async with program(site, tokens[0]) as his:
        assert "Sold places." in error(await his.get("/me"), 403, "banned")["message"]
    async with program(site, tokens[1]) as hers:
        assert (await hers.get(HALL)).json()["live"]["state"] == "not_started"
        assert (await hers.post(f"{HALL}/start")).status_code == 201
    async with database.transaction() as session:
        hall = await session.scalar(select(Room))
        hall.closed_at = clock.now()
    async with program(site, tokens[1]) as hers:
        assert (await hers.get(HALL)).json()["live"]["state"] == "banned"
        for action, body in (("start", None), ("join", {"as_host": True}), ("end", None)):
            error(await hers.post(f"{HALL}/{action}", body), 403, "closed")
