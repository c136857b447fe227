"""Every call from the wrong side, by a table that has to name every call there is."""

from collections.abc import Iterator

import pytest
from fastapi.routing import iter_route_contexts
from sqlalchemy import update

from app.accounts.models import ApiToken, User
from app.accounts.service import ban
from app.accounts.tokens import revoke_token
from app.api.gate import GuardedRoute
from app.api.routes import calls
from tests.app.api.conftest import error, program, token_of
from tests.app.recordings.rows import a_recording
from tests.factories import a_person, an_organisation, signed_in

pytestmark = pytest.mark.slow

HALL, EVENING, HOSTS = "/rooms/hall", "/recordings/evening", "/organisations/hall-friends/hosts"
INVITATIONS = "/organisations/hall-friends/invitations"

# Call: method, path, body, and what someone else gets for Ada's room and meeting (None: their own answer).
TABLE = {
    "api.show_me": ("GET", "/me", None, None),
    "api.show_membership": ("GET", "/membership", None, None),
    "api.show_organisation_membership": (
        "GET",
        "/organisations/hall-friends/membership",
        None,
        (404, "not_found"),
    ),
    "api.list_contributions": ("GET", "/contributions", None, None),
    "api.list_tiers": ("GET", "/tiers", None, None),
    "api.list_rooms": ("GET", "/rooms", None, None),
    "api.create_room": ("POST", "/rooms", {"name": "Mine"}, None),
    "api.show_room": ("GET", HALL, None, (403, "not_the_host")),
    "api.change_room": ("PATCH", HALL, {"name": "Mine"}, (403, "not_the_host")),
    "api.delete_room": ("DELETE", HALL, None, (403, "not_the_host")),
    "api.start_meeting": ("POST", f"{HALL}/start", None, (403, "not_the_host")),
    "api.join_meeting": ("POST", f"{HALL}/join", {"as_host": True}, (403, "not_the_host")),
    "api.end_meeting": ("POST", f"{HALL}/end", None, (403, "not_the_host")),
    "api.list_meetings": ("GET", "/meetings", None, None),
    "api.show_meeting": ("GET", "/meetings/1", None, (404, "not_found")),
    "api.list_recordings": ("GET", "/recordings", None, None),
    "api.show_recording": ("GET", EVENING, None, (404, "not_found")),
    "api.change_recording": ("PATCH", EVENING, {"name": "Mine"}, (404, "not_found")),
    "api.delete_recording": ("DELETE", EVENING, None, (404, "not_found")),
    "api.list_hosts": ("GET", HOSTS, None, (404, "not_found")),
    "api.invite_hosts": ("POST", HOSTS, {"emails": ["eve@example.org"]}, (404, "not_found")),
    "api.change_host": ("PATCH", f"{HOSTS}/1", {"role": "admin"}, (404, "not_found")),
    "api.remove_host": ("DELETE", f"{HOSTS}/1", None, (404, "not_found")),
    "api.list_invitations": ("GET", INVITATIONS, None, (404, "not_found")),
    "api.resend_invitation": ("POST", f"{INVITATIONS}/1/resend", None, (404, "not_found")),
    "api.withdraw_invitation": ("DELETE", f"{INVITATIONS}/1", None, (404, "not_found")),
    "api.restore_recording": ("POST", f"{EVENING}/restore", None, (404, "not_found")),
}
CALLS = [pytest.param(*row[:3], id=name) for name, row in TABLE.items()]
FOREIGN = [pytest.param(*row, id=name) for name, row in TABLE.items() if row[3]]
OWN = [pytest.param(*row[:3], id=name) for name, row in TABLE.items() if not row[3]]


def routes() -> Iterator:
    yield from iter_route_contexts(calls.routes)


@pytest.fixture
async def hall(ada, ada_user, database):
    """Ada's room, in which a meeting runs, a recording that everyone with the link may see, her organisation."""
    await an_organisation(database, "Hall Friends", "consumer", ada="admin")
    await ada.room("Hall", who_may_start="anyone")
    await a_recording(database, ada_user, name="Hall", key="evening", visibility="public")
    await ada.post(f"{HALL}/start")


async def unchanged(ada) -> bool:
    """Whether Ada's room is as it was, and its meeting runs."""
    room, recording = (await ada.get(HALL)).json(), (await ada.get(EVENING)).json()
    kept = (recording["name"], recording["trashed_at"]) == ("Hall", None)
    return kept and (room["name"], room["live"]["state"]) == ("Hall", "running")


def test_the_table_names_every_call():
    assert {route.name for route in routes()} == set(TABLE)


def test_every_call_stands_behind_the_gate():
    for route in routes():
        assert isinstance(route.original_route, GuardedRoute), route.name


@pytest.mark.parametrize(("method", "path", "body"), CALLS)
async def test_without_a_token_every_call_asks_for_one(site, ada, hall, method, path, body):
    del hall
    async with program(site) as nobody:
        answer = await nobody.call(method, path, body)
    error(answer, 401, "token_needed")
    assert answer.headers["www-authenticate"] == 'Bearer realm="api"'
    assert await unchanged(ada)


@pytest.mark.parametrize(("method", "path", "body"), CALLS)
async def test_a_cookie_opens_nothing(site, ada, ada_user, hall, method, path, body):
    del hall
    async with signed_in(site, ada_user) as browser:
        assert (await browser.open("/account")).status_code == 200
        answer = await browser.client.request(method, f"/api/v1{path}", json=body)
        error(answer, 401, "token_needed")
        session = browser.client.cookies["session"]
        bearer = {"authorization": f"Bearer {session}"}
        error(
            await browser.client.request(method, f"/api/v1{path}", json=body, headers=bearer),
            401,
            "token_over",
        )
    assert await unchanged(ada)


@pytest.mark.parametrize("kind", ["unknown", "revoked", "over"])
@pytest.mark.parametrize(("method", "path", "body"), CALLS)
async def test_a_token_that_is_over_opens_nothing(
    site, database, ada, ada_user, hall, kind, method, path, body
):
    del hall
    token = await token_of(database, ada_user, days=30)
    async with database.transaction() as session:
        newest = await session.scalar(
            ApiToken.__table__.select().with_only_columns(ApiToken.id).order_by(ApiToken.id.desc()).limit(1)
        )
        if kind == "revoked":
            await revoke_token(session, ada_user.id, newest)
        if kind == "over":
            created = ApiToken.created_at
            await session.execute(update(ApiToken).where(ApiToken.id == newest).values(expires_at=created))
    async with program(site, "gh_unknown" if kind == "unknown" else token) as running:
        answer = await running.call(method, path, body)
    error(answer, 401, "token_over")
    assert answer.headers["www-authenticate"] == 'Bearer realm="api", error="invalid_token"'
    assert await unchanged(ada)


@pytest.mark.parametrize(("method", "path", "body", "refusal"), FOREIGN)
async def test_someone_elses_room_and_meeting_are_not_ones_own(ada, eve, hall, method, path, body, refusal):
    del hall
    error(await eve.call(method, path, body), *refusal)
    assert await unchanged(ada)


@pytest.mark.parametrize(("method", "path", "body"), OWN)
async def test_what_one_gets_oneself_has_nothing_of_others_in_it(ada, eve, hall, method, path, body):
    del hall
    answer = await eve.call(method, path, body)
    assert answer.status_code in {200, 201}
    assert "Hall" not in answer.text
    assert "ada@example.org" not in answer.text
    assert await unchanged(ada)


@pytest.mark.parametrize("right", ["is_operator", "is_bookkeeper"])
@pytest.mark.parametrize(("method", "path", "body"), CALLS)
async def test_an_operator_and_a_bookkeeper_have_no_other_rooms_here_than_anyone(
    site, database, ada, hall, method, path, body, right
):
    del hall
    olu = await a_person(database, "olu@example.org", **{right: True})
    async with program(site, await token_of(database, olu)) as theirs:
        answer = await theirs.call(method, path, body)
    assert "Hall" not in answer.text
    assert await unchanged(ada)


@pytest.mark.parametrize(("method", "path", "body"), CALLS)
async def test_a_banned_or_unverified_owner_is_told_so(site, database, ada, hall, method, path, body):
    del hall
    mallory = await a_person(database, "mallory@example.org")
    nils = await a_person(database, "nils@example.org", verified=False)
    tokens = [await token_of(database, user) for user in (mallory, nils)]
    async with database.transaction() as session:
        await ban(session, mallory.id, "Sold places.")
    for token, code in zip(tokens, ("banned", "verification_needed"), strict=True):
        async with program(site, token) as running:
            error(await running.call(method, path, body), 403, code)
    assert await unchanged(ada)


async def test_a_stranger_is_not_told_what_is_wrong_in_a_body(site):
    async with program(site) as nobody:
        broken = {"content": b"{", "headers": {"content-type": "application/json"}}
        error(await nobody.post("/rooms", **broken), 401, "token_needed")
        error(await nobody.get("/rooms?page=0"), 401, "token_needed")


async def test_no_answer_of_the_api_sets_a_cookie(ada, eve, hall):
    del hall
    for method, path, body, _refusal in TABLE.values():
        for running in (eve, ada):
            assert "set-cookie" not in (await running.call(method, path, body)).headers


async def test_the_token_of_a_deleted_account_opens_nothing(site, database):
    nils = await a_person(database, "nils@example.org")
    token = await token_of(database, nils)
    async with database.transaction() as session:
        await session.delete(await session.get_one(User, nils.id))
    async with program(site, token) as his:
        error(await his.get("/me"), 401, "token_over")
